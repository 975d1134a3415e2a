//! Streams that JavaScript has a handle on: its own get odd handles, the peer's even ones.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use quinn_proto::{Dir, StreamId};
use rustc_hash::FxHashMap;

use crate::tape::{Position, Tape};

/// What a sending half has to do next.
pub enum Item {
    Bytes(Bytes),
    Play(Arc<Tape>, Position),
    Finish,
    Reset(u32),
}

pub struct Sending {
    pub queue: VecDeque<Item>,
    /// Bytes that QUIC took and JavaScript has not heard of.
    pub unreported: u64,
    pub priority: i32,
    /// QUIC takes nothing until it says so.
    pub blocked: bool,
    listed: bool,
}

#[derive(Default)]
pub struct Receiving {
    /// Bytes that JavaScript has and did not return the credit of.
    pub outstanding: u64,
    listed: bool,
}

pub struct Stream {
    /// `None` while it waits for the peer's limit.
    pub id: Option<StreamId>,
    pub send: Option<Sending>,
    pub recv: Option<Receiving>,
    /// STOP_SENDING with this code as soon as it is open.
    pub stop: Option<u32>,
}

#[derive(Default)]
pub struct Streams {
    pub table: FxHashMap<u32, Stream>,
    /// Opened by JavaScript, in order, beyond the peer's limit.
    pub waiting: [VecDeque<u32>; 2],
    /// To read from in this turn.
    readable: Vec<u32>,
    /// To write to in this turn.
    sendable: Vec<u32>,
    /// Read as far as the credit went.
    stalled: Vec<u32>,
    peers: u32,
}

impl Sending {
    fn new() -> Self {
        Self { queue: VecDeque::new(), unreported: 0, priority: 0, blocked: false, listed: false }
    }
}

impl Streams {
    pub fn add_peer(&mut self, id: StreamId) -> u32 {
        self.peers = self.peers.wrapping_add(2);
        let handle = self.peers;
        let send = (id.dir() == Dir::Bi).then(Sending::new);
        self.table.insert(handle, Stream { id: Some(id), send, recv: Some(Receiving::default()), stop: None });
        handle
    }

    pub fn add_own(&mut self, handle: u32, dir: Dir) {
        let recv = (dir == Dir::Bi).then(Receiving::default);
        self.table.insert(handle, Stream { id: None, send: Some(Sending::new()), recv, stop: None });
        self.waiting[dir as usize].push_back(handle);
    }

    /// Queue something to send; ignored when the half is over.
    pub fn push(&mut self, handle: u32, item: Item) {
        let Some(send) = self.table.get_mut(&handle).and_then(|stream| stream.send.as_mut()) else { return };
        send.queue.push_back(item);
        self.sendable(handle);
    }

    /// The stream may have something to send.
    pub fn sendable(&mut self, handle: u32) {
        let Some(send) = self.table.get_mut(&handle).and_then(|stream| stream.send.as_mut()) else { return };
        if !send.blocked && !send.listed {
            send.listed = true;
            self.sendable.push(handle);
        }
    }

    /// All streams to write to; each may be marked again from now on.
    pub fn take_sendable(&mut self) -> Vec<u32> {
        let sendable = std::mem::take(&mut self.sendable);
        for handle in &sendable {
            if let Some(send) = self.table.get_mut(handle).and_then(|stream| stream.send.as_mut()) {
                send.listed = false;
            }
        }
        sendable
    }

    pub fn readable(&mut self, handle: u32) {
        let Some(recv) = self.table.get_mut(&handle).and_then(|stream| stream.recv.as_mut()) else { return };
        if !recv.listed {
            recv.listed = true;
            self.readable.push(handle);
        }
    }

    pub fn writable(&mut self, handle: u32) {
        let Some(send) = self.table.get_mut(&handle).and_then(|stream| stream.send.as_mut()) else { return };
        send.blocked = false;
        self.sendable(handle);
    }

    /// All streams to read from; each may be marked again from now on.
    pub fn take_readable(&mut self) -> Vec<u32> {
        let readable = std::mem::take(&mut self.readable);
        for handle in &readable {
            if let Some(recv) = self.table.get_mut(handle).and_then(|stream| stream.recv.as_mut()) {
                recv.listed = false;
            }
        }
        readable
    }

    /// Read on when credit comes back.
    pub fn stall(&mut self, handle: u32) {
        self.stalled.push(handle);
    }

    /// Bytes of the stream were handed to JavaScript.
    pub fn handed(&mut self, handle: u32, bytes: u64) {
        if let Some(recv) = self.table.get_mut(&handle).and_then(|stream| stream.recv.as_mut()) {
            recv.outstanding += bytes;
        }
    }

    /// JavaScript is done with bytes of the stream, which may be over already.
    pub fn credit(&mut self, handle: u32, bytes: u64) {
        if let Some(recv) = self.table.get_mut(&handle).and_then(|stream| stream.recv.as_mut()) {
            recv.outstanding = recv.outstanding.saturating_sub(bytes);
        }
        for handle in std::mem::take(&mut self.stalled) {
            self.readable(handle);
        }
    }

    /// Forget the stream when both halves are over.
    pub fn tidy(&mut self, handle: u32) -> Option<Stream> {
        let stream = self.table.get(&handle)?;
        if stream.send.is_some() || stream.recv.is_some() {
            return None;
        }
        self.table.remove(&handle)
    }
}
