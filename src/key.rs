//! The sixteen keys of a telephone.

use std::fmt;

use serde::{Serialize, Serializer};
use smallvec::SmallVec;

/// How many keys there are.
pub const KEY_COUNT: usize = 16;

const SYMBOLS: [u8; KEY_COUNT] = *b"0123456789*#ABCD";

/// One key: `0` to `9`, `*`, `#`, `A` to `D` (ITU-T Q.23).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u8);

impl Key {
    /// Every key, in the order of [`Key::index`].
    pub fn all() -> impl Iterator<Item = Key> {
        (0..KEY_COUNT as u8).map(Key)
    }

    /// The key of a symbol; `a` to `d` are the same as `A` to `D`.
    #[must_use]
    pub const fn from_symbol(symbol: u8) -> Option<Key> {
        match symbol {
            b'0'..=b'9' => Some(Key(symbol - b'0')),
            b'*' => Some(Key(10)),
            b'#' => Some(Key(11)),
            b'A'..=b'D' => Some(Key(symbol - b'A' + 12)),
            b'a'..=b'd' => Some(Key(symbol - b'a' + 12)),
            _ => None,
        }
    }

    /// The symbol on the key, in ASCII.
    #[must_use]
    pub const fn symbol(self) -> u8 {
        SYMBOLS[self.0 as usize]
    }

    /// 0 to 15: the digits, `*`, `#`, then `A` to `D`.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, char::from(self.symbol()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many keys are kept without memory of their own: most codes are shorter.
const SHORT: usize = 16;

/// Keys in the order they were pressed; shows as `*6`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Keys(SmallVec<[Key; SHORT]>);

/// A character that is on no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{symbol:?} is no key: the keys are 0-9 * # A-D")]
pub struct NotAKey {
    /// The character.
    pub symbol: char,
}

impl Keys {
    /// No keys.
    #[must_use]
    pub const fn new() -> Self {
        Keys(SmallVec::new_const())
    }

    /// The text as the engine's `text=` has it.
    #[must_use]
    pub fn symbols(&self) -> String {
        self.0.iter().map(|key| char::from(key.symbol())).collect()
    }

    /// Reads a text as the engine's `text=` has it; `None` if there is anything in it that is on no key.
    #[must_use]
    pub fn from_symbols(text: &[u8]) -> Option<Self> {
        text.iter().map(|&symbol| Key::from_symbol(symbol)).collect::<Option<_>>().map(Keys)
    }

    /// Adds a key at the end.
    pub fn push(&mut self, key: Key) {
        self.0.push(key);
    }

    /// Puts a key before that at `at`.
    ///
    /// # Panics
    /// If `at` is behind the end.
    pub fn insert(&mut self, at: usize, key: Key) {
        self.0.insert(at, key);
    }

    /// Takes the key at `at` away.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, at: usize) -> Key {
        self.0.remove(at)
    }

    /// Keeps that many keys at most.
    pub fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

impl std::str::FromStr for Keys {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let key =
            |symbol: char| u8::try_from(symbol).ok().and_then(Key::from_symbol).ok_or(NotAKey { symbol });
        text.chars().map(key).collect::<Result<_, _>>().map(Keys)
    }
}

impl std::ops::Deref for Keys {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        &self.0
    }
}

impl std::ops::DerefMut for Keys {
    fn deref_mut(&mut self) -> &mut [Key] {
        &mut self.0
    }
}

impl From<&[Key]> for Keys {
    fn from(keys: &[Key]) -> Self {
        Keys(SmallVec::from_slice(keys))
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Keys(keys.into_iter().collect())
    }
}

impl<'k> Extend<&'k Key> for Keys {
    fn extend<I: IntoIterator<Item = &'k Key>>(&mut self, keys: I) {
        self.0.extend(keys.into_iter().copied());
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.symbols())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_is_its_own_key() {
        for key in Key::all() {
            assert_eq!(Key::from_symbol(key.symbol()), Some(key));
        }
        assert_eq!("*9#aD".parse::<Keys>().unwrap().to_string(), "*9#AD");
        assert_eq!("12 3".parse::<Keys>(), Err(NotAKey { symbol: ' ' }));
    }
}
