//! The keys of one branch without those that another takes first.

use super::{Branch, Item, KeySet};

/// The branch without what begins with the keys of the other, if both say one key after the other there.
pub(in crate::import) fn without(branch: &Branch, taken: &Branch) -> Option<Vec<Branch>> {
    let taken = flat(&taken.items)?;
    let mut branch = branch.clone();
    for at in 0..taken.len() {
        unroll(&mut branch.items, at)?;
    }
    let mut left = Vec::new();
    for (at, &keys) in taken.iter().enumerate() {
        let set = key_at(&mut branch.items, at)?;
        let (both, rest) = (KeySet(set.0 & keys.0), KeySet(set.0 & !keys.0));
        if !rest.is_empty() {
            *set = rest;
            left.push(branch.clone());
        }
        if both.is_empty() {
            return Some(left);
        }
        *key_at(&mut branch.items, at)? = both;
    }
    Some(left)
}

/// The keys one after the other, if it is that.
fn flat(items: &[Item]) -> Option<Vec<KeySet>> {
    let mut all = Vec::new();
    for item in items {
        match item {
            Item::Set(set) => all.push(*set),
            Item::Group { items, .. } => all.extend(flat(items)?),
            Item::Repeat { items, min, max } if *max == Some(*min) => {
                let round = flat(items)?;
                (0..*min).for_each(|_| all.extend(round.iter().copied()));
            }
            Item::Repeat { .. } | Item::Either(_) => return None,
        }
        if all.len() > 32 {
            return None;
        }
    }
    Some(all)
}

/// Writes a repeat of one key out as far as its key at a place is one by itself.
fn unroll(items: &mut Vec<Item>, place: usize) -> Option<()> {
    let mut at = 0;
    for index in 0..items.len() {
        match &mut items[index] {
            Item::Set(_) if at == place => return Some(()),
            Item::Set(_) => at += 1,
            Item::Group { items, .. } => {
                let length = flat(items).map(|keys| keys.len());
                if length.is_none_or(|length| place < at + length) {
                    return unroll(items, place - at);
                }
                at += length?;
            }
            Item::Either(_) => return None,
            Item::Repeat { items: round, min, max } => {
                let (&[Item::Set(_)], 1..) = (round.as_slice(), *min) else { return None };
                let rest = max.map(|max| max - 1);
                let mut new = round.clone();
                if rest != Some(0) {
                    new.push(Item::Repeat { items: round.clone(), min: *min - 1, max: rest });
                }
                items.splice(index..=index, new);
                return unroll(items, place);
            }
        }
    }
    None
}

fn key_at(items: &mut [Item], place: usize) -> Option<&mut KeySet> {
    let mut at = 0;
    for item in items {
        match item {
            Item::Set(set) if at == place => return Some(set),
            Item::Set(_) => at += 1,
            Item::Group { items, .. } => {
                let length = flat(items).map(|keys| keys.len());
                if length.is_none_or(|length| place < at + length) {
                    return key_at(items, place - at);
                }
                at += length?;
            }
            Item::Repeat { .. } | Item::Either(_) => return None,
        }
    }
    None
}
