//! The daemon as a process: connecting, being lied to, losing the engine, being told to leave.

mod common;

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{ChildStdin, Stdio};

use common::process::{Daemon, Lines, send_signal, touchtone};

/// A daemon whose engine is a socket in that folder.
fn start(folder: &Path) -> Daemon {
    let address = format!("unix:{}", folder.join("engine.sock").display());
    Daemon::start(&write_config(folder), &address)
}

fn write_config(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("touchtone.toml");
    let text = include_str!("../config/conference.toml");
    let quick = text.replace("[yate]", "[yate]\nreconnect = { shortest = \"50ms\", longest = \"100ms\" }");
    std::fs::write(&path, quick).expect("a configuration");
    path
}

/// A connection of the daemon's, from the engine's side.
struct Engine {
    stream: UnixStream,
    said: Lines,
}

impl Engine {
    fn accept(listener: &UnixListener) -> Self {
        let (stream, _) = listener.accept().expect("a connection");
        let said = Lines::of(stream.try_clone().expect("a stream"));
        said.wait_for(&["%%>connect:global"]);
        Engine { stream, said }
    }

    fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the daemon reads");
    }

    fn digit(&mut self, number: u32, key: &str) {
        self.say(digit(number, key).as_bytes());
    }
}

fn digit(number: u32, key: &str) -> String {
    format!(
        "%%>message:d{number}:1795420044:chan.dtmf::id=sip/2:peerid=conf/5:text={key}:\
         sequence={number}:duplicate=false\n"
    )
}

#[test]
fn what_an_engine_garbles_is_logged_and_the_next_digit_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    let daemon = start(folder.path());
    let mut engine = Engine::accept(&listener);
    engine.say(b"nonsense \xff\xfe\n%%>message:bad\n");
    daemon.log.wait_for(&["the engine said something that cannot be read", "nonsense"]);
    engine.say(b"%%>message:garbled:1:chan.dtmf::text=%1\n");
    engine.said.wait_for(&["%%<message:garbled:false::"]);
    engine.say(b"%%>message:endless:1:chan.dtmf::text=");
    engine.say(&vec![b'x'; 17_000_000]);
    engine.say(b"\n");
    daemon.log.wait_for(&["the engine said something that cannot be read", "thrown away"]);
    engine.said.wait_for(&["%%<message:endless:false::"]);
    for byte in digit(1, "*").bytes() {
        engine.say(&[byte]);
    }
    engine.said.wait_for(&["%%<message:d1:true::"]);
}

#[test]
fn an_engine_that_closes_in_the_middle_of_a_line_is_connected_to_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    let daemon = start(folder.path());
    let mut engine = Engine::accept(&listener);
    let line = digit(1, "*");
    engine.say(&line.as_bytes()[..40]);
    drop(engine.said);
    engine.stream.shutdown(std::net::Shutdown::Both).expect("a shutdown");
    drop(engine.stream);
    daemon.log.wait_for(&["no connection to the engine", "closed"]);
    let mut engine = Engine::accept(&listener);
    engine.digit(2, "*");
    engine.said.wait_for(&["%%<message:d2:true::"]);
}

#[test]
fn an_engine_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = start(folder.path());
    daemon.log.wait_for(&["no connection to the engine", "again_in"]);
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    Engine::accept(&listener);
}

#[test]
fn told_to_leave_it_gives_everything_back_and_ends_well() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let mut daemon = start(folder.path());
        let mut engine = Engine::accept(&listener);
        engine.said.wait_for(&["%%>install:15:chan.dtmf"]);
        daemon.signal(signal);
        engine.said.wait_for(&["%%>uninstall:chan.dtmf"]);
        engine.digit(1, "*");
        engine.said.wait_for(&["%%<message:d1:false::"]);
        engine.say(b"%%<uninstall:15:chan.dtmf:true\n");
        engine.said.wait_for(&["%%>quit"]);
        engine.say(b"%%<quit\n");
        assert!(engine.said.ended(), "the connection is closed");
        assert!(daemon.wait().success());
    }
}

