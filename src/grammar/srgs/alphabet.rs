//! The symbols of a grammar: the keys, or whatever words it has.

use std::collections::HashMap;

use super::expansion::key_of;
use super::syntax::Mode;
use crate::key::{KEY_COUNT, Key};

/// What a grammar's patterns are over. In DTMF mode it is the keypad; in voice mode it is every word that the grammar
/// has, and one more symbol for all other words, which only `$GARBAGE` takes.
#[derive(Debug, Clone)]
pub struct Alphabet {
    mode: Mode,
    words: Vec<String>,
    symbols: HashMap<String, usize>,
}

impl Alphabet {
    pub(super) fn new<'w>(mode: Mode, words: impl Iterator<Item = &'w str>) -> Self {
        let mut alphabet = Alphabet { mode, words: Vec::new(), symbols: HashMap::new() };
        if mode == Mode::Voice {
            for word in words {
                if !alphabet.symbols.contains_key(word) {
                    alphabet.symbols.insert(word.to_owned(), alphabet.words.len());
                    alphabet.words.push(word.to_owned());
                }
            }
        }
        alphabet
    }

    /// How many symbols there are.
    #[must_use]
    pub fn size(&self) -> usize {
        match self.mode {
            Mode::Dtmf => KEY_COUNT,
            Mode::Voice => self.words.len() + 1,
        }
    }

    /// The symbol of a word, or of a key; `None` if it is no key.
    #[must_use]
    pub fn symbol(&self, word: &str) -> Option<usize> {
        match self.mode {
            Mode::Dtmf => key_of(word).map(Key::index),
            Mode::Voice => Some(self.symbols.get(word).copied().unwrap_or(self.words.len())),
        }
    }

    /// The words, or keys, of an input. They are separated by white space; keys need none.
    #[must_use]
    pub fn words<'i>(&self, input: &'i str) -> Vec<&'i str> {
        let mut words = Vec::new();
        for word in input.split_whitespace() {
            let keys = || word.split_inclusive(|_| true);
            if self.mode == Mode::Dtmf && key_of(word).is_none() && keys().all(|key| key_of(key).is_some()) {
                words.extend(keys());
            } else {
                words.push(word);
            }
        }
        words
    }

    /// The symbols of the [words](Self::words) of an input.
    ///
    /// # Errors
    /// The first word that is no key.
    pub fn symbols<'i>(&self, input: &'i str) -> Result<Vec<usize>, &'i str> {
        self.words(input).into_iter().map(|word| self.symbol(word).ok_or(word)).collect()
    }
}
