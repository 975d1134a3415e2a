//! What a thread's sockets bring.

use bytes::BytesMut;
use quinn_proto::EcnCodepoint;

use super::{Progress, Thread};
use crate::limits::RECEIVES_PER_TURN;
use crate::message::Stray;
use crate::port::{Arrival, Datagram};
use crate::refusals;
use crate::socket::ReceiveBuffer;
use crate::stats;
use crate::steer;

impl Thread {
    pub(super) fn serve_port(&mut self, at: usize, ready: i16) {
        if ready & libc::POLLOUT != 0
            && let Some(port) = self.ports.get_mut(at)
        {
            port.unstick(&self.desk.engine.counters);
            for slot in std::mem::take(&mut port.starved) {
                self.make_due(slot);
            }
        }
        if ready & libc::POLLERR != 0 {
            self.read_refusals(at);
        }
        if ready & (libc::POLLIN | libc::POLLERR) != 0 {
            self.receive_from(at);
        }
    }

    /// Attempts at addresses where nobody listens need not wait for their time-out. Connections that stand are left
    /// alone: anyone can forge such an error.
    pub(super) fn read_refusals(&mut self, at: usize) {
        let Some(fd) = self.ports.get(at).map(|port| port.socket.fd()) else { return };
        while let Some(error) = refusals::take(fd) {
            let Some(remote) = error else { continue };
            let dials: Vec<Progress> = self.dials.values().copied().collect();
            for dial in dials {
                if let Progress::Running(slot) = dial {
                    self.guarded(slot, |connection, context| connection.refused(remote, context));
                }
            }
        }
    }

    pub(super) fn receive_from(&mut self, at: usize) {
        let mut receive = std::mem::replace(&mut self.receive, ReceiveBuffer::empty());
        for _ in 0..RECEIVES_PER_TURN {
            let Some(port) = self.ports.get(at) else { break };
            // "would block" is the usual end; another error concerns one datagram, and the next poll shows the rest
            let Ok(count) = port.socket.receive(&mut receive) else { break };
            for (meta, bytes) in receive.received(count) {
                let counters = &self.desk.engine.counters;
                stats::add(&counters.packets_received, bytes.len().div_ceil(meta.stride.max(1)) as u64);
                stats::add(&counters.bytes_received, bytes.len() as u64);
                for data in bytes.chunks(meta.stride.max(1)) {
                    let ecn = meta.ecn.and_then(|ecn| EcnCodepoint::from_bits(ecn as u8));
                    let datagram = Datagram { remote: meta.addr, local: meta.dst_ip, ecn, data: BytesMut::from(data) };
                    self.on_datagram(at, datagram);
                }
            }
            if count < ReceiveBuffer::BATCH {
                break;
            }
        }
        self.receive = receive;
    }

    pub(super) fn on_datagram(&mut self, at: usize, datagram: Datagram) {
        let threads = self.desk.engine.threads();
        let Some(port) = self.ports.get_mut(at) else { return };
        if threads > 1
            && let Some(endpoint) = port.endpoint
            && let Some(owner) = steer::owner(&datagram.data, threads).filter(|owner| *owner != self.desk.index)
        {
            let Datagram { remote, local, ecn, data } = datagram;
            self.desk.engine.mailboxes[owner].stray(Stray { endpoint, remote, local, ecn, data });
            return;
        }
        let room = !self.slots.full();
        let (now, counters) = (self.desk.now, &self.desk.engine.counters);
        match port.handle(now, datagram, room, &mut self.transmit, counters) {
            Arrival::Nothing => {}
            Arrival::Slot(slot, event) => self.guarded(slot, |connection, _| connection.quic.handle_event(event)),
            Arrival::Connection(connection) => _ = self.add(at, connection),
        }
    }

    pub(super) fn on_stray(&mut self, stray: Stray) {
        let Stray { endpoint, remote, local, ecn, data } = stray;
        let found = self.ports.iter().find(|(_, port)| port.endpoint == Some(endpoint)).map(|(at, _)| at);
        if let Some(at) = found {
            self.on_datagram(at, Datagram { remote, local, ecn, data });
        }
    }
}
