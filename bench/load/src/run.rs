//! A run: who comes when, step by step, and what was measured in the end.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::args::{Args, Scenario};
use crate::crowd::Crowd;
use crate::impairment::Impairment;
use crate::media::wall_ns;
use crate::party::Door;
use crate::peer::{Peer, Role};
use crate::plan::{self, ANNOUNCERS, FETCHES, OTHERS, STEADY, Step, WEB};
use crate::proxy::Proxy;
use crate::publisher::Publisher;
use crate::record::Record;
use crate::tally::Context;
use crate::web::WebLink;

/// Longest turn of the loop.
const WAIT: Duration = Duration::from_millis(20);
/// Where the indices of wss sockets begin in the set that is waited on.
const WEB_AT: usize = 1 << 32;
/// A viewer on a thin link gets this much.
const THIN_KBPS: f64 = 200.0;
/// Between two changes of the announcement storm.
const CHURN: Duration = Duration::from_millis(50);

/// A run of the load client.
pub struct Run {
    args: Args,
    crowd: Crowd,
    doors: Vec<Door>,
    publisher: Option<Publisher>,
    /// Networks that viewers are behind.
    proxies: Vec<Proxy>,
    /// Connections still to be begun.
    wanted: VecDeque<(Door, Role)>,
    steps: VecDeque<Step>,
    /// When the current step began.
    since: Instant,
    /// How often its action was taken.
    done: usize,
    record: Record,
    /// The first late viewer.
    late: usize,
    /// Viewers over wss.
    web: Vec<(WebLink, Peer)>,
}

impl Run {
    /// Begin: the publisher first; the viewers follow when it has announced.
    pub fn start(args: Args) -> Result<Self, String> {
        let alpn = if args.webtransport { "h3" } else { "moq-lite-05" };
        let config = crate::tls::client(alpn)?;
        let door = |address| Door {
            address,
            path: args.path.clone(),
            webtransport: args.webtransport,
            config: config.clone(),
        };
        let doors: Vec<Door> = args.addresses.iter().copied().map(door).collect();
        let record = Record::new(&args);
        let largest = args.media.largest().max(4000);
        let mut publisher = None;
        if plan::has_publisher(&args) {
            let media = args.media;
            let entry = door(args.publish_address.unwrap_or(args.addresses[0]));
            publisher = Some(Publisher::start((entry, largest), move || plan::publisher(media))?);
        }
        let mut run = Run {
            crowd: Crowd::new(largest, 3)?,
            doors,
            publisher,
            proxies: Vec::new(),
            wanted: VecDeque::new(),
            steps: plan::steps(&args).into(),
            since: Instant::now(),
            done: 0,
            record,
            late: 0,
            web: Vec::new(),
            args,
        };
        run.invite()?;
        Ok(run)
    }

    /// Put everybody who is there from the beginning on the list.
    fn invite(&mut self) -> Result<(), String> {
        let bad = if self.args.impaired > 0 { Some(self.behind(self.args.impairment)?) } else { None };
        for (at, role) in plan::roles(&self.args).into_iter().enumerate() {
            let door = match &bad {
                Some(bad) if role.class == OTHERS => bad.clone(),
                _ => self.doors[at % self.doors.len()].clone(),
            };
            self.wanted.push_back((door, role));
        }
        Ok(())
    }

    /// A door behind a bad network.
    fn behind(&mut self, impairment: Impairment) -> Result<Door, String> {
        let proxy = Proxy::start(self.doors[0].address, impairment)?;
        let door = Door { address: proxy.address, ..self.doors[0].clone() };
        self.proxies.push(proxy);
        Ok(door)
    }

    /// Run to the end; the report as one line of JSON.
    pub fn finish(mut self) -> Result<String, String> {
        while let Some(step) = self.steps.front().cloned() {
            self.grow()?;
            self.crowd.turn(WAIT);
            self.surf();
            self.complain(&step)?;
            self.record.sample(&mut self.crowd);
            if self.over(&step)? {
                self.steps.pop_front();
                self.since = Instant::now();
                self.done = 0;
            }
        }
        self.crowd.leave();
        Ok(self.record.line())
    }

