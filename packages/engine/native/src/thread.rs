//! One engine thread: its loop, its sockets, its connections for life.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use quinn_proto::{EcnCodepoint, EndpointEvent};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::command::{Records, Threaded};
use crate::conn::{Connection, Context, Owner, Phase, Side};
use crate::engine::Engine;
use crate::event::{By, Events, Failure};
use crate::fault;
use crate::limits::{OUTBOX_BYTES_MAX, RECEIVES_PER_TURN, SHUTDOWN_WAIT, TRANSMITS_PER_TURN};
use crate::mailbox::{Batch, Mail};
use crate::message::{Dial, Listener, Message, Stray};
use crate::port::{Arrival, Datagram, Port};
use crate::record::Malformed;
use crate::slots::Slots;
use crate::socket::{self, ReceiveBuffer, Socket};
use crate::stats;
use crate::steer;
use crate::tape::Watchers;
use crate::wheel::{Tick, Wheel};

/// Kernel buffer of the ports for outgoing connections.
const DIAL_BUFFER: usize = 4 * 1024 * 1024;

pub struct Thread {
    desk: Desk,
    ports: Slab<Port>,
    slots: Slots,
    wheel: Wheel,
    /// Slots of the connections that are due a turn.
    due: Vec<u32>,
    /// Slots of the connections that wait for JavaScript to read.
    paused: Vec<u32>,
    /// Outgoing connections under way, by request.
    dials: FxHashMap<u32, u32>,
    receive: ReceiveBuffer,
    transmit: Vec<u8>,
    fired: Vec<(u32, Tick)>,
    grown: Vec<(u32, Owner)>,
    stopping: Option<Instant>,
}

/// What a connection's turn needs, apart from the connections.
struct Desk {
    index: usize,
    engine: Arc<Engine>,
    events: Events,
    watchers: Watchers,
    chunks: Vec<Bytes>,
    generation: u64,
    room: bool,
    now: Instant,
}

impl Desk {
    fn context(&mut self) -> Context<'_> {
        Context {
            now: self.now,
            thread: self.index,
            limits: &self.engine.limits,
            tapes: &self.engine.tapes,
            counters: &self.engine.counters,
            events: &mut self.events,
            watchers: &mut self.watchers,
            chunks: &mut self.chunks,
            room: self.room,
            generation: self.generation,
        }
    }
}

impl Thread {
    pub fn new(engine: Arc<Engine>, index: usize) -> Self {
        let now = Instant::now();
        Self {
            desk: Desk {
                index,
                engine,
                events: Events::new(index as u8),
                watchers: Watchers::default(),
                chunks: Vec::new(),
                generation: 0,
                room: true,
                now,
            },
            ports: Slab::new(),
            slots: Slots::default(),
            wheel: Wheel::new(now),
            due: Vec::new(),
            paused: Vec::new(),
            dials: FxHashMap::default(),
            receive: ReceiveBuffer::new(),
            transmit: Vec::with_capacity(64 * 1024),
            fired: Vec::new(),
            grown: Vec::new(),
            stopping: None,
        }
    }

    /// Until the engine is closed.
    pub fn run(mut self) {
        let mut polls = Vec::new();
        while !self.stopped() {
            self.wait(&mut polls);
            self.desk.now = Instant::now();
            let mail = self.desk.engine.mailboxes[self.desk.index].take(polls[0].revents != 0);
            self.read_mail(mail);
            self.look_at_outbox();
            for (at, poll) in polls[1..].iter().enumerate() {
                self.serve_port(at, poll.revents);
            }
            self.fire_timers();
            for slot in std::mem::take(&mut self.due) {
                self.turn(slot);
            }
            self.flush_events();
        }
    }

    fn stopped(&self) -> bool {
        let Some(since) = self.stopping else { return false };
        let sent = self.due.is_empty() && self.ports.iter().all(|(_, port)| port.writable());
        sent || since.elapsed() > SHUTDOWN_WAIT
    }

