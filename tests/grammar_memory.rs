//! No file can exhaust memory: the commands that read files keep to a bound that the system enforces here.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "what helps the tests may fail them")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What a process may take, in kilobytes.
const MEMORY: usize = 400_000;

const BINARY: &str = env!("CARGO_BIN_EXE_touchtone");

/// Runs the command in a folder, with no more memory than [`MEMORY`].
fn touchtone(folder: &Path, arguments: &[&str]) -> Output {
    let bounded = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &bounded, BINARY]).args(arguments).current_dir(folder);
    command.output().expect("a process")
}

/// What is said of a grammar with these rules, which stays within [`MEMORY`].
fn grammar(rules: &str, input: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("#ABNF 1.0;\nmode dtmf;\nroot $main;\n{rules}");
    fs::write(folder.path().join("main.gram"), text).expect("a file");
    said(&touchtone(folder.path(), &["grammar", "main.gram", input]))
}

/// What a command printed, if it came to its end.
fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}: {text:.1000}", output.status);
    text.into_owned()
}

#[test]
fn a_tag_is_there_once_however_often_it_is_passed() {
    let tag = "y".repeat(500_000);
    let often = "$tag ".repeat(90_000);
    assert!(grammar(&format!("public $main = {often}; $tag = {{{tag}}};"), "1").contains("does not match"));
    assert!(grammar(&format!("$main = (({{{tag}}}{{y}})<300> 1)<1000>;"), "1").contains("does not match"));
}

#[test]
fn the_name_of_a_rule_is_there_once_however_often_it_is_referred_to() {
    let name = "y".repeat(400_000);
    let rules = format!("$main = (($one ${name})<100> 1)<1000>; $one = () {{}}; ${name} = () {{}};");
    assert!(grammar(&rules, "1").contains("does not match"));
}

#[test]
fn a_token_counts_as_many_parts_as_it_has_words() {
    let (often, words) = ("$token ".repeat(60_000), "1 ".repeat(250_000));
    let said = grammar(&format!("$main = {often}; $token = \"{words}\";"), "1");
    assert!(said.contains("limit \"expansion\""), "{said}");
}

#[test]
fn what_has_no_end_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["grammar", "/dev/zero"][..], &["check", "--config", "/dev/zero"]] {
        let said = said(&touchtone(folder.path(), arguments));
        assert!(said.contains("/dev/zero") || said.contains("\"zero\""), "{said}");
        assert!(said.contains("it is no file"), "{said}");
    }
    let piped = format!("head -c 2000000 /dev/zero | {BINARY} check --config /dev/stdin");
    let output = Command::new("sh").args(["-c", &piped]).output().expect("a process");
    assert!(said(&output).contains("/dev/stdin is longer than 1000000 bytes"), "{}", said(&output));
}

#[test]
fn codes_in_more_states_than_can_be_held_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let states: String = (0..20_000).map(|state| format!("[states.s{state}]\n")).collect();
    let code =
        |code: usize| format!("[[code]]\nname = \"c{code}\"\nkeys = \"*{code:05}\"\noperation = \"mute\"\n");
    let codes: String = (0..8_000).map(code).collect();
    fs::write(folder.path().join("t.toml"), states + &codes).expect("a file");
    let said = said(&touchtone(folder.path(), &["check", "--config", "t.toml"]));
    assert!(
        said.contains("8000 codes in 20007 states are more than the limit \"table-cells\" allows"),
        "{said}"
    );
}

#[test]
fn a_rule_that_many_codes_name_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let rule = "(1|2 3|4) ".repeat(2_700);
    fs::write(folder.path().join("keys.gram"), format!("#ABNF 1.0;\nmode dtmf;\npublic $r = {rule};"))
        .expect("a file");
    let states: String = (0..150).map(|state| format!("[states.s{state}]\n")).collect();
    let code = |code: usize| {
        format!("[[code]]\nname = \"c{code}\"\nrule = \"r\"\nstate = \"s{code}\"\noperation = \"mute\"\n")
    };
    let codes: String = (0..150).map(code).collect();
    let config = format!("[keypad]\ngrammar = \"keys.gram\"\n{states}{codes}");
    fs::write(folder.path().join("t.toml"), config).expect("a file");
    let said = said(&touchtone(folder.path(), &["check", "--format", "json", "--config", "t.toml"]));
    let named = r#"all codes together are more than the limit \"nfa-states\" allows"#;
    assert!(said.contains(named), "{said}");
}

#[test]
fn codes_that_are_too_much_together_are_refused_before_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = |code: usize| {
        format!(
            "[[code]]\nname = \"c{code}\"\nkeys = \"*{code:03}(n:(x{{1000}}){{400}})\"\noperation = \"join\"\n\
             room = \"conf/${{n}}\"\n"
        )
    };
    let codes: String = (0..2_000).map(code).collect();
    fs::write(folder.path().join("t.toml"), codes).expect("a file");
    let said = said(&touchtone(folder.path(), &["check", "--format", "json", "--config", "t.toml"]));
    let named = r#"all codes together are more than the limit \"nfa-states\" allows"#;
    assert!(said.contains(named), "{said:.300}");
}
