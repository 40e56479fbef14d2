//! `touchtone status`

use std::io::Write;

use clap::Args;

use super::daemon::{Daemon, beside_the_point, json};
use super::show::{Paper, status};
use super::{Failure, Format};
use crate::control::protocol::{Answer, Command};

/// Show how a running daemon is.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    daemon: Daemon,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Status {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        match (self.daemon.ask(Command::Status, self.format, out)?, self.format) {
            (Answer::Status(is), Format::Json) => json(out, &is)?,
            (Answer::Status(is), Format::Text) => writeln!(out, "{}", status::text(&Paper::here(), &is))?,
            (other, _) => return Err(beside_the_point(&other)),
        }
        Ok(out.flush()?)
    }
}
