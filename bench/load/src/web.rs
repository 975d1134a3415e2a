//! Viewers over wss: qmux-01 records in WebSocket messages in TLS over TCP.
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use bytes::Bytes;
use quinn_proto::{Dir, StreamId, VarInt};
use rustls::pki_types::ServerName;

use crate::link::{Happening, Streams};
use crate::varint;

/// Frame types of qmux.
const STREAM: u64 = 0x08;
const PING_REQUEST: u64 = 0x348c_6752_9ef8_c7bd;
const PING_RESPONSE: u64 = PING_REQUEST + 1;
const PARAMETERS: u64 = 0x3f51_5330_0d0a_0d0a;
/// Credit that no cell uses up, in bytes and in streams.
const PLENTY: u64 = 1 << 40;

/// One viewer's connection.
pub struct WebLink {
    pub socket: TcpStream,
    tls: rustls::ClientConnection,
    open: bool,
    /// Plain text that is not a whole WebSocket frame yet, and the parts of a message so far.
    inbox: Vec<u8>,
    message: Vec<u8>,
    next: [u64; 2],
    sent: HashMap<StreamId, u64>,
}

impl WebLink {
    /// Connect and ask for the upgrade.
    pub fn new(address: SocketAddr, path: &str) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let socket = TcpStream::connect(address).map_err(text)?;
        socket.set_nonblocking(true).map_err(text)?;
        socket.set_nodelay(true).map_err(text)?;
        let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
        let config = Arc::new(crate::tls::tls("http/1.1")?);
        let tls = rustls::ClientConnection::new(config, name).map_err(|error| error.to_string())?;
        let mut link = WebLink {
            socket,
            tls,
            open: false,
            inbox: Vec::new(),
            message: Vec::new(),
            next: [0, 2],
            sent: HashMap::new(),
        };
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZC1jbGllbnQtLS0tLQ==\r\n\
             Sec-WebSocket-Protocol: qmux-01.moq-lite-05\r\n\r\n",
            address.port()
        );
        link.plain(request.as_bytes());
        Ok(link)
    }

    fn plain(&mut self, bytes: &[u8]) {
        // A full buffer of TLS grows; what the socket does not take now goes with the next event.
        let _ = self.tls.writer().write_all(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut self.socket).is_err() {
                return; // full, or closed: reading says which
            }
        }
    }

    /// A message, masked with zeros, which is as good as any mask for a peer that we started.
    fn send(&mut self, opcode: u8, body: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match body.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(long as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(body);
        self.plain(&frame);
    }

    /// Take in what came.
    pub fn receive(&mut self, on: &mut dyn FnMut(&mut WebLink, Happening)) {
        loop {
            match self.tls.read_tls(&mut self.socket) {
                Ok(0) => return on(self, Happening::Lost("the connection was closed".into())),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return on(self, Happening::Lost(error.to_string())),
            }
            if let Err(error) = self.tls.process_new_packets() {
                return on(self, Happening::Lost(error.to_string()));
            }
            let mut chunk = [0; 16_384];
            while let Ok(length @ 1..) = self.tls.reader().read(&mut chunk) {
                self.inbox.extend_from_slice(&chunk[..length]);
            }
        }
        self.flush();
        if let Err(why) = self.read(on) {
            on(self, Happening::Lost(why));
        }
    }

    fn read(&mut self, on: &mut dyn FnMut(&mut WebLink, Happening)) -> Result<(), String> {
        if !self.open {
            let Some(end) = self.inbox.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(()) };
            let head: Vec<u8> = self.inbox.drain(..end + 4).collect();
            if !head.starts_with(b"HTTP/1.1 101") {
                return Err(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().into());
            }
            self.open = true;
            self.send(2, &parameters());
            on(self, Happening::Ready);
        }
        let inbox = std::mem::take(&mut self.inbox);
        let mut rest = inbox.as_slice();
        while let Some((opcode, last, body)) = frame(&mut rest) {
            match opcode {
                0 | 2 if last && self.message.is_empty() => self.record(body, on)?,
                0 | 2 => {
                    self.message.extend_from_slice(body);
                    if last {
                        let message = std::mem::take(&mut self.message);
                        self.record(&message, on)?;
                    }
                }
                8 => return Err("the peer closed".into()),
                9 => self.send(10, body),
                _ => {}
            }
        }
        self.inbox = rest.to_vec();
        Ok(())
    }

    fn record(&mut self, mut bytes: &[u8], on: &mut dyn FnMut(&mut WebLink, Happening)) -> Result<(), String> {
        let bytes = &mut bytes;
        while !bytes.is_empty() {
            let kind = integer(bytes)?;
            match kind {
                0x00 => {}
                0x04 => {
                    let (id, code, _) = (stream(bytes)?, integer(bytes)?, integer(bytes)?);
                    on(self, Happening::End { id, reset: Some(code) });
                }
                STREAM..0x10 => {
                    let id = stream(bytes)?;
                    if kind & 4 != 0 {
                        integer(bytes)?;
                    }
                    let length = if kind & 2 != 0 { integer(bytes)? as usize } else { bytes.len() };
                    let (data, after) = bytes.split_at_checked(length).ok_or("a record that is too short")?;
                    *bytes = after;
                    if !data.is_empty() {
                        on(self, Happening::Data { id, bytes: data });
                    }
                    if kind & 1 != 0 {
                        on(self, Happening::End { id, reset: None });
                    }
                }
                0x10 | 0x12..=0x14 | 0x16 | 0x17 | PING_RESPONSE => skip(bytes, 1)?,
                0x05 | 0x11 | 0x15 => skip(bytes, 2)?,
                0x1c | 0x1d => return Err(format!("the peer closed with {}", integer(bytes)?)),
                PING_REQUEST => {
                    let mut answer = Vec::new();
                    varint::put(&mut answer, PING_RESPONSE);
                    varint::put(&mut answer, integer(bytes)?);
                    self.send(2, &answer);
                }
                PARAMETERS | 0x31 => {
                    let length = integer(bytes)? as usize;
                    *bytes = bytes.get(length..).ok_or("a frame that is too short")?;
                }
                0x30 => return Ok(()),
                _ => return Err(format!("a frame of type {kind:#x}")),
            }
        }
        Ok(())
    }

    fn stream(&mut self, id: StreamId, bytes: &[u8], fin: bool) {
        let offset = self.sent.entry(id).or_default();
        let mut frame = vec![(STREAM | 6 | u64::from(fin)) as u8];
        varint::put(&mut frame, VarInt::from(id).into_inner());
        varint::put(&mut frame, *offset);
        varint::put(&mut frame, bytes.len() as u64);
        *offset += bytes.len() as u64;
        frame.extend_from_slice(bytes);
        self.send(2, &frame);
    }
}

