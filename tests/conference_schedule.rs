//! Conferences on record: who is let in, who is called, who is missing, and who was there.

mod common;

use std::time::Duration;

use common::house::{ENTRY, House, engine};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use touchtone::control::protocol::Command;
use touchtone::sim::Callee;
use touchtone::store::{
    AttemptState, ConferenceInfo, Manage, Managed, NewConference, NewParticipant, Pin, Request,
};

const CODES: &str = r#"
[control]
socket = "touchtone.sock"
[rooms."8*"]
[[route]]
called = "7000"
[calling]
direct = "sip/sip:${number}@127.0.0.1:7000"
ring = "10s"
[schedule]
retries = 1
retry-after = "20s"
warn-before = "1m"
[[code]]
name = "extend"
keys = "*83"
state = "conference"
allow = "organizer"
operation = "extend"
by = "15m"
"#;

fn house(callees: &[(&str, Callee)]) -> House {
    House::new(&format!("{CODES}{ENTRY}"), engine(callees))
}

/// The time on the wall, in UTC, so many seconds from now.
fn in_seconds(house: &House, seconds: i64) -> DateTime {
    let at = house.scene.stage.date() + Duration::from_secs(seconds.unsigned_abs());
    let at =
        if seconds < 0 { house.scene.stage.date() - Duration::from_secs(seconds.unsigned_abs()) } else { at };
    at.to_zoned(TimeZone::UTC).datetime()
}

fn who(number: &str, organizer: bool, call: bool) -> NewParticipant {
    NewParticipant { number: number.to_owned(), username: None, name: format!("N{number}"), organizer, call }
}

fn conference(house: &House, from: i64, participants: Vec<NewParticipant>) -> NewConference {
    NewConference {
        room: "850".to_owned(),
        title: "Board".to_owned(),
        start: in_seconds(house, from),
        time_zone: "UTC".to_owned(),
        minutes: 10,
        rrule: None,
        except: Vec::new(),
        organizer_pin: None,
        pin: None,
        participants,
    }
}

fn add(house: &mut House, conference: NewConference) -> i64 {
    match house.manage(Manage::Add { conference: Box::new(conference) }) {
        Managed::Conferences { conferences, .. } => conferences[0].id,
        other => panic!("{other:?}"),
    }
}

fn show(house: &mut House, id: i64) -> ConferenceInfo {
    match house.manage(Manage::Show { id }) {
        Managed::Conferences { mut conferences, .. } => conferences.remove(0),
        other => panic!("{other:?}"),
    }
}

fn attempts(house: &mut House, id: i64) -> Vec<(u32, AttemptState)> {
    show(house, id).attempts.iter().map(|attempt| (attempt.number, attempt.state)).collect()
}

#[test]
fn at_its_time_everybody_is_called_once_and_who_does_not_come_is_told_as_missing() {
    let callees = [("201", Callee::default()), ("202", Callee::Busy), ("203", Callee::NoAnswer)];
    let mut house = house(&callees);
    let people = vec![
        who("alice", true, false),
        who("201", false, true),
        who("202", false, true),
        who("203", false, true),
    ];
    let new = conference(&house, 60, people);
    let id = add(&mut house, new);
    let alice = house.call("alice", "7000");
    assert!(house.is_in("850", &alice), "she is known by her number");
    assert_eq!(house.seats("850")[0].2, "organizer");
    house.seconds(40);
    assert_eq!(house.seats("850").len(), 1, "nobody is called before");
    house.seconds(30);
    assert_eq!(house.seats("850")[1].1, "201", "who answers is there");
    let heard = house.heard(&alice).len();
    house.seconds(120);
    use AttemptState::{Busy, Joined, NoAnswer};
    assert_eq!(attempts(&mut house, id), [(1, Joined), (1, Busy), (1, NoAnswer), (2, Busy), (2, NoAnswer)]);
    assert!(house.heard(&alice).len() > heard, "she is told who is missing");
    house.seconds(600);
    assert_eq!(house.room("850"), None, "it is over");
    let attendance = house.attendance();
    assert_eq!(attendance.len(), 2, "{attendance:?}");
    assert!(attendance.iter().all(|one| one.conference == Some(id) && one.reason == "over"));
    let seconds: Vec<_> = attendance.iter().map(|one| one.seconds.expect("an end").round()).collect();
    assert!((500.0..700.0).contains(&seconds[0]) && seconds[1] < seconds[0], "{seconds:?}");
}

