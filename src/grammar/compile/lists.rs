//! Lists of numbers, each kept once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Lists of numbers, each with the number it got when it was first seen: 0, 1, 2, and so on.
#[derive(Default)]
pub(super) struct Lists {
    /// All lists, one after the other.
    values: Vec<u32>,
    /// Where each list ends.
    ends: Vec<usize>,
    /// The last list of each hash, and for each list the one before it of the same hash.
    last: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    before: Vec<Option<u32>>,
}

impl Lists {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.values[start..self.ends[number]]
    }

    /// The number of a list that was seen before.
    pub(super) fn find(&self, list: &[u32]) -> Option<u32> {
        let last = self.last.get(&hash(list)).copied();
        let mut alike = std::iter::successors(last, |&number| self.before[number as usize]);
        alike.find(|&number| self.get(number as usize) == list)
    }

    /// The number of a list that was not seen before.
    pub(super) fn add(&mut self, list: &[u32]) -> u32 {
        let number = self.ends.len() as u32;
        self.values.extend_from_slice(list);
        self.ends.push(self.values.len());
        self.before.push(self.last.insert(hash(list), number));
        number
    }
}

/// A hash that is quick, and need be no more: an admin has nothing to win by lists that collide.
fn hash(list: &[u32]) -> u64 {
    let mix = |hash: u64, &value: &u32| {
        (hash.rotate_left(5) ^ u64::from(value)).wrapping_mul(0x517c_c1b7_2722_0a95)
    };
    let mixed = list.iter().fold(list.len() as u64, mix);
    mixed ^ (mixed >> 32)
}

/// Takes a number that is a hash already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_is_found_by_what_is_in_it(lists in prop::collection::vec(prop::collection::vec(0u32..3, 0..4), 0..40)) {
            let mut seen = Lists::default();
            for list in &lists {
                let number = seen.find(list).unwrap_or_else(|| seen.add(list));
                prop_assert_eq!(seen.get(number as usize), list.as_slice());
            }
            let distinct: std::collections::HashSet<_> = lists.iter().collect();
            prop_assert_eq!(seen.len(), distinct.len());
        }
    }
}
