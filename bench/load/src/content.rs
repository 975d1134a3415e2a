//! What the frames hold, and the check that a relay changed none of it.
//!
//! A frame is its scheduled time (8 bytes, ns since 1970), its group and its place in the group (4 bytes each), and then a
//! stretch of one pseudo-random page chosen by track, group and place: comparing it costs one memcmp.

/// Bytes before the stretch.
pub const HEAD: usize = 16;
/// Where stretches may begin.
const STARTS: usize = 65_521;

/// Which frame of which track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameId {
    /// Tells tracks apart; 0 in cells with one track.
    pub salt: u32,
    pub group: u32,
    pub place: u32,
}

/// The page that all frames are cut from.
pub struct Content {
    page: Vec<u8>,
}

impl Content {
    /// A page for frames of at most `frame` bytes.
    pub fn new(frame: usize) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let page = (0..STARTS + frame)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 32) as u8
            })
            .collect();
        Content { page }
    }

    fn start(id: FrameId) -> usize {
        (id.group as usize * 7919 + id.place as usize * 104_729 + id.salt as usize * 31) % STARTS
    }

    /// One frame of `size` bytes.
    pub fn frame(&self, id: FrameId, scheduled_ns: u64, size: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&scheduled_ns.to_le_bytes());
        out.extend_from_slice(&id.group.to_le_bytes());
        out.extend_from_slice(&id.place.to_le_bytes());
        let start = Self::start(id);
        out.extend_from_slice(&self.page[start..start + size - HEAD]);
        out
    }

    /// Whether `bytes`, found `at` bytes into a frame's stretch, are what the publisher put there.
    pub fn matches(&self, id: FrameId, at: usize, bytes: &[u8]) -> bool {
        let start = Self::start(id) + at;
        self.page.get(start..start + bytes.len()) == Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_matches_itself_and_nothing_else() {
        let content = Content::new(4000);
        let id = FrameId { salt: 2, group: 7, place: 3 };
        let frame = content.frame(id, 1, 4000);
        assert!(content.matches(id, 0, &frame[HEAD..]));
        assert!(content.matches(id, 100, &frame[HEAD + 100..]));
        assert!(!content.matches(FrameId { place: 4, ..id }, 0, &frame[HEAD..]));
        assert!(!content.matches(FrameId { salt: 1, ..id }, 0, &frame[HEAD..]));
        let mut changed = frame;
        changed[2000] ^= 1;
        assert!(!content.matches(id, 0, &changed[HEAD..]));
    }
}
