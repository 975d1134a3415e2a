//! A lazy timer wheel: one slot a millisecond, a horizon of one second.
//!
//! A connection's deadline moves with every packet. Moving it later costs nothing: the old entry is met, the deadline
//! has moved, and the owner enters again. Only a deadline that moves earlier makes a second entry. Deadlines are kept
//! here, side by side, so that meeting a stale entry does not drag a whole connection into the processor's cache.

use std::time::{Duration, Instant};

const SLOTS: u64 = 1024;

/// Milliseconds from the wheel's start, from 1 on.
type Tick = u64;

pub struct Wheel {
    start: Instant,
    current: Tick,
    slots: Vec<Vec<u32>>,
    /// One bit per slot that has entries.
    occupied: [u64; (SLOTS / 64) as usize],
    /// By owner.
    deadlines: Vec<Deadline>,
    /// The entries of the slot that is looked at.
    met: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Deadline {
    /// The first tick after the deadline; 0 for none.
    due: Tick,
    /// The tick in which the owner's entry waits; 0 when it has none. Other entries of the owner are stale.
    entry: Tick,
}

impl Wheel {
    pub fn new(now: Instant) -> Self {
        Self {
            start: now,
            current: 1,
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            occupied: [0; (SLOTS / 64) as usize],
            deadlines: Vec::new(),
            met: Vec::new(),
        }
    }

    /// Fire `owner` after `deadline` and not at any earlier one; never, if that is `None`.
    pub fn set(&mut self, owner: u32, deadline: Option<Instant>) {
        let due = deadline.map_or(0, |deadline| self.tick_of(deadline) + 1);
        let at = owner as usize;
        if self.deadlines.len() <= at {
            self.deadlines.resize(at + 1, Deadline::default());
        }
        self.deadlines[at].due = due;
        if due > 0 {
            self.enter(owner);
        }
    }

    /// Make an entry for the owner's deadline, or for the horizon if that is sooner, unless one waits that is sooner.
    fn enter(&mut self, owner: u32) {
        let deadline = &mut self.deadlines[owner as usize];
        let at = deadline.due.clamp(self.current + 1, self.current + SLOTS - 2);
        if deadline.entry != 0 && deadline.entry <= at {
            return;
        }
        deadline.entry = at;
        let slot = (at % SLOTS) as usize;
        self.slots[slot].push(owner);
        self.occupied[slot / 64] |= 1 << (slot % 64);
    }

    /// How long until the next slot with entries; at most the horizon.
    pub fn until_next(&self, now: Instant) -> Duration {
        let mut ahead = 1;
        while ahead < SLOTS {
            let slot = ((self.current + ahead) % SLOTS) as usize;
            let bits = self.occupied[slot / 64] >> (slot % 64);
            if bits != 0 {
                let at = self.current + ahead + u64::from(bits.trailing_zeros());
                return (self.start + Duration::from_millis(at - 1)).saturating_duration_since(now);
            }
            ahead += 64 - (slot % 64) as u64;
        }
        Duration::from_millis(SLOTS)
    }

    /// Move to `now` and add to `fired` every owner whose deadline has passed; each has none then.
    pub fn advance(&mut self, now: Instant, fired: &mut Vec<u32>) {
        let target = self.tick_of(now);
        if target > self.current + SLOTS {
            // asleep for longer than the horizon: one turn of the wheel meets every entry
            self.current = target;
            for slot in 0..SLOTS as usize {
                self.meet(slot, None, fired);
            }
            return;
        }
        while self.current < target {
            self.current += 1;
            self.meet((self.current % SLOTS) as usize, Some(self.current), fired);
        }
    }

    /// Empty a slot: its entries were made for `tick`, or for any.
    fn meet(&mut self, slot: usize, tick: Option<Tick>, fired: &mut Vec<u32>) {
        if self.occupied[slot / 64] & (1 << (slot % 64)) == 0 {
            return;
        }
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        std::mem::swap(&mut self.slots[slot], &mut self.met);
        for at in 0..self.met.len() {
            let owner = self.met[at];
            let deadline = &mut self.deadlines[owner as usize];
            if deadline.entry == 0 || tick.is_some_and(|tick| deadline.entry != tick) {
                continue;
            }
            deadline.entry = 0;
            if deadline.due > self.current {
                self.enter(owner);
            } else if deadline.due > 0 {
                deadline.due = 0;
                fired.push(owner);
            }
        }
        self.met.clear();
    }

    fn tick_of(&self, at: Instant) -> Tick {
        at.saturating_duration_since(self.start).as_millis() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn fired(wheel: &mut Wheel, at: Instant) -> Vec<u32> {
        let mut fired = Vec::new();
        wheel.advance(at, &mut fired);
        fired
    }

    #[test]
    fn wheel_fires_after_the_deadline_and_not_before() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(7, Some(start + ms(10)));
        assert!(fired(&mut wheel, start + ms(9)).is_empty());
        assert_eq!(fired(&mut wheel, start + ms(12)), [7]);
        assert!(fired(&mut wheel, start + ms(900)).is_empty());
    }

    #[test]
    fn wheel_fires_at_the_last_deadline_that_was_set() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for millis in [10, 100, 20, 50] {
            wheel.set(7, Some(start + ms(millis)));
        }
        for millis in 1..50 {
            assert!(fired(&mut wheel, start + ms(millis)).is_empty(), "{millis}");
        }
        assert_eq!(fired(&mut wheel, start + ms(51)), [7]);
        assert!(fired(&mut wheel, start + ms(500)).is_empty());
    }

    #[test]
    fn wheel_fires_nothing_for_a_deadline_that_was_taken_back() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(7, Some(start + ms(10)));
        wheel.set(7, None);
        assert!(fired(&mut wheel, start + ms(100)).is_empty());
        wheel.set(7, Some(start + ms(150)));
        assert_eq!(fired(&mut wheel, start + ms(200)), [7]);
    }

    #[test]
    fn wheel_keeps_one_entry_when_the_deadline_moves_later() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for millis in 10..200 {
            wheel.set(7, Some(start + ms(millis)));
        }
        assert_eq!(wheel.slots.iter().map(Vec::len).sum::<usize>(), 1);
    }

    #[test]
    fn wheel_fires_deadlines_beyond_its_horizon() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(7, Some(start + ms(2500)));
        for millis in (100..2500).step_by(100) {
            assert!(fired(&mut wheel, start + ms(millis)).is_empty(), "{millis}");
        }
        assert_eq!(fired(&mut wheel, start + ms(2502)), [7]);
    }

    #[test]
    fn wheel_fires_everything_after_a_long_sleep_but_what_is_not_due() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        for owner in 0..50 {
            wheel.set(owner, Some(start + ms(u64::from(owner) * 20)));
        }
        wheel.set(50, Some(start + ms(60_100)));
        let mut found = fired(&mut wheel, start + ms(60_000));
        found.sort_unstable();
        assert_eq!(found, (0..50).collect::<Vec<_>>());
        assert_eq!(fired(&mut wheel, start + ms(60_102)), [50]);
    }

    #[test]
    fn wheel_names_the_time_to_the_next_entry() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        assert_eq!(wheel.until_next(start), ms(SLOTS));
        for (owner, millis) in [900, 300, 70, 1].into_iter().enumerate() {
            wheel.set(owner as u32, Some(start + ms(millis)));
            let wait = wheel.until_next(start);
            assert!(wait >= ms(millis) && wait <= ms(millis + 2), "{millis}: {wait:?}");
        }
    }
}
