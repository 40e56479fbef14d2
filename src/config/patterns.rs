//! What is keyed for a code.

use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::ast::Node;
use crate::grammar::capture::Matcher;
use crate::grammar::{Limits, Problem, dregex};
use crate::key::{KEY_COUNT, Keys};

use super::read::{Findings, Table, Text};
use super::rules::Rules;
use super::shape;

/// What is keyed for a code.
pub(super) struct Patterns {
    /// One pattern for all alternatives.
    pub(super) node: Node,
    pub(super) alternatives: Vec<Alternative>,
}

/// One alternative of what is keyed.
#[derive(Clone)]
pub(super) struct Alternative {
    /// Where it is written.
    pub(super) text: Text,
    /// Where its rule is defined, if it names one.
    pub(super) definition: Option<Place>,
    node: Node,
}

/// Reads `keys` or `rule` of a code.
pub(super) fn read(
    table: &Table<'_, '_>,
    rules: &mut Rules,
    limits: &Limits,
    found: &mut Findings<'_>,
) -> Option<Patterns> {
    match (table.span_of("keys"), table.span_of("rule")) {
        (None, None) => report_neither(table, found),
        (Some(keys), Some(rule)) => {
            let error =
                found.error("misplaced-key", format!("{} has both `keys` and `rule`", table.title), rule);
            found.push(error.related(found.place(keys), "the keys are said here").help("remove one of them"));
        }
        _ => {}
    }
    let keys = table.texts("keys", found).map(|texts| {
        let read = texts.into_iter().map(|text| expression(text, limits, found)).collect::<Vec<_>>();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    let rule = table.text("rule", found).map(|text| {
        let rule = rules.get(&text, found)?;
        Some(vec![Alternative { text, node: rule.node, definition: Some(rule.definition) }])
    });
    Patterns::new(keys.or(rule)??)
}

fn report_neither(table: &Table<'_, '_>, found: &mut Findings<'_>) {
    let message = format!("{} has no `keys`", table.title);
    let error = found.error("missing-key", message, table.span.clone()).labelled("`keys` is missing");
    found.push(
        error.help("add a line, as `keys = \"*6\"`, or `rule = \"NAME\"` for a rule of the grammar file"),
    );
}

fn expression(text: Text, limits: &Limits, found: &mut Findings<'_>) -> Option<Alternative> {
    match dregex::parse(&text.value, limits) {
        Ok(node) => Some(Alternative { text, node, definition: None }),
        Err(problems) => {
            problems.into_iter().for_each(|problem| report(problem, &text, found));
            None
        }
    }
}

fn report(problem: Problem, text: &Text, found: &mut Findings<'_>) {
    let place = found.within(text, &problem.span);
    let related =
        problem.related.into_iter().map(|(span, label)| (found.within(text, &span), label)).collect();
    let error = Diagnostic::error(problem.kind, problem.message, place).labelled(problem.label);
    found.push(Diagnostic { related, help: problem.help, ..error });
}

impl Patterns {
    fn new(alternatives: Vec<Alternative>) -> Option<Self> {
        let node = match alternatives.as_slice() {
            [] => return None,
            [only] => only.node.clone(),
            several => {
                Node::Alternatives(several.iter().map(|alternative| alternative.node.clone()).collect())
            }
        };
        Some(Patterns { node, alternatives })
    }
}

impl Alternative {
    /// The names it captures.
    pub(super) fn captures(&self) -> Vec<&str> {
        self.node.capture_names()
    }

    /// Whether it captures by this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.captures().contains(&name)
    }

    /// Whether at least one key is captured by this name, whatever is keyed.
    pub(super) fn always_has(&self, name: &str) -> bool {
        matches!(shape::shortest(&shape::without(&self.node, name)), Ok(None))
    }

    /// Whether it is these keys.
    pub(super) fn matches(&self, keys: &Keys) -> bool {
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let matcher = Matcher::new(&self.node, KEY_COUNT, &Limits::default());
        matcher.is_ok_and(|matcher| matcher.captures(&symbols).is_some())
    }

    /// What it matches.
    pub(super) fn node(&self) -> &Node {
        &self.node
    }
}
