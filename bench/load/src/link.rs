//! One QUIC connection with its socket, raw or under WebTransport, as the roles see it: streams of MoQ bytes.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use quinn_proto::{Connection, ConnectionHandle, Dir, Event, ReadError, StreamEvent, StreamId, VarInt, WriteError};
use web_transport_proto::{ConnectRequest, ConnectResponse, Settings};

use crate::socket::Socket;
use crate::varint;

/// Stream headers of WebTransport inside HTTP/3.
const WT_UNI: u64 = 0x54;
const WT_BIDI: u64 = 0x41;

/// What happened on a link, for its role.
pub enum Happening<'a> {
    /// The session is up: MoQ may begin.
    Ready,
    /// Bytes of a stream, WebTransport's header removed.
    Data { id: StreamId, bytes: &'a [u8] },
    /// The peer finished (`None`) or reset the stream.
    End { id: StreamId, reset: Option<u64> },
    /// The connection is gone.
    Lost(String),
}

/// What a role does with its connection, whatever carries it.
pub trait Streams {
    /// Open a stream and write to it; `None` when the peer's limit is reached.
    fn open(&mut self, dir: Dir, bytes: Vec<u8>) -> Option<StreamId>;
    /// Write, or keep until there is room.
    fn write(&mut self, id: StreamId, bytes: Bytes);
    /// FIN after everything written.
    fn finish(&mut self, id: StreamId);
    /// Unsent streams, which a publisher that is not read piles up.
    fn waiting(&self) -> usize;
    /// The path to name in SETUP, where nothing else says it.
    fn path(&self) -> Option<String>;
}

/// Bytes of a stream that could not be written yet.
#[derive(Default)]
struct Backlog {
    bytes: Vec<Bytes>,
    finish: bool,
}

/// How far a WebTransport link's handshake and stream headers are.
struct WebTransport {
    connect: Option<StreamId>,
    answer: Vec<u8>,
    session: u64,
    /// Incoming streams whose header is not complete, with what is there of it.
    heads: HashMap<StreamId, Vec<u8>>,
    /// Incoming streams that are not ours to read: HTTP/3 control and QPACK.
    foreign: Vec<StreamId>,
    url: String,
}

/// One connection.
pub struct Link {
    pub connection: Connection,
    pub handle: ConnectionHandle,
    pub socket: Socket,
    /// Where it goes: the relay, or the proxy before it.
    pub address: SocketAddr,
    /// In the list of links to drive.
    pub dirty: bool,
    /// Never reads what comes on streams.
    pub deaf: bool,
    pub timer: Option<Instant>,
    ready: bool,
    web: Option<WebTransport>,
    backlog: HashMap<StreamId, Backlog>,
    path: String,
}

impl Link {
    /// A link in its handshake; with a URL it becomes a WebTransport session. `path` is what SETUP names otherwise.
    pub fn new(
        (connection, handle): (Connection, ConnectionHandle),
        (socket, address): (Socket, SocketAddr),
        (path, url): (String, Option<String>),
    ) -> Self {
        let web = url.map(|url| WebTransport {
            connect: None,
            answer: Vec::new(),
            session: 0,
            heads: HashMap::new(),
            foreign: Vec::new(),
            url,
        });
        Link {
            connection,
            handle,
            socket,
            address,
            dirty: true,
            deaf: false,
            timer: None,
            ready: false,
            web,
            backlog: HashMap::new(),
            path,
        }
    }

    fn push(&mut self, id: StreamId) {
        let Some(backlog) = self.backlog.get_mut(&id) else { return };
        let mut stream = self.connection.send_stream(id);
        while !backlog.bytes.is_empty() {
            match stream.write_chunks(&mut backlog.bytes) {
                Ok(written) => {
                    backlog.bytes.drain(..written.chunks);
                }
                Err(WriteError::Blocked) => return,
                Err(_) => {
                    self.backlog.remove(&id);
                    return;
                }
            }
        }
        if backlog.finish {
            let _ = stream.finish(); // a stopped stream needs no FIN
        }
        self.backlog.remove(&id);
    }

    /// Handle everything that the connection has to say.
    pub fn drive(&mut self, on: &mut dyn FnMut(&mut Link, Happening)) {
        while let Some(event) = self.connection.poll() {
            match event {
                Event::Connected => self.connected(on),
                Event::ConnectionLost { reason } => on(self, Happening::Lost(reason.to_string())),
                Event::Stream(StreamEvent::Opened { dir }) => {
                    while let Some(id) = self.connection.streams().accept(dir) {
                        if let Some(web) = &mut self.web {
                            web.heads.insert(id, Vec::new());
                        }
                        self.read(id, on);
                    }
                }
                Event::Stream(StreamEvent::Readable { id }) => self.read(id, on),
                Event::Stream(StreamEvent::Writable { id }) => self.push(id),
                Event::Stream(StreamEvent::Stopped { id, .. }) => {
                    self.backlog.remove(&id);
                    let _ = self.connection.send_stream(id).reset(VarInt::from_u32(0)); // already over is as good
                }
                _ => {}
            }
        }
    }

