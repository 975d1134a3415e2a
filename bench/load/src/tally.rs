//! What the viewers of one population have seen.
use crate::content::Content;
use crate::histogram::Histogram;

/// Counts since the run began, and latencies since the window did.
pub struct Tally {
    pub frames: u64,
    pub bytes: u64,
    /// Groups that came whole.
    pub groups: u64,
    pub resets: u64,
    pub latency: Histogram,
    /// Latencies of the current second.
    pub second: Histogram,
    /// From a connection's first packet to the end of its handshake …
    pub handshakes: Histogram,
    /// … to the answer to its first SUBSCRIBE …
    pub accepted: Histogram,
    /// … to the first byte of media …
    pub first_bytes: Histogram,
    /// … and to the first complete keyframe.
    pub joins: Histogram,
    /// Announcements that came.
    pub announced: u64,
    /// From the change of an announcement to its arrival.
    pub propagation: Histogram,
    /// From a FETCH to the last byte of its group.
    pub fetches: Histogram,
    pub fetches_failed: u64,
}

impl Tally {
    pub fn new() -> Self {
        Tally {
            frames: 0,
            bytes: 0,
            groups: 0,
            resets: 0,
            latency: Histogram::new(),
            second: Histogram::new(),
            handshakes: Histogram::new(),
            accepted: Histogram::new(),
            first_bytes: Histogram::new(),
            joins: Histogram::new(),
            announced: 0,
            propagation: Histogram::new(),
            fetches: Histogram::new(),
            fetches_failed: 0,
        }
    }

    /// A frame came, `late_us` after it was due.
    pub fn frame(&mut self, bytes: usize, late_us: u64) {
        self.frames += 1;
        self.bytes += bytes as u64;
        self.latency.add(late_us);
        self.second.add(late_us);
    }
}

/// What a peer needs to know to judge what comes.
pub struct Context<'a> {
    pub content: &'a Content,
    pub tally: &'a mut Tally,
    pub now_ns: u64,
    /// The first thing that was not as published; ends the run.
    pub wrong: &'a mut Option<String>,
}

impl Context<'_> {
    /// Something was not as published.
    pub fn complain(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }
}
