//! Commands from JavaScript: the records of a batch. `packages/engine/src/command-buffer.ts` writes them.
//!
//! A record is a kind, three unused bytes, the length of its body, and the body.

use bytes::Bytes;

use crate::record::{Malformed, Reader};
use crate::tape::TapeId;
use crate::transport::TransportOptions;

/// Bytes before each body.
pub const HEADER_BYTES: usize = 8;

/// Walks over the records of a batch.
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    pub fn new(batch: &'a [u8]) -> Self {
        Self { rest: batch }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(u8, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let mut reader = Reader::new(self.rest);
        let record = (|| {
            let kind = reader.u8()?;
            reader.take(3)?;
            Ok((kind, reader.bytes()?))
        })();
        self.rest = match &record {
            Ok((_, body)) => &self.rest[HEADER_BYTES + body.len()..],
            Err(Malformed) => &[],
        };
        Some(record)
    }
}

/// A byte string in a record: written there, or one of the batch's payloads.
fn payload(reader: &mut Reader, payloads: &[Bytes]) -> Result<Bytes, Malformed> {
    if reader.bool()? {
        payloads.get(reader.u32()? as usize).cloned().ok_or(Malformed)
    } else {
        Ok(Bytes::copy_from_slice(reader.bytes()?))
    }
}

/// A certificate chain and its key, PEM.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    pub chain: String,
    pub key: String,
}

fn pair(reader: &mut Reader) -> Result<Pair, Malformed> {
    Ok(Pair { chain: reader.text()?.to_owned(), key: reader.text()?.to_owned() })
}

fn pairs(reader: &mut Reader) -> Result<Vec<Pair>, Malformed> {
    let count = reader.u32()?;
    (0..count).map(|_| pair(reader)).collect()
}

#[derive(Debug, PartialEq)]
pub struct Listen {
    pub request: u32,
    pub endpoint: u32,
    pub host: String,
    pub port: u16,
    pub certificates: Vec<Pair>,
    pub protocols: Vec<String>,
    pub webtransport: bool,
    pub client_roots: Option<String>,
    pub client_required: bool,
    pub handshakes_pending: u32,
    pub retry_above: u32,
    pub handshake_timeout_ms: f64,
    pub udp_buffer: u32,
    /// What stateless resets are made with; random without one.
    pub reset_secret: Option<Vec<u8>>,
    pub transport: TransportOptions,
}

