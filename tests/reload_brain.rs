//! Another configuration while calls go on, seen from the engine's side of the line.

mod common;

use std::sync::Arc;
use std::time::Duration;

use bstr::BStr;
use common::brain::{Brain, config, ended, fired};
use common::house::{ENTRY, House, engine};
use proptest::prelude::*;
use touchtone::assist::{Input, Report};
use touchtone::config::Config;
use touchtone::control::protocol::{Command, Switch};
use touchtone::store::{Pin, hash_pin};

const SECOND: Duration = Duration::from_secs(1);

fn codes(text: &str) -> Arc<Config> {
    config(&format!("[yate]\nconnect = \"stdio\"\n{text}"))
}

/// A code that only sends `custom.NAME`.
fn note(name: &str, keys: &str, more: &str) -> String {
    format!(
        "[[code]]\nname = \"{name}\"\nkeys = \"{keys}\"\noperation = \"message\"\nmessage = \"custom.{name}\"\n\
         masquerade = false\n{more}\n"
    )
}

fn set_state(keys: &str, state: &str, to: &str) -> String {
    format!(
        "[[code]]\nname = \"to-{to}\"\nkeys = \"{keys}\"\nstate = \"{state}\"\noperation = \"set-state\"\nto = \"{to}\"\n"
    )
}

/// A caller in a call who keys one digit after the other.
struct Caller {
    brain: Brain,
    sequence: u32,
}

impl Caller {
    fn new(text: &str) -> Self {
        Caller { brain: Brain::ready(codes(text)), sequence: 0 }
    }

    /// What the module says, to each digit.
    fn keys(&mut self, keys: &str) -> Vec<Vec<String>> {
        let key = |key: char| {
            self.sequence += 1;
            self.brain.key("sip/3", "sip/4", self.sequence, &key.to_string())
        };
        keys.chars().map(key).collect()
    }

    fn reload(&mut self, text: &str) -> Vec<String> {
        self.brain.input(Input::Reload(codes(text)))
    }

    fn fired(&mut self) -> Vec<String> {
        fired(&self.brain.reports())
    }

    fn state(&self) -> String {
        let place = self.brain.assist.place(BStr::new("sip/3")).expect("a place");
        self.brain.assist.config().states[place.state].name.clone()
    }
}

#[test]
fn a_code_half_keyed_when_another_configuration_comes_fires_as_it_was_begun_and_the_next_one_as_it_is_now() {
    let mut caller = Caller::new(&note("old", "*61", ""));
    caller.keys("*6");
    assert_eq!(
        caller.reload(&note("new", "*62", "")),
        Vec::<String>::new(),
        "nothing is asked of the engine"
    );
    let said = caller.keys("1").concat();
    assert!(said[0].starts_with("%%<message:d3:true:") && said[1].contains(":custom.old:"), "{said:?}");
    assert_eq!(caller.fired(), ["old"]);
    caller.keys("*62*61");
    assert_eq!(caller.fired(), ["new"]);
}

#[test]
fn keys_that_wait_for_a_longer_code_fire_by_the_timers_that_they_were_keyed_under() {
    let begins = format!("{}{}", note("short", "*1", ""), note("long", "*12", ""));
    let mut caller = Caller::new(&begins);
    caller.keys("*1");
    caller.reload(&note("other", "*1", ""));
    caller.brain.wait(SECOND * 2);
    assert_eq!(caller.fired(), ["short"]);
    caller.keys("*1");
    assert_eq!(caller.fired(), ["other"]);
}

#[test]
fn digits_behind_a_code_that_was_begun_before_are_read_as_it_is_now() {
    let begins = format!("{}{}", note("short", "*1", ""), note("long", "*12", ""));
    let mut caller = Caller::new(&begins);
    caller.keys("*1");
    caller.reload(&note("three", "3", ""));
    caller.keys("3");
    assert_eq!(caller.fired(), ["short", "three"]);
}

#[test]
fn what_is_held_across_several_changes_is_finished_by_the_first_and_given_up_by_its_rules() {
    let mut caller = Caller::new(&format!("[states.call]\nunmatched = \"drop\"\n{}", note("old", "*61", "")));
    caller.keys("*6");
    caller.reload(&note("new", "*62", ""));
    caller.reload("");
    caller.keys("2");
    let reports = caller.brain.reports();
    let dropped: String = reports
        .iter()
        .filter_map(|report| match report {
            Report::Dropped { keys, .. } => Some(keys.symbols()),
            _ => None,
        })
        .collect();
    // The digit that led nowhere came while the others were held.
    assert_eq!((dropped.as_str(), fired(&reports)), ("*62", Vec::new()));
    let said = caller.keys("2").concat();
    assert!(said[0].starts_with("%%<message:d4:false:"), "{said:?}");
}

