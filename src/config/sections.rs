//! The sections that hold settings: `[yate]`, `[keypad]`, `[record]` and `[states.NAME]`.

use std::ops::Range;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::grammar::Limits;

use super::read::{Findings, Table, Text};
use super::schema::{KEYPAD, LIMITS, RECONNECT, RECORD, YATE};
use super::templates::{self, Scope};
use super::{
    Address, Code, Keypad, Operation, Record, RecordBy, RoomPattern, STATE_CALL, STATE_CONFERENCE,
    STATE_DIAL, STATE_HOLD, State, Unmatched, Yate,
};

/// The priority of the engine's conference module.
const CONFERENCE_PRIORITY: u64 = 75;

/// The states that touchtone puts calls in by itself, and what becomes in them of digits that no code wants.
const BUILT_IN_STATES: [(&str, Unmatched); 4] = [
    (STATE_CALL, Unmatched::Pass),
    (STATE_CONFERENCE, Unmatched::Drop),
    (STATE_DIAL, Unmatched::Pass),
    (STATE_HOLD, Unmatched::Pass),
];

pub(super) fn yate(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Yate {
    let table = root.table("yate", &YATE, found);
    let priority = table.integer("priority", found);
    if priority >= CONFERENCE_PRIORITY
        && let Some(span) = table.span_of("priority")
    {
        let message = format!(
            "conferences handle digits at priority {CONFERENCE_PRIORITY}, before touchtone sees them"
        );
        let help = format!("write a number below {CONFERENCE_PRIORITY}; the default is 15");
        found.push(Diagnostic::warning("late-priority", message, found.place(span)).help(help));
    }
    Yate {
        connect: address(&table, found),
        priority: u32::try_from(priority).unwrap_or(u32::MAX),
        intercept: table.boolean("intercept", found),
        answer_timeout: table.duration("answer-timeout", found),
        reconnect: reconnect(&table, found),
    }
}

fn address(table: &Table<'_, '_>, found: &mut Findings<'_>) -> Address {
    let written = table.text("connect", found);
    let read = written.as_ref().map(|text| text.value.parse::<Address>());
    if let (Some(text), Some(Err(error))) = (&written, &read) {
        let message = format!("`connect` cannot be {:?}", text.value);
        found.push(found.error("bad-address", message, text.span.clone()).help(error.to_string()));
    }
    read.and_then(Result::ok).or_else(|| YATE.key("connect")?.default?.parse().ok()).unwrap_or(Address::Stdio)
}

fn reconnect(table: &Table<'_, '_>, found: &mut Findings<'_>) -> (Duration, Duration) {
    let table = table.table("reconnect", &RECONNECT, found);
    let (shortest, longest) = (table.duration("shortest", found), table.duration("longest", found));
    if shortest > longest {
        let message = "the shortest wait before reconnecting is longer than the longest";
        let help =
            "write the shorter time first, as `reconnect = { shortest = \"500ms\", longest = \"30s\" }`";
        found.push(found.error("out-of-range", message, table.span).help(help));
    }
    (shortest, longest)
}

pub(super) fn keypad(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Keypad {
    let table = root.table("keypad", &KEYPAD, found);
    Keypad {
        interdigit: table.duration("interdigit", found),
        critical: table.duration("critical", found),
        enter: table.phone_key("enter", found).flatten(),
        max_digits: usize::try_from(table.integer("max-digits", found)).unwrap_or(usize::MAX),
        reorder: table.duration("reorder", found),
    }
}

pub(super) fn record(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Option<Record> {
    let table = root.table("record", &RECORD, found);
    let by = match table.choice("by", found) {
        Some("room") => RecordBy::Room,
        _ => RecordBy::Leg,
    };
    let warn = table.text("warn", found).and_then(|text| templates::resource(&text, &Scope::Record, found));
    if let (RecordBy::Leg, Some((_, span))) = (by, table.keys().find(|(key, _)| key.name == "warn")) {
        let message = "only the room's own recorder can warn those in it";
        let help = "add `by = \"room\"`, or remove the line";
        found.push(found.error("misplaced-key", message, span).help(help));
    }
    let file = match table.text("file", found) {
        Some(text) => {
            let file = templates::resource(&text, &Scope::Record, found);
            if file.is_some() {
                warn_of_overwriting(&text, found);
            }
            file
        }
        None => RECORD.key("file")?.default?.parse().ok(),
    };
    Some(Record { by, file: file?, warn })
}

/// What is the same for two recordings is written twice.
fn warn_of_overwriting(file: &Text, found: &mut Findings<'_>) {
    let lacks = |name: &str| !file.value.contains(&format!("${{{name}}}"));
    let message = match (lacks("room"), lacks("date")) {
        (true, true) => "every recording goes to the same file",
        (true, false) => "two rooms that start at the same second record to the same file",
        (false, true) => "a second recording of a room replaces the first",
        (false, false) => return,
    };
    let warning = Diagnostic::warning("same-file", message, found.place(file.span.clone()));
    found.push(
        warning.help(
            "write ${room} and ${date} into it, as in \"wave/record//var/spool/yate/${room}-${date}.au\"",
        ),
    );
}

pub(super) fn limits(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Limits {
    let table = root.table("limits", &LIMITS, found);
    let mut limit = |name| usize::try_from(table.integer(name, found)).unwrap_or(usize::MAX);
    Limits {
        nesting: limit("nesting"),
        repeat: limit("repeat"),
        nfa_states: limit("nfa-states"),
        dfa_states: limit("dfa-states"),
        dfa_work: limit("dfa-work"),
        table_cells: limit("table-cells"),
        expansion: limit("expansion"),
        files: limit("files"),
        file_bytes: limit("file-bytes"),
    }
}

/// The states of the configuration.
pub(super) struct States {
    /// The built-in ones, then the admin's own.
    pub(super) all: Vec<State>,
    /// The names of the admin's own, where they are written.
    own: Vec<Text>,
}

/// The built-in states and the admin's own, each with what `[states.NAME]` says of it.
pub(super) fn states(root: &Table<'_, '_>, keypad: &Keypad, yate: &Yate, found: &mut Findings<'_>) -> States {
    let state = |name: &str, unmatched| State {
        name: name.to_owned(),
        unmatched,
        interdigit: keypad.interdigit,
        critical: keypad.critical,
        enter: keypad.enter,
        pass_through: false,
        first_key: None,
        on_unmatched: None,
        on_timeout: None,
    };
    let built_in = BUILT_IN_STATES.iter().map(|(name, unmatched)| state(name, *unmatched));
    let mut states = States { all: built_in.collect(), own: Vec::new() };
    for (name, table) in root.named_tables("states", found) {
        let at = states.all.iter().position(|state| state.name == name.value).unwrap_or_else(|| {
            check_name("a state", &name, found);
            states.all.push(state(&name.value, Unmatched::Pass));
            states.own.push(name);
            states.all.len() - 1
        });
        let state = &mut states.all[at];
        override_state(state, &table, found);
        if let (false, Some(span)) = (yate.intercept, table.span_of("unmatched")) {
            warn_of_watching(state.unmatched, span, found);
        }
    }
    states
}

impl States {
    /// Warns of states that no code puts a call in.
    pub(super) fn warn_of_unentered(&self, codes: &[Code], found: &mut Findings<'_>) {
        for (place, name) in (BUILT_IN_STATES.len()..).zip(&self.own) {
            let enters = |code: &Code| code.operation == Operation::SetState { to: Some(place) };
            if !codes.iter().any(enters) {
                let message = format!("no call is ever in the state `{}`", name.value);
                let warning = Diagnostic::warning("unentered-state", message, found.place(name.span.clone()));
                let help =
                    format!("write a code with `operation = \"set-state\"` and `to = {:?}`", name.value);
                found.push(warning.help(help));
            }
        }
    }
}

fn warn_of_watching(unmatched: Unmatched, span: Range<usize>, found: &mut Findings<'_>) {
    if unmatched == Unmatched::Drop {
        let message = "digits that are only watched cannot be dropped";
        let warning = Diagnostic::warning("observing", message, found.place(span));
        found.push(warning.help("set `intercept = true` in [yate], or write \"pass\""));
    }
}

fn override_state(state: &mut State, table: &Table<'_, '_>, found: &mut Findings<'_>) {
    match table.choice("unmatched", found) {
        Some("pass") => state.unmatched = Unmatched::Pass,
        Some("drop") => state.unmatched = Unmatched::Drop,
        _ => {}
    }
    if let Some(time) = table.duration_if_set("interdigit", found) {
        state.interdigit = time;
    }
    if let Some(time) = table.duration_if_set("critical", found) {
        state.critical = time;
    }
    if let Some(key) = table.phone_key("enter", found) {
        state.enter = key;
    }
    state.pass_through = table.boolean("pass-through", found);
    state.first_key = table.duration_if_set("first-key", found);
    let mut prompt = |key| {
        let text = table.text(key, found)?;
        templates::resource(&text, &Scope::State, found)
    };
    state.on_unmatched = prompt("on-unmatched");
    state.on_timeout = prompt("on-timeout");
}

/// The roles that are named.
pub(super) struct Roles {
    /// Their names, those that have a section first.
    pub(super) names: Vec<String>,
    /// How many of them have a section.
    pub(super) declared: usize,
    /// The rooms that give a role.
    pub(super) rooms: Vec<(RoomPattern, usize)>,
}

/// The roles that `[roles.NAME]` names, and the rooms that give them.
pub(super) fn roles(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Roles {
    let (mut names, mut rooms) = (Vec::new(), Vec::new());
    for (name, table) in root.named_tables("roles", found) {
        check_name("a role", &name, found);
        for pattern in table.texts("rooms", found).unwrap_or_default() {
            check_room_pattern(&pattern, found);
            rooms.push((RoomPattern::new(&pattern.value), names.len()));
        }
        names.push(name.value);
    }
    Roles { declared: names.len(), names, rooms }
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

/// Names are shown in logs and on the command line, so they are kept to what cannot surprise there.
pub(super) fn check_name(what: &str, name: &Text, found: &mut Findings<'_>) {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if name.value.is_empty() || !name.value.chars().all(plain) {
        let message = format!("{:?} cannot be the name of {what}", name.value);
        let help = "a name is letters, digits, `-`, `_` and `.`";
        found.push(found.error("bad-name", message, name.span.clone()).help(help));
    }
}
