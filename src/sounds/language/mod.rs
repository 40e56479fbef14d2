//! Languages: what their files hold, and in which order a number is put together from them.

mod english;
mod german;

use super::Phrase;

/// What is known of a language.
pub(super) struct Language {
    /// The files that a number up to [`HIGHEST`] is put together from, in the order they are spoken.
    pub(super) number: fn(u32) -> Vec<String>,
    /// The words of zero to twenty.
    pub(super) units: [&'static str; 21],
    /// The words of thirty, forty, … ninety.
    pub(super) tens: [&'static str; 7],
    /// What goes between: file and words, and the number it counts as where it is heard as beeps.
    pub(super) joints: &'static [(&'static str, &'static str, Option<u32>)],
    /// The words of `*`, `#` and `+`.
    pub(super) signs: [&'static str; 3],
    /// The words of a phrase.
    pub(super) phrase: fn(Phrase) -> &'static str,
}

/// The highest number that is spoken as a number; one by one are the digits of what is higher.
pub(super) const HIGHEST: u32 = 999_999;

/// The rules of a language by its code; of `en-GB` they are those of `en`.
pub(super) fn find(code: &str) -> Option<&'static Language> {
    let main = code.split(['-', '_']).next().unwrap_or(code);
    match main.to_ascii_lowercase().as_str() {
        "en" => Some(&english::ENGLISH),
        "de" => Some(&german::GERMAN),
        _ => None,
    }
}

/// The words that those are shown who make recordings in a language of which there are none here.
pub(super) fn english() -> &'static Language {
    &english::ENGLISH
}

/// Whether the words of a language are known, and how it puts numbers together.
#[must_use]
pub fn has_words(code: &str) -> bool {
    find(code).is_some()
}

/// Whether this can be the code of a language, as `en` or `pt-BR`, and so the name of its directory.
#[must_use]
pub fn is_code(code: &str) -> bool {
    code.starts_with(|first: char| first.is_ascii_alphabetic())
        && code.len() <= 35
        && code.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_'))
}
