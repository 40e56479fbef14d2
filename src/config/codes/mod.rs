//! `[[code]]`

mod chain;
mod refer;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::grammar::Limits;
use crate::grammar::ast::Node;
use crate::keypad::CodeKeys;

use chain::Chains;
pub(super) use refer::state;

use super::patterns::{self, Alternative, Patterns};
use super::read::{Findings, Table, Text};
use super::roles::Roles;
use super::rules::Rules;
use super::sections::check_name;
use super::templates::{self, CodeScope, Scope};
use super::{Code, Operation, STATE_CONFERENCE, STATES_OF_ENGINE, STATES_OF_ENTRY, State, operation};

/// Whether a state is one in which a caller is in no room.
pub(super) fn is_roomless(state: &str) -> bool {
    let mut built_in = STATES_OF_ENGINE.iter().chain(&STATES_OF_ENTRY);
    state != STATE_CONFERENCE && built_in.any(|name| *name == state)
}

/// A code as far as it could be read.
pub(super) struct Draft {
    /// Its name.
    pub(super) name: Option<Text>,
    /// What it is for and does; `None` if that has an error.
    pub(super) code: Option<Code>,
    /// What is keyed for it.
    pub(super) keyed: Keyed,
    /// The states it is for, as places in the configuration's; `None` if they have an error.
    states: Option<Vec<usize>>,
    /// Where they are written.
    states_span: Option<Range<usize>>,
    /// The roles it is for; `None` for everybody.
    allow: Option<Vec<usize>>,
    /// The codes that follow it, by name.
    then: Vec<Text>,
    interdigit: Option<Duration>,
    /// How long it waits for a longer code, if not as long as in its state.
    pub(super) critical: Option<Duration>,
}

/// What is keyed for a code.
pub(super) enum Keyed {
    /// These keys.
    Patterns(Patterns),
    /// Something that has an error.
    Broken,
    /// Nothing: it only follows other codes.
    Nothing,
}

impl Draft {
    /// What is keyed for it, and where it holds.
    pub(super) fn keys(&self) -> CodeKeys<'_> {
        let pattern = self.node().map(|node| &**node);
        CodeKeys {
            pattern,
            states: self.states.as_deref().unwrap_or_default(),
            allow: self.allow.as_deref(),
            interdigit: self.interdigit,
            critical: self.critical,
        }
    }

    /// Where its states are written, or else something else.
    pub(super) fn states_span(&self, other: &Range<usize>) -> Range<usize> {
        self.states_span.as_ref().unwrap_or(other).clone()
    }

    /// Whether it can be keyed, and does not only follow other codes.
    pub(super) fn is_keyed(&self) -> bool {
        !matches!(self.keyed, Keyed::Nothing)
    }

    /// What is keyed for it as one pattern; `None` if it has none that could be read.
    fn node(&self) -> Option<&Arc<Node>> {
        match &self.keyed {
            Keyed::Patterns(patterns) => Some(patterns.node()),
            Keyed::Broken | Keyed::Nothing => None,
        }
    }

    /// The alternatives of what is keyed for it; none if that has an error.
    pub(super) fn alternatives(&self) -> &[Alternative] {
        match &self.keyed {
            Keyed::Patterns(patterns) => &patterns.alternatives,
            Keyed::Broken | Keyed::Nothing => &[],
        }
    }
}

/// What codes may refer to.
pub(super) struct Context<'c> {
    pub(super) states: &'c [State],
    /// The roles named so far.
    pub(super) roles: &'c mut Roles,
    /// The rules of the grammar file.
    pub(super) rules: &'c mut Rules,
    /// How large patterns may be.
    pub(super) limits: &'c Limits,
}

/// Reads all codes: first what is keyed for each, then what it does, which may speak of what was keyed for another
/// one that it follows.
pub(super) fn read(
    tables: &mut [Table<'_, '_>],
    context: &mut Context<'_>,
    found: &mut Findings<'_>,
) -> Vec<Draft> {
    let then: Vec<_> = tables.iter().map(|table| table.texts("then", found).unwrap_or_default()).collect();
    let followers = chain::followers(&then);
    let read =
        tables.iter_mut().zip(then).map(|(table, then)| draft(table, then, &followers, context, found));
    let mut drafts: Vec<_> = read.collect();
    report_duplicates(&drafts, found);
    let chains = Chains::new(&drafts, found);
    chains.report_forbidden(&drafts, found);
    let codes: Vec<_> = tables
        .iter()
        .enumerate()
        .map(|(at, table)| code(table, at, &drafts, &chains, context, found))
        .collect();
    for (draft, code) in drafts.iter_mut().zip(codes) {
        draft.code = code;
    }
    drafts
}