#[test]
fn told_to_leave_it_goes_though_the_engine_reads_nothing_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    let mut daemon = start(folder.path());
    let (mut engine, _) = listener.accept().expect("a connection");
    let digits: String = (0..40_000).map(|_| digit(1, "x")).collect();
    engine.write_all(digits.as_bytes()).expect("the daemon reads on");
    daemon.signal("-TERM");
    daemon.log.wait_for(&["the engine did not let us go in time"]);
    assert!(daemon.wait().success());
}

#[test]
fn started_by_the_engine_it_speaks_on_standard_output_and_logs_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = touchtone()
        .arg(write_config(folder.path()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the daemon");
    let said = Lines::of(child.stdout.take().expect("an output"));
    let log = Lines::of(child.stderr.take().expect("a log"));
    let first = said.take();
    assert!(first.starts_with("%%>setlocal:"), "no introduction: {first}");
    said.wait_for(&["%%>setlocal:restart:true"]);
    let mut engine: ChildStdin = child.stdin.take().expect("an input");
    engine.write_all(digit(1, "*").as_bytes()).expect("the daemon reads");
    said.wait_for(&["%%<message:d1:true::"]);
    send_signal(&child, "-INT");
    engine.write_all(digit(2, "5").as_bytes()).expect("the daemon reads");
    said.wait_for(&["%%<message:d2:true::"]);
    log.wait_for(&["keyed"]);
    drop(engine);
    assert!(child.wait().expect("an end").success(), "the engine closes, and that is all");
}

#[test]
fn a_log_that_nobody_reads_delays_no_answer_and_tells_what_is_lost_of_it() {
    const DIGITS: u32 = 30_000;
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    let address = format!("unix:{}", folder.path().join("engine.sock").display());
    let mut child = touchtone()
        .args(["run", "--connect", &address, "--config"])
        .arg(write_config(folder.path()))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the daemon");
    let mut engine = Engine::accept(&listener);
    for first in (1..DIGITS).step_by(100) {
        let digits: String = (first..first + 100).map(|number| digit(number, "5")).collect();
        engine.say(digits.as_bytes());
        engine.said.wait_for(&[&format!("%%<message:d{}:true::", first + 99)]);
    }
    let log = Lines::of(child.stderr.take().expect("a log"));
    log.wait_for(&["WARN", "lines of the log are lost here"]);
    engine.digit(DIGITS + 1, "5");
    log.wait_for(&["keyed", "sip/2"]);
    send_signal(&child, "-TERM");
    engine.said.wait_for(&["%%>uninstall:chan.dtmf"]);
    drop(engine);
    assert!(log.rest().iter().any(|line| line.contains("leaving")), "all is written at the end");
    child.wait().expect("an end");
}

#[test]
#[allow(clippy::disallowed_methods)] // It stands still for as long as the engine waits.
fn a_daemon_that_stood_still_passes_the_digits_that_the_engine_may_have_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
    let daemon = start(folder.path());
    let mut engine = Engine::accept(&listener);
    engine.digit(1, "*");
    engine.said.wait_for(&["%%<message:d1:true::"]);
    daemon.signal("-STOP");
    engine.digit(2, "6");
    std::thread::sleep(std::time::Duration::from_millis(2200));
    daemon.signal("-CONT");
    engine.said.wait_for(&["%%<message:d2:false::"]);
    daemon.log.wait_for(&["dropped", "keys=*"]);
    daemon.log.wait_for(&["touchtone has fallen behind"]);
    daemon.log.wait_for(&["passed", "keys=6"]);
    engine.digit(3, "*");
    engine.said.wait_for(&["%%<message:d3:true::"]);
    daemon.log.wait_for(&["touchtone has caught up: 1 digits"]);
}
