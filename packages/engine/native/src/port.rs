//! One UDP socket of a thread with the QUIC endpoint behind it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use quinn_proto::{
    ConnectionHandle, DatagramEvent, EcnCodepoint, Endpoint, EndpointConfig, Incoming, ServerConfig, Transmit,
};
use rustc_hash::FxHashMap;

use crate::conn::{Allowance, Connection, Side};
use crate::message::Admission;
use crate::socket::Socket;
use crate::stats::{self, Counters};

pub struct Port {
    /// The endpoint that JavaScript knows; `None` on a port for outgoing connections.
    pub endpoint: Option<u32>,
    /// On a port for outgoing connections: whether it is for IPv4.
    pub family: Option<bool>,
    pub quic: Endpoint,
    pub socket: Socket,
    /// `None` on a port that lets nobody in, or no more.
    pub admission: Option<Admission>,
    /// Handshakes under way.
    pub pending: usize,
    /// Slots of the connections.
    pub slots: FxHashMap<ConnectionHandle, u32>,
    /// What the kernel would not take; nothing else is sent before it.
    stuck: Option<(Transmit, Vec<u8>)>,
    /// Slots of connections that had something to send meanwhile.
    pub starved: Vec<u32>,
    segments: usize,
    /// The socket has every address of the machine, so that answers must say from which of them they come.
    any_address: bool,
}

/// One datagram, and how it came.
pub struct Datagram {
    pub remote: SocketAddr,
    pub local: Option<IpAddr>,
    pub ecn: Option<EcnCodepoint>,
    pub data: BytesMut,
}

/// What a datagram brought.
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one; a box would cost an allocation a datagram"
)]
pub enum Arrival {
    Nothing,
    /// An event for the connection in this slot was delivered.
    Slot(u32, quinn_proto::ConnectionEvent),
    Connection(Box<Connection>),
}

impl Port {
    pub fn new(socket: Socket, config: Arc<EndpointConfig>, server: Option<Arc<ServerConfig>>) -> Self {
        let may_fragment = socket.may_fragment();
        Self {
            endpoint: None,
            family: None,
            quic: Endpoint::new(config, server, !may_fragment, None),
            segments: socket.segments_max(),
            any_address: socket.any_address(),
            socket,
            admission: None,
            pending: 0,
            slots: FxHashMap::default(),
            stuck: None,
            starved: Vec::new(),
        }
    }

    /// Segments per send call that a connection may fill.
    pub fn segments(&self, wanted: usize) -> usize {
        // the kernel may have turned out to take fewer than it said
        self.segments.min(self.socket.segments_max()).min(wanted).max(1)
    }

    pub fn writable(&self) -> bool {
        self.stuck.is_none()
    }

    /// Send a packet or several of one size; false when the kernel is full, and the packet is kept.
    pub fn send(&mut self, transmit: &Transmit, contents: &[u8], counters: &Counters) -> bool {
        if self.stuck.is_some() {
            // only stray answers come here, and their peers ask again
            stats::add(&counters.packets_unsent, 1);
            return false;
        }
        match self.socket.send(transmit, contents) {
            Ok(()) => {
                let packets = transmit.segment_size.map_or(1, |size| contents.len().div_ceil(size.max(1)));
                stats::add(&counters.sends, 1);
                stats::add(&counters.packets_sent, packets as u64);
                stats::add(&counters.bytes_sent, contents.len() as u64);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.stuck = Some((copy(transmit), contents.to_vec()));
                false
            }
            // as good as lost on the way; QUIC repeats what matters
            Err(_) => {
                stats::add(&counters.packets_unsent, 1);
                true
            }
        }
    }

    /// The kernel takes packets again: send the one that was kept.
    pub fn unstick(&mut self, counters: &Counters) {
        if let Some((transmit, contents)) = self.stuck.take() {
            self.send(&transmit, &contents, counters);
        }
    }

    /// Take a datagram in. `buffer` is for an answer, which is sent from here.
    pub fn handle(
        &mut self,
        now: Instant,
        datagram: Datagram,
        room: bool,
        buffer: &mut Vec<u8>,
        counters: &Counters,
    ) -> Arrival {
        buffer.clear();
        let Datagram { remote, local, ecn, data } = datagram;
        let local = local.filter(|_| self.any_address);
        // a panic over one datagram must not cost the others their socket
        let event = catch_unwind(AssertUnwindSafe(|| self.quic.handle(now, remote, local, ecn, data, buffer)));
        match event {
            Ok(Some(DatagramEvent::ConnectionEvent(handle, event))) => match self.slots.get(&handle) {
                Some(slot) => Arrival::Slot(*slot, event),
                None => Arrival::Nothing,
            },
            Ok(Some(DatagramEvent::NewConnection(incoming))) => self.admit(now, incoming, room, buffer, counters),
            Ok(Some(DatagramEvent::Response(transmit))) => {
                // of all answers only a stateless reset looks like a packet with a short header
                if buffer.first().is_some_and(|first| first & 0x80 == 0) {
                    stats::add(&counters.resets_sent, 1);
                }
                self.answer(&transmit, buffer, counters);
                Arrival::Nothing
            }
            Ok(None) => {
                stats::add(&counters.packets_stray, 1);
                Arrival::Nothing
            }
            Err(_) => {
                stats::add(&counters.panics, 1);
                Arrival::Nothing
            }
        }
    }

    fn admit(
        &mut self,
        now: Instant,
        incoming: Incoming,
        room: bool,
        buffer: &mut Vec<u8>,
        counters: &Counters,
    ) -> Arrival {
        let admission = self.admission.filter(|admission| room && self.pending < admission.pending_max);
        let Some(admission) = admission else {
            stats::add(&counters.handshakes_refused, 1);
            let transmit = self.quic.refuse(incoming, buffer);
            self.answer(&transmit, buffer, counters);
            return Arrival::Nothing;
        };
        let validated = incoming.remote_address_validated();
        if !validated && self.pending > admission.retry_above {
            stats::add(&counters.handshakes_retried, 1);
            match self.quic.retry(incoming, buffer) {
                Ok(transmit) => self.answer(&transmit, buffer, counters),
                Err(error) => self.quic.ignore(error.into_incoming()),
            }
            return Arrival::Nothing;
        }
        let endpoint = self.endpoint.unwrap_or_default();
        match self.quic.accept(incoming, now, buffer, None) {
            Ok((handle, quic)) => {
                self.pending += 1;
                let mut connection = Connection::new(quic, handle, Side::Server { endpoint, validated }, 0);
                connection.deadline = now.checked_add(admission.timeout);
                connection.segments = admission.segments;
                connection.allowance = Allowance::new(admission.streams);
                Arrival::Connection(Box::new(connection))
            }
            Err(error) => {
                if let Some(transmit) = error.response {
                    self.answer(&transmit, buffer, counters);
                }
                Arrival::Nothing
            }
        }
    }

    fn answer(&mut self, transmit: &Transmit, buffer: &[u8], counters: &Counters) {
        if let Some(contents) = buffer.get(..transmit.size) {
            self.send(transmit, contents, counters);
        }
    }
}

fn copy(transmit: &Transmit) -> Transmit {
    Transmit {
        destination: transmit.destination,
        ecn: transmit.ecn,
        size: transmit.size,
        segment_size: transmit.segment_size,
        src_ip: transmit.src_ip,
    }
}
