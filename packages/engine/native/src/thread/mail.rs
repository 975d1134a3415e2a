//! What a thread is told: commands, grown tapes, endpoints and outgoing connections.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Progress, Thread};
use crate::command::{Records, Threaded};
use crate::conn::{Allowance, Connection, Side};
use crate::event::Failure;
use crate::mailbox::{Batch, Mail};
use crate::message::{Dial, Listener, Message};
use crate::port::Port;
use crate::record::Malformed;
use crate::refusals;
use crate::socket::{self, Socket};

/// Kernel buffer of the ports for outgoing connections.
const DIAL_BUFFER: usize = 4 * 1024 * 1024;

impl Thread {
    pub(super) fn read_mail(&mut self, mail: Mail) {
        for message in mail.messages {
            self.on_message(message);
        }
        for batch in mail.batches {
            if self.run_batch(&batch).is_err() {
                self.desk.events.fault("a command was malformed; the rest of its batch was dropped");
            }
        }
        for tape in mail.grown {
            let ended = self.desk.engine.tapes.get(tape).is_none_or(|tape| tape.end().is_some());
            let mut grown = std::mem::take(&mut self.grown);
            self.desk.watchers.of(tape, ended, &mut grown);
            for (slot, owner) in grown.drain(..) {
                if let Some(connection) = self.slots.get_mut(slot) {
                    connection.grown(owner);
                    self.make_due(slot);
                }
            }
            self.grown = grown;
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Listen(listener) => self.listen(*listener),
            Message::CloseEndpoint(endpoint) => self.close_endpoint(endpoint),
            Message::PrepareDial(request) => _ = self.dials.insert(request, Progress::Preparing),
            Message::Dial(dial) => self.dial(*dial),
            Message::DialFailed(request, message) => {
                if let Some(Progress::Preparing) = self.dials.remove(&request) {
                    self.desk.events.connect_failed(request, (Failure::Options, 0, 0), &message);
                }
            }
            Message::CancelDial(request) => self.cancel_dial(request),
            Message::Stray(stray) => self.on_stray(stray),
            Message::Shutdown => {
                self.stopping = Some(self.desk.now);
                for slot in self.slots.occupied() {
                    self.guarded(slot, |connection, context| connection.abandon(context));
                }
            }
        }
    }

    fn run_batch(&mut self, batch: &Batch) -> Result<(), Malformed> {
        for record in Records::new(&batch.records) {
            let (kind, body) = record?;
            match Threaded::decode(kind, body, &batch.payloads)? {
                Threaded::Play { tape, targets } => {
                    let tape = self.desk.engine.tapes.get(tape);
                    for target in targets {
                        let target = target?;
                        if let Some(slot) = self.slots.find(target.connection) {
                            self.guarded(slot, |connection, context| connection.play(&target, tape.as_ref(), context));
                        }
                    }
                }
                command => {
                    if let Some(slot) = self.slots.find(command.connection()) {
                        self.guarded(slot, |connection, context| connection.command(command, context));
                    }
                }
            }
        }
        Ok(())
    }

    fn listen(&mut self, listener: Listener) {
        match Socket::new(listener.socket, listener.buffer) {
            Ok(socket) => {
                let mut port = Port::new(socket, listener.config, Some(listener.server));
                port.endpoint = Some(listener.endpoint);
                port.admission = Some(listener.admission);
                self.ports.insert(port);
            }
            Err(error) => self.desk.events.fault(&format!("a thread cannot use its UDP socket: {error}")),
        }
    }

    fn close_endpoint(&mut self, endpoint: u32) {
        for (_, port) in &mut self.ports {
            if port.endpoint == Some(endpoint) {
                port.admission = None;
                port.quic.set_server_config(None);
            }
        }
        self.drop_idle_ports();
    }

    fn dial(&mut self, dial: Dial) {
        let request = dial.request;
        let Some(Progress::Preparing) = self.dials.remove(&request) else { return };
        if let Err((failure, message)) = self.start(dial) {
            self.desk.events.connect_failed(request, (failure, 0, 0), &message);
        }
    }

    fn cancel_dial(&mut self, request: u32) {
        match self.dials.get_mut(&request) {
            Some(Progress::Running(slot)) => {
                let slot = *slot;
                self.guarded(slot, |connection, context| connection.abandon(context));
            }
            Some(progress) => *progress = Progress::Cancelled,
            // it failed or succeeded meanwhile, and JavaScript will hear of it
            None => {}
        }
    }

    fn start(&mut self, dial: Dial) -> Result<(), (Failure, String)> {
        if self.slots.full() {
            return Err((Failure::Engine, "too many connections".into()));
        }
        let port = self.dial_port(dial.remote.ip()).map_err(|error| (Failure::Unreachable, error.to_string()))?;
        let (handle, quic) = self.ports[port]
            .quic
            .connect(self.desk.now, dial.client, dial.remote, &dial.server_name)
            .map_err(|error| (Failure::Options, error.to_string()))?;
        let side = Side::Client { request: dial.request, connect: dial.connect };
        let mut connection = Connection::new(quic, handle, side, port);
        connection.segments = dial.segments;
        connection.allowance = Allowance::new(dial.streams);
        let slot = self.add(port, Box::new(connection));
        self.dials.insert(dial.request, Progress::Running(slot));
        Ok(())
    }

    /// The port for outgoing connections of that family, never one of a reuseport group.
    fn dial_port(&mut self, to: IpAddr) -> std::io::Result<usize> {
        let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let found = self.ports.iter().find(|(_, port)| port.endpoint.is_none() && port.family == Some(to.is_ipv4()));
        if let Some((at, _)) = found {
            return Ok(at);
        }
        let socket = Socket::new(socket::bind(SocketAddr::new(any, 0), false)?, DIAL_BUFFER)?;
        refusals::enable(socket.fd(), to.is_ipv4())?;
        let mut port = Port::new(socket, self.desk.engine.dial_config(self.desk.index), None);
        port.family = Some(to.is_ipv4());
        Ok(self.ports.insert(port))
    }
}
