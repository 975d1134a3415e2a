//! The loop, and the phases of a run: connect, settle, measure, report.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use quinn_proto::{ClientConfig, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, VarInt};

use crate::args::{Args, Transport};
use crate::content::Content;
use crate::host::Reading;
use crate::link::Link;
use crate::publisher::{Publisher, Schedule};
use crate::socket::{Poll, Socket};
use crate::viewer::{Context, Tally, Viewer};

/// The place of the publisher among the links, when there is one.
const PUBLISHER: usize = 0;
/// Datagrams of one `poll_transmit`.
const TRAIN: usize = 10;

/// What the window began with.
struct Window {
    since: Instant,
    reading: Reading,
    frames: u64,
    groups: u64,
}

/// A run of the load client.
pub struct Run {
    args: Args,
    content: Content,
    config: ClientConfig,
    endpoint: Endpoint,
    poll: Poll,
    links: Vec<Link>,
    /// Connection handle → index of the link.
    handles: Vec<usize>,
    publisher: Option<Publisher>,
    /// Viewer i is link i + `first`.
    viewers: Vec<Viewer>,
    first: usize,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    dirty: Vec<usize>,
    tally: Tally,
    begun: Instant,
    empty: Reading,
    settled_at: Option<Instant>,
    window: Option<Window>,
    packets: Vec<u8>,
}

impl Run {
    /// Open the publisher's connection; the viewers follow when it has announced.
    pub fn start(args: Args) -> Result<Self, String> {
        let alpn = if args.transport == Transport::Quic { "moq-lite-05" } else { "h3" };
        let begun = Instant::now();
        let mut run = Run {
            content: Content::new(args.frame),
            config: crate::tls::client(alpn)?,
            endpoint: Endpoint::new(Arc::new(EndpointConfig::default()), None, true, None),
            poll: Poll::new().map_err(|error| error.to_string())?,
            links: Vec::new(),
            handles: Vec::new(),
            publisher: None,
            viewers: Vec::new(),
            first: 0,
            timers: BinaryHeap::new(),
            dirty: Vec::new(),
            tally: Tally::new(),
            begun,
            empty: Reading::now(args.server_pid),
            settled_at: None,
            window: None,
            packets: Vec::with_capacity(65_536),
            args,
        };
        if !run.args.raw && !run.args.idle {
            run.connect()?;
            run.first = 1;
            run.publisher = Some(Publisher::new(Schedule::new(run.args.fps), run.args.frame, run.args.group));
        }
        Ok(run)
    }

    fn connect(&mut self) -> Result<(), String> {
        let socket = Socket::open(self.args.address).map_err(|error| format!("cannot open a socket: {error}"))?;
        let (handle, connection) = self
            .endpoint
            .connect(Instant::now(), self.config.clone(), self.args.address, "localhost")
            .map_err(|error| error.to_string())?;
        let index = self.links.len();
        self.poll.add(&socket, index).map_err(|error| error.to_string())?;
        if self.handles.len() <= handle.0 {
            self.handles.resize(handle.0 + 1, usize::MAX);
        }
        self.handles[handle.0] = index;
        let url = (self.args.transport == Transport::WebTransport)
            .then(|| format!("https://localhost:{}/{}", self.args.address.port(), self.args.path));
        self.links.push(Link::new(connection, handle, socket, (format!("/{}", self.args.path), url)));
        self.dirty.push(index);
        Ok(())
    }

