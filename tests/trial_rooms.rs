//! Random trials of a conference server on a simulated engine: its rooms keep every promise, and every check notices
//! when one is broken.

use std::collections::BTreeSet;
use std::time::Duration;

use touchtone::control::protocol::{Answer, Command, Outcome, Room};
use touchtone::trial::rooms::act::{Act, Deed, Who};
use touchtone::trial::rooms::house::ROOMS;
use touchtone::trial::rooms::record::Rest;
use touchtone::trial::rooms::{Event, House, Noted, Promise, Trial, model};

/// How many trials a server survives here, with a store and without; the fuzz target goes on.
const TRIALS: u64 = 60;

/// A number from the environment, to look elsewhere and further: `ROOMS_SEED=1000 ROOMS_TRIALS=5000`.
fn given(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn house(stores: bool) -> House {
    House::new(stores).unwrap_or_else(|refused| panic!("{refused}"))
}

fn holds(stores: bool) {
    let house = house(stores);
    let first = given("ROOMS_SEED", 1);
    for seed in first..first + given("ROOMS_TRIALS", TRIALS) {
        let trial = Trial::of_seed(seed);
        if let Err(broken) = trial.hold(&house) {
            let (trial, broken) = trial.shrink(&house, broken);
            let acts: Vec<_> = trial.acts.iter().map(|act| format!("{act:?}")).collect();
            panic!("seed {seed}, stores {stores}: {broken}\n{}", acts.join("\n"));
        }
    }
}

#[test]
fn a_server_with_a_store_keeps_its_promises() {
    holds(true);
}

#[test]
fn a_server_without_a_store_keeps_its_promises() {
    holds(false);
}

#[test]
fn every_code_and_every_room_is_tried() {
    let house = house(true);
    let mut untried: BTreeSet<_> = house.config.codes.iter().map(|code| code.name.clone()).collect();
    untried.extend(ROOMS.map(str::to_owned));
    for seed in 1..=500 {
        for Noted { event, .. } in Trial::of_seed(seed).run(&house) {
            match event {
                Event::Ended { code, outcome: Ok(_), .. } => untried.remove(&code),
                Event::Entered { room, .. } => untried.remove(&room),
                _ => false,
            };
        }
        if untried.is_empty() {
            return;
        }
    }
    panic!("never done: {untried:?}");
}

/// That a promise is noticed to be broken by a server that has something else in its configuration than it should.
fn notices(promise: Promise, wrong: &str, instead: &str) {
    let text = House::text(true);
    assert!(text.contains(wrong), "{wrong}");
    let other =
        House::with(true, &text.replace(wrong, instead)).unwrap_or_else(|refused| panic!("{refused}"));
    let house = house(true);
    let is_noticed = |seed| {
        let broken = model::broken(&house, &Trial::of_seed(seed).run(&other));
        broken.iter().any(|broken| broken.promise == promise)
    };
    assert!((1..=300).any(is_noticed), "{promise:?}");
}

#[test]
fn a_server_that_has_other_rules_is_noticed() {
    notices(Promise::Roles, "allow = \"organizer\"\n", "");
    let all = "[roles.organizer]\nrooms = \"8*\"";
    for promise in [Promise::Roles, Promise::Seats, Promise::Locked, Promise::Waits, Promise::Opens] {
        notices(promise, "[roles.organizer]", all);
    }
    notices(Promise::Full, "max-users = 3", "max-users = 9");
    notices(Promise::Waits, "waiting = \"tone/ring\"\nends-with-organizer = true\n", "");
    let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$aE4zcFlkOEpjUzZ1VmIxRw$GqwxykQ0la308/D7isOu7OIESGugt7sGN7lsLNyT76Q";
    notices(Promise::Pins, &format!("participant = {{ pin = {hash:?} }}"), "");
    notices(Promise::Opens, ", may-open = false", "");
}

fn act(deed: Deed) -> Act {
    Act { deed, pause: None }
}

fn call(who: usize, called: &str) -> Act {
    act(Deed::Call { who, called: called.to_owned() })
}

fn key(who: usize, keys: &str) -> Act {
    let keys = keys.parse().expect("keys");
    act(Deed::Key { who: Who(who), keys, gap: Duration::from_millis(100) })
}

/// An organizer and a participant who keys a PIN meet; the organizer locks the room, has it recorded and calls somebody
/// in, whom they throw out. The first at a telephone is who takes part in what is on record, and is called.
fn trial() -> (House, Trial) {
    let (room, number) = ("810".to_owned(), "201".to_owned());
    let acts = vec![
        call(2, "9810"),
        call(3, "810"),
        key(2, "1234#"),
        key(1, "*5"),
        key(1, "*9"),
        act(Deed::Command(Command::Invite { room, number, organizer: false })),
        key(1, "*4*"),
        act(Deed::HangUp(Who(2))),
    ];
    (house(true), Trial { seed: 1, acts })
}

/// How that promise is noticed to be broken in the record of that trial after something has been done to it.
fn after(promise: Promise, change: impl FnOnce(&mut Vec<Noted>)) -> String {
    let (house, trial) = trial();
    let mut record = trial.hold(&house).unwrap_or_else(|broken| panic!("as it is all is well: {broken}"));
    change(&mut record);
    let broken = model::broken(&house, &record);
    let found = broken.iter().find(|broken| broken.promise == promise);
    found.unwrap_or_else(|| panic!("a check that notices, and not {broken:?}")).what.clone()
}

fn find(record: &[Noted], wanted: impl Fn(&Event) -> bool) -> usize {
    record.iter().position(|noted| wanted(&noted.event)).expect("it is in the record")
}

/// The last of the rests at which a code had just done something.
fn rest_after<'r>(record: &'r mut [Noted], code: &str) -> &'r mut Rest {
    let of = |event: &Event| matches!(event, Event::Ended { code: ended, .. } if ended == code);
    let from = find(record, of);
    let at = from + find(&record[from..], |event| matches!(event, Event::Rest(_)));
    match &mut record[at].event {
        Event::Rest(rest) => rest,
        other => panic!("{other:?}"),
    }
}

