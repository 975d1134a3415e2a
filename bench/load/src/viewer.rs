//! A viewer: subscribes to the one track and checks every byte of what it gets.
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use quinn_proto::{Dir, StreamId};

use crate::content::{Content, HEAD};
use crate::histogram::Histogram;
use crate::link::{Happening, Link};
use crate::varint;

/// Name of the broadcast and of its only track.
pub const BROADCAST: &str = "load";
pub const TRACK: &str = "video";
const RETRY: Duration = Duration::from_millis(100);

/// What all viewers together have seen.
pub struct Tally {
    pub frames: u64,
    pub bytes: u64,
    pub groups: u64,
    pub resets: u64,
    pub latency: Histogram,
    /// From the connection's first packet to the first complete frame.
    pub joins: Histogram,
    /// The first thing that was not as published; ends the run.
    pub wrong: Option<String>,
}

impl Tally {
    pub fn new() -> Self {
        Tally {
            frames: 0,
            bytes: 0,
            groups: 0,
            resets: 0,
            latency: Histogram::new(),
            joins: Histogram::new(),
            wrong: None,
        }
    }
}

/// What a viewer needs to know to judge a frame.
pub struct Context<'a> {
    pub content: &'a Content,
    pub tally: &'a mut Tally,
    pub frame: usize,
    pub now_ns: u64,
}

/// Where a group stream stands.
enum Step {
    /// Stream type and GROUP message, or the raw group number of the `null` arm.
    Header,
    /// Timestamp delta and size of the next frame.
    FrameHead,
    /// In the payload of the current frame.
    Payload { at: usize },
    /// Not a group stream.
    Ignored,
}

/// One incoming stream.
struct Reader {
    step: Step,
    group: u32,
    place: u32,
    head: [u8; HEAD],
    /// The front of something that a chunk cut.
    left: Vec<u8>,
}

/// One viewer's state.
pub struct Viewer {
    begun: Instant,
    raw: bool,
    idle: bool,
    track: Option<StreamId>,
    subscription: Option<StreamId>,
    retry_at: Option<Instant>,
    readers: HashMap<StreamId, Reader>,
    /// Groups that came, as offsets from the first; a second copy is an error.
    seen: HashSet<u32>,
    /// A frame came.
    pub live: bool,
    pub lost: bool,
    pub ready: bool,
}

impl Viewer {
    pub fn new(now: Instant, raw: bool, idle: bool) -> Self {
        Viewer {
            begun: now,
            raw,
            idle,
            track: None,
            subscription: None,
            retry_at: None,
            readers: HashMap::new(),
            seen: HashSet::new(),
            live: false,
            lost: false,
            ready: false,
        }
    }

    /// Ask again when a refused request's pause is over.
    pub fn tick(&mut self, link: &mut Link, now: Instant) -> bool {
        if self.retry_at.is_none_or(|at| at > now) {
            return false;
        }
        self.retry_at = None;
        self.track = link.open(Dir::Bi, varint::track(BROADCAST, TRACK));
        true
    }

    pub fn happened(&mut self, link: &mut Link, happening: Happening, context: &mut Context) {
        match happening {
            Happening::Ready => {
                self.ready = true;
                if self.raw {
                    return;
                }
                let path = link.path();
                link.open(Dir::Uni, varint::setup(path.as_deref(), origin_id()));
                if !self.idle {
                    self.track = link.open(Dir::Bi, varint::track(BROADCAST, TRACK));
                }
            }
            Happening::Data { id, bytes } => self.data(link, (id, bytes), context),
            Happening::End { id, reset } => self.ended(link, (id, reset), context),
            Happening::Lost(why) => {
                if !self.lost && context.tally.wrong.is_none() {
                    context.tally.wrong = Some(format!("a viewer lost its connection: {why}"));
                }
                self.lost = true;
            }
        }
    }

    fn ended(&mut self, link: &mut Link, (id, reset): (StreamId, Option<u64>), context: &mut Context) {
        if self.track == Some(id) {
            self.track = None;
            if reset.is_some() {
                self.retry_at = Some(Instant::now() + RETRY);
            } else {
                link.finish(id);
                self.subscription = link.open(Dir::Bi, varint::subscribe(0, BROADCAST, TRACK));
            }
        } else if self.subscription == Some(id) {
            self.subscription = None;
            self.retry_at = Some(Instant::now() + RETRY);
        } else if let Some(reader) = self.readers.remove(&id) {
            match (reset, &reader.step) {
                (Some(_), _) => context.tally.resets += 1,
                (None, Step::FrameHead) if reader.left.is_empty() => context.tally.groups += 1,
                (None, Step::Ignored) => {}
                (None, _) => context.tally.wrong = Some(format!("group {} ended inside a frame", reader.group)),
            }
        }
    }

