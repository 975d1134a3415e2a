//! HTTP/3 as far as one WebTransport session needs it: SETTINGS, one CONNECT, stream headers, capsules.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use quinn_proto::{Dir, StreamId, VarInt, WriteError};
use rustc_hash::FxHashMap;
use web_transport_proto::{
    Capsule, CapsuleError, ConnectError, ConnectRequest, ConnectResponse, Frame, Settings, SettingsError, http,
};

use super::{Connection, varint};
use crate::limits::HTTP_BUFFER_MAX;

/// Type of a stream of the session: before the session's id, on bidirectional and unidirectional streams.
const WT_BIDI: u64 = 0x41;
const WT_UNI: u64 = 0x54;

const UNI_CONTROL: u64 = 0x00;
const UNI_QPACK_ENCODER: u64 = 0x02;
const UNI_QPACK_DECODER: u64 = 0x03;

/// Longest type and session id of a stream.
const STREAM_HEADER_MAX: usize = 16;

/// What a stream of HTTP/3's own is, with what was read of it and not yet understood.
pub(super) enum Inbound {
    Unknown(Vec<u8>),
    Control(Vec<u8>),
    Request(Vec<u8>),
    Response(Vec<u8>),
    Session(Capsules),
    /// Read and thrown away: QPACK without a dynamic table, and a control stream after its SETTINGS.
    Ignored,
}

pub(super) struct Http {
    pub streams: FxHashMap<StreamId, Inbound>,
    /// To read from in this turn.
    pub readable: Vec<StreamId>,
    /// To write: where, what, and whether that is the stream's end.
    out: VecDeque<(StreamId, Bytes, bool)>,
    /// Our SETTINGS are on their way.
    pub greeted: bool,
    /// The peer's SETTINGS are here.
    pub settled: bool,
    /// The session's CONNECT stream.
    pub session: Option<StreamId>,
    /// The server's: what the client asked for.
    pub request: Option<ConnectRequest>,
    /// Streams of the session that came before the session was let in.
    pub held: Vec<StreamId>,
    prefixes: [Bytes; 2],
    datagram_prefix: Bytes,
}

/// What the first bytes of a stream say.
pub(super) enum Kind {
    /// So many bytes are missing.
    Needs(usize),
    /// A stream of the session with this id.
    Session(u64),
    Control,
    Request,
    Ignored,
    /// Of no kind that we know.
    Foreign,
}

impl Http {
    pub fn new() -> Self {
        Self {
            streams: FxHashMap::default(),
            readable: Vec::new(),
            out: VecDeque::new(),
            greeted: false,
            settled: false,
            session: None,
            request: None,
            held: Vec::new(),
            prefixes: [Bytes::new(), Bytes::new()],
            datagram_prefix: Bytes::new(),
        }
    }

    pub fn datagram_prefix(&self) -> &Bytes {
        &self.datagram_prefix
    }

    pub fn prefix(&self, dir: Dir) -> &Bytes {
        &self.prefixes[dir as usize]
    }

    pub fn queue(&mut self, id: StreamId, bytes: Bytes, fin: bool) {
        self.out.push_back((id, bytes, fin));
    }

    /// From now on this is the session.
    pub fn set_session(&mut self, id: StreamId) {
        self.session = Some(id);
        let number = VarInt::from(id).into_inner();
        let header = |kind: u64| {
            let mut bytes = Vec::new();
            varint::write(kind, &mut bytes);
            varint::write(number, &mut bytes);
            Bytes::from(bytes)
        };
        self.prefixes[Dir::Bi as usize] = header(WT_BIDI);
        self.prefixes[Dir::Uni as usize] = header(WT_UNI);
        // a datagram names the session by its request's number among the client's requests
        let mut quarter = Vec::new();
        varint::write(number / 4, &mut quarter);
        self.datagram_prefix = quarter.into();
    }

    /// The payload of a datagram of the session.
    pub fn unwrap_datagram<'a>(&self, datagram: &'a [u8]) -> Option<&'a [u8]> {
        if self.datagram_prefix.is_empty() {
            return None;
        }
        let (quarter, length) = varint::read(datagram)?;
        let (own, _) = varint::read(&self.datagram_prefix)?;
        (quarter == own).then(|| &datagram[length..])
    }

    pub fn greeting() -> Bytes {
        let mut settings = Settings::default();
        settings.enable_webtransport(1);
        let mut bytes = BytesMut::new();
        settings.encode(&mut bytes);
        bytes.freeze()
    }
}

/// Classify a stream by its first bytes.
pub(super) fn classify(dir: Dir, first: &[u8]) -> Kind {
    let Some((kind, length)) = varint::read(first) else { return needs(first, 0) };
    match (dir, kind) {
        (Dir::Bi, WT_BIDI) | (Dir::Uni, WT_UNI) => match varint::read(&first[length..]) {
            Some((session, _)) => Kind::Session(session),
            None => needs(first, length),
        },
        (Dir::Bi, _) => Kind::Request,
        (Dir::Uni, UNI_CONTROL) => Kind::Control,
        (Dir::Uni, UNI_QPACK_ENCODER | UNI_QPACK_DECODER) => Kind::Ignored,
        (Dir::Uni, _) => Kind::Foreign,
    }
}

/// How many bytes the integer at `at` lacks.
fn needs(first: &[u8], at: usize) -> Kind {
    match first.get(at) {
        None => Kind::Needs(1),
        Some(byte) => Kind::Needs(at + varint::length(*byte) - first.len()),
    }
}

