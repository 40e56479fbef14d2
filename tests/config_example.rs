//! The example that the README uses loads, and says what it seems to say.

#![allow(clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

use touchtone::config::{self, Loaded, Operation, Switch, Unmatched};

fn example() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/conference.toml");
    config::load(&path, |path| std::fs::read_to_string(path)).unwrap_or_else(|refused| panic!("{refused}"))
}

#[test]
fn it_loads_without_a_warning() {
    assert_eq!(example().warnings, []);
}

#[test]
fn it_is_what_it_reads() {
    let config = example().config;
    assert_eq!(config.yate.connect.to_string(), "unix:/run/yate-touchtone.sock");
    assert_eq!(config.record.file.to_string(), "wave/record//var/spool/yate/${room}-${date}.au");
    let states: Vec<_> = config.states.iter().map(|state| (state.name.as_str(), state.unmatched)).collect();
    assert_eq!(states, [("call", Unmatched::Pass), ("conference", Unmatched::Drop)]);
    let names: Vec<_> = config.codes.iter().map(|code| code.name.as_str()).collect();
    assert_eq!(names, ["join", "mute", "record", "leave"]);
    let Operation::Join { room, with_peer: false, params } = &config.codes[0].operation else { panic!() };
    assert_eq!(room.to_string(), "conf/${room}");
    assert_eq!(params["lonely"].to_string(), "true");
    assert_eq!(config.codes[1].operation, Operation::Mute(Switch::Toggle));
    assert_eq!(config.codes[2].operation, Operation::Record(Switch::Toggle));
}
