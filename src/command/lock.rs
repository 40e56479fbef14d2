//! `touchtone lock`

use std::io::Write;

use clap::Args;

use super::daemon::{Daemon, To};
use super::{Failure, Format};
use crate::control::protocol::Command;

/// Lock a room, so that only organizers are let in, or unlock it.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone lock 800 off")]
pub(super) struct Lock {
    #[command(flatten)]
    daemon: Daemon,
    /// The room.
    #[arg(value_name = "ROOM")]
    room: String,
    /// Whether it is locked then.
    #[arg(value_enum, value_name = "TO", default_value = "on")]
    to: To,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Lock {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let command = Command::Lock { room: self.room, to: self.to.into() };
        self.daemon.have_done(command, self.format, out)
    }
}
