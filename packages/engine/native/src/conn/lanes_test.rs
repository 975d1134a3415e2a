use super::*;
use crate::tape::{End, Tapes};

struct Bench {
    lanes: Lanes,
    tapes: Tapes,
    now: Instant,
    next: u64,
}

impl Bench {
    fn new() -> Self {
        Self { lanes: Lanes::default(), tapes: Tapes::default(), now: Instant::now(), next: 0 }
    }

    fn lane(&mut self, lane: u32, priority: u8, oldest_first: bool) {
        self.policy(lane, Policy { priority, oldest_first, latency_ms: f64::INFINITY, budget: f64::INFINITY });
    }

    fn policy(&mut self, lane: u32, policy: Policy) {
        self.lanes.set(lane, policy);
    }

    fn play(&mut self, lane: u32, tag: f64, bytes: usize) -> usize {
        self.next += 1;
        self.tapes.append(self.next, vec![0; bytes].into());
        let tape = self.tapes.get(self.next).unwrap();
        self.lanes.add(lane, tag, tape, Bytes::from_static(b"h"), self.now).unwrap()
    }

    fn order(&mut self) -> Vec<(u32, f64)> {
        let mut ranks = Vec::new();
        self.lanes.ready(&mut ranks);
        let order =
            ranks.iter().map(|rank| (self.lanes.plays[rank.key].lane, self.lanes.plays[rank.key].tag)).collect();
        ranks.iter().for_each(|rank| self.lanes.activate(rank.key));
        order
    }

    fn spent(&mut self) -> Vec<(f64, Drop)> {
        let (spent, _) = self.lanes.police(self.now);
        spent.iter().map(|(key, reason)| (self.lanes.plays[*key].tag, *reason)).collect()
    }
}

#[test]
fn ready_puts_priority_before_age() {
    let mut bench = Bench::new();
    bench.lane(1, 60, false);
    bench.lane(2, 80, false);
    bench.play(1, 9.0, 10);
    bench.play(2, 1.0, 10);
    bench.play(2, 2.0, 10);
    assert_eq!(bench.order(), [(2, 2.0), (2, 1.0), (1, 9.0)]);
}

#[test]
fn ready_puts_the_newest_of_each_lane_before_the_older_of_any() {
    let mut bench = Bench::new();
    for lane in [1, 2] {
        bench.lane(lane, 60, false);
        for tag in [1.0, 3.0, 2.0] {
            bench.play(lane, tag, 10);
        }
    }
    let tags: Vec<_> = bench.order().iter().map(|entry| entry.1).collect();
    assert_eq!(tags, [3.0, 3.0, 2.0, 2.0, 1.0, 1.0]);
}

#[test]
fn ready_reverses_the_age_of_a_lane_in_sequence() {
    let mut bench = Bench::new();
    bench.lane(1, 60, true);
    for tag in [2.0, 1.0, 3.0] {
        bench.play(1, tag, 10);
    }
    assert_eq!(bench.order(), [(1, 1.0), (1, 2.0), (1, 3.0)]);
}

#[test]
fn ready_lets_equals_take_turns() {
    let mut bench = Bench::new();
    bench.lane(1, 60, false);
    bench.lane(2, 60, false);
    let first = bench.play(1, 1.0, 10);
    bench.play(2, 1.0, 10);
    bench.lanes.served(first);
    assert_eq!(bench.order()[0].0, 2);
    let mut ranks = Vec::new();
    bench.lanes.ready(&mut ranks);
    assert!(ranks[0].ties(&ranks[1]));
    bench.lanes.served(ranks[0].key);
    ranks.iter().for_each(|rank| bench.lanes.activate(rank.key));
    assert_eq!(bench.order()[0].0, 1);
}

#[test]
fn ready_skips_what_is_blocked_or_has_nothing_to_send() {
    let mut bench = Bench::new();
    bench.lane(1, 60, false);
    let idle = bench.play(1, 1.0, 0);
    let blocked = bench.play(1, 2.0, 10);
    for key in [idle, blocked] {
        let play = bench.lanes.get_mut(key).unwrap();
        play.id = Some(StreamId::from(quinn_proto::VarInt::from_u32(2)));
        play.header = Bytes::new();
    }
    bench.lanes.get_mut(blocked).unwrap().blocked = true;
    assert_eq!(bench.order(), []);
    bench.lanes.writable(blocked);
    assert_eq!(bench.order(), [(1, 2.0)]);
    bench.tapes.end(1, End::Finished);
    bench.lanes.activate(idle);
    assert_eq!(bench.order(), [(1, 2.0), (1, 1.0)]);
}

