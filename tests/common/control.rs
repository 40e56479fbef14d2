//! A control socket with a daemon's loop behind it that answers as it is told.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use tempfile::TempDir;
use tokio::sync::oneshot;
use touchtone::config::{Bounds, Control};
use touchtone::control::Server;
use touchtone::control::protocol::{Command, Outcome};

use super::process::PATIENCE;

/// A daemon that is none. It leaves when it is dropped.
pub(crate) struct Fake {
    pub(crate) path: PathBuf,
    folder: Option<TempDir>,
    leave: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    asked: Receiver<()>,
}

impl Fake {
    /// Waits until something was asked that has not been waited for.
    pub(crate) fn has_been_asked(&self) {
        self.asked.recv_timeout(PATIENCE).expect("somebody asks");
    }

    /// Has it leave as it should, and gives the folder in which its socket was.
    pub(crate) fn leave(mut self) -> Option<TempDir> {
        self.end();
        self.folder.take()
    }

    fn end(&mut self) {
        if let Some(leave) = self.leave.take() {
            let _ = leave.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the daemon's loop");
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// A daemon in a folder of its own; what it answers to is not answered if there is nothing.
pub(crate) fn fake(answer: impl Fn(&Command) -> Option<Outcome> + Send + 'static) -> Fake {
    let folder = tempfile::tempdir().expect("a folder");
    let mut fake = fake_at(&folder.path().join("touchtone.sock"), answer);
    fake.folder = Some(folder);
    fake
}

/// A daemon that listens there.
pub(crate) fn fake_at(path: &Path, answer: impl Fn(&Command) -> Option<Outcome> + Send + 'static) -> Fake {
    let control = Control { socket: path.to_owned(), mode: 0o600 };
    let (leave, mut left) = oneshot::channel();
    let (begun, beginning) = channel();
    let (asks, asked) = channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut server = Server::bind(&control, &Bounds::default()).await.expect("a socket");
            begun.send(()).expect("the test waits");
            loop {
                let (number, command) = tokio::select! {
                    _ = &mut left => return,
                    asked = server.next() => asked,
                };
                if let Some(outcome) = answer(&command) {
                    server.respond(number, outcome);
                }
                let _ = asks.send(());
            }
        });
    });
    beginning.recv_timeout(PATIENCE).expect("it listens");
    Fake { path: path.to_owned(), folder: None, leave: Some(leave), thread: Some(thread), asked }
}
