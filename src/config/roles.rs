//! `[roles.NAME]`, and the rooms that give roles.

use crate::diagnostic::Diagnostic;

use super::RoomPattern;
use super::read::{Findings, Table, Text};
use super::sections::check_name;

/// The roles that are named.
pub(super) struct Roles {
    /// Their names, those that have a section first.
    pub(super) names: Vec<String>,
    /// How many of them have a section.
    pub(super) declared: usize,
    /// The rooms that give a role, in the order of the file.
    pub(super) rooms: Vec<(RoomPattern, usize)>,
}

/// The roles that `[roles.NAME]` names, and the rooms that give them.
pub(super) fn roles(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Roles {
    let (mut names, mut rooms): (Vec<String>, Vec<Rooms>) = (Vec::new(), Vec::new());
    for (name, table) in root.named_tables("roles", found) {
        check_name("a role", &name, found);
        for written in table.texts("rooms", found).unwrap_or_default() {
            check_room_pattern(&written, found);
            let pattern = RoomPattern::new(&written.value);
            rooms.push(Rooms { written, pattern, role: names.len() });
        }
        names.push(name.value);
    }
    warn_of_covered(&rooms, &names, found);
    let rooms = rooms.into_iter().map(|rooms| (rooms.pattern, rooms.role)).collect();
    Roles { declared: names.len(), names, rooms }
}

/// Rooms that give a role.
struct Rooms {
    written: Text,
    pattern: RoomPattern,
    role: usize,
}

/// The first pattern that matches a room counts: one that comes behind a wider one is never looked at.
fn warn_of_covered(rooms: &[Rooms], names: &[String], found: &mut Findings<'_>) {
    for (at, later) in rooms.iter().enumerate() {
        let covers = |earlier: &&Rooms| earlier.pattern.covers(&later.pattern);
        let Some(earlier) = rooms[..at].iter().find(covers).filter(|earlier| earlier.role != later.role)
        else {
            continue;
        };
        let (first, second) = (&names[earlier.role], &names[later.role]);
        let message = format!("the rooms {:?} give the role `{first}` already", later.written.value);
        let warning = Diagnostic::warning("covered-rooms", message, found.place(later.written.span.clone()))
            .labelled(format!("never gives `{second}`"))
            .related(found.place(earlier.written.span.clone()), "these rooms come first");
        found.push(warning.help(format!("write [roles.{second}] before [roles.{first}]")));
    }
}

fn check_room_pattern(pattern: &Text, found: &mut Findings<'_>) {
    let name = pattern.value.strip_prefix("conf/").unwrap_or(&pattern.value);
    let stars = name.strip_suffix('*').unwrap_or(name).contains('*');
    if name.is_empty() || stars {
        let message = format!("{:?} names no rooms", pattern.value);
        let help = "write a room as \"conf/800\", or what several begin with as \"conf/8*\"";
        found.push(found.error("bad-room", message, pattern.span.clone()).help(help));
    }
}
