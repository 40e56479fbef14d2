//! States, roles, timers and chains of codes, seen from the engine's side of the line.

mod common;

use std::time::Duration;

use common::brain::{Brain, config};
use touchtone::assist::Report;

const SECOND: Duration = Duration::from_secs(1);

fn brain(codes: &str) -> Brain {
    Brain::ready(config(&format!("[yate]\nconnect = \"stdio\"\n{codes}")))
}

/// A code that only sends `custom.NAME`.
fn note(name: &str, keys: &str, more: &str) -> String {
    format!(
        "[[code]]\nname = \"{name}\"\nkeys = \"{keys}\"\noperation = \"message\"\nmessage = \"custom.{name}\"\n\
         masquerade = false\n{more}\n"
    )
}

fn set_state(name: &str, keys: &str, state: &str, to: &str) -> String {
    format!(
        "[[code]]\nname = \"{name}\"\nkeys = \"{keys}\"\nstate = \"{state}\"\noperation = \"set-state\"\nto = \"{to}\"\n"
    )
}

impl Keyed for Brain {}

trait Keyed {
    /// Keys one after the other in a call; gives what was fired.
    fn keys(&mut self, peer: &str, keys: &str) -> Vec<String>
    where
        Self: AsBrain,
    {
        let brain = self.brain();
        for key in keys.chars() {
            brain.say(&format!(
                "%%>message:k:1:chan.dtmf::id=sip/3:peerid={peer}:text={key}:detected=sip-info"
            ));
        }
        fired(brain)
    }
}

trait AsBrain {
    fn brain(&mut self) -> &mut Brain;
}

impl AsBrain for Brain {
    fn brain(&mut self) -> &mut Brain {
        self
    }
}

fn fired(brain: &mut Brain) -> Vec<String> {
    let code = |report| match report {
        Report::Fired { code, .. } => Some(code),
        _ => None,
    };
    brain.reports().into_iter().filter_map(code).collect()
}

#[test]
fn a_code_can_put_the_call_in_a_state_of_the_admins_own_and_back() {
    let mut brain = brain(
        &[
            "[states.menu]\n",
            &set_state("open", "*1", "call", "menu"),
            &note("one", "1", "state = \"menu\""),
            &set_state("close", "#", "menu", "auto"),
        ]
        .concat(),
    );
    assert_eq!(brain.keys("sip/4", "1*11"), ["open", "one"]);
    assert_eq!(brain.keys("sip/4", "#1"), ["close"]);
    assert_eq!(brain.keys("sip/4", "*1"), ["open"]);
    assert_eq!(brain.keys("conf/7", "1"), [""; 0], "the engine moved the call: the state ends");
}

#[test]
fn digits_of_one_message_mean_what_they_mean_after_each_other() {
    let codes =
        ["[states.menu]\n", &set_state("open", "*1", "call", "menu"), &note("one", "1", "state = \"menu\"")];
    let mut brain = brain(&codes.concat());
    brain.say("%%>message:k:1:chan.dtmf::id=sip/3:peerid=sip/4:text=*11:detected=sip-info");
    assert_eq!(fired(&mut brain), ["open", "one"]);
}

#[test]
fn a_state_that_asks_for_a_key_is_left_quietly_if_none_comes() {
    let codes = [
        "[states.pin]\nfirst-key = \"5s\"\non-timeout = \"tone/info\"\nunmatched = \"drop\"\n",
        &set_state("ask", "*1", "call", "pin"),
        &note("pin", "(pin:x{4})#", "state = \"pin\""),
    ];
    let mut brain = brain(&codes.concat());
    brain.keys("sip/4", "*1");
    assert_eq!(brain.wait(4 * SECOND), [""; 0]);
    let sent = brain.wait(SECOND);
    assert!(sent[0].ends_with("id=sip/3:message=chan.attach:override=tone/info:single=yes"), "{sent:?}");
    assert_eq!(brain.keys("sip/4", "1234#"), [""; 0], "the state is over");
    brain.keys("sip/4", "*1");
    brain.wait(4 * SECOND);
    brain.keys("sip/4", "1");
    brain.wait(2 * SECOND);
    assert_eq!(brain.keys("sip/4", "234#"), ["pin"], "the first key came in time");
}

#[test]
fn what_no_code_wants_and_what_comes_too_late_sound_as_the_admin_says() {
    let codes = [
        "[states.call]\nunmatched = \"drop\"\non-unmatched = \"tone/busy\"\non-timeout = \"tone/info\"\n",
        &note("six", "*6", ""),
    ];
    let mut brain = brain(&codes.concat());
    let key = |brain: &mut Brain, key| {
        brain.say(&format!("%%>message:k:1:chan.dtmf::id=sip/3:peerid=sip/4:text={key}:detected=sip-info"))
    };
    key(&mut brain, "*");
    let sent = key(&mut brain, "5");
    let sounds: Vec<_> = sent.iter().filter(|line| line.contains("override=tone/busy")).collect();
    assert_eq!(sounds.len(), 1, "{sent:?}");
    key(&mut brain, "7");
    let again = key(&mut brain, "7");
    assert!(!again.iter().any(|line| line.contains("override=")), "one at a time: {again:?}");
    brain.answer(sounds[0], true, "", "");
    key(&mut brain, "*");
    let sent = brain.wait(5 * SECOND);
    assert!(sent[0].contains("override=tone/info"), "{sent:?}");
}

