//! Writing: what goes into QUIC, in which order, and what is given up.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use quinn_proto::{Dir, SendStream, StreamId, WriteError};

use super::lanes::{Dropped, Rank};
use super::streams::Item;
use super::{Connection, Context, Owner, Phase};
use crate::codes;
use crate::event::Drop;
use crate::limits::{PLAY_QUANTUM, SENT_REPORT_BYTES};
use crate::stats;
use crate::tape::{End, Position, Tape};

/// Codes of the protocol above that the engine itself sends: the play was too slow, or its tape is gone.
const LAGGED: u32 = 26;
const EVICTED: u32 = 31;

/// QUIC's priority of the first of JavaScript's streams: above every lane, whose priorities end at 255.
const CONTROL_PRIORITY: i32 = 1 << 16;

/// What writing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    /// All there is for now.
    Everything,
    /// The turn is over, and there is more.
    Quantum,
    /// QUIC takes no more.
    Blocked,
    /// The tape's end was sent, or the stream is no more.
    End,
    /// The tape was given up, with a code for the peer.
    Reset(u32),
}

impl Connection {
    pub(super) fn feed_all(&mut self, context: &mut Context) {
        self.write_http();
        if self.phase != Phase::Open {
            return;
        }
        if std::mem::take(&mut self.feed) {
            self.open_waiting(context);
            self.feed_streams(context);
            self.feed_plays(context);
        }
        self.police(context);
        self.report_dropped(context);
        self.reset_grown(context);
    }

    /// Streams that JavaScript opened come before any play's.
    fn open_waiting(&mut self, context: &mut Context) {
        for dir in [Dir::Bi, Dir::Uni] {
            while let Some(handle) = self.streams.waiting[dir as usize].front().copied() {
                let Some(id) = self.quic.streams().open(dir) else { break };
                self.streams.waiting[dir as usize].pop_front();
                self.opened(handle, id, context);
            }
        }
    }

    fn opened(&mut self, handle: u32, id: StreamId, context: &mut Context) {
        self.owners.insert(id, Owner::Stream(handle));
        context.events.ready(self.id, handle);
        let mut prefix = self.stream_prefix(id.dir());
        let Some(stream) = self.streams.table.get_mut(&handle) else { return };
        stream.id = Some(id);
        let stop = stream.stop;
        if let Some(send) = &mut stream.send {
            let mut quic = self.quic.send_stream(id);
            let _ = quic.set_priority(CONTROL_PRIORITY.saturating_add(send.priority));
            let _ = write_bytes(&mut quic, &mut prefix);
            if !prefix.is_empty() {
                send.queue.push_front(Item::Bytes(prefix));
            }
            self.streams.sendable(handle);
        }
        self.note_opened(id, context);
        if let Some(code) = stop {
            self.stop_stream(handle, code);
        }
    }

    fn note_opened(&mut self, id: StreamId, context: &Context) {
        if self.http.is_some() {
            self.young.add(id, context.now, self.quic.rtt());
        }
    }

    pub(super) fn prioritise_stream(&mut self, handle: u32, priority: i32) {
        let Some(stream) = self.streams.table.get_mut(&handle) else { return };
        let Some(send) = &mut stream.send else { return };
        send.priority = priority;
        if let Some(id) = stream.id {
            let _ = self.quic.send_stream(id).set_priority(CONTROL_PRIORITY.saturating_add(priority));
        }
    }

    fn feed_streams(&mut self, context: &mut Context) {
        let mut sendable = self.streams.take_sendable();
        let priority = |handle: &u32| {
            self.streams.table.get(handle).and_then(|stream| stream.send.as_ref()).map(|send| send.priority)
        };
        // stable: equals go in the order in which they got something to send
        sendable.sort_by_key(|handle| std::cmp::Reverse(priority(handle)));
        for handle in sendable {
            self.feed_stream(handle, context);
        }
    }

    fn feed_stream(&mut self, handle: u32, context: &mut Context) {
        loop {
            let Some(stream) = self.streams.table.get_mut(&handle) else { return };
            let (Some(id), Some(send)) = (stream.id, stream.send.as_mut()) else { return };
            let Some(item) = send.queue.front_mut() else { return };
            let mut quic = self.quic.send_stream(id);
            match item {
                Item::Bytes(bytes) => {
                    let wrote = write_bytes(&mut quic, bytes);
                    let Ok(count) = wrote else {
                        send.blocked = wrote == Err(Wrote::Blocked);
                        return;
                    };
                    if bytes.is_empty() {
                        send.queue.pop_front();
                    }
                    send.unreported += count as u64;
                    if send.unreported >= SENT_REPORT_BYTES {
                        context.events.sent(self.id, handle, std::mem::take(&mut send.unreported));
                    }
                }
                Item::Play(tape, position) => {
                    match write_tape(&mut quic, &mut Bytes::new(), tape, position, context.chunks) {
                        Wrote::Quantum => {}
                        Wrote::Everything => return,
                        Wrote::Blocked => {
                            send.blocked = true;
                            return;
                        }
                        Wrote::End => {
                            return self.finished(handle, context);
                        }
                        Wrote::Reset(code) => return self.reset_stream(handle, code, context),
                    }
                }
                Item::Finish => {
                    // refused only when the peer stopped the stream, which arrives as an event of its own
                    let _ = quic.finish();
                    return self.finished(handle, context);
                }
                Item::Reset(code) => {
                    let code = *code;
                    return self.reset_stream(handle, code, context);
                }
            }
        }
    }

