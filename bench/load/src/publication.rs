//! One published track: its frames on schedule to whoever subscribed.
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{Dir, StreamId};

use crate::content::{Content, FrameId};
use crate::histogram::Histogram;
use crate::link::Streams;
use crate::media::{Media, Schedule};
use crate::varint;

/// A relay that stops reading has this many streams pile up before the run counts as failed.
const WAITING_MAX: usize = 64;

struct Subscriber {
    id: u64,
    /// The bidirectional stream that carries the subscription.
    on: StreamId,
    /// The group being sent.
    open: Option<StreamId>,
}

/// A track on offer.
pub struct Publication {
    pub broadcast: String,
    pub track: String,
    media: Media,
    schedule: Schedule,
    number: u64,
    subscribers: Vec<Subscriber>,
}

impl Publication {
    pub fn new((broadcast, track): (String, String), media: Media, schedule: Schedule) -> Self {
        Publication { broadcast, track, media, schedule, number: 0, subscribers: Vec::new() }
    }

    /// When the next frame is due.
    pub fn due(&self) -> Instant {
        self.schedule.due(self.number)
    }

    /// Send every frame that is due. How late each is, judged before it is written, goes to `lateness`.
    pub fn publish(
        &mut self,
        link: &mut dyn Streams,
        content: &Content,
        lateness: &mut Histogram,
    ) -> Result<bool, String> {
        let mut sent = false;
        let mut now = Instant::now();
        while self.due() <= now {
            lateness.add((now - self.due()).as_micros() as u64);
            self.send(link, content)?;
            self.number += 1;
            sent = true;
            now = Instant::now();
        }
        Ok(sent)
    }

    fn send(&mut self, link: &mut dyn Streams, content: &Content) -> Result<(), String> {
        if self.subscribers.is_empty() {
            return Ok(());
        }
        if link.waiting() > WAITING_MAX {
            return Err("the relay does not read what is published".into());
        }
        let group = (self.number / u64::from(self.media.group)) as u32 + 1;
        let place = (self.number % u64::from(self.media.group)) as u32;
        let id = FrameId { salt: self.media.salt, group, place };
        let payload = content.frame(id, self.schedule.due_ns(self.number), self.media.size(place));
        let mut bytes = Vec::with_capacity(payload.len() + 16);
        let delta_us = if place == 0 { 1_000_000 } else { (1e6 / self.media.fps) as u64 };
        varint::put(&mut bytes, delta_us * 2);
        varint::put(&mut bytes, payload.len() as u64);
        bytes.extend_from_slice(&payload);
        let bytes = Bytes::from(bytes);
        for subscriber in &mut self.subscribers {
            if place == 0 {
                subscriber.open = link.open(Dir::Uni, varint::group(subscriber.id, u64::from(group)));
            }
            let Some(open) = subscriber.open else { continue };
            link.write(open, bytes.clone());
            if place + 1 == self.media.group {
                link.finish(open);
                subscriber.open = None;
            }
        }
        Ok(())
    }

    /// Somebody subscribed on stream `on`.
    pub fn subscribed(&mut self, link: &mut dyn Streams, (id, on): (u64, StreamId)) {
        let next = self.number.div_ceil(u64::from(self.media.group)) + 1;
        self.subscribers.push(Subscriber { id, on, open: None });
        link.write(on, varint::start(next).into());
    }

    /// A stream ended; whether it carried a subscription to this.
    pub fn unsubscribed(&mut self, on: StreamId) -> bool {
        let before = self.subscribers.len();
        self.subscribers.retain(|subscriber| subscriber.on != on);
        self.subscribers.len() < before
    }

    /// Whether `on` carries a subscription to this.
    pub fn has(&self, on: StreamId) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.on == on)
    }
}
