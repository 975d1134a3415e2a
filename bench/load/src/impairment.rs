//! A bad network: what it does to the datagrams of one direction, decided by a seed.
use std::time::{Duration, Instant};

use crate::args::number;

/// What the network does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Impairment {
    /// Share of datagrams lost, 0 to 1, either way.
    pub loss: f64,
    /// One-way delay in ms, and by how much more it is at random.
    pub delay_ms: f64,
    pub jitter_ms: f64,
    /// Towards the viewer; 0 is unlimited.
    pub rate_kbps: f64,
    /// Another rate from `rate_at` seconds after the first datagram on; 0 keeps the first.
    pub rate_after_kbps: f64,
    pub rate_at: f64,
    pub seed: u64,
}

/// A queue at a bottleneck holds this much; what is beyond is dropped, as a router does.
const QUEUE: Duration = Duration::from_millis(250);

impl Impairment {
    /// One argument of the command line.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--loss" => self.loss = number(name, value)?,
            "--delay-ms" => self.delay_ms = number(name, value)?,
            "--jitter-ms" => self.jitter_ms = number(name, value)?,
            "--rate-kbps" => self.rate_kbps = number(name, value)?,
            "--rate-after-kbps" => self.rate_after_kbps = number(name, value)?,
            "--rate-at" => self.rate_at = number(name, value)?,
            "--seed" => self.seed = number(name, value)?,
            _ => return Err(format!("unknown argument {name}")),
        }
        Ok(())
    }
}

/// One direction of one path.
pub struct Path {
    impairment: Impairment,
    limited: bool,
    state: u64,
    since: Instant,
    /// When the bottleneck has sent all that it accepted.
    free_at: Instant,
    /// Nothing overtakes: a path of one queue keeps its order.
    last_at: Instant,
}

impl Path {
    /// `limited`: the rate counts in this direction; `number` tells paths of one seed apart.
    pub fn new(impairment: Impairment, limited: bool, number: u64) -> Self {
        let now = Instant::now();
        let state =
            (impairment.seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        Path { impairment, limited, state: state | 1, since: now, free_at: now, last_at: now }
    }

    /// When a datagram of `bytes` that came `now` is delivered; `None` when it is lost.
    pub fn pass(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.random() < self.impairment.loss {
            return None;
        }
        let mut at = now;
        if let Some(kbps) = self.rate(now).filter(|_| self.limited) {
            let begins = self.free_at.max(now);
            if begins - now > QUEUE {
                return None;
            }
            self.free_at = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / (kbps * 1000.0));
            at = self.free_at;
        }
        let delay = self.impairment.delay_ms + self.impairment.jitter_ms * self.random();
        at = (at + Duration::from_secs_f64(delay / 1000.0)).max(self.last_at);
        self.last_at = at;
        Some(at)
    }

    fn rate(&self, now: Instant) -> Option<f64> {
        let Impairment { rate_kbps, rate_after_kbps, rate_at, .. } = self.impairment;
        let later = rate_after_kbps > 0.0 && (now - self.since).as_secs_f64() >= rate_at;
        Some(if later { rate_after_kbps } else { rate_kbps }).filter(|kbps| *kbps > 0.0)
    }

    /// The next of a seeded sequence, from 0 up to 1.
    fn random(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(impairment: Impairment, bytes: usize) -> Vec<Option<Duration>> {
        let mut path = Path::new(impairment, true, 3);
        let start = path.since;
        let step = Duration::from_millis(1);
        (0..10_000).map(|at| path.pass(start + step * at, bytes).map(|when| when - (start + step * at))).collect()
    }

    #[test]
    fn loss_is_seeded_and_as_asked() {
        let lossy = Impairment { loss: 0.05, seed: 7, ..Impairment::default() };
        let lost = passed(lossy, 1200).iter().filter(|at| at.is_none()).count();
        assert!((400..600).contains(&lost), "{lost}");
        assert_eq!(passed(lossy, 1200), passed(lossy, 1200));
        assert_ne!(passed(lossy, 1200), passed(Impairment { seed: 8, ..lossy }, 1200));
    }

    #[test]
    fn a_bottleneck_queues_then_drops() {
        let thin = Impairment { rate_kbps: 1000.0, ..Impairment::default() };
        let all = passed(thin, 1250); // 10 Mb/s into 1 Mb/s
        let through = all.iter().flatten().count();
        assert!((1000..1060).contains(&through), "{through}");
        let longest = all.iter().flatten().max().copied().unwrap_or_default();
        assert!(longest <= QUEUE + Duration::from_millis(20), "{longest:?}");
    }

    #[test]
    fn delay_keeps_the_order() {
        let mut path = Path::new(Impairment { delay_ms: 20.0, jitter_ms: 50.0, ..Impairment::default() }, false, 0);
        let start = path.since;
        let times: Vec<_> = (0..100).filter_map(|at| path.pass(start + Duration::from_millis(at), 100)).collect();
        assert!(times.is_sorted());
        assert!(times[0] >= start + Duration::from_millis(20));
    }

    #[test]
    fn the_rate_changes_when_it_is_told_to() {
        let drop = Impairment { rate_kbps: 10_000.0, rate_after_kbps: 1000.0, rate_at: 5.0, ..Impairment::default() };
        let all = passed(drop, 1000); // 8 Mb/s
        assert_eq!(all[..5000].iter().flatten().count(), 5000);
        let after = all[5000..].iter().flatten().count();
        assert!((600..700).contains(&after), "{after}");
    }
}
