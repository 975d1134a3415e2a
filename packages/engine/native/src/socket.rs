//! UDP sockets: bound as asked, read with GRO, written with GSO.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Protocol, Socket as RawSocket, Type};

use crate::steer;

/// Bytes that one receive may yield: a whole batch of coalesced datagrams.
const RECEIVE_BYTES: usize = 64 * 1024;

pub struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
}

/// Where received datagrams lie until the next receive; one per thread.
pub struct ReceiveBuffer {
    bytes: Vec<u8>,
    metas: Vec<RecvMeta>,
}

impl ReceiveBuffer {
    /// Entries that one receive can fill.
    pub const BATCH: usize = BATCH_SIZE;

    /// What stands in while the buffer is borrowed.
    pub fn empty() -> Self {
        Self { bytes: Vec::new(), metas: Vec::new() }
    }

    pub fn new() -> Self {
        Self { bytes: vec![0; RECEIVE_BYTES * BATCH_SIZE], metas: vec![RecvMeta::default(); BATCH_SIZE] }
    }

    /// What one receive brought: each entry is one or more datagrams of `stride` bytes from one address.
    pub fn received(&self, count: usize) -> impl Iterator<Item = (&RecvMeta, &[u8])> {
        self.metas
            .iter()
            .zip(self.bytes.chunks(RECEIVE_BYTES))
            .take(count)
            .map(|(meta, bytes)| (meta, &bytes[..meta.len]))
    }
}

impl Socket {
    /// Take over a bound socket and ask the kernel for buffers of that size.
    pub fn new(socket: UdpSocket, buffer: usize) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        // the grant is read back below; the kernel gives less without saying so
        let _ = state.set_recv_buffer_size((&socket).into(), buffer);
        let _ = state.set_send_buffer_size((&socket).into(), buffer);
        without_timestamps(socket.as_raw_fd());
        Ok(Self { socket, state })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Datagrams that one send call may carry.
    pub fn segments_max(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Whether it is bound to no address in particular.
    pub fn any_address(&self) -> bool {
        self.socket.local_addr().is_ok_and(|address| address.ip().is_unspecified())
    }

    pub fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }

    /// Receive and send buffer that the kernel granted.
    pub fn buffers(&self) -> (usize, usize) {
        let receive = self.state.recv_buffer_size((&self.socket).into()).unwrap_or(0);
        let send = self.state.send_buffer_size((&self.socket).into()).unwrap_or(0);
        (receive, send)
    }

    /// How many entries of `into` were filled.
    pub fn receive(&self, into: &mut ReceiveBuffer) -> io::Result<usize> {
        let mut chunks = into.bytes.chunks_mut(RECEIVE_BYTES).map(IoSliceMut::new);
        let mut slices: [IoSliceMut; BATCH_SIZE] =
            std::array::from_fn(|_| chunks.next().unwrap_or(IoSliceMut::new(&mut [])));
        self.state.recv((&self.socket).into(), &mut slices, &mut into.metas)
    }

    pub fn send(&self, transmit: &quinn_proto::Transmit, contents: &[u8]) -> io::Result<()> {
        let transmit = quinn_udp::Transmit {
            destination: transmit.destination,
            ecn: transmit.ecn.and_then(|ecn| quinn_udp::EcnCodepoint::from_bits(ecn as u8)),
            contents,
            segment_size: transmit.segment_size,
            src_ip: transmit.src_ip,
        };
        self.state.try_send((&self.socket).into(), &transmit)
    }
}

/// quinn-udp asks for a kernel timestamp on each datagram, which nothing here reads.
fn without_timestamps(socket: RawFd) {
    let off: libc::c_int = 0;
    // SAFETY: the option takes a c_int, which outlives the call. A failure leaves the timestamps on, which is harmless.
    unsafe {
        libc::setsockopt(
            socket,
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const off).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
}

/// One socket per thread on the same port, and the address they got. `::` means IPv4 too, and `0.0.0.0` where there
/// is no IPv6.
pub fn bind_group(host: IpAddr, port: u16, threads: usize) -> io::Result<(Vec<UdpSocket>, SocketAddr)> {
    let address = SocketAddr::new(host, port);
    match bind_all(address, threads) {
        Err(error) if host == IpAddr::from([0u16; 8]) && no_ipv6(&error) => {
            bind_all(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), threads)
        }
        result => result,
    }
}

/// An error of the system with the name by which it is known, for those that an operator meets.
pub fn say(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EADDRINUSE) => "the port is in use (EADDRINUSE)".into(),
        Some(libc::EACCES) => "permission denied (EACCES)".into(),
        Some(libc::EADDRNOTAVAIL) => "this machine does not have the address (EADDRNOTAVAIL)".into(),
        _ => error.to_string(),
    }
}

fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::EPROTONOSUPPORT))
}

fn bind_all(address: SocketAddr, threads: usize) -> io::Result<(Vec<UdpSocket>, SocketAddr)> {
    if threads == 1 {
        let socket = bind(address, false)?;
        let address = socket.local_addr()?;
        return Ok((vec![socket], address));
    }
    // a group would join another process's group in silence; a socket of its own finds the port in use
    let address = bind(address, false)?.local_addr()?;
    let sockets = (0..threads).map(|_| bind(address, true)).collect::<io::Result<Vec<_>>>()?;
    if let Some(first) = sockets.first() {
        steer::attach(first.as_raw_fd(), threads as u32)?;
    }
    Ok((sockets, address))
}

/// A non-blocking UDP socket.
pub fn bind(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = RawSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bind_group_shares_one_port_among_threads_and_refuses_it_to_others() {
        let localhost = IpAddr::from([127, 0, 0, 1]);
        let (sockets, address) = bind_group(localhost, 0, 3).unwrap();
        assert_eq!(sockets.len(), 3);
        for socket in &sockets {
            assert_eq!(socket.local_addr().unwrap(), address);
        }
        let error = bind_group(localhost, address.port(), 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(bind_group(localhost, address.port(), 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
