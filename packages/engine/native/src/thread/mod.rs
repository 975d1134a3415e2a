//! One engine thread: its loop, its sockets, its connections for life.

mod mail;
mod network;
mod turn;

use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::conn::{Connection, Context, Owner, Rank};
use crate::engine::Engine;
use crate::event::Events;
use crate::fault;
use crate::limits::{OUTBOX_BYTES_MAX, SHUTDOWN_WAIT, THREAD_FAILURES_MAX};
use crate::port::Port;
use crate::slots::Slots;
use crate::socket::ReceiveBuffer;
use crate::stats;
use crate::tape::Watchers;
use crate::wheel::Wheel;

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
    dials: FxHashMap<u32, Progress>,
    receive: ReceiveBuffer,
    transmit: Vec<u8>,
    fired: Vec<u32>,
    grown: Vec<(u32, Owner)>,
    stopping: Option<Instant>,
}

/// How far an outgoing connection is.
#[derive(Clone, Copy)]
enum Progress {
    Preparing,
    /// Called off while it was being prepared.
    Cancelled,
    /// In this slot.
    Running(u32),
}

/// What a connection's turn needs, apart from the connections.
struct Desk {
    index: usize,
    engine: Arc<Engine>,
    events: Events,
    watchers: Watchers,
    chunks: Vec<Bytes>,
    ranks: Vec<Rank>,
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
            ranks: &mut self.ranks,
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
                ranks: Vec::new(),
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
        let mut failures = 0;
        while !self.stopped() {
            // each connection's part is guarded by itself; this is for what no connection can be blamed for
            match catch_unwind(AssertUnwindSafe(|| self.round(&mut polls))) {
                Ok(()) => failures = 0,
                Err(panic) => {
                    failures += 1;
                    stats::add(&self.desk.engine.counters.panics, 1);
                    let message = fault::describe(panic.as_ref());
                    self.desk.events.fault(&format!("engine thread {}: {message}", self.desk.index));
                    self.flush_events();
                }
            }
            if failures == THREAD_FAILURES_MAX {
                return;
            }
        }
    }

    fn round(&mut self, polls: &mut Vec<libc::pollfd>) {
        self.wait(polls);
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
        // SAFETY: `polls` holds as many entries as stated and `time` outlives the call. An error (a signal) leaves
        // every `revents` zero, and the loop goes round once more.
        unsafe { libc::ppoll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, &raw const time, std::ptr::null()) };
    }

    fn make_due(&mut self, slot: u32) {
        if let Some(connection) = self.slots.get_mut(slot)
            && !connection.queued
        {
            connection.queued = true;
            self.due.push(slot);
        }
    }

    /// A closed endpoint's socket goes with its last connection.
    fn drop_idle_ports(&mut self) {
        self.ports.retain(|_, port| port.endpoint.is_none() || port.admission.is_some() || !port.slots.is_empty());
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

    fn fire_timers(&mut self) {
        let mut fired = std::mem::take(&mut self.fired);
        self.wheel.advance(self.desk.now, &mut fired);
        for slot in fired.drain(..) {
            self.make_due(slot);
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

    fn flush_events(&mut self) {
        if !self.desk.events.bytes.is_empty() {
            self.desk.engine.outboxes[self.desk.index].put(&mut self.desk.events.bytes);
            self.desk.engine.waker.wake();
        }
    }
}
