//! Values out of a TOML table, checked against the schema.

mod findings;
mod suggest;
mod table;
mod text;

pub(super) use findings::{Findings, SYNTAX};
pub(super) use suggest::nearest;
pub(super) use table::{Table, named_tables, tables};
pub(super) use text::Text;
