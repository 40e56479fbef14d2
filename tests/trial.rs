//! Random trials on a simulated engine: the shipped configurations keep every promise, and every check notices when
//! one is broken.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::brain::{conference, config};
use touchtone::assist::Report;
use touchtone::config::{Config, load_file};
use touchtone::key::Keys;
use touchtone::trial::act::{Meddling, Party, Trouble};
use touchtone::trial::reach::{Reach, reach};
use touchtone::trial::shrink::{shrink, shrink_by};
use touchtone::trial::{Act, Broken, Event, Faults, Noted, Promise, Scene, Trial, check};

/// Two parties of whom one is threatened with everything: codes that begin each other, an enter key, tiny timers, codes
/// that change the state in which the rest of them is keyed, and the room's own recorder.
const NASTY: &str = r##"
    [yate]
    connect = "unix:/x"
    [keypad]
    interdigit = "500ms"
    critical = "200ms"
    enter = "#"
    max-digits = 8
    reorder = "30ms"
    [record]
    by = "room"
    file = "wave/record//tmp/${room}-${date}.au"
    [states.conference]
    unmatched = "pass"
    [states.vault]
    first-key = "1s"
    on-timeout = "tone/info"
    [[code]]
    name = "one"
    keys = ["1", "12*"]
    state = ["call", "vault"]
    operation = "set-state"
    to = "vault"
    [[code]]
    name = "two"
    keys = "1[12]{2,4}"
    state = ["call", "vault"]
    critical = "1s"
    operation = "set-state"
    to = "auto"
    [[code]]
    name = "join"
    keys = "*(room:x{1,5})"
    operation = "join"
    room = "conf/${room}"
    [[code]]
    name = "mute"
    keys = ["6", "66"]
    state = "conference"
    operation = "mute-toggle"
    [[code]]
    name = "record"
    keys = "9"
    state = "conference"
    operation = "record-toggle"
    [[code]]
    name = "bye"
    keys = "0{2,}"
    state = "conference"
    operation = "leave"
"##;

/// What may go wrong here.
const HOLDS: Faults = Faults::ALL;

/// How many trials each configuration survives here; `touchtone fuzz` goes on.
const TRIALS: u64 = 60;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn survives(name: &str, faults: Faults) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    let config = load_file(&path).unwrap_or_else(|refused| panic!("{refused}")).config;
    holds(name, Arc::new(config), faults);
}

fn holds(name: &str, config: Arc<Config>, faults: Faults) {
    let scene = Scene::new(config, faults);
    for seed in 1..=TRIALS {
        let trial = Trial::of_seed(&scene, seed);
        if let Err(broken) = trial.hold(&scene) {
            let (trial, broken) = shrink(&scene, trial, broken);
            let acts: Vec<_> = trial.acts.iter().map(|act| scene.tell(act)).collect();
            panic!("{name}, seed {seed}: {broken:?}\n{}", acts.join("\n"));
        }
    }
}

#[test]
fn the_conference_keeps_its_promises() {
    survives("conference.toml", HOLDS);
}

#[test]
fn a_limit_of_codes_is_kept_to_the_moment_and_no_digit_is_lost_by_it() {
    let config = config(&format!("{NASTY}[limits]\ncodes-per-second = 1\n"));
    holds("one code a second", config.clone(), HOLDS);
    let scene = Scene::new(config, HOLDS);
    let refused = |seed| {
        let record = Trial::of_seed(&scene, seed).run(&scene);
        record.iter().filter(|noted| matches!(noted.event, Event::Told(Report::Refused { .. }))).count()
    };
    assert!((1..=TRIALS).map(refused).sum::<usize>() > 10, "codes are refused");
}

#[test]
fn the_conference_with_roles_keeps_its_promises() {
    survives("conference-roles.toml", HOLDS);
}

#[test]
fn the_telephone_exchange_keeps_its_promises() {
    survives("pbx.toml", HOLDS);
}

