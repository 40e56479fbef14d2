//! What is shown of who is muted, and of what is recorded, is what is so in the engine: whoever changed it, in whatever
//! order, and though some of what the engine said was lost.

#![allow(clippy::disallowed_methods)] // It takes its seed from the clock, and waits as callers do.

mod common;

use std::time::Duration;

use common::house::engine;
use common::lossy::Lossy;
use common::site::{Site, until};
use touchtone::sim::{ChannelId, Route};
use touchtone::trial::Chance;

const CODES: &str = r#"
answer-timeout = "200ms"
[rooms."8*"]
lonely = true
[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"
[[code]]
name = "mute-others"
keys = "*70"
state = "conference"
allow = "organizer"
operation = "mute-others"
[[code]]
name = "unmute-all"
keys = "*71"
state = "conference"
allow = "organizer"
operation = "unmute-all"
[[code]]
name = "record"
keys = "*9"
state = "conference"
allow = "organizer"
operation = "record-toggle"
"#;

/// How much is done in a trial.
const ACTS: usize = 60;

/// The seed of what is done in a trial: another one each time, unless somebody says. What is lost depends on when things
/// happen, too.
fn seed() -> u64 {
    let said = std::env::var("TOUCHTONE_SEED").ok().and_then(|seed| seed.parse().ok());
    said.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs())
}

/// Seat by seat, and the room's recording: as shown, and as it is.
fn shown_and_so(site: &Site) -> [(Vec<Option<bool>>, bool); 2] {
    let shown = site.room("800").expect("the room");
    let is = site.engine_room("800").expect("the room");
    let muted =
        |leg: &str| is.members.iter().find(|member| member.leg.as_str() == leg).map(|member| member.muted);
    let so = shown.seats.iter().map(|seat| muted(&seat.leg)).collect();
    [
        (shown.seats.iter().map(|seat| seat.muted).collect(), shown.recording),
        (so, !is.recordings().is_empty()),
    ]
}

fn act(site: &Site, chance: &mut Chance, callers: &[ChannelId]) -> String {
    let said = match chance.below(10) {
        0..=3 => {
            let (seat, to) = (chance.between(1, callers.len()), chance.pick(&["on", "off", "toggle"]));
            Err(format!("mute 800 --seat {seat} {to}"))
        }
        4 => Err(format!("mute 800 --all {}", chance.pick(&["on", "off"]))),
        5 => Err(format!("record 800 {}", chance.pick(&["on", "off", "toggle"]))),
        6..=8 => Ok((chance.below(callers.len()), "*6")),
        _ => Ok((0, *chance.pick(&["*70", "*71", "*9"]))),
    };
    match said {
        Ok((who, keys)) => {
            site.key(&callers[who], keys);
            format!("{} keys {keys}", callers[who])
        }
        // What is refused because its answer was lost may be done all the same.
        Err(words) => format!("{words}: {:?}", site.command(&words).code),
    }
}

#[test]
fn what_is_shown_is_so_in_the_engine_though_events_and_answers_are_lost() {
    let seed = seed();
    println!("TOUCHTONE_SEED={seed}");
    let (mut chance, way) = (Chance::seeded(seed), Lossy::new(seed));
    let mut settings = engine(&[]);
    settings.routes.push(Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    let site = Site::by(CODES, settings, |folder, engine| way.listen(folder, engine));
    let callers = [
        site.enter("alice", "900", "800"),
        site.enter("bob", "800", "800"),
        site.enter("carol", "800", "800"),
    ];
    let mut done = Vec::new();
    way.lose(true);
    for _ in 0..ACTS {
        done.push(act(&site, &mut chance, &callers));
        std::thread::sleep(chance.within(Duration::from_millis(20)));
    }
    way.lose(false);
    println!("{} lines were lost; {done:#?}", way.lost());
    assert!(way.lost() > 0);
    until("what is shown is so", || {
        let [shown, so] = shown_and_so(&site);
        if shown != so {
            println!("shown {shown:?}, and so is {so:?}");
        }
        shown == so
    });
    std::thread::sleep(Duration::from_millis(500));
    let [shown, so] = shown_and_so(&site);
    assert_eq!(shown, so, "and stays so");
    for (who, was) in callers.iter().zip(so.0) {
        site.key(who, "*6");
        until(&format!("{who} is not as before"), || {
            site.engine.with(|sim| sim.channel(who)).is_some_and(|channel| Some(channel.muted) != was)
        });
    }
}
