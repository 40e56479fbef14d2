//! The states and the roles that a code names.

use crate::config::State;
use crate::config::read::{Findings, Table, Text, nearest};
use crate::config::roles::Roles;
use crate::config::sections::check_name;
use crate::diagnostic::Diagnostic;

/// The states a code is for, as places among the configuration's; all if it does not say.
pub(super) fn states(
    table: &Table<'_, '_>,
    states: &[State],
    found: &mut Findings<'_>,
) -> Option<Vec<usize>> {
    if table.span_of("state").is_none() {
        return Some((0..states.len()).collect());
    }
    let written = table.texts("state", found)?;
    let places: Vec<_> = written.iter().map(|name| state(name, states, found)).collect();
    let mut places = places.into_iter().collect::<Option<Vec<_>>>()?;
    places.sort_unstable();
    places.dedup();
    Some(places)
}

/// The state of a name, as a place among the configuration's.
pub(in crate::config) fn state(name: &Text, states: &[State], found: &mut Findings<'_>) -> Option<usize> {
    let place = states.iter().position(|state| state.name == name.value);
    if place.is_none() {
        let names: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
        let help = match nearest(&name.value, names.iter().copied()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => {
                format!("the states are {}; one of your own needs a section [states.NAME]", names.join(", "))
            }
        };
        let message = format!("there is no state {:?}", name.value);
        found.push(found.error("unknown-state", message, name.span.clone()).help(help));
    }
    place
}

/// The roles a code is for, as places among all that were named; `None` for everybody.
pub(super) fn roles(
    table: &Table<'_, '_>,
    roles: &mut Roles,
    found: &mut Findings<'_>,
) -> Option<Vec<usize>> {
    let written = table.texts("allow", found)?;
    let mut places: Vec<_> = written.iter().map(|name| role(name, roles, found)).collect();
    places.sort_unstable();
    places.dedup();
    Some(places)
}

fn role(name: &Text, roles: &mut Roles, found: &mut Findings<'_>) -> usize {
    roles.names.iter().position(|role| *role == name.value).unwrap_or_else(|| {
        if check_name("a role", name, found) {
            warn_of_undeclared(name, roles, found);
        }
        roles.names.push(name.value.clone());
        roles.names.len() - 1
    })
}

/// Routing can give any role, so one that has no section is no error; but a section says that it is meant.
fn warn_of_undeclared(name: &Text, roles: &Roles, found: &mut Findings<'_>) {
    let role = &name.value;
    let message = format!("there is no section [roles.{role}]");
    let help = match nearest(role, roles.names[..roles.declared].iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!(
            "write [roles.{role}] with the `rooms` that give it, or without if routing does, by \
             touchtone_role={role}"
        ),
    };
    let warning = Diagnostic::warning("unknown-role", message, found.place(name.span.clone()));
    found.push(warning.help(help));
}