#[test]
fn police_gives_up_what_is_late_once_there_is_a_newer_play() {
    let mut bench = Bench::new();
    bench.policy(1, Policy { priority: 0, oldest_first: false, latency_ms: 100.0, budget: f64::INFINITY });
    bench.play(1, 1.0, 10);
    bench.now += Duration::from_secs(10);
    assert_eq!(bench.spent(), []);
    bench.play(1, 2.0, 10);
    let (_, next) = bench.lanes.police(bench.now);
    assert_eq!(next, Some(bench.now + Duration::from_millis(100)));
    bench.now += Duration::from_millis(99);
    assert_eq!(bench.spent(), []);
    bench.now += Duration::from_millis(1);
    assert_eq!(bench.spent(), [(1.0, Drop::Latency)]);
}

#[test]
fn police_counts_the_latency_of_a_play_that_came_late_from_its_own_start() {
    let mut bench = Bench::new();
    bench.policy(1, Policy { priority: 0, oldest_first: false, latency_ms: 100.0, budget: f64::INFINITY });
    bench.play(1, 2.0, 10);
    bench.now += Duration::from_secs(10);
    bench.play(1, 1.0, 10);
    assert_eq!(bench.spent(), []);
    bench.now += Duration::from_millis(100);
    assert_eq!(bench.spent(), [(1.0, Drop::Latency)]);
}

#[test]
fn police_gives_up_the_oldest_over_the_budget_and_never_the_newest() {
    let mut bench = Bench::new();
    bench.policy(1, Policy { priority: 0, oldest_first: true, latency_ms: f64::INFINITY, budget: 250.0 });
    for tag in [1.0, 2.0, 3.0] {
        bench.play(1, tag, 100);
    }
    bench.play(1, 4.0, 1_000_000);
    assert_eq!(bench.spent(), [(1.0, Drop::Budget)]);
}

#[test]
fn police_gives_up_an_older_play_though_the_newer_one_has_ended() {
    let mut bench = Bench::new();
    bench.policy(1, Policy { priority: 0, oldest_first: false, latency_ms: 100.0, budget: f64::INFINITY });
    bench.play(1, 1.0, 10);
    let newer = bench.play(1, 2.0, 10);
    bench.lanes.remove(newer);
    bench.play(1, 0.0, 10);
    bench.now += Duration::from_millis(100);
    assert_eq!(bench.spent(), [(1.0, Drop::Latency), (0.0, Drop::Latency)]);
}

#[test]
fn surplus_is_the_oldest_waiting_play_of_a_lane_with_too_many() {
    let mut bench = Bench::new();
    bench.lane(1, 0, false);
    let oldest = bench.play(1, 0.0, 1);
    for tag in 1..LANE_WAITING_MAX {
        bench.play(1, tag as f64, 1);
    }
    assert_eq!(bench.lanes.surplus(1), None);
    bench.play(1, 1000.0, 1);
    assert_eq!(bench.lanes.surplus(1), Some(oldest));
}

#[test]
fn close_keeps_a_lane_until_its_last_play_and_takes_no_more() {
    let mut bench = Bench::new();
    bench.lane(1, 0, false);
    let key = bench.play(1, 0.0, 1);
    bench.lanes.close(1);
    assert!(!bench.lanes.settle(1));
    let tape = bench.tapes.get(1).unwrap();
    assert_eq!(bench.lanes.add(1, 1.0, tape, Bytes::new(), bench.now), None);
    assert!(bench.lanes.exists(1));
    bench.lanes.end(1);
    bench.lanes.remove(key);
    assert!(!bench.lanes.settle(1));
    assert!(bench.lanes.acknowledge(1));
    assert!(!bench.lanes.exists(1));
    assert!(!bench.lanes.settle(1));
    assert_eq!(bench.lanes.stale, 0);
}
