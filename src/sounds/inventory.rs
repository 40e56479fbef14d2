//! Every file that can be asked for in a language.

use super::Phrase;
use super::language::{self, Language};
use super::tone::{self, Tone};

/// A file of a language, as it is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file's name, without directory and ending.
    pub name: String,
    /// What is said in it; in English if the words of the language are not known.
    pub words: &'static str,
    /// What it means.
    pub meaning: Meaning,
}

/// What a recording means, for those who have no voice to say it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A phrase.
    Phrase(Phrase),
    /// A number, or the part of one that stands for it.
    Number(u32),
    /// A key that is no digit, as it is keyed.
    Key(char),
    /// What goes between the parts of a number.
    Joint,
}

impl Meaning {
    /// The tones in place of words.
    #[must_use]
    pub fn tones(self) -> Vec<Tone> {
        match self {
            Meaning::Phrase(phrase) => tone::phrase(phrase),
            Meaning::Number(number) => tone::number(number),
            Meaning::Key(key) => tone::digits(key.encode_utf8(&mut [0; 4])),
            Meaning::Joint => vec![tone::TICK],
        }
    }
}

/// The name of the file of a key; `None` if it is no key.
pub(super) fn key_name(key: char) -> Option<String> {
    match key {
        '0'..='9' => Some(key.to_string()),
        'A'..='D' | 'a'..='d' => Some(key.to_ascii_lowercase().to_string()),
        '*' => Some("star".to_owned()),
        '#' => Some("pound".to_owned()),
        '+' => Some("plus".to_owned()),
        _ => None,
    }
}

/// Every file that can be asked for in a language: its name, and what is said in it.
#[must_use]
pub fn inventory(language: &str) -> Vec<(String, &'static str)> {
    recordings(language).into_iter().map(|one| (format!("{}.au", one.name), one.words)).collect()
}

/// Every recording that a language needs. Where its words are not known, numbers are digits one by one, and so
/// there are fewer.
#[must_use]
pub fn recordings(code: &str) -> Vec<Recording> {
    let known = language::find(code);
    let words = known.unwrap_or(language::english());
    let mut all: Vec<Recording> = Phrase::ALL
        .iter()
        .map(|&phrase| recording(phrase.file(), (words.phrase)(phrase), Meaning::Phrase(phrase)))
        .collect();
    let spoken = if known.is_some() { 21 } else { 10 };
    all.extend((0..).zip(&words.units[..spoken]).map(|(number, said)| number_recording(number, said)));
    if known.is_some() {
        all.extend((3..).zip(words.tens).map(|(ten, said)| number_recording(ten * 10, said)));
        all.extend(joints(words));
    }
    for (key, said) in
        ['*', '#', '+'].into_iter().zip(words.signs).chain([('A', "A"), ('B', "B"), ('C', "C"), ('D', "D")])
    {
        all.extend(key_name(key).map(|name| recording(&name, said, Meaning::Key(key))));
    }
    all
}

fn joints(words: &Language) -> impl Iterator<Item = Recording> {
    words
        .joints
        .iter()
        .map(|&(name, said, counts)| recording(name, said, counts.map_or(Meaning::Joint, Meaning::Number)))
}

fn number_recording(number: u32, words: &'static str) -> Recording {
    recording(&number.to_string(), words, Meaning::Number(number))
}

fn recording(name: &str, words: &'static str, meaning: Meaning) -> Recording {
    Recording { name: name.to_owned(), words, meaning }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_recordings_have_one_name() {
        for language in ["en", "de", "xx"] {
            let all = inventory(language);
            let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names.len(), all.len(), "{language}");
            assert!(all.iter().all(|(_, words)| !words.is_empty()));
        }
    }

    #[test]
    fn a_language_that_is_not_known_needs_digits_and_no_tens() {
        let names: Vec<String> = inventory("xx").into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"9.au".to_owned()) && names.contains(&"muted.au".to_owned()));
        assert!(!names.contains(&"10.au".to_owned()) && !names.contains(&"hundred.au".to_owned()));
    }
}