#[test]
fn what_was_keyed_before_is_done_as_it_was_meant_however_long_it_waits() {
    let mut caller =
        Caller::new(&format!("{}{}", note("first", "1", "then = \"last\""), note("last", "9", "")));
    let sent = caller.keys("11").concat();
    let sent = sent.iter().find(|line| line.contains(":custom.first:")).expect("the first").clone();
    caller.reload(&note("other", "1", ""));
    let mut all = Vec::new();
    let mut next = Some(sent);
    while let Some(sent) = next {
        let said = caller.brain.answer(&sent, true, "", "");
        all.push(sent.split(':').nth(3).expect("a name").to_owned());
        next = said.into_iter().find(|line| line.contains(":custom."));
    }
    assert_eq!(all, ["custom.first", "custom.last", "custom.first", "custom.last"]);
    assert_eq!(ended(&caller.brain.reports()).len(), 4);
}

#[test]
fn a_call_in_a_state_that_is_gone_is_where_the_engine_has_it_and_in_one_that_is_there_it_stays() {
    let menu = |more: &str| {
        format!(
            "{more}[states.menu]\nfirst-key = \"8s\"\n{}{}",
            set_state("*5", "call", "menu"),
            note("dish", "7", "state = \"menu\"")
        )
    };
    let mut caller = Caller::new(&menu(""));
    caller.keys("*5");
    assert_eq!(caller.state(), "menu");
    // It has another place among the states.
    caller.reload(&menu("[states.before]\n"));
    assert_eq!(caller.state(), "menu");
    caller.keys("7");
    assert_eq!(caller.fired(), ["to-menu", "dish"]);
    caller.reload(&note("here", "7", "state = \"call\""));
    assert_eq!(caller.state(), "call");
    caller.keys("7");
    assert_eq!(caller.fired(), ["here"]);
    caller.brain.wait(SECOND * 20);
    assert!(!caller.brain.assist.load().timers, "nobody waits for a key in a state that is gone");
}

#[test]
fn a_code_that_leads_to_a_state_that_is_gone_says_so() {
    let text = format!(
        "[states.menu]\n{}{}",
        set_state("*5", "call", "menu"),
        note("dish", "7", "state = \"menu\"")
    );
    let mut caller = Caller::new(&text);
    caller.keys("*");
    caller.reload(&note("here", "7", ""));
    caller.keys("5");
    let reports = caller.brain.reports();
    assert_eq!(ended(&reports), ["failed: the configuration has no state menu any more"]);
    assert_eq!(caller.state(), "call");
}

#[test]
fn a_role_is_kept_by_its_name_and_one_that_is_gone_is_none() {
    let call = "%%<message::true:call.execute::id=sip/3:answered=true:caller=ana:called=1:callto=sip/sip:1:\
                touchtone_role=boss:peerid=sip/4";
    let mut caller = Caller::new(&note("boss-only", "7", "allow = \"boss\""));
    caller.brain.say(call);
    caller.keys("7");
    assert_eq!(caller.fired(), ["boss-only"]);
    let other_place = format!(
        "{}{}",
        note("clerk-only", "8", "allow = \"clerk\""),
        note("boss-only", "7", "allow = \"boss\"")
    );
    caller.reload(&other_place);
    caller.keys("78");
    assert_eq!(caller.fired(), ["boss-only"], "and not what another role may");
    caller.reload(&note("chief-only", "7", "allow = \"chief\""));
    caller.keys("7");
    assert_eq!(caller.fired(), Vec::<String>::new());
    caller.reload(&note("boss-only", "7", "allow = \"boss\""));
    caller.keys("7");
    assert_eq!(
        caller.fired(),
        Vec::<String>::new(),
        "what routing said of a role that was none is forgotten"
    );
}

