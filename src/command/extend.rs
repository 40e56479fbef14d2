//! `touchtone extend`

use std::io::Write;

use clap::Args;

use super::daemon::Daemon;
use super::{Failure, Format};
use crate::control::protocol::Command;

/// Let the conference that is being held in a room last longer, this once.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone extend 800 15")]
pub(super) struct Extend {
    #[command(flatten)]
    daemon: Daemon,
    /// The room.
    #[arg(value_name = "ROOM")]
    room: String,
    /// By how much.
    #[arg(value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Extend {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let command = Command::Extend { room: self.room, minutes: self.minutes };
        self.daemon.have_done(command, self.format, out)
    }
}