/// How the server's certificate is judged.
#[derive(Debug, PartialEq)]
pub struct Verify {
    pub disabled: bool,
    pub system: bool,
    pub roots: Option<String>,
    /// SHA-256, lower-case hex.
    pub fingerprints: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub struct WebTransportRequest {
    pub url: String,
    pub protocols: Vec<String>,
    pub authorization: Option<String>,
}

#[derive(Debug, PartialEq)]
pub struct Connect {
    pub request: u32,
    pub thread: u8,
    pub host: String,
    pub port: u16,
    pub server_name: String,
    pub protocols: Vec<String>,
    pub webtransport: Option<WebTransportRequest>,
    pub verify: Verify,
    pub certificate: Option<Pair>,
    pub transport: TransportOptions,
}

/// Commands that belong to no thread; done at once on JavaScript's thread.
#[derive(Debug, PartialEq)]
pub enum Shared {
    TapeOpen(TapeId),
    TapeAppend(TapeId, Bytes),
    TapeFinish(TapeId),
    TapeAbort(TapeId, u32),
    TapeEvict(TapeId),
    TapeForget(TapeId),
    Listen(Box<Listen>),
    Certificates { request: u32, endpoint: u32, certificates: Vec<Pair> },
    EndpointClose(u32),
    Connect(Box<Connect>),
    ConnectCancel { request: u32, thread: u8 },
}

impl Shared {
    pub fn decode(kind: u8, body: &[u8], payloads: &[Bytes]) -> Result<Self, Malformed> {
        let reader = &mut Reader::new(body);
        let command = match kind {
            1 => Self::TapeOpen(reader.whole()?),
            2 => Self::TapeAppend(reader.whole()?, payload(reader, payloads)?),
            3 => Self::TapeFinish(reader.whole()?),
            4 => Self::TapeAbort(reader.whole()?, reader.u32()?),
            5 => Self::TapeEvict(reader.whole()?),
            6 => Self::Listen(Box::new(listen(reader)?)),
            7 => Self::Certificates { request: reader.u32()?, endpoint: reader.u32()?, certificates: pairs(reader)? },
            8 => Self::EndpointClose(reader.u32()?),
            9 => Self::Connect(Box::new(connect(reader)?)),
            11 => Self::TapeForget(reader.whole()?),
            10 => Self::ConnectCancel { request: reader.u32()?, thread: reader.u8()? },
            _ => return Err(Malformed),
        };
        if reader.is_empty() { Ok(command) } else { Err(Malformed) }
    }
}

fn listen(reader: &mut Reader) -> Result<Listen, Malformed> {
    Ok(Listen {
        request: reader.u32()?,
        endpoint: reader.u32()?,
        host: reader.text()?.to_owned(),
        port: reader.u16()?,
        certificates: pairs(reader)?,
        protocols: reader.texts()?,
        webtransport: reader.bool()?,
        client_roots: reader.text_option()?.map(str::to_owned),
        client_required: reader.bool()?,
        handshakes_pending: reader.u32()?,
        retry_above: reader.u32()?,
        handshake_timeout_ms: reader.f64()?,
        udp_buffer: reader.u32()?,
        reset_secret: reader.bytes_option()?.map(<[u8]>::to_vec),
        transport: TransportOptions::decode(reader)?,
    })
}

fn connect(reader: &mut Reader) -> Result<Connect, Malformed> {
    Ok(Connect {
        request: reader.u32()?,
        thread: reader.u8()?,
        host: reader.text()?.to_owned(),
        port: reader.u16()?,
        server_name: reader.text()?.to_owned(),
        protocols: reader.texts()?,
        webtransport: if reader.bool()? {
            Some(WebTransportRequest {
                url: reader.text()?.to_owned(),
                protocols: reader.texts()?,
                authorization: reader.text_option()?.map(str::to_owned),
            })
        } else {
            None
        },
        verify: Verify {
            disabled: reader.bool()?,
            system: reader.bool()?,
            roots: reader.text_option()?.map(str::to_owned),
            fingerprints: reader.texts()?,
        },
        certificate: if reader.bool()? { Some(pair(reader)?) } else { None },
        transport: TransportOptions::decode(reader)?,
    })
}

/// How the plays of a lane share a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    pub priority: u8,
    pub oldest_first: bool,
    /// Infinity for ever.
    pub latency_ms: f64,
    pub budget: f64,
}

/// One viewer of a PLAY.
#[derive(Debug, PartialEq)]
pub struct Target<'a> {
    pub connection: u32,
    pub lane: u32,
    pub tag: f64,
    pub header: &'a [u8],
}

/// Commands for the connections of one thread.
#[derive(Debug, PartialEq)]
pub enum Threaded<'a> {
    Accept {
        connection: u32,
        protocol: &'a str,
    },
    Reject {
        connection: u32,
        status: u16,
    },
    Close {
        connection: u32,
        code: u32,
        reason: &'a str,
    },
    Open {
        connection: u32,
        stream: u32,
        bidi: bool,
    },
    Write {
        connection: u32,
        stream: u32,
        bytes: Bytes,
    },
    StreamPlay {
        connection: u32,
        stream: u32,
        tape: TapeId,
    },
    Finish {
        connection: u32,
        stream: u32,
    },
    Reset {
        connection: u32,
        stream: u32,
        code: u32,
    },
    Prioritise {
        connection: u32,
        stream: u32,
        priority: i32,
    },
    Stop {
        connection: u32,
        stream: u32,
        code: u32,
    },
    Credit {
        connection: u32,
        stream: u32,
        bytes: u32,
    },
    LaneSet {
        connection: u32,
        lane: u32,
        policy: Policy,
    },
    LaneClose {
        connection: u32,
        lane: u32,
        code: Option<u32>,
    },
    Play {
        tape: TapeId,
        targets: Targets<'a>,
    },
    Datagram {
        connection: u32,
        bytes: Bytes,
    },
    Stats {
        connection: u32,
    },
    /// For tests: panic in the connection's next turn.
    Panic {
        connection: u32,
    },
}

