//! What was measured: windows of a run, its seconds, and readings in between.
use std::time::{Duration, Instant};

use crate::args::{Args, Scenario};
use crate::crowd::Crowd;
use crate::histogram::Histogram;
use crate::host::{Reading, rss_kb};
use crate::plan::{OTHERS, STEADY, WEB};
use crate::run::counts_frames;
use crate::tally::Tally;

const SECOND: Duration = Duration::from_secs(1);

/// What a window began with.
struct Window {
    prefix: &'static str,
    since: Instant,
    reading: Reading,
    counts: Vec<[u64; 4]>,
}

/// The numbers of a run.
pub struct Record {
    pids: Vec<u32>,
    counts_frames: bool,
    fields: Vec<(String, f64)>,
    seconds: Vec<String>,
    window: Option<Window>,
    second_at: Instant,
    second_ns: u64,
    /// Everybody was told to go, so nobody is missed.
    pub left: bool,
}

impl Record {
    pub fn new(args: &Args) -> Self {
        let empty = Reading::now(&args.server_pids);
        Record {
            pids: args.server_pids.clone(),
            counts_frames: counts_frames(args.scenario),
            fields: vec![
                ("viewers".into(), if args.scenario == Scenario::Idle { 0.0 } else { args.viewers as f64 }),
                ("connections".into(), args.viewers as f64),
                ("server_rss_kb_before".into(), empty.server_rss_kb as f64),
            ],
            seconds: Vec::new(),
            window: None,
            second_at: Instant::now(),
            second_ns: 0,
            left: false,
        }
    }

    /// Add a number.
    pub fn note(&mut self, name: &str, value: f64) {
        self.fields.push((name.into(), value));
    }

    /// Add the memory of the servers.
    pub fn weigh(&mut self, name: &str) {
        let kb: u64 = self.pids.iter().map(|pid| rss_kb(*pid)).sum();
        self.note(name, kb as f64);
    }

    /// Begin a window.
    pub fn open(&mut self, prefix: &'static str, crowd: &mut Crowd) {
        for tally in &mut crowd.tallies {
            tally.latency.clear();
            tally.second.clear();
            tally.propagation.clear();
        }
        crowd.lateness.clear();
        let counts = crowd.tallies.iter().map(counts).collect();
        let reading = Reading::now(&self.pids);
        self.second_at = Instant::now() + SECOND;
        self.second_ns = reading.server_ns;
        self.window = Some(Window { prefix, since: Instant::now(), reading, counts });
    }

    /// Once a second of a window, note that second.
    pub fn sample(&mut self, crowd: &mut Crowd) {
        if self.window.is_none() || Instant::now() < self.second_at {
            return;
        }
        self.second_at += SECOND;
        let reading = Reading::now(&self.pids);
        let second = &mut crowd.tallies[STEADY].second;
        let cpu_us = (reading.server_ns - self.second_ns) / 1000;
        self.seconds.push(format!(
            "[{},{:.3},{:.3},{:.3},{},{}]",
            second.total(),
            second.quantile_ms(0.5),
            second.quantile_ms(0.99),
            second.max_ms(),
            reading.server_rss_kb,
            cpu_us
        ));
        self.second_ns = reading.server_ns;
        second.clear();
    }

    /// End the window. `late_ms` is the publisher's lateness where it has a thread of its own.
    pub fn close(&mut self, crowd: &mut Crowd, late_ms: Option<f64>) {
        let Some(window) = self.window.take() else { return };
        let (then, end) = (window.reading, Reading::now(&self.pids));
        let seconds = window.since.elapsed().as_secs_f64();
        let now: Vec<[u64; 4]> = crowd.tallies.iter().map(counts).collect();
        let since = |class: usize, what: usize| (now[class][what] - window.counts[class][what]) as f64;
        let frames = since(STEADY, 0) + since(OTHERS, 0);
        let announced = since(STEADY, 3) + since(OTHERS, 3);
        let server_us = (end.server_ns - then.server_ns) as f64 / 1000.0;
        let engine_us = (end.engine_ns - then.engine_ns) as f64 / 1000.0;
        let all = (end.all_ticks - then.all_ticks).max(1) as f64;
        let per = |us: f64, count: f64| if count == 0.0 { 0.0 } else { us / count };
        let mut fields = vec![
            ("seconds", seconds),
            ("frames", since(STEADY, 0)),
            ("groups", since(STEADY, 1)),
            ("resets", since(STEADY, 2)),
            ("delivered_share", self.share(crowd, STEADY, (since(STEADY, 0), seconds))),
            ("jain", jain(crowd)),
            ("server_us_per_frame", per(server_us, frames)),
            ("engine_us_per_frame", per(engine_us, frames)),
            ("server_cpu_share", server_us / 1e6 / seconds),
            ("server_us", server_us),
            ("main_us", (end.main_ns - then.main_ns) as f64 / 1000.0),
            ("engine_us", engine_us),
            ("server_user_ticks", (end.server_user_ticks - then.server_user_ticks) as f64),
            ("server_system_ticks", (end.server_system_ticks - then.server_system_ticks) as f64),
            ("server_rss_kb", end.server_rss_kb as f64),
            ("load_cpu_share", (end.own_ns - then.own_ns) as f64 / 1e9 / seconds),
            ("publisher_late_p99_ms", late_ms.unwrap_or_else(|| crowd.lateness.quantile_ms(0.99))),
            ("receive_errors", (end.receive_errors - then.receive_errors) as f64),
            ("steal_share", (end.steal_ticks - then.steal_ticks) as f64 / all),
            ("machine_busy_share", (end.busy_ticks - then.busy_ticks) as f64 / all),
            // What others than the server and this process kept busy, of one core; the rest of both is ours.
            ("foreign_cpu_share", foreign(&then, &end, seconds)),
        ];
        fields.extend(quantiles(&crowd.tallies[STEADY].latency));
        if announced > 0.0 {
            fields.push(("announcements", announced));
            fields.push(("server_us_per_announcement", per(server_us, announced)));
            fields.push(("propagation_p50_ms", crowd.tallies[STEADY].propagation.quantile_ms(0.5)));
            fields.push(("propagation_p99_ms", crowd.tallies[STEADY].propagation.quantile_ms(0.99)));
        }
        let named = |(name, value): (&str, f64)| (format!("{}{name}", window.prefix), value);
        self.fields.extend(fields.into_iter().map(named));
        if now.get(WEB).is_some_and(|counts| counts[0] > 0) {
            self.note(&format!("{}web_frames", window.prefix), since(WEB, 0));
            self.note(&format!("{}web_p99_ms", window.prefix), crowd.tallies[WEB].latency.quantile_ms(0.99));
        }
        let other = &crowd.tallies[OTHERS];
        if other.frames > 0 {
            let mut fields = vec![
                ("others_frames", since(OTHERS, 0)),
                ("others_groups", since(OTHERS, 1)),
                ("others_resets", since(OTHERS, 2)),
                ("others_delivered_share", self.share(crowd, OTHERS, (since(OTHERS, 0), seconds))),
                ("others_p50_ms", other.latency.quantile_ms(0.5)),
                ("others_p99_ms", other.latency.quantile_ms(0.99)),
                ("others_samples", other.latency.total() as f64),
            ];
            fields.extend(joins(other));
            self.fields.extend(fields.into_iter().map(named));
        } else {
            self.fields.extend(joins(&crowd.tallies[STEADY]).map(named));
        }
    }

