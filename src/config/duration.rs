//! Times as they are written: `4s`, `250ms`, `1m30s`.

use std::time::Duration;

const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a time: whole numbers, each with its unit, the larger unit first.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(number_end);
        let (unit, remainder) =
            after.split_at(after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len()));
        let (_, worth) = units.find(|(name, _)| *name == unit)?;
        total = number.parse::<u64>().ok()?.checked_mul(*worth)?.checked_add(total)?;
        rest = remainder;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// Writes a time the way [`parse`] reads it.
pub(super) fn show(time: Duration) -> String {
    let mut rest = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, worth) in UNITS {
        if rest >= worth {
            text += &format!("{}{unit}", rest / worth);
            rest %= worth;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_as_the_same_time() {
        for text in ["4s", "250ms", "1m30s", "1h", "2h3m4s5ms", "0s"] {
            assert_eq!(show(parse(text).unwrap()), text);
        }
        assert_eq!(parse("0ms"), Some(Duration::ZERO));
        assert_eq!(parse("90s"), parse("1m30s"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "4",
            "s",
            "4 s",
            "4S",
            "-4s",
            "1.5s",
            "3s2m",
            "1s1s",
            "4sec",
            "99999999999999999999h",
            "4h4",
            "٤s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
