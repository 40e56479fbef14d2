//! The states and the roles that a code names.

use crate::config::read::{Findings, Table, Text, nearest};
use crate::config::roles::Roles;
use crate::config::{STATES_OF_ENTRY, State};

/// The states a code is for, as places among the configuration's; if it does not say, all but those in which touchtone
/// itself asks for something.
pub(super) fn states(
    table: &Table<'_, '_>,
    states: &[State],
    found: &mut Findings<'_>,
) -> Option<Vec<usize>> {
    if table.span_of("state").is_none() {
        let asks = |state: &State| STATES_OF_ENTRY.contains(&state.name.as_str());
        return Some((0..states.len()).filter(|&place| !asks(&states[place])).collect());
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
    let mut places: Vec<_> = written.iter().map(|name| roles.named(name, found)).collect();
    places.sort_unstable();
    places.dedup();
    Some(places)
}
