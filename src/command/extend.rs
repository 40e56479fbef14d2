//! `touchtone extend`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::There;
use crate::control::protocol::Command;

/// Let the conference that is being held in a room last longer, this once.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone extend 800 15")]
pub(super) struct Extend {
    #[command(flatten)]
    there: There,
    /// By how much.
    #[arg(value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
}

impl Extend {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let minutes = self.minutes;
        self.there.have_done(|room| Command::Extend { room, minutes }, out)
    }
}
