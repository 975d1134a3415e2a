//! What threads are told besides commands.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use quinn_proto::{ClientConfig, EcnCodepoint, EndpointConfig, ServerConfig};
use web_transport_proto::ConnectRequest;

/// Whom a listening socket lets in.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    /// Handshakes under way at a time.
    pub pending_max: usize,
    /// Pending handshakes above which unvalidated addresses have to prove themselves.
    pub retry_above: usize,
    pub timeout: Duration,
    /// Segments per send call.
    pub segments: usize,
    /// Streams the peer may have open at a time at the most, by direction (`Dir as usize`).
    pub streams: [u32; 2],
}

/// A socket of a listening endpoint, for one thread.
pub struct Listener {
    pub endpoint: u32,
    pub socket: UdpSocket,
    pub buffer: usize,
    pub config: Arc<EndpointConfig>,
    pub server: Arc<ServerConfig>,
    pub admission: Admission,
}

/// An outgoing connection, ready to be started.
pub struct Dial {
    pub request: u32,
    pub remote: SocketAddr,
    pub server_name: String,
    pub client: ClientConfig,
    pub connect: Option<Box<ConnectRequest>>,
    pub segments: usize,
    /// Streams the peer may have open at a time at the most, by direction (`Dir as usize`).
    pub streams: [u32; 2],
}

/// A datagram that reached the wrong thread.
pub struct Stray {
    pub endpoint: u32,
    pub remote: SocketAddr,
    pub local: Option<IpAddr>,
    pub ecn: Option<EcnCodepoint>,
    pub data: BytesMut,
}

pub enum Message {
    Listen(Box<Listener>),
    CloseEndpoint(u32),
    /// An outgoing connection is being prepared; `Dial` or `DialFailed` follows.
    PrepareDial(u32),
    Dial(Box<Dial>),
    /// It cannot be made as it was asked for.
    DialFailed(u32, String),
    CancelDial(u32),
    Stray(Stray),
    Shutdown,
}
