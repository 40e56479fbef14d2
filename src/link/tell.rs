//! What the brain tells, in the log.

use tracing::{debug, info, warn};

use crate::assist::Report;

/// Logs a report. What comes from outside is always written with its control characters escaped.
pub(super) fn report(report: Report) {
    match report {
        Report::Ready { engine, run } => info!(?engine, ?run, "ready"),
        Report::Advice { text } => warn!("{}", one_line(&text)),
        Report::Keyed { channel, keys } => debug!(?channel, %keys, "keyed"),
        Report::Repeated { channel, keys } => debug!(?channel, %keys, "came again, ignored"),
        Report::Held { channel, keys } => debug!(?channel, %keys, "held"),
        Report::Fired { channel, code, keys, captures } => info!(?channel, code, %keys, ?captures, "fired"),
        Report::Passed { channel, keys } => debug!(?channel, %keys, "passed"),
        Report::Released { channel, keys } => debug!(?channel, %keys, "released"),
        Report::Dropped { channel, keys } => debug!(?channel, %keys, "dropped"),
        Report::Done { channel, code, now } => info!(?channel, code, now, "done"),
        Report::Failed { channel, code, reason } => warn!(?channel, code, reason, "failed"),
        Report::Trouble { text } => warn!("{}", one_line(&text)),
    }
}

/// A text as one line, whoever it quotes.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, char| {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_write_a_line_of_the_log() {
        assert_eq!(
            one_line("refused: \"no\"\nWARN all is lost\u{1b}[2J"),
            "refused: \"no\"\\nWARN all is lost\\u{1b}[2J"
        );
    }
}
