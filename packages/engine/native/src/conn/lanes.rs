//! Lanes: the plays of each subscription, who goes first, and who is given up. No I/O here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn_proto::StreamId;
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::command::Policy;
use crate::event::Drop;
use crate::limits::LANE_WAITING_MAX;
use crate::tape::{Position, Tape};

/// One group on its way to one viewer.
pub struct Play {
    pub lane: u32,
    pub tag: f64,
    pub tape: Arc<Tape>,
    /// What is left of the viewer's own header.
    pub header: Bytes,
    pub position: Position,
    /// `None` while it waits for the peer's stream limit.
    pub id: Option<StreamId>,
    /// QUIC takes nothing until it says so.
    pub blocked: bool,
    /// When a newer play of the lane came.
    stale_since: Option<Instant>,
    /// Listed as having something to send.
    active: bool,
}

impl Play {
    /// Bytes that QUIC has not taken.
    fn unsent(&self) -> u64 {
        self.header.len() as u64 + self.tape.length().saturating_sub(self.position.passed)
    }

    fn ready(&self) -> bool {
        !self.blocked && (self.id.is_none() || self.unsent() > 0 || self.tape.end().is_some())
    }
}

struct Lane {
    policy: Policy,
    /// Keys of its plays, by tag, the oldest first.
    plays: Vec<usize>,
    /// The highest tag so far, whether its play still runs or not.
    newest: f64,
    /// Plays that were sent to their end and are not yet acknowledged.
    unacknowledged: usize,
    /// Ends with its last play.
    closed: bool,
    /// When it was served last; breaks ties among lanes.
    served: u64,
}

/// The order in which plays are fed: the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// 255 less the lane's priority.
    urgency: u8,
    /// 0 for the lane's first to go: its newest, or its oldest where that is wanted.
    age: u32,
    served: u64,
    pub key: usize,
}

impl Rank {
    /// Whether both have the same claim, so that they take turns.
    pub fn ties(&self, other: &Rank) -> bool {
        (self.urgency, self.age) == (other.urgency, other.age)
    }
}

/// A play that was given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropped {
    pub lane: u32,
    pub reason: Drop,
    pub tag: f64,
}

#[derive(Default)]
pub struct Lanes {
    table: FxHashMap<u32, Lane>,
    plays: Slab<Play>,
    /// Given up and not yet reported.
    pub dropped: Vec<Dropped>,
    /// Plays to look at in the next feed.
    active: Vec<usize>,
    /// Plays that are not the newest of their lane: only they can be given up.
    stale: usize,
    clock: u64,
}

impl Lanes {
    pub fn get(&self, key: usize) -> Option<&Play> {
        self.plays.get(key)
    }

