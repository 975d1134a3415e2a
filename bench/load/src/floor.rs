//! The floor: the same bytes to the same number of sockets at the same times, one GSO send per frame and viewer, one small
//! datagram back for each frame as an acknowledgement would be; no QUIC, no encryption, nobody who decides anything.
use std::collections::HashSet;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::content::{FrameId, HEAD};
use crate::crowd::Crowd;
use crate::media::{Schedule, wall_ns};
use crate::plan::STEADY;
use crate::record::Record;
use crate::socket::{Poll, Socket, ask_for_buffer, send_to};

/// Bytes of one datagram, like those of the QUIC cells.
const SEGMENT: usize = 1200;
/// What a viewer sends back: an acknowledgement in QUIC is about as long.
const ACKNOWLEDGEMENT: [u8; 32] = [0; 32];
/// Until a viewer that hears nothing says again that it is there.
const HELLO: Duration = Duration::from_millis(200);

/// Serve until killed.
pub fn serve(args: &Args) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let socket = UdpSocket::bind(args.addresses[0]).map_err(text)?;
    socket.set_nonblocking(true).map_err(text)?;
    ask_for_buffer(&socket);
    let poll = Poll::new().map_err(text)?;
    poll.add_fd(&socket, 0).map_err(text)?;
    let content = crate::content::Content::new(args.media.largest());
    let schedule = Schedule::new(args.media.fps, Duration::ZERO);
    let mut viewers: Vec<SocketAddr> = Vec::new();
    let mut known = HashSet::new();
    let mut ready = Vec::new();
    let mut buffer = [0; 64];
    for number in 0.. {
        loop {
            let wait = schedule.due(number).saturating_duration_since(Instant::now());
            if wait.is_zero() {
                break;
            }
            poll.wait(wait, &mut ready);
            while let Ok((_, from)) = socket.recv_from(&mut buffer) {
                if known.insert(from) {
                    viewers.push(from);
                }
            }
        }
        let (group, place) = (number / u64::from(args.media.group), number % u64::from(args.media.group));
        let id = FrameId { salt: 0, group: group as u32 + 1, place: place as u32 };
        let frame = content.frame(id, schedule.due_ns(number), args.media.size(id.place));
        for viewer in &viewers {
            send_to(&socket, *viewer, (&frame, SEGMENT));
        }
    }
    Ok(())
}

struct Viewer {
    socket: Socket,
    head: [u8; HEAD],
    /// Bytes of the current frame that came.
    at: usize,
    heard: bool,
}

/// Watch, and report like a run of the load client.
pub fn view(args: &Args) -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut record = Record::new(args);
    let mut crowd = Crowd::new(args.media.largest(), 2)?;
    let poll = Poll::new().map_err(text)?;
    let mut viewers = Vec::new();
    for index in 0..args.viewers {
        let socket = Socket::open(args.addresses[0]).map_err(text)?;
        poll.add(&socket, index).map_err(text)?;
        viewers.push(Viewer { socket, head: [0; HEAD], at: 0, heard: false });
    }
    let begun = Instant::now();
    let (mut hello_at, mut settled_at, mut opened_at) = (begun, None, None);
    let mut ready = Vec::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let now = Instant::now();
        if now >= hello_at {
            hello_at = now + HELLO;
            for viewer in viewers.iter().filter(|viewer| !viewer.heard) {
                viewer.socket.send(&ACKNOWLEDGEMENT, None);
            }
        }
        poll.wait(Duration::from_millis(20), &mut ready);
        for index in &ready {
            viewers[*index].receive(args, &mut crowd, &mut buffer)?;
        }
        record.sample(&mut crowd);
        let now = Instant::now();
        if settled_at.is_none() && viewers.iter().all(|viewer| viewer.heard) {
            settled_at = Some(now + args.settle);
        }
        if settled_at.is_none() && begun.elapsed() > args.patience {
            return Err("not all viewers heard something".into());
        }
        match opened_at {
            None if settled_at.is_some_and(|at| now >= at) => {
                record.open("", &mut crowd);
                crowd.tallies[STEADY].frames = 0;
                opened_at = Some(now);
            }
            Some(since) if now - since >= args.window => {
                let frames = crowd.tallies[STEADY].frames as f64;
                record.close(&mut crowd, Some(0.0));
                let offered = args.media.fps * args.viewers as f64 * (now - since).as_secs_f64();
                record.note("delivered_share", frames / offered);
                record.weigh("rss_active_kb");
                return Ok(record.line());
            }
            _ => {}
        }
    }
}

impl Viewer {
    fn receive(&mut self, args: &Args, crowd: &mut Crowd, buffer: &mut [u8]) -> Result<(), String> {
        let Some((length, _)) = self.socket.receive(buffer) else { return Ok(()) };
        self.heard = true;
        let mut bytes = &buffer[..length];
        while !bytes.is_empty() {
            if self.at == 0 {
                let head = bytes.get(..HEAD).ok_or("a datagram without a head")?;
                self.head.copy_from_slice(head);
            }
            let place = u32::from_le_bytes([self.head[12], self.head[13], self.head[14], self.head[15]]);
            let size = args.media.size(place);
            let (mine, rest) = bytes.split_at(bytes.len().min(size - self.at));
            self.at += mine.len();
            bytes = rest;
            if self.at == size {
                self.at = 0;
                let scheduled = u64::from_le_bytes(self.head[..8].try_into().unwrap_or_default());
                crowd.tallies[STEADY].frame(size, wall_ns().saturating_sub(scheduled) / 1000);
                self.socket.send(&ACKNOWLEDGEMENT, None);
            }
        }
        Ok(())
    }
}
