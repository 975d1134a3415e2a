//! A lazy timer wheel: one slot a millisecond, a horizon of one second.
//!
//! A connection's deadline moves with every packet. Moving it later costs nothing: the old entry fires, finds the new
//! deadline and enters itself again. Only a deadline that moves earlier makes a second entry; the owner tells the stale
//! one by the tick it keeps.

use std::time::{Duration, Instant};

const SLOTS: u64 = 1024;

/// The tick in which an owner's entry waits; 0 when it has none.
pub type Tick = u64;

pub struct Wheel {
    start: Instant,
    current: Tick,
    slots: Vec<Vec<u32>>,
    /// One bit per slot that has entries.
    occupied: [u64; (SLOTS / 64) as usize],
}

impl Wheel {
    pub fn new(now: Instant) -> Self {
        Self {
            start: now,
            current: 1,
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            occupied: [0; (SLOTS / 64) as usize],
        }
    }

    /// Wake `owner` at `deadline`, or at the horizon if that is sooner. `tick` is the owner's own mark.
    pub fn schedule(&mut self, owner: u32, tick: &mut Tick, deadline: Instant) {
        let wanted = self.tick_of(deadline) + 1;
        let at = wanted.clamp(self.current + 1, self.current + SLOTS - 2);
        if *tick != 0 && *tick <= at {
            return;
        }
        *tick = at;
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

    /// Move to `now` and add to `fired` every entry on the way, each with the tick it was made for. Stale ones are
    /// among them.
    pub fn advance(&mut self, now: Instant, fired: &mut Vec<(u32, Tick)>) {
        let target = self.tick_of(now);
        if target > self.current + SLOTS {
            // asleep for longer than the horizon: one turn of the wheel meets every entry
            for slot in 0..SLOTS as usize {
                let owners = std::mem::take(&mut self.slots[slot]);
                // the tick within reach of the old position that this slot stood for
                let ahead = (slot as u64 + SLOTS - self.current % SLOTS) % SLOTS;
                fired.extend(owners.into_iter().map(|owner| (owner, self.current + ahead)));
            }
            self.occupied = [0; (SLOTS / 64) as usize];
            self.current = target;
            return;
        }
        while self.current < target {
            self.current += 1;
            let slot = (self.current % SLOTS) as usize;
            if self.occupied[slot / 64] & (1 << (slot % 64)) == 0 {
                continue;
            }
            self.occupied[slot / 64] &= !(1 << (slot % 64));
            fired.extend(self.slots[slot].drain(..).map(|owner| (owner, self.current)));
        }
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

    #[test]
    fn wheel_fires_after_the_deadline_and_not_before() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let mut tick = 0;
        wheel.schedule(7, &mut tick, start + ms(10));
        let mut fired = Vec::new();
        wheel.advance(start + ms(9), &mut fired);
        assert!(fired.is_empty());
        wheel.advance(start + ms(12), &mut fired);
        assert_eq!(fired, [(7, tick)]);
    }

    #[test]
    fn wheel_keeps_one_entry_when_the_deadline_moves_later() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let mut tick = 0;
        for millis in 10..200 {
            wheel.schedule(7, &mut tick, start + ms(millis));
        }
        let mut fired = Vec::new();
        wheel.advance(start + ms(500), &mut fired);
        assert_eq!(fired.len(), 1);
    }

    #[test]
    fn wheel_marks_the_entry_that_an_earlier_deadline_replaced() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let mut tick = 0;
        wheel.schedule(7, &mut tick, start + ms(100));
        wheel.schedule(7, &mut tick, start + ms(5));
        let mut fired = Vec::new();
        wheel.advance(start + ms(200), &mut fired);
        assert_eq!(fired.iter().filter(|entry| entry.1 == tick).count(), 1);
        assert_eq!(fired.len(), 2);
    }

    #[test]
    fn wheel_clamps_far_deadlines_to_the_horizon() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let mut tick = 0;
        wheel.schedule(7, &mut tick, start + Duration::from_secs(3600));
        let mut fired = Vec::new();
        wheel.advance(start + ms(SLOTS), &mut fired);
        assert_eq!(fired, [(7, tick)]);
    }

    #[test]
    fn wheel_fires_everything_after_a_long_sleep() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        let mut ticks = [0; 50];
        for (owner, tick) in ticks.iter_mut().enumerate() {
            wheel.schedule(owner as u32, tick, start + ms(owner as u64 * 20));
        }
        let mut fired = Vec::new();
        wheel.advance(start + Duration::from_secs(60), &mut fired);
        fired.sort_unstable();
        let expected: Vec<_> = ticks.iter().enumerate().map(|(owner, tick)| (owner as u32, *tick)).collect();
        assert_eq!(fired, expected);
    }

    #[test]
    fn wheel_names_the_time_to_the_next_entry() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        assert_eq!(wheel.until_next(start), ms(SLOTS));
        for millis in [900, 300, 70, 1] {
            let mut tick = 0;
            wheel.schedule(1, &mut tick, start + ms(millis));
            let wait = wheel.until_next(start);
            assert!(wait >= ms(millis) && wait <= ms(millis + 2), "{millis}: {wait:?}");
        }
    }
}