#[test]
fn in_a_state_of_pass_through_every_digit_goes_on_and_codes_still_fire() {
    let codes = [
        "[states.ivr]\npass-through = true\n",
        &set_state("open", "*1", "call", "ivr"),
        &set_state("retake", "##", "ivr", "auto"),
        &note("six", "*6", ""),
    ];
    let mut brain = brain(&codes.concat());
    brain.keys("sip/4", "*1");
    for key in ["*", "5", "#", "#"] {
        let sent = brain.say(&format!("%%>message:k:1:chan.dtmf::id=sip/3:peerid=sip/4:text={key}"));
        assert_eq!(sent, ["%%<message:k:false::"], "{key} goes on as it comes");
    }
    assert_eq!(fired(&mut brain), ["retake"]);
    let sent = brain.say("%%>message:k:1:chan.dtmf::id=sip/3:peerid=sip/4:text=*");
    assert_eq!(sent, ["%%<message:k:true::"], "digits are held again");
}

#[test]
fn codes_that_follow_come_in_order_on_the_same_keys_and_only_if_the_first_was_done() {
    let follower = |name: &str| {
        format!(
            "[[code]]\nname = \"{name}\"\noperation = \"message\"\nmessage = \"custom.{name}\"\nmasquerade = false\nparams = {{ who = \"${{who}}\" }}\n"
        )
    };
    let codes = [
        &note("first", "*7(who:x)", "then = [\"second\", \"third\"]"),
        &follower("second"),
        &follower("third"),
    ];
    let mut brain = brain(&codes.map(String::as_str).concat());
    let sent = |brain: &mut Brain| {
        brain.keys("sip/4", "*7");
        brain.say("%%>message:k:1:chan.dtmf::id=sip/3:peerid=sip/4:text=4")
    };
    let first = sent(&mut brain);
    assert!(first[1].contains(":custom.first:") && first.len() == 2, "{first:?}");
    let second = brain.answer(&first[1], true, "", "");
    assert!(second[0].ends_with(":custom.second::who=4"), "{second:?}");
    let third = brain.answer(&second[0], true, "", "");
    assert!(third[0].ends_with(":custom.third::who=4"), "{third:?}");
    brain.answer(&third[0], true, "", "");
    let first = sent(&mut brain);
    assert_eq!(brain.answer(&first[1], false, "", ""), [""; 0], "nothing follows what was not done");
}

#[test]
fn a_role_comes_from_routing_or_from_the_room() {
    let codes = [
        "[roles.organizer]\nrooms = \"conf/9*\"\n[roles.guest]\n",
        &note("lock", "*5", "allow = \"organizer\""),
        &note("knock", "*4", "allow = [\"guest\"]"),
    ];
    let mut brain = brain(&codes.concat());
    let enter = |brain: &mut Brain, room: &str, more: &str| {
        brain.say(&format!(
            "%%<message::true:call.execute::id=sip/3:answered=false:peerid=conf/7:room=conf/{room}{more}"
        ));
    };
    enter(&mut brain, "800", "");
    assert_eq!(brain.keys("conf/7", "*5"), [""; 0]);
    enter(&mut brain, "800", ":touchtone_role=organizer");
    assert_eq!(brain.keys("conf/7", "*5"), ["lock"]);
    let mut other = brain_with(&codes);
    enter(&mut other, "911", "");
    assert_eq!(other.keys("conf/7", "*5*4"), ["lock"]);
}

fn brain_with(codes: &[&str]) -> Brain {
    brain(&codes.concat())
}

#[test]
fn a_code_can_have_timers_of_its_own_and_cuts_no_other_short() {
    let codes = [
        note("slow", "*1x{3}", "interdigit = \"9s\""),
        note("quick", "*2", "critical = \"200ms\""),
        note("longer", "*21", ""),
    ];
    let mut brain = brain(&codes.concat());
    brain.keys("sip/4", "*1");
    brain.wait(8 * SECOND);
    assert_eq!(brain.keys("sip/4", "234"), ["slow"]);
    brain.keys("sip/4", "*2");
    brain.wait(SECOND / 5);
    assert_eq!(fired(&mut brain), ["quick"]);
    brain.keys("sip/4", "*");
    brain.wait(5 * SECOND);
    assert_eq!(brain.keys("sip/4", "2"), ["quick"][1..], "8 s are still possible for the slow one");
}
