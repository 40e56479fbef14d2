//! The key sets that people start from: each loads without a warning, and its keys fire what its comments say.

use std::path::{Path, PathBuf};
use std::process::Command;

use touchtone::config::{load_file, load_grammar};
use touchtone::grammar::Limits;

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
    assert!(configurations.len() >= 4, "{configurations:?}");
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
