//! What somebody sees who runs the demo.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// A terminal in which a command line runs, and what it has shown.
struct Terminal {
    script: std::process::Child,
    shown: String,
}

impl Terminal {
    /// `None` where there is nothing to make a terminal with.
    fn run(line: &str) -> Option<Self> {
        let script = Command::new("script")
            .args(["-qfc", line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        Some(Terminal { script, shown: String::new() })
    }

    /// Everything that is shown up to a text.
    fn show_until(&mut self, text: &str) -> &str {
        let out = self.script.stdout.as_mut().expect("what is shown");
        let mut bytes = [0; 4096];
        while !self.shown.contains(text) {
            let count = out.read(&mut bytes).expect("a terminal that can be read");
            assert!(count > 0, "the end, without {text:?}: {}", self.shown);
            self.shown += &String::from_utf8_lossy(&bytes[..count]);
        }
        &self.shown
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn who_is_told_to_leave_leaves_the_terminal_as_it_was() {
    let binary = env!("CARGO_BIN_EXE_touchtone");
    for signal in ["-TERM", "-INT", "-HUP"] {
        let line = format!("sh -c 'echo pid $$; exec {binary} demo --interactive'; stty -a; echo the' 'end");
        let Some(mut terminal) = Terminal::run(&line) else {
            eprintln!("skipped: there is no script(1) to make a terminal with");
            return;
        };
        let shown = terminal.show_until("\x1b[?1000h");
        let pid = shown.split_whitespace().nth(1).expect("a pid").to_owned();
        let killed = Command::new("kill").args([signal, &pid]).status().expect("kill");
        assert!(killed.success());
        let shown = terminal.show_until("the end");
        assert!(shown.contains("\x1b[?1049l") && shown.contains("\x1b[?1000l"), "{signal}: {shown}");
        let settings: Vec<_> = shown.split_whitespace().collect();
        assert!(settings.contains(&"icanon") && settings.contains(&"echo"), "{signal}: {shown}");
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // Another process is waited for.
fn who_has_lost_the_terminal_ends() {
    let line = format!("sh -c 'echo pid $$; exec {} demo --interactive'", env!("CARGO_BIN_EXE_touchtone"));
    let Some(mut terminal) = Terminal::run(&line) else {
        eprintln!("skipped: there is no script(1) to make a terminal with");
        return;
    };
    let shown = terminal.show_until("\x1b[?1000h");
    let pid = shown.split_whitespace().nth(1).expect("a pid").to_owned();
    drop(terminal);
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    let end = Instant::now() + Duration::from_secs(20);
    while runs() {
        assert!(Instant::now() < end, "process {pid} still runs");
        sleep(Duration::from_millis(20));
    }
}