fn shown_after<'r>(record: &'r mut [Noted], code: &str) -> &'r mut Room {
    let shown = &mut rest_after(record, code).shown;
    shown.iter_mut().find(|room| room.name == "810").expect("the room")
}

/// A stranger comes into a room, some time after it was locked.
fn a_stranger_comes(record: &mut Vec<Noted>, room: &str, called: &str) {
    let at = find(record, |event| matches!(event, Event::Ended { code, .. } if code == "record"));
    let when = record[at].at;
    let (channel, room) = ("sip/99".to_owned(), room.to_owned());
    let called = called.to_owned();
    let events = [
        Event::Appeared { channel: channel.clone(), caller: "eve".to_owned(), called, outgoing: false },
        Event::Entered { room, leg: "conf/99".to_owned(), channel },
    ];
    for (behind, event) in events.into_iter().enumerate() {
        record.insert(at + behind, Noted { at: when, event });
    }
}

#[test]
fn what_is_for_organizers_and_done_by_others_is_noticed() {
    let keyed = after(Promise::Roles, |record| {
        for noted in record {
            if let Event::Appeared { called, .. } = &mut noted.event {
                *called = called.replace("9810", "810");
            }
        }
    });
    assert!(keyed.contains("is no organizer in [\"810\"], and lock fired"), "{keyed}");
    let recorded = after(Promise::Roles, |record| {
        let rest = rest_after(record, "pin");
        rest.engine.get_mut("810").expect("the room").recording = true;
        rest.shown.iter_mut().for_each(|room| room.recording = true);
    });
    assert!(recorded.contains("nobody who may wanted it"), "{recorded}");
    let ended = after(Promise::Roles, |record| {
        let left = |event: &Event| matches!(event, Event::Left { .. });
        let at = find(record, left);
        if let Event::Left { reason, .. } = &mut record[at].event {
            *reason = "ended".to_owned();
        }
    });
    assert!(ended.contains("was ended, and nobody who may wanted it"), "{ended}");
}

#[test]
fn a_seat_that_is_missing_or_too_much_or_somebody_elses_is_noticed() {
    let seen = |change: fn(&mut Room)| after(Promise::Seats, |record| change(shown_after(record, "lock")));
    assert!(seen(|room| drop(room.seats.pop())).contains("are shown, and"));
    assert!(seen(|room| room.seats.push(room.seats[0].clone())).contains("are shown, and"));
    assert!(seen(|room| room.seats[0].channel = Some("dumb/1".to_owned())).contains("are shown, and"));
    assert!(seen(|room| room.seats[1].role = "organizer".to_owned()).contains("is shown as \"organizer\""));
    assert!(seen(|room| room.seats[0].role.clear()).contains("is shown as \"\""));
    assert!(seen(|room| room.seats[0].caller = "eve".to_owned()).contains("is shown as eve"));
}

#[test]
fn a_number_that_changes_or_is_given_twice_is_noticed() {
    let seen =
        |change: fn(&mut Room)| after(Promise::Numbers, |record| change(shown_after(record, "record")));
    seen(|room| room.seats[1].seat = 7);
    seen(|room| room.seats[1].seat = 1);
    let again = after(Promise::Numbers, |record| {
        // Who is called in gets the number of who has left.
        let kicked = find(record, |event| matches!(event, Event::Fired { code, .. } if code == "kick-last"));
        for noted in &mut record[..kicked] {
            if let Event::Rest(rest) = &mut noted.event {
                for seat in rest.shown.iter_mut().flat_map(|room| &mut room.seats) {
                    seat.seat = if seat.seat == 3 { 2 } else { seat.seat };
                }
            }
        }
    });
    assert!(again.contains("has number 2 now"), "{again}");
    seen(|room| room.seats[1].seat = 100);
}

