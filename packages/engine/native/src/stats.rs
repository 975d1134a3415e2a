//! Totals over all threads, counted without locks.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// Counted from the engine's start.
        #[derive(Default)]
        pub struct Counters {
            $(pub $name: AtomicU64,)+
        }

        impl Counters {
            /// In the order in which engine-stats.ts reads them.
            pub fn list(&self) -> Vec<f64> {
                vec![$(self.$name.load(Ordering::Relaxed) as f64,)+]
            }
        }
    };
}

counters!(
    connections,
    panics,
    handshakes_refused,
    handshakes_retried,
    handshakes_timed_out,
    plays_dropped,
    datagrams_dropped,
    packets_unsent,
    packets_stray,
    resets_sent,
    sends,
    bytes_sent,
    bytes_received,
    packets_sent,
    packets_received,
);

/// Add to a counter.
pub fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

/// Take from a counter that goes both ways.
pub fn subtract(counter: &AtomicU64, amount: u64) {
    counter.fetch_sub(amount, Ordering::Relaxed);
}
