//! `touchtone announce`

use std::io::Write;
use std::path::Path;

use clap::Args;

use super::Failure;
use super::daemon::There;
use crate::control::protocol::{Command, Who};

/// Play a file into a room, behind what is being played there, or to one who is there.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone announce 800 /srv/sounds/closing.au")]
pub(super) struct Announce {
    #[command(flatten)]
    there: There,
    /// A file of the engine's machine, or a resource of the engine's as wave/play/... or tone/...
    ///
    /// A relative path is taken from here if there is such a file.
    #[arg(value_name = "FILE")]
    sound: String,
    #[command(flatten)]
    who: Whom,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Whom {
    /// Only to who has that seat, as `touchtone rooms` shows it.
    #[arg(long, value_name = "N")]
    seat: Option<u32>,
    /// Only to who is on that channel or leg, as sip/4 or conf/7.
    #[arg(long, value_name = "ID")]
    channel: Option<String>,
}

impl Announce {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let seat = self.who.seat.map(Who::Seat);
        let who = seat.or(self.who.channel.map(Who::Channel));
        let sound = whole(self.sound);
        self.there.have_done(|room| Command::Announce { room, sound, who }, out)
    }
}

/// The engine does not know where we are.
fn whole(sound: String) -> String {
    let path = Path::new(&sound);
    let whole = path.is_file().then(|| std::path::absolute(path).ok()?.into_os_string().into_string().ok());
    whole.flatten().unwrap_or(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_here_is_named_in_full_and_all_else_as_it_is_written() {
        assert!(whole("Cargo.toml".to_owned()).starts_with('/'));
        for sound in ["tone/busy", "wave/play//srv/a.au", "/srv/nosuch.au", "nosuch.au"] {
            assert_eq!(whole(sound.to_owned()), sound);
        }
    }
}
