//! The example that the README uses loads, and says what it seems to say.

#![allow(clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

use touchtone::config::{self, Loaded, Operation, Switch, Unmatched};
use touchtone::key::Keys;

fn example() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/conference.toml");
    config::load_file(&path).unwrap_or_else(|refused| panic!("{refused}"))
}

#[test]
fn it_is_what_it_reads() {
    let config = example().config;
    assert_eq!(config.yate.connect.to_string(), "unix:/run/yate-touchtone.sock");
    assert_eq!(config.record.file.to_string(), "wave/record//var/spool/yate/${room}-${date}.au");
    let states: Vec<_> = config.states.iter().map(|state| (state.name.as_str(), state.unmatched)).collect();
    assert_eq!(states[..2], [("call", Unmatched::Pass), ("conference", Unmatched::Drop)]);
    let names: Vec<_> = config.codes.iter().map(|code| code.name.as_str()).collect();
    assert_eq!(names, ["join", "mute", "record", "leave"]);
    let Operation::Join { room, with_peer: true, params } = &config.codes[0].operation else { panic!() };
    assert_eq!(room.to_string(), "conf/${room}");
    assert_eq!(params["lonely"].to_string(), "true");
    assert_eq!(config.codes[1].operation, Operation::Mute(Switch::Toggle));
    assert_eq!(config.codes[2].operation, Operation::Record(Switch::Toggle));
}

/// What these keys fire in a state: the code's name and its captures.
fn fired(state: &str, keys: &str) -> Option<(String, Vec<(String, String)>)> {
    let config = example().config;
    let state = config.states.iter().position(|known| known.name == state)?;
    let map = config.keymaps.get(state, None);
    let keys: Keys = keys.parse().ok()?;
    let mut at = map.automaton.start();
    for key in keys.iter() {
        at = map.automaton.next(at, key.index())?;
    }
    let pattern = map.automaton.accepts(at)?;
    let captures =
        map.captures(pattern, &keys).into_iter().map(|(name, keys)| (name, keys.to_string())).collect();
    Some((config.codes[map.codes[pattern]].name.clone(), captures))
}

#[test]
fn its_keys_fire_what_they_say() {
    assert_eq!(fired("conference", "*6"), Some(("mute".into(), vec![])));
    assert_eq!(fired("conference", "*9"), Some(("record".into(), vec![])));
    assert_eq!(fired("conference", "*5"), None);
    assert_eq!(fired("conference", "*3800#"), None);
    assert_eq!(fired("call", "*3800#"), Some(("join".into(), vec![("room".into(), "800".into())])));
    assert_eq!(fired("call", "*3123456#"), Some(("join".into(), vec![("room".into(), "123456".into())])));
    assert_eq!(fired("call", "*6"), None);
    assert_eq!(fired("call", "*3800"), None);
}
