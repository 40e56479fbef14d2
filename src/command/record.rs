//! `touchtone record`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::{There, To};
use crate::control::protocol::Command;

/// Record a room, or stop the recording.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone record 800 toggle")]
pub(super) struct Record {
    #[command(flatten)]
    there: There,
    /// Whether it is recorded then.
    #[arg(value_enum, value_name = "TO", default_value = "on")]
    to: To,
}

impl Record {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let to = self.to.into();
        self.there.have_done(|room| Command::Record { room, to }, out)
    }
}
