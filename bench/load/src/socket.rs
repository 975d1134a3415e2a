//! One UDP socket of one connection: GRO on the way in, GSO on the way out.
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

const BUFFER_BYTES: libc::c_int = 4 << 20;
const UDP_GRO: libc::c_int = 104;
const UDP_SEGMENT: libc::c_int = 103;

/// A connected, non-blocking socket.
pub struct Socket(UdpSocket);

impl Socket {
    /// Open towards `peer`.
    pub fn open(peer: SocketAddr) -> io::Result<Self> {
        let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any)?;
        socket.connect(peer)?;
        socket.set_nonblocking(true)?;
        set(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER_BYTES);
        set(socket.as_raw_fd(), libc::SOL_UDP, UDP_GRO, 1);
        Ok(Socket(socket))
    }

    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// One datagram, or a train of them that GRO joined: its bytes and the length of each but the last.
    pub fn receive(&self, buffer: &mut [u8]) -> Option<(usize, usize)> {
        let mut iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        let mut control = [0u64; 8];
        // SAFETY: a zeroed msghdr is valid; the pointers set below outlive the call.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_iov = &raw mut iov;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        // SAFETY: `header` describes live buffers of the lengths it states.
        let length = unsafe { libc::recvmsg(self.fd(), &raw mut header, 0) };
        let length = usize::try_from(length).ok()?;
        let mut segment = length.max(1);
        // SAFETY: the kernel filled the control buffer; the macros walk it within msg_controllen.
        unsafe {
            let mut message = libc::CMSG_FIRSTHDR(&raw const header);
            while !message.is_null() {
                if (*message).cmsg_level == libc::SOL_UDP && (*message).cmsg_type == UDP_GRO {
                    let size = libc::CMSG_DATA(message).cast::<libc::c_int>().read_unaligned();
                    segment = usize::try_from(size).unwrap_or(segment).max(1);
                }
                message = libc::CMSG_NXTHDR(&raw const header, message);
            }
        }
        Some((length, segment))
    }

    /// Send a datagram or a train of `segment`-sized ones. A full socket buffer loses it, as a network would.
    pub fn send(&self, bytes: &[u8], segment: Option<usize>) {
        transmit(self.fd(), None, (bytes, segment));
    }
}

/// The same on a socket that is not connected.
pub fn send_to(socket: &UdpSocket, to: SocketAddr, (bytes, segment): (&[u8], usize)) {
    let SocketAddr::V4(to) = to else { return };
    // SAFETY: sockaddr_in is plain data.
    let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_port = to.port().to_be();
    address.sin_addr.s_addr = u32::from(*to.ip()).to_be();
    transmit(socket.as_raw_fd(), Some(&address), (bytes, Some(segment)));
}

fn transmit(fd: RawFd, to: Option<&libc::sockaddr_in>, (bytes, segment): (&[u8], Option<usize>)) {
    let mut iov = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut control = [0u64; 4];
    // SAFETY: a zeroed msghdr is valid; the pointers set below outlive the call.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut iov;
    header.msg_iovlen = 1;
    if let Some(to) = to {
        header.msg_name = (&raw const *to).cast_mut().cast();
        header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    }
    if let Some(size) = segment.filter(|size| *size < bytes.len()).and_then(|size| u16::try_from(size).ok()) {
        header.msg_control = control.as_mut_ptr().cast();
        // SAFETY: CMSG_SPACE and CMSG_LEN only compute; the control buffer is larger than CMSG_SPACE(2) and aligned.
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(2) as usize;
            let message = libc::CMSG_FIRSTHDR(&raw const header);
            (*message).cmsg_level = libc::SOL_UDP;
            (*message).cmsg_type = UDP_SEGMENT;
            (*message).cmsg_len = libc::CMSG_LEN(2) as usize;
            libc::CMSG_DATA(message).cast::<u16>().write_unaligned(size);
        }
    }
    // SAFETY: `header` describes live buffers of the lengths it states; sendmsg does not write to them.
    unsafe { libc::sendmsg(fd, &raw const header, 0) };
}

/// Ask for a receive buffer that holds a burst.
pub fn ask_for_buffer(socket: &UdpSocket) {
    set(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, BUFFER_BYTES);
}

fn set(fd: RawFd, level: libc::c_int, name: libc::c_int, value: libc::c_int) {
    // SAFETY: the option's value is a live c_int of the stated size. A refused option only costs speed.
    unsafe {
        libc::setsockopt(fd, level, name, (&raw const value).cast(), size_of::<libc::c_int>() as u32);
    }
}

/// A set of sockets to wait on.
pub struct Poll(RawFd);

impl Poll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(Poll(fd)) }
    }

    /// Report `index` whenever `socket` can be read.
    pub fn add(&self, socket: &Socket, index: usize) -> io::Result<()> {
        self.add_fd(&socket.0, index)
    }

    /// The same of any socket.
    pub fn add_fd(&self, socket: &impl AsRawFd, index: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
        // SAFETY: `event` lives through the call, which copies it.
        let result = unsafe { libc::epoll_ctl(self.0, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Wait at most `wait`; the indices of the readable sockets are put into `ready`.
    pub fn wait(&self, wait: std::time::Duration, ready: &mut Vec<usize>) {
        let timeout = libc::timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
        // SAFETY: epoll_event is plain data.
        let mut events: [libc::epoll_event; 256] = unsafe { std::mem::zeroed() };
        // SAFETY: the array has room for 256 events; no signal mask.
        let count =
            unsafe { libc::epoll_pwait2(self.0, events.as_mut_ptr(), 256, &raw const timeout, std::ptr::null()) };
        ready.clear();
        ready.extend(events.iter().take(usize::try_from(count).unwrap_or(0)).map(|event| event.u64 as usize));
    }
}
