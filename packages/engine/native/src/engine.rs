//! What all threads and JavaScript share, and the commands that belong to no thread.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use quinn_proto::{ClientConfig, EndpointConfig, ServerConfig};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use rustc_hash::FxHashMap;
use url::Url;
use web_transport_proto::ConnectRequest;
use web_transport_proto::http::{HeaderValue, header};

use crate::command::{self, Records, Shared};
use crate::event::{Bound, Events};
use crate::limits::{Limits, RESET_INTERVAL_MIN};
use crate::mailbox::{Batch, Mailbox};
use crate::message::{Admission, Dial, Listener, Message};
use crate::outbox::{Outbox, Waker};
use crate::record::Malformed;
use crate::resets;
use crate::socket;
use crate::stats::Counters;
use crate::steer::SteeredIds;
use crate::tape::{End, Tapes};
use crate::tls;
use crate::tls::server::Identities;
use crate::transport::milliseconds;

pub struct Engine {
    pub limits: Limits,
    pub tapes: Tapes,
    pub counters: Counters,
    pub mailboxes: Vec<Mailbox>,
    /// One per thread, and a last one for what belongs to none.
    pub outboxes: Vec<Outbox>,
    pub waker: Arc<Waker>,
    identities: Mutex<FxHashMap<u32, Arc<Identities>>>,
    /// The same for all threads: a reset or a Retry may come from one and concern another. Resets of an endpoint that was
    /// given a secret have a key of their own.
    reset_key: Arc<hmac::Key>,
    token_key: Arc<Prk>,
}

