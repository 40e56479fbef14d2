//! The edge: a simulated engine behind a socket, for a module that connects to it like to any engine.
//!
//! This is the only part of the simulator that reads a clock or does I/O. Its threads: one lets time pass, one
//! accepts, and each connection has one that reads and one that writes.

mod socket;

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::socket::{Listener, Socket, listen};
use super::{CallRequest, ChannelId, ConnectionId, Sim};
use crate::key::Keys;

/// How time passes in a [`Server`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it does.
    Real,
    /// Only in [`Server::run_for`], and there from event to event, as soon as no module has said anything for
    /// `quiet` of real time.
    Virtual {
        /// How long silence must last to mean that everybody is done.
        quiet: Duration,
    },
}

/// A simulated engine that listens on a socket. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: String,
    socket_file: Option<PathBuf>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something is to be done by the thread that lets time pass.
    work: Condvar,
    /// Something has happened that somebody may be waiting for.
    news: Condvar,
    pace: Pace,
}

#[derive(Debug)]
struct State {
    sim: Sim,
    started: Instant,
    /// Where what the engine says goes, by connection.
    writers: HashMap<ConnectionId, Sender<Vec<u8>>>,
    /// How far time may pass at a virtual pace.
    until: Duration,
    last_said: Instant,
    /// Goes up when the engine is replaced: then connections of the old one mean nothing any more.
    generation: u64,
    stopping: bool,
}

/// A connection, and the engine that it is of.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: ConnectionId,
    generation: u64,
}

impl Server {
    /// Listens on `unix:PATH` or `tcp:HOST:PORT`, where port 0 takes a free one.
    ///
    /// # Errors
    /// The address is of neither form, or the system refuses it.
    pub fn start(sim: Sim, address: &str, pace: Pace) -> io::Result<Server> {
        let (listener, address, socket_file) = listen(address)?;
        let state = State {
            until: sim.now(),
            sim,
            started: clock(),
            writers: HashMap::new(),
            last_said: clock(),
            generation: 0,
            stopping: false,
        };
        let shared = Shared { state: Mutex::new(state), work: Condvar::new(), news: Condvar::new(), pace };
        let shared = Arc::new(shared);
        spawn("sim time", &shared, |shared| shared.let_time_pass())?;
        spawn("sim accept", &shared, move |shared| accept(&listener, shared))?;
        Ok(Server { shared, address, socket_file })
    }

