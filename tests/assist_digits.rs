//! Digits whose meaning changes while they are on their way: a code before them moved the call on.

mod common;

use std::time::Duration;

use common::brain::{Brain, config, ended, fired};
use touchtone::assist::Report;

fn brain(states: &str, codes: &[(&str, &str, &str)]) -> Brain {
    let mut text = format!("[yate]\nconnect = \"stdio\"\n{states}\n");
    for (name, keys, more) in codes {
        text += &format!("[[code]]\nname = \"{name}\"\nkeys = \"{keys}\"\n{more}\n");
    }
    Brain::ready(config(&text))
}

fn to(state: &str, from: &str) -> String {
    format!("operation = \"set-state\"\nto = \"{state}\"\nstate = \"{from}\"")
}

fn note(from: &str) -> String {
    format!("operation = \"message\"\nmessage = \"x.y\"\nmasquerade = false\nstate = \"{from}\"")
}

/// What became of digits, in the order it was told.
fn fates(brain: &mut Brain) -> Vec<String> {
    let fate = |report: Report| match report {
        Report::Fired { code, .. } => Some(format!("!{code}")),
        Report::Passed { keys, .. } => Some(format!("passed {keys}")),
        Report::Released { keys, .. } => Some(format!("released {keys}")),
        Report::Dropped { keys, .. } => Some(format!("dropped {keys}")),
        _ => None,
    };
    brain.reports().into_iter().filter_map(fate).collect()
}

fn text(brain: &mut Brain, id: u32, text: &str) -> Vec<String> {
    brain.say(&format!("%%>message:d{id}:1:chan.dtmf::id=sip/3:peerid=sip/4:text={text}:detected=sip-info"))
}

#[test]
fn digits_behind_a_code_mean_what_they_mean_where_it_led() {
    let codes = [
        ("menu", "0", to("menu", "call")),
        ("long", "0911", note("call")),
        ("nine", "9", note("call")),
        ("two", "92", note("menu")),
    ];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain("[states.menu]\nunmatched = \"drop\"", &codes);
    brain.key("sip/3", "sip/4", 1, "0");
    brain.key("sip/3", "sip/4", 2, "9");
    brain.key("sip/3", "sip/4", 3, "5");
    assert_eq!(fates(&mut brain), ["!menu", "dropped 95"], "9 and 5 were keyed to the menu");
    brain.key("sip/3", "sip/4", 4, "9");
    brain.key("sip/3", "sip/4", 5, "2");
    assert_eq!(fates(&mut brain), ["!two"]);
}

#[test]
fn digits_that_a_time_out_gives_back_behind_a_code_are_not_held_again() {
    let codes =
        [("menu", "0", to("menu", "call")), ("long", "0911", note("call")), ("two", "92", note("menu"))];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain("[states.menu]\nunmatched = \"pass\"", &codes);
    brain.key("sip/3", "sip/4", 1, "0");
    brain.key("sip/3", "sip/4", 2, "9");
    brain.wait(Duration::from_secs(4));
    assert_eq!(fates(&mut brain), ["!menu", "released 9"]);
}

#[test]
fn a_digit_we_took_is_sent_on_though_digits_pass_where_it_came_to_mean_something() {
    let states = "[states.ivr]\npass-through = true";
    let codes = [("ivr", "*1", to("ivr", "call"))];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut one = brain(states, &codes);
    let sent = text(&mut one, 1, "*15");
    assert_eq!(sent[0], "%%<message:d1:true::");
    assert!(sent[1].contains("message=chan.dtmf:text=5"), "{sent:?}");
    assert_eq!(fates(&mut one), ["!ivr", "released 5"]);
    let mut swapped = brain(states, &codes);
    swapped.say("%%<message::false:chan.startup::id=sip/3:caller=alice");
    swapped.key("sip/3", "sip/4", 1, "*");
    swapped.key("sip/3", "sip/4", 3, "5");
    swapped.key("sip/3", "sip/4", 2, "1");
    assert_eq!(fates(&mut swapped), ["!ivr", "released 5"]);
}

#[test]
fn a_digit_that_went_on_is_not_sent_again_where_digits_are_held() {
    let states = "[states.ivr]\npass-through = true";
    let codes = [("ivr", "*1", to("ivr", "call")), ("back", "##", to("call", "ivr"))];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain(states, &codes);
    brain.say("%%<message::false:chan.startup::id=sip/3:caller=alice");
    brain.key("sip/3", "sip/4", 1, "*");
    brain.key("sip/3", "sip/4", 2, "1");
    for (number, key) in [(3, "#"), (5, "5"), (4, "#")] {
        assert_eq!(brain.key("sip/3", "sip/4", number, key)[0], format!("%%<message:d{number}:false::"));
    }
    assert_eq!(fates(&mut brain), ["!ivr", "!back", "passed 5"]);
}

#[test]
fn a_state_that_asks_asks_again_after_each_answer_that_is_none() {
    let states = "[states.pin]\nfirst-key = \"5s\"\nunmatched = \"drop\"";
    let codes =
        [("ask", "*1", to("pin", "call")), ("again", "*", to("pin", "pin")), ("pin", "xxxx#", note("pin"))];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain(states, &codes);
    text(&mut brain, 1, "*1");
    text(&mut brain, 2, "*");
    assert_eq!(brain.assist.poll_timeout(), Some(Duration::from_secs(5)), "begun again");
    text(&mut brain, 3, "#");
    assert_eq!(brain.assist.poll_timeout(), Some(Duration::from_secs(5)), "after what is no PIN");
    brain.wait(Duration::from_secs(5));
    text(&mut brain, 4, "1234#");
    assert_eq!(fates(&mut brain), ["!ask", "!again", "dropped #", "passed 1234#"], "the state is over");
}

