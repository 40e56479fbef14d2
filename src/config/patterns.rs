//! What is keyed for a code.

use crate::diagnostic::Diagnostic;
use crate::grammar::ast::Node;
use crate::grammar::capture::Matcher;
use crate::grammar::{Limits, Problem, dregex};

use crate::key::{KEY_COUNT, Keys};

use super::read::{Findings, Table, Text};
use super::rules::Rules;

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
    node: Node,
}

/// Reads `keys` or `rule` of a code.
pub(super) fn read(
    table: &Table<'_, '_>,
    rules: &Rules,
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
        let node = rules.get(&text, found)?;
        Some(vec![Alternative { text, node }])
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
        Ok(node) => Some(Alternative { text, node }),
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

    /// Whether it is these keys.
    pub(super) fn matches(&self, keys: &Keys) -> bool {
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let matcher = Matcher::new(&self.node, KEY_COUNT, &Limits::default());
        matcher.is_ok_and(|matcher| matcher.captures(&symbols).is_some())
    }

    /// How many keys it takes at least; as many as there can be if it takes no keys at all.
    pub(super) fn shortest(&self) -> usize {
        shortest(&self.node)
    }

    /// How many keys it takes at most; `None` if there is no end.
    pub(super) fn longest(&self) -> Option<usize> {
        longest(&self.node)
    }

    /// Whether at least one key is captured by this name, whatever is keyed.
    pub(super) fn always_has(&self, name: &str) -> bool {
        always_captures(&self.node, name)
    }
}

fn always_captures(node: &Node, wanted: &str) -> bool {
    match node {
        Node::Capture { name, node } => name == wanted && shortest(node) > 0 || always_captures(node, wanted),
        Node::Sequence(nodes) => nodes.iter().any(|node| always_captures(node, wanted)),
        Node::Alternatives(nodes) => nodes.iter().all(|node| always_captures(node, wanted)),
        Node::Repeat { node, min, .. } => *min > 0 && always_captures(node, wanted),
        Node::Loop { node, .. } => always_captures(node, wanted),
        // A way that goes back ends by one that does not.
        Node::Void | Node::Again(_) => true,
        Node::Empty | Node::Symbols(_) | Node::Garbage | Node::Tag(_) => false,
    }
}

fn longest(node: &Node) -> Option<usize> {
    match node {
        Node::Symbols(_) => Some(1),
        Node::Void | Node::Empty | Node::Tag(_) => Some(0),
        Node::Garbage | Node::Again(_) => None,
        Node::Sequence(nodes) => {
            nodes.iter().try_fold(0usize, |sum, node| Some(sum.saturating_add(longest(node)?)))
        }
        Node::Alternatives(nodes) => nodes.iter().try_fold(0, |most, node| Some(longest(node)?.max(most))),
        Node::Repeat { node, max, .. } => Some(longest(node)?.saturating_mul((*max)?)),
        Node::Capture { node, .. } | Node::Loop { node, .. } => longest(node),
    }
}

fn shortest(node: &Node) -> usize {
    match node {
        Node::Symbols(set) if set.is_empty() => usize::MAX,
        Node::Symbols(_) => 1,
        Node::Void | Node::Again(_) => usize::MAX,
        Node::Empty | Node::Garbage | Node::Tag(_) => 0,
        Node::Sequence(nodes) => nodes.iter().map(shortest).fold(0, usize::saturating_add),
        Node::Alternatives(nodes) => nodes.iter().map(shortest).min().unwrap_or(usize::MAX),
        Node::Repeat { node, min, .. } => shortest(node).saturating_mul(*min),
        Node::Capture { node, .. } | Node::Loop { node, .. } => shortest(node),
    }
}
