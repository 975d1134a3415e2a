//! One incoming group stream: its header, and every byte of its frames compared.
use crate::content::{FrameId, HEAD};
use crate::follow::Follow;
use crate::tally::Context;
use crate::varint;

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
pub struct Reader {
    step: Step,
    /// Index of the subscription that it belongs to.
    pub follow: usize,
    id: FrameId,
    head: [u8; HEAD],
    /// The front of something that a chunk cut.
    left: Vec<u8>,
}

impl Reader {
    pub fn new() -> Self {
        Reader { step: Step::Header, follow: 0, id: FrameId::default(), head: [0; HEAD], left: Vec::new() }
    }

    /// The answer to a FETCH of `group`: frames alone.
    pub fn fetched(follow: &Follow, group: u32) -> Self {
        let id = FrameId { salt: follow.media.salt, group, place: 0 };
        Reader { step: Step::FrameHead, id, ..Reader::new() }
    }

    /// Whether the stream may end here; `None` for streams that are no groups.
    pub fn whole(&self) -> Option<bool> {
        match self.step {
            Step::Ignored => None,
            Step::FrameHead => Some(self.left.is_empty()),
            _ => Some(false),
        }
    }

    pub fn group(&self) -> u32 {
        self.id.group
    }

    /// Read what came. @errors what was not as published
    pub fn take(
        &mut self,
        bytes: &[u8],
        follows: &mut [Follow],
        (raw, context): (bool, &mut Context),
    ) -> Result<(), String> {
        if self.left.is_empty() {
            return self.read(bytes, follows, (raw, context));
        }
        let mut joined = std::mem::take(&mut self.left);
        joined.extend_from_slice(bytes);
        self.read(&joined, follows, (raw, context))
    }

    fn read(
        &mut self,
        mut bytes: &[u8],
        follows: &mut [Follow],
        (raw, context): (bool, &mut Context),
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            match self.step {
                Step::Ignored => return Ok(()),
                Step::Header => {
                    let Some(header) = header(&mut bytes, raw) else {
                        self.left = bytes.to_vec();
                        return Ok(());
                    };
                    let Some((subscription, group)) = header else {
                        self.step = Step::Ignored;
                        return Ok(());
                    };
                    self.follow = usize::try_from(subscription).unwrap_or(usize::MAX);
                    let follow = follows.get_mut(self.follow).ok_or("a group of no subscription")?;
                    self.id = FrameId { salt: follow.media.salt, group, place: 0 };
                    if !follow.first_seen(group) {
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
                    if size != follows[self.follow].media.size(self.id.place) as u64 {
                        return Err(format!("group {}: a frame of {size} bytes", self.id.group));
                    }
                    bytes = rest;
                    self.step = Step::Payload { at: 0 };
                }
                Step::Payload { at } => bytes = self.payload((bytes, at), &mut follows[self.follow], context)?,
            }
        }
        Ok(())
    }

    fn payload<'a>(
        &mut self,
        (bytes, at): (&'a [u8], usize),
        follow: &mut Follow,
        context: &mut Context,
    ) -> Result<&'a [u8], String> {
        let size = follow.media.size(self.id.place);
        let (mine, rest) = bytes.split_at(bytes.len().min(size - at));
        let in_head = mine.len().min(HEAD.saturating_sub(at));
        self.head[at.min(HEAD)..at.min(HEAD) + in_head].copy_from_slice(&mine[..in_head]);
        let stretch = &mine[in_head..];
        if !context.content.matches(self.id, (at + in_head).saturating_sub(HEAD), stretch) {
            return Err(format!("group {} frame {}: bytes were changed", self.id.group, self.id.place));
        }
        let at = at + mine.len();
        if at < size {
            self.step = Step::Payload { at };
            return Ok(rest);
        }
        if word(&self.head, 8) != self.id.group || word(&self.head, 12) != self.id.place {
            return Err(format!("group {} frame {}: another frame in its place", self.id.group, self.id.place));
        }
        let scheduled = u64::from_le_bytes(self.head[..8].try_into().unwrap_or_default());
        follow.arrived(self.id.place, scheduled, context);
        self.id.place += 1;
        self.step = Step::FrameHead;
        Ok(rest)
    }
}

/// The subscription and the group of a stream, or `None` within for other streams; `bytes` only moves when all of it is there.
fn header(bytes: &mut &[u8], raw: bool) -> Option<Option<(u64, u32)>> {
    let mut rest = *bytes;
    if raw {
        let group = varint::take(&mut rest)? as u32;
        *bytes = rest;
        return Some(Some((0, group)));
    }
    if varint::take(&mut rest)? != 0 {
        *bytes = rest;
        return Some(None);
    }
    let _length = varint::take(&mut rest)?;
    let subscribe = varint::take(&mut rest)?;
    let group = varint::take(&mut rest)? as u32;
    *bytes = rest;
    Some(Some((subscribe, group)))
}

fn word(head: &[u8; HEAD], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}
