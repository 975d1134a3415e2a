//! Latencies in buckets of about 1.6 %: 64 per power of two, from 1 µs up.

const PER_OCTAVE: u32 = 64;

/// Counts of latencies.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max_us: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Histogram { counts: vec![0; 32 * PER_OCTAVE as usize], total: 0, max_us: 0 }
    }

    fn bucket(us: u64) -> usize {
        let us = us.clamp(1, u64::from(u32::MAX)) as u32;
        let octave = us.ilog2();
        let within = ((u64::from(us) * u64::from(PER_OCTAVE)) >> octave) as u32 - PER_OCTAVE;
        (octave * PER_OCTAVE + within) as usize
    }

    /// Count one latency in microseconds.
    pub fn add(&mut self, us: u64) {
        self.counts[Self::bucket(us)] += 1;
        self.total += 1;
        self.max_us = self.max_us.max(us);
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
        self.max_us = 0;
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    /// The latency below which the share `q` of all lies, in milliseconds; 0 when there are none.
    pub fn quantile_ms(&self, q: f64) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        let wanted = ((self.total as f64 * q).ceil() as u64).max(1);
        let mut sum = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                let octave = bucket as u32 / PER_OCTAVE;
                let within = f64::from(bucket as u32 % PER_OCTAVE + PER_OCTAVE) + 0.5;
                return within * f64::from(1u32 << octave) / f64::from(PER_OCTAVE) / 1000.0;
            }
        }
        0.0
    }

    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_two_percent() {
        let mut histogram = Histogram::new();
        for us in 1..=100_000 {
            histogram.add(us);
        }
        for (q, us) in [(0.5, 50.0), (0.9, 90.0), (0.99, 99.0)] {
            let found = histogram.quantile_ms(q);
            assert!((found - us).abs() / us < 0.02, "{q}: {found}");
        }
        assert_eq!(histogram.total(), 100_000);
    }
}
