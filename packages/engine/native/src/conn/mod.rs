//! One QUIC connection and all that is known of it: its streams, lanes, credit, and WebTransport session.

mod allowance;
mod commands;
mod end;
mod feed;
mod http;
mod lanes;
mod receive;
mod session;
mod streams;
mod varint;
mod young;

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{ConnectionHandle, Dir, Event, StreamEvent, StreamId, VarInt};
use rustc_hash::FxHashMap;

pub use allowance::Allowance;
pub use lanes::Rank;

use crate::codes;
use crate::event::Events;
use crate::limits::{CONNECTION_EVENTS_MAX, Limits, SEND_WINDOW_MIN};
use crate::stats::Counters;
use crate::tape::{Tapes, Watchers};

use self::http::Http;
use self::lanes::Lanes;
use self::streams::Streams;
use self::young::Young;

/// What a connection's turn may use of its thread.
pub struct Context<'a> {
    pub now: Instant,
    pub thread: usize,
    pub limits: &'a Limits,
    pub tapes: &'a Tapes,
    pub counters: &'a Counters,
    pub events: &'a mut Events,
    pub watchers: &'a mut Watchers,
    /// Reused for every write.
    pub chunks: &'a mut Vec<Bytes>,
    /// Reused for every feed.
    pub ranks: &'a mut Vec<Rank>,
    /// False while JavaScript has too much to read already.
    pub room: bool,
    /// How often JavaScript has read.
    pub generation: u64,
}

/// Which side we are, and what only that side has.
pub enum Side {
    Server {
        endpoint: u32,
        validated: bool,
    },
    /// The request that JavaScript waits on, and what to ask for over HTTP/3.
    Client {
        request: u32,
        connect: Option<Box<web_transport_proto::ConnectRequest>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Until TLS and, on WebTransport, the CONNECT exchange are through.
    Handshake,
    /// JavaScript knows of it and has not let it in.
    Waiting,
    Open,
    /// JavaScript was told of its end, or never knew of it.
    Over,
}

/// To whom a stream's events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A stream of JavaScript's, by its handle.
    Stream(u32),
    /// A play, by its key.
    Play(usize),
    /// A play that was sent to its end and is not yet acknowledged, by its lane.
    Ended(u32),
    /// HTTP/3's own business.
    Http,
}

pub struct Connection {
    pub quic: quinn_proto::Connection,
    pub handle: ConnectionHandle,
    pub id: u32,
    pub slot: u32,
    /// Index of the thread's port.
    pub socket: usize,
    /// Segments per send call.
    pub segments: usize,
    pub side: Side,
    pub phase: Phase,
    pub allowance: Allowance,
    /// It waits for its turn.
    pub queued: bool,
    /// Counted among its endpoint's pending handshakes.
    pub pending: bool,
    /// When the handshake, or the wait for the peer's close, is given up.
    pub deadline: Option<Instant>,
    /// For tests.
    pub panics: bool,
    /// It reads no more until JavaScript has read.
    pub paused: bool,
    http: Option<Box<Http>>,
    streams: Streams,
    lanes: Lanes,
    owners: FxHashMap<StreamId, Owner>,
    /// When the first play is due to be dropped.
    drop_at: Option<Instant>,
    young: Young,
    /// Something may be written now that could not be before.
    feed: bool,
    /// Streams of the peer's may wait to be accepted.
    arrivals: bool,
    stats_wanted: bool,
    /// Bytes that JavaScript has and did not return the credit of.
    outstanding: u64,
    /// Events given to JavaScript since it read last, and which read that was.
    unread: u32,
    unread_since: u64,
    /// What to close with when the peer does not close by itself.
    last_words: (VarInt, Bytes),
}

impl Connection {
    pub fn new(quic: quinn_proto::Connection, handle: ConnectionHandle, side: Side, socket: usize) -> Self {
        Self {
            quic,
            handle,
            id: 0,
            slot: 0,
            socket,
            segments: 1,
            pending: matches!(side, Side::Server { .. }),
            side,
            phase: Phase::Handshake,
            allowance: Allowance::default(),
            queued: false,
            deadline: None,
            panics: false,
            paused: false,
            http: None,
            streams: Streams::default(),
            lanes: Lanes::default(),
            owners: FxHashMap::default(),
            drop_at: None,
            young: Young::default(),
            feed: false,
            arrivals: false,
            stats_wanted: false,
            outstanding: 0,
            unread: 0,
            unread_since: 0,
            last_words: (codes::H3_NO_ERROR, Bytes::new()),
        }
    }

    /// The peer, as it would say of itself: IPv4 is not wrapped in IPv6.
    pub fn remote(&self) -> SocketAddr {
        let remote = self.quic.remote_address();
        SocketAddr::new(remote.ip().to_canonical(), remote.port())
    }

    /// The request to answer when the connection fails before it is usable.
    pub fn request(&self) -> Option<u32> {
        match self.side {
            Side::Client { request, .. } if self.phase == Phase::Handshake => Some(request),
            _ => None,
        }
    }

    fn webtransport(&self) -> bool {
        self.http.is_some()
    }

    /// When to look at it again at the latest.
    pub fn wake_at(&mut self) -> Option<Instant> {
        [self.quic.poll_timeout(), self.deadline, self.drop_at, self.young.wake_at()].into_iter().flatten().min()
    }

