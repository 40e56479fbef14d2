//! What makes a section act: its keys, and the states it is for.

use super::bre;
use super::ini::Section;
use super::keys::{self, Branch, Item, KeySet};
use super::operation;

/// Why a section is not a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Not {
    /// It does nothing in pbxassist either.
    Idle(String),
    /// It cannot be carried.
    Carried(String),
}

/// What is said where a section cannot be compared with others.
pub(super) const TAKEN: &str = "what it takes first there may be another section's here";

/// The states that pbxassist puts calls in, each with those of touchtone.
const STATES: [(&str, &[&str]); 4] = [
    ("new", &["call", "hold"]),
    ("call", &["call", "hold"]),
    ("dial", &["dial"]),
    ("conference", &["conference"]),
];

/// The built-in states of touchtone.
pub(super) const BUILT_IN: [&str; 4] = crate::config::STATES_OF_ENGINE;

/// A state of the admin's own: as pbxassist has it, and as touchtone will.
pub(super) type OwnState = (String, String);

/// The states a section is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct States {
    /// Those of touchtone.
    pub(super) here: Vec<String>,
    /// Those of pbxassist.
    pub(super) there: Vec<String>,
    /// What is not the same.
    pub(super) remark: Option<String>,
}

/// The ways to key what the trigger of a section matches. `least` is how many keys there must be at least.
pub(super) fn branches(section: &Section, least: usize) -> Result<Vec<Branch>, Not> {
    let Some(text) = section.filled("trigger") else {
        return Err(Not::Idle("it has no trigger, so nothing that is keyed does anything".to_owned()));
    };
    let node = bre::parse(text).map_err(|mistake| {
        Not::Idle(format!(
            "its trigger is no expression, so that nothing matches it: {mistake}, {}",
            at(text, &mistake.span)
        ))
    })?;
    let mut branches = keys::expand(&node)
        .map_err(|beyond| Not::Carried(format!("{}, {}; {TAKEN}", beyond.message, at(text, &beyond.span))))?;
    if branches.is_empty() {
        return Err(Not::Idle("no keys match its trigger: the keys are 0-9 * # A-D".to_owned()));
    }
    for branch in &mut branches {
        // What can be nothing is found in whatever was keyed.
        if keys::shortest(&branch.items) == 0 && !(branch.begin && branch.end) {
            if operation::speaks_of_match(section) {
                let why = "its trigger matches nothing too, at whatever key, and what its values speak of is then nothing";
                return Err(Not::Carried(format!("{why}; {TAKEN}")));
            }
            *branch = Branch { begin: true, end: true, items: vec![Item::Set(KeySet::of(|_| true)); least] };
        }
    }
    Ok(branches)
}

fn at(text: &str, span: &std::ops::Range<usize>) -> String {
    match text.get(span.clone()) {
        Some(part) if !part.is_empty() && part != text => format!("at `{part}`"),
        _ => format!("in `{text}`"),
    }
}

/// The states a section is for, among those that are known.
pub(super) fn states(section: &Section, own: &[OwnState]) -> Result<States, Not> {
    let Some(text) = section.filled("pbxstates") else {
        let here = BUILT_IN.iter().copied().chain(own.iter().map(|state| state.1.as_str()));
        let there = STATES.iter().map(|state| state.0).chain(own.iter().map(|state| state.0.as_str()));
        return Ok(States {
            here: here.map(str::to_owned).collect(),
            there: there.map(str::to_owned).collect(),
            remark: None,
        });
    };
    let node = bre::parse(text).map_err(|mistake| {
        Not::Idle(format!("its pbxstates is no expression, so that no state matches it: {mistake}"))
    })?;
    let mut states = States::default();
    for (there, here) in STATES {
        if node.is_match(there) {
            states.there.push(there.to_owned());
            states.here.extend(here.iter().map(|&here| here.to_owned()));
        }
    }
    for (there, here) in own.iter().filter(|(there, _)| node.is_match(there)) {
        states.there.push(there.clone());
        states.here.push(here.clone());
    }
    states.here = in_order(&states.here, own);
    let has = |name: &str| states.there.iter().any(|state| state == name);
    if states.here.is_empty() {
        return Err(Not::Carried(nowhere(text, node.is_match("first"))));
    }
    let only = [("new", "call"), ("call", "new")].into_iter().find(|(one, other)| has(one) && !has(other));
    let first = node.is_match("first") && STATES.iter().any(|(there, _)| !has(there));
    states.remark = match only {
        Some(("new", _)) => {
            Some("in pbxassist only while nobody is on hold and no second call was made".to_owned())
        }
        Some(_) => Some("in pbxassist only while somebody is on hold, or after a second call".to_owned()),
        None if first => Some("not for the first keys of a call, whatever its state".to_owned()),
        None => None,
    };
    Ok(states)
}

fn in_order(named: &[String], own: &[OwnState]) -> Vec<String> {
    let all = BUILT_IN.iter().copied().chain(own.iter().map(|state| state.1.as_str()));
    all.filter(|state| named.iter().any(|name| name == state)).map(str::to_owned).collect()
}

fn nowhere(text: &str, first: bool) -> String {
    if first {
        return "it is for the first keys of a call alone, which is no state here".to_owned();
    }
    format!(
        "no state that is known matches `{text}`: those of pbxassist, and what a section sets with \
         operation=setstate; if something else puts calls in such a state, declare [states.NAME] and write the code \
         for it"
    )
}