    /// Where it listens, as a module is told it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Does something to the engine, or looks at it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Sim) -> T) -> T {
        let mut state = self.shared.lock();
        self.shared.catch_up(&mut state);
        let result = act(&mut state.sim);
        self.shared.work.notify_all();
        result
    }

    /// Somebody calls.
    #[must_use]
    pub fn call(&self, request: &CallRequest) -> ChannelId {
        self.with(|sim| sim.call(request))
    }

    /// Keys pressed one after the other with no time between.
    pub fn key(&self, channel: &ChannelId, keys: &Keys) {
        self.with(|sim| sim.key(channel, keys));
    }

    /// Somebody hangs up.
    pub fn hangup(&self, channel: &ChannelId) {
        self.with(|sim| sim.hangup(channel));
    }

    /// Waits in real time until something is so; false if it is not within `limit`.
    pub fn wait_until(&self, limit: Duration, so: impl Fn(&Sim) -> bool) -> bool {
        let deadline = clock() + limit;
        let mut state = self.shared.lock();
        while !so(&state.sim) {
            let Some(left) = deadline.checked_duration_since(clock()).filter(|left| !left.is_zero()) else {
                return false;
            };
            state = wait(&self.shared.news, state, left);
        }
        true
    }

    /// At a virtual pace: lets so much time pass, and returns when everybody is done. At the real pace: waits so
    /// long.
    pub fn run_for(&self, span: Duration) {
        let mut state = self.shared.lock();
        let until = state.sim.now().max(state.until) + span;
        state.until = until;
        self.shared.work.notify_all();
        while !state.stopping && (state.sim.now() < until || !self.shared.is_quiet(&state)) {
            state = wait(&self.shared.news, state, Duration::from_millis(1));
        }
    }

    /// The engine closes every connection, as when it is stopped; it goes on listening.
    pub fn close_connections(&self) {
        self.shared.lock().close_connections();
        self.shared.work.notify_all();
    }

    /// The engine stops and another starts in its place: every connection is closed, and new ones find `sim`.
    pub fn restart(&self, sim: Sim) {
        let mut state = self.shared.lock();
        state.close_connections();
        state.generation += 1;
        state.started = clock();
        state.until = sim.now();
        state.sim = sim;
        self.shared.work.notify_all();
    }

    /// How many modules are connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().writers.len()
    }

    /// Starts a module as the engine's `[scripts]` do, on its standard input and output, and again if it ends after
    /// it has asked for that.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn script(&self, command: impl Fn() -> Command + Send + 'static) -> io::Result<()> {
        let child = start_child(&command)?;
        spawn("sim script", &self.shared, move |shared| shared.run_script(child, &command))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.work.notify_all();
        self.shared.news.notify_all();
        self.shared.lock().writers.clear();
        // The thread that accepts looks whether to stop when somebody comes.
        drop(Socket::open(&self.address));
        if let Some(path) = &self.socket_file {
            drop(std::fs::remove_file(path));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catch_up(&self, state: &mut State) {
        if self.pace == Pace::Real {
            let now = clock().duration_since(state.started);
            state.sim.advance(now);
        }
    }

    fn is_quiet(&self, state: &State) -> bool {
        match self.pace {
            Pace::Real => true,
            Pace::Virtual { quiet } => clock().duration_since(state.last_said) >= quiet,
        }
    }

    fn let_time_pass(&self) {
        let mut state = self.lock();
        while !state.stopping {
            let now = self.time_to_be(&state);
            state.sim.advance(now);
            state.deliver();
            self.news.notify_all();
            let pause = self.pause(&state);
            state = wait(&self.work, state, pause);
        }
    }

    fn time_to_be(&self, state: &State) -> Duration {
        match self.pace {
            Pace::Real => clock().duration_since(state.started),
            Pace::Virtual { .. } if !self.is_quiet(state) => state.sim.now(),
            Pace::Virtual { .. } => state.sim.next_event().unwrap_or(state.until).min(state.until),
        }
    }

    fn pause(&self, state: &State) -> Duration {
        const LONGEST: Duration = Duration::from_millis(500);
        match self.pace {
            Pace::Real => state.sim.next_event().map_or(LONGEST, |at| at.saturating_sub(state.sim.now())),
            Pace::Virtual { quiet } if state.sim.now() < state.until => quiet.min(LONGEST),
            Pace::Virtual { quiet } => quiet.max(Duration::from_millis(1)),
        }
    }

    /// A module is there: what it says goes in, until there is no more.
    fn serve(&self, entry: Entry, mut input: impl Read) {
        let mut buffer = vec![0; 65_536];
        loop {
            let count = input.read(&mut buffer).unwrap_or(0);
            let mut state = self.lock();
            if state.generation != entry.generation {
                return;
            }
            self.catch_up(&mut state);
            state.last_said = clock();
            if count == 0 {
                state.sim.disconnect(entry.id);
            } else {
                state.sim.receive(entry.id, &buffer[..count]);
            }
            self.work.notify_all();
            if count == 0 || state.stopping {
                return;
            }
        }
    }

    fn enter(&self, script: bool) -> (Entry, Receiver<Vec<u8>>) {
        let (sender, receiver) = channel();
        let mut state = self.lock();
        let id = if script { state.sim.connect_script() } else { state.sim.connect() };
        state.writers.insert(id, sender);
        (Entry { id, generation: state.generation }, receiver)
    }

    fn run_script(self: &Arc<Self>, mut child: std::process::Child, command: &impl Fn() -> Command) {
        loop {
            let (Some(output), Some(input)) = (child.stdin.take(), child.stdout.take()) else { return };
            let (entry, lines) = self.enter(true);
            if spawn("sim write", self, move |_| write_all(output, &lines)).is_err() {
                return;
            }
            self.serve(entry, input);
            drop(child.wait());
            let mut state = self.lock();
            // An engine that is replaced starts none of the old one's modules.
            let current = state.generation == entry.generation;
            let again = current && state.sim.restarts(entry.id) && !state.stopping;
            if current {
                state.writers.remove(&entry.id);
            }
            drop(state);
            child = match again.then(|| start_child(command)) {
                Some(Ok(next)) => next,
                _ => return,
            };
        }
    }
}

impl State {
    fn close_connections(&mut self) {
        for id in std::mem::take(&mut self.writers).into_keys() {
            self.sim.disconnect(id);
        }
    }

    /// Hands what the engine has said to those who write it.
    fn deliver(&mut self) {
        let sim = &mut self.sim;
        let mut said = false;
        self.writers.retain(|id, writer| {
            let bytes = sim.transmit(*id);
            said |= !bytes.is_empty();
            let there = bytes.is_empty() || writer.send(bytes).is_ok();
            there && sim.is_open(*id)
        });
        if said {
            self.last_said = clock();
        }
    }
}

fn accept(listener: &Listener, shared: &Arc<Shared>) {
    while let Ok(socket) = listener.accept() {
        if shared.lock().stopping {
            return;
        }
        let Ok(output) = socket.try_clone() else { continue };
        let (entry, lines) = shared.enter(false);
        let reader = spawn("sim read", shared, move |shared| shared.serve(entry, socket));
        let writer = spawn("sim write", shared, move |_| {
            if let Ok(closer) = output.try_clone() {
                write_all(output, &lines);
                closer.shut_down();
            }
        });
        if reader.and(writer).is_err() {
            return;
        }
    }
}

fn write_all(mut output: impl Write, lines: &Receiver<Vec<u8>>) {
    for bytes in lines {
        if output.write_all(&bytes).and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}

fn start_child(command: &impl Fn() -> Command) -> io::Result<std::process::Child> {
    command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

fn spawn(
    name: &str,
    shared: &Arc<Shared>,
    run: impl FnOnce(&Arc<Shared>) + Send + 'static,
) -> io::Result<()> {
    let shared = Arc::clone(shared);
    thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared)).map(drop)
}

#[allow(clippy::disallowed_methods, reason = "this is the simulator's edge, which reads the clock for it")]
fn clock() -> Instant {
    Instant::now()
}

fn wait<'a>(condition: &Condvar, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
    condition.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
}
