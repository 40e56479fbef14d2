//! What reaches a limit is refused with the limit's name, counted and said in the log once, and hurts nobody else.

mod common;

use std::time::Duration;

use bstr::ByteSlice;
use common::brain::{Brain, config, in_room_with};
use common::house::{House, engine};
use touchtone::assist::{Input, Limit, Report, Role};
use touchtone::control::protocol::{Command, Outcome, RefusalCode};
use touchtone::link::{Ended, Event, Pump};
use touchtone::moment::Moment;
use touchtone::stage::Told;

/// Codes for everybody, and how they sound.
const CODES: &str = r#"
[[code]]
name = "mute"
keys = "*6"
operation = "mute"
state = "conference"
on-success = "tone/done"
on-failure = "tone/failed"

[[code]]
name = "join"
keys = "*3(room:x{3})#"
operation = "join"
room = "conf/${room}"
with-peer = false
on-failure = "tone/failed"
state = "call"

[[code]]
name = "call"
keys = "*4(who:x{3})#"
operation = "invite"
number = "${who}"
state = "conference"
on-failure = "tone/failed"
"#;

fn with(limits: &str) -> String {
    format!("[limits]\n{limits}\n{CODES}")
}

/// sip/2 in a room.
fn room(limits: &str) -> Brain {
    in_room_with(config(&with(limits)))
}

fn count(brain: &Brain, limit: Limit) -> u64 {
    let mut counts = brain.assist.limits_reached().filter(|(known, _)| *known == limit);
    counts.next().map(|(_, times)| times).expect("every limit is counted")
}

fn troubles(reports: &[Report]) -> Vec<String> {
    let text = |report: &Report| match report {
        Report::Trouble { text } => Some(text.clone()),
        _ => None,
    };
    reports.iter().filter_map(text).collect()
}

fn failures(reports: &[Report]) -> Vec<String> {
    let text = |report: &Report| match report {
        Report::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    reports.iter().filter_map(text).collect()
}

/// A caller keys, a digit after the other and the first by this number; what the brain says then.
fn key(brain: &mut Brain, channel: &str, peer: &str, from: u32, keys: &str) -> Vec<String> {
    keys.chars().zip(from..).flat_map(|(key, at)| brain.key(channel, peer, at, &key.to_string())).collect()
}

fn sent<'s>(lines: &'s [String], part: &str) -> Vec<&'s String> {
    lines.iter().filter(|line| line.contains(part)).collect()
}

#[test]
fn a_caller_who_fires_too_many_codes_has_them_refused_and_hears_it_once_and_nobody_else_does() {
    let mut brain = room("codes-per-second = 2\noperations-per-caller = 128");
    brain.say("%%<message::false:chan.connected::id=conf/6:address=sampleroom:peerid=sip/3");
    brain.say("%%<message::false:chan.connected::id=sip/3:peerid=conf/6");
    brain.reports();
    let lines = key(&mut brain, "sip/2", "conf/5", 1, &"*6".repeat(20));
    let reports = brain.reports();
    let fired = reports.iter().filter(|report| matches!(report, Report::Fired { .. })).count();
    let refused = reports.iter().filter(|report| matches!(report, Report::Refused { .. })).count();
    assert_eq!((fired, refused), (4, 16), "twice as many at once as in a second");
    assert_eq!(sent(&lines, "tone/failed").len(), 1, "no storm");
    assert_eq!(sent(&lines, "%%<message:").len(), 40, "every digit is answered");
    assert_eq!(sent(&lines, ":true::").len(), 40, "the digits are spent");
    assert_eq!(count(&brain, Limit::CodesPerSecond), 16);
    assert_eq!(troubles(&reports), ["the limit \"codes-per-second\" is reached (2)"]);
    assert_eq!(sent(&key(&mut brain, "sip/3", "conf/6", 1, "*6"), "mute=true").len(), 1);
    assert!(matches!(brain.reports()[..], [.., Report::Fired { .. }]));

    brain.now += Duration::from_millis(500);
    key(&mut brain, "sip/2", "conf/5", 41, "*6*6");
    let reports = brain.reports();
    assert!(reports.iter().any(|report| matches!(report, Report::Fired { .. })), "it is time for one again");
    assert!(reports.iter().any(|report| matches!(report, Report::Refused { .. })));
    assert_eq!(troubles(&reports), Vec::<String>::new(), "that was said just now");

    brain.now += Duration::from_secs(60);
    key(&mut brain, "sip/2", "conf/5", 45, &"*6".repeat(5));
    let said: Vec<_> = troubles(&brain.reports()).into_iter().filter(|text| text.contains("limit")).collect();
    assert_eq!(
        said,
        ["the limit \"codes-per-second\" is reached (2), 17 times since this was said last"],
        "15 at first, one a moment later, and this one"
    );
}

