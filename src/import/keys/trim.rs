//! The shortest keys that match: with them a code fires, and the buffer is empty.

use super::{Branch, Item, shortest};

impl Branch {
    /// Leaves off what comes after a match, where that is how often the last keys are repeated. `least` is how many
    /// keys there must be before anything is looked at, if that many can be.
    pub(in crate::import) fn trim(&mut self, least: usize) {
        trim(&mut self.items, 0, least);
        tidy(&mut self.items);
    }
}

/// Trims from the end on; `before` is how many keys come before at least.
fn trim(items: &mut [Item], before: usize, least: usize) {
    for at in (0..items.len()).rev() {
        let before = before + shortest(&items[..at]);
        match &mut items[at] {
            Item::Set(_) | Item::Either(_) => {}
            Item::Group { items, .. } => trim(items, before, least),
            Item::Repeat { items, min, max } => {
                let round = shortest(items);
                let mut times = *min;
                while round > 0 && before + times * round < least && max.is_none_or(|max| times < max) {
                    times += 1;
                }
                (*min, *max) = (times, Some(times));
                if times == 1 {
                    trim(items, before, least);
                }
            }
        }
        if items[at].shortest() > 0 {
            return;
        }
    }
}

/// Takes repeats away that are none.
fn tidy(items: &mut Vec<Item>) {
    let old = std::mem::take(items);
    for mut item in old {
        if let Item::Repeat { items, .. } | Item::Group { items, .. } = &mut item {
            tidy(items);
        }
        match item {
            Item::Repeat { max: Some(0), .. } => {}
            Item::Repeat { items: inner, min: 1, max: Some(1) } => items.extend(inner),
            item => items.push(item),
        }
    }
}
