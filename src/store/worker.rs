//! The task that owns the store in a daemon.
#![allow(clippy::disallowed_methods)] // The edge: it reads the clock so that the store is told what time it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{info, warn};

use super::{Problem, Reply, Request, Store, verify_pin};

/// How many PINs are looked at at once: each takes 19 MiB and one of the machine's cores.
const PINS_AT_ONCE: usize = 2;

/// How many PINs wait to be looked at.
const PINS_WAITING: usize = 64;

/// How long until a store that could not be opened is tried again; it doubles up to the second.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A store at work. To let go of `requests` ends it, when all that was asked is answered; `task` is done then, and the
/// file closed.
#[derive(Debug)]
pub struct Worker {
    /// What is asked, each with a number of one's own. It is bounded: what does not go in with `try_send` is too much.
    pub requests: mpsc::Sender<(u64, Request)>,
    /// What is answered, with the number of the request: exactly one for each, so that who asks bounds how many wait here.
    pub replies: mpsc::UnboundedReceiver<(u64, Reply)>,
    /// The task.
    pub task: JoinHandle<()>,
}

/// Starts the task. It runs on a thread and in a runtime of its own, so that nothing in the runtime that this is called in
/// waits for a disk, or for what a calendar takes to compute.
///
/// Requests are done one after the other, so that what somebody says of calls and of attendance is written in the order
/// in which it was said. PINs alone are looked at beside that, a few at once, and need no store. Where `path` is `None`,
/// or its store cannot be opened, everything else is answered with [`Reply::Failed`]; a store is tried again when
/// something is asked of it, with a wait that doubles.
#[must_use]
pub fn start(path: Option<PathBuf>, capacity: usize) -> Worker {
    let (requests, asked) = mpsc::channel(capacity.max(1));
    let (answers, replies) = mpsc::unbounded_channel();
    let task = spawn_blocking(move || match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(path, asked, answers, capacity.max(1))),
        Err(error) => refuse(&error, asked, &answers),
    });
    Worker { requests, replies, task }
}

/// There is nothing to work with: so everything is answered, all the same.
fn refuse(error: &std::io::Error, mut asked: mpsc::Receiver<(u64, Request)>, answers: &Answers) {
    warn!(%error, "there is no store: its thread cannot work");
    while let Some((number, _)) = asked.blocking_recv() {
        let message = format!("the store's thread cannot work: {error}");
        let _ = answers.send((number, Reply::Failed(Problem { yours: false, message })));
    }
}

type Answers = mpsc::UnboundedSender<(u64, Reply)>;

async fn work(
    path: Option<PathBuf>,
    mut asked: mpsc::Receiver<(u64, Request)>,
    answers: Answers,
    capacity: usize,
) {
    // In a queue of its own, so that no PIN waits for the store.
    let (ordered, in_order) = mpsc::channel(capacity);
    let mut writer = tokio::spawn(write(path, in_order, answers.clone()));
    let pins = Pins::new(answers);
    loop {
        let next = tokio::select! {
            next = asked.recv() => next,
            // It ends before it is to only if it has failed badly: what it was asked is answered by our end.
            _ = &mut writer => return pins.done().await,
        };
        let Some((number, request)) = next else { break };
        match request {
            Request::VerifyPin { pin, hashes } => pins.verify(number, pin, hashes),
            other => {
                // It is full where the store is slow, and what is asked waits then where it is bounded.
                if ordered.send((number, other)).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(ordered);
    let _ = writer.await;
    pins.done().await;
}

/// Does what is to be done in order.
async fn write(path: Option<PathBuf>, mut in_order: mpsc::Receiver<(u64, Request)>, answers: Answers) {
    let mut keeper = Keeper::new(path);
    keeper.open_at_start().await;
    while let Some((number, request)) = in_order.recv().await {
        let reply = keeper.perform(request).await;
        if answers.send((number, reply)).is_err() {
            break;
        }
    }
    keeper.close().await;
}

/// PINs, looked at beside everything else.
struct Pins {
    answers: Answers,
    at_once: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Pins {
    fn new(answers: Answers) -> Self {
        let semaphore = |count| Arc::new(Semaphore::new(count));
        Pins { answers, at_once: semaphore(PINS_AT_ONCE), waiting: semaphore(PINS_WAITING) }
    }

    /// Waits until none is looked at any more.
    async fn done(&self) {
        let all = u32::try_from(PINS_WAITING).unwrap_or(u32::MAX);
        let _ = self.waiting.acquire_many(all).await;
    }

    fn verify(&self, number: u64, pin: super::Pin, hashes: Vec<super::PinHash>) {
        let answers = self.answers.clone();
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            let message = "too many PINs wait to be looked at: let it be keyed again".to_owned();
            let _ = answers.send((number, Reply::Failed(Problem { yours: false, message })));
            return;
        };
        let at_once = Arc::clone(&self.at_once);
        tokio::spawn(async move {
            let turn = at_once.acquire_owned().await;
            let verified = super::aside(move || verify_pin(&pin, &hashes)).await;
            let reply =
                verified.map_or_else(|trouble| Reply::Failed(trouble.told(Path::new(""))), Reply::Verified);
            let _ = answers.send((number, reply));
            drop((turn, place));
        });
    }
}

/// Has the store, or tries to have it.
struct Keeper {
    path: Option<PathBuf>,
    store: Option<Store>,
    problem: Option<Problem>,
    again: Option<Instant>,
    wait: Duration,
}

impl Keeper {
    fn new(path: Option<PathBuf>) -> Self {
        Keeper { path, store: None, problem: None, again: None, wait: WAITS.0 }
    }

    async fn open_at_start(&mut self) {
        if self.path.is_some() {
            self.open().await;
        }
    }

    async fn perform(&mut self, request: Request) -> Reply {
        if self.path.is_none() {
            let message = "there is no store: say where it is to be in the configuration".to_owned();
            return Reply::Failed(Problem { yours: false, message });
        }
        if self.store.is_none() && self.again.is_none_or(|again| Instant::now() >= again) {
            self.open().await;
        }
        match (&self.store, &self.problem) {
            (Some(store), _) => store.perform(Timestamp::now(), request).await,
            (None, Some(problem)) => Reply::Failed(problem.clone()),
            (None, None) => Reply::Failed(Problem {
                yours: false,
                message: "the store is not open yet: ask again".to_owned(),
            }),
        }
    }

    async fn open(&mut self) {
        let Some(path) = &self.path else { return };
        match Store::open(path).await {
            Ok(store) => {
                info!(store = %path.display(), "the store is open");
                (self.store, self.problem, self.again, self.wait) = (Some(store), None, None, WAITS.0);
            }
            Err(problem) => {
                warn!(problem = problem.message, again_in = ?self.wait, "there is no store");
                self.again = Some(Instant::now() + self.wait);
                self.wait = (self.wait * 2).min(WAITS.1);
                self.problem = Some(problem);
            }
        }
    }

    async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }
}
