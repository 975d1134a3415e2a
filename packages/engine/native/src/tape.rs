//! Tapes: one group's bytes in one encoding, held once, read by every thread at the pace of each play.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::conn::Owner;

pub type TapeId = u64;

/// How a tape ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    /// With the publisher's stream code.
    Aborted(u32),
    Evicted,
}

const OPEN: u8 = 0;
const FINISHED: u8 = 1;
const ABORTED: u8 = 2;
const EVICTED: u8 = 3;

pub struct Tape {
    pub id: TapeId,
    body: Mutex<Body>,
    /// Bytes appended; a copy of `body`'s that readers look at without the lock.
    length: AtomicU64,
    state: AtomicU8,
}

struct Body {
    segments: Vec<Bytes>,
    code: u32,
    /// One bit per thread that plays the tape.
    watchers: u64,
}

/// Where a play stands in a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    segment: usize,
    offset: usize,
    /// Bytes before this position.
    pub passed: u64,
}

impl Tape {
    fn new(id: TapeId) -> Self {
        Self {
            id,
            body: Mutex::new(Body { segments: Vec::new(), code: 0, watchers: 0 }),
            length: AtomicU64::new(0),
            state: AtomicU8::new(OPEN),
        }
    }

    /// One that was evicted before it was asked for.
    pub fn evicted(id: TapeId) -> Self {
        let tape = Self::new(id);
        tape.finish(End::Evicted);
        tape
    }

    fn lock(&self) -> MutexGuard<'_, Body> {
        // a panic while the lock was held cannot have left the body half changed: each change is one push or one store
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn length(&self) -> u64 {
        self.length.load(Ordering::Acquire)
    }

    /// `None` while it may grow.
    pub fn end(&self) -> Option<End> {
        match self.state.load(Ordering::Acquire) {
            FINISHED => Some(End::Finished),
            ABORTED => Some(End::Aborted(self.lock().code)),
            EVICTED => Some(End::Evicted),
            _ => None,
        }
    }

    /// Tell this thread of growth from now on. What came before is seen by whoever looks after the call.
    pub fn watch(&self, thread: usize) {
        self.lock().watchers |= 1 << thread;
    }

    /// Append up to `limit` bytes from `position` on, without copying them, to `into`. Returns the position after them.
    pub fn read(&self, mut position: Position, limit: usize, into: &mut Vec<Bytes>) -> Position {
        let body = self.lock();
        let mut left = limit;
        while let Some(segment) = body.segments.get(position.segment).filter(|_| left > 0) {
            let bytes = (segment.len() - position.offset).min(left);
            into.push(segment.slice(position.offset..position.offset + bytes));
            left -= bytes;
            position.passed += bytes as u64;
            position.offset += bytes;
            if position.offset == segment.len() {
                position.segment += 1;
                position.offset = 0;
            }
        }
        position
    }

    /// The position `bytes` further on.
    pub fn advance(&self, mut position: Position, bytes: usize) -> Position {
        let body = self.lock();
        position.passed += bytes as u64;
        position.offset += bytes;
        while let Some(segment) = body.segments.get(position.segment) {
            if position.offset < segment.len() {
                break;
            }
            position.offset -= segment.len();
            position.segment += 1;
        }
        position
    }

    fn append(&self, bytes: Bytes) -> u64 {
        let mut body = self.lock();
        if self.state.load(Ordering::Relaxed) == OPEN {
            self.length.fetch_add(bytes.len() as u64, Ordering::Release);
            body.segments.push(bytes);
        }
        body.watchers
    }

    fn finish(&self, end: End) -> u64 {
        let mut body = self.lock();
        let open = self.state.load(Ordering::Relaxed) == OPEN;
        match end {
            End::Finished if open => self.state.store(FINISHED, Ordering::Release),
            End::Aborted(code) if open => {
                body.code = code;
                self.state.store(ABORTED, Ordering::Release);
            }
            End::Evicted => {
                body.segments = Vec::new();
                self.state.store(EVICTED, Ordering::Release);
            }
            _ => {}
        }
        body.watchers
    }
}

