//! `[[route]]`, and the numbers compiled.

use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::Limits;
use crate::key::Keys;
use crate::keypad::{Clash, CodeKeys, Keymaps};

use super::params::{self, Own};
use super::patterns::{self, Patterns};
use super::read::{Findings, Table};
use super::roles::Roles;
use super::rules::Rules;
use super::templates::{CodeScope, Scope};
use super::{Route, Routes, operation};

/// What of a call touchtone says itself when it sends it to a room.
const OWN: [Own; 5] = [
    ("id", None),
    ("caller", None),
    ("called", Some("called")),
    ("callto", Some("room")),
    ("touchtone_role", Some("role")),
];

/// A route as far as it could be read.
struct Draft {
    numbers: Option<Patterns>,
    /// `None` if it has an error.
    route: Option<Route>,
}

/// The routes, with their numbers compiled; `None` if there is an error in them.
pub(super) fn routes(
    root: &Table<'_, '_>,
    rules: &Rules,
    roles: &mut Roles,
    limits: &Limits,
    found: &mut Findings<'_>,
) -> Option<Routes> {
    let mut drafts = Vec::new();
    for table in root.tables("route", found) {
        drafts.push(draft(&table, rules, roles, limits, found));
    }
    if drafts.is_empty() {
        return Some(Routes::default());
    }
    let keys: Vec<_> = drafts.iter().map(Draft::keys).collect();
    let numbers = match Keymaps::build(1, 0, &keys, limits) {
        Ok(keymaps) => Some(keymaps.get(0, None).clone()),
        Err(clashes) => {
            clashes.iter().for_each(|clash| report(clash, &drafts, found));
            None
        }
    };
    let all: Option<Vec<_>> = drafts.into_iter().map(|draft| draft.route).collect();
    Some(Routes { all: all?, numbers: Some(numbers?) })
}

/// Reports every route that asks callers for a conference, or looks for theirs, if none is on record.
pub(super) fn check_stored(root: &Table<'_, '_>, found: &mut Findings<'_>) {
    for table in root.tables("route", &mut found.unheard()) {
        if table.span_of("room").is_none() {
            let message = "a route without `room` goes to a conference in the store, and there is none";
            let error = found.error("no-store", message, table.span.clone());
            found.push(error.help(
                "write the room, as `room = \"conf/${room}\"`, or the store, as\n\
                 [store]\nfile = \"/var/lib/touchtone/touchtone.db\"",
            ));
        }
    }
}

fn draft(
    table: &Table<'_, '_>,
    rules: &Rules,
    roles: &mut Roles,
    limits: &Limits,
    found: &mut Findings<'_>,
) -> Draft {
    let numbers = patterns::numbers(table, rules, limits, found);
    let alternatives = numbers.as_ref().map(|numbers| numbers.alternatives.iter().collect());
    let scope = CodeScope { alternatives, in_room: false };
    let room = table.text("room", found).map(|room| operation::room(&room, &Scope::Route(&scope), found));
    let role = table.text("role", found).map(|name| roles.named(&name, found));
    let params = params::engine(table, &OWN, found);
    let route = match room {
        Some(None) => None,
        room => Some(Route { room: room.flatten(), role, params }),
    };
    let draft = Draft { numbers, route };
    draft.report_never(found);
    draft
}

impl Draft {
    fn keys(&self) -> CodeKeys<'_> {
        let pattern = self.numbers.as_ref().map(|numbers| &**numbers.node());
        CodeKeys { pattern, states: &[0], allow: None, interdigit: None, critical: None }
    }

    /// Reports numbers that nobody can call.
    fn report_never(&self, found: &mut Findings<'_>) {
        for alternative in self.numbers.iter().flat_map(|numbers| &numbers.alternatives) {
            if let Ok(None) = alternative.shortest() {
                let error = found.error("no-keys", "no number is this one", alternative.text.span.clone());
                found.push(error);
            }
        }
    }

    /// Where a number is written.
    fn place(&self, keys: Option<&Keys>, found: &Findings<'_>) -> Place {
        let alternatives = self.numbers.iter().flat_map(|numbers| &numbers.alternatives);
        let is = |keys: &Keys| alternatives.clone().find(|alternative| alternative.matches(keys));
        let alternative = keys.and_then(is).or_else(|| alternatives.clone().next());
        found.place(alternative.map(|alternative| alternative.text.span.clone()).unwrap_or_default())
    }
}

fn report(clash: &Clash, drafts: &[Draft], found: &mut Findings<'_>) {
    let place = |at: usize, keys: Option<&Keys>| drafts[at].place(keys, found);
    let diagnostic = match clash {
        Clash::SameKeys { first, second, keys, .. } => {
            let message = format!("{keys} is the number of two routes");
            Diagnostic::error("same-keys", message, place(*second, Some(keys)))
                .labelled("the same number")
                .related(place(*first, Some(keys)), "the first one")
                .help("change the number of one")
        }
        Clash::NoKeys { code } => {
            let message = "this is also no number at all";
            Diagnostic::error("no-keys", message, place(*code, Some(&Keys::default())))
                .help("require at least one digit, as {1,10} instead of {0,10}")
        }
        Clash::TooMuch { code, limit } => {
            let what = if code.is_some() { "the number is" } else { "all numbers together are" };
            Diagnostic::error("limit", format!("{what} {limit}"), place(code.unwrap_or(0), None))
                .help("repeat fewer times, or split it up")
        }
        Clash::Recursion { code } => {
            let message = "the number refers to itself other than at its end";
            Diagnostic::error("recursion", message, place(*code, None))
        }
    };
    found.push(diagnostic);
}