#[test]
fn rooms_that_are_guarded_now_are_handled_and_those_that_are_not_any_more_are_left_alone() {
    let plain = note("x", "1", "");
    let mut caller = Caller::new(&plain);
    let said =
        caller.reload(&format!("{plain}[[route]]\ncalled = \"7(room:8xx)\"\nroom = \"conf/${{room}}\"\n"));
    assert_eq!(
        said,
        ["%%>install:50:call.route", "%%>install:45:call.execute", "%%>install:140:call.conference"]
    );
    let said = caller.brain.say("%%>message:r:1:call.route::called=7800:caller=ana");
    assert!(said[0].starts_with("%%<message:r:true::conf/800"), "{said:?}");
    let said = caller.reload(&format!("{plain}[rooms.800]\nmax-users = 5\n"));
    assert_eq!(said, ["%%>uninstall:call.route"]);
    let said = caller.brain.say("%%>message:late:1:call.route::called=7800:caller=ana");
    assert_eq!(said, ["%%<message:late:false::"], "what was on its way is answered");
    assert_eq!(caller.reload(&plain), ["%%>uninstall:call.execute", "%%>uninstall:call.conference"]);
    // Told to leave at once, it waits until the engine has removed all of them.
    assert_eq!(caller.brain.input(Input::Leave), ["%%>uninstall:chan.dtmf"]);
    for name in ["50:call.route", "45:call.execute", "140:call.conference"] {
        caller.brain.say(&format!("%%<uninstall:{name}:true"));
        assert_eq!(caller.brain.wait(SECOND / 10), Vec::<String>::new(), "{name}");
    }
    caller.brain.say("%%<uninstall:15:chan.dtmf:true");
    assert!(caller.brain.wait(SECOND / 10).contains(&"%%>quit".to_owned()));
}

#[test]
fn without_a_connection_the_next_one_begins_with_what_holds_now() {
    let mut brain = Brain::new(codes(&note("old", "1", "")));
    assert_eq!(brain.input(Input::Reload(codes(&note("new", "2", "")))), Vec::<String>::new());
    let sent = brain.input(Input::Connected(touchtone::assist::Role::Socket));
    assert!(sent.contains(&"%%>install:15:chan.dtmf".to_owned()), "{sent:?}");
    brain.key("sip/3", "sip/4", 1, "2");
    assert_eq!(fired(&brain.reports()), ["new"]);
}

/// A room with a PIN, in which who has none waits for an organizer.
fn guarded(rooms: &str) -> String {
    let code = |name: &str, keys: &str| {
        format!("[[code]]\nname = {name:?}\nkeys = {keys:?}\nstate = \"conference\"\noperation = {name:?}\n")
    };
    let codes = [code("mute-toggle", "*6"), code("lock-toggle", "*5"), code("record-toggle", "*9")].concat();
    format!("[control]\nsocket = \"touchtone.sock\"\n{codes}{ENTRY}\n{rooms}")
}

#[test]
fn who_is_muted_and_waits_what_is_locked_and_recorded_is_so_still() {
    let rules = "[rooms.800]\nwaiting = \"tone/ring\"\n";
    let mut settings = engine(&[]);
    settings.routes.push(touchtone::sim::Route::new("900", "conf/801").with("touchtone_role", "organizer"));
    let mut house = House::new(&guarded(&format!("{rules}[rooms.801]\n")), settings);
    let waiting = house.call("alice", "800");
    let [boss, bob] = [house.call("boss", "900"), house.call("bob", "801")];
    house.key(&bob, "*6");
    house.key(&boss, "*9");
    house.done(Command::Lock { room: "801".to_owned(), to: Switch::On });
    let before = (house.room("801").expect("a room"), house.room("800").expect("a room"));
    assert!(before.0.locked && before.0.recording && before.0.seats[1].muted == Some(true), "{before:?}");
    assert_eq!(before.1.waiting, 1);
    // The section of room 801 is gone, and there is another before that of 800.
    house.reload_with(&guarded(&format!("[rooms.\"9*\"]\nmax-users = 3\n{rules}")));
    assert_eq!((house.room("801").expect("a room"), house.room("800").expect("a room")), before);
    house.key(&bob, "*6");
    assert!(!house.scene.muted(&bob), "and a toggle flips what is");
    let carol = house.call("carol", "801");
    assert!(!house.is_in("801", &carol), "it is locked still");
    assert_eq!(house.peer(&waiting).map(|peer| peer.starts_with("tone/")), Some(true));
}