    /// Run to the end; the report as one line of JSON.
    pub fn finish(mut self) -> Result<String, String> {
        let mut buffer = vec![0u8; 65_536];
        let mut ready = Vec::new();
        loop {
            self.grow()?;
            self.drive();
            if let Some(report) = self.phase()? {
                return Ok(report);
            }
            let now = Instant::now();
            let mut wait = Duration::from_millis(20);
            if let Some(Reverse((at, _))) = self.timers.peek() {
                wait = wait.min(at.saturating_duration_since(now));
            }
            if let Some(publisher) = &self.publisher {
                wait = wait.min(publisher.due().saturating_duration_since(now));
            }
            self.poll.wait(wait, &mut ready);
            let now = Instant::now();
            for index in &ready {
                self.receive(*index, now, &mut buffer);
            }
            self.expire(now);
            if let Some(publisher) = &mut self.publisher
                && publisher.publish(&mut self.links[PUBLISHER], &self.content)
            {
                mark(&mut self.links[PUBLISHER], PUBLISHER, &mut self.dirty);
            }
        }
    }

    /// Begin further viewers while not too many are in their handshake.
    fn grow(&mut self) -> Result<(), String> {
        if self.publisher.as_ref().is_some_and(|publisher| !publisher.announced) {
            return Ok(());
        }
        let waiting = |viewer: &&Viewer| !viewer.ready && !viewer.lost;
        while self.viewers.len() < self.args.viewers
            && self.viewers.iter().rev().take(self.args.ramp).filter(waiting).count() < self.args.ramp
        {
            self.connect()?;
            self.viewers.push(Viewer::new(Instant::now(), self.args.raw, self.args.idle));
        }
        Ok(())
    }

