//! What was seen to end, so that an event that comes late does not bring it back.

use std::collections::VecDeque;

use bstr::{BStr, BString};

use super::table::Table;

/// How many are remembered.
const REMEMBERED: usize = 1024;

/// Ids that were seen to end. The engine never uses one again while it runs.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// With what each was last connected to, if all that was told of its end is that it is connected to that no more.
    ids: Table<BString, Option<BString>>,
    oldest: VecDeque<BString>,
}

impl Gone {
    pub(super) fn contains(&self, id: &BStr) -> bool {
        self.ids.contains_key(id)
    }

    /// It ended; for good, unless it only `parted` from what it was connected to.
    pub(super) fn insert(&mut self, id: &BStr, parted: Option<&BStr>) {
        if let Some(known) = self.ids.get_mut(id) {
            if parted.is_none() {
                *known = None;
            }
            return;
        }
        self.ids.insert(id.to_owned(), parted.map(BStr::to_owned));
        self.oldest.push_back(id.to_owned());
        if self.oldest.len() > REMEMBERED
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// What had only parted is connected again: it is not gone, unless what is told is its old connection.
    pub(super) fn reconnected(&mut self, id: &BStr, peer: &BStr) {
        if self.ids.get(id).is_some_and(|parted| parted.as_ref().is_some_and(|parted| parted != peer)) {
            self.ids.remove(id);
            self.oldest.retain(|old| old != id);
        }
    }
}