impl Engine {
    pub fn new(threads: usize, limits: Limits, waker: Arc<Waker>) -> Result<Self, String> {
        let mailboxes = (0..threads).map(|_| Mailbox::new()).collect::<Result<Vec<_>, _>>();
        let random = SystemRandom::new();
        let reset_key = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| "no randomness".to_owned())?;
        let mut secret = [0; 64];
        random.fill(&mut secret).map_err(|_| "no randomness".to_owned())?;
        Ok(Self {
            limits,
            tapes: Tapes::default(),
            counters: Counters::default(),
            mailboxes: mailboxes.map_err(|error| error.to_string())?,
            outboxes: (0..=threads).map(|_| Outbox::default()).collect(),
            waker,
            identities: Mutex::default(),
            reset_key: Arc::new(reset_key),
            token_key: Arc::new(Salt::new(HKDF_SHA256, &[]).extract(&secret)),
        })
    }

    pub fn threads(&self) -> usize {
        self.mailboxes.len()
    }

    /// Commands for one thread; done there.
    pub fn submit(&self, thread: usize, batch: Batch) {
        if let Some(mailbox) = self.mailboxes.get(thread) {
            mailbox.batch(batch);
        }
    }

    /// Commands for none; done here and now.
    pub fn submit_shared(self: &Arc<Self>, records: &[u8], payloads: &[Bytes]) -> Result<(), Malformed> {
        for record in Records::new(records) {
            let (kind, body) = record?;
            self.shared(Shared::decode(kind, body, payloads)?);
        }
        Ok(())
    }

    fn shared(self: &Arc<Self>, command: Shared) {
        match command {
            Shared::TapeOpen(tape) => self.tapes.open(tape),
            Shared::TapeAppend(tape, bytes) => self.grown(tape, self.tapes.append(tape, bytes)),
            Shared::TapeFinish(tape) => self.grown(tape, self.tapes.end(tape, End::Finished)),
            Shared::TapeAbort(tape, code) => self.grown(tape, self.tapes.end(tape, End::Aborted(code))),
            Shared::TapeEvict(tape) => self.grown(tape, self.tapes.end(tape, End::Evicted)),
            Shared::TapeForget(tape) => self.grown(tape, self.tapes.forget(tape)),
            Shared::Listen(listen) => {
                let result = self.listen(&listen);
                self.report(|events| match &result {
                    Ok((address, buffers)) => {
                        let host = address.ip().to_string();
                        let (receive, send) = *buffers;
                        let bound =
                            Bound { host: &host, port: address.port(), receive_buffer: receive, send_buffer: send };
                        events.listening(listen.request, &Ok(bound));
                    }
                    Err(message) => events.listening(listen.request, &Err(message.clone())),
                });
            }
            Shared::Certificates { request, endpoint, certificates } => {
                let identities = self.identities().get(&endpoint).cloned();
                let result = identities
                    .ok_or_else(|| "the endpoint is closed".to_owned())
                    .and_then(|all| all.set(&certificates));
                self.report(|events| events.certificates_set(request, result.as_ref().err().map(String::as_str)));
            }
            Shared::EndpointClose(endpoint) => {
                self.identities().remove(&endpoint);
                for mailbox in &self.mailboxes {
                    mailbox.message(Message::CloseEndpoint(endpoint));
                }
            }
            Shared::Connect(connect) => self.connect(connect),
            Shared::ConnectCancel { request, thread } => {
                if let Some(mailbox) = self.mailboxes.get(usize::from(thread)) {
                    mailbox.message(Message::CancelDial(request));
                }
            }
        }
    }

    fn identities(&self) -> std::sync::MutexGuard<'_, FxHashMap<u32, Arc<Identities>>> {
        self.identities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tell the threads that play the tape.
    fn grown(&self, tape: u64, watchers: u64) {
        for (thread, mailbox) in self.mailboxes.iter().enumerate() {
            if watchers & (1 << thread) != 0 {
                mailbox.grown(tape);
            }
        }
    }

    /// An event that comes from no thread.
    fn report(&self, write: impl FnOnce(&mut Events)) {
        let mut events = Events::new(self.threads() as u8);
        write(&mut events);
        if let Some(outbox) = self.outboxes.last() {
            outbox.put(&mut events.bytes);
            self.waker.wake();
        }
    }

    /// Of a port for outgoing connections.
    pub fn dial_config(&self, thread: usize) -> Arc<EndpointConfig> {
        self.endpoint_config(thread, &self.reset_key)
    }

    /// Each thread's own: connection ids name their thread.
    fn endpoint_config(&self, thread: usize, reset_key: &Arc<hmac::Key>) -> Arc<EndpointConfig> {
        let (thread, threads) = (thread as u8, self.threads() as u8);
        let mut config = EndpointConfig::new(reset_key.clone());
        config.cid_generator(move || Box::new(SteeredIds { thread, threads }));
        config.min_reset_interval(RESET_INTERVAL_MIN);
        Arc::new(config)
    }

    fn listen(&self, listen: &command::Listen) -> Result<(SocketAddr, (u32, u32)), String> {
        let host: IpAddr = listen.host.parse().map_err(|_| format!("{:?} is no IP address", listen.host))?;
        let identities = Arc::new(Identities::default());
        identities.set(&listen.certificates)?;
        let tls = tls::server::config(listen, identities.clone())?;
        let mut server = ServerConfig::new(tls, self.token_key.clone());
        server.transport_config(listen.transport.config());
        let server = Arc::new(server);
        let (sockets, address) = socket::bind_group(host, listen.port, self.threads()).map_err(|error| {
            format!("cannot bind UDP {}: {}", SocketAddr::new(host, listen.port), socket::say(&error))
        })?;
        let buffers = sockets.first().map(|socket| grant(socket, listen.udp_buffer as usize)).unwrap_or_default();
        self.identities().insert(listen.endpoint, identities);
        let reset_key = match &listen.reset_secret {
            Some(secret) => Arc::new(resets::key(secret)),
            None => self.reset_key.clone(),
        };
        for (thread, socket) in sockets.into_iter().enumerate() {
            self.mailboxes[thread].message(Message::Listen(Box::new(Listener {
                endpoint: listen.endpoint,
                socket,
                buffer: listen.udp_buffer as usize,
                config: self.endpoint_config(thread, &reset_key),
                server: server.clone(),
                admission: self.admission(listen),
            })));
        }
        Ok((address, buffers))
    }

    /// Each thread takes its share of the pending handshakes.
    fn admission(&self, listen: &command::Listen) -> Admission {
        let share = |total: u32| (total as usize).div_ceil(self.threads());
        Admission {
            pending_max: share(listen.handshakes_pending),
            retry_above: share(listen.retry_above),
            timeout: milliseconds(listen.handshake_timeout_ms).unwrap_or(Duration::MAX),
            segments: listen.transport.segments.into(),
            streams: listen.transport.streams(),
        }
    }

    /// Certificates and roots are read on a thread of their own, since the system's roots take tens of milliseconds.
    fn connect(self: &Arc<Self>, connect: Box<command::Connect>) {
        let (thread, request) = (usize::from(connect.thread), connect.request);
        let Some(mailbox) = self.mailboxes.get(thread) else { return };
        // a cancellation may come before the connection is ready to be started
        mailbox.message(Message::PrepareDial(request));
        let engine = self.clone();
        let spawned = std::thread::Builder::new().name("moq-engine-dial".into()).spawn(move || {
            engine.mailboxes[thread].message(match dial(&connect) {
                Ok(dial) => Message::Dial(Box::new(dial)),
                Err(message) => Message::DialFailed(request, message),
            });
        });
        if let Err(error) = spawned {
            mailbox.message(Message::DialFailed(request, error.to_string()));
        }
    }
}

fn grant(socket: &std::net::UdpSocket, wanted: usize) -> (u32, u32) {
    let grant =
        socket.try_clone().and_then(|socket| socket::Socket::new(socket, wanted)).map(|socket| socket.buffers());
    let (receive, send) = grant.unwrap_or_default();
    (receive as u32, send as u32)
}

fn dial(connect: &command::Connect) -> Result<Dial, String> {
    let ip: IpAddr = connect.host.parse().map_err(|_| format!("{:?} is no IP address", connect.host))?;
    let mut client = ClientConfig::new(tls::client::config(connect)?);
    client.transport_config(connect.transport.config());
    Ok(Dial {
        request: connect.request,
        remote: SocketAddr::new(ip, connect.port),
        server_name: connect.server_name.clone(),
        client,
        connect: connect.webtransport.as_ref().map(http_request).transpose()?,
        segments: connect.transport.segments.into(),
        streams: connect.transport.streams(),
    })
}

fn http_request(wanted: &command::WebTransportRequest) -> Result<Box<ConnectRequest>, String> {
    let url = Url::parse(&wanted.url).map_err(|error| format!("bad URL: {error}"))?;
    let mut request = ConnectRequest::new(url).with_protocols(wanted.protocols.iter().cloned());
    if let Some(authorization) = &wanted.authorization {
        let value =
            HeaderValue::from_str(authorization).map_err(|_| "the authorization is no header value".to_owned())?;
        request = request.with_header(header::AUTHORIZATION, value);
    }
    Ok(Box::new(request))
}
