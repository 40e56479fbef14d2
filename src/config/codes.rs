//! `[[code]]`

use std::collections::HashMap;
use std::ops::Range;

use crate::grammar::Limits;
use crate::keypad::CodeKeys;

use super::patterns::{self, Patterns};
use super::read::{Findings, Table, Text, nearest};
use super::rules::Rules;
use super::sections::check_name;
use super::templates::{self, CodeScope, Scope};
use super::{Code, STATE_CALL, State, operation};

/// A code as far as it could be read.
pub(super) struct Draft {
    /// Its name.
    pub(super) name: Option<Text>,
    /// What it is for and does; `None` if that has an error.
    pub(super) code: Option<Code>,
    /// What is keyed; `None` if that has an error.
    pub(super) patterns: Option<Patterns>,
    /// The states it is for, as places in the configuration's.
    pub(super) states: Vec<usize>,
    /// The roles it is for; `None` for everybody.
    pub(super) allow: Option<Vec<usize>>,
}

impl Draft {
    /// What is keyed for it, and where it holds.
    pub(super) fn keys(&self) -> CodeKeys<'_> {
        let pattern = self.patterns.as_ref().map(|patterns| &patterns.node);
        CodeKeys { pattern, states: &self.states, allow: self.allow.as_deref() }
    }
}

/// What codes may refer to.
pub(super) struct Context<'c> {
    pub(super) states: &'c [State],
    /// The rules of the grammar file.
    pub(super) rules: &'c mut Rules,
    /// How large patterns may be.
    pub(super) limits: &'c Limits,
    /// The roles named so far.
    pub(super) roles: &'c mut Vec<String>,
}

/// Reads one code.
pub(super) fn read(table: &mut Table<'_, '_>, context: &mut Context<'_>, found: &mut Findings<'_>) -> Draft {
    let name = table.text("name", found);
    if let Some(name) = &name {
        check_name("a code", name, found);
        table.title = format!("code `{}`", name.value);
    }
    let states = states(table, context.states, found);
    let allow = roles(table, context.roles, found);
    let patterns = patterns::read(table, context.rules, context.limits, found);
    let scope = CodeScope {
        alternatives: patterns.as_ref().map(|patterns| patterns.alternatives.as_slice()),
        in_room: states
            .as_ref()
            .is_none_or(|states| states.iter().any(|&at| context.states[at].name != STATE_CALL)),
    };
    let operation = operation::read(table, &scope, found);
    let mut prompt =
        |key| table.text(key, found).map(|text| templates::resource(&text, &Scope::Code(&scope), found));
    let (on_success, on_failure) = (prompt("on-success"), prompt("on-failure"));
    let states = states.unwrap_or_default();
    let code = name.as_ref().zip(operation).map(|(name, operation)| Code {
        name: name.value.clone(),
        states: states.clone(),
        allow: allow.clone(),
        operation,
        on_success: on_success.flatten(),
        on_failure: on_failure.flatten(),
    });
    Draft { name, code, patterns, states, allow }
}

/// The states a code is for, as places among the configuration's; all if it does not say.
fn states(table: &Table<'_, '_>, states: &[State], found: &mut Findings<'_>) -> Option<Vec<usize>> {
    if table.span_of("state").is_none() {
        return Some((0..states.len()).collect());
    }
    let written = table.texts("state", found)?;
    let places: Vec<_> = written.iter().map(|name| state(name, states, found)).collect();
    let mut places = places.into_iter().collect::<Option<Vec<_>>>()?;
    places.sort_unstable();
    places.dedup();
    Some(places)
}

fn state(name: &Text, states: &[State], found: &mut Findings<'_>) -> Option<usize> {
    let place = states.iter().position(|state| state.name == name.value);
    if place.is_none() {
        let names = || states.iter().map(|state| state.name.as_str());
        let help = match nearest(&name.value, names()) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!(
                "the states are {}; one of your own needs a section [states.NAME]",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        let message = format!("there is no state {:?}", name.value);
        found.push(found.error("unknown-state", message, name.span.clone()).help(help));
    }
    place
}

/// The roles a code is for, as places among all that were named.
fn roles(table: &Table<'_, '_>, roles: &mut Vec<String>, found: &mut Findings<'_>) -> Option<Vec<usize>> {
    let written = table.texts("allow", found)?;
    let mut places: Vec<_> = written.iter().map(|name| role(name, roles, found)).collect();
    places.sort_unstable();
    places.dedup();
    Some(places)
}

fn role(name: &Text, roles: &mut Vec<String>, found: &mut Findings<'_>) -> usize {
    roles.iter().position(|role| *role == name.value).unwrap_or_else(|| {
        check_name("a role", name, found);
        roles.push(name.value.clone());
        roles.len() - 1
    })
}

/// Reports every name that two codes have.
pub(super) fn report_duplicates(drafts: &[Draft], found: &mut Findings<'_>) {
    let mut first: HashMap<&str, Range<usize>> = HashMap::new();
    for name in drafts.iter().filter_map(|draft| draft.name.as_ref()) {
        match first.get(name.value.as_str()) {
            Some(span) => {
                let message = format!("two codes have the name {:?}", name.value);
                let place = found.place(span.clone());
                let error = found.error("duplicate-code", message, name.span.clone());
                found.push(
                    error
                        .labelled("again")
                        .related(place, "first here")
                        .help("give one of them another name"),
                );
            }
            None => {
                first.insert(&name.value, name.span.clone());
            }
        }
    }
}