#[test]
fn a_code_that_fires_because_the_call_moved_on_can_move_it_further() {
    let states = "[states.menu]\nfirst-key = \"5s\"\n[roles.organizer]\nrooms = \"conf/99*\"";
    let codes = [
        ("menu", "*1", to("menu", "call")),
        ("long", "*12", note("call")),
        ("in", "7", note("menu")),
        ("organizers", "88", format!("{}\nallow = \"organizer\"", note("call"))),
    ];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain(states, &codes);
    text(&mut brain, 1, "*1");
    brain.say("%%<message::true:call.execute::id=sip/3:answered=true:touchtone_role=organizer");
    text(&mut brain, 2, "7");
    assert_eq!(fates(&mut brain), ["!menu", "!in"]);
}

#[test]
fn what_follows_a_change_of_state_comes_behind_what_was_keyed_before_it() {
    let codes = [
        ("slow", "*6", note("call").replace("x.y", "first.one")),
        ("menu", "*1", format!("{}\nthen = [\"after\"]", to("menu", "call"))),
    ];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let more = "[states.menu]\n[[code]]\nname = \"after\"\noperation = \"message\"\nmessage = \"after.it\"\nmasquerade = false\n\
                [[code]]\nname = \"behind\"\nkeys = \"*7\"\noperation = \"message\"\nmessage = \"second.one\"\n\
                masquerade = false\nstate = \"call\"\n";
    let mut brain = brain(more, &codes);
    let first = text(&mut brain, 1, "*6").pop().expect("the first");
    text(&mut brain, 2, "*7");
    text(&mut brain, 3, "*1");
    let second = brain.answer(&first, true, "", "").pop().expect("the second");
    assert!(second.contains("second.one"), "{second}");
    let third = brain.answer(&second, true, "", "").pop().expect("what follows");
    assert!(third.contains("after.it"), "{third}");
}

#[test]
fn digits_that_were_sent_on_are_not_collected_again() {
    let note = note("call");
    let mut brain = brain("", &[("six", "*6", &note)]);
    let sent = brain.say("%%>message:d:1:chan.dtmf::id=sip/3:peerid=sip/4:text=*6:sequence=0");
    assert_eq!(sent, ["%%<message:d:false::"]);
    assert_eq!(fired(&brain.reports()), [""; 0]);
}

#[test]
fn a_channel_whose_digit_names_no_peer_is_on_hold() {
    let note = note("hold");
    let mut brain = brain("", &[("back", "*2", &note)]);
    brain.say("%%>message:d:1:chan.dtmf::id=sip/3:text=*2:detected=sip-info");
    assert_eq!(fired(&brain.reports()), ["back"]);
}

#[test]
fn an_operation_that_nobody_will_answer_is_said_to_have_failed() {
    let note = note("call");
    let mut brain = brain("", &[("six", "*6", &note)]);
    text(&mut brain, 1, "*6");
    text(&mut brain, 2, "*6");
    brain.say("%%<message::false:chan.hangup::id=sip/3:lastpeerid=sip/4");
    assert_eq!(ended(&brain.reports()), ["failed: the caller has hung up"], "the one that waited");
    brain.input(touchtone::assist::Input::Disconnected);
    assert_eq!(ended(&brain.reports()), ["failed: the connection to the engine was lost"]);
}

#[test]
fn a_caller_who_was_sent_elsewhere_has_not_joined() {
    let mut brain = Brain::ready(common::brain::conference());
    let sent = (1..)
        .zip("*3800#".chars())
        .map(|(number, key)| brain.key("sip/3", "sip/4", number, &key.to_string()));
    let join = sent.last().and_then(|mut sent| sent.pop()).expect("a join");
    brain.answer(&join, true, "", ":id=sip/3:peerid=tone/1:reason=locked");
    assert_eq!(ended(&brain.reports()), ["failed: the caller was not let in: locked"]);
}

#[test]
fn what_nobody_is_to_read_is_marked_so() {
    let codes = [
        ("ask", "*1", to("pin", "call")),
        ("pin", "xxxx#", note("pin")),
        ("secret", "*5x#", format!("{}\nsecret = true", note("hold"))),
    ];
    let codes: Vec<_> = codes.iter().map(|(name, keys, more)| (*name, *keys, more.as_str())).collect();
    let mut brain = brain("[states.pin]\nunmatched = \"drop\"\nsecret = true", &codes);
    text(&mut brain, 1, "*1");
    brain.reports();
    text(&mut brain, 2, "1234#5");
    brain.say("%%>message:d:1:chan.dtmf::id=sip/7:text=*57:detected=sip-info");
    brain.say("%%>message:d:1:chan.dtmf::id=sip/7:text=#4:detected=sip-info");
    let reports = brain.reports();
    assert_eq!(fired(&reports), ["pin", "secret"]);
    for report in reports {
        let open = format!("{report:?}").contains("secret: false");
        assert!(!open, "{report:?}");
    }
}
