//! Which thread a datagram belongs to: byte 0 of our connection ids, modulo the number of threads.
//!
//! Short headers are steered by the kernel; a datagram that lands on the wrong thread all the same is handed over.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use quinn_proto::{ConnectionId, ConnectionIdGenerator, RandomConnectionIdGenerator};

/// Bytes of our connection ids: 8, less the steering byte, leave 56 random bits.
pub const CID_BYTES: usize = 8;

/// Makes connection ids that name their thread.
pub struct SteeredIds {
    pub thread: u8,
    pub threads: u8,
}

impl ConnectionIdGenerator for SteeredIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = RandomConnectionIdGenerator::new(CID_BYTES).generate_cid();
        // every residue has the same number of values below this
        let rounds = u8::MAX / self.threads;
        id[0] = (id[0] % rounds) * self.threads + self.thread;
        id
    }

    fn cid_len(&self) -> usize {
        CID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// The thread whose connection a datagram is for; `None` when its id was not made by us.
pub fn owner(datagram: &[u8], threads: usize) -> Option<usize> {
    let first = *datagram.first()?;
    let id = if first & 0x80 == 0 {
        datagram.get(1..)?
    } else {
        // long header: version, then the destination id's length. An Initial's id is the client's invention until it
        // has heard from us, and both an Initial and a 0-RTT packet come from an address that picks the same socket.
        if first & 0x30 < 0x20 {
            return None;
        }
        let length = *datagram.get(5)?;
        if usize::from(length) != CID_BYTES {
            return None;
        }
        datagram.get(6..)?
    };
    id.first().map(|byte| usize::from(*byte) % threads)
}

/// Let the kernel choose the socket of a reuseport group for short headers. Sockets count in the order they were bound.
pub fn attach(socket: RawFd, threads: u32) -> io::Result<()> {
    let op = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = [
        op(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 0),
        // a long header: to the last line
        op(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 3, 0, 0x80),
        op(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 1),
        op(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, 0, 0, threads),
        op(libc::BPF_RET | libc::BPF_A, 0, 0, 0),
        // no such socket: the kernel then goes by its hash of the addresses
        op(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the option takes a sock_fprog, which points to `program.len()` instructions that outlive the call.
    let result = unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_their_thread_in_short_and_long_headers() {
        for threads in [1, 2, 3, 7, 64] {
            for thread in 0..threads {
                let id = SteeredIds { thread, threads }.generate_cid();
                let short = [&[0x40][..], &id[..], &[0; 20]].concat();
                assert_eq!(owner(&short, threads.into()), Some(thread.into()));
                let handshake = [&[0xe0, 0, 0, 0, 1, CID_BYTES as u8][..], &id[..], &[0; 20]].concat();
                assert_eq!(owner(&handshake, threads.into()), Some(thread.into()));
            }
        }
    }

    #[test]
    fn owner_does_not_guess_at_initials_and_truncated_datagrams() {
        let initial = [&[0xc0, 0, 0, 0, 1, CID_BYTES as u8][..], &[9; 20]].concat();
        assert_eq!(owner(&initial, 4), None);
        for length in 0..2 {
            assert_eq!(owner(&[0x40, 9][..length], 4), None);
        }
        for length in 1..7 {
            assert_eq!(owner(&[0xe0, 0, 0, 0, 1, CID_BYTES as u8, 9][..length], 4), None);
        }
    }
}
