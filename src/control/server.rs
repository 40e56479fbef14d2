//! The daemon's side of the control socket.
//!
//! Clients are served on a thread of their own, so that no line of theirs, however long or strange, delays a digit. What
//! they want reaches the daemon through [`Server::next`], one request of each client at a time: what a client sends
//! meanwhile waits in the system's buffer, and answers keep their order.

use std::collections::HashMap;
use std::future::pending;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::warn;

use super::place::{BindProblem, SocketFile};
use super::protocol::{Command, Outcome};
use super::session::{self, Asked, Desk};
use crate::assist::Limit;
use crate::config::{Bounds, Control};

/// How long clients may take at the end to be given their last answer.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long is waited for a place that may be free at once: a client may have gone without our having seen it.
const FREE_SOON: Duration = Duration::from_millis(100);

/// How long no one is accepted after the system could not.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// The control socket of a daemon; its file is removed when this is dropped.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    requests: mpsc::Receiver<Asked>,
    /// Who waits for which answer.
    waiting: HashMap<u64, oneshot::Sender<Outcome>>,
    number: u64,
    refused: Arc<Refused>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    file: Option<SocketFile>,
}

/// How many there was no place for, and nobody has asked yet.
#[derive(Debug, Default)]
pub(super) struct Refused {
    clients: AtomicU64,
    pub(super) requests: AtomicU64,
}

impl Server {
    /// Listens as configured, for as many clients as that. A socket that a dead daemon has left is replaced.
    ///
    /// # Errors
    /// Another daemon listens there, something is there that is no socket, or the system refuses.
    pub async fn bind(control: &Control, bounds: &Bounds) -> Result<Server, BindProblem> {
        let (listener, file) = SocketFile::bind(&control.socket, control.mode).await?;
        let refused = |error| BindProblem::System { path: control.socket.clone(), error };
        let (asks, requests) = mpsc::channel(bounds.control_requests);
        let refused_some = Arc::new(Refused::default());
        let (most, counted) = (bounds.control_clients, refused_some.clone());
        let (stop, stopped) = watch::channel(false);
        let (begun, beginning) = oneshot::channel();
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || {
            match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(serve(listener, (most, counted), asks, stopped, begun)),
                // Nobody waits for it only if the daemon is gone.
                Err(error) => drop(begun.send(Err(error))),
            }
        });
        let thread = Some(thread.map_err(refused)?);
        let path = control.socket.clone();
        let (waiting, number, file) = (HashMap::new(), 0, Some(file));
        let server = Server { path, requests, waiting, number, refused: refused_some, stop, thread, file };
        match beginning.await {
            Ok(Err(error)) => Err(refused(error)),
            Ok(Ok(())) => Ok(server),
            Err(_) => Err(refused(std::io::Error::other("the thread that was to listen has ended"))),
        }
    }

    /// How many clients, and requests of theirs, there was no place for since this was asked last.
    #[must_use]
    pub fn take_refused(&self) -> [(Limit, u64); 2] {
        let take = |count: &AtomicU64| match count.load(Ordering::Relaxed) {
            0 => 0,
            _ => count.swap(0, Ordering::Relaxed),
        };
        let Refused { clients, requests } = &*self.refused;
        [(Limit::ControlClients, take(clients)), (Limit::ControlRequests, take(requests))]
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many requests are not answered yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What is asked next, and the number by which to answer it. Nothing is lost if the wait is given up.
    pub async fn next(&mut self) -> (u64, Command) {
        match self.requests.recv().await {
            Some(Asked { command, answer }) => {
                // Who has gone, or was told that it takes too long, is not waited for.
                self.waiting.retain(|_, answer| !answer.is_closed());
                self.number += 1;
                self.waiting.insert(self.number, answer);
                (self.number, command)
            }
            None => pending().await,
        }
    }

    /// Answers what was asked by that number; at once, and nothing happens if whoever asked is gone.
    pub fn respond(&mut self, number: u64, outcome: Outcome) {
        if let Some(answer) = self.waiting.remove(&number) {
            drop(answer.send(outcome));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // First the name, so that nobody new comes to a daemon that leaves.
        drop(self.file.take());
        self.requests.close();
        while let Ok(asked) = self.requests.try_recv() {
            drop(asked);
        }
        self.waiting.clear();
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What the thread does.
async fn serve(
    listener: StdListener,
    (most, refused): (usize, Arc<Refused>),
    asks: mpsc::Sender<Asked>,
    mut stopped: watch::Receiver<bool>,
    begun: oneshot::Sender<std::io::Result<()>>,
) {
    let listener = match UnixListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return drop(begun.send(Err(error))),
    };
    drop(begun.send(Ok(())));
    let places = Arc::new(Semaphore::new(most));
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = sessions.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => match timeout(FREE_SOON, places.clone().acquire_owned()).await {
                    Ok(Ok(place)) => {
                        let desk = Desk { asks: asks.clone(), refused: refused.clone(), stopped: stopped.clone() };
                        sessions.spawn(async move {
                            desk.serve(stream).await;
                            drop(place);
                        });
                    }
                    _ => {
                        refused.clients.fetch_add(1, Ordering::Relaxed);
                        turn_away(&stream, most);
                    }
                },
                Err(error) => {
                    warn!(%error, "a client cannot be accepted on the control socket");
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
    drop(listener);
    // Those who do not take their last answer are left.
    timeout(LAST_WORDS, sessions.join_all()).await.ok();
}

/// Tells a client that there are too many; if it does not take that at once it is left.
fn turn_away(stream: &UnixStream, most: usize) {
    let text = format!("{most} clients are connected already; try again when one has gone");
    drop(stream.try_write(&session::line(None, session::busy(&text))));
}