    /// Frames that came of those that were offered.
    fn share(&self, crowd: &Crowd, class: usize, (frames, seconds): (f64, f64)) -> f64 {
        if !self.counts_frames {
            return 1.0;
        }
        let mine = crowd.peers.iter().filter(|peer| peer.role.class == class);
        let fps: f64 = mine.flat_map(|peer| &peer.role.follows).map(|follow| follow.media.fps).sum();
        if fps == 0.0 { 1.0 } else { frames / (fps * seconds) }
    }

    /// What FETCHes took.
    pub fn fetched(&mut self, tally: &Tally, unanswered: u64) {
        self.note("fetches", tally.fetches.total() as f64);
        self.note("fetches_failed", (tally.fetches_failed + unanswered) as f64);
        self.note("fetch_p50_ms", tally.fetches.quantile_ms(0.5));
        self.note("fetch_p99_ms", tally.fetches.quantile_ms(0.99));
    }

    /// The whole as one line of JSON: numbers by name, and `by_second`, a list of [frames, p50, p99 and highest latency in
    /// ms, the server's resident KB, its CPU in µs].
    pub fn line(&self) -> String {
        let body: Vec<String> = self.fields.iter().map(|(name, value)| format!("\"{name}\":{value:.4}")).collect();
        format!("{{{},\"by_second\":[{}]}}", body.join(","), self.seconds.join(","))
    }
}

fn counts(tally: &Tally) -> [u64; 4] {
    [tally.frames, tally.groups, tally.resets, tally.announced]
}

fn quantiles(latency: &Histogram) -> [(&'static str, f64); 6] {
    [
        ("p50_ms", latency.quantile_ms(0.5)),
        ("p90_ms", latency.quantile_ms(0.9)),
        ("p99_ms", latency.quantile_ms(0.99)),
        ("p999_ms", latency.quantile_ms(0.999)),
        ("max_ms", latency.max_ms()),
        ("samples", latency.total() as f64),
    ]
}

fn joins(tally: &Tally) -> impl Iterator<Item = (&'static str, f64)> {
    [
        ("join_handshake_p50_ms", tally.handshakes.quantile_ms(0.5)),
        ("join_accepted_p50_ms", tally.accepted.quantile_ms(0.5)),
        ("join_first_byte_p50_ms", tally.first_bytes.quantile_ms(0.5)),
        ("join_p50_ms", tally.joins.quantile_ms(0.5)),
        ("join_p90_ms", tally.joins.quantile_ms(0.9)),
        ("join_p99_ms", tally.joins.quantile_ms(0.99)),
        ("joins", tally.joins.total() as f64),
    ]
    .into_iter()
}

/// Jain's index of what the steady viewers got since they came: 1 when all got the same.
fn jain(crowd: &Crowd) -> f64 {
    let mine = crowd.peers.iter().filter(|peer| peer.role.class == STEADY && !peer.role.follows.is_empty());
    let shares: Vec<f64> = mine.map(|peer| peer.frames() as f64).collect();
    let (sum, squares) = (shares.iter().sum::<f64>(), shares.iter().map(|share| share * share).sum::<f64>());
    if squares == 0.0 { 1.0 } else { sum * sum / (shares.len() as f64 * squares) }
}

fn foreign(then: &Reading, end: &Reading, seconds: f64) -> f64 {
    // USER_HZ is 100 on every Linux that this runs on.
    let busy = (end.busy_ticks - then.busy_ticks) as f64 / 100.0;
    let ours = ((end.server_ns - then.server_ns) + (end.own_ns - then.own_ns)) as f64 / 1e9;
    ((busy - ours) / seconds).max(0.0)
}
