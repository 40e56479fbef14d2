//! The key sets that people start from: each loads without a warning, and its keys fire what its comments say.

use std::path::{Path, PathBuf};
use std::process::Command;

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use touchtone::config::{load_file, load_grammar};
use touchtone::grammar::Limits;
use touchtone::store::PinHash;

fn shipped(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == end));
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// What fires, in a configuration and a state: the codes with their captures.
fn dial(config: &str, arguments: &[&str]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(config);
    let out = Command::new(env!("CARGO_BIN_EXE_touchtone"))
        .args(["dial", "--config"])
        .arg(path)
        .args(arguments)
        .output()
        .expect("the command");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).expect("text");
    let fired = text.lines().filter_map(|line| line.split_once("→ ")).map(|(_, code)| code.to_owned());
    fired.collect()
}

#[test]
fn every_configuration_loads_without_a_warning() {
    let configurations = shipped("config", "toml");
    assert!(configurations.len() >= 5, "{configurations:?}");
    for path in configurations {
        match load_file(&path) {
            Ok(loaded) => assert_eq!(loaded.warnings, [], "{}", path.display()),
            Err(refused) => panic!("{refused}"),
        }
    }
}

#[test]
fn every_grammar_is_legal() {
    for path in shipped("grammars", "gram") {
        if let Err(refused) = load_grammar(&path, &Limits::default()) {
            panic!("{refused}");
        }
    }
}

#[test]
fn participants_and_organizers_have_their_own_keys() {
    let conference = |keys| dial("conference-roles.toml", &["--state", "conference", keys]);
    let organizer =
        |keys| dial("conference-roles.toml", &["--state", "conference", "--role", "organizer", keys]);
    assert_eq!(conference("*6*5*0"), ["mute", "hear", "leave"]);
    assert_eq!(conference("*9*11"), [""; 0]);
    assert_eq!(organizer("*6*9*11"), ["mute", "record", "end"]);
    assert_eq!(dial("conference-roles.toml", &["*3800#"]), ["join  digit=0  room=800"]);
}

#[test]
fn the_parties_of_a_call_hold_and_transfer() {
    let fired = dial("pbx.toml", &["--state", "call", "*1*2"]);
    assert_eq!(fired, ["hold  now in state held", "back  now in state call"]);
    assert_eq!(dial("pbx.toml", &["--state", "call", "*7201#"]), ["transfer  digit=1  number=201"]);
    assert_eq!(dial("pbx.toml", &["--state", "call", "*3800#"]), ["conference  digit=0  room=800"]);
}

#[test]
fn a_pin_is_four_to_eight_digits_and_a_hash() {
    let pin = |keys| dial("pin.toml", &["--state", "pin", keys]);
    assert_eq!(pin("1234#").len(), 1);
    assert!(pin("1234#")[0].starts_with("pin"));
    assert_eq!(pin("123#"), [""; 0]);
    assert_eq!(pin("12*1234#").len(), 2, "a star begins again");
    assert_eq!(dial("pin.toml", &["--state", "dial", "**"]), ["ask  now in state pin"]);
}

#[test]
fn the_conference_server_asks_and_lets_organizers_do_more() {
    let server = |arguments: &[&str]| dial("conference-server.toml", arguments);
    let conference = |keys| server(&["--state", "conference", keys]);
    let organizer = |keys| server(&["--state", "conference", "--role", "organizer", keys]);
    assert_eq!(server(&["--state", "pin", "1234#*0"]), ["pin  pin=1234", "give-up"]);
    assert_eq!(server(&["--state", "lobby", "800#"]), ["which-room  room=800"]);
    assert_eq!(server(&["--state", "waiting", "1234#*6*0"]), ["give-up"]);
    assert_eq!(server(&["--state", "call", "*3800#"]), ["join  room=800"]);
    assert_eq!(conference("*6*80*81*0"), ["mute", "count", "talkers", "leave"]);
    assert_eq!(conference("*5*9*11*4*"), [""; 0]);
    let all = "*5*70*71*82*83*9*11*4*";
    let codes = ["lock", "mute-others", "unmute-all", "gavel", "extend", "record", "end", "kick-last"];
    assert_eq!(organizer(all), codes);
    assert_eq!(organizer("*2201#*43#"), ["invite  number=201", "kick  seat=3"]);
}

#[test]
fn the_pins_of_the_conference_server_are_those_that_it_names() {
    let loaded = load_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/conference-server.toml"));
    let Ok(loaded) = loaded else { panic!("it loads") };
    let rules = loaded.config.room(b"800").expect("rules");
    let is = |pin: &Option<PinHash>, keyed: &str| {
        let hash = PasswordHash::new(pin.as_ref().expect("a PIN").as_str()).expect("a hash");
        Argon2::default().verify_password(keyed.as_bytes(), &hash).is_ok()
    };
    assert!(is(&rules.organizer.pin, "4711") && is(&rules.participant.pin, "1234"));
    assert!(!is(&rules.organizer.pin, "1234"));
    let routed =
        |called: &str| loaded.config.routes.find(called.as_bytes()).map(|(route, _)| route.room.is_some());
    assert_eq!([routed("7800"), routed("7000"), routed("7900")], [Some(true), Some(false), None]);
}
