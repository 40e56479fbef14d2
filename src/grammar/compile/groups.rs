//! Many small things by a key, in two flat lists.

/// Elements by a key that each has; those of a key stand in their own order.
pub(super) struct Groups {
    pub(super) elements: Vec<u32>,
    /// Where each key's elements begin; one more, for the end.
    pub(super) begins: Vec<u32>,
}

impl Groups {
    /// For keys below `count`.
    pub(super) fn new(count: usize, keys: impl Iterator<Item = u32> + Clone) -> Self {
        let mut begins = vec![0; count + 1];
        keys.clone().for_each(|key| begins[key as usize + 1] += 1);
        (0..count).for_each(|key| begins[key + 1] += begins[key]);
        let mut next = begins.clone();
        let mut elements = vec![0; begins[count] as usize];
        for (element, key) in (0u32..).zip(keys) {
            elements[next[key as usize] as usize] = element;
            next[key as usize] += 1;
        }
        Groups { elements, begins }
    }

    pub(super) fn group(&self, key: usize) -> &[u32] {
        &self.elements[self.begins[key] as usize..self.begins[key + 1] as usize]
    }
}
