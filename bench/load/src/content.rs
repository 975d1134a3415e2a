//! What the frames hold, and the check that a relay changed none of it.
//!
//! A frame is its scheduled time (8 bytes, ns since 1970), its group and its place in the group (4 bytes each), and then a
//! stretch of one pseudo-random page chosen by group and place: comparing it costs one memcmp.

/// Bytes before the stretch.
pub const HEAD: usize = 16;
/// Where stretches may begin.
const STARTS: usize = 65_521;

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

    fn start(group: u32, place: u32) -> usize {
        (group as usize * 7919 + place as usize * 104_729) % STARTS
    }

    /// One frame of `size` bytes.
    pub fn frame(&self, id: (u32, u32), scheduled_ns: u64, size: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(&scheduled_ns.to_le_bytes());
        out.extend_from_slice(&id.0.to_le_bytes());
        out.extend_from_slice(&id.1.to_le_bytes());
        let start = Self::start(id.0, id.1);
        out.extend_from_slice(&self.page[start..start + size - HEAD]);
        out
    }

    /// Whether `bytes`, found `at` bytes into a frame's stretch, are what the publisher put there.
    pub fn matches(&self, id: (u32, u32), at: usize, bytes: &[u8]) -> bool {
        let start = Self::start(id.0, id.1) + at;
        self.page.get(start..start + bytes.len()) == Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_matches_itself_and_nothing_else() {
        let content = Content::new(4000);
        let frame = content.frame((7, 3), 1, 4000);
        assert!(content.matches((7, 3), 0, &frame[HEAD..]));
        assert!(content.matches((7, 3), 100, &frame[HEAD + 100..]));
        assert!(!content.matches((7, 4), 0, &frame[HEAD..]));
        let mut changed = frame;
        changed[2000] ^= 1;
        assert!(!content.matches((7, 3), 0, &changed[HEAD..]));
    }
}
