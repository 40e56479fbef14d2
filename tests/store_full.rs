//! The disk of a running daemon is full, and has room again: it is said once, calls go on, and who is there is on record
//! then.

#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::time::Duration;

use common::house::engine;
use common::site::{Site, until};

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