    fn receive(&mut self, index: usize, now: Instant, buffer: &mut [u8]) {
        let Some((length, segment)) = self.links[index].socket.receive(buffer) else { return };
        for datagram in buffer[..length].chunks(segment) {
            self.packets.clear();
            let bytes = BytesMut::from(datagram);
            match self.endpoint.handle(now, self.args.address, None, None, bytes, &mut self.packets) {
                Some(DatagramEvent::ConnectionEvent(ConnectionHandle(handle), event)) => {
                    let at = self.handles[handle];
                    let link = &mut self.links[at];
                    link.connection.handle_event(event);
                    mark(link, at, &mut self.dirty);
                }
                Some(DatagramEvent::Response(transmit)) => {
                    self.links[index].socket.send(&self.packets[..transmit.size], None);
                }
                _ => {}
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        while let Some(Reverse((at, index))) = self.timers.peek().copied() {
            if at > now {
                return;
            }
            self.timers.pop();
            let link = &mut self.links[index];
            if link.timer != Some(at) {
                continue;
            }
            link.timer = None;
            link.connection.handle_timeout(now);
            mark(link, index, &mut self.dirty);
        }
    }

    fn drive(&mut self) {
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        for index in std::mem::take(&mut self.dirty) {
            let link = &mut self.links[index];
            link.dirty = false;
            let mut context =
                Context { content: &self.content, tally: &mut self.tally, frame: self.args.frame, now_ns };
            match (&mut self.publisher, index) {
                (Some(publisher), PUBLISHER) => {
                    link.drive(&mut |link, happening| publisher.happened(link, happening));
                }
                _ => {
                    let viewer = &mut self.viewers[index - self.first];
                    link.drive(&mut |link, happening| viewer.happened(link, happening, &mut context));
                }
            }
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

    /// Move on when the phase is over; the report when the run is.
    fn phase(&mut self) -> Result<Option<String>, String> {
        if let Some(wrong) = self.tally.wrong.take() {
            return Err(wrong);
        }
        if let Some(lost) = self.publisher.as_mut().and_then(|publisher| publisher.lost.take()) {
            return Err(format!("the publisher: {lost}"));
        }
        let now = Instant::now();
        for (at, viewer) in self.viewers.iter_mut().enumerate() {
            let index = at + self.first;
            if viewer.tick(&mut self.links[index], now) {
                mark(&mut self.links[index], index, &mut self.dirty);
            }
        }
        let Some(settled_at) = self.settled_at else {
            let there = |viewer: &Viewer| if self.args.idle { viewer.ready } else { viewer.live };
            let live = self.viewers.iter().filter(|viewer| there(viewer)).count();
            if live == self.args.viewers {
                self.settled_at = Some(now + self.args.settle);
            } else if now - self.begun > self.args.patience {
                return Err(format!("only {live} of {} viewers came up", self.args.viewers));
            }
            return Ok(None);
        };
        match &self.window {
            None if now >= settled_at => self.measure(now),
            Some(window) if now - window.since >= self.args.window => return Ok(Some(self.report(now))),
            _ => {}
        }
        Ok(None)
    }

    fn measure(&mut self, now: Instant) {
        self.tally.latency = crate::histogram::Histogram::new();
        if let Some(publisher) = &mut self.publisher {
            publisher.lateness = crate::histogram::Histogram::new();
        }
        self.window = Some(Window {
            since: now,
            reading: Reading::now(self.args.server_pid),
            frames: self.tally.frames,
            groups: self.tally.groups,
        });
    }

    fn report(&mut self, now: Instant) -> String {
        let Some(window) = &self.window else { return String::new() };
        let (then, end) = (window.reading, Reading::now(self.args.server_pid));
        let seconds = (now - window.since).as_secs_f64();
        let frames = self.tally.frames - window.frames;
        let per_frame = |ns: u64| if frames == 0 { 0.0 } else { ns as f64 / 1000.0 / frames as f64 };
        let offered = seconds * self.args.fps * self.args.viewers as f64;
        let all = (end.all_ticks - then.all_ticks).max(1) as f64;
        let late = self.publisher.as_ref().map_or(0.0, |publisher| publisher.lateness.quantile_ms(0.99));
        let latency = &self.tally.latency;
        let fields = [
            ("viewers", self.args.viewers as f64),
            ("seconds", seconds),
            ("frames", frames as f64),
            ("groups", (self.tally.groups - window.groups) as f64),
            ("resets", self.tally.resets as f64),
            ("delivered_share", if offered == 0.0 || self.args.idle { 1.0 } else { frames as f64 / offered }),
            ("server_us_per_frame", per_frame(end.server_ns - then.server_ns)),
            ("server_cpu_share", (end.server_ns - then.server_ns) as f64 / 1e9 / seconds),
            ("server_user_ticks", (end.server_user_ticks - then.server_user_ticks) as f64),
            ("server_system_ticks", (end.server_system_ticks - then.server_system_ticks) as f64),
            ("server_rss_kb_before", self.empty.server_rss_kb as f64),
            ("server_rss_kb", end.server_rss_kb as f64),
            ("load_cpu_share", (end.own_ns - then.own_ns) as f64 / 1e9 / seconds),
            ("p50_ms", latency.quantile_ms(0.5)),
            ("p90_ms", latency.quantile_ms(0.9)),
            ("p99_ms", latency.quantile_ms(0.99)),
            ("p999_ms", latency.quantile_ms(0.999)),
            ("max_ms", latency.max_ms()),
            ("samples", latency.total() as f64),
            ("join_p50_ms", self.tally.joins.quantile_ms(0.5)),
            ("join_p99_ms", self.tally.joins.quantile_ms(0.99)),
            ("publisher_late_p99_ms", late),
            ("receive_errors", (end.receive_errors - then.receive_errors) as f64),
            ("steal_share", (end.steal_ticks - then.steal_ticks) as f64 / all),
            ("machine_busy_share", (end.busy_ticks - then.busy_ticks) as f64 / all),
        ];
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
        self.leave(now);
        format!("{{{}}}", body.join(","))
    }

    /// Close every connection, so that the relay need not wait for their time-outs.
    fn leave(&mut self, now: Instant) {
        for index in 0..self.links.len() {
            self.links[index].connection.close(now, VarInt::from_u32(0), bytes::Bytes::new());
            self.transmit(index);
        }
    }
}

fn mark(link: &mut Link, index: usize, dirty: &mut Vec<usize>) {
    if !link.dirty {
        link.dirty = true;
        dirty.push(index);
    }
}
