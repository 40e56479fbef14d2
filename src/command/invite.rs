//! `touchtone invite`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::There;
use crate::control::protocol::Command;

/// Call somebody into a room.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone invite 800 +40721000001 --organizer")]
pub(super) struct Invite {
    #[command(flatten)]
    there: There,
    /// Whom to call.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// They are an organizer there.
    #[arg(long)]
    organizer: bool,
}

impl Invite {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let Invite { there, number, organizer } = self;
        there.have_done(|room| Command::Invite { room, number, organizer }, out)
    }
}
