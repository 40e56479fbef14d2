//! Values out of a TOML table, checked against the schema.

mod findings;
mod mistakes;
mod table;
mod text;
mod values;

pub(super) use crate::suggest::nearest;
pub(super) use findings::{Findings, SYNTAX};
pub(super) use table::Table;
pub(super) use text::Text;
