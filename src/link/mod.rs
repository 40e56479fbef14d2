//! The edge: a connection to an engine, kept up.
//!
//! The only place, with the commands, that does I/O and reads a clock. [`run`] connects, lets the brain talk, and
//! connects again when the connection is lost; [`Pump`] is the part of it that can be driven without any of that.

mod backoff;
mod clock;
mod pump;
mod signals;
mod stream;
mod tell;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

pub use clock::Clock;
pub use pump::{Ended, Event, Pump};
pub use stream::{Reader, Writer, connect};

use self::backoff::Backoff;
use self::signals::Signals;
use crate::assist::{Assist, Role};
use crate::config::{Address, Config};

/// How many bytes are read at once.
const READ_SIZE: usize = 64 * 1024;

/// Talks to the engine at `address` until it is told to leave by SIGTERM or SIGINT or, on standard input and
/// output, until the engine closes them. A connection that cannot be had, or is lost, is tried again.
///
/// # Errors
/// Only if the process's signals cannot be had.
pub async fn run(config: Arc<Config>, address: &Address) -> io::Result<()> {
    let mut signals = Signals::new(address)?;
    let mut backoff = Backoff::new(config.yate.reconnect);
    let mut assist = Assist::new(config);
    assist.tell_digits(tell::is_told_of_digits());
    let mut pump = Pump::new(assist);
    let clock = Clock::start();
    loop {
        let connected = tokio::select! {
            connected = connect(address) => connected,
            () = signals.leave() => return Ok(()),
        };
        let problem = match connected {
            Ok(ends) => {
                info!(engine = %address, "connected");
                match serve(&mut pump, ends, role_of(address), &clock, &mut signals, &mut backoff).await {
                    Ended::Left => return Ok(()),
                    Ended::Lost(problem) if *address == Address::Stdio => {
                        info!(problem, "the engine is gone");
                        return Ok(());
                    }
                    Ended::Lost(problem) => problem,
                }
            }
            Err(problem) => problem.to_string(),
        };
        let wait = backoff.next();
        warn!(engine = %address, problem, again_in = ?wait, "no connection to the engine");
        if wait_or_leave(wait, &mut signals).await {
            return Ok(());
        }
    }
}

async fn wait_or_leave(wait: Duration, signals: &mut Signals) -> bool {
    tokio::select! {
        () = sleep(wait) => false,
        () = signals.leave() => true,
    }
}

/// One connection, from its first byte to its last.
async fn serve(
    pump: &mut Pump,
    (mut reader, mut writer): (Reader, Writer),
    role: Role,
    clock: &Clock,
    signals: &mut Signals,
    backoff: &mut Backoff,
) -> Ended {
    let mut buffer = vec![0; READ_SIZE];
    let mut event = Event::Connected(role);
    loop {
        if matches!(event, Event::Leave) {
            info!("leaving");
        }
        if let Some(ended) = pump.handle(clock.now(), event) {
            return ended;
        }
        if pump.assist().is_connected_and_ready() {
            backoff.reset();
        }
        event = tokio::select! {
            biased;
            wrote = writer.write(pump.pending()), if !pump.pending().is_empty() => match wrote {
                Ok(0) => Event::Lost("the engine takes nothing any more".to_owned()),
                Ok(count) => Event::Wrote(count),
                Err(problem) => Event::Lost(problem.to_string()),
            },
            () = signals.leave() => Event::Leave,
            () = clock.until(pump.poll_timeout()) => Event::Due,
            read = reader.read(&mut buffer) => match read {
                Ok(0) => Event::Lost("the engine closed the connection".to_owned()),
                Ok(count) => Event::Bytes(&buffer[..count]),
                Err(problem) => Event::Lost(problem.to_string()),
            },
        };
    }
}

/// What a module does on a connection of this kind first.
const fn role_of(address: &Address) -> Role {
    match address {
        Address::Stdio => Role::Script,
        Address::Unix(_) | Address::Tcp { .. } => Role::Socket,
    }
}
