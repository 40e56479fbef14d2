//! What cannot be had where digits are only watched.

use std::ops::Range;

use crate::diagnostic::Diagnostic;

use super::read::{Findings, Table};
use super::schema::{KEYPAD, YATE};
use super::states::{States, Written};
use super::{STATES_OF_ENTRY, State, Unmatched, Yate};

/// Something that asks for more than watching: where, what is said of it, and the way out.
type Wish = (Option<Range<usize>>, String, String);

/// Warns of everything that asks for more than watching, if digits are only watched.
pub(super) fn warn(root: &Table<'_, '_>, yate: &Yate, states: &States, found: &mut Findings<'_>) {
    if yate.intercept {
        return;
    }
    let table = root.peek("yate", &YATE);
    let of_yate = |key| table.as_ref().and_then(|table| table.span_of(key));
    let mut wishes: Vec<Wish> = vec![(
        of_yate("priority"),
        "who only watches digits has no place among those who handle them".to_owned(),
        "remove it, or set `intercept = true` in [yate]".to_owned(),
    )];
    let keypad = root.peek("keypad", &KEYPAD).and_then(|keypad| keypad.span_of("enter"));
    let each = || states.all.iter().zip(&states.written);
    let inherited = each().any(|(state, written)| state.enter.is_some() && written.enter.is_none());
    wishes.push(enter(keypad.filter(|_| inherited)));
    wishes.extend(each().flat_map(|(state, written)| of_state(state, written, of_yate("intercept"))));
    for (span, message, help) in wishes {
        if let Some(span) = span {
            found.push(Diagnostic::warning("observing", message, found.place(span)).help(help));
        }
    }
}

fn of_state(state: &State, written: &Written, intercept: Option<Range<usize>>) -> [Wish; 4] {
    let name = &state.name;
    let drops = if written.unmatched.is_some() {
        (
            written.unmatched.clone(),
            "digits that are only watched cannot be dropped".to_owned(),
            "set `intercept = true` in [yate], or write \"pass\"".to_owned(),
        )
    } else {
        (
            intercept,
            format!(
                "digits that are only watched cannot be dropped, as in the state `{name}` if nothing is said"
            ),
            format!("write `unmatched = \"pass\"` in [states.{name}], or set `intercept = true`"),
        )
    };
    let nothing = (None, String::new(), String::new());
    // Where touchtone asks for something there is nobody whom digits could reach.
    let is_nobodys = written.unmatched.is_none() && STATES_OF_ENTRY.contains(&name.as_str());
    [
        if state.unmatched == Unmatched::Drop && !is_nobodys { drops } else { nothing },
        enter(written.enter.clone().filter(|_| state.enter.is_some())),
        (
            written.pass_through.clone().filter(|_| state.pass_through),
            "digits that are only watched go on as they come in every state".to_owned(),
            "remove it, or set `intercept = true` in [yate]".to_owned(),
        ),
        (
            written.first_key.clone(),
            format!("the other party hears what is keyed in the state `{name}`"),
            "set `intercept = true` in [yate] if it is a PIN, or something else that is for nobody else"
                .to_owned(),
        ),
    ]
}

fn enter(span: Option<Range<usize>>) -> Wish {
    (
        span,
        "digits that are only watched all go on, the enter key too".to_owned(),
        "set `intercept = true` in [yate], or let the other party hear it and remove this".to_owned(),
    )
}