    fn connected(&mut self, on: &mut dyn FnMut(&mut Link, Happening)) {
        let Some(web) = &mut self.web else {
            self.ready = true;
            on(self, Happening::Ready);
            return;
        };
        let mut settings = Settings::default();
        settings.enable_webtransport(1);
        let mut control = Vec::new();
        settings.encode(&mut control);
        let Ok(url) = web.url.parse::<url::Url>() else { return };
        let mut request = Vec::new();
        if ConnectRequest::new(url).with_protocol("moq-lite-05").encode(&mut request).is_err() {
            return;
        }
        let mut streams = self.connection.streams();
        let (Some(uni), Some(bidi)) = (streams.open(Dir::Uni), streams.open(Dir::Bi)) else { return };
        web.connect = Some(bidi);
        web.session = VarInt::from(bidi).into_inner();
        self.write(uni, control.into());
        self.write(bidi, request.into());
    }

    fn read(&mut self, id: StreamId, on: &mut dyn FnMut(&mut Link, Happening)) {
        if self.deaf && id.dir() == Dir::Uni {
            return;
        }
        let mut stream = self.connection.recv_stream(id);
        let mut taken: Vec<Bytes> = Vec::new();
        let mut end = None;
        let Ok(mut chunks) = stream.read(true) else { return };
        loop {
            match chunks.next(usize::MAX) {
                Ok(Some(chunk)) => taken.push(chunk.bytes),
                Ok(None) => {
                    end = Some(None);
                    break;
                }
                Err(ReadError::Blocked) => break,
                Err(ReadError::Reset(code)) => {
                    end = Some(Some(code.into_inner()));
                    break;
                }
            }
        }
        let _ = chunks.finalize(); // the link is driven right after, which sends the new credit
        for bytes in taken {
            self.data(id, &bytes, on);
        }
        if let Some(reset) = end {
            on(self, Happening::End { id, reset });
        }
    }

    fn data(&mut self, id: StreamId, bytes: &[u8], on: &mut dyn FnMut(&mut Link, Happening)) {
        let Some(web) = &mut self.web else { return on(self, Happening::Data { id, bytes }) };
        if web.foreign.contains(&id) {
            return;
        }
        if web.connect == Some(id) {
            if self.ready {
                return;
            }
            web.answer.extend_from_slice(bytes);
            let Ok(response) = ConnectResponse::decode(&mut web.answer.as_slice()) else { return };
            if response.status.is_success() {
                self.ready = true;
                on(self, Happening::Ready);
            } else {
                on(self, Happening::Lost(format!("CONNECT answered {}", response.status)));
            }
            return;
        }
        let Some(mut head) = web.heads.remove(&id) else { return on(self, Happening::Data { id, bytes }) };
        head.extend_from_slice(bytes);
        let mut rest = head.as_slice();
        match (varint::take(&mut rest), varint::take(&mut rest)) {
            (Some(WT_UNI | WT_BIDI), Some(_)) => {
                let body = rest.to_vec();
                on(self, Happening::Data { id, bytes: &body });
            }
            (Some(WT_UNI | WT_BIDI) | None, _) => {
                web.heads.insert(id, head);
            }
            (Some(_), _) => web.foreign.push(id),
        }
    }
}

impl Streams for Link {
    fn open(&mut self, dir: Dir, bytes: Vec<u8>) -> Option<StreamId> {
        let id = self.connection.streams().open(dir)?;
        if let Some(web) = &self.web {
            let mut head = Vec::with_capacity(8);
            varint::put(&mut head, if dir == Dir::Uni { WT_UNI } else { WT_BIDI });
            varint::put(&mut head, web.session);
            self.write(id, head.into());
        }
        self.write(id, bytes.into());
        Some(id)
    }

    fn write(&mut self, id: StreamId, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        self.backlog.entry(id).or_default().bytes.push(bytes);
        self.push(id);
    }

    fn finish(&mut self, id: StreamId) {
        self.backlog.entry(id).or_default().finish = true;
        self.push(id);
    }

    fn waiting(&self) -> usize {
        self.backlog.len()
    }

    fn path(&self) -> Option<String> {
        self.web.is_none().then(|| self.path.clone())
    }
}
