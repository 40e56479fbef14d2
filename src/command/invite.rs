//! `touchtone invite`

use std::io::Write;

use clap::Args;

use super::daemon::Daemon;
use super::{Failure, Format};
use crate::control::protocol::Command;

/// Call somebody into a room.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone invite 800 +40721000001 --organizer")]
pub(super) struct Invite {
    #[command(flatten)]
    daemon: Daemon,
    /// The room; it need not be open.
    #[arg(value_name = "ROOM")]
    room: String,
    /// Whom to call.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// They are an organizer there.
    #[arg(long)]
    organizer: bool,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Invite {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let Invite { room, number, organizer, .. } = self;
        self.daemon.have_done(Command::Invite { room, number, organizer }, self.format, out)
    }
}
