//! `touchtone hash-pin`

use std::io::{self, IsTerminal, Write};

use clap::Args;

use super::{Failure, pin};
use crate::schedule::check_pin;
use crate::store::{Pin, hash_pin};

/// Hash a PIN for the configuration, where PINs are never written as they are keyed.
///
/// The PIN, of 4 to 12 digits, is read from standard input, so that it is in no list of processes and in no history.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone hash-pin, then the PIN and Enter;\n\
    what is printed goes into the configuration, in single quotes: pin = '$argon2id$…'")]
pub(super) struct HashPin {}

impl HashPin {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let read = if io::stdin().is_terminal() {
            pin::asked("the configuration")
        } else {
            pin::line(&mut io::stdin().lock())
        };
        let text = read.map_err(|error| {
            Failure::Refused(format!("error: no PIN can be read from standard input: {error}"))
        })?;
        if text.trim().is_empty() {
            let how = "there is no PIN on standard input: run `touchtone hash-pin` and key it";
            return Err(Failure::Usage(format!("error: {how}")));
        }
        let pin = Pin::new(text.trim());
        check_pin(&pin).map_err(|why| Failure::Refused(format!("error: the PIN {why}")))?;
        let hash = hash_pin(&pin).map_err(|why| Failure::Refused(format!("error: {why}")))?;
        writeln!(out, "{}", hash.as_str())?;
        Ok(out.flush()?)
    }
}
