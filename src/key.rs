//! The sixteen keys of a telephone.

use std::fmt;

use serde::{Serialize, Serializer};

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

/// Keys in the order they were pressed; shows as `*6`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Keys(Vec<Key>);

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
        Keys(Vec::new())
    }

    /// The text as the engine's `text=` has it.
    #[must_use]
    pub fn symbols(&self) -> String {
        self.0.iter().map(|key| char::from(key.symbol())).collect()
    }
}

impl std::str::FromStr for Keys {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let key =
            |symbol: char| u8::try_from(symbol).ok().and_then(Key::from_symbol).ok_or(NotAKey { symbol });
        text.chars().map(key).collect::<Result<Vec<_>, _>>().map(Keys)
    }
}

impl std::ops::Deref for Keys {
    type Target = Vec<Key>;

    fn deref(&self) -> &Vec<Key> {
        &self.0
    }
}

impl std::ops::DerefMut for Keys {
    fn deref_mut(&mut self) -> &mut Vec<Key> {
        &mut self.0
    }
}

impl From<&[Key]> for Keys {
    fn from(keys: &[Key]) -> Self {
        Keys(keys.to_vec())
    }
}

impl FromIterator<Key> for Keys {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        Keys(keys.into_iter().collect())
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
