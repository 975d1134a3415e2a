//! Who takes part in a run, and its steps.
use std::time::Duration;

use crate::args::{Args, Scenario};
use crate::follow::Follow;
use crate::media::{Media, Schedule};
use crate::peer::Role;
use crate::publication::Publication;

/// Name of the one broadcast, and of its only track.
const BROADCAST: &str = "load";
const TRACK: &str = "video";
/// Peers that announce in the announcement storm.
pub const ANNOUNCERS: usize = 10;
/// Publishers of the many-halls cell.
pub const HALLS: usize = 10;
/// Viewers before the memory of others is weighed.
const WARM: usize = 20;
/// FETCHes of one viewer.
pub const FETCHES: usize = 10;
/// Class of the viewers whose experience is the subject, and of those that disturb them or come late.
pub const STEADY: usize = 0;
pub const OTHERS: usize = 1;
/// Class of the viewers over wss, whose frames are counted apart.
pub const WEB: usize = 2;

/// One step of a run; the next begins when it is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Until everybody is connected and gets what it asked for.
    Gather,
    Pause(Duration),
    /// Begin to measure; what is measured is named with this in front.
    Open(&'static str),
    /// End that.
    Close,
    /// Late viewers come, paced; over when the last has begun.
    Join,
    /// Until late viewers are there, at most so long.
    Joined(Duration),
    /// A viewer behind a thin link and one that never reads.
    Disturb,
    Rebind,
    /// Viewers over wss come; over when all are there.
    Web,
    /// Those who are weighed come; before them a few that made the relay grow to its working size.
    Invite,
    /// Those that only sat there begin to watch.
    Subscribe,
    Leave,
    /// Note the relay's memory under this name.
    Weigh(&'static str),
    /// Announcers come; over when every listener knows all their names.
    Announce,
    /// Names come and go for so long.
    Churn(Duration),
    /// Every viewer fetches what is past.
    Fetch,
}

/// The steps of a scenario.
pub fn steps(args: &Args) -> Vec<Step> {
    let (settle, window) = (Step::Pause(args.settle), Step::Pause(args.window));
    let weigh = Step::Weigh("rss_active_kb");
    let start = [Step::Gather, settle.clone(), Step::Open(""), window.clone(), Step::Close];
    let rest = match args.scenario {
        Scenario::Fan | Scenario::Halls => vec![weigh],
        Scenario::Idle => vec![Step::Weigh("rss_idle_kb")],
        Scenario::Join => {
            let after = Step::Pause(Duration::from_secs(1));
            let there = Step::Joined(Duration::from_secs(10));
            let calm = [Step::Open("after_"), Step::Pause(args.window / 2), Step::Close];
            [[Step::Open("storm_"), Step::Join, there, after, Step::Close].as_slice(), &calm].concat()
        }
        Scenario::Slow => {
            let during = [Step::Disturb, settle, Step::Open("slow_"), window, Step::Close, Step::Weigh("rss_slow_kb")];
            [&[weigh], during.as_slice()].concat()
        }
        Scenario::Web => vec![Step::Web, settle, Step::Open("beside_"), window, Step::Close, weigh],
        Scenario::Memory => {
            let end = [Step::Leave, Step::Pause(args.linger), Step::Weigh("rss_left_kb")];
            let warm = [Step::Gather, settle.clone(), Step::Weigh("rss_warm_kb"), Step::Invite];
            let idle = [Step::Gather, settle.clone(), Step::Weigh("rss_idle_kb"), Step::Subscribe];
            return [warm.as_slice(), &idle, &start, &[weigh], &end].concat();
        }
        Scenario::Rebind => {
            let half = Step::Pause(args.window / 2);
            return vec![Step::Gather, settle, Step::Open(""), half.clone(), Step::Rebind, half, Step::Close];
        }
        Scenario::Ring | Scenario::Rooms => {
            return [&[Step::Gather, Step::Subscribe], start.as_slice(), &[weigh]].concat();
        }
        Scenario::Announce => {
            let (open, churn) = (Step::Open(""), Step::Churn(args.window));
            return vec![
                Step::Gather,
                settle,
                Step::Announce,
                Step::Pause(Duration::from_secs(1)),
                open,
                churn,
                Step::Close,
            ];
        }
        Scenario::Fetch => vec![Step::Fetch, Step::Weigh("rss_active_kb")],
    };
    [start.as_slice(), &rest].concat()
}

/// Whether a publisher on a thread of its own feeds the viewers.
pub fn has_publisher(args: &Args) -> bool {
    !args.raw
        && !matches!(
            args.scenario,
            Scenario::Idle | Scenario::Ring | Scenario::Rooms | Scenario::Announce | Scenario::Halls
        )
}

/// The publisher's role.
pub fn publisher(media: Media) -> Role {
    let schedule = Schedule::new(media.fps, Duration::ZERO);
    Role { publications: vec![Publication::new((BROADCAST.into(), TRACK.into()), media, schedule)], ..Role::default() }
}

/// A viewer of the one broadcast.
pub fn viewer(args: &Args, class: usize) -> Role {
    let follow = Follow::new(0, (BROADCAST.into(), TRACK.into()), (args.media, args.latency_ms));
    Role { class, follows: vec![follow], raw: args.raw, ..Role::default() }
}

/// The roles of all who are there from the beginning.
pub fn roles(args: &Args) -> Vec<Role> {
    match args.scenario {
        Scenario::Idle => (0..args.viewers).map(|_| Role { idle: true, raw: args.raw, ..Role::default() }).collect(),
        Scenario::Memory => (0..WARM).map(|_| viewer(args, OTHERS)).collect(),
        Scenario::Ring => (0..args.viewers).map(|at| ring(args, at)).collect(),
        Scenario::Rooms => (0..args.viewers).map(|at| room(args, at)).collect(),
        Scenario::Halls => halls(args),
        Scenario::Announce => (0..args.viewers)
            .map(|at| Role { listens: Some(if at % 2 == 0 { "names" } else { "elsewhere" }.into()), ..Role::default() })
            .collect(),
        _ => (0..args.viewers).map(|at| viewer(args, if at < args.impaired { OTHERS } else { STEADY })).collect(),
    }
}

/// Viewers that only sit there at first.
pub fn sitters(args: &Args) -> impl Iterator<Item = Role> {
    (0..args.viewers).map(|_| Role { idle: true, ..viewer(args, STEADY) })
}

fn ring(args: &Args, at: usize) -> Role {
    let name = |at: usize| (format!("peer/{}", at % args.viewers), TRACK.to_string());
    let media = |at: usize| Media { salt: (at % args.viewers) as u32, ..args.media };
    let spread = Duration::from_secs_f64(at as f64 / args.viewers as f64 / args.media.fps);
    let publication = Publication::new(name(at), media(at), Schedule::new(args.media.fps, spread));
    let follow = Follow::new(0, name(at + 1), (media(at + 1), args.latency_ms));
    Role { publications: vec![publication], follows: vec![follow], idle: true, ..Role::default() }
}

/// Sound and pictures of a conference.
fn senses(at: usize) -> [(&'static str, Media); 2] {
    let salt = 2 * at as u32;
    [
        ("audio", Media { fps: 50.0, first: 200, rest: 200, group: 10, salt, priority: 80 }),
        ("video", Media { fps: 30.0, first: 4000, rest: 4000, group: 30, salt: salt + 1, priority: 60 }),
    ]
}

fn room(args: &Args, at: usize) -> Role {
    let first = at - at % args.room;
    let name = |at: usize| format!("room/{}/{}", at / args.room, at % args.room);
    let mut role = Role { idle: true, ..Role::default() };
    for (track, media) in senses(at) {
        let spread = Duration::from_secs_f64(at as f64 / args.viewers as f64 / media.fps);
        let schedule = Schedule::new(media.fps, spread);
        role.publications.push(Publication::new((name(at), track.into()), media, schedule));
    }
    for other in (first..(first + args.room).min(args.viewers)).filter(|other| *other != at) {
        for (track, media) in senses(other) {
            let id = role.follows.len() as u64;
            role.follows.push(Follow::new(id, (name(other), track.into()), (media, args.latency_ms)));
        }
    }
    role
}

fn halls(args: &Args) -> Vec<Role> {
    let name = |hall: usize| (format!("hall/{hall}"), TRACK.to_string());
    let media = |hall: usize| Media { salt: hall as u32, ..args.media };
    let stages = (0..HALLS).map(|hall| {
        let spread = Duration::from_secs_f64(hall as f64 / HALLS as f64 / args.media.fps);
        let publication = Publication::new(name(hall), media(hall), Schedule::new(args.media.fps, spread));
        Role { publications: vec![publication], ..Role::default() }
    });
    let seats = (0..args.viewers).map(|at| {
        let visited = (0..=at % 3).map(|step| (at + step * 3) % HALLS).enumerate();
        let follows =
            visited.map(|(id, hall)| Follow::new(id as u64, name(hall), (media(hall), args.latency_ms))).collect();
        Role { follows, ..Role::default() }
    });
    stages.chain(seats).collect()
}

/// One announcer, with its names.
pub fn announcer(args: &Args, at: usize) -> Role {
    let names = (0..args.names).map(|name| format!("names/{at}/{name}")).collect();
    Role { class: OTHERS, names, ..Role::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &str) -> Args {
        Args::parse(words.split_whitespace().map(String::from)).expect("arguments")
    }

    #[test]
    fn every_scenario_measures_and_ends() {
        for name in
            ["fan", "idle", "join", "slow", "memory", "rebind", "ring", "rooms", "announce", "fetch", "halls", "web"]
        {
            let steps = steps(&args(&format!("--scenario {name}")));
            let count = |wanted: fn(&Step) -> bool| steps.iter().filter(|step| wanted(step)).count();
            assert!(count(|step| matches!(step, Step::Open(_))) > 0, "{name}");
            assert_eq!(count(|step| matches!(step, Step::Open(_))), count(|step| *step == Step::Close), "{name}");
        }
    }

    #[test]
    fn rooms_follow_everybody_else_in_the_room() {
        let roles = roles(&args("--scenario rooms --viewers 12 --room 6"));
        assert!(roles.iter().all(|role| role.follows.len() == 10 && role.publications.len() == 2));
        assert!(roles[7].follows.iter().all(|follow| follow.broadcast.starts_with("room/1/")));
        assert!(roles[7].follows.iter().all(|follow| follow.broadcast != "room/1/1"));
    }

    #[test]
    fn halls_have_viewers_of_one_to_three() {
        let roles = roles(&args("--scenario halls --viewers 30"));
        assert_eq!(roles.len(), 30 + HALLS);
        let counts: Vec<usize> = roles[HALLS..].iter().map(|role| role.follows.len()).collect();
        assert_eq!(counts[..3], [1, 2, 3]);
    }
}
