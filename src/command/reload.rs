//! `touchtone reload`

use std::io::Write;

use clap::Args;

use super::daemon::{Daemon, beside_the_point, json};
use super::terminal::lines;
use super::{Failure, Format};
use crate::control::protocol::{Answer, Command};

/// Have a running daemon read its configuration again; what cannot work changes nothing.
#[derive(Debug, Args)]
pub(super) struct Reload {
    #[command(flatten)]
    daemon: Daemon,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Reload {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        match (self.daemon.ask(Command::Reload, self.format, out)?, self.format) {
            (Answer::Reloaded(reloaded), Format::Json) => json(out, &reloaded)?,
            (Answer::Reloaded(reloaded), Format::Text) => {
                for warning in &reloaded.warnings {
                    writeln!(out, "{}", lines(warning))?;
                }
                writeln!(out, "{} was read again and is in use", lines(&reloaded.file))?;
                for setting in &reloaded.restart {
                    writeln!(
                        out,
                        "{} has changed in the file: the old setting holds until touchtone is started again",
                        lines(setting)
                    )?;
                }
            }
            (other, _) => return Err(beside_the_point(&other)),
        }
        Ok(out.flush()?)
    }
}
