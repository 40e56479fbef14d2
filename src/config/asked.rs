//! What callers are asked for has to be keyed by some code.

use std::ops::Range;

use crate::diagnostic::Diagnostic;

use super::read::{Findings, Table};
use super::rooms::Rooms;
use super::schema::STORE;
use super::{Code, Operation, Routes, STATE_LOBBY, STATE_PIN, State};

const PIN_CODE: &str = "write a code, as\n[[code]]\nname = \"pin\"\nkeys = \"(pin:x{4,12})#\"\nstate = \"pin\"\n\
                        operation = \"enter-pin\"\npin = \"${pin}\"";

const ROOM_CODE: &str = "write a code, as\n[[code]]\nname = \"which-room\"\nkeys = \"(room:x{3,8})#\"\nstate = \"lobby\"\n\
                         operation = \"enter-room\"\nroom = \"conf/${room}\"";

/// Reports what callers are asked for that nobody can key.
pub(super) fn check(
    root: &Table<'_, '_>,
    rooms: &Rooms,
    routes: Option<&Routes>,
    states: &[State],
    codes: &[Code],
    found: &mut Findings<'_>,
) {
    let keyed = |state: &str, is: fn(&Operation) -> bool| {
        let in_state = |&place: &usize| states[place].name == state;
        // Who is asked is nobody special yet.
        let for_all = codes.iter().filter(|code| code.keys.is_some() && code.allow.is_none());
        for_all.into_iter().any(|code| is(&code.operation) && code.states.iter().any(in_state))
    };
    if !keyed(STATE_PIN, |operation| matches!(operation, Operation::EnterPin { .. })) {
        if let Some(span) = rooms.first_pin() {
            let message =
                "nobody can key this PIN: no code for everybody in the state `pin` is of `enter-pin`";
            found.push(found.error("no-code-for", message, span).help(PIN_CODE));
        } else if let Some(span) = file_of_store(root) {
            let message = "conferences in the store can have PINs, and no code for everybody in the state `pin` is of \
                           `enter-pin`";
            found.push(Diagnostic::warning("no-code-for", message, found.place(span)).help(PIN_CODE));
        }
    }
    let asks_room = routes.is_some_and(|routes| routes.all.iter().any(|route| route.room.is_none()));
    if asks_room && !keyed(STATE_LOBBY, |operation| matches!(operation, Operation::EnterRoom { .. })) {
        let tables = root.tables("route", &mut found.unheard());
        let asking = tables.iter().find(|table| table.span_of("room").is_none());
        if let Some(table) = asking {
            let message = "nobody can say which conference: no code for everybody in the state `lobby` is of \
                           `enter-room`";
            found.push(found.error("no-code-for", message, table.span.clone()).help(ROOM_CODE));
        }
    }
}

fn file_of_store(root: &Table<'_, '_>) -> Option<Range<usize>> {
    root.peek("store", &STORE)?.span_of("file")
}
