//! Peers with their connections, and the loop that serves them.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use crate::content::Content;
use crate::histogram::Histogram;
use crate::listening::Changes;
use crate::media::wall_ns;
use crate::party::{Door, Party};
use crate::peer::{Peer, Role};
use crate::tally::{Context, Tally};

/// How often refused subscriptions are looked at.
const TICK: Duration = Duration::from_millis(10);

/// Peers of one thread; peer i is link i of the party.
pub struct Crowd {
    pub party: Party,
    pub peers: Vec<Peer>,
    /// One for each class of peers.
    pub tallies: Vec<Tally>,
    pub content: Content,
    pub changes: Changes,
    /// How late each frame was when its turn came.
    pub lateness: Histogram,
    /// The first thing that was not as published.
    pub wrong: Option<String>,
    /// The next frame of each publishing peer.
    dues: BinaryHeap<Reverse<(Instant, usize)>>,
    tick_at: Instant,
    /// Sockets of others in the same set that have something.
    pub others: Vec<usize>,
}

impl Crowd {
    /// `largest`: bytes of the largest frame; `classes`: how many populations are told apart.
    pub fn new(largest: usize, classes: usize) -> Result<Self, String> {
        Ok(Crowd {
            party: Party::new()?,
            peers: Vec::new(),
            tallies: (0..classes).map(|_| Tally::new()).collect(),
            content: Content::new(largest),
            changes: Changes::new(),
            lateness: Histogram::new(),
            wrong: None,
            dues: BinaryHeap::new(),
            tick_at: Instant::now(),
            others: Vec::new(),
        })
    }

    /// Begin a connection; its index.
    pub fn join(&mut self, door: &Door, role: Role) -> Result<usize, String> {
        let index = self.party.connect(door)?;
        let peer = Peer::new(role);
        if let Some(due) = peer.due() {
            self.dues.push(Reverse((due, index)));
        }
        self.peers.push(peer);
        Ok(index)
    }

    /// One turn: at most `wait` long unless there is work.
    pub fn turn(&mut self, wait: Duration) {
        self.drive();
        let mut wait = self.party.idle_for(wait);
        if let Some(Reverse((at, _))) = self.dues.peek() {
            wait = wait.min(at.saturating_duration_since(Instant::now()));
        }
        self.party.wait(wait, &mut self.others);
        self.publish();
        self.tick();
    }

    /// Let go out what a peer was told to write.
    pub fn drive(&mut self) {
        let now_ns = wall_ns();
        let Crowd { party, peers, tallies, content, changes, wrong, .. } = self;
        party.drive(&mut |index, link, happening| {
            let peer = &mut peers[index];
            let tally = &mut tallies[peer.role.class];
            let mut context = Context { content, tally, now_ns, wrong };
            peer.happened(link, happening, (&mut context, changes));
        });
    }

    fn publish(&mut self) {
        while let Some(Reverse((at, index))) = self.dues.peek().copied() {
            if at > Instant::now() {
                return;
            }
            self.dues.pop();
            let peer = &mut self.peers[index];
            if peer.lost.is_some() {
                continue;
            }
            match peer.publish(&mut self.party.links[index], &self.content, &mut self.lateness) {
                Ok(true) => self.party.mark(index),
                Ok(false) => {}
                Err(wrong) => {
                    self.wrong.get_or_insert(wrong);
                }
            }
            if let Some(due) = self.peers[index].due() {
                self.dues.push(Reverse((due, index)));
            }
            // What is due now goes out before the next peer's turn.
            self.drive();
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if now < self.tick_at {
            return;
        }
        self.tick_at = now + TICK;
        for (index, peer) in self.peers.iter_mut().enumerate() {
            if peer.tick(&mut self.party.links[index], now) {
                self.party.mark(index);
            }
        }
    }

    /// Close all connections.
    pub fn leave(&mut self) {
        for index in 0..self.party.links.len() {
            self.party.close(index);
        }
    }
}
