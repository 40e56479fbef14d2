//! `touchtone mute`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::{There, To};
use crate::control::protocol::{Command, Who};

/// Mute somebody in a room, or everybody, or let them be heard again.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone mute 800 --seat 2 off")]
pub(super) struct Mute {
    #[command(flatten)]
    there: There,
    #[command(flatten)]
    who: Whom,
    /// Whether they are muted then.
    #[arg(value_enum, value_name = "TO", default_value = "on")]
    to: To,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// Who has that seat, as `touchtone rooms` shows it.
    #[arg(long, value_name = "N")]
    seat: Option<u32>,
    /// Who is on that channel or leg, as sip/4 or conf/7.
    #[arg(long, value_name = "ID")]
    channel: Option<String>,
    /// Everybody.
    #[arg(long)]
    all: bool,
}

impl Mute {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let who = match (self.who.seat, self.who.channel) {
            (Some(seat), _) => Who::Seat(seat),
            (None, Some(channel)) => Who::Channel(channel),
            (None, None) => Who::All,
        };
        let to = self.to.into();
        self.there.have_done(|room| Command::Mute { room, who, to }, out)
    }
}