#[test]
fn the_pin_keeps_its_promises() {
    survives("pin.toml", HOLDS);
}

#[test]
fn a_nasty_configuration_keeps_its_promises() {
    holds("nasty", config(NASTY), HOLDS);
}

#[test]
fn a_configuration_that_only_watches_keeps_its_promises() {
    let watching = NASTY.replace("[yate]", "[yate]\nintercept = false");
    holds("watching", config(&watching), HOLDS);
}

#[test]
fn a_state_that_lets_everything_pass_keeps_its_promises() {
    let passing = NASTY.replace("first-key = \"1s\"", "pass-through = true");
    holds("passing", config(&passing), HOLDS);
}

fn keys(caller: usize, keys: &str) -> Act {
    let keys: Keys = keys.parse().expect("keys");
    Act::Keys { who: Party { caller, far: false }, keys, gap: Some(ms(200)), trouble: None }
}

/// One caller talks to a telephone, another is in a room and mutes themselves.
fn trial() -> (Scene, Trial) {
    let scene = Scene::new(conference(), Faults::NONE);
    let to = |target: &str| {
        scene.destinations.iter().position(|to| to.target.starts_with(target)).expect("a destination")
    };
    let acts = vec![
        Act::Call { who: 0, to: to("sip/") },
        Act::Call { who: 1, to: to("conf/800") },
        keys(0, "12*5"),
        keys(1, "7*6"),
    ];
    (scene, Trial { seed: 1, acts })
}

/// What a promise's check says of the record of that trial after something has been done to it.
fn after(promise: Promise, change: impl FnOnce(&mut Vec<Noted>)) -> Broken {
    let (scene, trial) = trial();
    let mut record = trial.hold(&scene).expect("as it is all is well");
    change(&mut record);
    check::one(promise, &scene, &trial, &record).expect_err("a check that notices")
}

fn find(record: &[Noted], wanted: impl Fn(&Event) -> bool) -> usize {
    record.iter().position(|noted| wanted(&noted.event)).expect("it is in the record")
}

fn event_mut(record: &mut [Noted], wanted: impl Fn(&Event) -> bool) -> &mut Event {
    let at = find(record, wanted);
    &mut record[at].event
}

fn answers(event: &Event) -> bool {
    matches!(event, Event::Said(line) if line.starts_with(b"%%<message:"))
}

fn fired(event: &Event) -> bool {
    matches!(event, Event::Told(Report::Fired { .. }))
}

#[test]
fn a_message_that_is_not_answered_or_twice_or_late_is_noticed() {
    let lost = after(Promise::Answered, |record| drop(record.remove(find(record, answers))));
    assert!(lost.what.contains("not answered at once"), "{lost:?}");
    let twice = after(Promise::Answered, |record| {
        let at = find(record, answers);
        record.insert(at, record[at].clone());
    });
    assert!(twice.what.contains("answered before"), "{twice:?}");
    let late = after(Promise::Answered, |record| {
        let at = find(record, answers);
        let other = Event::Said(b"%%>message:touchtone.99:0:call.drop::id=sip/1".to_vec());
        record.insert(at, Noted { at: record[at].at, event: other });
    });
    assert!(late.what.contains("something else is said before"), "{late:?}");
}

#[test]
fn a_digit_that_is_lost_or_used_twice_or_out_of_order_is_noticed() {
    let passed = |event: &Event| matches!(event, Event::Told(Report::Passed { .. }));
    let lost = after(Promise::Conserved, |record| drop(record.remove(find(record, passed))));
    assert!(lost.what.contains("comes of") || lost.what.contains("is lost"), "{lost:?}");
    after(Promise::Conserved, |record| {
        let at = find(record, fired);
        record.insert(at, record[at].clone());
    });
    let released = |event: &Event| matches!(event, Event::Told(Report::Released { .. }));
    after(Promise::Conserved, |record| match event_mut(record, released) {
        Event::Told(Report::Released { keys, .. }) => keys.reverse(),
        _ => unreachable!("it was found"),
    });
}

