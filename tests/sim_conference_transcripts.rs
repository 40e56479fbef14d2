//! Conference control on the simulated engine and on a running one: what is refused, who waits and is moved, who is
//! called, what is played and when that is over. See `common/replay.rs` for how the two are held against each other.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "common/replay.rs"]
mod replay;

use std::time::Duration;

use replay::{Act, Scenario, calls, gives_up, hangs_up, keys, other_says, replay, settings};
use touchtone::sim::{Callee, Route, Settings};

const HELLO: &str = "wave/play//var/spool/yate/hello.au";
const MISSING: &str = "wave/play//var/spool/yate/nosuch.au";

/// The engine that the transcripts are of had just been started each time, and knew these numbers.
fn engine(run_id: &str) -> Settings {
    let mut routes = vec![Route::new("7100", "sip/sip:*@127.0.0.1:7271")];
    routes.extend(Route::samples());
    Settings {
        run_id: run_id.into(),
        workers: 1,
        sip_address: "127.0.0.1:5260".into(),
        routes,
        files: vec![(HELLO.into(), Duration::from_millis(650))],
        missing_files: vec![MISSING.into()],
        ..settings(&[])
    }
}

fn scene(file: &'static str, run_id: &str, acts: Vec<(u64, Act)>) -> Scenario {
    Scenario { file, settings: engine(run_id), before: vec![], acts, leftover: None }
}

#[test]
fn refused_by_the_module() {
    replay(scene(
        "refused-by-the-module.txt",
        "1795643352",
        vec![
            (321, calls("bob", "801", 7001, "1-7001@127.0.0.1")),
            (925, calls("bob", "801", 7002, "1-7002@127.0.0.1")),
            (1525, keys("sip/2", "5")),
            (1825, hangs_up("sip/2")),
            (2227, calls("bob", "801", 7003, "1-7003@127.0.0.1")),
            (3335, calls("bob", "801", 7004, "1-7004@127.0.0.1")),
            (4739, calls("bob", "801", 7006, "1-7006@127.0.0.1")),
        ],
    ));
}

#[test]
fn waiting_and_moved() {
    replay(scene(
        "waiting-and-moved.txt",
        "1795643365",
        vec![
            (301, calls("bob", "801", 7001, "1-7001@127.0.0.1")),
            (901, keys("sip/1", "1")),
            (
                1202,
                other_says("%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=conf/board"),
            ),
            (
                1769,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=wave/play//var/spool/yate/hello.au:autorepeat=true",
                ),
            ),
            (3434, keys("sip/1", "2")),
            (
                3735,
                other_says("%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=conf/board"),
            ),
            (
                4279,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=conf/locked",
                ),
            ),
            (
                4844,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=conf/locked",
                ),
            ),
            (
                5401,
                other_says("%%>message:1:0:chan.masquerade::id=sip/1:message=call.execute:callto=conf/board"),
            ),
        ],
    ));
}

#[test]
fn calling_out() {
    let callees = [
        ("busy", Callee::Busy),
        ("declines", Callee::Declines),
        ("gone", Callee::Unknown),
        ("away", Callee::NoAnswer),
        ("silent", Callee::Silent),
        ("cancelled", Callee::NoAnswer),
        ("dropped", Callee::NoAnswer),
        ("carol", Callee::Rings { answers_after: Duration::from_millis(300) }),
    ];
    let callees = callees.map(|(who, callee)| (who.to_owned(), callee)).to_vec();
    // The clock by which calls are given up struck 784 ms after the transcript's own seconds.
    let on_the_clock: Act = Box::new(|world| world.sim.advance(Duration::from_millis(216)));
    replay(Scenario {
        file: "calling-out.txt",
        settings: Settings { callees, epoch: 1_795_643_379, ..engine("1795643378") },
        before: vec![on_the_clock],
        acts: vec![],
        leftover: None,
    });
}

#[test]
fn routed_by_the_module() {
    replay(scene(
        "routed-by-the-module.txt",
        "1795643400",
        vec![
            (300, calls("bob", "555", 7001, "1-7001@127.0.0.1")),
            (903, hangs_up("sip/1")),
            (1312, calls("bob", "556", 7002, "1-7002@127.0.0.1")),
            (1912, hangs_up("sip/2")),
            (2318, calls("bob", "557", 7003, "1-7003@127.0.0.1")),
            (2919, calls("bob", "900", 7004, "1-7004@127.0.0.1")),
            (3521, hangs_up("sip/4")),
            (4528, other_says("%%>message:1:0:call.execute::callto=dumb/y:target=555")),
            (5178, other_says("%%>message:1:0:call.execute::callto=dumb/z:target=12345")),
        ],
    ));
}

#[test]
fn prompts_and_their_ends() {
    replay(scene(
        "prompts-and-their-ends.txt",
        "1795643413",
        vec![(305, calls("bob", "801", 7001, "1-7001@127.0.0.1"))],
    ));
}

#[test]
fn full_and_kept_open() {
    replay(scene(
        "full-and-kept-open.txt",
        "1795643434",
        vec![
            (300, calls("bob", "801", 7001, "1-7001@127.0.0.1")),
            (1559, calls("eve", "801", 7002, "1-7002@127.0.0.1")),
            (4505, hangs_up("sip/1")),
        ],
    ));
}

#[test]
fn given_up_while_it_rings() {
    let callees = vec![("7100".to_owned(), Callee::NoAnswer)];
    replay(Scenario {
        file: "given-up-while-it-rings.txt",
        settings: Settings { callees, ..engine("1795644312") },
        before: vec![],
        acts: vec![
            (301, calls("bob", "7100", 7001, "1-7001@127.0.0.1")),
            (901, gives_up("sip/1")),
            (1403, calls("eve", "7100", 7002, "1-7002@127.0.0.1")),
        ],
        leftover: None,
    });
}

#[test]
fn two_parties_and_a_lock() {
    replay(scene(
        "two-parties-and-a-lock.txt",
        "1795643446",
        vec![
            (304, calls("bob", "7100", 7001, "1-7001@127.0.0.1")),
            (
                904,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.conference:room=conf/board",
                ),
            ),
            (
                1456,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.conference:room=conf/board",
                ),
            ),
            (
                2009,
                other_says(
                    "%%>message:1:0:chan.masquerade::id=sip/1:message=call.conference:room=conf/board",
                ),
            ),
        ],
    ));
}

#[test]
fn farewell() {
    replay(scene(
        "farewell.txt",
        "1795644565",
        vec![
            (307, calls("bob", "801", 7001, "1-7001@127.0.0.1")),
            (911, calls("eve", "801", 7002, "1-7002@127.0.0.1")),
        ],
    ));
}
