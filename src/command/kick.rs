//! `touchtone kick`

use std::io::Write;

use clap::Args;

use super::Failure;
use super::daemon::There;
use crate::control::protocol::{Command, Who};

/// Throw somebody out of a room.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone kick 800 --last")]
pub(super) struct Kick {
    #[command(flatten)]
    there: There,
    #[command(flatten)]
    who: Whom,
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
    /// Who came last.
    #[arg(long)]
    last: bool,
}

impl Kick {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let who = match (self.who.seat, self.who.channel) {
            (Some(seat), _) => Who::Seat(seat),
            (None, Some(channel)) => Who::Channel(channel),
            (None, None) => Who::Last,
        };
        self.there.have_done(|room| Command::Kick { room, who }, out)
    }
}
