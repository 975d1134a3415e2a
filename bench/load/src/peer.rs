//! What one connection does: publish tracks, follow tracks, listen to announcements, in any mixture.
use std::collections::HashMap;
use std::time::Instant;

use quinn_proto::{Dir, StreamId};

use crate::content::Content;
use crate::follow::Follow;
use crate::histogram::Histogram;
use crate::link::{Happening, Streams};
use crate::listening::{Changes, Listening};
use crate::publication::Publication;
use crate::reader::Reader;
use crate::tally::Context;
use crate::varint;

/// What a connection is for.
#[derive(Default)]
pub struct Role {
    /// Index of the population that it counts in.
    pub class: usize,
    pub publications: Vec<Publication>,
    /// Broadcasts that are announced beside those of the publications.
    pub names: Vec<String>,
    pub follows: Vec<Follow>,
    /// The prefix whose announcements it counts.
    pub listens: Option<String>,
    /// Group streams carry no MoQ header (the `null` arm), and nothing is asked for.
    pub raw: bool,
    /// Leaves the subscriptions for later.
    pub idle: bool,
}

/// One connection's state.
pub struct Peer {
    pub role: Role,
    begun: Instant,
    readers: HashMap<StreamId, Reader>,
    /// Groups that were asked for with FETCH, and when.
    fetching: HashMap<StreamId, (Reader, Instant)>,
    /// Requests that are not all there.
    heads: HashMap<StreamId, Vec<u8>>,
    /// Streams on which announcements go out, with their prefixes.
    announcing: Vec<(StreamId, String)>,
    pub listening: Option<Listening>,
    pub ready: bool,
    pub announced: bool,
    pub lost: Option<String>,
}

impl Peer {
    pub fn new(role: Role) -> Self {
        Peer {
            listening: role.listens.clone().map(Listening::new),
            role,
            begun: Instant::now(),
            readers: HashMap::new(),
            fetching: HashMap::new(),
            heads: HashMap::new(),
            announcing: Vec::new(),
            ready: false,
            announced: false,
            lost: None,
        }
    }

    /// Whether everything that it follows has come at least once.
    pub fn live(&self) -> bool {
        self.ready && (self.role.idle || self.role.follows.iter().all(|follow| follow.live))
    }

    /// Frames that came.
    pub fn frames(&self) -> u64 {
        self.role.follows.iter().map(|follow| follow.frames).sum()
    }

    /// When the next frame is due.
    pub fn due(&self) -> Option<Instant> {
        self.role.publications.iter().map(Publication::due).min()
    }

    /// Ask again for what was refused, when that is due; true when something was written.
    pub fn tick(&mut self, link: &mut dyn Streams, now: Instant) -> bool {
        let mut wrote = false;
        for follow in &mut self.role.follows {
            wrote |= follow.tick(link, now);
        }
        wrote
    }

    /// Send what is due.
    pub fn publish(
        &mut self,
        link: &mut dyn Streams,
        content: &Content,
        lateness: &mut Histogram,
    ) -> Result<bool, String> {
        let mut sent = false;
        for publication in &mut self.role.publications {
            sent |= publication.publish(link, content, lateness)?;
        }
        Ok(sent)
    }

    /// Ask for what was left for later.
    pub fn subscribe(&mut self, link: &mut dyn Streams) {
        self.role.idle = false;
        for follow in &mut self.role.follows {
            follow.ask(link);
        }
    }

    /// FETCH the group `back` behind the newest of the first track.
    pub fn fetch(&mut self, link: &mut dyn Streams, back: u32) {
        let Some(follow) = self.role.follows.first() else { return };
        let group = follow.past(back);
        let message = varint::fetch((&follow.broadcast, &follow.track), u64::from(group));
        if let Some(id) = link.open(Dir::Bi, message) {
            link.finish(id);
            self.fetching.insert(id, (Reader::fetched(follow, group), Instant::now()));
        }
    }

    /// Announce `name`, or take it back.
    pub fn announce(&mut self, link: &mut dyn Streams, name: &str, active: bool) {
        for (id, prefix) in &self.announcing {
            if let Some(suffix) = below(name, prefix) {
                link.write(*id, varint::announce(suffix, active).into());
            }
        }
    }

    pub fn happened(
        &mut self,
        link: &mut dyn Streams,
        happening: Happening,
        (context, changes): (&mut Context, &Changes),
    ) {
        match happening {
            Happening::Ready => self.begin(link, context),
            Happening::Data { id, bytes } if id.dir() == Dir::Uni => self.media(id, bytes, context),
            Happening::Data { id, bytes } => self.data(link, (id, bytes), (context, changes)),
            Happening::End { id, reset } => self.ended(link, (id, reset.is_some()), context),
            Happening::Lost(why) => self.lost = Some(why),
        }
    }

