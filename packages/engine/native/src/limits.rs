//! Every bound of the native side: the unit is in the name or the comment, and what it protects.
//! Bounds that core states too (`packages/core/src/limits.ts`) arrive from TypeScript in `Limits`.

use std::time::Duration;

/// Bounds that have their one source in core and are handed over when the engine starts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one stream handed to JavaScript before credit is returned.
    pub stream_read_ahead: u64,
    /// Bytes of one connection, all streams together, handed to JavaScript before credit is returned.
    pub session_read_ahead: u64,
    /// Streams of one connection that may wait for the peer's stream limit.
    pub streams_pending: usize,
    /// Lanes of one connection.
    pub lanes: usize,
}

/// Least send window per connection in bytes: below it one GSO batch would not fit.
pub const SEND_WINDOW_MIN: u64 = 64 * 1024;

/// Bytes that a play may write before the next lane of the same rank has its turn.
pub const PLAY_QUANTUM: usize = 16 * 1024;

/// Streams of each direction that a peer may have open at first. quinn-proto reserves a slot for each allowed stream,
/// 10 000 of them are over 1 MB per connection, so the allowance grows only with use.
pub const STREAMS_INITIAL: u32 = 64;

/// Plays of one lane that may wait for a stream; the newest survive.
pub const LANE_WAITING_MAX: usize = 64;

/// Events of one connection that JavaScript has not read; protects memory from floods that cost no read credit.
pub const CONNECTION_EVENTS_MAX: u32 = 4096;

/// Bytes of events of one thread that JavaScript has not read; above it no thread reads from peers.
pub const OUTBOX_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes sent on a stream before JavaScript hears of it.
pub const SENT_REPORT_BYTES: u64 = 16 * 1024;

/// Send calls of one connection per turn, so that one fast peer does not hold up the others.
pub const TRANSMITS_PER_TURN: usize = 64;

/// Receive calls per loop, so that timers and commands have their turn under a flood.
pub const RECEIVES_PER_TURN: usize = 8;

/// Messages that may wait for a thread before it is given no more of other threads' datagrams.
pub const STRAYS_MAX: usize = 4096;

/// Least time between two stateless resets from one socket: after a restart, 2000 peers a second learn that they are not
/// known any more, and a flood of packets that belong to nobody costs no more answers than that.
pub const RESET_INTERVAL_MIN: Duration = Duration::from_micros(500);

/// Bytes buffered of one HTTP/3 request, response, SETTINGS or capsule.
pub const HTTP_BUFFER_MAX: usize = 64 * 1024;

/// Bytes of a close reason.
pub const REASON_BYTES_MAX: usize = 1024;

/// Certificates of one endpoint; a handshake looks at each.
pub const CERTIFICATES_MAX: usize = 64;

/// Bytes of datagrams per connection that wait for the network; the oldest go first.
pub const DATAGRAM_SEND_BUFFER: usize = 64 * 1024;

/// Bytes of datagrams per connection that wait for JavaScript.
pub const DATAGRAM_RECEIVE_BUFFER: usize = 256 * 1024;

/// Longest wait for the peer to close after our CLOSE_WEBTRANSPORT_SESSION, at least.
pub const CLOSE_WAIT_MIN: Duration = Duration::from_millis(100);

/// Longest wait for closes to be sent when the engine stops.
pub const SHUTDOWN_WAIT: Duration = Duration::from_millis(100);

/// Connections of one thread; the number of slots that an id can name.
pub const CONNECTIONS_MAX: usize = 1 << 20;

/// Rounds in a row that may panic before a thread gives up; each is reported.
pub const THREAD_FAILURES_MAX: u32 = 100;

/// Engine threads; a tape's watchers are a 64-bit set, and byte 0 of a connection id names the owner.
pub const THREADS_MAX: usize = 64;
