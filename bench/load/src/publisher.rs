//! The publisher of cells with one broadcast: a thread of its own, ahead of the viewers on their core. What is late there
//! is late because the machine is, not because two hundred viewers had to be read first.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::crowd::Crowd;
use crate::histogram::Histogram;
use crate::party::Door;
use crate::peer::Role;

/// Longest time without a look at whether to stop.
const WAIT: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    announced: AtomicBool,
    /// Forget what was late so far.
    forget: AtomicBool,
    lateness_p99_ms: Mutex<f64>,
    lost: Mutex<Option<String>>,
}

/// The publisher's thread.
pub struct Publisher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Begin to publish through `door`; `role` is made on the new thread, so that its clock starts there.
    pub fn start((door, largest): (Door, usize), role: impl FnOnce() -> Role + Send + 'static) -> Result<Self, String> {
        let shared = Arc::new(Shared::default());
        let mine = shared.clone();
        let thread = std::thread::Builder::new()
            .name("publisher".into())
            .spawn(move || {
                ahead();
                if let Err(problem) = serve(&mine, (&door, largest), role()) {
                    *mine.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
                }
            })
            .map_err(|error| error.to_string())?;
        Ok(Publisher { shared, thread: Some(thread) })
    }

    /// The relay asked what there is, and was told.
    pub fn announced(&self) -> bool {
        self.shared.announced.load(Ordering::Acquire)
    }

    /// Why it ended, when it did.
    pub fn lost(&self) -> Option<String> {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forget how late frames were until now.
    pub fn forget(&self) {
        self.shared.forget.store(true, Ordering::Release);
    }

    /// How late frames were when their turn came, 99th percentile in ms.
    pub fn lateness_p99_ms(&self) -> f64 {
        *self.shared.lateness_p99_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic of it has been printed
        }
    }
}

fn serve(shared: &Shared, (door, largest): (&Door, usize), role: Role) -> Result<(), String> {
    let mut crowd = Crowd::new(largest, 1)?;
    crowd.join(door, role)?;
    let mut told = std::time::Instant::now();
    while !shared.stop.load(Ordering::Acquire) {
        crowd.turn(WAIT);
        if shared.forget.swap(false, Ordering::AcqRel) {
            crowd.lateness = Histogram::new();
        }
        if crowd.peers[0].announced {
            shared.announced.store(true, Ordering::Release);
        }
        if let Some(why) = crowd.peers[0].lost.take().or(crowd.wrong.take()) {
            return Err(why);
        }
        if told.elapsed() > Duration::from_millis(200) {
            told = std::time::Instant::now();
            let late = crowd.lateness.quantile_ms(0.99);
            *shared.lateness_p99_ms.lock().unwrap_or_else(PoisonError::into_inner) = late;
        }
    }
    crowd.leave();
    Ok(())
}

/// Go ahead of every other thread of the core where that is allowed; the gate on lateness notices where it is not.
fn ahead() {
    let first = libc::sched_param { sched_priority: 1 };
    // SAFETY: `first` outlives the calls, which read it; 0 is the calling thread.
    unsafe {
        if libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const first) != 0 {
            libc::setpriority(libc::PRIO_PROCESS, 0, -15);
        }
    }
}
