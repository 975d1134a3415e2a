//! QUIC and WebTransport on native threads, driven from JavaScript by batches of commands and events.
//!
//! It knows QUIC, WebTransport, tapes and lanes, and nothing of what the bytes mean.

mod api;
mod codes;
mod command;
mod conn;
mod engine;
mod event;
mod fault;
mod limits;
mod mailbox;
mod message;
mod outbox;
mod port;
mod record;
mod refusals;
mod resets;
mod slots;
mod socket;
mod stats;
mod steer;
mod tape;
mod thread;
mod tls;
mod transport;
mod wheel;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
