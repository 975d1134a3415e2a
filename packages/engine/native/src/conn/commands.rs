//! JavaScript's commands to one connection. What names a stream, lane or session that is over is ignored.

use std::sync::Arc;

use bytes::Bytes;
use quinn_proto::Dir;

use super::streams::Item;
use super::{Connection, Context, Owner, Phase};
use crate::command::{Policy, Target, Threaded};
use crate::stats;
use crate::tape::{Position, Tape, TapeId};

impl Connection {
    /// Take a command; it takes effect in the turn that follows.
    pub fn command(&mut self, command: Threaded, context: &mut Context) {
        match command {
            Threaded::Accept { protocol, .. } => self.accept(protocol, context),
            Threaded::Reject { status, .. } => self.reject(status, context),
            Threaded::Close { code, reason, .. } => self.close(code, reason, context),
            Threaded::Panic { .. } => self.panics = true,
            Threaded::Stats { .. } => self.stats_wanted = true,
            _ if self.phase == Phase::Open => self.open_command(command, context),
            _ => {}
        }
    }

    fn open_command(&mut self, command: Threaded, context: &mut Context) {
        self.feed = true;
        match command {
            Threaded::Open { stream, bidi, .. } => self.open_stream(stream, bidi, context),
            Threaded::Write { stream, bytes, .. } => self.streams.push(stream, Item::Bytes(bytes)),
            Threaded::StreamPlay { stream, tape, .. } => self.play_on_stream(stream, tape, context),
            Threaded::Finish { stream, .. } => self.streams.push(stream, Item::Finish),
            Threaded::Reset { stream, code, .. } => self.reset_stream(stream, code, context),
            Threaded::Prioritise { stream, priority, .. } => self.prioritise_stream(stream, priority),
            Threaded::Stop { stream, code, .. } => self.stop_stream(stream, code),
            Threaded::Credit { stream, bytes, .. } => {
                self.outstanding = self.outstanding.saturating_sub(bytes.into());
                self.streams.credit(stream, bytes.into());
            }
            Threaded::LaneSet { lane, policy, .. } => self.set_lane(lane, policy, context),
            Threaded::LaneClose { lane, code, .. } => self.close_lane(lane, code, context),
            Threaded::Datagram { bytes, .. } => self.send_datagram(&bytes, context),
            _ => {}
        }
    }

    fn open_stream(&mut self, stream: u32, bidi: bool, context: &mut Context) {
        let dir = if bidi { Dir::Bi } else { Dir::Uni };
        // JavaScript counts too, and is told; this bound holds even if it miscounts
        if self.streams.waiting[dir as usize].len() <= context.limits.streams_pending {
            self.streams.add_own(stream, dir);
        }
    }

    fn play_on_stream(&mut self, stream: u32, tape: TapeId, context: &mut Context) {
        let tape = context.tapes.get(tape).unwrap_or_else(|| Arc::new(Tape::evicted(tape)));
        context.watchers.add(&tape, context.thread, self.slot, Owner::Stream(stream));
        self.streams.push(stream, Item::Play(tape, Position::default()));
    }

    fn set_lane(&mut self, lane: u32, policy: Policy, context: &mut Context) {
        // closed lanes count until they are drained, hence the double
        if !self.lanes.exists(lane) && self.lanes.len() >= 2 * context.limits.lanes {
            return;
        }
        self.lanes.set(lane, policy);
        for key in self.lanes.keys(Some(lane)) {
            if let Some(id) = self.lanes.get(key).and_then(|play| play.id) {
                let _ = self.quic.send_stream(id).set_priority(policy.priority.into());
            }
        }
    }

    fn close_lane(&mut self, lane: u32, code: Option<u32>, context: &mut Context) {
        let Some(code) = code else {
            self.lanes.close(lane);
            return self.settle_lane(lane, context);
        };
        for key in self.lanes.keys(Some(lane)) {
            self.reset_play(key, code, context);
        }
        self.lanes.forget(lane);
    }

    /// Play a tape on a lane. The tape is `None` when it was evicted before the command came.
    pub fn play(&mut self, target: &Target, tape: Option<&Arc<Tape>>, context: &mut Context) {
        if self.phase != Phase::Open {
            return;
        }
        let evicted = || Arc::new(Tape::evicted(0));
        let tape = tape.map_or_else(evicted, Arc::clone);
        let prefix = self.stream_prefix(Dir::Uni);
        let header = Bytes::from([&prefix[..], target.header].concat());
        let Some(key) = self.lanes.add(target.lane, target.tag, tape.clone(), header, context.now) else { return };
        context.watchers.add(&tape, context.thread, self.slot, Owner::Play(key));
        self.drop_surplus(target.lane, context);
        self.feed = true;
    }

    fn send_datagram(&mut self, payload: &[u8], context: &mut Context) {
        let prefix = self.http.as_ref().map(|http| http.datagram_prefix().clone()).unwrap_or_default();
        let datagram = Bytes::from([&prefix[..], payload].concat());
        if self.quic.datagrams().send(datagram, true).is_err() {
            stats::add(&context.counters.datagrams_dropped, 1);
        }
    }

    /// Let go of what streams hold outside the connection.
    pub(super) fn release_streams(&mut self, context: &mut Context) {
        for (handle, stream) in std::mem::take(&mut self.streams).table {
            for item in stream.send.into_iter().flat_map(|send| send.queue) {
                if let Item::Play(tape, _) = item {
                    context.watchers.remove(tape.id, self.slot, Owner::Stream(handle));
                }
            }
        }
    }
}
