//! The command line: `--name value` pairs.
use std::net::SocketAddr;
use std::time::Duration;

use crate::impairment::Impairment;
use crate::media::Media;

/// What happens in a run beside media that flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scenario {
    /// One publisher, viewers, one window.
    Fan,
    /// Connections that ask for nothing.
    Idle,
    /// After the window, `joiners` more come within `join_seconds`, while a second window is open.
    Join,
    /// After the window, one viewer behind a thin link and one that never reads come, and a second window is open.
    Slow,
    /// Idle connections, which then watch, which then leave.
    Memory,
    /// In the middle of the window every viewer goes on from another port.
    Rebind,
    /// Peers that each publish and each follow the next one.
    Ring,
    /// Peers in rooms of `room`, each publishing sound and pictures and following all others of its room.
    Rooms,
    /// Ten peers publish, each of the viewers follows one to three of them.
    Halls,
    /// After the window `web_viewers` come over wss, and a second window is open.
    Web,
    /// Ten peers announce `names` broadcasts each; half of the viewers listen to them, half elsewhere.
    Announce,
    /// After the window the viewers fetch groups that are past.
    Fetch,
}

const SCENARIOS: [(&str, Scenario); 12] = [
    ("fan", Scenario::Fan),
    ("idle", Scenario::Idle),
    ("join", Scenario::Join),
    ("slow", Scenario::Slow),
    ("memory", Scenario::Memory),
    ("rebind", Scenario::Rebind),
    ("ring", Scenario::Ring),
    ("rooms", Scenario::Rooms),
    ("halls", Scenario::Halls),
    ("web", Scenario::Web),
    ("announce", Scenario::Announce),
    ("fetch", Scenario::Fetch),
];

/// What to run and what to measure.
#[derive(Clone, Debug)]
pub struct Args {
    /// Where viewers go; several take turns.
    pub addresses: Vec<SocketAddr>,
    /// Where the publisher goes; the first of `addresses` unless said.
    pub publish_address: Option<SocketAddr>,
    /// Where the viewers over WebSocket go.
    pub web_address: Option<SocketAddr>,
    pub webtransport: bool,
    /// Path of the connection, without the leading slash.
    pub path: String,
    pub scenario: Scenario,
    pub viewers: usize,
    /// Further viewers over wss.
    pub web_viewers: usize,
    pub media: Media,
    /// What viewers ask for, in ms.
    pub latency_ms: u64,
    /// Viewers take what comes: the group streams carry no MoQ header to match (the `null` arm).
    pub raw: bool,
    pub joiners: usize,
    pub join_seconds: f64,
    /// Peers of a room.
    pub room: usize,
    /// Broadcasts that each announcing peer has.
    pub names: usize,
    /// So many of the viewers are behind the network of `impairment`.
    pub impaired: usize,
    pub impairment: Impairment,
    /// At most this many connections are being made at once.
    pub ramp: usize,
    pub settle: Duration,
    pub window: Duration,
    /// How long after everybody left memory is read.
    pub linger: Duration,
    /// The relays under test, for their CPU time and memory; none measures nothing.
    pub server_pids: Vec<u32>,
    /// Give up when the viewers are not all there by then.
    pub patience: Duration,
}

impl Args {
    /// Read the process's arguments; `Err` is one sentence for the person who typed them.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Args {
            addresses: vec![SocketAddr::from(([127, 0, 0, 1], 4443))],
            publish_address: None,
            web_address: None,
            webtransport: false,
            path: "bench".into(),
            scenario: Scenario::Fan,
            viewers: 10,
            web_viewers: 0,
            media: Media { fps: 60.0, first: 0, rest: 4000, group: 60, salt: 0, priority: 60 },
            latency_ms: 5000,
            raw: false,
            joiners: 200,
            join_seconds: 1.0,
            room: 6,
            names: 100,
            impaired: 0,
            impairment: Impairment::default(),
            ramp: 16,
            settle: Duration::from_secs(5),
            window: Duration::from_secs(20),
            linger: Duration::from_secs(10),
            server_pids: Vec::new(),
            patience: Duration::from_secs(60),
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            args.set(&name, &value)?;
        }
        if args.media.first == 0 {
            args.media.first = args.media.rest;
        }
        if args.media.first.min(args.media.rest) < crate::content::HEAD {
            return Err(format!("frames must be at least {} bytes", crate::content::HEAD));
        }
        if args.media.group == 0 || args.media.fps <= 0.0 || args.room == 0 {
            return Err("--group, --fps and --room must be above 0".into());
        }
        Ok(args)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--address" => self.addresses = list(name, value)?,
            "--publish-address" => self.publish_address = Some(number(name, value)?),
            "--web-address" => self.web_address = Some(number(name, value)?),
            "--transport" => {
                self.webtransport = match value {
                    "quic" => false,
                    "webtransport" => true,
                    _ => return Err(format!("--transport {value}: quic or webtransport")),
                }
            }
            "--path" => self.path = value.trim_matches('/').into(),
            "--scenario" => {
                let found = SCENARIOS.iter().find(|(known, _)| *known == value);
                self.scenario = found.ok_or_else(|| format!("--scenario {value} is not known"))?.1;
            }
            "--viewers" => self.viewers = number(name, value)?,
            "--web-viewers" => self.web_viewers = number(name, value)?,
            "--fps" => self.media.fps = number(name, value)?,
            "--frame" => self.media.rest = number(name, value)?,
            "--first" => self.media.first = number(name, value)?,
            "--group" => self.media.group = number(name, value)?,
            "--latency-ms" => self.latency_ms = number(name, value)?,
            "--raw" => self.raw = number(name, value)?,
            "--joiners" => self.joiners = number(name, value)?,
            "--join-seconds" => self.join_seconds = number(name, value)?,
            "--room" => self.room = number(name, value)?,
            "--names" => self.names = number(name, value)?,
            "--impaired" => self.impaired = number(name, value)?,
            "--ramp" => self.ramp = number(name, value)?,
            "--settle" => self.settle = Duration::from_secs_f64(number(name, value)?),
            "--window" => self.window = Duration::from_secs_f64(number(name, value)?),
            "--linger" => self.linger = Duration::from_secs_f64(number(name, value)?),
            "--server-pid" => self.server_pids = list(name, value)?,
            "--patience" => self.patience = Duration::from_secs_f64(number(name, value)?),
            _ => return self.impairment.set(name, value),
        }
        Ok(())
    }
}

/// Read one value.
pub fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value}: not understood"))
}

fn list<T: std::str::FromStr>(name: &str, value: &str) -> Result<Vec<T>, String> {
    value.split(',').map(|part| number(name, part)).collect()
}