#[test]
fn a_digit_that_the_other_party_does_not_hear_is_noticed() {
    let settled = |event: &Event| matches!(event, Event::Settled(_));
    let deaf = after(Promise::Heard, |record| match event_mut(record, settled) {
        Event::Settled(seen) => {
            let far = seen.channels.iter_mut().find(|channel| channel.received == "12*5").expect("who heard");
            far.received = "1*25".to_owned();
        }
        _ => unreachable!("it was found"),
    });
    assert!(deaf.what.contains("heard \"1*25\""), "{deaf:?}");
}

#[test]
fn a_code_that_fires_wrongly_or_twice_or_not_is_noticed() {
    let rename = |name: &'static str| {
        after(Promise::Fires, |record| match event_mut(record, fired) {
            Event::Told(Report::Fired { code, .. }) => *code = name.to_owned(),
            _ => unreachable!("it was found"),
        })
    };
    assert!(rename("record").what.contains("not its keys"));
    assert!(rename("nosuch").what.contains("no code nosuch"));
    let twice = after(Promise::Fires, |record| {
        let at = find(record, fired);
        record.insert(at, record[at].clone());
    });
    assert!(twice.what.contains("it should be"), "{twice:?}");
    let never = after(Promise::Fires, |record| drop(record.remove(find(record, fired))));
    let refused = after(Promise::Fires, |record| {
        let event = event_mut(record, fired);
        let Event::Told(Report::Fired { channel, code, keys, secret, .. }) = event.clone() else {
            unreachable!()
        };
        *event = Event::Told(Report::Refused { channel, code, keys, secret });
    });
    assert!(refused.what.ends_with("mute is refused, and is not too many"), "{refused:?}");
    let too_many = after(Promise::Fires, |record| {
        let at = find(record, fired);
        (0..20).for_each(|_| record.insert(at, record[at].clone()));
    });
    assert!(too_many.what.ends_with("mute fires, one too many"), "{too_many:?}");
    assert!(never.what.ends_with("it should be: *6 fires mute"), "{never:?}");
}

#[test]
fn a_code_of_another_state_or_role_is_noticed() {
    let stands = |event: &Event| matches!(event, Event::Stands(stand) if stand.channel == "sip/3");
    let elsewhere = after(Promise::Fires, |record| {
        let call = conference().state("call").expect("a state");
        for noted in record.iter_mut().filter(|noted| stands(&noted.event)) {
            if let Event::Stands(stand) = &mut noted.event
                && let Some(place) = &mut stand.place
            {
                place.state = call;
            }
        }
    });
    assert!(!elsewhere.what.is_empty());
}

#[test]
fn a_belief_that_is_not_so_is_noticed() {
    let settled = |event: &Event| matches!(event, Event::Settled(_));
    let seen = |change: fn(&mut touchtone::trial::record::Snapshot)| {
        after(Promise::Truth, |record| match event_mut(record, settled) {
            Event::Settled(seen) => change(seen),
            _ => unreachable!("it was found"),
        })
        .what
    };
    assert!(seen(|seen| seen.believed[0].participants[0].muted = Some(false)).contains("believed muted"));
    assert!(seen(|seen| seen.believed[0].participants.clear()).contains("are believed"));
    assert!(seen(|seen| seen.believed[0].recording = true).contains("recorded"));
    assert!(seen(|seen| seen.believed.clear()).contains("rooms believed in"));
    assert!(seen(|seen| seen.channels.swap(0, 2)).contains("believed in state"));
    let same = after(Promise::Truth, |record| {
        let done = |event: &Event| matches!(event, Event::Told(Report::Done { .. }));
        let at = find(record, done);
        record.insert(at, record[at].clone());
    });
    assert!(same.what.contains("as before"), "{same:?}");
}

