//! One listener to announcements: how many came, and how late after each change.
use std::collections::HashMap;
use std::time::Instant;

use quinn_proto::{Dir, StreamId};

use crate::link::Streams;
use crate::tally::Context;
use crate::varint;

/// When each name was last announced or taken back.
pub type Changes = HashMap<String, Instant>;

/// An announce stream.
pub struct Listening {
    prefix: String,
    id: Option<StreamId>,
    left: Vec<u8>,
    /// ANNOUNCE_OK came.
    begun: bool,
    /// Broadcasts that are live now.
    pub live: i64,
    /// Announcements that came, endings included.
    pub count: u64,
}

impl Listening {
    pub fn new(prefix: String) -> Self {
        Listening { prefix, id: None, left: Vec::new(), begun: false, live: 0, count: 0 }
    }

    pub fn ask(&mut self, link: &mut dyn Streams) {
        self.id = link.open(Dir::Bi, varint::announce_request(&self.prefix));
    }

    /// Whether it listens where names come.
    pub fn near(&self) -> bool {
        self.prefix == "names"
    }

    /// Whether `id` is its stream.
    pub fn on(&self, id: StreamId) -> bool {
        self.id == Some(id)
    }

    pub fn take(&mut self, bytes: &[u8], context: &mut Context, changes: &Changes) {
        self.left.extend_from_slice(bytes);
        let left = std::mem::take(&mut self.left);
        let mut rest = left.as_slice();
        loop {
            let mut ahead = rest;
            let Some(length) = varint::take(&mut ahead) else { break };
            let Some((mut body, after)) = ahead.split_at_checked(length as usize) else { break };
            rest = after;
            if !self.begun {
                self.begun = true;
                continue;
            }
            let Some((active, tail)) = body.split_first() else { continue };
            body = tail;
            self.count += 1;
            context.tally.announced += 1;
            self.live += if *active == 0 { -1 } else { 1 };
            let Some(suffix) = varint::take_text(&mut body) else { continue };
            if let Some(since) = changes.get(&join(&self.prefix, &suffix)) {
                context.tally.propagation.add(since.elapsed().as_micros() as u64);
            }
        }
        self.left = rest.to_vec();
    }
}

fn join(prefix: &str, suffix: &str) -> String {
    if prefix.is_empty() { suffix.into() } else { format!("{prefix}/{suffix}") }
}
