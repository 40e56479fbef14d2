//! The edge: a simulated engine behind a socket, for a module that connects to it like to any engine.
//!
//! This is the only part of the simulator that reads a clock or does I/O. Its threads: one lets time pass, one
//! accepts, and each connection has one that reads and one that writes.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

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
    stopping: bool,
}

/// A socket of either kind.
#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
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
        let mut state = self.shared.lock();
        let ids: Vec<ConnectionId> = state.writers.keys().copied().collect();
        for id in ids {
            state.sim.disconnect(id);
            state.writers.remove(&id);
        }
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
    fn serve(&self, id: ConnectionId, mut input: impl Read) {
        let mut buffer = vec![0; 65_536];
        loop {
            let count = input.read(&mut buffer).unwrap_or(0);
            let mut state = self.lock();
            self.catch_up(&mut state);
            state.last_said = clock();
            if count == 0 {
                state.sim.disconnect(id);
            } else {
                state.sim.receive(id, &buffer[..count]);
            }
            self.work.notify_all();
            if count == 0 || state.stopping {
                return;
            }
        }
    }

    fn enter(&self, script: bool) -> (ConnectionId, Receiver<Vec<u8>>) {
        let (sender, receiver) = channel();
        let mut state = self.lock();
        let id = if script { state.sim.connect_script() } else { state.sim.connect() };
        state.writers.insert(id, sender);
        (id, receiver)
    }

    fn run_script(self: &Arc<Self>, mut child: std::process::Child, command: &impl Fn() -> Command) {
        loop {
            let (Some(output), Some(input)) = (child.stdin.take(), child.stdout.take()) else { return };
            let (id, lines) = self.enter(true);
            if spawn("sim write", self, move |_| write_all(output, &lines)).is_err() {
                return;
            }
            self.serve(id, input);
            drop(child.wait());
            let mut state = self.lock();
            let again = state.sim.restarts(id) && !state.stopping;
            state.writers.remove(&id);
            drop(state);
            match start_child(command) {
                Ok(next) if again => child = next,
                Ok(mut unwanted) => {
                    drop(unwanted.kill());
                    return;
                }
                Err(_) => return,
            }
        }
    }
}

impl State {
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

impl Socket {
    fn open(address: &str) -> io::Result<Socket> {
        match address.split_once(':') {
            Some(("unix", path)) => UnixStream::connect(path).map(Socket::Unix),
            Some(("tcp", host)) => TcpStream::connect(host).map(Socket::Tcp),
            _ => Err(unknown_address(address)),
        }
    }

    fn try_clone(&self) -> io::Result<Socket> {
        match self {
            Socket::Tcp(stream) => stream.try_clone().map(Socket::Tcp),
            Socket::Unix(stream) => stream.try_clone().map(Socket::Unix),
        }
    }

    fn shut_down(&self) {
        // It may be closed already; then there is nothing to do.
        drop(match self {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Both),
        });
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(buffer),
            Socket::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.flush(),
            Socket::Unix(stream) => stream.flush(),
        }
    }
}

impl Listener {
    fn accept(&self) -> io::Result<Socket> {
        match self {
            Listener::Tcp(listener) => listener.accept().map(|(stream, _)| Socket::Tcp(stream)),
            Listener::Unix(listener) => listener.accept().map(|(stream, _)| Socket::Unix(stream)),
        }
    }
}

fn unknown_address(address: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{address}: not unix:PATH or tcp:HOST:PORT"))
}

fn listen(address: &str) -> io::Result<(Listener, String, Option<PathBuf>)> {
    match address.split_once(':') {
        Some(("unix", path)) => {
            let path = PathBuf::from(path);
            if path.exists() {
                std::fs::remove_file(&path)?;
            }
            Ok((Listener::Unix(UnixListener::bind(&path)?), address.to_owned(), Some(path)))
        }
        Some(("tcp", host)) => {
            let listener = TcpListener::bind(host)?;
            let address = format!("tcp:{}", listener.local_addr()?);
            Ok((Listener::Tcp(listener), address, None))
        }
        _ => Err(unknown_address(address)),
    }
}

fn accept(listener: &Listener, shared: &Arc<Shared>) {
    while let Ok(socket) = listener.accept() {
        if shared.lock().stopping {
            return;
        }
        let Ok(output) = socket.try_clone() else { continue };
        let (id, lines) = shared.enter(false);
        let reader = spawn("sim read", shared, move |shared| shared.serve(id, socket));
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
