//! `touchtone lock`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::{There, To};
use crate::control::protocol::Command;

/// Lock a room, so that only organizers are let in, or unlock it.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone lock 800 off")]
pub(super) struct Lock {
    #[command(flatten)]
    there: There,
    /// Whether it is locked then.
    #[arg(value_enum, value_name = "TO", default_value = "on")]
    to: To,
}

impl Lock {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let to = self.to.into();
        self.there.have_done(|room| Command::Lock { room, to }, out)
    }
}
