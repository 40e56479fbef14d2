//! What a user of the commands sees, and the exit codes.

use std::path::PathBuf;
use std::process::{Command, Output};

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/conference.toml");
const PBX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/pbx.toml");

fn touchtone(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_touchtone")).args(arguments).output().expect("the command")
}

/// The exit code and both outputs, as a user sees them; the checkout's own path is cut.
fn seen(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = touchtone(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let both = format!("exit {}\n{}{}", status.code().expect("an exit"), text(stdout), text(stderr));
    both.replace(env!("CARGO_MANIFEST_DIR"), "…")
}

fn dial(arguments: &[&str]) -> String {
    seen(&[&["dial", "--config", CONFIG], arguments].concat())
}

fn temporary(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

#[test]
fn without_a_configuration_it_says_how_to_get_one() {
    insta::assert_snapshot!(seen(&["run"]), @"
    exit 2
    error: no configuration: say which with --config FILE
    `touchtone example > touchtone.toml` writes one to start from
    ");
    insta::assert_snapshot!(seen(&["check", "--config", "nosuch.toml"]), @"
    exit 1
    error[no-file]: there is no file nosuch.toml
    ");
}

#[test]
fn the_example_is_a_configuration_without_problems() {
    let example = touchtone(&["example"]);
    let (_folder, path) = temporary("touchtone.toml", &String::from_utf8(example.stdout).expect("text"));
    let checked = touchtone(&["check", "--config", path.to_str().expect("a path")]);
    assert_eq!(checked.status.code(), Some(0));
    assert_eq!(checked.stderr, b"");
}

#[test]
fn check_finds_every_mistake_and_points_at_it() {
    let (folder, path) =
        temporary("bad.toml", "[yate]\nconect = \"stdio\"\n[[code]]\nname = \"a\"\nkeys = \"*Z\"\n");
    let text = seen(&["check", "--config", path.to_str().expect("a path")]);
    let text = text.replace(folder.path().to_str().expect("a path"), "…");
    insta::assert_snapshot!(text);
}

#[test]
fn check_shows_automata_with_the_names_of_the_codes_and_to_people_only() {
    let text = "[[code]]\nname = \"unmute\"\nkeys = \"*7\"\noperation = \"unmute\"\n\
        [[code]]\nname = \"mute\"\nkeys = \"*6\"\nstate = \"conference\"\noperation = \"mute\"\n";
    let (_folder, path) = temporary("touchtone.toml", text);
    let config = path.to_str().expect("a path");
    let out = touchtone(&["check", "--config", config, "--dump"]);
    let dump = String::from_utf8(out.stdout).expect("text").replace(config, "…");
    insta::assert_snapshot!(dump, @"
    …: 2 codes in 7 states, no problems

    call, dial, hold
    0:  * -> 1
    1:  7 -> 2
    2 = unmute

    conference
    0:  * -> 1
    1:  6 -> 2  7 -> 3
    2 = mute
    3 = unmute
    ");
    insta::assert_snapshot!(seen(&["check", "--config", config, "--dump", "--format", "json"]), @"
    exit 2
    error: --dump is for people to read, and cannot be had with --format json
    ");
}

#[test]
fn dial_fires_a_code_and_gives_up_what_is_none() {
    insta::assert_snapshot!(dial(&["--state", "conference", "*6"]), @"
    exit 0
         0 ms  hold    *
       200 ms  fire    *6  → mute
    ");
    insta::assert_snapshot!(dial(&["--state", "conference", "**6"]), @"
    exit 0
         0 ms  hold    *
       200 ms  drop    *
       200 ms  hold    *
       400 ms  fire    *6  → mute
    ");
    insta::assert_snapshot!(dial(&["--state", "conference", "*5"]), @"
    exit 0
         0 ms  hold    *
       200 ms  drop    *5
    ");
    insta::assert_snapshot!(dial(&["--state", "call", "*5"]), @"
    exit 0
         0 ms  hold    *
       200 ms  release *5
    ");
}

#[test]
fn dial_waits_at_a_comma_and_at_the_end() {
    insta::assert_snapshot!(dial(&["--state", "call", "7*,*3"]), @"
    exit 0
         0 ms  pass    7
       200 ms  hold    *
      4200 ms  release *
      4200 ms  hold    *
      4400 ms  hold    3
      8400 ms  release *3
    ");
}

#[test]
fn dial_tells_tools_the_same_in_json() {
    insta::assert_snapshot!(dial(&["--state", "call", "--format", "json", "1*38#*3800#"]), @r#"
    exit 0
    {"event":"pass","at-ms":0,"keys":"1"}
    {"event":"hold","at-ms":200,"keys":"*"}
    {"event":"hold","at-ms":400,"keys":"3"}
    {"event":"hold","at-ms":600,"keys":"8"}
    {"event":"release","at-ms":800,"keys":"*38#"}
    {"event":"hold","at-ms":1000,"keys":"*"}
    {"event":"hold","at-ms":1200,"keys":"3"}
    {"event":"hold","at-ms":1400,"keys":"8"}
    {"event":"hold","at-ms":1600,"keys":"0"}
    {"event":"hold","at-ms":1800,"keys":"0"}
    {"event":"fire","at-ms":2000,"keys":"*3800#","code":"join","captures":{"room":"800"}}
    "#);
}

#[test]
fn dial_shows_that_digits_go_on_where_nothing_is_held_back() {
    let codes = "[[code]]\nname = \"a\"\nkeys = \"*6\"\noperation = \"mute\"\n";
    let through = "[states.call]\npass-through = true\nunmatched = \"drop\"\n";
    let observed = "[yate]\nintercept = false\n";
    for (text, state) in [(through, "call"), (observed, "conference"), (observed, "call")] {
        let (_folder, path) = temporary("touchtone.toml", &format!("{text}{codes}"));
        let config = path.to_str().expect("a path");
        let out = touchtone(&["dial", "--config", config, "--state", state, "5**6"]);
        let steps = String::from_utf8(out.stdout).expect("text");
        insta::allow_duplicates! {
            insta::assert_snapshot!(steps, @"
                 0 ms  pass    5
               200 ms  pass    *
               400 ms  pass    *
               600 ms  pass    6
               600 ms  fire    *6  → a
            ");
        }
    }
}

#[test]
fn dial_refuses_what_it_cannot_dial() {
    insta::assert_snapshot!(dial(&["*6x"]), @r#"
    exit 2
    error: 'x' in "*6x" is no key: the keys are 0-9 * # A-D, and a comma waits
    "#);
    insta::assert_snapshot!(dial(&["--state", "conferense", "*6"]), @r#"
    exit 2
    error: the configuration has no state "conferense"; it has: call, conference, dial, hold, lobby, pin, waiting
    "#);
    insta::assert_snapshot!(dial(&["--role", "boss", "*6"]), @r#"
    exit 2
    error: the configuration has no role "boss"; it has: none
    "#);
}

#[test]
fn fuzz_says_which_codes_can_fire_and_by_which_keys() {
    insta::assert_snapshot!(seen(&["fuzz", "--config", PBX, "--trials", "0"]), @"
    exit 0
    code          fired  keys    where
    conference        0  *3000#  call
    hold              0  *1      call
    waiting           -          follows another code
    back              0  *2      held
    talking           -          follows another code
    transfer          0  *700#   call

    0 trials from seed 1 on, 0 digits: no promise is broken
    ");
    insta::assert_snapshot!(seen(&["fuzz", "--config", PBX, "--trials", "0", "--format", "json"]), @r#"
    exit 0
    {"event":"code","code":"conference","fired":0,"keys":"*3000#","states":["call"],"follows":false}
    {"event":"code","code":"hold","fired":0,"keys":"*1","states":["call"],"follows":false}
    {"event":"code","code":"waiting","fired":0,"states":[],"follows":true}
    {"event":"code","code":"back","fired":0,"keys":"*2","states":["held"],"follows":false}
    {"event":"code","code":"talking","fired":0,"states":[],"follows":true}
    {"event":"code","code":"transfer","fired":0,"keys":"*700#","states":["call"],"follows":false}
    {"event":"trials","trials":0,"seed":1,"digits":0}
    "#);
}

#[test]
fn fuzz_fires_the_codes_and_does_the_same_again() {
    let again = || seen(&["fuzz", "--config", CONFIG, "--trials", "20", "--seed", "5"]);
    let told = again();
    assert_eq!(told, again());
    let mute = told.lines().find(|line| line.starts_with("mute ")).expect("a code");
    assert!(!mute.contains(" 0 "), "{told}");
    assert!(told.lines().all(|line| line.len() < 80), "{told}");
    assert!(told.contains("20 trials from seed 5 on"), "{told}");
}

#[test]
fn replay_prints_what_would_have_been_sent() {
    let transcript = "# a caller in a room keys *6\n\
        100 E %%>message:0x1.1:1:chan.dtmf::id=sip/2:peerid=conf/5:text=*:sequence=1:duplicate=false\n\
        300 E %%>message:0x1.2:1:chan.dtmf::id=sip/2:peerid=conf/5:text=6:sequence=2:duplicate=false\n";
    let (_folder, path) = temporary("transcript.txt", transcript);
    let out = touchtone(&["replay", "--config", CONFIG, path.to_str().expect("a path")]);
    let out = String::from_utf8(out.stdout).expect("text");
    let later: Vec<_> = out.lines().filter(|line| !line.starts_with("0 A ")).collect();
    assert_eq!(later[..2], ["100 A %%<message:0x1.1:true::", "300 A %%<message:0x1.2:true::"]);
    assert!(later[2].ends_with(":engine.status::module=conf/5"), "{later:?}");
    let (_folder, path) = temporary("transcript.txt", "oops\n");
    let refused = touchtone(&["replay", "--config", CONFIG, path.to_str().expect("a path")]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(said.ends_with("transcript.txt:1: a line must begin with its milliseconds\n"), "{said}");
}

#[test]
fn wrong_usage_is_exit_2_and_says_what_is_right() {
    for arguments in [&["nosuch"][..], &[], &["dial"], &["run", "--connect", "http:x", "--config", CONFIG]] {
        let out = touchtone(arguments);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}");
        assert!(!out.stderr.is_empty(), "{arguments:?}");
    }
    let out = touchtone(&["run", "--connect", "http:x", "--config", CONFIG]);
    let said = String::from_utf8(out.stderr).expect("text");
    assert!(said.contains("unix:PATH"), "{said}");
}

#[test]
fn a_grammar_takes_keys_with_blanks_between_them_or_without() {
    let grammar = "#ABNF 1.0;\nmode dtmf;\nroot $join;\n\
        public $join = \"*\" 3 $room \"#\"; $room = $digit<3>; $digit = 0 | 8 | 9;\n";
    let (_folder, path) = temporary("join.gram", grammar);
    let path = path.to_str().expect("a path");
    let room = "exit 0\n$join matches\n  room = 8 0 0\n    digit = 8\n    digit = 0\n    digit = 0\n";
    for input in ["* 3 8 0 0 #", "*3800#", "star 3 800 pound"] {
        assert_eq!(seen(&["grammar", path, input]), room);
    }
    insta::assert_snapshot!(seen(&["grammar", path, "*38x0#"]), @r#"
    exit 1
    error: "*38x0#" is no key
    the keys are 0-9 A-D, * or star, and # or pound
    "#);
    let json = seen(&["grammar", path, "*z", "--format", "json"]);
    assert!(json.starts_with("exit 1\n{") && json.contains("\"matches\":false"), "{json}");
}

#[test]
fn a_grammar_keeps_to_the_limits_of_a_configuration() {
    let (_folder, grammar) = temporary("long.gram", "#ABNF 1.0;\nmode dtmf;\npublic $long = 1<1500>;\n");
    let (_other, config) = temporary("t.toml", "[limits]\nrepeat = 2000\n");
    let (grammar, config) = (grammar.to_str().expect("a path"), config.to_str().expect("a path"));
    assert!(seen(&["grammar", grammar]).contains("more often than the limit \"repeat\" allows (1000)"));
    assert!(seen(&["grammar", grammar, "--config", config]).starts_with("exit 0\n"));
    assert!(seen(&["grammar", grammar, "--config", grammar]).starts_with("exit 1\n"));
}
