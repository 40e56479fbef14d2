//! A way between an engine and a module on which some of what the engine says is lost.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use touchtone::trial::Chance;

/// The way. It loses nothing until it is told to.
#[derive(Clone)]
pub(crate) struct Lossy(Arc<State>);

struct State {
    losing: AtomicBool,
    lost: AtomicUsize,
    chance: Mutex<Chance>,
}

impl Lossy {
    pub(crate) fn new(seed: u64) -> Self {
        let chance = Mutex::new(Chance::seeded(seed));
        Lossy(Arc::new(State { losing: AtomicBool::new(false), lost: AtomicUsize::new(0), chance }))
    }

    /// Listens in that folder for modules that want to the engine at `address`; gives where.
    pub(crate) fn listen(&self, folder: &Path, address: &str) -> String {
        let path = folder.join("lossy.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let engine = address.strip_prefix("unix:").expect("an engine on a UNIX socket").to_owned();
        let state = self.0.clone();
        thread::spawn(move || {
            for module in listener.incoming() {
                let (Ok(module), Ok(engine)) = (module, UnixStream::connect(&engine)) else { return };
                let (mut from, mut to) =
                    (module.try_clone().expect("a stream"), engine.try_clone().expect("a stream"));
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
                let state = state.clone();
                thread::spawn(move || state.pass(engine, module));
            }
        });
        format!("unix:{}", path.display())
    }

    pub(crate) fn lose(&self, losing: bool) {
        self.0.losing.store(losing, Ordering::Relaxed);
    }

    /// How many lines were lost.
    pub(crate) fn lost(&self) -> usize {
        self.0.lost.load(Ordering::Relaxed)
    }
}

impl State {
    /// Passes what the engine says, line by line.
    fn pass(&self, engine: UnixStream, mut module: UnixStream) {
        let mut lines = BufReader::new(engine);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if self.losing.load(Ordering::Relaxed) && self.is_lost(&line) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            } else if module.write_all(&line).is_err() {
                break;
            }
            line.clear();
        }
        let _ = module.shutdown(std::net::Shutdown::Both);
    }

    /// A third of the events, and a sixth of the answers; never what the engine was asked of itself, or what it asks.
    fn is_lost(&self, line: &[u8]) -> bool {
        let account = line.windows(15).any(|part| part == b":engine.status:");
        let Some(rest) = line.strip_prefix(b"%%<message:").filter(|_| !account) else { return false };
        let times = if rest.starts_with(b":") { 3 } else { 6 };
        self.chance.lock().expect("nobody panicked").once_in(times)
    }
}