#[test]
fn without_a_limit_a_caller_may_fire_as_many_codes_as_they_key() {
    let mut brain = room("codes-per-second = 0");
    key(&mut brain, "sip/2", "conf/5", 1, &"*6".repeat(100));
    let reports = brain.reports();
    assert_eq!(reports.iter().filter(|report| matches!(report, Report::Fired { .. })).count(), 100);
}

#[test]
fn what_waits_of_one_caller_is_limited_and_who_comes_after_is_told_why() {
    let mut brain = room("operations-per-caller = 2\ncodes-per-second = 0");
    key(&mut brain, "sip/2", "conf/5", 1, &"*6".repeat(5));
    let reason = "the limit \"operations-per-caller\" is reached (2)";
    assert_eq!(failures(&brain.reports()), [reason; 2], "one is under way, two wait");
    assert_eq!(count(&brain, Limit::OperationsPerCaller), 2);
}

#[test]
fn no_operation_begins_while_the_engine_owes_too_many_answers_and_one_does_when_it_has_given_them() {
    let mut brain = room("operations = 2\ncodes-per-second = 0");
    for (number, leg) in [(3, 6), (4, 7)] {
        brain.say(&format!(
            "%%<message::false:chan.connected::id=conf/{leg}:address=sampleroom:peerid=sip/{number}"
        ));
        brain.say(&format!("%%<message::false:chan.connected::id=sip/{number}:peerid=conf/{leg}"));
    }
    let first = key(&mut brain, "sip/2", "conf/5", 1, "*6");
    let second = key(&mut brain, "sip/3", "conf/6", 1, "*6");
    let third = key(&mut brain, "sip/4", "conf/7", 1, "*6");
    assert_eq!(failures(&brain.reports()), ["the limit \"operations\" is reached (2)"]);
    assert_eq!(sent(&third, "tone/failed").len(), 1, "who asks hears it");
    assert_eq!(count(&brain, Limit::Operations), 1);
    for (lines, leg) in [(first, 5), (second, 6), (third, 7)] {
        for line in lines.iter().filter(|line| line.starts_with("%%>message:")) {
            brain.answer(line, true, "", &format!(":peerid=conf/{leg}"));
        }
    }
    let again = key(&mut brain, "sip/4", "conf/7", 3, "*6");
    assert_eq!(sent(&again, "mute=true").len(), 1, "the sounds that are owed are no operations");
}

#[test]
fn sounds_that_say_so_are_limited_too() {
    let mut brain = room("operations = 3\ncodes-per-second = 0");
    let lines = key(&mut brain, "sip/2", "conf/5", 1, &"*6".repeat(200));
    assert!(sent(&lines, "%%>message:").len() <= 6, "{lines:?}");
}

