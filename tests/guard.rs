//! Whoever is killed leaves no engine waiting: their connection ends, and is not reset, though there is something on it that
//! they have not read.

#![allow(clippy::disallowed_methods)] // It waits for processes.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::Duration;

use common::process::{Daemon, PATIENCE};

const CODE: &str = "[[code]]\nname = \"mute\"\nkeys = \"*6\"\noperation = \"mute-toggle\"\n";

/// A connection's end as the engine has it.
trait End: Read + Write {
    fn be_patient(&self);
}

impl End for std::os::unix::net::UnixStream {
    fn be_patient(&self) {
        self.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    }
}

impl End for std::net::TcpStream {
    fn be_patient(&self) {
        self.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    }
}

/// Kills the daemon while digits are on their way to it; says how what it had said ends.
fn killed(daemon: &mut Daemon, mut engine: impl End) -> Result<(), ErrorKind> {
    engine.be_patient();
    let mut said = [0; 65_536];
    assert!(engine.read(&mut said).expect("a module") > 0, "it introduces itself");
    daemon.log.wait_for(&["connected"]);
    // It reads nothing any more, and the system has what it does not read.
    daemon.signal("-STOP");
    engine.write_all(&b"%%>message:d:1:chan.dtmf::id=sip/1:text=5\n".repeat(100)).expect("a module");
    std::thread::sleep(Duration::from_millis(50));
    daemon.signal("-KILL");
    daemon.wait();
    loop {
        match engine.read(&mut said) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(problem) => return Err(problem.kind()),
        }
    }
}

fn daemon(folder: &tempfile::TempDir, address: &str) -> Daemon {
    let file = folder.path().join("touchtone.toml");
    std::fs::write(&file, CODE).expect("a file");
    Daemon::start(&file, address)
}

#[test]
fn a_killed_daemon_ends_its_connection_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut module = daemon(&folder, &format!("unix:{}", path.display()));
    let (engine, _) = listener.accept().expect("a module");
    assert_eq!(killed(&mut module, engine), Ok(()));

    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut module = daemon(&folder, &format!("tcp:127.0.0.1:{port}"));
    let (engine, _) = listener.accept().expect("a module");
    assert_eq!(killed(&mut module, engine), Ok(()));
}

#[test]
fn without_its_guard_the_system_resets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut module = daemon(&folder, &format!("unix:{}", path.display()));
    let (engine, _) = listener.accept().expect("a module");
    module.log.wait_for(&["connected"]);
    let id = module.id().to_string();
    let killed_guard = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        Command::new("pkill").args(["-KILL", "-P", &id]).status().expect("pkill").success()
    });
    assert!(killed_guard, "there is one");
    module.log.wait_for(&["the guard of the connection is gone"]);
    module.signal("-STOP");
    let mut engine = engine;
    engine.be_patient();
    engine.write_all(b"%%>message:d:1:chan.dtmf::id=sip/1:text=5\n").expect("a module");
    module.signal("-KILL");
    module.wait();
    let end = std::iter::from_fn(|| match engine.read(&mut [0; 65_536]) {
        Ok(0) => Some(Some(Ok(()))),
        Ok(_) => Some(None),
        Err(problem) => Some(Some(Err(problem.kind()))),
    });
    assert_eq!(end.flatten().next(), Some(Err(ErrorKind::ConnectionReset)));
}