    /// Begin further connections while not too many are in their handshake.
    fn grow(&mut self) -> Result<(), String> {
        if self.publisher.as_ref().is_some_and(|publisher| !publisher.announced()) {
            return Ok(());
        }
        let waiting = |crowd: &Crowd, ramp: usize| {
            crowd.peers.iter().rev().take(ramp).filter(|peer| !peer.ready && peer.lost.is_none()).count()
        };
        while !self.wanted.is_empty() && waiting(&self.crowd, self.args.ramp) < self.args.ramp {
            let Some((door, role)) = self.wanted.pop_front() else { break };
            self.crowd.join(&door, role)?;
        }
        Ok(())
    }

    /// End the run when something was not as published, or somebody who should stay is gone.
    fn complain(&mut self, step: &Step) -> Result<(), String> {
        if let Some(wrong) = self.crowd.wrong.take() {
            return Err(wrong);
        }
        if let Some(lost) = self.publisher.as_ref().and_then(Publisher::lost) {
            return Err(format!("the publisher: {lost}"));
        }
        if *step == Step::Gather && self.since.elapsed() > self.args.patience {
            let there = self.crowd.peers.iter().filter(|peer| peer.live()).count();
            return Err(format!("only {there} of {} came up", self.crowd.peers.len() + self.wanted.len()));
        }
        let steady = self.crowd.peers.iter().filter(|peer| peer.role.class == STEADY);
        if let Some(why) = steady.filter_map(|peer| peer.lost.as_ref()).next()
            && !self.record.left
        {
            return Err(format!("a viewer lost its connection: {why}"));
        }
        Ok(())
    }

    /// Do what the step asks for now; true when it is over.
    fn over(&mut self, step: &Step) -> Result<bool, String> {
        match step {
            Step::Gather => return Ok(self.wanted.is_empty() && self.crowd.peers.iter().all(|peer| peer.live())),
            Step::Pause(time) => return Ok(self.since.elapsed() >= *time),
            Step::Open(prefix) => {
                if let Some(publisher) = &self.publisher {
                    publisher.forget();
                }
                self.record.open(prefix, &mut self.crowd);
            }
            Step::Close => {
                let late = self.publisher.as_ref().map(Publisher::lateness_p99_ms);
                self.record.close(&mut self.crowd, late);
            }
            Step::Join => return self.join(),
            Step::Joined(patience) => return Ok(self.joined(*patience)),
            Step::Disturb => self.disturb()?,
            Step::Rebind => {
                for index in 0..self.crowd.peers.len() {
                    self.crowd.party.rebind(index)?;
                }
            }
            Step::Invite => {
                let guests = plan::sitters(&self.args).map(|role| (self.doors[0].clone(), role));
                self.wanted.extend(guests);
            }
            Step::Web => return self.web(),
            Step::Subscribe => {
                for (index, peer) in self.crowd.peers.iter_mut().enumerate().filter(|(_, peer)| peer.role.idle) {
                    peer.subscribe(&mut self.crowd.party.links[index]);
                    self.crowd.party.mark(index);
                }
            }
            Step::Leave => {
                self.record.left = true;
                self.crowd.leave();
                self.publisher = None;
            }
            Step::Weigh(name) => self.record.weigh(name),
            Step::Announce => return self.announce(),
            Step::Churn(time) => return Ok(self.churn(*time)),
            Step::Fetch => return Ok(self.fetch()),
        }
        Ok(true)
    }

    /// Begin one viewer over wss a turn.
    fn web(&mut self) -> Result<bool, String> {
        let address = self.args.web_address.ok_or("--web-address is missing")?;
        if self.web.len() < self.args.web_viewers {
            let link = WebLink::new(address, &self.args.path)?;
            let at = WEB_AT + self.web.len();
            self.crowd.party.poll.add_fd(&link.socket, at).map_err(|error| error.to_string())?;
            self.web.push((link, Peer::new(plan::viewer(&self.args, WEB))));
            return Ok(false);
        }
        if let Some(why) = self.web.iter().filter_map(|(_, peer)| peer.lost.as_ref()).next() {
            return Err(format!("a viewer over wss lost its connection: {why}"));
        }
        if self.since.elapsed() > self.args.patience {
            return Err("viewers over wss did not come up".into());
        }
        Ok(self.web.iter().all(|(_, peer)| peer.live()))
    }

    /// Take in what came over wss.
    fn surf(&mut self) {
        let now_ns = wall_ns();
        for index in std::mem::take(&mut self.crowd.others) {
            let Some((link, peer)) = self.web.get_mut(index - WEB_AT) else { continue };
            let Crowd { content, tallies, wrong, changes, .. } = &mut self.crowd;
            link.receive(&mut |link, happening| {
                let mut context = Context { content, tally: &mut tallies[WEB], now_ns, wrong };
                peer.happened(link, happening, (&mut context, changes));
            });
        }
        let now = Instant::now();
        for (link, peer) in &mut self.web {
            peer.tick(link, now);
        }
    }