#[test]
fn channels_past_the_limit_keep_their_calls_and_their_digits_pass() {
    let mut brain = Brain::ready(config(&with("channels = 2")));
    for number in 1..=3 {
        brain.say(&format!("%%<message::false:chan.startup::id=sip/{number}:caller=1:called=2"));
    }
    assert_eq!(brain.assist.load().calls, 2);
    assert_eq!(count(&brain, Limit::Channels), 1);
    assert_eq!(brain.key("sip/3", "sip/9", 1, "*"), ["%%<message:d1:false::"]);
    assert_eq!(brain.key("sip/1", "sip/9", 1, "*"), ["%%<message:d1:true::"], "who came before is served");
    brain.say("%%<message::false:chan.hangup::id=sip/2");
    assert_eq!(brain.key("sip/3", "sip/9", 2, "*"), ["%%<message:d2:true::"], "there is a place again");
}

#[test]
fn rooms_past_the_limit_are_left_alone_and_nobody_is_put_in_another_by_a_code() {
    let mut brain = room("rooms = 1");
    brain.say("%%<message::false:chan.connected::id=conf/6:address=other:peerid=sip/3");
    brain.say("%%<message::false:chan.connected::id=sip/3:peerid=conf/6");
    assert_eq!(brain.assist.load().rooms, 1);
    assert_eq!(count(&brain, Limit::Rooms), 1);
    brain.say("%%<message::false:chan.connected::id=sip/4:peerid=sip/9");
    brain.reports();
    let lines = key(&mut brain, "sip/4", "sip/9", 1, "*3800#");
    assert_eq!(failures(&brain.reports()), ["the limit \"rooms\" is reached (1)"]);
    assert_eq!(sent(&lines, "tone/failed").len(), 1);
    assert_eq!(sent(&lines, "callto=conf").len(), 0);
    assert_eq!(
        sent(&key(&mut brain, "sip/3", "conf/6", 1, "*6"), "mute=true").len(),
        1,
        "what needs no room works"
    );
    assert_eq!(sent(&key(&mut brain, "sip/2", "conf/5", 1, "*6"), "mute=true").len(), 1);
}

#[test]
fn nobody_is_let_into_a_room_under_control_that_could_not_be_kept_so() {
    let text = with("rooms = 1") + "[rooms.\"8*\"]\nmax-users = 5\n";
    let mut brain = in_room_with(config(&text));
    let ask = |id: u32, room: &str| {
        format!("%%>message:m{id}:1795420044:call.execute::id=sip/7:caller=1:called=2:callto=conf/{room}")
    };
    let refused = brain.say(&ask(1, "800"));
    assert_eq!(refused, ["%%<message:m1:false:::callto=:error=congestion:reason=too many rooms"]);
    assert_eq!(
        brain.say(&ask(2, "900")),
        ["%%<message:m2:false::"],
        "what is not under control is the engine's"
    );
    assert_eq!(brain.say(&ask(3, "sampleroom")), ["%%<message:m3:false::"]);
}

#[test]
fn calls_to_others_are_limited_at_once_and_in_a_minute() {
    let call = |brain: &mut Brain, from: u32| {
        let lines = key(brain, "sip/2", "conf/5", from, "*4201#");
        let lines: Vec<String> = lines.into_iter().filter(|line| line.contains(":call.execute:")).collect();
        for line in &lines {
            brain.answer(line, true, "", &format!(":id=dumb/{from}:peerid=sip/9{from}"));
        }
        lines.len()
    };
    let mut brain = room("calls = 1");
    assert_eq!((call(&mut brain, 1), call(&mut brain, 7)), (1, 0));
    assert_eq!(failures(&brain.reports()), ["the limit \"calls\" is reached (1)"]);
    assert_eq!(count(&brain, Limit::Calls), 1);

    let mut brain = in_room_with(config(&format!("[calling]\nper-minute = 1\n{CODES}")));
    assert_eq!((call(&mut brain, 1), call(&mut brain, 7)), (1, 0));
    assert_eq!(failures(&brain.reports()), ["the limit \"calls-per-minute\" is reached (1)"]);
    brain.now += Duration::from_secs(60);
    assert_eq!(call(&mut brain, 13), 1);
}