    /// RESET_STREAM, once the stream is open; what is unsent goes.
    pub(super) fn reset_stream(&mut self, handle: u32, code: u32, context: &mut Context) {
        let Some(stream) = self.streams.table.get_mut(&handle) else { return };
        let Some(send) = &mut stream.send else { return };
        if let Some(id) = stream.id {
            self.reset_send(id, code, context);
            self.finished(handle, context);
        } else {
            send.queue.clear();
            send.queue.push_back(Item::Reset(code));
        }
    }

    /// The sending half came to its end without the peer's doing.
    fn finished(&mut self, handle: u32, context: &mut Context) {
        if self.end_send(handle, context) {
            context.events.send_ended(self.id, handle);
        }
    }

    /// The sending half is over. False when it was already.
    pub(super) fn end_send(&mut self, handle: u32, context: &mut Context) -> bool {
        let Some(stream) = self.streams.table.get_mut(&handle) else { return false };
        let Some(send) = stream.send.take() else { return false };
        for item in send.queue {
            if let Item::Play(tape, _) = item {
                context.watchers.remove(tape.id, self.slot, Owner::Stream(handle));
            }
        }
        self.tidy_stream(handle);
        true
    }

    pub(super) fn tidy_stream(&mut self, handle: u32) {
        if let Some(id) = self.streams.tidy(handle).and_then(|stream| stream.id) {
            self.owners.remove(&id);
        }
    }

    fn feed_plays(&mut self, context: &mut Context) {
        let mut ranks = std::mem::take(context.ranks);
        self.lanes.ready(&mut ranks);
        let mut rest = &ranks[..];
        while let Some(first) = rest.first() {
            let (equals, others) = rest.split_at(rest.partition_point(|rank| rank.ties(first)));
            match equals {
                [only] => while self.feed_once(only.key, context) {},
                _ => self.feed_equals(equals, context),
            }
            rest = others;
        }
        ranks.clear();
        *context.ranks = ranks;
    }

    /// Plays with the same claim take turns.
    fn feed_equals(&mut self, equals: &[Rank], context: &mut Context) {
        let mut turns: VecDeque<usize> = equals.iter().map(|rank| rank.key).collect();
        while let Some(key) = turns.pop_front() {
            if self.feed_once(key, context) {
                turns.push_back(key);
            }
        }
    }

    /// One quantum of a play. True when there is more to write now.
    fn feed_once(&mut self, key: usize, context: &mut Context) -> bool {
        match self.feed_play(key, context) {
            Wrote::Quantum => return true,
            Wrote::Everything | Wrote::Blocked => {}
            Wrote::End => self.end_play(key, context),
            Wrote::Reset(code) => self.reset_play(key, code, context),
        }
        false
    }

    fn feed_play(&mut self, key: usize, context: &mut Context) -> Wrote {
        self.lanes.served(key);
        let Some(id) = self.play_stream(key, context) else {
            self.lanes.activate(key);
            return Wrote::Everything;
        };
        let Some(play) = self.lanes.get_mut(key) else { return Wrote::Everything };
        let mut stream = self.quic.send_stream(id);
        let wrote = write_tape(&mut stream, &mut play.header, &play.tape, &mut play.position, context.chunks);
        play.blocked = wrote == Wrote::Blocked;
        wrote
    }

    /// The play's stream, opened if the peer's limit allows.
    fn play_stream(&mut self, key: usize, context: &Context) -> Option<StreamId> {
        let play = self.lanes.get(key)?;
        if play.id.is_some() {
            return play.id;
        }
        let id = self.quic.streams().open(Dir::Uni)?;
        self.note_opened(id, context);
        let play = self.lanes.get(key)?;
        let priority = self.lanes.priority(play.lane);
        let _ = self.quic.send_stream(id).set_priority(priority.into());
        self.owners.insert(id, Owner::Play(key));
        self.lanes.get_mut(key)?.id = Some(id);
        Some(id)
    }

    fn police(&mut self, context: &mut Context) {
        let (spent, next) = self.lanes.police(context.now);
        self.drop_at = next;
        for (key, reason) in spent {
            self.lanes.drop_play(key, reason);
            self.reset_play(key, LAGGED, context);
        }
    }

    /// The play was sent to its end, or its stream is no more.
    fn end_play(&mut self, key: usize, context: &mut Context) {
        let Some((id, lane)) = self.lanes.get(key).and_then(|play| Some((play.id?, play.lane))) else { return };
        let ended = self.quic.send_stream(id).stopped() == Ok(None);
        if ended {
            self.lanes.end(lane);
        }
        self.forget_play(key, context);
        if ended {
            self.owners.insert(id, Owner::Ended(lane));
        }
    }

