//! "Nobody listens there": what the kernel learns from ICMP about datagrams that we sent.

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;

/// Bytes for the control messages of one error: sock_extended_err, the offender's address, and headers.
const CONTROL_BYTES: usize = 256;

/// Ask the kernel to keep such errors for a socket of this family.
pub fn enable(socket: RawFd, ipv4: bool) -> io::Result<()> {
    let (level, option) =
        if ipv4 { (libc::IPPROTO_IP, libc::IP_RECVERR) } else { (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) };
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option takes a c_int, which outlives the call.
    let result = unsafe { libc::setsockopt(socket, level, option, (&raw const on).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Take one error from the socket's queue: the address that a refused datagram was for, or `None` within for any other
/// error. `None` when the queue is empty.
pub fn take(socket: RawFd) -> Option<Option<SocketAddr>> {
    // a sockaddr_storage of zeros has no family, hence no address
    let mut name = MaybeUninit::<libc::sockaddr_storage>::zeroed();
    // u64 for the alignment that control messages need
    let mut control = [0u64; CONTROL_BYTES / 8];
    // SAFETY: msghdr is plain data, for which zeros are valid.
    let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    header.msg_name = name.as_mut_ptr().cast();
    header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_BYTES as _;
    // SAFETY: name and control point to as many writable bytes as stated, and there is no payload buffer.
    let received = unsafe { libc::recvmsg(socket, &raw mut header, libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT) };
    if received < 0 {
        return None;
    }
    // SAFETY: it was zeroed, and the kernel wrote an address or nothing.
    let name = unsafe { name.assume_init() };
    Some(if refused(&header) { address(&name) } else { None })
}

/// Whether the error is a refused connection, which is what ICMP's "port unreachable" becomes.
fn refused(header: &libc::msghdr) -> bool {
    // SAFETY: recvmsg filled in the control messages and their length, and the buffer outlives this function. The
    // macros return pointers to whole headers within it, or null; the data is as long as its header says, which is
    // checked.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while !message.is_null() {
            let kind = ((*message).cmsg_level, (*message).cmsg_type);
            let known =
                kind == (libc::IPPROTO_IP, libc::IP_RECVERR) || kind == (libc::IPPROTO_IPV6, libc::IPV6_RECVERR);
            let whole =
                (*message).cmsg_len as usize >= libc::CMSG_LEN(size_of::<libc::sock_extended_err>() as u32) as usize;
            if known && whole {
                let error = libc::CMSG_DATA(message).cast::<libc::sock_extended_err>().read_unaligned();
                return error.ee_errno == libc::ECONNREFUSED as u32;
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    false
}

fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that it is a sockaddr_in, which is smaller than the storage and needs no more
            // alignment.
            let v4 = unsafe { (&raw const *name).cast::<libc::sockaddr_in>().read() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: likewise for a sockaddr_in6.
            let v6 = unsafe { (&raw const *name).cast::<libc::sockaddr_in6>().read() };
            Some(SocketAddr::new(Ipv6Addr::from(v6.sin6_addr.s6_addr).into(), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn take_names_the_port_that_nobody_listens_at() {
        for (host, ipv4) in [("127.0.0.1:0", true), ("[::1]:0", false)] {
            // a machine without IPv6 has nothing to test there
            let Ok(socket) = UdpSocket::bind(host) else { continue };
            enable(socket.as_raw_fd(), ipv4).unwrap();
            assert_eq!(take(socket.as_raw_fd()), None);
            let gone = UdpSocket::bind(host).unwrap().local_addr().unwrap();
            socket.send_to(b"x", gone).unwrap();
            // on loopback the answer is there when the call returns
            assert_eq!(take(socket.as_raw_fd()), Some(Some(gone)));
            assert_eq!(take(socket.as_raw_fd()), None);
        }
    }
}
