//! The sections that hold settings: `[yate]`, `[keypad]`, `[record]` and `[limits]`.

use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::grammar::Limits;

use super::read::{Findings, Table, Text};
use super::schema::{KEYPAD, LIMITS, RECONNECT, RECORD, YATE};
use super::templates::{self, Scope};
use super::{Address, Bounds, Keypad, Record, RecordBy, Yate};

/// The priority of the engine's conference module.
const CONFERENCE_PRIORITY: u64 = 75;

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

pub(super) fn limits(root: &Table<'_, '_>, found: &mut Findings<'_>) -> (Limits, Bounds) {
    let table = root.table("limits", &LIMITS, found);
    let codes_per_second = u32::try_from(table.integer("codes-per-second", found)).unwrap_or(u32::MAX);
    let mut limit = |name| usize::try_from(table.integer(name, found)).unwrap_or(usize::MAX);
    let limits = Limits {
        nesting: limit("nesting"),
        repeat: limit("repeat"),
        nfa_states: limit("nfa-states"),
        dfa_states: limit("dfa-states"),
        dfa_work: limit("dfa-work"),
        table_cells: limit("table-cells"),
        expansion: limit("expansion"),
        files: limit("files"),
        file_bytes: limit("file-bytes"),
    };
    let bounds = Bounds {
        line: limit("line"),
        pending_bytes: limit("pending-bytes"),
        channels: limit("channels"),
        rooms: limit("rooms"),
        waiting_digits: limit("waiting-digits"),
        codes_per_second,
        operations: limit("operations"),
        operations_per_caller: limit("operations-per-caller"),
        prompts: limit("prompts"),
        calls: limit("calls"),
        store_questions: limit("store-questions"),
        control_clients: limit("control-clients"),
        control_requests: limit("control-requests"),
    };
    (limits, bounds)
}

/// Names are shown in logs and on the command line, so they are kept to what cannot surprise there; says whether one
/// is.
pub(super) fn check_name(what: &str, name: &Text, found: &mut Findings<'_>) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let good = !name.value.is_empty() && name.value.chars().all(plain);
    if !good {
        let message = format!("{:?} cannot be the name of {what}", name.value);
        let help = "a name is letters, digits, `-`, `_` and `.`";
        found.push(found.error("bad-name", message, name.span.clone()).help(help));
    }
    good
}
