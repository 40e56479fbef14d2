//! Asking a running daemon: what the commands share that do.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::terminal::{lines, plain};
use super::{Failure, Format, config_file, offline};
use crate::config::Control;
use crate::control::client::{Client, PATIENCE, Problem};
use crate::control::protocol::{Answer, Command, Outcome, Switch};
use crate::plain::acts;
use crate::store::{Manage, Managed};

/// Which daemon.
#[derive(Debug, Args)]
pub(super) struct Daemon {
    /// The daemon's control socket; /run/touchtone.sock if neither this nor --config is given.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    socket: Option<PathBuf>,
    /// The daemon's configuration, whose [control] says where the socket is.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Which way something is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum To {
    /// On, whatever it was.
    On,
    /// Off, whatever it was.
    Off,
    /// The other way round.
    Toggle,
}

impl From<To> for Switch {
    fn from(to: To) -> Self {
        match to {
            To::On => Switch::On,
            To::Off => Switch::Off,
            To::Toggle => Switch::Toggle,
        }
    }
}

/// A room in which a daemon has something to do.
#[derive(Debug, Args)]
pub(super) struct There {
    #[command(flatten)]
    daemon: Daemon,
    /// The room.
    #[arg(value_name = "ROOM")]
    room: String,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl There {
    /// Has done what the room is put into, and prints what is so then.
    pub(super) fn have_done(
        self,
        command: impl FnOnce(String) -> Command,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.daemon.have_done(command(self.room), self.format, out)
    }
}

impl Daemon {
    /// Where the daemon listens.
    pub(super) fn socket(&self) -> Result<PathBuf, Failure> {
        match (&self.socket, &self.config) {
            (Some(socket), _) => Ok(socket.clone()),
            (None, None) => Ok(PathBuf::from(Control::DEFAULT_SOCKET)),
            (None, Some(file)) => match &config_file::load(file)?.control {
                Some(control) => Ok(control.socket.clone()),
                None => {
                    let file = file.display();
                    Err(Failure::Refused(format!(
                        "error: {file} has no [control], so that no daemon with it takes commands\n\
                         add [control], or say with --socket where one listens"
                    )))
                }
            },
        }
    }

    /// The file of the store, if a configuration is given that names one.
    pub(super) fn store(&self) -> Result<Option<PathBuf>, Failure> {
        match &self.config {
            Some(file) => Ok(config_file::load(file)?.store.clone()),
            None => Ok(None),
        }
    }

    /// Has something done, and prints what is so then.
    fn have_done(&self, command: Command, format: Format, out: &mut impl Write) -> Result<(), Failure> {
        match self.ask(command, format, out)? {
            Answer::Done(so) => match format {
                Format::Text => writeln!(out, "{}", lines(&so))?,
                Format::Json => json(out, &Answer::Done(so))?,
            },
            other => return Err(beside_the_point(&other)),
        }
        Ok(out.flush()?)
    }

    /// Asks. A refusal is printed as `format` says.
    pub(super) fn ask(
        &self,
        command: Command,
        format: Format,
        out: &mut impl Write,
    ) -> Result<Answer, Failure> {
        let socket = self.socket()?;
        let outcome = connect(&socket, PATIENCE).and_then(|mut client| client.ask(command));
        granted(outcome.map_err(|problem| failure(&problem))?, format, out)
    }

    /// Asks about the schedule, or who attended; if no daemon runs, the store is asked itself.
    pub(super) fn manage(
        &self,
        manage: Manage,
        format: Format,
        out: &mut impl Write,
    ) -> Result<Managed, Failure> {
        // Nobody listens by a configuration without [control].
        if let Some(file) = &self.config
            && let config = config_file::load(file)?
            && config.control.is_none()
            && let Some(store) = &config.store
        {
            return offline::manage(store, manage);
        }
        let socket = self.socket()?;
        let mut client = match connect(&socket, PATIENCE) {
            Ok(client) => client,
            Err(problem @ Problem::NotRunning(_)) => return offline::offline(self, manage, &problem),
            Err(problem) => return Err(failure(&problem)),
        };
        let outcome = client.ask(Command::Schedule { manage }).map_err(|problem| failure(&problem))?;
        match granted(outcome, format, out)? {
            Answer::Schedule(managed) => Ok(*managed),
            other => Err(beside_the_point(&other)),
        }
    }
}

/// Connects to the daemon that listens there.
pub(super) fn connect(socket: &Path, patience: Duration) -> Result<Client, Problem> {
    Client::connect(socket, patience)
}

/// What is answered, unless it is a refusal.
fn granted(outcome: Outcome, format: Format, out: &mut impl Write) -> Result<Answer, Failure> {
    match (outcome, format) {
        (Outcome::Ok(answer), _) => Ok(answer),
        (Outcome::Error(refusal), Format::Text) => {
            // What is wrong in a file is rendered as an error already.
            let text = lines(&refusal.message);
            let rendered = ["error", "warning"].iter().any(|level| text.starts_with(level));
            Err(Failure::Refused(if rendered { text } else { format!("error: {text}") }))
        }
        (refused, Format::Json) => {
            json(out, &refused)?;
            out.flush()?;
            Err(Failure::Refused(String::new()))
        }
    }
}

/// One object, on a line. What a terminal would do something with is escaped, which is the same JSON.
pub(super) fn json(out: &mut impl Write, object: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(object).map_err(io::Error::from)?;
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units);
            line.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            line.push(character);
        }
    }
    Ok(writeln!(out, "{line}")?)
}

pub(super) fn failure(problem: &Problem) -> Failure {
    Failure::Refused(format!("error: {}", lines(&problem.to_string())))
}

/// Something else was answered than what was asked.
pub(super) fn beside_the_point(answer: &impl fmt::Debug) -> Failure {
    let answer = plain(&format!("{answer:?}"));
    Failure::Refused(format!("error: the answer is none to what was asked: {answer}"))
}
