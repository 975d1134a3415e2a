//! The command line: `--name value` pairs.
use std::net::SocketAddr;
use std::time::Duration;

/// How the connections are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    Quic,
    WebTransport,
}

/// What to run and what to measure.
#[derive(Clone, Debug)]
pub struct Args {
    pub address: SocketAddr,
    pub transport: Transport,
    /// Path of the connection, without the leading slash.
    pub path: String,
    pub viewers: usize,
    pub fps: f64,
    /// Bytes of one frame.
    pub frame: usize,
    /// Frames of one group.
    pub group: u32,
    /// Connections only; nobody subscribes.
    pub idle: bool,
    /// Viewers take what comes: the group streams carry no MoQ header to match (the `null` arm).
    pub raw: bool,
    /// At most this many connections are being made at once.
    pub ramp: usize,
    pub settle: Duration,
    pub window: Duration,
    /// The relay under test, for its CPU time and memory; 0 measures nothing.
    pub server_pid: u32,
    /// Give up when the viewers are not all there by then.
    pub patience: Duration,
}

impl Args {
    /// Read the process's arguments; `Err` is one sentence for the person who typed them.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Args {
            address: SocketAddr::from(([127, 0, 0, 1], 4443)),
            transport: Transport::Quic,
            path: "bench".into(),
            viewers: 10,
            fps: 60.0,
            frame: 4000,
            group: 60,
            idle: false,
            raw: false,
            ramp: 16,
            settle: Duration::from_secs(5),
            window: Duration::from_secs(20),
            server_pid: 0,
            patience: Duration::from_secs(60),
        };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            args.set(&name, &value)?;
        }
        if args.frame < crate::content::HEAD {
            return Err(format!("--frame must be at least {} bytes", crate::content::HEAD));
        }
        if args.group == 0 || args.fps <= 0.0 {
            return Err("--group and --fps must be above 0".into());
        }
        Ok(args)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--address" => self.address = number(name, value)?,
            "--transport" => {
                self.transport = match value {
                    "quic" => Transport::Quic,
                    "webtransport" => Transport::WebTransport,
                    _ => return Err(format!("--transport {value}: quic or webtransport")),
                }
            }
            "--path" => self.path = value.trim_matches('/').into(),
            "--viewers" => self.viewers = number(name, value)?,
            "--fps" => self.fps = number(name, value)?,
            "--frame" => self.frame = number(name, value)?,
            "--group" => self.group = number(name, value)?,
            "--idle" => self.idle = number(name, value)?,
            "--raw" => self.raw = number(name, value)?,
            "--ramp" => self.ramp = number(name, value)?,
            "--settle" => self.settle = Duration::from_secs_f64(number(name, value)?),
            "--window" => self.window = Duration::from_secs_f64(number(name, value)?),
            "--server-pid" => self.server_pid = number(name, value)?,
            "--patience" => self.patience = Duration::from_secs_f64(number(name, value)?),
            _ => return Err(format!("unknown argument {name}")),
        }
        Ok(())
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{name} {value}: not understood"))
}
