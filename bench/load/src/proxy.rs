//! A thread that carries datagrams between viewers and the relay over a bad network.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::impairment::{Impairment, Path};
use crate::socket::{Poll, ask_for_buffer};

/// A datagram on its way: when it arrives, its number (which keeps the order), on which path, which way.
type Flight = Reverse<(Instant, u64, usize, bool, Vec<u8>)>;

/// One viewer's path.
struct Line {
    viewer: SocketAddr,
    /// Towards the relay.
    socket: UdpSocket,
    up: Path,
    down: Path,
}

/// The proxy's thread.
pub struct Proxy {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Carry what comes to `address` on to `relay` and back.
    pub fn start(relay: SocketAddr, impairment: Impairment) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let door = UdpSocket::bind("127.0.0.1:0").map_err(text)?;
        door.set_nonblocking(true).map_err(text)?;
        ask_for_buffer(&door);
        let address = door.local_addr().map_err(text)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let mut carrier = Carrier {
            door,
            relay,
            impairment,
            poll: Poll::new().map_err(text)?,
            lines: Vec::new(),
            known: HashMap::new(),
            flights: BinaryHeap::new(),
            number: 0,
        };
        carrier.poll.add_fd(&carrier.door, 0).map_err(text)?;
        let thread = std::thread::Builder::new()
            .name("proxy".into())
            .spawn(move || {
                while !stopped.load(Ordering::Acquire) {
                    carrier.turn();
                }
            })
            .map_err(text)?;
        Ok(Proxy { address, stop, thread: Some(thread) })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic of it has been printed
        }
    }
}

struct Carrier {
    door: UdpSocket,
    relay: SocketAddr,
    impairment: Impairment,
    poll: Poll,
    lines: Vec<Line>,
    known: HashMap<SocketAddr, usize>,
    flights: BinaryHeap<Flight>,
    number: u64,
}

impl Carrier {
    fn turn(&mut self) {
        let mut wait = Duration::from_millis(20);
        if let Some(Reverse((at, ..))) = self.flights.peek() {
            wait = wait.min(at.saturating_duration_since(Instant::now()));
        }
        let mut ready = Vec::new();
        self.poll.wait(wait, &mut ready);
        for index in ready {
            self.receive(index);
        }
        let now = Instant::now();
        while self.flights.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, _, line, up, bytes))) = self.flights.pop() else { return };
            let line = &self.lines[line];
            // A full buffer loses it, as a network would.
            let _ = if up { line.socket.send(&bytes) } else { self.door.send_to(&bytes, line.viewer) };
        }
    }

    /// Index 0 is the viewers' side, i + 1 the relay's side of line i.
    fn receive(&mut self, index: usize) {
        let mut buffer = [0; 2048];
        loop {
            let (line, length) = if index == 0 {
                let Ok((length, from)) = self.door.recv_from(&mut buffer) else { return };
                let Some(line) = self.line(from) else { return };
                (line, length)
            } else {
                let Ok(length) = self.lines[index - 1].socket.recv(&mut buffer) else { return };
                (index - 1, length)
            };
            let up = index == 0;
            let path = if up { &mut self.lines[line].up } else { &mut self.lines[line].down };
            if let Some(at) = path.pass(Instant::now(), length) {
                self.number += 1;
                self.flights.push(Reverse((at, self.number, line, up, buffer[..length].to_vec())));
            }
        }
    }

    fn line(&mut self, viewer: SocketAddr) -> Option<usize> {
        if let Some(line) = self.known.get(&viewer) {
            return Some(*line);
        }
        let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
        socket.connect(self.relay).ok()?;
        socket.set_nonblocking(true).ok()?;
        ask_for_buffer(&socket);
        let line = self.lines.len();
        self.poll.add_fd(&socket, line + 1).ok()?;
        let number = line as u64 * 2;
        let (up, down) = (Path::new(self.impairment, false, number), Path::new(self.impairment, true, number + 1));
        self.lines.push(Line { viewer, socket, up, down });
        self.known.insert(viewer, line);
        Some(line)
    }
}