#[test]
fn announcements_past_the_limit_are_refused_while_others_are_played() {
    let mut brain = room("prompts = 2");
    let mut refused = Vec::new();
    for number in 0..4 {
        let command =
            Command::Announce { room: "sampleroom".into(), sound: "/srv/hello.au".into(), who: None };
        brain.input(Input::Command { number, command });
        if let (_, Outcome::Error(refusal)) = brain.answers.pop().expect("an answer") {
            refused.push((number, refusal.code, refusal.message));
        }
    }
    let reason = || "the limit \"prompts\" is reached (2)".to_owned();
    assert_eq!(refused, [2, 3].map(|number| (number, RefusalCode::Busy, reason())));
    assert_eq!(count(&brain, Limit::Prompts), 2);
}

#[test]
fn digits_that_wait_are_limited_and_a_message_with_too_many_is_passed() {
    let mut brain = Brain::ready(config(&with("waiting-digits = 4")));
    brain.say("%%<message::false:chan.startup::id=sip/1:caller=1:called=2");
    assert_eq!(brain.key("sip/1", "sip/9", 1, "12345"), ["%%<message:d1:false::"]);
    assert_eq!(count(&brain, Limit::WaitingDigits), 1);
    // The first is late for ever: those after it are not kept without end.
    let lines: Vec<String> = (2..7).flat_map(|sequence| brain.key("sip/1", "sip/9", sequence, "5")).collect();
    assert_eq!(count(&brain, Limit::WaitingDigits), 2);
    let mut gone = sent(&lines, "text=5").len();
    let last = brain.answer(sent(&lines, "text=5")[0], true, "", "");
    gone += sent(&last, "text=5555").len() * 4;
    assert_eq!(gone, 5, "none of them is lost: {lines:?} {last:?}");
}

/// Bytes that have not waited.
fn read(bytes: &[u8]) -> Event<'_> {
    Event::Bytes { bytes, since: Duration::MAX }
}

#[test]
fn a_line_that_is_too_long_is_thrown_away_and_counted_and_the_next_one_is_read() {
    let brain = Brain::ready(config(&with("line = 8192")));
    let mut pump = Pump::new(brain.assist);
    let now = Moment::at(brain.now, jiff::Timestamp::UNIX_EPOCH);
    let ask =
        |id: &str, more: &str| format!("%%>message:{id}:1:chan.dtmf::id=sip/1:text=5{more}\n").into_bytes();
    pump.handle(now, read(&ask("long", &format!(":x={}", "y".repeat(60_000)))));
    pump.handle(now, read(&ask("next", "")));
    let pending = String::from_utf8_lossy(pump.pending()).into_owned();
    assert_eq!(pending, "%%<message:long:false::\n%%<message:next:false::\n");
    let reached: Vec<_> = pump.assist().limits_reached().filter(|(_, times)| *times > 0).collect();
    assert_eq!(reached, [(Limit::Line, 1)]);
}

#[test]
fn an_account_of_thousands_of_calls_is_one_line_and_is_read() {
    let mut pump = Pump::new(Brain::new(config(CODES)).assist);
    let now = Moment::at(Duration::from_secs(1), jiff::Timestamp::UNIX_EPOCH);
    pump.handle(now, Event::Connected(Role::Socket));
    let calls: Vec<String> = (1..=10_000)
        .map(|call| format!("sip/{call}=answered|+4021555{call}|800|1795420044-{call}|{call}"))
        .collect();
    // What one account says leads to the next question.
    while let said = String::from_utf8_lossy(pump.pending()).into_owned()
        && !said.is_empty()
    {
        pump.handle(now, Event::Wrote(said.len()));
        for line in said.lines().filter(|line| line.contains(":engine.status:")) {
            let id = line.split(':').nth(1).expect("an id");
            let calls = if line.ends_with("=cdrbuild") { calls.join(",") } else { String::new() };
            let account = format!("%%<message:{id}:true:engine.status:name=x,type=cdr;cdrs=1;{calls}%M%J\n");
            pump.handle(now, read(account.as_bytes()));
        }
    }
    assert!(pump.assist().is_connected_and_ready());
    assert_eq!(pump.assist().load().calls, 10_000);
}

