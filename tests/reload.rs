//! A running daemon reads its configuration again: at SIGHUP and by command, while callers key.
#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::fs;
use std::time::Duration;

use common::house::engine;
use common::process::{Lines, send_signal};
use common::site::{Said, Site, until};
use touchtone::control::protocol::Reloaded;

/// Codes that are dropped by the room if they are none.
fn codes(codes: &[(&str, &str, &str)]) -> String {
    let code = |(name, keys, operation): &(&str, &str, &str)| {
        format!(
            "[[code]]\nname = {name:?}\nkeys = {keys:?}\nstate = \"conference\"\noperation = {operation:?}\n"
        )
    };
    codes.iter().map(code).collect()
}

const MUTE: (&str, &str, &str) = ("mute", "*6", "mute-toggle");

fn site() -> Site {
    Site::new(&codes(&[MUTE]), engine(&[]))
}

fn reload(site: &Site) -> Said {
    // The socket is known, so that the file is the daemon's to read.
    let socket = site.folder.path().join("control.sock");
    let command = common::process::touchtone().arg("reload").arg("--socket").arg(socket).output();
    Said::from(command.expect("the command"))
}

#[test]
fn a_code_that_was_begun_fires_as_it_was_and_the_next_one_as_it_is_now() {
    let site = site();
    let bob = site.enter("bob", "800", "800");
    site.key(&bob, "*");
    site.daemon.log.wait_for(&["held", bob.as_str()]);
    site.places().write(&codes(&[("count", "*6", "count"), ("other", "*7", "mute-toggle")]));
    let said = reload(&site).done();
    assert!(said.ends_with("touchtone.toml was read again and is in use"), "{said}");
    site.key(&bob, "6");
    site.daemon.log.wait_for(&["fired", "code=\"mute\""]);
    site.engine_has("bob is muted", |sim| sim.channel(&bob).is_some_and(|bob| bob.muted));
    site.key(&bob, "*6");
    site.daemon.log.wait_for(&["fired", "code=\"count\""]);
    site.key(&bob, "*7");
    site.engine_has("bob is heard", |sim| sim.channel(&bob).is_some_and(|bob| !bob.muted));
}

#[test]
fn a_file_that_cannot_work_changes_nothing_and_says_where_and_why() {
    let site = site();
    let bob = site.enter("bob", "800", "800");
    let path = site.places().config();
    let good = fs::read_to_string(&path).expect("a file");
    let line = good.lines().position(|line| line.starts_with("keys")).expect("a line") + 1;
    fs::write(&path, good.replace("keys = ", "kyes = ").replace("mute-toggle", "mute-togle"))
        .expect("a file");
    let said = reload(&site).refused();
    for part in ["error[unknown-key]", "did you mean", "mute-togle", &format!("touchtone.toml:{line}:1")] {
        assert!(said.contains(part), "no {part}: {said}");
    }
    site.daemon.log.wait_for(&["cannot be used, and nothing was changed"]);
    site.daemon.log.wait_for(&["error", &format!("touchtone.toml:{line}:1: "), "kyes"]);
    site.daemon.signal("-HUP");
    site.daemon.log.wait_for(&["cannot be used, and nothing was changed"]);
    site.daemon.log.wait_for(&["error", &format!("touchtone.toml:{line}:1: "), "kyes"]);
    fs::remove_file(&path).expect("it is there");
    assert!(reload(&site).refused().contains("there is no file"));
    site.key(&bob, "*6");
    site.engine_has("bob is muted", |sim| sim.channel(&bob).is_some_and(|bob| bob.muted));
    fs::write(&path, good).expect("a file");
    site.daemon.signal("-HUP");
    site.daemon.log.wait_for(&["was read again and is in use", "codes=1"]);
}

