//! What a thread is told by JavaScript and by other threads: batches of commands, grown tapes, and rarer messages.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::limits::STRAYS_MAX;
use crate::message::{Message, Stray};
use crate::tape::TapeId;

/// Commands of one turn of JavaScript's event loop.
pub struct Batch {
    pub records: Vec<u8>,
    /// Larger byte strings that the records name by index.
    pub payloads: Vec<Bytes>,
}

/// Everything that waits, in the order that it must be looked at: messages, then commands, then tapes.
#[derive(Default)]
pub struct Mail {
    pub messages: Vec<Message>,
    pub batches: Vec<Batch>,
    pub grown: Vec<TapeId>,
}

pub struct Mailbox {
    mail: Mutex<Mail>,
    event: OwnedFd,
    rung: AtomicBool,
}

impl Mailbox {
    pub fn new() -> io::Result<Self> {
        // SAFETY: eventfd takes no pointers; the result is checked before it is owned.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just made and has no other owner.
        let event = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { mail: Mutex::default(), event, rung: AtomicBool::new(false) })
    }

    pub fn fd(&self) -> RawFd {
        self.event.as_raw_fd()
    }

    pub fn message(&self, message: Message) {
        self.put(|mail| mail.messages.push(message));
    }

    /// A datagram for this thread; dropped, as the network might have, when many wait.
    pub fn stray(&self, stray: Stray) {
        self.put(|mail| {
            if mail.messages.len() < STRAYS_MAX {
                mail.messages.push(Message::Stray(stray));
            }
        });
    }

    pub fn batch(&self, batch: Batch) {
        self.put(|mail| mail.batches.push(batch));
    }

    pub fn grown(&self, tape: TapeId) {
        self.put(|mail| {
            if mail.grown.last() != Some(&tape) {
                mail.grown.push(tape);
            }
        });
    }

    /// Wake the thread without telling it anything.
    pub fn ring(&self) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let one = 1u64.to_ne_bytes();
        // SAFETY: the buffer is eight readable bytes, and the descriptor is open as long as `self`.
        // The only failure is a full counter, and then the thread is awake already.
        unsafe { libc::write(self.event.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Take all mail. `readable`: the poll found the descriptor so.
    pub fn take(&self, readable: bool) -> Mail {
        if readable {
            let mut count = [0u8; 8];
            // SAFETY: the buffer is eight writable bytes, and the descriptor is open as long as `self`.
            unsafe { libc::read(self.event.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
            // before the mail is taken: what arrives after this line rings again
            self.rung.store(false, Ordering::Release);
        }
        std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, change: impl FnOnce(&mut Mail)) {
        change(&mut self.mail.lock().unwrap_or_else(PoisonError::into_inner));
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable(mailbox: &Mailbox) -> bool {
        let mut poll = libc::pollfd { fd: mailbox.fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd, no wait.
        unsafe { libc::poll(&mut poll, 1, 0) == 1 }
    }

    #[test]
    fn mailbox_rings_once_for_much_mail_and_again_after_it_was_taken() {
        let mailbox = Mailbox::new().unwrap();
        assert!(!readable(&mailbox));
        for tape in [1, 1, 2] {
            mailbox.grown(tape);
        }
        assert!(readable(&mailbox));
        assert_eq!(mailbox.take(true).grown, [1, 2]);
        assert!(!readable(&mailbox));
        mailbox.batch(Batch { records: vec![1], payloads: Vec::new() });
        assert!(readable(&mailbox));
        assert_eq!(mailbox.take(true).batches.len(), 1);
    }

    #[test]
    fn mailbox_gives_mail_to_a_thread_that_did_not_wait_for_the_bell() {
        let mailbox = Mailbox::new().unwrap();
        mailbox.grown(1);
        assert_eq!(mailbox.take(false).grown, [1]);
        assert!(readable(&mailbox));
        assert!(mailbox.take(true).grown.is_empty());
        assert!(!readable(&mailbox));
    }
}
