//! The publisher: announces the one broadcast, and sends its frames on schedule to whoever subscribed.
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use quinn_proto::{Dir, StreamId};

use crate::content::Content;
use crate::histogram::Histogram;
use crate::link::{Happening, Link};
use crate::varint;
use crate::viewer::{BROADCAST, origin_id};

/// A relay that stops reading has this many streams pile up before the run counts as failed.
const WAITING_MAX: usize = 64;

/// The clock of the frames.
pub struct Schedule {
    start: Instant,
    start_ns: u64,
    fps: f64,
}

impl Schedule {
    pub fn new(fps: f64) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Schedule { start: Instant::now(), start_ns: wall.as_nanos() as u64, fps }
    }

    /// When frame `number` is due.
    pub fn due(&self, number: u64) -> Instant {
        self.start + Duration::from_secs_f64(number as f64 / self.fps)
    }

    /// The same moment on the wall clock, in ns since 1970.
    fn due_ns(&self, number: u64) -> u64 {
        self.start_ns + (number as f64 / self.fps * 1e9) as u64
    }
}

/// The publisher's state.
pub struct Publisher {
    schedule: Schedule,
    frame: usize,
    group: u32,
    number: u64,
    heads: HashMap<StreamId, Vec<u8>>,
    subscriptions: Vec<(u64, Option<StreamId>)>,
    subscribed_on: HashMap<StreamId, u64>,
    pub announced: bool,
    pub lost: Option<String>,
    /// How late each frame was handed to QUIC.
    pub lateness: Histogram,
}

impl Publisher {
    pub fn new(schedule: Schedule, frame: usize, group: u32) -> Self {
        Publisher {
            schedule,
            frame,
            group,
            number: 0,
            heads: HashMap::new(),
            subscriptions: Vec::new(),
            subscribed_on: HashMap::new(),
            announced: false,
            lost: None,
            lateness: Histogram::new(),
        }
    }

    /// When the next frame is due.
    pub fn due(&self) -> Instant {
        self.schedule.due(self.number)
    }

    /// Send every frame that is due.
    pub fn publish(&mut self, link: &mut Link, content: &Content) -> bool {
        let now = Instant::now();
        let mut sent = false;
        while self.due() <= now {
            self.lateness.add((now - self.due()).as_micros() as u64);
            let group = (self.number / u64::from(self.group)) as u32 + 1;
            let place = (self.number % u64::from(self.group)) as u32;
            self.send(link, content, (group, place));
            self.number += 1;
            sent = true;
        }
        sent
    }

    fn send(&mut self, link: &mut Link, content: &Content, (group, place): (u32, u32)) {
        if self.subscriptions.is_empty() {
            return;
        }
        if link.waiting() > WAITING_MAX {
            self.lost.get_or_insert("the relay does not read what is published".into());
            return;
        }
        let payload = content.frame((group, place), self.schedule.due_ns(self.number), self.frame);
        let mut bytes = Vec::with_capacity(payload.len() + 16);
        let delta_us = if place == 0 { 1_000_000 } else { (1e6 / self.schedule.fps) as u64 };
        varint::put(&mut bytes, delta_us * 2);
        varint::put(&mut bytes, payload.len() as u64);
        bytes.extend_from_slice(&payload);
        let bytes = Bytes::from(bytes);
        for (id, stream) in &mut self.subscriptions {
            if place == 0 {
                *stream = link.open(Dir::Uni, varint::group(*id, u64::from(group)));
            }
            let Some(open) = *stream else { continue };
            link.write(open, bytes.clone());
            if place + 1 == self.group {
                link.finish(open);
                *stream = None;
            }
        }
    }

    pub fn happened(&mut self, link: &mut Link, happening: Happening) {
        match happening {
            Happening::Ready => {
                let path = link.path();
                link.open(Dir::Uni, varint::setup(path.as_deref(), origin_id() + 1));
            }
            Happening::Data { id, bytes } if id.dir() == Dir::Bi && id.initiator().is_server() => {
                let mut head = self.heads.remove(&id).unwrap_or_default();
                head.extend_from_slice(bytes);
                if !self.asked(link, (id, &head)) {
                    self.heads.insert(id, head);
                }
            }
            Happening::Data { .. } => {}
            Happening::End { id, .. } => {
                if let Some(gone) = self.subscribed_on.remove(&id) {
                    self.subscriptions.retain(|(subscription, _)| *subscription != gone);
                    link.finish(id);
                }
            }
            Happening::Lost(why) => self.lost = Some(why),
        }
    }

    /// Answer a request; false when it is not all there.
    fn asked(&mut self, link: &mut Link, (id, mut head): (StreamId, &[u8])) -> bool {
        if self.subscribed_on.contains_key(&id) {
            return true; // an update; this publisher has one way to send
        }
        let (Some(kind), Some(length)) = (varint::take(&mut head), varint::take(&mut head)) else { return false };
        if (head.len() as u64) < length {
            return false;
        }
        match kind {
            1 => {
                link.write(id, varint::announce(origin_id() + 1, BROADCAST).into());
                self.announced = true;
            }
            2 => {
                let Some(subscription) = varint::take(&mut head) else { return false };
                self.subscriptions.push((subscription, None));
                self.subscribed_on.insert(id, subscription);
                let next = self.number.div_ceil(u64::from(self.group)) + 1;
                link.write(id, varint::start(next).into());
            }
            6 => {
                link.write(id, varint::track_info().into());
                link.finish(id);
            }
            _ => link.finish(id),
        }
        true
    }
}