#[test]
fn a_line_that_is_none_or_too_long_or_about_somebody_else_is_noticed() {
    let say = |line: Vec<u8>| {
        after(Promise::Lines, |record| {
            let at = find(record, fired);
            record.insert(at, Noted { at: record[at].at, event: Event::Said(line) });
        })
        .what
    };
    assert!(say(b"%%>nonsense".to_vec()).contains("nonsense"));
    assert!(say([b"%%>output:".as_slice(), &[b'a'; 70_000]].concat()).contains("too many"));
    let other = say(b"%%>message:touchtone.99:0:call.drop::id=sip/9".to_vec());
    assert!(other.contains("sip/9 is spoken of"), "{other}");
}

#[test]
fn what_is_left_behind_is_noticed() {
    let ended = |event: &Event| matches!(event, Event::Ended(_));
    let left = after(Promise::NothingLeft, |record| match event_mut(record, ended) {
        Event::Ended(seen) => seen.load.flights = 1,
        _ => unreachable!("it was found"),
    });
    assert!(left.what.contains("flights: 1"), "{left:?}");
}

#[test]
fn the_same_trial_goes_the_same_way() {
    let scene = Scene::new(conference(), Faults::ALL);
    let record = || format!("{:?}", Trial::of_seed(&scene, 7).run(&scene));
    assert_eq!(record(), record());
}

#[test]
fn what_breaks_a_promise_is_shrunk_to_what_matters() {
    let scene = Scene::new(conference(), Faults::ALL);
    let kick = Act::Meddle { who: Party { caller: 1, far: false }, what: Meddling::Kick };
    let trouble = Some((1, Trouble::Never));
    let noise = |caller| Act::Keys {
        who: Party { caller, far: true },
        keys: "123456".parse().expect("keys"),
        gap: Some(ms(900)),
        trouble,
    };
    let mut acts: Vec<Act> = Trial::of_seed(&scene, 3).acts;
    acts.extend([noise(1), kick.clone(), Act::Wait(ms(4000)), noise(2)]);
    let broken = Broken { promise: Promise::Truth, at: ms(0), what: String::new() };
    // As if a 6 that is keyed after somebody was kicked were what matters.
    let test = |trial: &Trial| {
        let kicked = trial.acts.iter().position(|act| *act == kick)?;
        let six = |act: &Act| matches!(act, Act::Keys { keys, .. } if keys.symbols().contains('6'));
        trial.acts[kicked..].iter().any(six).then(|| broken.clone())
    };
    let (small, _) = shrink_by(Trial { seed: 3, acts }, broken.clone(), test);
    let told: Vec<_> = small.acts.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["somebody else throws out caller 1", "the far end of caller 2 keys 6"]);
}

#[test]
fn it_is_known_which_codes_can_fire_and_which_never_can() {
    let config = config(
        r##"
        [yate]
        connect = "unix:/x"
        [keypad]
        enter = "#"
        [states.vault]
        [states.nowhere]
        [[code]]
        name = "open"
        keys = ["*77", "*7"]
        state = "call"
        operation = "set-state"
        to = "vault"
        [[code]]
        name = "inside"
        keys = "(a:x{2,})#"
        state = "vault"
        operation = "message"
        message = "x"
        params = { a = "${a}" }
        then = ["after"]
        [[code]]
        name = "after"
        operation = "mute"
        [[code]]
        name = "lost"
        keys = "*1"
        state = "nowhere"
        operation = "mute"
        "##,
    );
    let shown: Vec<_> = reach(&config)
        .into_iter()
        .map(|reach| match reach {
            Reach::Keys { keys, states } => format!("{keys} in {}", states.join(", ")),
            Reach::Follows => "follows".to_owned(),
            Reach::Never { why } => format!("never: {why}"),
        })
        .collect();
    assert_eq!(shown, ["*7 in call", "00# in vault", "follows", "never: no call comes into its state"]);
}