    /// Everything that can be done now, short of sending packets.
    pub fn turn(&mut self, context: &mut Context) {
        assert!(!self.panics, "a test asked for this panic");
        // twice the congestion window keeps the path busy, and what is not yet in it can still be outranked or dropped
        self.quic.set_send_window(SEND_WINDOW_MIN.max(2 * self.quic.congestion_state().window()));
        if self.quic.poll_timeout().is_some_and(|at| at <= context.now) {
            self.quic.handle_timeout(context.now);
        }
        self.paused = false;
        let mut lost = None;
        while let Some(event) = self.quic.poll() {
            match event {
                Event::ConnectionLost { reason } => lost = Some(reason),
                event => self.on_event(event, context),
            }
        }
        if self.phase != Phase::Over {
            self.accept_arrivals(context);
            self.drive_session(context);
            self.read_streams(context);
        }
        if let Some(reason) = lost {
            self.on_lost(&reason, context);
        }
        self.check_deadline(context);
        self.feed_all(context);
        if std::mem::take(&mut self.stats_wanted) {
            self.report_stats(context);
        }
    }

    fn on_event(&mut self, event: Event, context: &mut Context) {
        match event {
            Event::Connected => self.on_connected(context),
            Event::DatagramReceived => self.read_datagrams(context),
            Event::Stream(event) => self.on_stream_event(event, context),
            _ => {}
        }
    }

    fn on_stream_event(&mut self, event: StreamEvent, context: &mut Context) {
        match event {
            StreamEvent::Opened { .. } => self.arrivals = true,
            StreamEvent::Available { .. } => self.feed = true,
            StreamEvent::Readable { id } => match self.owners.get(&id) {
                Some(Owner::Stream(handle)) => self.streams.readable(*handle),
                Some(Owner::Http) => self.http_readable(id),
                _ => {}
            },
            StreamEvent::Writable { id } => {
                self.feed = true;
                match self.owners.get(&id) {
                    Some(Owner::Stream(handle)) => self.streams.writable(*handle),
                    Some(Owner::Play(key)) => self.lanes.writable(*key),
                    _ => {}
                }
            }
            StreamEvent::Stopped { id, error_code } => self.on_stopped(id, error_code, context),
            StreamEvent::Finished { id } => self.acknowledged(id, context),
        }
    }

    fn on_stopped(&mut self, id: StreamId, code: VarInt, context: &mut Context) {
        // the transport answers STOP_SENDING with a reset of the same code, so that what is unsent is let go
        let _ = self.quic.send_stream(id).reset(code);
        let plain = codes::stream_from_wire(code, self.webtransport());
        match self.owners.get(&id) {
            Some(Owner::Stream(handle)) => {
                let handle = *handle;
                if self.end_send(handle, context) && self.phase == Phase::Open {
                    context.events.stopped(self.id, handle, plain);
                }
            }
            Some(Owner::Play(key)) => {
                let key = *key;
                self.lanes.drop_play(key, crate::event::Drop::Stopped);
                self.forget_play(key, context);
            }
            Some(Owner::Ended(_)) => self.acknowledged(id, context),
            _ => {}
        }
    }

    /// Everything of a finished stream arrived, or the peer wants none of it.
    fn acknowledged(&mut self, id: StreamId, context: &mut Context) {
        if let Some(Owner::Ended(lane)) = self.owners.get(&id).copied() {
            self.owners.remove(&id);
            if self.lanes.acknowledge(lane) {
                context.events.drained(self.id, lane);
            }
        }
    }

    /// A tape that `owner` follows grew or ended.
    pub fn grown(&mut self, owner: Owner) {
        self.feed = true;
        match owner {
            Owner::Stream(handle) => self.streams.sendable(handle),
            Owner::Play(key) => self.lanes.activate(key),
            Owner::Ended(_) | Owner::Http => {}
        }
    }

    /// Whether JavaScript can take another event of this connection; if not, it goes on once JavaScript has read.
    fn may_report(&mut self, context: &Context) -> bool {
        if self.unread_since != context.generation {
            self.unread_since = context.generation;
            self.unread = 0;
        }
        if context.room && self.unread < CONNECTION_EVENTS_MAX {
            self.unread += 1;
            return true;
        }
        self.paused = true;
        false
    }

    fn accept_arrivals(&mut self, context: &mut Context) {
        // raw QUIC leaves the peer's streams alone until the peer is let in; HTTP/3 needs them to learn who it is
        if !self.arrivals || (self.http.is_none() && self.phase != Phase::Open) || self.quic.is_handshaking() {
            return;
        }
        for dir in [Dir::Uni, Dir::Bi] {
            while self.may_report(context) {
                match self.quic.streams().accept(dir) {
                    Some(id) if self.http.is_some() => self.http_arrival(id),
                    Some(id) => self.deliver(id, context),
                    None => break,
                }
            }
            self.allowance.review(&mut self.quic, dir);
        }
        self.arrivals = self.paused;
    }

    /// Hand a stream of the peer's to JavaScript.
    fn deliver(&mut self, id: StreamId, context: &mut Context) {
        let handle = self.streams.add_peer(id);
        self.owners.insert(id, Owner::Stream(handle));
        context.events.opened(self.id, handle, id.dir() == Dir::Bi);
        self.streams.readable(handle);
    }

    fn report_stats(&mut self, context: &mut Context) {
        if self.phase != Phase::Open {
            return;
        }
        let stats = self.quic.stats();
        let rtt = stats.path.rtt.as_secs_f64();
        let window = stats.path.cwnd as f64;
        context.events.stats(
            self.id,
            [
                rtt * 1000.0,
                if rtt > 0.0 { window * 8.0 / rtt } else { 0.0 },
                stats.udp_tx.bytes as f64,
                stats.udp_rx.bytes as f64,
                stats.path.sent_packets as f64,
                stats.path.lost_packets as f64,
                window,
                stats.path.current_mtu.into(),
            ],
        );
    }
}
