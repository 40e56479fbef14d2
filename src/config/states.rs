//! `[states.NAME]`, and the states that are there without.

use std::ops::Range;

use crate::diagnostic::Diagnostic;

use super::read::{Findings, Table, Text};
use super::sections::check_name;
use super::templates::{self, Scope};
use super::{
    Code, Keypad, Operation, STATE_CALL, STATE_CONFERENCE, STATE_DIAL, STATE_HOLD, State, Unmatched, Yate,
};

/// The states that touchtone puts calls in by itself, and what becomes in them of digits that no code wants.
const BUILT_IN_STATES: [(&str, Unmatched); 4] = [
    (STATE_CALL, Unmatched::Pass),
    (STATE_CONFERENCE, Unmatched::Drop),
    (STATE_DIAL, Unmatched::Pass),
    (STATE_HOLD, Unmatched::Pass),
];

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