/// All tapes of an engine, opened by id from any thread.
#[derive(Default)]
pub struct Tapes {
    table: Mutex<FxHashMap<TapeId, Arc<Tape>>>,
    bytes: AtomicU64,
}

impl Tapes {
    fn lock(&self) -> MutexGuard<'_, FxHashMap<TapeId, Arc<Tape>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, id: TapeId) -> Arc<Tape> {
        self.lock().entry(id).or_insert_with(|| Arc::new(Tape::new(id))).clone()
    }

    /// The tape, or `None` once it was evicted.
    pub fn get(&self, id: TapeId) -> Option<Arc<Tape>> {
        self.lock().get(&id).cloned()
    }

    /// Make sure that the tape is there; a tape may be played before its first byte.
    pub fn open(&self, id: TapeId) {
        self.entry(id);
    }

    /// Returns the threads to tell.
    pub fn append(&self, id: TapeId, bytes: Bytes) -> u64 {
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.entry(id).append(bytes)
    }

    /// Returns the threads to tell.
    pub fn end(&self, id: TapeId, end: End) -> u64 {
        if end != End::Evicted {
            return self.entry(id).finish(end);
        }
        let Some(tape) = self.lock().remove(&id) else { return 0 };
        self.bytes.fetch_sub(tape.length(), Ordering::Relaxed);
        tape.finish(end)
    }

    /// JavaScript has lost the tape. What is complete goes on for those who play it; what is not never will be. Returns
    /// the threads to tell.
    pub fn forget(&self, id: TapeId) -> u64 {
        let Some(tape) = self.get(id) else { return 0 };
        if tape.end().is_none() {
            return self.end(id, End::Evicted);
        }
        self.lock().remove(&id);
        self.bytes.fetch_sub(tape.length(), Ordering::Relaxed);
        0
    }

    /// Tapes held, and the bytes in them.
    pub fn totals(&self) -> (usize, u64) {
        (self.lock().len(), self.bytes.load(Ordering::Relaxed))
    }
}

/// Who of a thread follows which tape, so that growth finds them: a connection's slot, and what of it follows.
#[derive(Default)]
pub struct Watchers {
    entries: FxHashMap<TapeId, Vec<(u32, Owner)>>,
}

impl Watchers {
    /// Follow the tape. What it holds already, an end included, is for the caller to look at afterwards.
    pub fn add(&mut self, tape: &Tape, thread: usize, slot: u32, owner: Owner) {
        tape.watch(thread);
        // an end after `watch` is announced, and takes the entry away; an end before it is not
        if tape.end().is_none() {
            self.entries.entry(tape.id).or_default().push((slot, owner));
        }
    }

    pub fn remove(&mut self, tape: TapeId, slot: u32, owner: Owner) {
        let Some(entries) = self.entries.get_mut(&tape) else { return };
        if let Some(at) = entries.iter().position(|entry| *entry == (slot, owner)) {
            entries.swap_remove(at);
        }
        if entries.is_empty() {
            self.entries.remove(&tape);
        }
    }

