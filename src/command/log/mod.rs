//! The log, on standard error: standard output may belong to the engine.

mod aside;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal};
use std::panic;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use self::aside::Aside;

/// How long what was logged may take to be written at the end.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A line an event, for people.
    Text,
    /// A JSON object an event, for tools.
    Json,
}

/// What says how much is logged, as `debug` or `touchtone::link=debug`.
const VARIABLE: &str = "TOUCHTONE_LOG";

/// Starts the log of a command: what it says is written before it goes on.
pub(super) fn start(format: Format) {
    start_on(format, io::stderr);
}

/// The log of a daemon, which waits for nobody who does not read it. At its end what was logged is written.
#[derive(Debug)]
#[must_use = "the log ends with it"]
pub(super) struct Log(Arc<Aside>);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.drain(LAST_LINES);
    }
}

/// Starts the log of a daemon.
///
/// # Errors
/// There can be no thread that writes it.
pub(super) fn start_aside(format: Format) -> io::Result<Log> {
    let aside = Aside::start(io::stderr(), move |lost| lost_lines(format, lost))?;
    start_on(format, aside.clone());
    let log = aside.clone();
    // As by itself, but that nobody has to read it either.
    panic::set_hook(Box::new(move |panicked| {
        let trace = Backtrace::capture();
        let trace =
            if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
        tracing::error!("{panicked}{trace}");
        log.drain(LAST_LINES);
    }));
    Ok(Log(aside))
}

/// What stands in the place of lines that nobody was there to take.
fn lost_lines(format: Format, lost: u64) -> String {
    match format {
        Format::Text => format!("WARN {lost} lines of the log are lost here: they were not read in time\n"),
        Format::Json => {
            let message = "lines of the log are lost here: they were not read in time";
            format!("{{\"level\":\"WARN\",\"message\":\"{message}\",\"lost\":{lost}}}\n")
        }
    }
}

/// A filter that cannot be read is as good as none, and says so.
fn start_on<W>(format: Format, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    let (filter, bad) = match EnvFilter::try_new(&wanted) {
        Ok(filter) if !wanted.is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new("info"), None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    match format {
        Format::Text => log.init(),
        Format::Json => log.json().flatten_event(true).init(),
    }
    if let Some(error) = bad {
        tracing::warn!(%error, "{VARIABLE} is not understood; logging what is usual");
    }
}
