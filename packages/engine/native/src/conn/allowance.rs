//! How many streams the peer may have open: few at first, more as it uses them.

use quinn_proto::Dir;

use crate::limits::STREAMS_INITIAL;

/// The allowance of one connection, by direction (`Dir as usize`).
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    now: [u32; 2],
    most: [u32; 2],
}

impl Default for Allowance {
    fn default() -> Self {
        Self::new([STREAMS_INITIAL; 2])
    }
}

impl Allowance {
    /// Begins with what the transport configuration allowed, and ends at `most`.
    pub fn new(most: [u32; 2]) -> Self {
        Self { now: most.map(|most| most.min(STREAMS_INITIAL)), most }
    }

    /// Double the allowance when more than half of it is in use.
    pub fn review(&mut self, quic: &mut quinn_proto::Connection, dir: Dir) {
        let open = quic.streams().remote_open_streams(dir);
        if let Some(raised) = self.raised(open, dir as usize) {
            self.now[dir as usize] = raised;
            quic.set_max_concurrent_streams(dir, raised.into());
        }
    }

    fn raised(&self, open: u64, dir: usize) -> Option<u32> {
        let (now, most) = (self.now[dir], self.most[dir]);
        (now < most && open > u64::from(now / 2)).then(|| now.saturating_mul(2).min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_use_and_no_further_than_told() {
        let mut allowance = Allowance::new([100, 10_000]);
        assert_eq!(allowance.now, [STREAMS_INITIAL, STREAMS_INITIAL]);
        assert_eq!(allowance.raised(u64::from(STREAMS_INITIAL / 2), 0), None);
        assert_eq!(allowance.raised(u64::from(STREAMS_INITIAL / 2) + 1, 0), Some(100));
        allowance.now = [100, 8192];
        assert_eq!(allowance.raised(100, 0), None);
        assert_eq!(allowance.raised(8000, 1), Some(10_000));
    }

    #[test]
    fn a_small_limit_is_kept_from_the_start() {
        let allowance = Allowance::new([3, 0]);
        assert_eq!(allowance.now, [3, 0]);
        assert_eq!(allowance.raised(3, 0), None);
        assert_eq!(allowance.raised(0, 1), None);
    }
}
