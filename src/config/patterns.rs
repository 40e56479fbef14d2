//! What is keyed for a code.

use super::read::{Findings, Table, Text};
use super::templates::Alternative;

/// What is keyed for a code.
pub(super) struct Patterns {
    texts: Vec<Text>,
}

/// Reads `keys` or `rule` of a code.
pub(super) fn read(table: &Table<'_, '_>, found: &mut Findings<'_>) -> Option<Patterns> {
    let texts = table.texts("keys", found)?;
    Some(Patterns { texts })
}

impl Patterns {
    /// Each alternative with the names it captures.
    pub(super) fn alternatives(&self) -> Vec<Alternative> {
        let captures = |text: &Text| {
            let opened = text.value.split('(').skip(1);
            opened.filter_map(|rest| Some(rest.split_once(':')?.0.to_owned())).collect()
        };
        self.texts.iter().map(|text| Alternative { text: text.clone(), captures: captures(text) }).collect()
    }
}
