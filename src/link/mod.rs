//! The edge: a connection to an engine, kept up.
//!
//! The only place, with the commands, that does I/O and reads a clock. [`run`] connects, lets the brain talk, and
//! connects again when the connection is lost; [`Pump`] is the part of it that can be driven without any of that.

mod asides;
mod backoff;
mod clock;
pub mod guard;
mod latency;
mod pump;
mod reload;
mod signals;
mod stream;
mod tell;
mod unread;

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

pub use clock::Clock;
pub use pump::{Ended, Event, Pump};
pub use stream::{Reader, Writer, connect};

use self::asides::{Aside, Asides};
use self::backoff::Backoff;
use self::guard::Guard;
use self::latency::{Happened, Stopwatch};
use self::signals::Signals;
use self::unread::Unread;
use crate::assist::Assist;
use crate::config::{Address, Config};

/// How many bytes are read at once.
const READ_SIZE: usize = 64 * 1024;

/// How long it is at most until the connection is looked at again, so that it is known how long what comes may have waited.
const LOOK: Duration = Duration::from_millis(250);

/// Talks to the engine at `address` until it is told to leave by SIGTERM or SIGINT or, on standard input and
/// output, until the engine closes them. A connection that cannot be had, or is lost, is tried again. The configuration
/// is read again from `file`, where it is from, at SIGHUP and by command. `program` is ours if it can be started as a
/// [`guard`] of the connection.
///
/// # Errors
/// Only if the process's signals cannot be had, or commands cannot be listened for as configured.
pub async fn run(
    file: &Path,
    config: Arc<Config>,
    address: &Address,
    program: Option<&Path>,
) -> io::Result<()> {
    let signals = Signals::new(address)?;
    let asides = Asides::start(config.clone(), file.to_owned()).await?;
    let backoff = Backoff::new(config.yate.reconnect);
    let mut assist = Assist::new(config);
    assist.tell(tell::telling());
    let stopwatch = Stopwatch::default();
    let program = program.map(Path::to_owned);
    let (pump, clock) = (Pump::new(assist), Clock::start());
    let mut edge = Edge { pump, clock, signals, asides, backoff, stopwatch, program };
    while let Some(problem) = edge.connection(address).await {
        let wait = edge.backoff.next();
        warn!(engine = %address, problem, again_in = ?wait, "no connection to the engine");
        if edge.meanwhile(sleep(wait)).await.is_none() {
            break;
        }
    }
    edge.asides.end().await;
    Ok(())
}

/// All that the brain has to do with.
struct Edge {
    pump: Pump,
    clock: Clock,
    signals: Signals,
    asides: Asides,
    backoff: Backoff,
    stopwatch: Stopwatch,
    /// What is started to guard a connection.
    program: Option<PathBuf>,
}

impl Edge {
    /// One connection, or none; says why it is to be tried again, if it is.
    async fn connection(&mut self, address: &Address) -> Option<String> {
        let ends = match self.meanwhile(connect(address)).await? {
            Ok(ends) => ends,
            Err(problem) => return Some(problem.to_string()),
        };
        info!(engine = %address, "connected");
        // It ends after the connection does.
        let _guard = self.guard(&ends.0);
        match self.serve(ends).await {
            Ended::Left => None,
            Ended::Lost(problem) if *address == Address::Stdio => {
                info!(problem, "the engine is gone");
                None
            }
            Ended::Lost(problem) => Some(problem),
        }
    }

    /// Somebody else who holds the connection, if it is a socket.
    fn guard(&self, reader: &Reader) -> Option<Guard> {
        let program = self.program.as_ref()?;
        let guard =
            reader.connection().and_then(|held| held.map(|held| Guard::start(program, held)).transpose());
        guard.unwrap_or_else(|problem| {
            warn!(%problem, "nobody guards the connection: if we are killed, digits may wait for the engine's time-out");
            None
        })
    }

    /// Waits without an engine, and answers commands; `None` if we are to leave.
    async fn meanwhile<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        let mut wait = pin!(wait);
        loop {
            let event = tokio::select! {
                () = self.signals.leave() => {
                    info!("leaving");
                    return None;
                }
                done = &mut wait => return Some(done),
                aside = self.asides.next() => Event::from(aside),
                () = self.clock.until(self.pump.poll_timeout()) => Event::Due,
            };
            self.handle(event);
        }
    }

    fn handle(&mut self, event: Event<'_>) -> Option<Ended> {
        let now = self.clock.now();
        if let Event::Reload(config) = &event {
            self.backoff = Backoff::new(config.yate.reconnect);
        }
        let happened = Happened::of(&event);
        let ended = self.pump.handle(now, event);
        self.stopwatch.note(now.steady, happened, &self.pump);
        ended.or(self.asides.deliver(now, &mut self.pump, &self.stopwatch))
    }

    /// One connection, from its first byte to its last.
    async fn serve(&mut self, (mut reader, mut writer): (Reader, Writer)) -> Ended {
        let mut buffer = vec![0; READ_SIZE];
        let mut unread = Unread::new(self.clock.steady());
        let probe = match reader.probe() {
            Ok(probe) => probe,
            Err(problem) => return Ended::Lost(problem.to_string()),
        };
        let mut event = Event::Connected(reader.role());
        loop {
            if matches!(event, Event::Leave) {
                info!("leaving");
            }
            if let Some(ended) = self.handle(event) {
                return ended;
            }
            if self.pump.assist().is_connected_and_ready() {
                self.backoff.reset();
            }
            let look = self.clock.steady() + LOOK;
            let due = self.pump.poll_timeout().map_or(look, |due| due.min(look));
            // Answers go out before anything else comes in; the engine and those beside it take turns.
            event = tokio::select! {
                biased;
                wrote = writer.write(self.pump.pending()), if !self.pump.pending().is_empty() => match wrote {
                    Ok(0) => Event::Lost("the engine takes nothing any more".to_owned()),
                    Ok(count) => Event::Wrote(count),
                    Err(problem) => Event::Lost(problem.to_string()),
                },
                () = self.signals.leave() => Event::Leave,
                () = self.clock.until(Some(due)) => Event::Due,
                came = either(
                    unread.reading(&self.clock, &probe, reader.read(&mut buffer)),
                    &mut self.asides,
                ) => match came {
                    Came::Read(Ok(0)) => Event::Lost("the engine closed the connection".to_owned()),
                    Came::Read(Ok(count)) => {
                        let since = unread.read(self.clock.steady(), count, count == buffer.len());
                        Event::Bytes { bytes: &buffer[..count], since }
                    }
                    Came::Read(Err(problem)) => Event::Lost(problem.to_string()),
                    Came::Aside(aside) => Event::from(aside),
                },
            };
        }
    }
}

/// From where something came.
enum Came {
    Read(io::Result<usize>),
    Aside(Aside),
}

async fn either(read: impl Future<Output = io::Result<usize>>, asides: &mut Asides) -> Came {
    tokio::select! {
        read = read => Came::Read(read),
        aside = asides.next() => Came::Aside(aside),
    }
}
