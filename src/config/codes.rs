//! `[[code]]`

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use crate::diagnostic::SourceId;
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
    /// The codes that follow it, by name.
    pub(super) then: Vec<Text>,
    interdigit: Option<Duration>,
    critical: Option<Duration>,
}

impl Draft {
    /// What is keyed for it, and where it holds.
    pub(super) fn keys(&self) -> CodeKeys<'_> {
        let pattern = self.patterns.as_ref().map(|patterns| &patterns.node);
        CodeKeys {
            pattern,
            states: &self.states,
            allow: self.allow.as_deref(),
            interdigit: self.interdigit,
            critical: self.critical,
        }
    }
}

/// What codes may refer to.
pub(super) struct Context<'c> {
    pub(super) states: &'c [State],
    /// The rules of the grammar file.
    pub(super) rules: &'c mut Rules,
    /// How large patterns may be.
    pub(super) limits: &'c Limits,
    /// The codes that follow others, by name; they need no keys.
    pub(super) followers: &'c HashSet<String>,
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
    let follows = name.as_ref().is_some_and(|name| context.followers.contains(&name.value));
    let patterns = if follows && table.span_of("keys").or(table.span_of("rule")).is_none() {
        None
    } else {
        patterns::read(table, context.rules, context.limits, found)
    };
    let scope = CodeScope {
        alternatives: patterns.as_ref().map(|patterns| patterns.alternatives.as_slice()),
        in_room: states
            .as_ref()
            .is_none_or(|states| states.iter().any(|&at| context.states[at].name != STATE_CALL)),
    };
    let operation = operation::read(table, &scope, context.states, found);
    let mut prompt =
        |key| table.text(key, found).map(|text| templates::resource(&text, &Scope::Code(&scope), found));
    let (on_success, on_failure) = (prompt("on-success"), prompt("on-failure"));
    let states = states.unwrap_or_default();
    let then = table.texts("then", found).unwrap_or_default();
    let mut time = |key| table.duration_if_set(key, found);
    let (interdigit, critical) = (time("interdigit"), time("critical"));
    let code = name.as_ref().zip(operation).map(|(name, operation)| Code {
        name: name.value.clone(),
        states: states.clone(),
        allow: allow.clone(),
        operation,
        interdigit,
        critical,
        then: Vec::new(),
        on_success: on_success.flatten(),
        on_failure: on_failure.flatten(),
    });
    Draft { name, code, patterns, states, allow, then, interdigit, critical }
}

/// The names of all codes that follow others.
pub(super) fn followers(tables: &[Table<'_, '_>]) -> HashSet<String> {
    // What is wrong with them is reported when the codes are read.
    let mut unheard = Findings::new(SourceId(0), "");
    tables
        .iter()
        .flat_map(|table| table.texts("then", &mut unheard))
        .flatten()
        .map(|name| name.value)
        .collect()
}

/// Resolves which codes follow which, and reports names that no code has, and codes that would follow themselves.
pub(super) fn link(drafts: &mut [Draft], found: &mut Findings<'_>) {
    let places: HashMap<String, usize> = drafts
        .iter()
        .enumerate()
        .filter_map(|(at, draft)| Some((draft.name.as_ref()?.value.clone(), at)))
        .collect();
    let mut next: Vec<Vec<usize>> = Vec::with_capacity(drafts.len());
    for draft in drafts.iter() {
        let place =
            |name: &Text| places.get(&name.value).copied().or_else(|| unknown_follower(name, &places, found));
        next.push(draft.then.iter().filter_map(place).collect());
    }
    for (at, draft) in drafts.iter_mut().enumerate() {
        if let Some(name) = draft.then.first().filter(|_| leads_to(at, at, &next)) {
            let message = "a code that follows itself never ends";
            let help = "take it out of `then`, or out of the `then` of a code that follows it";
            found.push(found.error("endless-chain", message, name.span.clone()).help(help));
        }
        if let Some(code) = &mut draft.code {
            code.then.clone_from(&next[at]);
        }
    }
}

fn unknown_follower(name: &Text, places: &HashMap<String, usize>, found: &mut Findings<'_>) -> Option<usize> {
    let message = format!("there is no code {:?}", name.value);
    let help = match nearest(&name.value, places.keys().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`then` names other codes of this file".to_owned(),
    };
    found.push(found.error("unknown-code", message, name.span.clone()).help(help));
    None
}

fn leads_to(from: usize, to: usize, next: &[Vec<usize>]) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = next[from].clone();
    while let Some(at) = waiting.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            waiting.extend(&next[at]);
        }
    }
    false
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

pub(super) fn state(name: &Text, states: &[State], found: &mut Findings<'_>) -> Option<usize> {
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
