//! What somebody probably meant.

/// Nobody is helped by a comparison of longer names, or with more of them.
const MAX_LENGTH: usize = 64;
const MAX_CANDIDATES: usize = 1_000;

/// The candidate that is nearest to what was written, if one is near enough to be meant.
pub(crate) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let written = plain(written);
    let most = (written.chars().count() / 3).max(1);
    let short = |name: &&str| name.len() <= MAX_LENGTH;
    let candidates = candidates.into_iter().take(MAX_CANDIDATES).filter(short);
    let candidates = candidates.filter(|_| written.len() <= MAX_LENGTH);
    let distances = candidates.map(|name| (strsim::osa_distance(&written, &plain(name)), name));
    distances
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        assert_eq!(nearest("Max_Digits", ["max-digits", "enter"]), Some("max-digits"));
        assert_eq!(nearest("state", ["status", "states"]), Some("states"));
        assert_eq!(nearest("conferenec", ["call", "conference"]), Some("conference"));
        assert_eq!(nearest("volume", ["call", "conference"]), None);
        assert_eq!(nearest("", ["a"]), Some("a"));
        assert_eq!(nearest(&"a".repeat(100_000), [&*"a".repeat(100_001)]), None);
    }
}
