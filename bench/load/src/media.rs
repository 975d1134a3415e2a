//! The shape of a track, and the clock that says when its frames are due.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A track's frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Media {
    pub fps: f64,
    /// Bytes of the first frame of a group.
    pub first: usize,
    /// Bytes of each other frame.
    pub rest: usize,
    /// Frames of one group.
    pub group: u32,
    /// Tells the contents of tracks apart.
    pub salt: u32,
    /// Of subscriptions to it; higher goes first.
    pub priority: u8,
}

impl Media {
    /// Bytes of the frame at `place` of a group.
    pub fn size(&self, place: u32) -> usize {
        if place == 0 { self.first } else { self.rest }
    }

    /// Bytes of the largest frame.
    pub fn largest(&self) -> usize {
        self.first.max(self.rest)
    }
}

/// Nanoseconds since 1970.
pub fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

/// The clock of a track's frames.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: Instant,
    start_ns: u64,
    fps: f64,
}

impl Schedule {
    /// Frame 0 is due `after` now.
    pub fn new(fps: f64, after: Duration) -> Self {
        Schedule { start: Instant::now() + after, start_ns: wall_ns() + after.as_nanos() as u64, fps }
    }

    /// When frame `number` is due.
    pub fn due(&self, number: u64) -> Instant {
        self.start + Duration::from_secs_f64(number as f64 / self.fps)
    }

    /// The same moment on the wall clock, in ns since 1970.
    pub fn due_ns(&self, number: u64) -> u64 {
        self.start_ns + (number as f64 / self.fps * 1e9) as u64
    }
}