#[test]
fn a_module_that_the_engine_has_started_reads_its_file_again_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("touchtone.toml");
    fs::write(&path, codes(&[MUTE])).expect("a file");
    let mut child = common::process::touchtone()
        .arg(&path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the daemon");
    let said = Lines::of(child.stdout.take().expect("an output"));
    let log = Lines::of(child.stderr.take().expect("a log"));
    said.wait_for(&["%%>install:15:chan.dtmf"]);
    fs::write(&path, codes(&[("other", "*7", "count"), MUTE])).expect("a file");
    send_signal(&child, "-HUP");
    log.wait_for(&["was read again and is in use", "codes=2"]);
    drop(child.stdin.take());
    assert!(child.wait().expect("an end").success());
}

#[test]
fn what_needs_a_restart_is_told_and_the_rest_is_in_use() {
    let site = site();
    let bob = site.enter("bob", "800", "800");
    let path = site.places().config();
    let text = fs::read_to_string(&path).expect("a file");
    let text =
        text.replace("store/touchtone.db", "elsewhere.db").replace("[yate]", "[yate]\nintercept = false");
    fs::write(&path, text.replace("\"*6\"", "\"*8\"")).expect("a file");
    let said = reload(&site).done();
    assert!(said.contains("[yate] intercept has changed in the file"), "{said}");
    assert!(said.contains("[store] file has changed in the file"), "{said}");
    site.daemon.log.wait_for(&["[store] file has changed in the file"]);
    site.key(&bob, "*8");
    site.engine_has("bob is muted", |sim| sim.channel(&bob).is_some_and(|bob| bob.muted));
    assert!(!site.folder.path().join("elsewhere.db").exists());
    let socket = site.folder.path().join("control.sock");
    let output = common::process::touchtone()
        .args(["reload", "--format", "json", "--socket"])
        .arg(socket)
        .output()
        .expect("the command");
    let told: Vec<Reloaded> = Said::from(output).objects();
    assert_eq!(told[0].restart, ["[yate] intercept", "[store] file"]);
}

#[test]
fn no_digit_is_lost_or_counts_twice_while_the_configuration_changes_a_hundred_times() {
    const RELOADS: usize = 100;
    let mut site = site();
    let callers: Vec<_> = (0..4).map(|n| site.enter(&format!("c{n}"), "800", "800")).collect();
    let texts =
        [codes(&[MUTE]), codes(&[("long", "*66", "count"), ("eight", "8", "mute-toggle")]), codes(&[])];
    let text = fs::read_to_string(site.places().config()).expect("a file");
    let where_all_is = text.split("[[code]]").next().expect("a part").to_owned();
    let mut keyed = 0;
    for round in 0..RELOADS {
        let text = format!("{where_all_is}{}", texts[round % texts.len()]);
        // At once whole, or nothing: it may be read at any time.
        let new = site.folder.path().join("new.toml");
        fs::write(&new, text).expect("a file");
        fs::rename(&new, site.places().config()).expect("a file");
        site.daemon.signal("-HUP");
        for (at, keys) in ["*6", "8*", "66", "*"].iter().enumerate() {
            let caller = &callers[(round + at) % callers.len()];
            for key in keys.chars() {
                site.engine.key(caller, &key.to_string().parse().expect("a key"));
                keyed += 1;
            }
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    std::thread::sleep(Duration::from_millis(5000));
    until("nothing waits for an answer", || site.status().is_some_and(|status| status.unanswered == 0));
    let late = site.engine.with(|sim| sim.waiting());
    assert_eq!(late, 0, "the engine waits for nothing");
    site.daemon.leave();
    let log = site.daemon.log.rest();
    let keys_of = |what: &str| -> usize {
        let line = |line: &&String| line.contains(&format!(" {what} "));
        let keys = |line: &String| {
            let keys = line.split("keys=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            keys.chars().count()
        };
        log.iter().filter(line).map(keys).sum()
    };
    let reloads = log.iter().filter(|line| line.contains("was read again and is in use")).count();
    assert!(reloads >= RELOADS / 4, "{reloads} changes");
    assert_eq!(keys_of("keyed"), keyed);
    let fates: Vec<usize> =
        ["fired", "one code too many", "dropped", "passed", "released"].into_iter().map(keys_of).collect();
    assert_eq!(fates.iter().sum::<usize>(), keyed, "{fates:?}");
    assert!(fates[0] > 0 && fates[2] > 0, "{fates:?}");
}
