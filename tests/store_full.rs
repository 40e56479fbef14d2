//! The disk of a running daemon is full, and has room again: it is said once, calls go on, and who is there is on record
//! then.

#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::time::Duration;

use common::brain::{Brain, NOTHING, config};
use common::house::engine;
use common::site::{Site, until};
use touchtone::assist::{Input, Report, Role};
use touchtone::store::{Kept, Problem, Reply, Request};

const RULES: &str = r#"
[rooms."8*"]
lonely = true
[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"
"#;

#[test]
fn a_full_disk_is_said_once_and_calls_go_on_and_who_is_there_is_on_record_when_there_is_room() {
    let mut site = Site::new(RULES, engine(&[]));
    let alice = site.enter("alice", "800", "800");
    until("she is on record", || site.attendance().len() == 1);
    site.daemon.limit_files(Some(1));
    let bob = site.enter("bob", "800", "800");
    site.key(&alice, "*6");
    until("alice is muted", || site.seats("800")[0].muted == Some(true));
    until("it is known that nothing is written", || {
        site.status().is_some_and(|status| status.store == Some(false))
    });
    let said = site.refused("schedule add --room 850 --start 2099-01-01T00:00");
    assert!(said.contains("cannot be written"), "{said}");
    site.engine.hangup(&bob);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(site.status().and_then(|status| status.store), Some(false));
    site.daemon.limit_files(None);
    let carol = site.enter("carol", "800", "800");
    until("it is written again", || site.status().is_some_and(|status| status.store == Some(true)));
    until("carol is on record", || site.attendance().iter().any(|one| one.channel == carol.as_str()));
    site.daemon.leave();
    let log = site.daemon.log.rest();
    let lines = |part: &str| log.iter().filter(|line| line.contains(part)).count();
    assert_eq!(lines("the store does not work, and calls go on without it"), 1, "{log:#?}");
    assert_eq!(lines("the store works again"), 1, "{log:#?}");
}

/// Answers for a store that can be read and not written, until nothing more is asked; says how often something was.
fn answer_as_full(brain: &mut Brain) -> usize {
    for asked in 0..200 {
        let Some((number, request)) = brain.stored.pop() else { return asked };
        let reply = match request {
            Request::Occurrences { .. } => Reply::Occurrences(Vec::new()),
            Request::OpenAttendance => Reply::OpenAttendance(Vec::new()),
            Request::Kept { run } => Reply::Kept(Box::new(Kept { run, ..Kept::default() })),
            _ => Reply::Failed(Problem { yours: false, message: "make room".to_owned() }),
        };
        brain.input(Input::Stored { number, reply });
    }
    panic!("there is no end to it: {:?}", brain.stored);
}

#[test]
fn where_nothing_can_be_written_it_is_not_tried_again_and_again_because_something_can_be_read() {
    let text = "[yate]\nconnect = \"stdio\"\n[store]\nfile = \"a.db\"\n[rooms.\"8*\"]\n";
    let mut brain = Brain::new(config(text));
    let sent = brain.input(Input::Connected(Role::Socket));
    brain.say("%%<setlocal:engine.runid:1795420044:true");
    for line in sent.iter().filter(|line| line.contains(":engine.status:")) {
        brain.answer(line, true, NOTHING, "");
    }
    answer_as_full(&mut brain);
    brain.say(
        "%%<message::true:call.execute::id=sip/2:caller=alice:callto=conf/800:peerid=conf/5:room=conf/800",
    );
    brain.say("%%<message::false:chan.connected::id=conf/5:module=conf:address=800:peerid=sip/2");
    let asked = answer_as_full(&mut brain);
    assert!(asked > 0, "that she came is to be written: {:?}", brain.reports());
    brain.wait(Duration::from_secs(100));
    answer_as_full(&mut brain);
    let told = brain
        .reports()
        .into_iter()
        .filter(|report| matches!(report, Report::Trouble { text } if text.contains("the store")));
    assert_eq!(told.count(), 1, "it is said once");
}
