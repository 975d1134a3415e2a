//! One subscription of a viewer.
use std::collections::HashSet;
use std::time::{Duration, Instant};

use quinn_proto::{Dir, StreamId};

use crate::link::Streams;
use crate::media::Media;
use crate::tally::Context;
use crate::varint;

/// Until a refused subscription is asked for again.
const RETRY: Duration = Duration::from_millis(100);
/// Group numbers that are remembered, to notice one that comes twice.
const SEEN_MAX: usize = 4096;

/// A subscription, from TRACK to its groups.
pub struct Follow {
    /// SUBSCRIBE's id: the index of this subscription.
    id: u64,
    pub broadcast: String,
    pub track: String,
    pub media: Media,
    latency_ms: u64,
    /// The stream on which TRACK is asked.
    asked: Option<StreamId>,
    subscription: Option<StreamId>,
    retry_at: Option<Instant>,
    seen: HashSet<u32>,
    newest: u32,
    /// When the connection was begun, on both clocks.
    begun: (Instant, u64),
    accepted: bool,
    /// A byte of media came.
    touched: bool,
    /// A whole keyframe came.
    pub live: bool,
    pub frames: u64,
}

impl Follow {
    pub fn new(id: u64, (broadcast, track): (String, String), (media, latency_ms): (Media, u64)) -> Self {
        Follow {
            id,
            broadcast,
            track,
            media,
            latency_ms,
            asked: None,
            subscription: None,
            retry_at: None,
            seen: HashSet::new(),
            newest: 0,
            begun: (Instant::now(), crate::media::wall_ns()),
            accepted: false,
            touched: false,
            live: false,
            frames: 0,
        }
    }

    /// Ask for the track's properties, which moq-lite-05 wants first.
    pub fn ask(&mut self, link: &mut dyn Streams) {
        self.retry_at = None;
        self.asked = link.open(Dir::Bi, varint::track(&self.broadcast, &self.track));
        if self.asked.is_none() {
            self.retry_at = Some(Instant::now() + RETRY);
        }
    }

    /// Ask again when that is due; true when something was written.
    pub fn tick(&mut self, link: &mut dyn Streams, now: Instant) -> bool {
        if self.retry_at.is_none_or(|at| at > now) {
            return false;
        }
        self.ask(link);
        true
    }

    /// Whether the stream is one of this subscription's, on which something came.
    pub fn answered(&mut self, id: StreamId, context: &mut Context) -> bool {
        if self.subscription == Some(id) && !self.accepted {
            self.accepted = true;
            context.tally.accepted.add(self.age_us());
        }
        self.subscription == Some(id) || self.asked == Some(id)
    }

    /// The stream ended; false when it is none of this subscription's.
    pub fn ended(&mut self, link: &mut dyn Streams, (id, reset): (StreamId, bool)) -> bool {
        if self.asked == Some(id) {
            self.asked = None;
            if reset {
                self.retry_at = Some(Instant::now() + RETRY);
                return true;
            }
            link.finish(id);
            let asked = (self.media.priority, self.latency_ms);
            let message = varint::subscribe(self.id, (&self.broadcast, &self.track), asked);
            self.subscription = link.open(Dir::Bi, message);
            return true;
        }
        if self.subscription == Some(id) {
            self.subscription = None;
            self.retry_at = Some(Instant::now() + RETRY);
            return true;
        }
        false
    }

    /// Whether `group` came for the first time.
    pub fn first_seen(&mut self, group: u32) -> bool {
        self.newest = self.newest.max(group);
        if self.seen.len() >= SEEN_MAX {
            let oldest = self.newest.saturating_sub(SEEN_MAX as u32 / 2);
            self.seen.retain(|seen| *seen >= oldest);
        }
        self.seen.insert(group)
    }

    /// Media began to come.
    pub fn touch(&mut self, context: &mut Context) {
        if !self.touched {
            self.touched = true;
            context.tally.first_bytes.add(self.age_us());
        }
    }

    /// A frame came whole.
    pub fn arrived(&mut self, place: u32, scheduled_ns: u64, context: &mut Context) {
        if place == 0 && !self.live {
            self.live = true;
            context.tally.joins.add(self.age_us());
        }
        self.frames += 1;
        let late_us = context.now_ns.saturating_sub(scheduled_ns) / 1000;
        let bytes = self.media.size(place);
        if scheduled_ns >= self.begun.1 {
            context.tally.frame(bytes, late_us);
        } else {
            // What was published before the viewer came is delivered, but its age says nothing of the relay.
            context.tally.frames += 1;
            context.tally.bytes += bytes as u64;
        }
    }

    /// A group that is past, `back` groups behind the newest.
    pub fn past(&self, back: u32) -> u32 {
        self.newest.saturating_sub(back).max(1)
    }

    fn age_us(&self) -> u64 {
        self.begun.0.elapsed().as_micros() as u64
    }
}
