//! The simulated engine is held to transcripts of a running one; see `common/replay.rs` for how.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "common/replay.rs"]
mod replay;

use std::time::Duration;

use replay::{Act, Scenario, calls, hangs_up, keys, other_says, replay, settings, talk, third_takes_digits};
use touchtone::key::Keys;
use touchtone::sim::ChannelId;

#[test]
fn handshake() {
    replay(Scenario {
        file: "handshake.txt",
        settings: settings(&[]),
        before: vec![],
        acts: vec![],
        leftover: None,
    });
}

#[test]
fn call_to_conference() {
    replay(Scenario {
        file: "call-to-conference.txt",
        settings: settings(&[("dumb", 3), ("sip", 2), ("conf", 6), ("bill", 7)]),
        before: vec![third_takes_digits()],
        acts: vec![
            (
                300,
                other_says(
                    "%%>message:1:0:call.execute::callto=dumb/alice:target=carol:\
                     direct=sip/sip%zcarol@127.0.0.1%z7010:caller=alice:copyparams=media:media=no",
                ),
            ),
            (
                705,
                other_says(
                    "%%>message:2:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=5:detected=rfc2833",
                ),
            ),
            (
                862,
                other_says(
                    "%%>message:3:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=*:detected=rfc2833",
                ),
            ),
            (
                1020,
                other_says(
                    "%%>message:4:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=3:detected=rfc2833",
                ),
            ),
        ],
        leftover: None,
    });
}

#[test]
fn conference_sip() {
    replay(Scenario {
        file: "conference-sip.txt",
        settings: settings(&[("conf", 3), ("bill", 3)]),
        before: vec![],
        acts: vec![
            (455, calls("bob", "800", 7001, "1-19971@127.0.0.1")),
            (893, calls("alice", "800", 7002, "1-19976@127.0.0.1")),
            (1710, keys("sip/2", "*")),
            (2010, keys("sip/2", "6")),
            (3730, keys("sip/2", "*")),
            (4034, keys("sip/2", "6")),
            (5754, keys("sip/2", "*")),
            (6054, keys("sip/2", "9")),
            (7776, keys("sip/2", "*")),
            (8078, keys("sip/2", "9")),
            (8800, hangs_up("sip/2")),
            (12306, hangs_up("sip/1")),
        ],
        leftover: None,
    });
}

#[test]
fn dial_out_and_announce() {
    let mut settings = settings(&[("dumb", 4), ("sip", 3), ("conf", 8), ("bill", 8)]);
    settings.files = vec![("wave/play//var/spool/yate/hello.au".into(), Duration::from_millis(680))];
    replay(Scenario {
        file: "dial-out-and-announce.txt",
        settings,
        before: vec![],
        acts: vec![],
        leftover: None,
    });
}

#[test]
fn record_on_utility_leg() {
    replay(Scenario {
        file: "record-on-utility-leg.txt",
        settings: settings(&[("dumb", 9), ("conf", 13), ("bill", 13)]),
        before: vec![],
        acts: vec![
            (
                204,
                other_says(
                    "%%>message:1:0:call.execute::callto=dumb/alice:target=x:direct=conf/studio:\
                     copyparams=lonely,notify:lonely=true:notify=monitor/studio",
                ),
            ),
            (2714, other_says("%%>message:2:0:call.drop::id=dumb/10")),
        ],
        leftover: Some("id=dumb/9:"),
    });
}

#[test]
fn speaking() {
    const A: &str = "%%>message:1:0:call.execute::callto=dumb/a:target=x:direct=conf/talk:\
         copyparams=lonely,notify,speakers,interval:lonely=true:notify=monitor/talk:speakers=3:interval=1000";
    replay(Scenario {
        file: "speaking.txt",
        settings: settings(&[("dumb", 6), ("conf", 10), ("bill", 10)]),
        before: vec![],
        acts: vec![
            (206, other_says(A)),
            (293, other_says("%%>message:2:0:call.execute::callto=dumb/b:target=x:direct=conf/talk")),
            (660, talk(&[("dumb/7", 21)])),
            (2894, talk(&[("dumb/7", 25), ("dumb/8", 21)])),
            (5204, talk(&[("dumb/7", 24), ("dumb/8", 25)])),
            (7341, talk(&[("dumb/7", 0)])),
            (7570, other_says("%%>message:3:0:call.drop::id=dumb/7")),
            (7616, other_says("%%>message:4:0:call.drop::id=dumb/8")),
        ],
        leftover: None,
    });
}

#[test]
fn reordered_digits() {
    let in_a_room: Act = Box::new(|world| {
        world.sim.receive(world.module, b"%%>connect:global\n%%>install:15:chan.dtmf\n");
        world.other_says("%%>message:1:0:call.execute::callto=dumb/fast:target=x:direct=conf/fast");
    });
    let all_at_once: Act = Box::new(|world| {
        let channel = ChannelId::from("dumb/9");
        world.sim.key(&channel, &"0123456789".repeat(20).parse::<Keys>().unwrap());
        world.settle();
    });
    // The module read one line at a time, so what a second thread said is not seen before the first was answered.
    let mut settings = settings(&[("dumb", 8), ("conf", 12), ("bill", 12)]);
    settings.workers = 1;
    replay(Scenario {
        file: "reordered-digits.txt",
        settings,
        before: vec![in_a_room],
        acts: vec![(0, all_at_once)],
        leftover: None,
    });
}
