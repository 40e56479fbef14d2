//! Reading the configuration again while calls go on.
//!
//! It is read and checked on a thread of its own, so that no digit waits for it, and what cannot work changes nothing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{info, warn};

use super::tell::one_line;
use crate::config::{self, Config, Loaded, Refused};
use crate::control::protocol::{Answer, Outcome, Refusal, RefusalCode, Reloaded};
use crate::diagnostic::{Diagnostic, Severity, Sources};

/// How many problems are told in the log, of which each has a line.
const MOST_TOLD: usize = 3;

/// The file, and who wants it read again.
#[derive(Debug)]
pub(super) struct Reload {
    file: PathBuf,
    hangup: Signal,
    reading: Option<JoinHandle<Read>>,
    /// The numbers of the commands that are answered by what is being read.
    askers: Vec<u64>,
    /// Those that came since: the file may be another one again.
    later: Option<Vec<u64>>,
}

/// What came of reading the file: the configuration, or why there is none.
type Read = Result<Box<Loaded>, Unusable>;

/// Why there is no configuration.
#[derive(Debug)]
struct Unusable {
    /// The problems, a line each.
    lines: Vec<String>,
    /// All of them for people, with the lines of the file.
    rendered: String,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Finished {
    read: Read,
    /// The numbers of the commands that wanted it.
    pub(super) askers: Vec<u64>,
}

impl Reload {
    /// From now on SIGHUP has the file read again.
    ///
    /// # Errors
    /// The signal cannot be had.
    pub(super) fn new(file: PathBuf) -> io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        Ok(Reload { file, hangup, reading: None, askers: Vec::new(), later: None })
    }

    /// Somebody wants it, perhaps by a command.
    pub(super) fn ask(&mut self, command: Option<u64>) {
        if self.reading.is_some() {
            self.later.get_or_insert_default().extend(command);
        } else {
            self.begin(command.into_iter().collect());
        }
    }

    fn begin(&mut self, askers: Vec<u64>) {
        let file = self.file.clone();
        self.askers = askers;
        self.reading = Some(spawn_blocking(move || {
            config::load_file(&file).map(Box::new).map_err(|refused| unusable(&refused))
        }));
    }

    /// The file was read. Nothing is lost if the wait is given up.
    pub(super) async fn next(&mut self) -> Finished {
        loop {
            let read = tokio::select! {
                _ = self.hangup.recv() => None,
                read = finished(&mut self.reading) => Some(read),
            };
            let Some(read) = read else {
                self.ask(None);
                continue;
            };
            self.reading = None;
            let askers = std::mem::take(&mut self.askers);
            if let Some(later) = self.later.take() {
                self.begin(later);
            }
            return Finished { read, askers };
        }
    }

    /// What is to be used in place of a configuration, if anything is, and what those are told who wanted it. The log
    /// has it too.
    pub(super) fn settle(&self, read: Finished, used: &Config) -> (Option<Arc<Config>>, Outcome) {
        let file = one_line(&self.file.display().to_string());
        match read.read {
            Ok(loaded) => {
                let Loaded { mut config, warnings, sources } = *loaded;
                let restart = config.keep_fixed(used);
                let warnings = in_lines(&warnings, &sources);
                info!(file, codes = config.codes.len(), "the configuration was read again and is in use");
                for setting in &restart {
                    warn!(
                        "{setting} has changed in the file: the old setting holds until touchtone is started again"
                    );
                }
                tell(&warnings);
                let restart = restart.into_iter().map(str::to_owned).collect();
                let reloaded = Reloaded { file: self.file.display().to_string(), restart, warnings };
                (Some(Arc::new(config)), Outcome::Ok(Answer::Reloaded(Box::new(reloaded))))
            }
            Err(Unusable { lines, rendered }) => {
                warn!(file, "the configuration cannot be used, and nothing was changed");
                tell(&lines);
                let message = format!(
                    "{}\nnothing was changed: touchtone goes on with the configuration it has",
                    rendered.trim_end()
                );
                let refusal = Refusal { code: RefusalCode::Refused, message };
                (None, Outcome::Error(refusal))
            }
        }
    }
}

/// What is being read, once it was; never if nothing is.
async fn finished(reading: &mut Option<JoinHandle<Read>>) -> Read {
    match reading {
        Some(reading) => reading.await.unwrap_or_else(|error| {
            let text = format!("error: the configuration could not be read: {error}");
            Err(Unusable { lines: vec![text.clone()], rendered: text })
        }),
        None => std::future::pending().await,
    }
}

fn unusable(refused: &Refused) -> Unusable {
    let mut worst: Vec<&Diagnostic> = refused.diagnostics.iter().collect();
    worst.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.severity));
    let lines = in_lines(worst, &refused.sources);
    Unusable { lines, rendered: refused.to_string() }
}

fn in_lines<'d>(of: impl IntoIterator<Item = &'d Diagnostic>, sources: &Sources) -> Vec<String> {
    let line = |diagnostic: &Diagnostic| {
        let kind = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        format!("{kind}: {}", one_line(&diagnostic.in_one_line(sources)))
    };
    of.into_iter().map(line).collect()
}

fn tell(lines: &[String]) {
    for line in lines.iter().take(MOST_TOLD) {
        warn!("{line}");
    }
    if lines.len() > MOST_TOLD {
        warn!("and {} more, which `touchtone check` shows", lines.len() - MOST_TOLD);
    }
}
