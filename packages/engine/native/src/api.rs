//! What JavaScript sees: start, submit, drain, stats, close.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use napi::bindgen_prelude::{Buffer, Function, Uint8Array};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Error, Result};
use napi_derive::napi;

use crate::engine::Engine;
use crate::fault::{THREAD_NAME, install_hook};
use crate::limits::{Limits, THREADS_MAX};
use crate::mailbox::Batch;
use crate::message::Message;
use crate::outbox::Waker;
use crate::thread::Thread;

/// How the engine is started; the bounds are those of core.
#[napi(object)]
pub struct StartOptions {
    pub threads: u32,
    pub read_ahead_bytes: u32,
    pub session_read_ahead_bytes: u32,
    pub streams_pending_max: u32,
    pub lanes_max: u32,
}

#[napi]
pub struct NativeEngine {
    engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[napi]
impl NativeEngine {
    /// Start the threads. `wake` is called when there is something to drain, once until `drain` is.
    #[napi(constructor)]
    pub fn new(options: StartOptions, wake: Function<(), ()>) -> Result<Self> {
        install_hook();
        let limits = Limits {
            stream_read_ahead: options.read_ahead_bytes.into(),
            session_read_ahead: options.session_read_ahead_bytes.into(),
            streams_pending: options.streams_pending_max as usize,
            lanes: options.lanes_max as usize,
        };
        let wake = wake.build_threadsafe_function().weak::<true>().build()?;
        let waker = Waker::new(Box::new(move || {
            // refused only when JavaScript is going away
            let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }));
        let threads = (options.threads as usize).clamp(1, THREADS_MAX);
        let engine = Arc::new(Engine::new(threads, limits, waker).map_err(Error::from_reason)?);
        let handles = (0..threads)
            .map(|index| {
                let thread = Thread::new(engine.clone(), index);
                std::thread::Builder::new().name(THREAD_NAME.into()).spawn(move || thread.run())
            })
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(|error| Error::from_reason(error.to_string()))?;
        Ok(Self { engine, threads: Mutex::new(handles) })
    }

    /// Hand over the commands of a turn: the first `length` bytes of `records`, and what they name by index. `queue`
    /// is a thread, or any larger number for commands that belong to none.
    #[napi]
    pub fn submit(&self, queue: u32, records: &[u8], length: u32, payloads: Vec<Uint8Array>) -> Result<()> {
        let records = records.get(..length as usize).ok_or_else(|| Error::from_reason("more records than bytes"))?;
        let payloads: Vec<Bytes> = payloads.iter().map(|payload| Bytes::copy_from_slice(payload)).collect();
        if (queue as usize) < self.engine.threads() {
            self.engine.submit(queue as usize, Batch { records: records.to_vec(), payloads });
            return Ok(());
        }
        self.engine.submit_shared(records, &payloads).map_err(|_| Error::from_reason("a command was malformed"))
    }

    /// The events of one thread since it was drained last; nothing when no thread has any.
    #[napi]
    pub fn drain(&self) -> Option<Buffer> {
        self.engine.waker.answered();
        for (index, outbox) in self.engine.outboxes.iter().enumerate() {
            if outbox.unread() == 0 {
                continue;
            }
            let events = outbox.take();
            if outbox.wanted.swap(false, Ordering::AcqRel)
                && let Some(mailbox) = self.engine.mailboxes.get(index)
            {
                mailbox.ring();
            }
            return Some(events.into());
        }
        None
    }

    /// Totals: threads, tapes, bytes of tapes, then the counters in their order.
    #[napi]
    pub fn stats(&self) -> Vec<f64> {
        let (tapes, bytes) = self.engine.tapes.totals();
        let mut list = vec![self.engine.threads() as f64, tapes as f64, bytes as f64];
        list.extend(self.engine.counters.list());
        list
    }

    /// Close every connection and end the threads; returns when they have ended, a fraction of a second at most.
    #[napi]
    pub fn close(&self) {
        for mailbox in &self.engine.mailboxes {
            mailbox.message(Message::Shutdown);
        }
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // a thread that panicked has nothing left to close
            let _ = thread.join();
        }
    }
}

impl Drop for NativeEngine {
    fn drop(&mut self) {
        self.close();
    }
}