/// A code without what it does.
fn draft(
    table: &mut Table<'_, '_>,
    then: Vec<Text>,
    followers: &chain::Names,
    context: &mut Context<'_>,
    found: &mut Findings<'_>,
) -> Draft {
    let name = table.text("name", found);
    if let Some(name) = &name {
        check_name("a code", name, found);
        table.title = format!("code `{}`", name.value);
    }
    let follows = name.as_ref().is_some_and(|name| followers.contains(&name.value));
    let states = refer::states(table, context.states, found);
    let allow = refer::roles(table, context.roles, found);
    let keyed = if follows && table.span_of("keys").or(table.span_of("rule")).is_none() {
        report_keyless(table, found);
        Keyed::Nothing
    } else {
        patterns::read(table, context.rules, context.limits, found).map_or(Keyed::Broken, Keyed::Patterns)
    };
    Draft {
        name,
        code: None,
        keyed,
        states,
        states_span: table.span_of("state"),
        allow,
        then,
        interdigit: table.duration_if_set("interdigit", found),
        critical: table.duration_if_set("critical", found),
    }
}

/// Reports what says when a code is keyed, of a code that never is.
fn report_keyless(table: &Table<'_, '_>, found: &mut Findings<'_>) {
    let of_keys = |key: &str| ["state", "allow", "interdigit", "critical"].contains(&key);
    for (key, span) in table.keys().filter(|(key, _)| of_keys(key.name)) {
        let title = table.title.strip_prefix("code ").unwrap_or(&table.title);
        let message = format!("`{}` belongs to codes with keys, and {title} has none", key.name);
        let error = found.error("misplaced-key", message, span);
        found.push(error.help("remove it: a code without keys is done whenever a code that it follows was"));
    }
}

/// What a code does, when it or a code that it follows is keyed.
fn code(
    table: &Table<'_, '_>,
    at: usize,
    drafts: &[Draft],
    chains: &Chains,
    context: &mut Context<'_>,
    found: &mut Findings<'_>,
) -> Option<Code> {
    let draft = &drafts[at];
    let keyed: Vec<&Draft> = chains.leaders(at).into_iter().map(|leader| &drafts[leader]).collect();
    let scope = scope(&keyed, context.states);
    let operation = operation::read(table, &scope, context.states, context.roles, found);
    let mut prompt =
        |key| table.text(key, found).map(|text| templates::resource(&text, &Scope::Code(&scope), found));
    let (on_success, on_failure) = (prompt("on-success"), prompt("on-failure"));
    let is_pin = matches!(operation, Some(Operation::EnterPin { .. }));
    Some(Code {
        name: draft.name.as_ref()?.value.clone(),
        keys: draft.node().cloned(),
        states: draft.states.clone()?,
        allow: draft.allow.clone(),
        operation: operation?,
        interdigit: draft.interdigit,
        critical: draft.critical,
        then: chains.followers(at).to_vec(),
        secret: table.boolean("secret", found) || is_pin,
        on_success: on_success.flatten(),
        on_failure: on_failure.flatten(),
    })
}

/// What a code may name, by whichever of these codes it came to be done.
fn scope<'d>(keyed: &[&'d Draft], states: &[State]) -> CodeScope<'d> {
    let broken = keyed.iter().any(|draft| matches!(draft.keyed, Keyed::Broken));
    let alternatives = keyed.iter().flat_map(|draft| draft.alternatives()).collect();
    let may_be_in_room = |draft: &&Draft| {
        let names = draft.states.as_ref().map(|places| places.iter().map(|&at| states[at].name.as_str()));
        draft.is_keyed() && names.is_none_or(|mut names| names.any(|name| !is_roomless(name)))
    };
    CodeScope { alternatives: (!broken).then_some(alternatives), in_room: keyed.iter().any(may_be_in_room) }
}

/// Reports every name that two codes have.
fn report_duplicates(drafts: &[Draft], found: &mut Findings<'_>) {
    let mut first: HashMap<&str, Range<usize>> = HashMap::new();
    for name in drafts.iter().filter_map(|draft| draft.name.as_ref()) {
        match first.get(name.value.as_str()) {
            Some(span) => {
                let message = format!("two codes have the name {:?}", name.value);
                let error = found.error("duplicate-code", message, name.span.clone()).labelled("again");
                let error = error.related(found.place(span.clone()), "first here");
                found.push(error.help("give one of them another name"));
            }
            None => {
                first.insert(&name.value, name.span.clone());
            }
        }
    }
}
