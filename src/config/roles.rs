//! `[roles.NAME]`, and the rooms that give roles.

use crate::diagnostic::Diagnostic;

use super::read::{Findings, Table, Text, nearest};
use super::sections::check_name;
use super::{ROLE_ORGANIZER, RoomPattern};

/// The roles that are named.
pub(super) struct Roles {
    /// Their names, those that have a section first.
    pub(super) names: Vec<String>,
    /// How many of them have a section.
    sections: usize,
    /// How many of them have a section, or are given by touchtone itself.
    declared: usize,
    /// The rooms that give a role, in the order of the file.
    pub(super) rooms: Vec<(RoomPattern, usize)>,
}

/// The roles that `[roles.NAME]` names, and the rooms that give them; besides, those that touchtone itself gives.
pub(super) fn roles(root: &Table<'_, '_>, has_organizers: bool, found: &mut Findings<'_>) -> Roles {
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
    let sections = names.len();
    if has_organizers && !names.iter().any(|name| name == ROLE_ORGANIZER) {
        names.push(ROLE_ORGANIZER.to_owned());
    }
    Roles { sections, declared: names.len(), names, rooms }
}

impl Roles {
    /// The place of a role that is named; one that has no section is added.
    pub(super) fn named(&mut self, name: &Text, found: &mut Findings<'_>) -> usize {
        self.names.iter().position(|role| *role == name.value).unwrap_or_else(|| {
            if check_name("a role", name, found) {
                self.warn_of_undeclared(name, found);
            }
            self.names.push(name.value.clone());
            self.names.len() - 1
        })
    }

    /// Whether callers in some of these rooms can have a role that is declared: because of the room, or because its
    /// section has no rooms, and routing gives it.
    pub(super) fn is_had_in(&self, role: &str, rooms: &RoomPattern) -> bool {
        let Some(place) = self.names[..self.sections].iter().position(|name| name == role) else {
            return false;
        };
        let mut given = self.rooms.iter().filter(|(_, role)| *role == place).peekable();
        let meets = |other: &RoomPattern| other.covers(rooms) || rooms.covers(other);
        given.peek().is_none() || given.any(|(other, _)| meets(other))
    }

    /// Routing can give any role, so one that has no section is no error; but a section says that it is meant.
    fn warn_of_undeclared(&self, name: &Text, found: &mut Findings<'_>) {
        let role = &name.value;
        let message = format!("there is no section [roles.{role}]");
        let help = match nearest(role, self.names[..self.declared].iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!(
                "write [roles.{role}] with the `rooms` that give it, or without if routing does, by \
                 touchtone_role={role}"
            ),
        };
        let warning = Diagnostic::warning("unknown-role", message, found.place(name.span.clone()));
        found.push(warning.help(help));
    }
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

/// Reports a pattern that no room's name can be.
pub(super) fn check_room_pattern(pattern: &Text, found: &mut Findings<'_>) {
    let name = pattern.value.strip_prefix("conf/").unwrap_or(&pattern.value);
    let stars = name.strip_suffix('*').unwrap_or(name).contains('*');
    // A pattern as elsewhere, or what no room is called, would name none and say nothing.
    let odd =
        name.chars().any(|char| char.is_whitespace() || char.is_control() || "/[]{}()?|\\^$".contains(char));
    if name.is_empty() || stars || odd {
        let message = format!("{:?} names no rooms", pattern.value);
        let help = "write a room as \"conf/800\", or what several begin with as \"conf/8*\"";
        found.push(found.error("bad-room", message, pattern.span.clone()).help(help));
    }
}