    pub fn get_mut(&mut self, key: usize) -> Option<&mut Play> {
        self.plays.get_mut(key)
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn priority(&self, lane: u32) -> u8 {
        self.table.get(&lane).map_or(0, |lane| lane.policy.priority)
    }

    /// Make the lane, or give it another policy.
    pub fn set(&mut self, lane: u32, policy: Policy) {
        self.table.entry(lane).and_modify(|lane| lane.policy = policy).or_insert(Lane {
            policy,
            plays: Vec::new(),
            newest: f64::NEG_INFINITY,
            unacknowledged: 0,
            closed: false,
            served: 0,
        });
    }

    pub fn exists(&self, lane: u32) -> bool {
        self.table.contains_key(&lane)
    }

    pub fn writable(&mut self, key: usize) {
        if let Some(play) = self.plays.get_mut(key) {
            play.blocked = false;
            self.activate(key);
        }
    }

    /// The play may have something to send.
    pub fn activate(&mut self, key: usize) {
        let Some(play) = self.plays.get_mut(key) else { return };
        if !play.active {
            play.active = true;
            self.active.push(key);
        }
    }

    /// Add a play; `None` when the lane is not there or closed.
    pub fn add(&mut self, lane_id: u32, tag: f64, tape: Arc<Tape>, header: Bytes, now: Instant) -> Option<usize> {
        let lane = self.table.get_mut(&lane_id).filter(|lane| !lane.closed)?;
        let at = lane.plays.partition_point(|key| self.plays[*key].tag <= tag);
        let newest = tag >= lane.newest;
        if newest {
            lane.newest = tag;
            for key in &lane.plays {
                let play = &mut self.plays[*key];
                if play.stale_since.is_none() {
                    play.stale_since = Some(now);
                    self.stale += 1;
                }
            }
        } else {
            self.stale += 1;
        }
        let key = self.plays.insert(Play {
            lane: lane_id,
            tag,
            tape,
            header,
            position: Position::default(),
            id: None,
            blocked: false,
            stale_since: (!newest).then_some(now),
            active: false,
        });
        lane.plays.insert(at, key);
        self.activate(key);
        Some(key)
    }

    /// The oldest play of the lane that waits for a stream, when too many do.
    pub fn surplus(&self, lane: u32) -> Option<usize> {
        let lane = self.table.get(&lane)?;
        let mut waiting = lane.plays.iter().filter(|key| self.plays[**key].id.is_none());
        let oldest = waiting.next().copied();
        if waiting.count() >= LANE_WAITING_MAX { oldest } else { None }
    }

    /// Forget a play.
    pub fn remove(&mut self, key: usize) -> Option<Play> {
        let play = self.plays.try_remove(key)?;
        if let Some(lane) = self.table.get_mut(&play.lane) {
            lane.plays.retain(|other| *other != key);
        }
        self.stale -= usize::from(play.stale_since.is_some());
        Some(play)
    }

    /// A play of the lane was sent to its end.
    pub fn end(&mut self, lane: u32) {
        if let Some(lane) = self.table.get_mut(&lane) {
            lane.unacknowledged += 1;
        }
    }

    /// A play that had ended was acknowledged. True when that was the last of a closed lane.
    pub fn acknowledge(&mut self, lane: u32) -> bool {
        if let Some(lane) = self.table.get_mut(&lane) {
            lane.unacknowledged = lane.unacknowledged.saturating_sub(1);
        }
        self.settle(lane)
    }

    /// Forget a closed lane that has nothing more to wait for. True when it was there until now.
    pub fn settle(&mut self, lane: u32) -> bool {
        let drained = |lane: &Lane| lane.closed && lane.plays.is_empty() && lane.unacknowledged == 0;
        self.table.get(&lane).is_some_and(drained) && self.table.remove(&lane).is_some()
    }

    /// Note that a play was given up; the caller resets its stream and removes it.
    pub fn drop_play(&mut self, key: usize, reason: Drop) {
        if let Some(play) = self.plays.get(key) {
            self.dropped.push(Dropped { lane: play.lane, reason, tag: play.tag });
        }
    }

    /// Take no more plays; the lane ends with those it has.
    pub fn close(&mut self, lane: u32) {
        if let Some(lane) = self.table.get_mut(&lane) {
            lane.closed = true;
        }
    }

    /// Forget a lane whose plays are gone.
    pub fn forget(&mut self, lane: u32) {
        self.table.remove(&lane);
    }

    /// All plays, or those of one lane.
    pub fn keys(&self, lane: Option<u32>) -> Vec<usize> {
        match lane {
            None => self.plays.iter().map(|(key, _)| key).collect(),
            Some(lane) => self.table.get(&lane).map(|lane| lane.plays.clone()).unwrap_or_default(),
        }
    }

    /// Everything that has something to send, first things first.
    pub fn ready(&mut self, into: &mut Vec<Rank>) {
        let mut active = std::mem::take(&mut self.active);
        for key in active.drain(..) {
            // a key that was given to another play since is listed twice; the mark is there once
            let Some(play) = self.plays.get_mut(key).filter(|play| play.active) else { continue };
            play.active = false;
            if play.ready() {
                into.extend(self.rank(key));
            }
        }
        // the memory serves again
        self.active = active;
        into.sort_unstable();
    }

    fn rank(&self, key: usize) -> Option<Rank> {
        let lane = self.table.get(&self.plays.get(key)?.lane)?;
        let at = lane.plays.iter().position(|other| *other == key)?;
        let age = if lane.policy.oldest_first { at } else { lane.plays.len() - 1 - at };
        Some(Rank { urgency: u8::MAX - lane.policy.priority, age: age as u32, served: lane.served, key })
    }

    /// The lane of this play had its turn.
    pub fn served(&mut self, key: usize) {
        self.clock += 1;
        let Some(play) = self.plays.get(key) else { return };
        if let Some(lane) = self.table.get_mut(&play.lane) {
            lane.served = self.clock;
        }
    }

    /// The plays to give up now, and when to look again. The newest play of a lane is always kept,
    /// and an older one does not become the newest because that ended before it.
    pub fn police(&self, now: Instant) -> (Vec<(usize, Drop)>, Option<Instant>) {
        let mut spent = Vec::new();
        let mut next: Option<Instant> = None;
        if self.stale == 0 {
            return (spent, next);
        }
        for lane in self.table.values() {
            let mut unsent = 0.0;
            // from the newest on, so that it is the oldest that go over the budget
            for key in lane.plays.iter().rev() {
                let play = &self.plays[*key];
                let Some(since) = play.stale_since else { continue };
                unsent += play.unsent() as f64;
                let due = due(since, lane.policy.latency_ms);
                if due.is_some_and(|due| due <= now) {
                    spent.push((*key, Drop::Latency));
                } else if unsent > lane.policy.budget {
                    spent.push((*key, Drop::Budget));
                } else {
                    next = [next, due].into_iter().flatten().min();
                }
            }
        }
        (spent, next)
    }
}

/// `None` for never.
fn due(since: Instant, latency_ms: f64) -> Option<Instant> {
    let latency = Duration::try_from_secs_f64(latency_ms / 1000.0).ok()?;
    since.checked_add(latency)
}

#[cfg(test)]
#[path = "lanes_test.rs"]
mod tests;