impl Threaded<'_> {
    /// The connection it is for; 0, which is none's id, for a PLAY.
    pub fn connection(&self) -> u32 {
        match self {
            Self::Accept { connection, .. }
            | Self::Reject { connection, .. }
            | Self::Close { connection, .. }
            | Self::Open { connection, .. }
            | Self::Write { connection, .. }
            | Self::StreamPlay { connection, .. }
            | Self::Finish { connection, .. }
            | Self::Reset { connection, .. }
            | Self::Prioritise { connection, .. }
            | Self::Stop { connection, .. }
            | Self::Credit { connection, .. }
            | Self::LaneSet { connection, .. }
            | Self::LaneClose { connection, .. }
            | Self::Datagram { connection, .. }
            | Self::Stats { connection }
            | Self::Panic { connection } => *connection,
            Self::Play { .. } => 0,
        }
    }
}

impl<'a> Threaded<'a> {
    pub fn decode(kind: u8, body: &'a [u8], payloads: &[Bytes]) -> Result<Self, Malformed> {
        let reader = &mut Reader::new(body);
        if kind == 45 {
            return Ok(Self::Play {
                tape: reader.whole()?,
                targets: Targets { rest: body.get(8..).ok_or(Malformed)? },
            });
        }
        let connection = reader.u32()?;
        let command = match kind {
            32 => Self::Accept { connection, protocol: reader.text()? },
            33 => Self::Reject { connection, status: reader.u16()? },
            34 => Self::Close { connection, code: reader.u32()?, reason: reader.text()? },
            35 => Self::Open { connection, stream: reader.u32()?, bidi: reader.bool()? },
            36 => Self::Write { connection, stream: reader.u32()?, bytes: payload(reader, payloads)? },
            37 => Self::StreamPlay { connection, stream: reader.u32()?, tape: reader.whole()? },
            38 => Self::Finish { connection, stream: reader.u32()? },
            39 => Self::Reset { connection, stream: reader.u32()?, code: reader.u32()? },
            40 => Self::Prioritise { connection, stream: reader.u32()?, priority: reader.i32()? },
            41 => Self::Stop { connection, stream: reader.u32()?, code: reader.u32()? },
            42 => Self::Credit { connection, stream: reader.u32()?, bytes: reader.u32()? },
            43 => Self::LaneSet { connection, lane: reader.u32()?, policy: policy(reader)? },
            44 => Self::LaneClose { connection, lane: reader.u32()?, code: code_option(reader)? },
            46 => Self::Datagram { connection, bytes: payload(reader, payloads)? },
            47 => Self::Stats { connection },
            48 => Self::Panic { connection },
            _ => return Err(Malformed),
        };
        if reader.is_empty() { Ok(command) } else { Err(Malformed) }
    }
}

fn code_option(reader: &mut Reader) -> Result<Option<u32>, Malformed> {
    if reader.bool()? { reader.u32().map(Some) } else { Ok(None) }
}

fn policy(reader: &mut Reader) -> Result<Policy, Malformed> {
    let policy = Policy {
        priority: reader.u8()?,
        oldest_first: reader.bool()?,
        latency_ms: reader.f64()?,
        budget: reader.f64()?,
    };
    // written so that NaN is refused too
    if policy.latency_ms >= 0.0 && policy.budget >= 0.0 { Ok(policy) } else { Err(Malformed) }
}

/// The viewers of a PLAY, decoded one at a time.
#[derive(Debug, PartialEq)]
pub struct Targets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Targets<'a> {
    type Item = Result<Target<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let reader = &mut Reader::new(self.rest);
        let target = (|| {
            let connection = reader.u32()?;
            let lane = reader.u32()?;
            let tag = reader.f64()?;
            let length = reader.u16()?;
            Ok(Target { connection, lane, tag, header: reader.take(length.into())? })
        })();
        self.rest = match &target {
            Ok(target) => &self.rest[TARGET_BYTES + target.header.len()..],
            Err(Malformed) => &[],
        };
        Some(target)
    }
}

/// Bytes of a target before its header.
const TARGET_BYTES: usize = 18;

#[cfg(test)]
#[path = "command_test.rs"]
mod tests;
