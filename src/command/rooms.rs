//! `touchtone rooms`

use std::io::{self, IsTerminal, Write};

use clap::Args;

use super::daemon::{Daemon, beside_the_point, json};
use super::show::{Paper, rooms};
use super::{Failure, Format, watch};
use crate::control::protocol::{Answer, Command};

/// Show the rooms and who is in them.
#[derive(Debug, Args)]
#[command(
    after_help = "With --format json a room is a line. --watch is left with q or Ctrl-C; arrows and page keys move."
)]
pub(super) struct Rooms {
    #[command(flatten)]
    daemon: Daemon,
    /// Only this room.
    #[arg(value_name = "ROOM")]
    room: Option<String>,
    /// Go on showing them, as they are now, once a second.
    #[arg(long, short)]
    watch: bool,
    /// How they are printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Rooms {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let command = Command::Rooms { room: self.room.clone() };
        if self.watch {
            self.is_watchable()?;
            return watch::watch(self.daemon.socket()?, &command);
        }
        match (self.daemon.ask(command, self.format, out)?, self.format) {
            (Answer::Rooms(all), Format::Json) => all.iter().try_for_each(|room| json(out, room))?,
            (Answer::Rooms(all), Format::Text) => writeln!(out, "{}", rooms::text(&Paper::here(), &all))?,
            (other, _) => return Err(beside_the_point(&other)),
        }
        Ok(out.flush()?)
    }

    fn is_watchable(&self) -> Result<(), Failure> {
        let text = if self.format == Format::Json {
            "error: --watch is for people to look at, and cannot be had with --format json"
        } else if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            "error: --watch needs a terminal; without it the rooms are shown once"
        } else {
            return Ok(());
        };
        Err(Failure::Usage(text.to_owned()))
    }
}