    /// Sleep until mail, packets, or a timer. The first entry of `polls` is the mailbox, the others are ports by index.
    fn wait(&mut self, polls: &mut Vec<libc::pollfd>) {
        let poll = |fd: RawFd, events: i16| libc::pollfd { fd, events, revents: 0 };
        polls.clear();
        polls.push(poll(self.desk.engine.mailboxes[self.desk.index].fd(), libc::POLLIN));
        for at in 0..self.ports.capacity().min(self.ports.iter().last().map_or(0, |(at, _)| at + 1)) {
            polls.push(match self.ports.get(at) {
                Some(port) if port.writable() => poll(port.socket.fd(), libc::POLLIN),
                Some(port) => poll(port.socket.fd(), libc::POLLIN | libc::POLLOUT),
                // skipped by the kernel
                None => poll(-1, 0),
            });
        }
        let wait = if self.due.is_empty() { self.wheel.until_next(Instant::now()) } else { Duration::ZERO };
        let time = libc::timespec { tv_sec: wait.as_secs() as libc::time_t, tv_nsec: wait.subsec_nanos().into() };
        // SAFETY: `polls` holds as many entries as stated and `time` outlives the call. An error (a signal) leaves every
        // `revents` zero, and the loop goes round once more.
        unsafe { libc::ppoll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, &raw const time, std::ptr::null()) };
    }

    fn read_mail(&mut self, mail: Mail) {
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
            Message::Dial(dial) => self.dial(*dial),
            Message::CancelDial(request) => {
                if let Some(slot) = self.dials.get(&request).copied() {
                    self.guarded(slot, |connection, context| connection.abandon(context));
                }
            }
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

    fn make_due(&mut self, slot: u32) {
        if let Some(connection) = self.slots.get_mut(slot)
            && !connection.queued
        {
            connection.queued = true;
            self.due.push(slot);
        }
    }

    /// Do something with a connection that may panic; it is due a turn afterwards.
    fn guarded(&mut self, slot: u32, act: impl FnOnce(&mut Connection, &mut Context)) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let mut context = self.desk.context();
        let result = catch_unwind(AssertUnwindSafe(|| act(connection, &mut context)));
        match result {
            Ok(()) => self.make_due(slot),
            Err(panic) => {
                let connection = self.slots.take(slot);
                self.crashed(connection, panic.as_ref());
            }
        }
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

    /// A closed endpoint's socket goes with its last connection.
    fn drop_idle_ports(&mut self) {
        self.ports.retain(|_, port| port.endpoint.is_none() || port.admission.is_some() || !port.slots.is_empty());
    }

    fn dial(&mut self, dial: Dial) {
        let request = dial.request;
        if let Err((failure, message)) = self.start(dial) {
            self.desk.events.connect_failed(request, (failure, 0, 0), &message);
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
        let slot = self.add(port, Box::new(connection));
        self.dials.insert(dial.request, slot);
        Ok(())
    }

    fn add(&mut self, port: usize, mut connection: Box<Connection>) -> u32 {
        connection.socket = port;
        let handle = connection.handle;
        let slot = self.slots.insert(connection);
        self.ports[port].slots.insert(handle, slot);
        stats::add(&self.desk.engine.counters.connections, 1);
        self.make_due(slot);
        slot
    }

    /// The port for outgoing connections of that family, never one of a reuseport group.
    fn dial_port(&mut self, to: IpAddr) -> std::io::Result<usize> {
        let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let found = self.ports.iter().find(|(_, port)| port.endpoint.is_none() && port.family == Some(to.is_ipv4()));
        if let Some((at, _)) = found {
            return Ok(at);
        }
        let socket = Socket::new(socket::bind(SocketAddr::new(any, 0), false)?, DIAL_BUFFER)?;
        let mut port = Port::new(socket, self.desk.engine.endpoint_config(self.desk.index), None);
        port.family = Some(to.is_ipv4());
        Ok(self.ports.insert(port))
    }

    fn serve_port(&mut self, at: usize, ready: i16) {
        if ready & libc::POLLOUT != 0
            && let Some(port) = self.ports.get_mut(at)
        {
            port.unstick(&self.desk.engine.counters);
            for slot in std::mem::take(&mut port.starved) {
                self.make_due(slot);
            }
        }
        if ready & (libc::POLLIN | libc::POLLERR) != 0 {
            self.receive_from(at);
        }
    }

    fn receive_from(&mut self, at: usize) {
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

    fn on_datagram(&mut self, at: usize, datagram: Datagram) {
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

    fn on_stray(&mut self, stray: Stray) {
        let Stray { endpoint, remote, local, ecn, data } = stray;
        let found = self.ports.iter().find(|(_, port)| port.endpoint == Some(endpoint)).map(|(at, _)| at);
        if let Some(at) = found {
            self.on_datagram(at, Datagram { remote, local, ecn, data });
        }
    }

    fn fire_timers(&mut self) {
        let mut fired = std::mem::take(&mut self.fired);
        self.wheel.advance(self.desk.now, &mut fired);
        for (slot, tick) in fired.drain(..) {
            let Some(connection) = self.slots.get_mut(slot) else { continue };
            // an entry that an earlier one replaced, or that a former user of the slot made
            if connection.tick != tick {
                continue;
            }
            connection.tick = 0;
            match connection.wake_at() {
                Some(at) if at <= self.desk.now => self.make_due(slot),
                Some(at) => self.wheel.schedule(slot, &mut connection.tick, at),
                None => {}
            }
        }
        self.fired = fired;
    }

    /// JavaScript may have read what made connections pause.
    fn look_at_outbox(&mut self) {
        let outbox = &self.desk.engine.outboxes[self.desk.index];
        self.desk.room = outbox.unread() < OUTBOX_BYTES_MAX;
        let generation = outbox.generation.load(Ordering::Acquire);
        if generation != self.desk.generation {
            self.desk.generation = generation;
            for slot in std::mem::take(&mut self.paused) {
                self.make_due(slot);
            }
        }
    }

    fn turn(&mut self, slot: u32) {
        let Some(mut connection) = self.slots.take(slot) else { return };
        connection.queued = false;
        let port = &mut self.ports[connection.socket];
        let (desk, transmit) = (&mut self.desk, &mut self.transmit);
        let result = catch_unwind(AssertUnwindSafe(|| {
            exchange(&mut connection, port);
            connection.turn(&mut desk.context());
            let done = send(&mut connection, port, transmit, desk);
            exchange(&mut connection, port);
            (done, connection.wake_at(), connection.quic.is_drained())
        }));
        let (done, wake, drained) = match result {
            Ok(outcome) => outcome,
            Err(panic) => return self.crashed(Some(connection), panic.as_ref()),
        };
        self.settle(&mut connection);
        if drained {
            return self.release(connection);
        }
        if let Some(at) = wake {
            self.wheel.schedule(slot, &mut connection.tick, at);
        }
        if connection.paused {
            self.desk.engine.outboxes[self.desk.index].wanted.store(true, Ordering::Release);
            self.paused.push(slot);
        }
        self.slots.put(connection);
        match done {
            Sent::All => {}
            Sent::Some => self.make_due(slot),
            Sent::Stuck => self.ports_starved(slot),
        }
    }

    fn ports_starved(&mut self, slot: u32) {
        let Some(at) = self.slots.get_mut(slot).map(|connection| connection.socket) else { return };
        self.ports[at].starved.push(slot);
    }

    /// Keep the books of handshakes.
    fn settle(&mut self, connection: &mut Connection) {
        if connection.pending && matches!(connection.phase, Phase::Open | Phase::Over) {
            connection.pending = false;
            self.ports[connection.socket].pending -= 1;
        }
        if let Side::Client { request, .. } = connection.side
            && connection.phase != Phase::Handshake
        {
            self.dials.remove(&request);
        }
    }

    fn release(&mut self, connection: Box<Connection>) {
        let port = &mut self.ports[connection.socket];
        port.slots.remove(&connection.handle);
        self.slots.release(connection.slot);
        stats::subtract(&self.desk.engine.counters.connections, 1);
        drop(connection);
        self.drop_idle_ports();
    }

    /// A panic over a connection costs that connection. The peer finds out by a stateless reset.
    fn crashed(&mut self, connection: Option<Box<Connection>>, panic: &(dyn std::any::Any + Send)) {
        let Some(mut connection) = connection else { return };
        let message = fault::describe(panic);
        stats::add(&self.desk.engine.counters.panics, 1);
        let context = &mut self.desk.context();
        context.events.fault(&format!("connection {}: {message}", connection.id));
        // its own books may be broken too
        let reported =
            catch_unwind(AssertUnwindSafe(|| connection.report_end(By::Transport, 0, "internal error", context)));
        if reported.is_err() {
            self.desk.events.ended(connection.id, By::Transport, 0, "internal error");
        }
        connection.phase = Phase::Over;
        self.settle(&mut connection);
        let port = &mut self.ports[connection.socket];
        let _ = catch_unwind(AssertUnwindSafe(|| port.quic.handle_event(connection.handle, EndpointEvent::drained())));
        let (slot, handle) = (connection.slot, connection.handle);
        port.slots.remove(&handle);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
        self.slots.release(slot);
        stats::subtract(&self.desk.engine.counters.connections, 1);
        self.drop_idle_ports();
    }

    fn flush_events(&mut self) {
        if !self.desk.events.bytes.is_empty() {
            self.desk.engine.outboxes[self.desk.index].put(&mut self.desk.events.bytes);
            self.desk.engine.waker.wake();
        }
    }
}

/// How far sending came.
enum Sent {
    All,
    /// The turn is over, and there is more.
    Some,
    /// The kernel takes no more.
    Stuck,
}

/// Send what the connection has to send.
fn send(connection: &mut Connection, port: &mut Port, buffer: &mut Vec<u8>, desk: &Desk) -> Sent {
    let segments = port.segments(connection.segments);
    for _ in 0..TRANSMITS_PER_TURN {
        if !port.writable() {
            return Sent::Stuck;
        }
        buffer.clear();
        // the call that finds nothing is needed: it tells QUIC that the application has no more
        let Some(transmit) = connection.quic.poll_transmit(desk.now, segments, buffer) else { return Sent::All };
        port.send(&transmit, &buffer[..transmit.size], &desk.engine.counters);
    }
    Sent::Some
}

/// Pass on what connection and endpoint have to tell each other.
fn exchange(connection: &mut Connection, port: &mut Port) {
    while let Some(event) = connection.quic.poll_endpoint_events() {
        if let Some(event) = port.quic.handle_event(connection.handle, event) {
            connection.quic.handle_event(event);
        }
    }
}