    fn begin(&mut self, link: &mut dyn Streams, context: &mut Context) {
        self.ready = true;
        context.tally.handshakes.add(self.begun.elapsed().as_micros() as u64);
        if self.role.raw {
            return;
        }
        let path = link.path();
        link.open(Dir::Uni, varint::setup(path.as_deref(), origin_id()));
        if let Some(listening) = &mut self.listening {
            listening.ask(link);
        }
        if !self.role.idle {
            self.subscribe(link);
        }
    }

    fn media(&mut self, id: StreamId, bytes: &[u8], context: &mut Context) {
        let reader = self.readers.entry(id).or_insert_with(Reader::new);
        let outcome = reader.take(bytes, &mut self.role.follows, (self.role.raw, context));
        if let Some(follow) = self.role.follows.get_mut(reader.follow)
            && reader.whole().is_some()
        {
            follow.touch(context);
        }
        if let Err(wrong) = outcome {
            context.complain(wrong);
        }
    }

    fn data(
        &mut self,
        link: &mut dyn Streams,
        (id, bytes): (StreamId, &[u8]),
        (context, changes): (&mut Context, &Changes),
    ) {
        if let Some((reader, _)) = self.fetching.get_mut(&id) {
            if let Err(wrong) = reader.take(bytes, &mut self.role.follows, (false, context)) {
                context.complain(wrong);
            }
        } else if id.initiator().is_server() {
            let mut head = self.heads.remove(&id).unwrap_or_default();
            head.extend_from_slice(bytes);
            if !self.asked(link, (id, &head)) {
                self.heads.insert(id, head);
            }
        } else if let Some(listening) = self.listening.as_mut().filter(|listening| listening.on(id)) {
            listening.take(bytes, context, changes);
        } else {
            self.role.follows.iter_mut().any(|follow| follow.answered(id, context));
        }
    }

    fn ended(&mut self, link: &mut dyn Streams, (id, reset): (StreamId, bool), context: &mut Context) {
        if let Some((reader, since)) = self.fetching.remove(&id) {
            if reset || reader.whole() != Some(true) {
                context.tally.fetches_failed += 1;
            } else {
                context.tally.fetches.add(since.elapsed().as_micros() as u64);
            }
        } else if let Some(reader) = self.readers.remove(&id) {
            match (reset, reader.whole()) {
                (true, _) => context.tally.resets += 1,
                (false, Some(true)) => context.tally.groups += 1,
                (false, None) => {}
                (false, Some(false)) => context.complain(format!("group {} ended inside a frame", reader.group())),
            }
        } else if self.role.publications.iter_mut().any(|publication| publication.unsubscribed(id)) {
            link.finish(id);
        } else {
            self.role.follows.iter_mut().any(|follow| follow.ended(link, (id, reset)));
        }
    }

    /// Answer a request; false when it is not all there.
    fn asked(&mut self, link: &mut dyn Streams, (id, mut head): (StreamId, &[u8])) -> bool {
        if self.role.publications.iter().any(|publication| publication.has(id)) {
            return true; // an update; there is one way to send
        }
        let (Some(kind), Some(length)) = (varint::take(&mut head), varint::take(&mut head)) else { return false };
        if (head.len() as u64) < length {
            return false;
        }
        match kind {
            1 => self.announce_all(link, id, varint::take_text(&mut head).unwrap_or_default()),
            2 => {
                let Some(subscription) = varint::take(&mut head) else { return false };
                match self.publication(&mut head) {
                    Some(publication) => publication.subscribed(link, (subscription, id)),
                    None => link.finish(id),
                }
            }
            6 => {
                if self.publication(&mut head).is_some() {
                    link.write(id, varint::track_info().into());
                }
                link.finish(id);
            }
            _ => link.finish(id),
        }
        true
    }

    fn announce_all(&mut self, link: &mut dyn Streams, id: StreamId, prefix: String) {
        let mut names: Vec<&str> = self.role.names.iter().map(String::as_str).collect();
        for publication in &self.role.publications {
            if !names.contains(&publication.broadcast.as_str()) {
                names.push(&publication.broadcast);
            }
        }
        let suffixes: Vec<&str> = names.into_iter().filter_map(|name| below(name, &prefix)).collect();
        let mut answer = varint::announce_ok(origin_id(), suffixes.len());
        for suffix in suffixes {
            answer.extend(varint::announce(suffix, true));
        }
        link.write(id, answer.into());
        self.announcing.push((id, prefix));
        self.announced = true;
    }

    fn publication(&mut self, head: &mut &[u8]) -> Option<&mut Publication> {
        let broadcast = varint::take_text(head)?;
        let track = varint::take_text(head)?;
        let wanted = |found: &&mut Publication| found.broadcast == broadcast && found.track == track;
        self.role.publications.iter_mut().find(wanted)
    }
}

/// What is left of `name` below `prefix`.
fn below<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(name);
    }
    let rest = name.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Every connection is an origin of its own: a relay sends nothing back to the origin that it came from.
fn origin_id() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    (u64::from(std::process::id()) << 20) + NEXT.fetch_add(1, Ordering::Relaxed) + 1
}
