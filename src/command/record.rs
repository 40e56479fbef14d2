//! `touchtone record`

use std::io::Write;

use clap::Args;

use super::daemon::{Daemon, To};
use super::{Failure, Format};
use crate::control::protocol::Command;

/// Record a room, or stop the recording.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone record 800 toggle")]
pub(super) struct Record {
    #[command(flatten)]
    daemon: Daemon,
    /// The room.
    #[arg(value_name = "ROOM")]
    room: String,
    /// Whether it is recorded then.
    #[arg(value_enum, value_name = "TO", default_value = "on")]
    to: To,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Record {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let command = Command::Record { room: self.room, to: self.to.into() };
        self.daemon.have_done(command, self.format, out)
    }
}