#[test]
fn who_comes_in_and_may_not_is_noticed() {
    let comes = |promise, room: &'static str, called: &'static str| {
        after(promise, |record| a_stranger_comes(record, room, called))
    };
    assert!(comes(Promise::Locked, "810", "6810").contains("which is locked"));
    assert!(comes(Promise::Pins, "810", "810").contains("without a PIN"));
    assert!(comes(Promise::Waits, "820", "6820").contains("before an organizer"));
    assert!(comes(Promise::Opens, "830", "830").contains("opened 830"));
    let full = after(Promise::Full, |record| {
        for _ in 0..4 {
            a_stranger_comes(record, "820", "9820");
        }
        let mut legs = 90..;
        for noted in record {
            match &mut noted.event {
                Event::Entered { room, leg, .. } if room == "820" => {
                    *leg = format!("conf/{}", legs.next().expect("a number"));
                }
                _ => {}
            }
        }
    });
    assert!(full.contains("4 are in 820"), "{full}");
    let wrong = after(Promise::Pins, |record| {
        let at = find(record, |event| matches!(event, Event::Fired { code, .. } if code == "pin"));
        if let Event::Fired { captures, .. } = &mut record[at].event {
            captures[0].1 = "0000".to_owned();
        }
    });
    assert!(wrong.contains("is no PIN, and was taken for one"), "{wrong}");
}

#[test]
fn what_is_shown_and_is_not_so_is_noticed() {
    let seen = |change: fn(&mut Room)| after(Promise::Shown, |record| change(shown_after(record, "record")));
    assert!(seen(|room| room.locked = false).contains("locked is shown false"));
    assert!(seen(|room| room.recording = false).contains("recording is shown false"));
    assert!(seen(|room| room.seats[0].muted = Some(true)).contains("is shown muted"));
    assert!(seen(|room| room.seats[0].muted = None).contains("is shown muted"));
    let missing = after(Promise::Shown, |record| rest_after(record, "lock").shown.clear());
    assert!(missing.contains("are shown, and"), "{missing}");
    let toggled = after(Promise::Shown, |record| {
        let at = find(record, |event| matches!(event, Event::Ended { code, .. } if code == "lock"));
        if let Event::Ended { outcome, .. } = &mut record[at].event {
            *outcome = Ok("unlocked".to_owned());
        }
    });
    assert!(toggled.contains("Toggle came to unlocked"), "{toggled}");
}

#[test]
fn a_participation_that_is_not_written_down_once_is_noticed() {
    let joined = |event: &Event| matches!(event, Event::Joined(_));
    let left = |event: &Event| matches!(event, Event::Left { .. });
    let lost =
        |of: fn(&Event) -> bool| after(Promise::Attendance, |record| drop(record.remove(find(record, of))));
    assert!(lost(joined).contains("nobody wrote down"));
    assert!(lost(left).contains("is not written"));
    let twice = |of: fn(&Event) -> bool| {
        after(Promise::Attendance, |record| {
            let at = find(record, of);
            record.insert(at, record[at].clone());
        })
    };
    assert!(twice(joined).contains("began twice"));
    assert!(twice(left).contains("ended twice"));
    let early = after(Promise::Attendance, |record| {
        let at = find(record, left);
        if let Event::Left { there, .. } = &mut record[at].event {
            *there = true;
        }
    });
    assert!(early.contains("ended, and they are there"), "{early}");
}

#[test]
fn a_command_or_a_code_that_comes_to_no_end_or_to_two_is_noticed() {
    let answered =
        |event: &Event| matches!(event, Event::Answered { outcome: Outcome::Ok(Answer::Done(_)), .. });
    let ended = |event: &Event| matches!(event, Event::Ended { .. });
    let lost = after(Promise::Ends, |record| drop(record.remove(find(record, answered))));
    assert!(lost.contains("was not answered"), "{lost}");
    let twice = after(Promise::Ends, |record| {
        let at = find(record, answered);
        record.insert(at, record[at].clone());
    });
    assert!(twice.contains("and nobody waits"), "{twice}");
    let never = after(Promise::Ends, |record| drop(record.remove(find(record, ended))));
    assert!(never.contains("fired, and never ended"), "{never}");
    let twice = after(Promise::Ends, |record| {
        let at = find(record, ended);
        record.insert(at, record[at].clone());
    });
    assert!(twice.contains("ended, and had not fired"), "{twice}");
    let restless = after(Promise::Ends, |record| rest_after(record, "lock").restless = true);
    assert!(restless.contains("there is no end to it"), "{restless}");
}

#[test]
fn what_is_left_is_noticed() {
    let left = |change: fn(&mut Rest)| {
        after(Promise::NothingLeft, |record| match record.last_mut().map(|noted| &mut noted.event) {
            Some(Event::End(rest)) => change(rest),
            other => panic!("{other:?}"),
        })
    };
    assert!(left(|rest| rest.load.flights = 1).contains("flights: 1"));
    assert!(left(|rest| rest.load.legs = 1).contains("legs: 1"));
    assert!(left(|rest| rest.load.timers = true).contains("timers: true"));
    let room = left(|rest| {
        let recording = false;
        let room = touchtone::trial::rooms::record::EngineRoom { recording, people: Vec::new() };
        rest.engine.insert("800".to_owned(), room);
    });
    assert!(room.contains("[\"800\"]"), "{room}");
}
