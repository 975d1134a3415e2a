//! Streams of a WebTransport session that the peer may not have placed yet.
//!
//! RESET_STREAM overtakes and discards the bytes that say to which session a stream belongs; a peer that has not read
//! them can only ignore the stream. So a reset waits until these bytes have had time to arrive.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use quinn_proto::{StreamId, VarInt};

const GRACE_MIN: Duration = Duration::from_millis(10);
const GRACE_MAX: Duration = Duration::from_millis(250);

#[derive(Default)]
pub struct Young {
    /// By when each has grown up; in the order of opening.
    streams: VecDeque<(Instant, StreamId)>,
    /// Resets that wait for that.
    resets: Vec<(Instant, StreamId, VarInt)>,
}

impl Young {
    /// A stream was opened and its first bytes are on their way.
    pub fn add(&mut self, id: StreamId, now: Instant, rtt: Duration) {
        while self.streams.front().is_some_and(|(grown, _)| *grown <= now) {
            self.streams.pop_front();
        }
        self.streams.push_back((now + (2 * rtt).clamp(GRACE_MIN, GRACE_MAX), id));
    }

    /// False when the reset may go at once; otherwise it is kept for `due`.
    pub fn postpone(&mut self, id: StreamId, code: VarInt, now: Instant) -> bool {
        let found = self.streams.iter().find(|(grown, other)| *other == id && *grown > now);
        if let Some((grown, _)) = found {
            self.resets.push((*grown, id, code));
        }
        found.is_some()
    }

    pub fn wake_at(&self) -> Option<Instant> {
        self.resets.iter().map(|reset| reset.0).min()
    }

    /// The resets whose time has come.
    pub fn due(&mut self, now: Instant) -> Vec<(StreamId, VarInt)> {
        let (due, rest) = self.resets.iter().partition::<Vec<_>, _>(|reset| reset.0 <= now);
        self.resets = rest;
        due.into_iter().map(|(_, id, code)| (id, code)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_keeps_a_reset_until_the_stream_has_grown_up() {
        let now = Instant::now();
        let [id, other] = [2, 6].map(|number| StreamId::from(VarInt::from_u32(number)));
        let code = VarInt::from_u32(9);
        let mut young = Young::default();
        young.add(id, now, Duration::ZERO);
        assert!(young.postpone(id, code, now));
        assert!(!young.postpone(other, code, now));
        assert_eq!(young.wake_at(), Some(now + GRACE_MIN));
        assert!(young.due(now).is_empty());
        assert_eq!(young.due(now + GRACE_MIN), [(id, code)]);
        assert_eq!(young.wake_at(), None);
        assert!(!young.postpone(id, code, now + GRACE_MIN));
    }
}