#[test]
fn an_engine_that_does_not_read_loses_its_connection_and_no_more() {
    let mut pump = Pump::new(Brain::ready(config(&with("pending-bytes = 1000000"))).assist);
    let now = Moment::at(Duration::from_secs(1), jiff::Timestamp::UNIX_EPOCH);
    let asked = "%%>message:0123456789:1:chan.dtmf::id=sip/1:text=5\n".repeat(1_000);
    let lost = (0..1_000).find_map(|_| pump.handle(now, read(asked.as_bytes())));
    assert!(matches!(lost, Some(Ended::Lost(_))), "{lost:?}");
    let reached: Vec<_> = pump.assist().limits_reached().filter(|(_, times)| *times > 0).collect();
    assert_eq!(reached, [(Limit::PendingBytes, 1)]);
    assert_eq!(pump.handle(now, Event::Due), None, "what was lost is lost once");
    let reached: Vec<_> = pump.assist().limits_reached().filter(|(_, times)| *times > 0).collect();
    assert_eq!(reached, [(Limit::PendingBytes, 1)]);
    pump.handle(now, Event::Connected(Role::Socket));
    assert!(pump.pending().starts_with(b"%%>connect:global\n"), "the next connection begins anew");
}

#[test]
fn what_is_limited_beside_the_engine_is_counted_with_the_rest() {
    let mut pump = Pump::new(Brain::ready(config(CODES)).assist);
    let now = Moment::at(Duration::from_secs(1), jiff::Timestamp::UNIX_EPOCH);
    let mut said = Vec::new();
    for limit in [Limit::ControlClients, Limit::StoreQuestions, Limit::ControlClients] {
        pump.handle_telling(now, Event::Reached(limit, 2), |report| said.extend(troubles(&[report])));
    }
    let reached: Vec<_> = pump.assist().limits_reached().filter(|(_, times)| *times > 0).collect();
    assert_eq!(reached, [(Limit::StoreQuestions, 2), (Limit::ControlClients, 4)]);
    assert_eq!(
        said,
        ["the limit \"control-clients\" is reached (64)", "the limit \"store-questions\" is reached (4096)"]
    );
}

/// What was said to the engine to make a leg of ours.
fn legs_asked_for(house: &mut House) -> usize {
    let told = house.scene.stage.take_told().into_iter();
    let asks = |told: &Told| matches!(told, Told::Sent(line) if line.contains_str("callto=dumb/touchtone-"));
    told.filter(|(_, told)| asks(told)).count()
}

#[test]
fn where_no_more_legs_may_be_known_none_is_made_to_speak_or_record_without_end() {
    let text = "[control]\nsocket = \"touchtone.sock\"\n[limits]\nchannels = 2\n[rooms.800]\nlonely = true\n\
                [[code]]\nname = \"record\"\nkeys = \"*9\"\noperation = \"record-toggle\"\n";
    let mut house = House::new(text, engine(&[]));
    let alice = house.call("alice", "800");
    house.call("bob", "800");
    house.scene.stage.take_told();
    let sound = "/srv/hello.au".to_owned();
    house.done(Command::Announce { room: "800".into(), sound, who: None });
    house.seconds(10);
    assert_eq!(legs_asked_for(&mut house), 1);
    house.key(&alice, "*9");
    house.seconds(10);
    assert_eq!(legs_asked_for(&mut house), 1);
    assert_eq!(house.room("800").map(|room| room.recording), Some(false));
    assert!(
        house.scene.sim().channels().all(|channel| !channel.id.as_str().starts_with("dumb/")),
        "none is left"
    );
}
