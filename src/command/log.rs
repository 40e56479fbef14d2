//! The log, on standard error: standard output may belong to the engine.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

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

/// Starts the log. A filter that cannot be read is as good as none, and says so.
pub(super) fn start(format: Format) {
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    let (filter, bad) = match EnvFilter::try_new(&wanted) {
        Ok(filter) if !wanted.is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new("info"), None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
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