#[test]
fn a_restart_in_the_middle_calls_nobody_twice() {
    for moment in [61_100, 61_300, 61_900, 62_500, 70_000] {
        let callees = [
            ("201", Callee::Rings { answers_after: Duration::from_millis(700) }),
            ("202", Callee::Rings { answers_after: Duration::from_secs(5) }),
        ];
        let mut house = house(&callees);
        let new = conference(&house, 60, vec![who("201", false, true), who("202", false, true)]);
        let id = add(&mut house, new);
        house.wait(Duration::from_millis(moment - 2000));
        house.scene.stage.restart_module();
        house.seconds(60);
        let is_begin = |request: &&Request| matches!(request, Request::BeginAttempt(_));
        let begun: Vec<Request> = house.asked.iter().filter(is_begin).cloned().collect();
        let calls = attempts(&mut house, id);
        let numbers: Vec<_> = house.seats("850").into_iter().map(|seat| seat.1).collect();
        assert!(calls.iter().all(|&(number, _)| number == 1), "{moment}: {calls:?} {begun:?}");
        assert_eq!(numbers.len(), 2, "{moment}: both are there: {numbers:?} {calls:?}");
    }
}

#[test]
fn a_pin_of_the_conference_lets_in_who_is_unknown() {
    let mut house = house(&[]);
    let mut new = conference(&house, 60, vec![who("alice", true, false)]);
    new.pin = Some(Pin::new("1234"));
    add(&mut house, new);
    let bob = house.call("bob", "7000");
    house.key(&bob, "850#");
    assert!(!house.is_in("850", &bob));
    house.key(&bob, "1234#");
    assert!(house.is_in("850", &bob));
    let alice = house.call("alice", "7000");
    assert!(house.is_in("850", &alice), "who is known needs none");
}

#[test]
fn a_conference_that_is_extended_ends_later_this_once() {
    let mut house = house(&[]);
    let new = conference(&house, 5, vec![who("alice", true, false)]);
    let id = add(&mut house, new);
    let alice = house.call("alice", "7000");
    house.seconds(10);
    house.key(&alice, "*83");
    house.seconds(11 * 60);
    assert!(house.is_in("850", &alice));
    assert!(house.done(Command::Extend { room: "850".to_owned(), minutes: 1 }).starts_with("extended until"));
    house.seconds(16 * 60);
    assert!(!house.is_in("850", &alice));
    assert_eq!(show(&mut house, id).conference.minutes, 10);
}

#[test]
fn what_is_added_in_the_past_is_refused() {
    let mut house = house(&[]);
    let new = conference(&house, -3600, Vec::new());
    let said = house.refused(Command::Schedule { manage: Manage::Add { conference: Box::new(new) } });
    assert!(said.contains("past"), "{said}");
}

#[test]
fn a_clock_that_jumps_is_noticed_and_calls_nobody_twice() {
    let mut house = house(&[("201", Callee::default())]);
    let new = conference(&house, 60, vec![who("201", false, true)]);
    let id = add(&mut house, new);
    house.seconds(90);
    assert_eq!(attempts(&mut house, id).len(), 1);
    let back = house.scene.stage.date() - Duration::from_secs(3600);
    house.scene.stage.set_clock(back);
    house.seconds(60);
    assert!(house.troubles().iter().any(|text| text.starts_with("the clock jumped back")));
    let on = house.scene.stage.date() + Duration::from_secs(3600);
    house.scene.stage.set_clock(on);
    house.seconds(60);
    assert_eq!(attempts(&mut house, id).len(), 1);
}

#[test]
fn a_conference_that_is_removed_while_it_is_held_goes_on_and_calls_nobody_any_more() {
    let mut house = house(&[("201", Callee::default()), ("202", Callee::Busy)]);
    let new = conference(&house, 60, vec![who("201", false, true), who("202", false, true)]);
    let id = add(&mut house, new);
    house.seconds(65);
    house.manage(Manage::Remove { id });
    house.troubles();
    house.seconds(300);
    assert_eq!(house.seats("850").len(), 1, "who is there stays");
    let troubles = house.troubles();
    assert_eq!(troubles.len(), 1, "202 is not called again, and that is said once: {troubles:?}");
}
