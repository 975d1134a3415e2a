//! Events on their way to JavaScript: one growing batch per thread, one wake-up for all of them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a thread and JavaScript share of a batch.
#[derive(Default)]
pub struct Outbox {
    batch: Mutex<Vec<u8>>,
    /// Bytes in `batch`.
    unread: AtomicUsize,
    /// Counts the batches that JavaScript has taken.
    pub generation: AtomicU64,
    /// Set by a thread that waits for JavaScript to read, so that a read is worth a wake-up.
    pub wanted: AtomicBool,
}

impl Outbox {
    /// Take what there is; empty when nothing is.
    pub fn take(&self) -> Vec<u8> {
        let batch = std::mem::take(&mut *self.batch.lock().unwrap_or_else(PoisonError::into_inner));
        self.unread.store(0, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::Release);
        batch
    }

    pub fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }

    /// Add a thread's finished records and leave `events` empty.
    pub fn put(&self, events: &mut Vec<u8>) {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if batch.is_empty() {
            std::mem::swap(&mut *batch, events);
        } else {
            batch.append(events);
        }
        self.unread.store(batch.len(), Ordering::Relaxed);
    }
}

/// Calls JavaScript once for any number of batches.
pub struct Waker {
    called: AtomicBool,
    call: Box<dyn Fn() + Send + Sync>,
}

impl Waker {
    pub fn new(call: Box<dyn Fn() + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { called: AtomicBool::new(false), call })
    }

    pub fn wake(&self) {
        if !self.called.swap(true, Ordering::AcqRel) {
            (self.call)();
        }
    }

    /// JavaScript is about to take the batches: what comes from now on needs a call of its own.
    pub fn answered(&self) {
        self.called.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outbox_joins_batches_until_they_are_taken() {
        let outbox = Outbox::default();
        outbox.put(&mut vec![1, 2]);
        outbox.put(&mut vec![3]);
        assert_eq!(outbox.unread(), 3);
        assert_eq!(outbox.take(), [1, 2, 3]);
        assert!(outbox.take().is_empty());
        assert_eq!(outbox.unread(), 0);
    }

    #[test]
    fn waker_calls_once_until_answered() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = calls.clone();
        let waker = Waker::new(Box::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        waker.wake();
        waker.wake();
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        waker.answered();
        waker.wake();
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }
}
