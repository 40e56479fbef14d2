//! The simulated engine behind sockets, and as the parent of a module.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use touchtone::sim::server::{Pace, Server};
use touchtone::sim::{CallRequest, Settings, Sim};

const LIMIT: Duration = Duration::from_secs(10);

fn server(address: &str, pace: Pace) -> Server {
    Server::start(Sim::new(Settings::default()), address, pace).unwrap()
}

fn in_a_directory() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("unix:{}", directory.path().join("engine.sock").display());
    (directory, address)
}

/// A module that does as it is told.
struct Module<S> {
    lines: BufReader<S>,
    output: S,
}

impl Module<UnixStream> {
    fn unix(server: &Server) -> Self {
        let stream = UnixStream::connect(server.address().strip_prefix("unix:").unwrap()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Module { output: stream.try_clone().unwrap(), lines: BufReader::new(stream) }
    }
}

impl Module<TcpStream> {
    fn tcp(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address().strip_prefix("tcp:").unwrap()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Module { output: stream.try_clone().unwrap(), lines: BufReader::new(stream) }
    }
}

impl<S: Read + Write> Module<S> {
    fn say(&mut self, line: &str) {
        self.output.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line; empty at the end.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

fn keys_a_digit_to_the_callee<S: Read + Write>(server: &Server, mut module: Module<S>) {
    module.say("%%>connect:global");
    module.say("%%>install:15:chan.dtmf");
    assert_eq!(module.hear(), "%%<install:15:chan.dtmf:true");
    let alice = server.call(&CallRequest::new("alice", "7010", "127.0.0.1:7001"));
    assert!(server.wait_until(LIMIT, |sim| sim.channel(&alice).is_some_and(|channel| channel.answered)));
    server.key(&alice, &"5".parse().unwrap());
    let question = module.hear();
    let id = question.split(':').nth(1).unwrap();
    module.say(&format!("%%<message:{id}:false::"));
    assert!(server.wait_until(LIMIT, |sim| {
        let peer = sim.channel(&alice).and_then(|channel| channel.peer);
        peer.and_then(|peer| sim.channel(&peer)).is_some_and(|peer| peer.received == "5")
    }));
    server.hangup(&alice);
    assert!(server.wait_until(LIMIT, |sim| sim.channels().count() == 0));
    module.say("%%>quit");
    assert_eq!((module.hear().as_str(), module.hear().as_str()), ("%%<quit", ""));
}

#[test]
fn a_module_connects_by_a_unix_socket() {
    let (_directory, address) = in_a_directory();
    let server = server(&address, Pace::Real);
    keys_a_digit_to_the_callee(&server, Module::unix(&server));
}

#[test]
fn a_module_connects_by_tcp() {
    let server = server("tcp:127.0.0.1:0", Pace::Real);
    keys_a_digit_to_the_callee(&server, Module::tcp(&server));
}

#[test]
fn an_address_of_another_form_is_refused() {
    let error = Server::start(Sim::new(Settings::default()), "udp:x", Pace::Real).unwrap_err();
    assert!(error.to_string().contains("not unix:PATH or tcp:HOST:PORT"));
}

#[test]
fn virtual_time_passes_at_once_and_waits_for_answers() {
    let (_directory, address) = in_a_directory();
    let server = server(&address, Pace::Virtual { quiet: Duration::from_millis(20) });
    let mut module = Module::unix(&server);
    module.say("%%>connect:global");
    module.say("%%>watch:chan.hangup");
    server.run_for(Duration::from_secs(1));
    assert_eq!(module.hear(), "%%<watch:chan.hangup:true");
    let request = CallRequest::new("alice", "800", "127.0.0.1:7001").with("timeout", "3600000");
    let alice = server.call(&request);
    server.run_for(Duration::from_secs(3590));
    assert!(server.with(|sim| sim.channel(&alice).is_some()));
    server.run_for(Duration::from_secs(20));
    assert!(module.hear().contains("status=timeout"));
    assert!(server.with(|sim| sim.channels().count() == 0));
}

#[test]
fn an_engine_that_is_gone_and_comes_back_has_forgotten_everything() {
    let (_directory, address) = in_a_directory();
    let server = server(&address, Pace::Real);
    let mut module = Module::unix(&server);
    module.say("%%>connect:global");
    module.say("%%>setlocal:engine.runid:");
    assert_eq!(module.hear(), "%%<setlocal:engine.runid:1795419992:true");
    let _ = server.call(&CallRequest::new("alice", "800", "127.0.0.1:7001"));
    server.restart(Sim::new(Settings { run_id: "1795420000".into(), ..Settings::default() }));
    assert_eq!(module.hear(), "");
    assert_eq!((server.connections(), server.with(|sim| sim.channels().count())), (0, 0));
    let mut module = Module::unix(&server);
    module.say("%%>connect:global");
    module.say("%%>setlocal:engine.runid:");
    assert_eq!(module.hear(), "%%<setlocal:engine.runid:1795420000:true");
}

#[test]
fn a_started_module_is_started_again_if_it_asked_for_that() {
    let (_directory, address) = in_a_directory();
    let server = server(&address, Pace::Real);
    let script = || {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg("echo '%%>setlocal:restart:true'; read answer; echo \"%%>output:$answer\"");
        command
    };
    server.script(script).unwrap();
    let said = |sim: &Sim| sim.log().filter(|line| line.text == "%%<setlocal:restart:true:true").count();
    assert!(server.wait_until(LIMIT, |sim| said(sim) >= 2));
}