/// What a CONNECT stream is answered when it is no WebTransport request.
pub(super) fn refusal(error: &ConnectError) -> http::StatusCode {
    match error {
        ConnectError::WrongMethod(Some(_)) => http::StatusCode::NOT_FOUND,
        ConnectError::WrongProtocol(_) => http::StatusCode::NOT_IMPLEMENTED,
        ConnectError::FieldSectionTooLarge | ConnectError::FrameTooLarge => {
            http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        }
        _ => http::StatusCode::BAD_REQUEST,
    }
}

/// HEADERS with a status, and the chosen protocol unless that is empty or cannot be written in a header.
pub(super) fn response(status: u16, protocol: &str) -> Bytes {
    let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
    let plain = ConnectResponse::new(status);
    let mut bytes = BytesMut::new();
    let named = if protocol.is_empty() { plain.clone() } else { plain.clone().with_protocol(protocol) };
    if named.encode(&mut bytes).is_err() {
        // nothing was written; a status alone always fits
        let _ = plain.encode(&mut bytes);
    }
    bytes.freeze()
}

/// The DATA frame with the capsule that closes a session.
pub(super) fn closing(code: u32, reason: &str) -> Bytes {
    let mut capsule = Vec::new();
    Capsule::CloseWebTransportSession { code, reason: reason.to_owned() }.encode(&mut capsule);
    let mut frame = Vec::new();
    Frame::DATA.encode(&mut frame);
    varint::write(capsule.len() as u64, &mut frame);
    frame.extend_from_slice(&capsule);
    frame.into()
}

/// Whether the peer's SETTINGS are whole and offer WebTransport. `Err` when they never will be.
pub(super) fn settings(buffer: &[u8]) -> Result<Option<bool>, ()> {
    match Settings::decode(&mut &buffer[..]) {
        Ok(settings) => Ok(Some(settings.supports_webtransport() > 0)),
        Err(SettingsError::UnexpectedEnd) if buffer.len() < HTTP_BUFFER_MAX => Ok(None),
        Err(_) => Err(()),
    }
}

/// The capsules of a session's CONNECT stream, taken out of its DATA frames.
#[derive(Default)]
pub(super) struct Capsules {
    frames: Vec<u8>,
    capsules: Vec<u8>,
    /// Bytes left of the frame under way, and whether they are capsules.
    left: u64,
    data: bool,
}

impl Capsules {
    /// Take bytes of the stream; the code and reason when they close the session. `Err` when they cannot be understood.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<(u32, String)>, ()> {
        self.frames.extend_from_slice(bytes);
        // what was read goes at the end and at once: a peer may send thousands of frames without content
        let mut rest = &self.frames[..];
        loop {
            let usable = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let (part, after) = rest.split_at(usable);
            if self.data {
                self.capsules.extend_from_slice(part);
            }
            rest = after;
            self.left -= usable as u64;
            if self.left > 0 || rest.is_empty() {
                break;
            }
            let Some((kind, first)) = varint::read(rest) else { break };
            let Some((length, second)) = varint::read(&rest[first..]) else { break };
            rest = &rest[first + second..];
            self.left = length;
            self.data = kind == u64::from(Frame::DATA.0);
        }
        let used = self.frames.len() - rest.len();
        self.frames.drain(..used);
        self.closed()
    }

    fn closed(&mut self) -> Result<Option<(u32, String)>, ()> {
        let mut rest = &self.capsules[..];
        while !rest.is_empty() {
            let mut after = rest;
            match Capsule::decode(&mut after) {
                Ok(Capsule::CloseWebTransportSession { code, reason }) => return Ok(Some((code, reason))),
                Ok(_) => rest = after,
                Err(CapsuleError::UnexpectedEnd | CapsuleError::VarInt(_)) if rest.len() < HTTP_BUFFER_MAX => break,
                Err(_) => return Err(()),
            }
        }
        let used = self.capsules.len() - rest.len();
        self.capsules.drain(..used);
        Ok(None)
    }
}

impl Connection {
    pub(super) fn http_readable(&mut self, id: StreamId) {
        if let Some(http) = &mut self.http {
            http.readable.push(id);
        }
    }

    /// A stream of the peer's whose kind is not known yet.
    pub(super) fn http_arrival(&mut self, id: StreamId) {
        self.owners.insert(id, super::Owner::Http);
        if let Some(http) = &mut self.http {
            http.streams.insert(id, Inbound::Unknown(Vec::with_capacity(STREAM_HEADER_MAX)));
            http.readable.push(id);
        }
    }

    pub(super) fn stream_prefix(&self, dir: Dir) -> Bytes {
        self.http.as_ref().map(|http| http.prefix(dir).clone()).unwrap_or_default()
    }

    pub(super) fn write_http(&mut self) {
        let Some(http) = &mut self.http else { return };
        while let Some((id, bytes, fin)) = http.out.front_mut() {
            let mut stream = self.quic.send_stream(*id);
            while !bytes.is_empty() {
                match stream.write_chunks(std::slice::from_mut(bytes)) {
                    Ok(_) => {}
                    Err(WriteError::Blocked) => return,
                    // the peer wants none of it
                    Err(_) => bytes.clear(),
                }
            }
            if *fin {
                let _ = stream.finish();
            }
            http.out.pop_front();
        }
    }

    /// Our control stream with SETTINGS, as soon as the peer lets us open one.
    pub(super) fn greet(&mut self) {
        let Some(http) = &mut self.http else { return };
        if http.greeted {
            return;
        }
        let Some(id) = self.quic.streams().open(Dir::Uni) else { return };
        let _ = self.quic.send_stream(id).set_priority(i32::MAX);
        http.greeted = true;
        http.queue(id, Http::greeting(), false);
    }
}

#[cfg(test)]
#[path = "http_test.rs"]
mod tests;
