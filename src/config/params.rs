//! Parameters for the engine, by its own names.

use super::EngineParams;
use super::read::{Findings, Table, Text};

/// A parameter that touchtone sets itself, and the key that is written in its place, if there is one.
pub(super) type Own = (&'static str, Option<&'static str>);

/// The parameters that a section adds to what touchtone says, none of which may be one that touchtone sets itself.
pub(super) fn engine(table: &Table<'_, '_>, own: &[Own], found: &mut Findings<'_>) -> EngineParams {
    let mut params = EngineParams::new();
    for (name, value) in table.params("params", found) {
        check_name(&name, own, found);
        params.insert(name.value, value.value);
    }
    params
}

/// Reports what cannot be the name of a parameter, or is that of one that touchtone sets itself.
pub(super) fn check_name(name: &Text, own: &[Own], found: &mut Findings<'_>) {
    if name.value.is_empty() || name.value.contains(['=', '\0']) {
        let message = format!("{:?} cannot be the name of a parameter", name.value);
        let help = "a name is not empty and has neither `=` nor NUL";
        found.push(found.error("bad-parameter", message, name.span.clone()).help(help));
    } else if let Some((_, key)) = own.iter().find(|(taken, _)| *taken == name.value) {
        let message = format!("the parameter `{}` is set by touchtone itself", name.value);
        let help = key.map_or_else(|| "remove it".to_owned(), |key| format!("write `{key}` in place of it"));
        found.push(found.error("bad-parameter", message, name.span.clone()).help(help));
    }
}
