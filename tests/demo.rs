//! What somebody sees who runs the demo.

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    let Output { status, stdout, stderr } =
        command.arg("demo").args(arguments).output().expect("the command");
    assert_eq!((status.code(), stderr.as_slice()), (Some(0), b"".as_slice()));
    String::from_utf8(stdout).expect("text")
}

#[test]
fn the_story_is_told_as_it_always_is() {
    insta::assert_snapshot!(demo(&[]));
}

#[test]
fn a_file_gets_no_colours_and_no_line_wider_than_a_page() {
    let text = demo(&["--seed", "3"]);
    assert!(!text.contains('\x1b'));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_protocol_is_shown_as_it_is_when_asked_for() {
    let text = demo(&["--wire"]);
    for line in ["-> %%>install:15:chan.dtmf", "<- %%>message:", "-> %%<message:"] {
        assert!(text.contains(line), "{line}");
    }
    assert!(text.contains(":chan.masquerade::id=sip/1:message=chan.control:mute=true"));
    let said = text.lines().filter(|line| !line.contains(" %%"));
    assert!(said.count() >= demo(&[]).lines().count(), "and nothing is missing from the story");
}

#[test]
fn without_a_terminal_nobody_can_be_the_callers() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    let Output { status, stdout, stderr } =
        command.args(["demo", "--interactive"]).output().expect("the command");
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), b"".as_slice()));
    insta::assert_snapshot!(String::from_utf8(stderr).expect("text"), @"
    error: --interactive needs a terminal, for the keys and for the screen
    `touchtone demo` alone shows the same without one
    ");
}
