//! A way between an engine and a module on which lines are counted, and behind one of them nothing passes any more: what a
//! module has said and heard that is killed there.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last {
    /// With which line from now on; the first is 1.
    pub(crate) line: usize,
    /// How much of it passes, in hundredths. What the module hears it hears whole.
    pub(crate) hundredths: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Turnstile(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    last: Option<Last>,
    /// The lines that passed since that was said, and how the last of them began.
    passed: usize,
    line: String,
    closed: bool,
}

impl Turnstile {
    /// Listens in that folder for modules that want to the engine at `address`; gives where.
    pub(crate) fn listen(&self, folder: &Path, address: &str) -> String {
        let path = folder.join("turnstile.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let engine = address.strip_prefix("unix:").expect("an engine on a UNIX socket").to_owned();
        let shared = self.0.clone();
        thread::spawn(move || {
            for module in listener.incoming() {
                let (Ok(module), Ok(engine)) = (module, UnixStream::connect(&engine)) else { return };
                let closed = Arc::new(AtomicBool::new(false));
                for (from, to, from_module) in [(&module, &engine, true), (&engine, &module, false)] {
                    let (from, to) = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
                    let (shared, closed) = (shared.clone(), closed.clone());
                    thread::spawn(move || shared.pass(from, to, &closed, from_module));
                }
            }
        });
        format!("unix:{}", path.display())
    }

    /// From now on lines are counted, and behind that one nothing passes.
    pub(crate) fn end_with(&self, last: Last) {
        let mut state = self.0.state.lock().expect("nobody panicked");
        *state = State { last: Some(last), ..State::default() };
    }

    /// Waits until that line has passed, and gives how it began; `None` if none comes for so long.
    pub(crate) fn wait(&self, patience: Duration) -> Option<String> {
        let mut state = self.0.state.lock().expect("nobody panicked");
        loop {
            if state.closed {
                return Some(state.line.clone());
            }
            let before = state.passed;
            let (after, _) = self.0.changed.wait_timeout(state, patience).expect("nobody panicked");
            state = after;
            if state.passed == before && !state.closed {
                state.last = None;
                return None;
            }
        }
    }
}

impl Shared {
    /// Passes lines as long as they do. What comes later is read and goes nowhere, until who said it is gone.
    fn pass(&self, from: UnixStream, mut to: UnixStream, closed: &AtomicBool, from_module: bool) {
        let mut lines = BufReader::new(from);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let count = self.passes(&line, closed, from_module);
            if to.write_all(&line[..count]).is_err() {
                break;
            }
            line.clear();
        }
        let _ = to.shutdown(Shutdown::Both);
    }

    /// How much of a line passes.
    fn passes(&self, line: &[u8], closed: &AtomicBool, from_module: bool) -> usize {
        let mut state = self.state.lock().expect("nobody panicked");
        if closed.load(Ordering::Relaxed) {
            return 0;
        }
        let Some(last) = state.last else { return line.len() };
        state.passed += 1;
        let from = if from_module { "A " } else { "E " };
        state.line = from.to_owned() + &String::from_utf8_lossy(&line[..line.len().min(100)]);
        self.changed.notify_all();
        if state.passed < last.line {
            return line.len();
        }
        (state.last, state.closed) = (None, true);
        closed.store(true, Ordering::Relaxed);
        if from_module { line.len() * last.hundredths / 100 } else { line.len() }
    }
}
