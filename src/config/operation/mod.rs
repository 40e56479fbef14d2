//! What a code does, with the keys that belong to it.

mod place;
mod room;

use super::params::{self, Own};
use super::read::{Findings, Table, Text};
use super::roles::Roles;
use super::schema::Key;
use super::templates::{self, CodeScope, Scope};
use super::{Operation, Params, State, Switch, codes};
use crate::template::Template;

pub(super) use place::warn_of_misplaced;

/// The state that the engine has the call in.
const AUTO: &str = "auto";

/// The prefix of conference rooms.
const ROOM_PREFIX: &str = "conf/";

/// The parameters by which messages name a resource of the engine.
const RESOURCES: [&str; 9] =
    ["callto", "direct", "source", "consumer", "override", "replace", "record", "recordwarn", "call"];

/// Reads the operation of a code, and reports the keys that belong to another.
pub(super) fn read(
    table: &Table<'_, '_>,
    scope: &CodeScope<'_>,
    states: &[State],
    roles: &mut Roles,
    found: &mut Findings<'_>,
) -> Option<Operation> {
    let name = table.choice("operation", found)?;
    report_misplaced(name, table, found);
    let reader = Reader { table, scope: Scope::Code(scope) };
    match name {
        "join" => reader.join(found),
        "leave" => reader.leave(found),
        "mute-toggle" => Some(Operation::Mute(Switch::Toggle)),
        "mute" => Some(Operation::Mute(Switch::On)),
        "unmute" => Some(Operation::Mute(Switch::Off)),
        "record-toggle" => Some(Operation::Record(Switch::Toggle)),
        "record-start" => Some(Operation::Record(Switch::On)),
        "record-stop" => Some(Operation::Record(Switch::Off)),
        "mute-others" => Some(Operation::MuteOthers { on: true }),
        "unmute-all" => Some(Operation::MuteOthers { on: false }),
        "lock-toggle" => Some(Operation::Lock(Switch::Toggle)),
        "lock" => Some(Operation::Lock(Switch::On)),
        "unlock" => Some(Operation::Lock(Switch::Off)),
        "kick" => reader.kick(found),
        "kick-last" => Some(Operation::Kick { seat: None }),
        "invite" => reader.invite(roles, found),
        "count" => Some(Operation::Count),
        "talkers" => Some(Operation::Talkers),
        "announce" => reader.announce(found),
        "extend" => reader.extend(found),
        "end" => Some(Operation::End),
        "enter-pin" => reader.enter_pin(found),
        "enter-room" => reader.enter_room(found),
        "set-state" => reader.set_state(states, found),
        "message" => reader.message(found),
        _ => None,
    }
}

fn report_misplaced(operation: &str, table: &Table<'_, '_>, found: &mut Findings<'_>) {
    let belongs_elsewhere = |key: &Key| !key.only_for.is_empty() && !key.only_for.contains(&operation);
    for (key, span) in table.keys().filter(|(key, _)| belongs_elsewhere(key)) {
        let message = format!("`{}` belongs to the operation `{}`", key.name, key.only_for.join("` or `"));
        let label = format!("not to `{operation}`");
        found.push(
            found
                .error("misplaced-key", message, span)
                .labelled(label)
                .help("remove it, or change the operation"),
        );
    }
}

struct Reader<'r, 'v, 'i> {
    table: &'r Table<'v, 'i>,
    scope: Scope<'r>,
}

impl Reader<'_, '_, '_> {
    fn join(&self, found: &mut Findings<'_>) -> Option<Operation> {
        let room = self.room(found);
        let with_peer = self.table.boolean("with-peer", found);
        let params = self.params(&[("id", None), ("message", None), ("callto", None), ("room", None)], found);
        Some(Operation::Join { room: room?, with_peer, params })
    }

    fn leave(&self, found: &mut Findings<'_>) -> Option<Operation> {
        match self.table.text("to", found) {
            Some(to) => Some(Operation::Leave { to: Some(templates::resource(&to, &self.scope, found)?) }),
            None => Some(Operation::Leave { to: None }),
        }
    }

    fn set_state(&self, states: &[State], found: &mut Findings<'_>) -> Option<Operation> {
        let Some(to) = self.table.text("to", found) else {
            let message = format!("{} does not say which state", self.table.title);
            let help = "add a line, as `to = \"auto\"`, which is where the engine has the call";
            found.push(found.error("missing-key", message, self.table.span.clone()).help(help));
            return None;
        };
        if to.value == AUTO {
            return Some(Operation::SetState { to: None });
        }
        Some(Operation::SetState { to: Some(codes::state(&to, states, found)?) })
    }

    fn message(&self, found: &mut Findings<'_>) -> Option<Operation> {
        let name = self.table.text("message", found);
        if let Some(name) = &name {
            check_message_name(name, found);
        }
        let masquerade = self.table.boolean("masquerade", found);
        let own: &[Own] = if masquerade { &[("id", None), ("message", None)] } else { &[] };
        let params = self.params(own, found);
        Some(Operation::Message { name: name?.value, masquerade, params })
    }

    /// The parameters, none of which may be one that touchtone sets itself.
    fn params(&self, own: &[Own], found: &mut Findings<'_>) -> Params {
        let mut params = Params::new();
        for (name, value) in self.table.params("params", found) {
            params::check_name(&name, own, found);
            let template = if RESOURCES.contains(&name.value.as_str()) {
                templates::any_resource(&value, &self.scope, found)
            } else {
                templates::read(&value, &self.scope, found)
            };
            if let Some(template) = template {
                params.insert(name.value, template);
            }
        }
        params
    }
}

/// Reads a room, which has its prefix.
pub(super) fn room(room: &Text, scope: &Scope<'_>, found: &mut Findings<'_>) -> Option<Template> {
    check_room(room, found);
    templates::read(room, scope, found)
}

fn check_room(room: &Text, found: &mut Findings<'_>) {
    let is_room = room.value.strip_prefix(ROOM_PREFIX).is_some_and(|name| !name.is_empty());
    if is_room {
        return;
    }
    let name = room.value.trim_start_matches(ROOM_PREFIX);
    let help = format!("write \"{ROOM_PREFIX}{}\"", if name.is_empty() { "800" } else { name });
    let message = format!("{:?} is no room: the engine knows rooms as \"{ROOM_PREFIX}NAME\"", room.value);
    found.push(found.error("bad-room", message, room.span.clone()).help(help));
}

fn check_message_name(name: &Text, found: &mut Findings<'_>) {
    let plain = |c: char| c.is_ascii_graphic() && c != ':';
    if name.value.is_empty() || !name.value.chars().all(plain) {
        let message = format!("{:?} is no name of a message", name.value);
        let help = "a message has a name as \"call.drop\"; what it says goes into `params`";
        found.push(found.error("bad-message-name", message, name.span.clone()).help(help));
    }
}