    /// Whom to tell, now that the tape grew or ended. An ended tape needs no watching.
    pub fn of(&mut self, tape: TapeId, ended: bool, into: &mut Vec<(u32, Owner)>) {
        if ended {
            into.extend(self.entries.remove(&tape).unwrap_or_default());
        } else if let Some(entries) = self.entries.get(&tape) {
            into.extend_from_slice(entries);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(tape: &Tape, position: Position, limit: usize) -> Vec<u8> {
        let mut chunks = Vec::new();
        tape.read(position, limit, &mut chunks);
        chunks.concat()
    }

    #[test]
    fn tape_reads_across_segments_from_any_position() {
        let tapes = Tapes::default();
        for part in [&b"ab"[..], b"c", b"defg"] {
            tapes.append(1, Bytes::copy_from_slice(part));
        }
        let tape = tapes.get(1).unwrap();
        let whole = b"abcdefg";
        for start in 0..=whole.len() {
            for limit in 0..=whole.len() {
                let position = tape.advance(Position::default(), start);
                assert_eq!(position.passed, start as u64);
                let end = whole.len().min(start + limit);
                assert_eq!(read_all(&tape, position, limit), &whole[start..end]);
                let after = tape.read(position, limit, &mut Vec::new());
                assert_eq!(after, tape.advance(position, end - start));
            }
        }
    }

    #[test]
    fn tape_continues_where_it_had_ended_for_now() {
        let tapes = Tapes::default();
        tapes.append(1, Bytes::from_static(b"ab"));
        let tape = tapes.get(1).unwrap();
        let position = tape.advance(Position::default(), 2);
        tapes.append(1, Bytes::from_static(b"cd"));
        assert_eq!(read_all(&tape, position, 10), b"cd");
    }

    #[test]
    fn tapes_forget_an_evicted_tape_and_its_bytes() {
        let tapes = Tapes::default();
        tapes.append(1, Bytes::from_static(b"ab"));
        let tape = tapes.get(1).unwrap();
        tapes.end(1, End::Evicted);
        assert_eq!(tape.end(), Some(End::Evicted));
        assert!(read_all(&tape, Position::default(), 10).is_empty());
        assert!(tapes.get(1).is_none());
        assert_eq!(tapes.totals(), (0, 0));
    }

    #[test]
    fn tapes_let_plays_of_a_forgotten_tape_end() {
        let tapes = Tapes::default();
        for tape in [1, 2] {
            tapes.append(tape, Bytes::from_static(b"ab"));
        }
        tapes.end(1, End::Finished);
        let [whole, open] = [1, 2].map(|tape| tapes.get(tape).unwrap());
        for tape in [1, 2, 3] {
            tapes.forget(tape);
        }
        assert_eq!(tapes.totals(), (0, 0));
        assert_eq!(read_all(&whole, Position::default(), 10), b"ab");
        assert_eq!(whole.end(), Some(End::Finished));
        assert_eq!(open.end(), Some(End::Evicted));
    }

    #[test]
    fn tapes_keep_the_first_end_and_take_no_bytes_after_it() {
        let tapes = Tapes::default();
        tapes.append(1, Bytes::from_static(b"ab"));
        tapes.end(1, End::Aborted(9));
        tapes.end(1, End::Finished);
        tapes.append(1, Bytes::from_static(b"cd"));
        let tape = tapes.get(1).unwrap();
        assert_eq!(tape.end(), Some(End::Aborted(9)));
        assert_eq!(tape.length(), 2);
    }

    #[test]
    fn watchers_name_each_follower_until_the_tape_ends() {
        let tapes = Tapes::default();
        tapes.open(1);
        let tape = tapes.get(1).unwrap();
        let mut watchers = Watchers::default();
        let followers = [(3, Owner::Play(1)), (3, Owner::Stream(2)), (5, Owner::Play(1))];
        for (slot, owner) in followers {
            watchers.add(&tape, 0, slot, owner);
        }
        assert_eq!(tapes.append(1, Bytes::from_static(b"x")), 1);
        let mut found = Vec::new();
        watchers.of(1, false, &mut found);
        assert_eq!(found, followers);
        watchers.remove(1, 3, Owner::Play(1));
        found.clear();
        watchers.of(1, true, &mut found);
        assert_eq!(found, [followers[2], followers[1]]);
        found.clear();
        watchers.of(1, false, &mut found);
        assert!(found.is_empty());
    }

    #[test]
    fn watchers_keep_no_entry_for_a_tape_that_had_ended() {
        let tapes = Tapes::default();
        tapes.end(1, End::Finished);
        let mut watchers = Watchers::default();
        watchers.add(&tapes.get(1).unwrap(), 0, 3, Owner::Play(1));
        assert!(watchers.entries.is_empty());
    }
}
