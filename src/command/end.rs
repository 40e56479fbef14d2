//! `touchtone end`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::There;
use crate::control::protocol::Command;

/// End a room: everybody in it is hung up on.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone end 800")]
pub(super) struct End {
    #[command(flatten)]
    there: There,
}

impl End {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        self.there.have_done(|room| Command::End { room }, out)
    }
}
