//! From handshake to open: who the peer is, what it asks for, and JavaScript's answer.

use std::time::Instant;

use bytes::BytesMut;
use quinn_proto::StreamId;
use quinn_proto::crypto::rustls::HandshakeData;
use rustls::pki_types::CertificateDer;
use web_transport_proto::{ConnectError, ConnectRequest, ConnectResponse};

use super::http::{self, Capsules, Http, Inbound, Kind};
use super::{Connection, Context, Owner, Phase, Side};
use crate::codes;
use crate::event::{Arrival, By, Failure};
use crate::limits::HTTP_BUFFER_MAX;
use crate::tls::ALPN_H3;

/// What TLS found out.
#[derive(Default)]
struct Peer {
    alpn: String,
    host: Option<String>,
    /// The client's own one, verified, in DER.
    certificate: Option<Vec<u8>>,
}

impl Connection {
    fn peer(&self) -> Peer {
        let session = self.quic.crypto_session();
        let data = session.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
        let certificates =
            session.peer_identity().and_then(|peer| peer.downcast::<Vec<CertificateDer<'static>>>().ok());
        let Some(data) = data else { return Peer::default() };
        Peer {
            alpn: data.protocol.map(|alpn| String::from_utf8_lossy(&alpn).into_owned()).unwrap_or_default(),
            host: data.server_name,
            certificate: certificates.and_then(|chain| chain.first().map(|leaf| leaf.to_vec())),
        }
    }

    pub(super) fn on_connected(&mut self, context: &mut Context) {
        let peer = self.peer();
        let webtransport = match &self.side {
            Side::Server { .. } => peer.alpn.as_bytes() == ALPN_H3,
            Side::Client { connect, .. } => connect.is_some(),
        };
        if webtransport {
            self.http = Some(Box::new(Http::new()));
            self.arrivals = true;
            self.greet();
            return;
        }
        let remote = self.remote().to_string();
        let arrival = Arrival {
            connection: self.id,
            datagram_max: self.datagram_max(),
            remote: &remote,
            alpn: &peer.alpn,
            host: peer.host.as_deref(),
            peer_certificate: peer.certificate.as_deref(),
            ..Arrival::default()
        };
        match self.side {
            Side::Server { endpoint, validated } => {
                self.phase = Phase::Waiting;
                context.events.incoming(&Arrival { endpoint, validated, ..arrival });
            }
            Side::Client { request, .. } => {
                context.events.connected(&Arrival { endpoint: request, ..arrival });
                self.open();
            }
        }
    }

    /// From now on JavaScript and the peer may do as they like.
    fn open(&mut self) {
        self.phase = Phase::Open;
        self.deadline = None;
        self.feed = true;
        self.arrivals = true;
    }

    /// Read what HTTP/3 has to say, as far as it is here.
    pub(super) fn drive_session(&mut self, context: &mut Context) {
        self.greet();
        while let Some(id) = self.http.as_mut().and_then(|http| http.readable.pop()) {
            self.read_http(id, context);
            if self.phase == Phase::Over {
                return;
            }
        }
    }

    fn read_http(&mut self, id: StreamId, context: &mut Context) {
        let Some(inbound) = self.http.as_mut().and_then(|http| http.streams.remove(&id)) else { return };
        let next = match inbound {
            Inbound::Unknown(first) => self.read_unknown(id, first, context),
            Inbound::Control(buffer) => self.read_control(id, buffer, context),
            Inbound::Request(buffer) => self.read_request(id, buffer, context),
            Inbound::Response(buffer) => self.read_response(id, buffer, context),
            Inbound::Session(capsules) => self.read_session(id, capsules, context),
            Inbound::Ignored => self.read_ignored(id),
        };
        match (next, &mut self.http) {
            (Some(next), Some(http)) => _ = http.streams.insert(id, next),
            // a stream of the session has JavaScript as its owner by now
            _ if self.owners.get(&id) == Some(&Owner::Http) => _ = self.owners.remove(&id),
            _ => {}
        }
    }

    fn read_ignored(&mut self, id: StreamId) -> Option<Inbound> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if self.pull(id, HTTP_BUFFER_MAX, &mut bytes) {
                return None;
            }
            if bytes.is_empty() {
                return Some(Inbound::Ignored);
            }
        }
    }

    fn read_unknown(&mut self, id: StreamId, mut first: Vec<u8>, context: &mut Context) -> Option<Inbound> {
        loop {
            let missing = match http::classify(id.dir(), &first) {
                Kind::Needs(missing) => missing,
                Kind::Session(session) => return self.session_stream(id, session, context),
                Kind::Control => return self.read_control(id, first, context),
                Kind::Request => return self.read_request(id, first, context),
                Kind::Ignored => return Some(Inbound::Ignored),
                Kind::Foreign => {
                    self.refuse_stream(id, codes::H3_STREAM_CREATION_ERROR);
                    return None;
                }
            };
            let before = first.len();
            if self.pull(id, missing, &mut first) {
                return None;
            }
            if first.len() == before {
                return Some(Inbound::Unknown(first));
            }
        }
    }

    /// A stream of the session: JavaScript's, once the session is open.
    fn session_stream(&mut self, id: StreamId, session: u64, context: &mut Context) -> Option<Inbound> {
        let http = self.http.as_mut()?;
        let ours = http.session.is_none_or(|id| u64::from(quinn_proto::VarInt::from(id)) == session);
        if !ours {
            self.refuse_stream(id, codes::WT_BUFFERED_STREAM_REJECTED);
        } else if self.phase == Phase::Open {
            self.deliver(id, context);
        } else {
            http.held.push(id);
        }
        None
    }

    fn read_control(&mut self, id: StreamId, mut buffer: Vec<u8>, context: &mut Context) -> Option<Inbound> {
        let over = self.pull(id, HTTP_BUFFER_MAX - buffer.len().min(HTTP_BUFFER_MAX), &mut buffer);
        match http::settings(&buffer) {
            Ok(None) if !over => Some(Inbound::Control(buffer)),
            Ok(Some(supported)) => {
                if let Some(http) = &mut self.http {
                    http.settled = true;
                }
                match self.side {
                    Side::Server { .. } => self.introduce(context),
                    Side::Client { .. } if supported => self.ask(context),
                    Side::Client { .. } => {
                        self.fail((Failure::Protocol, 0, 0), "the server offers no WebTransport", context);
                    }
                }
                Some(Inbound::Ignored)
            }
            _ => {
                self.broken("bad HTTP/3 SETTINGS", context);
                None
            }
        }
    }

    fn read_request(&mut self, id: StreamId, mut buffer: Vec<u8>, context: &mut Context) -> Option<Inbound> {
        if matches!(self.side, Side::Client { .. }) {
            self.refuse_stream(id, codes::H3_STREAM_CREATION_ERROR);
            return None;
        }
        let over = self.pull(id, HTTP_BUFFER_MAX - buffer.len().min(HTTP_BUFFER_MAX), &mut buffer);
        let mut rest = &buffer[..];
        let status = match ConnectRequest::decode(&mut rest) {
            Err(ConnectError::UnexpectedEnd) if !over && buffer.len() < HTTP_BUFFER_MAX => {
                return Some(Inbound::Request(buffer));
            }
            Err(error) => http::refusal(&error).as_u16(),
            // one session a connection
            Ok(_) if self.http.as_ref().is_some_and(|http| http.session.is_some()) => 429,
            Ok(request) => {
                let http = self.http.as_mut()?;
                http.set_session(id);
                http.request = Some(request);
                let mut capsules = Capsules::default();
                let early = capsules.take(rest);
                let _ = self.quic.send_stream(id).set_priority(i32::MAX);
                if over || early != Ok(None) {
                    self.broken("the session ended before it began", context);
                    return None;
                }
                self.introduce(context);
                return Some(Inbound::Session(capsules));
            }
        };
        let http = self.http.as_mut()?;
        http.queue(id, http::response(status, ""), true);
        let _ = self.quic.recv_stream(id).stop(codes::H3_NO_ERROR);
        None
    }

    /// The server's: tell JavaScript who is at the door, once both SETTINGS and CONNECT are here.
    fn introduce(&mut self, context: &mut Context) {
        let Side::Server { endpoint, validated } = self.side else { return };
        let Some(http) = self.http.as_ref().filter(|http| http.settled && self.phase == Phase::Handshake) else {
            return;
        };
        let Some(request) = http.request.clone() else { return };
        let peer = self.peer();
        let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
        let path = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        let host = peer.host.as_deref().or(request.url.host_str());
        let remote = self.remote().to_string();
        self.phase = Phase::Waiting;
        context.events.incoming(&Arrival {
            endpoint,
            connection: self.id,
            webtransport: true,
            validated,
            datagram_max: self.datagram_max(),
            remote: &remote,
            alpn: &peer.alpn,
            host,
            peer_certificate: peer.certificate.as_deref(),
            path: Some(&path),
            authority: Some(request.url.authority()),
            origin: header("origin"),
            authorization: header("authorization"),
            protocols: &request.protocols,
        });
    }

    /// The client's: ask for the session.
    fn ask(&mut self, context: &mut Context) {
        let Side::Client { connect, .. } = &self.side else { return };
        let mut bytes = BytesMut::new();
        let encoded = connect.as_ref().is_some_and(|connect| connect.encode(&mut bytes).is_ok());
        // a peer that lets us open no stream at all never will
        let id = self.quic.streams().open(quinn_proto::Dir::Bi);
        let (Some(id), Some(http), true) = (id, self.http.as_mut(), encoded) else {
            self.fail((Failure::Protocol, 0, 0), "the server takes no request", context);
            return;
        };
        http.set_session(id);
        http.queue(id, bytes.freeze(), false);
        http.streams.insert(id, Inbound::Response(Vec::new()));
        self.owners.insert(id, Owner::Http);
        let _ = self.quic.send_stream(id).set_priority(i32::MAX);
    }

    fn read_response(&mut self, id: StreamId, mut buffer: Vec<u8>, context: &mut Context) -> Option<Inbound> {
        let over = self.pull(id, HTTP_BUFFER_MAX - buffer.len().min(HTTP_BUFFER_MAX), &mut buffer);
        let mut rest = &buffer[..];
        match ConnectResponse::decode(&mut rest) {
            Err(ConnectError::UnexpectedEnd) if !over && buffer.len() < HTTP_BUFFER_MAX => {
                return Some(Inbound::Response(buffer));
            }
            Err(ConnectError::WrongStatus(Some(status))) => {
                self.fail((Failure::Status, status.as_u16(), 0), &format!("the server answered {status}"), context);
            }
            Err(error) => self.fail((Failure::Protocol, 0, 0), &format!("bad answer to CONNECT: {error}"), context),
            Ok(response) => {
                let rest = rest.to_vec();
                self.answered(response.protocol.unwrap_or_default(), context);
                // a session that ends at once is reported as such
                return self.read_capsules(id, (Capsules::default(), &rest, over), context);
            }
        }
        None
    }

    /// The client's: the session is there.
    fn answered(&mut self, protocol: String, context: &mut Context) {
        let Side::Client { request, connect } = &self.side else { return };
        let request = *request;
        let offered = connect.as_ref().is_some_and(|connect| connect.protocols.contains(&protocol));
        if !offered && !protocol.is_empty() {
            self.fail((Failure::Protocol, 0, 0), "the server chose a protocol that was not offered", context);
            return;
        }
        let remote = self.remote().to_string();
        let arrival = Arrival {
            endpoint: request,
            connection: self.id,
            datagram_max: self.datagram_max(),
            remote: &remote,
            alpn: &protocol,
            ..Arrival::default()
        };
        context.events.connected(&arrival);
        self.open();
        self.release_held(context);
    }

    fn read_session(&mut self, id: StreamId, capsules: Capsules, context: &mut Context) -> Option<Inbound> {
        let mut bytes = Vec::new();
        let over = self.pull(id, HTTP_BUFFER_MAX, &mut bytes);
        self.read_capsules(id, (capsules, &bytes, over), context)
    }

    fn read_capsules(&mut self, id: StreamId, read: (Capsules, &[u8], bool), context: &mut Context) -> Option<Inbound> {
        let (mut capsules, bytes, over) = read;
        match capsules.take(bytes) {
            Ok(Some((code, reason))) => self.session_ended(code, &reason, context),
            Ok(None) if over => self.session_ended(0, "", context),
            Ok(None) => {
                // one pull may have left bytes behind
                if bytes.len() == HTTP_BUFFER_MAX {
                    self.http_readable(id);
                }
                return Some(Inbound::Session(capsules));
            }
            Err(()) => self.broken("a bad capsule", context),
        }
        None
    }

    fn session_ended(&mut self, code: u32, reason: &str, context: &mut Context) {
        self.report_end(By::Remote, code, reason, context);
        self.quic.close(context.now, codes::H3_NO_ERROR, bytes::Bytes::new());
    }

    /// The peer broke HTTP/3.
    fn broken(&mut self, why: &str, context: &mut Context) {
        self.report_end(By::Transport, 0, why, context);
        self.quic.close(context.now, codes::H3_GENERAL_PROTOCOL_ERROR, why.as_bytes().to_vec().into());
    }

    /// JavaScript lets the peer in.
    pub(super) fn accept(&mut self, protocol: &str, context: &mut Context) {
        if self.phase != Phase::Waiting {
            return;
        }
        self.open();
        if let Some(http) = &mut self.http
            && let Some(id) = http.session
        {
            http.queue(id, http::response(200, protocol), false);
        }
        self.release_held(context);
    }

    fn release_held(&mut self, context: &mut Context) {
        let Some(http) = &mut self.http else { return };
        for id in std::mem::take(&mut http.held) {
            self.deliver(id, context);
        }
    }

    /// JavaScript does not let the peer in.
    pub(super) fn reject(&mut self, status: u16, context: &mut Context) {
        if self.phase != Phase::Waiting {
            return;
        }
        self.phase = Phase::Over;
        let Some(http) = &mut self.http else {
            const UNAUTHORIZED: u32 = 6;
            let code = if matches!(status, 401 | 403) { UNAUTHORIZED } else { 0 };
            self.quic.close(context.now, codes::session_to_wire(code, false), bytes::Bytes::new());
            return;
        };
        if let Some(id) = http.session {
            http.queue(id, http::response(status, ""), true);
        }
        self.linger((codes::H3_NO_ERROR, bytes::Bytes::new()), context.now);
    }

    /// Wait for the peer to close, so that it reads our last words first.
    pub(super) fn linger(&mut self, last_words: (quinn_proto::VarInt, bytes::Bytes), now: Instant) {
        self.last_words = last_words;
        self.deadline = Some(now + (3 * self.quic.rtt()).max(crate::limits::CLOSE_WAIT_MIN));
    }
}
