//! From words to what the engine plays.

use std::time::Duration;

use super::inventory::key_name;
use super::language;
use super::tone::{self, Tone};
use super::{Phrase, Word};
use crate::config;

/// One resource that the engine plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// As the engine names it: `wave/play/…` or `tone/…`.
    pub resource: String,
    /// How long it is until the next may begin; `None` if the engine tells when it has ended. It does so of files
    /// and not of tones.
    pub lasts: Option<Duration>,
}

/// No tone is played longer than that.
const LONGEST_TONE: Duration = Duration::from_secs(8);

/// How long a tone is that does not say.
const TONE: Duration = Duration::from_secs(2);

impl Sound {
    /// A resource of the engine's. The end of a tone it does not tell; a described one, as `tone/1000/500`, says how many
    /// milliseconds it takes.
    #[must_use]
    pub fn new(resource: impl Into<String>) -> Self {
        let resource = resource.into();
        let described = resource.strip_prefix("tone/").map(|tone| tone.rsplit_once('/'));
        let lasts = described.map(|described| {
            let length = described.and_then(|(_, length)| length.parse().ok()).map(Duration::from_millis);
            length.unwrap_or(TONE).min(LONGEST_TONE)
        });
        Sound { resource, lasts }
    }
}

/// What is to be played, one after the other, so that the words are heard in a language, or in that of `sounds`.
/// Nothing is played for digits of which none is a key.
#[must_use]
pub fn resources(sounds: &config::Sounds, language: Option<&str>, words: &[Word]) -> Vec<Sound> {
    let Some(dir) = &sounds.dir else {
        return words.iter().flat_map(tones).map(tone).collect();
    };
    let language = language.unwrap_or(&sounds.language);
    let dir = dir.trim_end_matches('/');
    let file =
        |name: String| Sound { resource: format!("wave/play/{dir}/{language}/{name}.au"), lasts: None };
    words.iter().flat_map(|word| names(language, word)).map(file).collect()
}

fn tones(word: &Word) -> Vec<Tone> {
    match word {
        Word::Phrase(phrase) => tone::phrase(*phrase),
        Word::Number(number) => tone::number(*number),
        Word::Digits(digits) => tone::digits(digits),
    }
}

fn tone(tone: Tone) -> Sound {
    Sound { resource: tone.resource(), lasts: Some(tone.lasts()) }
}

fn names(language: &str, word: &Word) -> Vec<String> {
    match word {
        Word::Phrase(phrase) => vec![Phrase::file(*phrase).to_owned()],
        Word::Number(number) => match language::find(language) {
            Some(rules) if *number <= language::HIGHEST => (rules.number)(*number),
            _ => one_by_one(&number.to_string()),
        },
        Word::Digits(digits) => one_by_one(digits),
    }
}

fn one_by_one(digits: &str) -> Vec<String> {
    digits.chars().filter_map(key_name).collect()
}
