//! What the brain tells, in the log.

use std::fmt;

use bstr::{BString, ByteSlice};
use tracing::{debug, info, warn};

use crate::assist::{Report, Telling};
use crate::key::Keys;
use crate::plain::spelled_out;

/// How much is read by anybody.
pub(super) fn telling() -> Telling {
    match () {
        () if tracing::enabled!(tracing::Level::DEBUG) => Telling::Digits,
        () if tracing::enabled!(tracing::Level::WARN) => Telling::Codes,
        () => Telling::Troubles,
    }
}

/// Logs a report. What comes from outside is always written with its control characters escaped.
pub(super) fn report(report: Report) {
    match report {
        Report::Ready { engine, run } => info!(engine = one_line(&engine), run = one_line(&run), "ready"),
        Report::Advice { text } => info!("{}", one_line(&text)),
        Report::Keyed { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "keyed");
        }
        Report::Repeated { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "came again, ignored");
        }
        Report::Held { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "held");
        }
        Report::Fired { channel, code, secret: true, .. } => info!(channel = name(&channel), code, "fired"),
        Report::Fired { channel, code, keys, captures, .. } => {
            info!(channel = name(&channel), code, %keys, captures = listed(&captures), "fired");
        }
        Report::Refused { channel, code, keys, secret } => {
            debug!(channel = name(&channel), code, keys = %shown(&keys, secret), "one code too many");
        }
        Report::Passed { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "passed");
        }
        Report::Released { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "released");
        }
        Report::Dropped { channel, keys, secret } => {
            debug!(channel = name(&channel), keys = %shown(&keys, secret), "dropped");
        }
        Report::Done { channel, code, now } => {
            info!(channel = name(&channel), code, now = one_line(&now), "done");
        }
        Report::Failed { channel, code, reason } => {
            warn!(channel = name(&channel), code, reason = one_line(&reason), "failed");
        }
        Report::Commanded { operation, outcome: Ok(now) } => {
            info!(operation, now = one_line(&now), "commanded");
        }
        Report::Commanded { operation, outcome: Err(reason) } => {
            warn!(operation, reason = one_line(&reason), "a command failed");
        }
        Report::Trouble { text } => warn!("{}", one_line(&text)),
    }
}

/// Digits, unless nobody is to read them.
fn shown(keys: &Keys, secret: bool) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| if secret { f.write_str("(secret)") } else { write!(f, "{keys}") })
}

/// An id as text.
fn name(id: &BString) -> String {
    one_line(&id.to_str_lossy())
}

/// What the captures of a code hold, as `room=800 pin=1234`.
fn listed(captures: &[(String, Keys)]) -> String {
    captures.iter().map(|(name, keys)| format!("{name}={keys}")).collect::<Vec<_>>().join(" ")
}

/// How much of a text is logged, in characters.
const LONGEST: usize = 1_000;

/// A text as one line that is not very long and can do nothing but be read, whoever it quotes.
pub(super) fn one_line(text: &str) -> String {
    spelled_out(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        let keys: Keys = "1234#".parse().expect("keys");
        assert_eq!(shown(&keys, true).to_string(), "(secret)");
        assert_eq!(shown(&keys, false).to_string(), "1234#");
    }

    #[test]
    fn nobody_can_write_a_line_of_the_log() {
        assert_eq!(
            one_line("refused: \"no\"\nWARN all is lost\u{1b}[2J"),
            "refused: \"no\"\\nWARN all is lost\\u{1b}[2J"
        );
        assert_eq!(one_line("\u{202e}olleh\u{9b}\u{2028}"), "\\u{202e}olleh\\u{9b}\\u{2028}");
        assert_eq!(one_line(&"a".repeat(60_000)).chars().count(), LONGEST + 1);
    }
}
