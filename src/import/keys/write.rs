//! A branch as a digit expression.

use super::{Branch, Item, KeySet};
use crate::key::Key;

/// The names of the groups that are wanted, by their numbers.
pub(in crate::import) type Names = std::collections::BTreeMap<usize, String>;

impl Branch {
    /// The digit expression of its keys, which does not say what may stand before and after.
    pub(in crate::import) fn expression(&self, names: &Names) -> String {
        let mut out = String::new();
        sequence(&self.items, names, &mut out);
        out
    }

    /// Whether it can be keyed without anything for a group.
    pub(in crate::import) fn may_skip(&self, number: usize) -> bool {
        may_skip(&self.items, number, false)
    }

    /// The numbers of the groups that stand in it and hold at least one part.
    pub(in crate::import) fn groups(&self) -> Vec<usize> {
        let mut found = Vec::new();
        groups(&self.items, &mut found);
        found
    }
}

fn may_skip(items: &[Item], wanted: usize, repeated: bool) -> bool {
    items.iter().any(|item| match item {
        Item::Set(_) | Item::Either(_) => false,
        Item::Group { number, items } => (repeated && *number == wanted) || may_skip(items, wanted, repeated),
        Item::Repeat { items, min, .. } => may_skip(items, wanted, repeated || *min == 0),
    })
}

fn groups(items: &[Item], found: &mut Vec<usize>) {
    for item in items {
        match item {
            Item::Set(_) | Item::Either(_) => {}
            Item::Group { number, items } => {
                if !is_nothing(items) {
                    found.push(*number);
                }
                groups(items, found);
            }
            Item::Repeat { items, .. } => groups(items, found),
        }
    }
}

/// Whether there is nothing to key.
fn is_nothing(items: &[Item]) -> bool {
    items.iter().all(|item| match item {
        Item::Set(_) | Item::Either(_) => false,
        Item::Group { items, .. } | Item::Repeat { items, .. } => is_nothing(items),
    })
}

fn sequence(items: &[Item], names: &Names, out: &mut String) {
    items.iter().for_each(|item| write(item, names, out));
}

fn write(item: &Item, names: &Names, out: &mut String) {
    match item {
        Item::Set(set) => *out += &class(*set),
        // It is asked before whether it can be said.
        Item::Either(_) => {}
        Item::Group { items, .. } | Item::Repeat { items, .. } if is_nothing(items) => {}
        Item::Group { number, items } => match names.get(number) {
            Some(name) => {
                *out += &format!("({name}:");
                sequence(items, names, out);
                out.push(')');
            }
            None => sequence(items, names, out),
        },
        Item::Repeat { items, min, max } => {
            let mut inner = String::new();
            sequence(items, names, &mut inner);
            let one_thing = match items.as_slice() {
                [Item::Set(_)] => true,
                [Item::Group { number, .. }] => names.contains_key(number),
                _ => false,
            };
            *out += &if one_thing { inner } else { format!("({inner})") };
            *out += &match max {
                Some(max) if max == min => format!("{{{min}}}"),
                Some(max) => format!("{{{min},{max}}}"),
                None => format!("{{{min},}}"),
            };
        }
    }
}

/// A key, or a class of keys, as a digit expression has it.
fn class(set: KeySet) -> String {
    let digits = KeySet::of(|key| key.symbol().is_ascii_digit());
    let keys: Vec<Key> = set.keys().collect();
    if let [only] = keys.as_slice() {
        return only.to_string();
    }
    if set == digits {
        return "x".to_owned();
    }
    let mut inside = String::new();
    let mut rest = keys.as_slice();
    if set.0 & digits.0 == digits.0 {
        inside.push('x');
        rest = &keys[digits.0.count_ones() as usize..];
    }
    while let Some(first) = rest.first() {
        let run = run(rest);
        inside += &match run {
            1 => first.to_string(),
            2 => format!("{first}{}", rest[1]),
            _ => format!("{first}-{}", rest[run - 1]),
        };
        rest = &rest[run..];
    }
    format!("[{inside}]")
}

/// How many keys at the beginning follow on each other, as digits or as letters.
fn run(keys: &[Key]) -> usize {
    let follows = |pair: &[Key]| {
        let [a, b] = [pair[0].symbol(), pair[1].symbol()];
        b == a + 1 && a.is_ascii_alphanumeric()
    };
    1 + keys.windows(2).take_while(|pair| follows(pair)).count()
}
