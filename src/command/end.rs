//! `touchtone end`

use std::io::Write;

use clap::Args;

use super::daemon::Daemon;
use super::{Failure, Format};
use crate::control::protocol::Command;

/// End a room: everybody in it is hung up on.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone end 800")]
pub(super) struct End {
    #[command(flatten)]
    daemon: Daemon,
    /// The room.
    #[arg(value_name = "ROOM")]
    room: String,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl End {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        self.daemon.have_done(Command::End { room: self.room }, self.format, out)
    }
}