    pub(super) fn reset_play(&mut self, key: usize, code: u32, context: &mut Context) {
        if let Some(play) = self.lanes.get_mut(key)
            && let Some(id) = play.id
        {
            if self.http.is_some() && play.position.passed == 0 {
                // without the header the peer cannot tell what was reset
                let _ = write_bytes(&mut self.quic.send_stream(id), &mut play.header);
            }
            self.reset_send(id, code, context);
        }
        self.forget_play(key, context);
    }

    /// RESET_STREAM, now or as soon as the peer can make sense of it.
    fn reset_send(&mut self, id: StreamId, code: u32, context: &Context) {
        let code = codes::stream_to_wire(code);
        if !self.young.postpone(id, code, context.now) {
            // refused only when the stream is over
            let _ = self.quic.send_stream(id).reset(code);
        }
    }

    fn reset_grown(&mut self, context: &Context) {
        for (id, code) in self.young.due(context.now) {
            let _ = self.quic.send_stream(id).reset(code);
        }
    }

    pub(super) fn forget_play(&mut self, key: usize, context: &mut Context) {
        let Some(play) = self.lanes.remove(key) else { return };
        if let Some(id) = play.id {
            self.owners.remove(&id);
        }
        if play.tape.end().is_none() {
            context.watchers.remove(play.tape.id, self.slot, Owner::Play(key));
        }
        self.settle_lane(play.lane, context);
    }

    /// Report a closed lane whose last play is over.
    pub(super) fn settle_lane(&mut self, lane: u32, context: &mut Context) {
        // what was given up is told first
        self.report_dropped(context);
        if self.lanes.settle(lane) && self.phase == Phase::Open {
            context.events.drained(self.id, lane);
        }
    }

    /// Tell JavaScript of the plays that were given up, one event per lane and reason.
    pub(super) fn report_dropped(&mut self, context: &mut Context) {
        if self.lanes.dropped.is_empty() {
            return;
        }
        let mut dropped = std::mem::take(&mut self.lanes.dropped);
        stats::add(&context.counters.plays_dropped, dropped.len() as u64);
        let event = |entry: &Dropped| (entry.lane, entry.reason);
        dropped.sort_by_key(event);
        for group in dropped.chunk_by(|one, other| event(one) == event(other)) {
            if self.lanes.exists(group[0].lane) {
                context.events.dropped(self.id, group[0].lane, group[0].reason, group.iter().map(|entry| entry.tag));
            }
        }
    }

    /// Drop the lane's oldest waiting play when too many wait.
    pub(super) fn drop_surplus(&mut self, lane: u32, context: &mut Context) {
        if let Some(key) = self.lanes.surplus(lane) {
            self.lanes.drop_play(key, Drop::Streams);
            self.forget_play(key, context);
        }
    }
}

/// Write as much as QUIC takes and keep the rest in `bytes`.
fn write_bytes(stream: &mut SendStream, bytes: &mut Bytes) -> Result<usize, Wrote> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match stream.write_chunks(std::slice::from_mut(bytes)) {
        Ok(written) => Ok(written.bytes),
        Err(WriteError::Blocked) => Err(Wrote::Blocked),
        // stopped by the peer, which arrives as an event of its own
        Err(_) => Err(Wrote::End),
    }
}

/// Write one quantum of header and tape.
fn write_tape(
    stream: &mut SendStream,
    header: &mut Bytes,
    tape: &Tape,
    position: &mut Position,
    chunks: &mut Vec<Bytes>,
) -> Wrote {
    // the end first: what it says holds for the bytes that are read after it
    let end = tape.end();
    match end {
        Some(End::Aborted(code)) => return Wrote::Reset(code),
        Some(End::Evicted) => return Wrote::Reset(EVICTED),
        Some(End::Finished) | None => {}
    }
    chunks.clear();
    if !header.is_empty() {
        chunks.push(header.clone());
    }
    let after = tape.read(*position, PLAY_QUANTUM, chunks);
    let offered = header.len() + (after.passed - position.passed) as usize;
    if offered > 0 {
        let written = match stream.write_chunks(chunks) {
            Ok(written) => written.bytes,
            Err(WriteError::Blocked) => return Wrote::Blocked,
            Err(_) => return Wrote::End,
        };
        // what is left holds on to the tape's memory
        chunks.clear();
        let of_header = written.min(header.len());
        header.advance(of_header);
        *position = if written == offered { after } else { tape.advance(*position, written - of_header) };
        if position.passed < tape.length() || !header.is_empty() {
            return Wrote::Quantum;
        }
    }
    match end {
        Some(_) if position.passed == tape.length() => {
            // refused only when the peer stopped the stream, which arrives as an event of its own
            let _ = stream.finish();
            Wrote::End
        }
        _ => Wrote::Everything,
    }
}