#[test]
fn who_is_asked_or_waits_for_what_nobody_has_to_any_more_comes_in() {
    let pin = hash_pin(&Pin::new("4711")).expect("a hash");
    let rules = format!(
        "[rooms.800]\nwaiting = \"tone/ring\"\n[rooms.801]\nparticipant = {{ pin = {:?} }}\n",
        pin.as_str()
    );
    let mut house = House::new(&guarded(&rules), engine(&[]));
    let (waits, asked) = (house.call("alice", "800"), house.call("bob", "801"));
    house.reload_with(&guarded(&rules));
    assert!(!house.is_in("800", &waits) && !house.is_in("801", &asked), "as long as it is wanted");
    house.reload_with(&guarded("[rooms.800]\n[rooms.801]\n"));
    house.seconds(2);
    assert!(house.is_in("800", &waits) && house.is_in("801", &asked));
}

#[test]
fn a_pin_that_is_asked_for_is_the_one_that_holds_when_it_is_keyed() {
    let rules = |pin: &str| {
        let pin = hash_pin(&Pin::new(pin)).expect("a hash");
        guarded(&format!("[rooms.801]\nparticipant = {{ pin = {:?} }}\n", pin.as_str()))
    };
    let mut house = House::new(&rules("4711"), engine(&[]));
    let bob = house.call("bob", "801");
    house.reload_with(&rules("1234"));
    house.key(&bob, "4711#");
    assert!(!house.is_in("801", &bob));
    house.seconds(2);
    house.key(&bob, "1234#");
    house.seconds(2);
    assert!(house.is_in("801", &bob));
}

/// Configurations between which it changes: the same keys are other codes, begin others, are in other states, or none.
fn variants() -> Vec<Arc<Config>> {
    let drop = "[states.call]\nunmatched = \"drop\"\n";
    let texts = [
        format!("{}{}{}", note("a", "*6", ""), note("b", "*1", ""), note("c", "*12", "")),
        format!("{drop}{}{}", note("d", "*61", ""), note("e", "1", "")),
        format!(
            "[states.menu]\nfirst-key = \"5s\"\n{}{}",
            set_state("*6", "call", "menu"),
            note("f", "12", "state = \"menu\"")
        ),
        format!(
            "[states.first]\n[states.menu]\nunmatched = \"drop\"\n{}{}",
            set_state("6", "call", "menu"),
            set_state("*", "menu", "first")
        ),
        String::new(),
    ];
    texts.iter().map(|text| codes(text)).collect()
}

/// What becomes of keys, as it is told.
fn fate(report: &Report) -> Option<String> {
    match report {
        Report::Fired { keys, .. }
        | Report::Refused { keys, .. }
        | Report::Passed { keys, .. }
        | Report::Released { keys, .. }
        | Report::Dropped { keys, .. } => Some(keys.symbols()),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Key(char),
    Reload(usize),
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let key = prop::sample::select(vec!['*', '1', '2', '6', '#']).prop_map(Act::Key);
    let act = prop_oneof![
        5 => key,
        2 => (0..5usize).prop_map(Act::Reload),
        1 => prop::sample::select(vec![50, 1000, 4000]).prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn every_digit_is_answered_once_and_has_one_fate_in_its_turn_however_often_the_configuration_changes(
        acts in acts(),
    ) {
        let variants = variants();
        let mut brain = Brain::ready(variants[0].clone());
        let (mut keyed, mut answered) = (String::new(), 0);
        let mut fates = String::new();
        let mut sequence = 0;
        for act in acts.into_iter().chain([Act::Wait(20_000)]) {
            let mut said = match act {
                Act::Key(key) => {
                    keyed.push(key);
                    sequence += 1;
                    brain.key("sip/3", "sip/4", sequence, &key.to_string())
                }
                Act::Reload(variant) => brain.input(Input::Reload(variants[variant].clone())),
                Act::Wait(ms) => brain.wait(Duration::from_millis(ms)),
            };
            // The engine does what it is asked, at once.
            while !said.is_empty() {
                answered += said.iter().filter(|line| line.starts_with("%%<message:d")).count();
                let asked: Vec<_> = said.into_iter().filter(|line| line.starts_with("%%>message:")).collect();
                said = asked.iter().flat_map(|line| brain.answer(line, true, "", "")).collect();
            }
            fates.extend(brain.reports().iter().filter_map(fate));
        }
        prop_assert_eq!(answered, keyed.len());
        prop_assert_eq!(fates, keyed);
        let load = brain.assist.load();
        prop_assert_eq!((load.holding, load.waiting, load.flights), (0, 0, 0));
    }
}
