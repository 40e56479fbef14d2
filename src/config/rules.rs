//! The rules of the grammar file, which codes name.

use crate::grammar::ast::Node;

use super::read::{Findings, Table, Text};
use super::schema::KEYPAD;

/// The public rules of the grammar file.
pub(super) struct Rules {}

impl Rules {
    /// Reads the grammar file that `[keypad]` names, if it names one.
    pub(super) fn read(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Self {
        if let Some(grammar) = root.peek("keypad", &KEYPAD).and_then(|keypad| keypad.span_of("grammar")) {
            let error = found.error("no-grammar", "grammar files cannot be read by this version", grammar);
            found.push(error.help("write the keys of each code as `keys`"));
        }
        Rules {}
    }

    /// The pattern of a rule; one that is not there is reported.
    pub(super) fn get(&self, name: &Text, found: &mut Findings<'_>) -> Option<Node> {
        let message = format!("there is no rule {:?}", name.value);
        let error = found.error("unknown-rule", message, name.span.clone());
        found.push(error.help("write the keys of the code as `keys`"));
        None
    }
}
