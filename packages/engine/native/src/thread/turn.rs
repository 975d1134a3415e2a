//! A connection's turn, and what becomes of one that panics in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use quinn_proto::EndpointEvent;

use super::{Desk, Thread};
use crate::conn::{Connection, Context, Phase, Side};
use crate::event::By;
use crate::fault;
use crate::limits::TRANSMITS_PER_TURN;
use crate::port::Port;
use crate::stats;

impl Thread {
    /// Do something with a connection that may panic; it is due a turn afterwards.
    pub(super) fn guarded(&mut self, slot: u32, act: impl FnOnce(&mut Connection, &mut Context)) {
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

    pub(super) fn turn(&mut self, slot: u32) {
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
        self.wheel.set(slot, wake);
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

    pub(super) fn ports_starved(&mut self, slot: u32) {
        let Some(at) = self.slots.get_mut(slot).map(|connection| connection.socket) else { return };
        self.ports[at].starved.push(slot);
    }

    /// Keep the books of handshakes.
    pub(super) fn settle(&mut self, connection: &mut Connection) {
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

    pub(super) fn release(&mut self, connection: Box<Connection>) {
        self.wheel.set(connection.slot, None);
        let port = &mut self.ports[connection.socket];
        port.slots.remove(&connection.handle);
        self.slots.release(connection.slot);
        stats::subtract(&self.desk.engine.counters.connections, 1);
        drop(connection);
        self.drop_idle_ports();
    }

    /// A panic over a connection costs that connection. The peer finds out by a stateless reset.
    pub(super) fn crashed(&mut self, connection: Option<Box<Connection>>, panic: &(dyn std::any::Any + Send)) {
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
        self.wheel.set(slot, None);
        let _ = catch_unwind(AssertUnwindSafe(|| drop(connection)));
        self.slots.release(slot);
        stats::subtract(&self.desk.engine.counters.connections, 1);
        self.drop_idle_ports();
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