impl Streams for WebLink {
    fn open(&mut self, dir: Dir, bytes: Vec<u8>) -> Option<StreamId> {
        let next = &mut self.next[usize::from(dir == Dir::Uni)];
        let id = StreamId::from(VarInt::from_u64(*next).ok()?);
        *next += 4;
        self.stream(id, &bytes, false);
        Some(id)
    }

    fn write(&mut self, id: StreamId, bytes: Bytes) {
        self.stream(id, &bytes, false);
    }

    fn finish(&mut self, id: StreamId) {
        self.stream(id, &[], true);
    }

    fn waiting(&self) -> usize {
        0
    }

    fn path(&self) -> Option<String> {
        None
    }
}

/// Our transport parameters: plenty of everything.
fn parameters() -> Vec<u8> {
    let mut body = Vec::new();
    for id in [0x04, 0x05, 0x06, 0x07, 0x08, 0x09] {
        varint::put(&mut body, id);
        varint::put(&mut body, 8);
        varint::put(&mut body, PLENTY);
    }
    let mut out = Vec::new();
    varint::put(&mut out, PARAMETERS);
    varint::sized(&mut out, &body);
    out
}

/// One WebSocket frame from a server: opcode, whether its message ends with it, and its body.
fn frame<'a>(bytes: &mut &'a [u8]) -> Option<(u8, bool, &'a [u8])> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, head): (usize, usize) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (usize::from(short), 2),
    };
    let body = bytes.get(head..head.checked_add(length)?)?;
    *bytes = &bytes[head + length..];
    Some((first & 0x0f, first & 0x80 != 0, body))
}

fn integer(bytes: &mut &[u8]) -> Result<u64, String> {
    varint::take(bytes).ok_or_else(|| "a frame that is too short".into())
}

fn stream(bytes: &mut &[u8]) -> Result<StreamId, String> {
    VarInt::from_u64(integer(bytes)?).map(StreamId::from).map_err(|error| error.to_string())
}

fn skip(bytes: &mut &[u8], count: usize) -> Result<(), String> {
    for _ in 0..count {
        integer(bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_lengths_are_found() {
        for length in [0usize, 125, 126, 65_535, 65_536] {
            let mut bytes = vec![0x82];
            match length {
                0..126 => bytes.push(length as u8),
                126..=65_535 => {
                    bytes.push(126);
                    bytes.extend_from_slice(&(length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend_from_slice(&(length as u64).to_be_bytes());
                }
            }
            bytes.resize(bytes.len() + length, 7);
            assert!(frame(&mut bytes[..bytes.len() - 1].as_ref()).is_none(), "{length}");
            bytes.push(1);
            let mut rest = bytes.as_slice();
            assert_eq!(
                frame(&mut rest).map(|(opcode, last, body)| (opcode, last, body.len())),
                Some((2, true, length))
            );
            assert_eq!(rest, [1]);
        }
    }
}
