//! No file can exhaust memory: the commands that read files keep to a bound that the system enforces here.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "what helps the tests may fail them")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What a process may take, in kilobytes.
const MEMORY: usize = 400_000;

/// Runs the command in a folder, with no more memory than [`MEMORY`].
fn touchtone(folder: &Path, arguments: &[&str]) -> Output {
    let bounded = format!("ulimit -v {MEMORY} && exec \"$0\" \"$@\"");
    let binary = env!("CARGO_BIN_EXE_touchtone");
    let mut command = Command::new("sh");
    command.args(["-c", &bounded, binary]).args(arguments).current_dir(folder);
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
    let text = String::from_utf8_lossy(&text).chars().take(1_000).collect();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}: {text}", output.status);
    text
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