    fn join(&mut self) -> Result<bool, String> {
        if self.done == 0 {
            self.late = self.crowd.peers.len();
        }
        let due = self.since.elapsed().as_secs_f64() / self.args.join_seconds * self.args.joiners as f64;
        while self.done < self.args.joiners && (self.done as f64) < due {
            let door = self.doors[self.done % self.doors.len()].clone();
            self.crowd.join(&door, plan::viewer(&self.args, OTHERS))?;
            self.done += 1;
        }
        Ok(self.done == self.args.joiners)
    }

    fn joined(&mut self, patience: Duration) -> bool {
        let missing = self.crowd.peers[self.late..].iter().filter(|peer| !peer.live()).count();
        if missing > 0 && self.since.elapsed() < patience {
            return false;
        }
        self.record.note("joins_failed", missing as f64);
        true
    }

    fn disturb(&mut self) -> Result<(), String> {
        let thin = Impairment { rate_kbps: THIN_KBPS, seed: self.args.impairment.seed, ..Impairment::default() };
        let door = self.behind(thin)?;
        self.crowd.join(&door, plan::viewer(&self.args, OTHERS))?;
        let deaf = Door { config: crate::tls::narrow(&self.args)?, ..self.doors[0].clone() };
        let index = self.crowd.join(&deaf, plan::viewer(&self.args, OTHERS))?;
        self.crowd.party.links[index].deaf = true;
        Ok(())
    }

    fn announce(&mut self) -> Result<bool, String> {
        if self.done == 0 {
            self.late = self.crowd.peers.len();
            for at in 0..ANNOUNCERS {
                self.crowd.join(&self.doors[at % self.doors.len()].clone(), plan::announcer(&self.args, at))?;
            }
            self.done = 1;
        }
        let all = (ANNOUNCERS * self.args.names) as i64;
        let listening = self.crowd.peers.iter().filter_map(|peer| peer.listening.as_ref());
        let short = listening.filter(|listening| listening.near() && listening.live < all).count();
        if short > 0 && self.since.elapsed() > self.args.patience {
            return Err(format!("{short} listeners do not know all names"));
        }
        if short == 0 {
            self.record.note("announce_all_ms", self.since.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(short == 0)
    }

    /// Each name in turn ends and begins again.
    fn churn(&mut self, time: Duration) -> bool {
        while self.since.elapsed() > CHURN * self.done as u32 && self.since.elapsed() < time {
            let (name, active) = (self.done / 2, self.done % 2 == 1);
            let at = name % ANNOUNCERS;
            let name = format!("names/{at}/{}", name / ANNOUNCERS % self.args.names);
            self.crowd.changes.insert(name.clone(), Instant::now());
            let index = self.late + at;
            self.crowd.peers[index].announce(&mut self.crowd.party.links[index], &name, active);
            self.crowd.party.mark(index);
            self.done += 1;
        }
        if self.since.elapsed() < time {
            return false;
        }
        let far = self.crowd.peers.iter().filter_map(|peer| peer.listening.as_ref()).filter(|one| !one.near());
        self.record.note("announced_elsewhere", far.map(|one| one.count).sum::<u64>() as f64);
        self.record.note("changes", self.done as f64);
        true
    }

    /// Every viewer asks for groups that are past, one after the other; over when all are answered.
    fn fetch(&mut self) -> bool {
        let viewers = self.crowd.peers.len();
        let all = viewers * FETCHES;
        while self.done < all && self.since.elapsed() > CHURN * self.done as u32 {
            let index = self.done % viewers;
            let back = 2 + (self.done * 7 % 20) as u32;
            self.crowd.peers[index].fetch(&mut self.crowd.party.links[index], back);
            self.crowd.party.mark(index);
            self.done += 1;
        }
        let tally = &self.crowd.tallies[STEADY];
        let answered = tally.fetches.total() + tally.fetches_failed;
        if answered < all as u64 && self.since.elapsed() < CHURN * all as u32 + Duration::from_secs(10) {
            return false;
        }
        self.record.fetched(tally, all as u64 - answered);
        true
    }
}

/// Whether viewers of the scenario are expected to get every frame that is offered.
pub fn counts_frames(scenario: Scenario) -> bool {
    !matches!(scenario, Scenario::Idle | Scenario::Announce)
}
