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

    /// The symbols of words, or keys, that are separated by white space.
    ///
    /// # Errors
    /// The first word that is no key.
    pub fn symbols<'i>(&self, input: &'i str) -> Result<Vec<usize>, &'i str> {
        input.split_whitespace().map(|word| self.symbol(word).ok_or(word)).collect()
    }

    /// What a symbol is shown as.
    #[must_use]
    pub fn name(&self, symbol: usize) -> String {
        match self.mode {
            Mode::Dtmf => Key::all().nth(symbol).map(|key| key.to_string()),
            Mode::Voice => self.words.get(symbol).cloned(),
        }
        .unwrap_or_else(|| "…".to_owned())
    }
}
