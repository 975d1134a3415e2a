//! The connections of one thread: sockets, timers, and packets in and out.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use quinn_proto::{ClientConfig, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, VarInt};

use crate::link::{Happening, Link};
use crate::socket::{Poll, Socket};

/// Datagrams of one `poll_transmit`.
const TRAIN: usize = 10;

/// Where a connection goes, and as what.
#[derive(Clone)]
pub struct Door {
    pub address: SocketAddr,
    /// Path without the leading slash.
    pub path: String,
    pub webtransport: bool,
    pub config: ClientConfig,
}

/// Some connections on one thread.
pub struct Party {
    endpoint: Endpoint,
    pub poll: Poll,
    pub links: Vec<Link>,
    /// Connection handle → index of the link.
    handles: Vec<usize>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    dirty: Vec<usize>,
    packets: Vec<u8>,
    buffer: Vec<u8>,
}

impl Party {
    pub fn new() -> Result<Self, String> {
        Ok(Party {
            endpoint: Endpoint::new(Arc::new(EndpointConfig::default()), None, true, None),
            poll: Poll::new().map_err(|error| error.to_string())?,
            links: Vec::new(),
            handles: Vec::new(),
            timers: BinaryHeap::new(),
            dirty: Vec::new(),
            packets: Vec::with_capacity(65_536),
            buffer: vec![0; 65_536],
        })
    }

    /// Begin a connection; its index.
    pub fn connect(&mut self, door: &Door) -> Result<usize, String> {
        let socket = Socket::open(door.address).map_err(|error| format!("cannot open a socket: {error}"))?;
        let (handle, connection) = self
            .endpoint
            .connect(Instant::now(), door.config.clone(), door.address, "localhost")
            .map_err(|error| error.to_string())?;
        let index = self.links.len();
        self.poll.add(&socket, index).map_err(|error| error.to_string())?;
        if self.handles.len() <= handle.0 {
            self.handles.resize(handle.0 + 1, usize::MAX);
        }
        self.handles[handle.0] = index;
        let url = door.webtransport.then(|| format!("https://localhost:{}/{}", door.address.port(), door.path));
        let names = (format!("/{}", door.path), url);
        self.links.push(Link::new((connection, handle), (socket, door.address), names));
        self.dirty.push(index);
        Ok(index)
    }

    /// The link is to be driven.
    pub fn mark(&mut self, index: usize) {
        let link = &mut self.links[index];
        if !link.dirty {
            link.dirty = true;
            self.dirty.push(index);
        }
    }

    /// Until when nothing needs to be done unless something comes, at most `wait`.
    pub fn idle_for(&self, wait: Duration) -> Duration {
        if !self.dirty.is_empty() {
            return Duration::ZERO;
        }
        match self.timers.peek() {
            Some(Reverse((at, _))) => wait.min(at.saturating_duration_since(Instant::now())),
            None => wait,
        }
    }

    /// Wait at most `wait`, take in what came and let timers expire. Indices beyond the links are put into `others`.
    pub fn wait(&mut self, wait: Duration, others: &mut Vec<usize>) {
        let mut ready = Vec::new();
        self.poll.wait(wait, &mut ready);
        let now = Instant::now();
        others.clear();
        for index in ready {
            if index < self.links.len() {
                self.receive(index, now);
            } else {
                others.push(index);
            }
        }
        self.expire(now);
    }

    fn receive(&mut self, index: usize, now: Instant) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let address = self.links[index].address;
        if let Some((length, segment)) = self.links[index].socket.receive(&mut buffer) {
            for datagram in buffer[..length].chunks(segment) {
                self.packets.clear();
                let bytes = BytesMut::from(datagram);
                match self.endpoint.handle(now, address, None, None, bytes, &mut self.packets) {
                    Some(DatagramEvent::ConnectionEvent(ConnectionHandle(handle), event)) => {
                        let at = self.handles[handle];
                        self.links[at].connection.handle_event(event);
                        self.mark(at);
                    }
                    Some(DatagramEvent::Response(transmit)) => {
                        self.links[index].socket.send(&self.packets[..transmit.size], None);
                    }
                    _ => {}
                }
            }
        }
        self.buffer = buffer;
    }

    fn expire(&mut self, now: Instant) {
        while let Some(Reverse((at, index))) = self.timers.peek().copied() {
            if at > now {
                return;
            }
            self.timers.pop();
            let link = &mut self.links[index];
            if link.timer == Some(at) {
                link.timer = None;
                link.connection.handle_timeout(now);
                self.mark(index);
            }
        }
    }

    /// Let every link that something happened to say so, and send what it wants to send.
    pub fn drive(&mut self, on: &mut dyn FnMut(usize, &mut Link, Happening)) {
        for index in std::mem::take(&mut self.dirty) {
            let link = &mut self.links[index];
            link.dirty = false;
            link.drive(&mut |link, happening| on(index, link, happening));
            self.transmit(index);
        }
    }

    fn transmit(&mut self, index: usize) {
        let now = Instant::now();
        let link = &mut self.links[index];
        loop {
            self.packets.clear();
            let Some(transmit) = link.connection.poll_transmit(now, TRAIN, &mut self.packets) else { break };
            link.socket.send(&self.packets[..transmit.size], transmit.segment_size);
        }
        let handle = link.handle;
        while let Some(event) = link.connection.poll_endpoint_events() {
            if let Some(event) = self.endpoint.handle_event(handle, event) {
                link.connection.handle_event(event);
            }
        }
        if let Some(at) = link.connection.poll_timeout()
            && link.timer.is_none_or(|timer| at < timer)
        {
            link.timer = Some(at);
            self.timers.push(Reverse((at, index)));
        }
    }

    /// Go on from another local port, as behind a NAT that forgot.
    pub fn rebind(&mut self, index: usize) -> Result<(), String> {
        let socket = Socket::open(self.links[index].address).map_err(|error| error.to_string())?;
        self.poll.add(&socket, index).map_err(|error| error.to_string())?;
        self.links[index].socket = socket;
        self.links[index].connection.ping();
        self.mark(index);
        Ok(())
    }

    /// Close a connection, so that the relay need not wait for its time-out.
    pub fn close(&mut self, index: usize) {
        self.links[index].connection.close(Instant::now(), VarInt::from_u32(0), bytes::Bytes::new());
        self.transmit(index);
    }
}
