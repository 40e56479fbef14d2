//! Moments and wall times as they are kept: text that sorts as the times do.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::problem::Trouble;

/// A moment, in UTC and with nine digits after the second.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{at:.9}")
}

pub(super) fn read_moment(text: &str) -> Result<Timestamp, Trouble> {
    text.parse().map_err(|_| Trouble::Damaged(format!("{text:?} is no moment")))
}

/// A time on the wall.
pub(super) fn wall(at: DateTime) -> String {
    at.to_string()
}

pub(super) fn read_wall(text: &str) -> Result<DateTime, Trouble> {
    text.parse().map_err(|_| Trouble::Damaged(format!("{text:?} is no time on the wall")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_lossless_and_sort_as_text() {
        let moments =
            [0, 1, 999_999_999, 1_000_000_000, 1_764_000_000_123_456_789, 4_000_000_000_000_000_000];
        let moments = moments.map(|nanos| Timestamp::from_nanosecond(nanos).unwrap());
        let texts = moments.map(moment);
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts[0], "1970-01-01T00:00:00.000000000Z");
        assert_eq!(texts.map(|text| read_moment(&text).unwrap()), moments);
    }
}
