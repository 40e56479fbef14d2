//! `[states.NAME]`, and the states that are there without.

use std::ops::Range;
use std::time::Duration;

use crate::diagnostic::Diagnostic;

use super::codes::{Draft, is_roomless};
use super::read::{Findings, Table, Text};
use super::sections::check_name;
use super::templates::{self, Scope};
use super::{
    Code, Keypad, Operation, STATE_CONFERENCE, STATE_LOBBY, STATE_PIN, STATES_OF_ENGINE, STATES_OF_ENTRY,
    State, Unmatched,
};

/// The states that touchtone puts calls in by itself, and what becomes in them of digits that no code wants.
fn built_in() -> impl Iterator<Item = (&'static str, Unmatched)> {
    let of_engine = STATES_OF_ENGINE.into_iter().map(|name| match name {
        STATE_CONFERENCE => (name, Unmatched::Drop),
        _ => (name, Unmatched::Pass),
    });
    of_engine.chain(STATES_OF_ENTRY.into_iter().map(|name| (name, Unmatched::Drop)))
}

/// How long the first key may take where touchtone asks for something, unless the state says.
const ASKED: Duration = Duration::from_secs(10);

/// The states of the configuration.
pub(super) struct States {
    /// The built-in ones, then the admin's own in the order of the file.
    pub(super) all: Vec<State>,
    /// Where something is written of each.
    pub(super) written: Vec<Written>,
}

/// Where something is written of a state.
#[derive(Default)]
pub(super) struct Written {
    /// The name of one of the admin's own.
    own: Option<Text>,
    pub(super) unmatched: Option<Range<usize>>,
    pub(super) enter: Option<Range<usize>>,
    pub(super) pass_through: Option<Range<usize>>,
    pub(super) first_key: Option<Range<usize>>,
}

/// The built-in states and the admin's own, each with what `[states.NAME]` says of it.
pub(super) fn states(root: &Table<'_, '_>, keypad: &Keypad, found: &mut Findings<'_>) -> States {
    let state = |name: &str, unmatched| State {
        name: name.to_owned(),
        unmatched,
        interdigit: keypad.interdigit,
        critical: keypad.critical,
        enter: keypad.enter,
        pass_through: false,
        first_key: [STATE_LOBBY, STATE_PIN].contains(&name).then_some(ASKED),
        secret: name == STATE_PIN,
        hides_digits: false,
        on_unmatched: None,
        on_timeout: None,
    };
    let built_in = built_in().map(|(name, unmatched)| state(name, unmatched));
    let mut states = States { all: built_in.collect(), written: Vec::new() };
    states.written.resize_with(states.all.len(), Written::default);
    for (name, table) in root.named_tables("states", found) {
        let known = states.all.iter().position(|state| state.name == name.value);
        let at = known.unwrap_or_else(|| {
            check_name("a state", &name, found);
            states.all.push(state(&name.value, Unmatched::Pass));
            states.written.push(Written::default());
            states.all.len() - 1
        });
        states.written[at] = Written {
            own: known.is_none().then_some(name),
            unmatched: table.span_of("unmatched"),
            enter: table.span_of("enter"),
            pass_through: table.span_of("pass-through"),
            first_key: table.span_of("first-key"),
        };
        override_state(&mut states.all[at], &table, found);
        states.warn_of_no_effect(at, found);
    }
    states
}

impl States {
    fn warn_of_no_effect(&self, at: usize, found: &mut Findings<'_>) {
        let (state, written) = (&self.all[at], &self.written[at]);
        if let (true, Unmatched::Drop) = (state.pass_through, state.unmatched)
            && let (Some(unmatched), Some(pass_through)) = (&written.unmatched, &written.pass_through)
        {
            let message =
                format!("every digit in the state `{}` goes on as it comes, and none is dropped", state.name);
            let warning = Diagnostic::warning("no-effect", message, found.place(unmatched.clone()))
                .related(found.place(pass_through.clone()), "because of this");
            found.push(warning.help("remove one of the two"));
        }
    }

    /// Warns of states that no call comes to, from the built-in ones by codes that can fire.
    pub(super) fn warn_of_unentered(&self, drafts: &[Draft], codes: &[Code], found: &mut Findings<'_>) {
        let entered = self.entered(drafts, codes);
        let unentered = self.written.iter().zip(&entered).enumerate().filter(|(_, (_, entered))| !**entered);
        for (place, (written, _)) in unentered {
            let Some(name) = &written.own else { continue };
            let message = format!("no call is ever in the state `{}`", name.value);
            let mut warning = Diagnostic::warning("unentered-state", message, found.place(name.span.clone()));
            for (draft, code) in drafts.iter().zip(codes).filter(|(draft, _)| draft.is_keyed()) {
                let dead = code.states.contains(&place) && !code.states.iter().any(|&state| entered[state]);
                if let (true, Some(name)) = (dead, &draft.name) {
                    let label = format!("`{}` never fires", name.value);
                    warning = warning.related(found.place(name.span.clone()), label);
                }
            }
            let help = format!(
                "write a code with `operation = \"set-state\"` and `to = {:?}`, for a state that calls come to",
                name.value
            );
            found.push(warning.help(help));
        }
    }

    /// The states, where nobody is to read digits that are secret or may become a secret code.
    pub(super) fn hiding_digits_of(mut self, codes: &[Code]) -> Vec<State> {
        for (place, state) in self.all.iter_mut().enumerate() {
            let of_secret = |code: &Code| code.secret && code.states.contains(&place);
            state.hides_digits = state.secret || codes.iter().any(of_secret);
        }
        self.all
    }

    /// Which states calls come to.
    fn entered(&self, drafts: &[Draft], codes: &[Code]) -> Vec<bool> {
        let mut entered: Vec<bool> = self.written.iter().map(|written| written.own.is_none()).collect();
        let mut fires = vec![false; codes.len()];
        loop {
            let before = (entered.clone(), fires.clone());
            for (at, (draft, code)) in drafts.iter().zip(codes).enumerate() {
                fires[at] |= draft.is_keyed() && code.states.iter().any(|&state| entered[state]);
                if fires[at] {
                    code.then.iter().for_each(|&follower| fires[follower] = true);
                    if let Operation::SetState { to: Some(to) } = code.operation {
                        entered[to] = true;
                    }
                }
            }
            if before == (entered.clone(), fires.clone()) {
                return entered;
            }
        }
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
    state.first_key = table.duration_if_set("first-key", found).or(state.first_key);
    if let Some(secret) = table.boolean_if_set("secret", found) {
        state.secret = secret;
        warn_of_open_pin(state, table, found);
    }
    let scope = Scope::State { in_room: !is_roomless(&state.name) };
    let mut prompt = |key| templates::resource(&table.text(key, found)?, &scope, found);
    state.on_unmatched = prompt("on-unmatched");
    state.on_timeout = prompt("on-timeout");
}

/// What is keyed where a PIN is asked for is always secret.
fn warn_of_open_pin(state: &mut State, table: &Table<'_, '_>, found: &mut Findings<'_>) {
    if state.name != STATE_PIN || state.secret {
        return;
    }
    state.secret = true;
    if let Some(span) = table.span_of("secret") {
        let message = format!("what is keyed in the state `{STATE_PIN}` is a PIN, and in no log");
        let warning = Diagnostic::warning("no-effect", message, found.place(span));
        found.push(warning.help("remove it"));
    }
}