    fn data(&mut self, link: &mut Link, (id, bytes): (StreamId, &[u8]), context: &mut Context) {
        if id.dir() == Dir::Bi {
            // A relay that asks what we announce is told: nothing.
            if id.initiator().is_server() && bytes.first() == Some(&1) {
                let mut none = Vec::new();
                varint::put(&mut none, origin_id());
                varint::put(&mut none, 0);
                let mut answer = Vec::new();
                varint::sized(&mut answer, &none);
                link.write(id, answer.into());
            }
            return;
        }
        let raw = self.raw;
        let reader = self.readers.entry(id).or_insert_with(|| Reader {
            step: Step::Header,
            group: 0,
            place: 0,
            head: [0; HEAD],
            left: Vec::new(),
        });
        let before = context.tally.frames;
        let outcome = if reader.left.is_empty() {
            reader.take(bytes, raw, &mut self.seen, context)
        } else {
            let mut joined = std::mem::take(&mut reader.left);
            joined.extend_from_slice(bytes);
            reader.take(&joined, raw, &mut self.seen, context)
        };
        if let Err(wrong) = outcome {
            context.tally.wrong.get_or_insert(wrong);
        }
        if !self.live && context.tally.frames > before {
            self.live = true;
            context.tally.joins.add(self.begun.elapsed().as_micros() as u64);
        }
    }
}

impl Reader {
    fn take(
        &mut self,
        mut bytes: &[u8],
        raw: bool,
        seen: &mut HashSet<u32>,
        context: &mut Context,
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            match self.step {
                Step::Ignored => return Ok(()),
                Step::Header => {
                    let Some((kind, group)) = header(&mut bytes, raw) else {
                        self.left = bytes.to_vec();
                        return Ok(());
                    };
                    if kind != 0 {
                        self.step = Step::Ignored;
                        return Ok(());
                    }
                    self.group = group;
                    if !seen.insert(group) {
                        return Err(format!("group {group} came twice"));
                    }
                    self.step = Step::FrameHead;
                }
                Step::FrameHead => {
                    let mut rest = bytes;
                    let (Some(_), Some(size)) = (varint::take(&mut rest), varint::take(&mut rest)) else {
                        self.left = bytes.to_vec();
                        return Ok(());
                    };
                    if size != context.frame as u64 {
                        return Err(format!("group {}: a frame of {size} bytes", self.group));
                    }
                    bytes = rest;
                    self.step = Step::Payload { at: 0 };
                }
                Step::Payload { at } => bytes = self.payload(bytes, at, context)?,
            }
        }
        Ok(())
    }

    fn payload<'a>(&mut self, bytes: &'a [u8], at: usize, context: &mut Context) -> Result<&'a [u8], String> {
        let (mine, rest) = bytes.split_at(bytes.len().min(context.frame - at));
        let in_head = mine.len().min(HEAD.saturating_sub(at));
        self.head[at.min(HEAD)..at.min(HEAD) + in_head].copy_from_slice(&mine[..in_head]);
        let id = (self.group, self.place);
        let stretch = &mine[in_head..];
        if !context.content.matches(id, (at + in_head).saturating_sub(HEAD), stretch) {
            return Err(format!("group {} frame {}: bytes were changed", id.0, id.1));
        }
        let at = at + mine.len();
        if at < context.frame {
            self.step = Step::Payload { at };
            return Ok(rest);
        }
        if word(&self.head, 8) != id.0 || word(&self.head, 12) != id.1 {
            return Err(format!("group {} frame {}: another frame in its place", id.0, id.1));
        }
        let scheduled = u64::from_le_bytes(self.head[..8].try_into().unwrap_or_default());
        context.tally.frames += 1;
        context.tally.bytes += context.frame as u64;
        context.tally.latency.add(context.now_ns.saturating_sub(scheduled) / 1000);
        self.place += 1;
        self.step = Step::FrameHead;
        Ok(rest)
    }
}

/// Stream type and group number; `bytes` is only moved when all of it is there.
fn header(bytes: &mut &[u8], raw: bool) -> Option<(u64, u32)> {
    let mut rest = *bytes;
    if raw {
        let group = varint::take(&mut rest)? as u32;
        *bytes = rest;
        return Some((0, group));
    }
    let kind = varint::take(&mut rest)?;
    if kind != 0 {
        *bytes = rest;
        return Some((kind, 0));
    }
    let _length = varint::take(&mut rest)?;
    let _subscribe = varint::take(&mut rest)?;
    let group = varint::take(&mut rest)? as u32;
    *bytes = rest;
    Some((0, group))
}

fn word(head: &[u8; HEAD], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

/// An origin id of this process's own; all its sessions may share it, since none relays.
pub fn origin_id() -> u64 {
    0x6c6f_6164_0000 + u64::from(std::process::id())
}
