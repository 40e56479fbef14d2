//! What is keyed for a code.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::ast::Node;
use crate::grammar::capture::Matcher;
use crate::grammar::compile::{CompileError, Spent};
use crate::grammar::{Limits, Problem, dregex};
use crate::key::{KEY_COUNT, Keys};

use super::read::{Findings, Table, Text};
use super::rules::Rules;
use super::shape;

/// What is keyed for a code.
pub(super) struct Patterns {
    /// One pattern for all alternatives, if there are several.
    several: Option<Arc<Node>>,
    pub(super) alternatives: Vec<Alternative>,
}

/// One alternative of what is keyed.
#[derive(Clone)]
pub(super) struct Alternative {
    /// Where it is written.
    pub(super) text: Text,
    /// Where its rule is defined, if it names one.
    pub(super) definition: Option<Place>,
    pattern: Rc<Pattern>,
}

/// What may be spent on looking at patterns one by one, before all are compiled together and the limits hold for them.
/// What goes beyond it is not looked at: it will be refused then.
pub(super) struct Allowance {
    limits: Limits,
    spent: Cell<Spent>,
}

/// What an alternative matches, and what was found out about that. Alternatives that name the same rule share it.
pub(super) struct Pattern {
    node: Arc<Node>,
    allowance: Rc<Allowance>,
    names: OnceCell<HashSet<Arc<str>>>,
    shortest: OnceCell<Result<Option<usize>, CompileError>>,
    always: RefCell<HashMap<String, bool>>,
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
    let keys = expressions("keys", table, rules, limits, found);
    let rule = table.text("rule", found).map(|text| {
        let rule = rules.get(&text, found)?;
        Some(vec![Alternative { text, pattern: rule.pattern, definition: Some(rule.definition) }])
    });
    Patterns::new(keys.or(rule)??)
}

/// Reads `called` of a route.
pub(super) fn numbers(
    table: &Table<'_, '_>,
    rules: &Rules,
    limits: &Limits,
    found: &mut Findings<'_>,
) -> Option<Patterns> {
    Patterns::new(expressions("called", table, rules, limits, found)??)
}

/// What is written for a key, each text an alternative; `Some(None)` if one of them cannot be read.
fn expressions(
    key: &str,
    table: &Table<'_, '_>,
    rules: &Rules,
    limits: &Limits,
    found: &mut Findings<'_>,
) -> Option<Option<Vec<Alternative>>> {
    let texts = table.texts(key, found)?.into_iter();
    let read: Vec<_> = texts.map(|text| expression(text, limits, rules.allowance(), found)).collect();
    Some(read.into_iter().collect())
}

fn report_neither(table: &Table<'_, '_>, found: &mut Findings<'_>) {
    let message = format!("{} has no `keys`", table.title);
    let error = found.error("missing-key", message, table.span.clone()).labelled("`keys` is missing");
    found.push(
        error.help("add a line, as `keys = \"*6\"`, or `rule = \"NAME\"` for a rule of the grammar file"),
    );
}

fn expression(
    text: Text,
    limits: &Limits,
    allowance: &Rc<Allowance>,
    found: &mut Findings<'_>,
) -> Option<Alternative> {
    match dregex::parse(&text.value, limits) {
        Ok(node) => {
            let pattern = Rc::new(Pattern::new(node, allowance));
            Some(Alternative { text, pattern, definition: None })
        }
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
        let several = match alternatives.as_slice() {
            [] => return None,
            [_] => None,
            several => {
                let nodes = several.iter().map(|alternative| Node::clone(&alternative.pattern.node));
                Some(Arc::new(Node::Alternatives(nodes.collect())))
            }
        };
        Some(Patterns { several, alternatives })
    }

    /// One pattern for all alternatives.
    pub(super) fn node(&self) -> &Arc<Node> {
        self.several.as_ref().unwrap_or_else(|| &self.alternatives[0].pattern.node)
    }
}

impl Allowance {
    pub(super) fn new(limits: &Limits) -> Self {
        Allowance { limits: limits.clone(), spent: Cell::default() }
    }

    /// Whether at least one key is captured by this name, whatever is keyed.
    fn always_captures(&self, node: &Node, name: &str) -> bool {
        let mut spent = self.spent.get();
        if spent.work > self.limits.dfa_work {
            return true;
        }
        let matcher = Matcher::new(node, KEY_COUNT, &self.limits);
        spent.work += matcher.as_ref().map_or(self.limits.nfa_states, Matcher::size);
        self.spent.set(spent);
        matcher.map_or(true, |matcher| matcher.always_captures(name))
    }

    fn shortest(&self, node: &Node) -> Result<Option<usize>, CompileError> {
        let mut spent = self.spent.get();
        let found = shape::shortest(node, &self.limits, &mut spent);
        self.spent.set(spent);
        found
    }
}

impl Pattern {
    pub(super) fn new(node: Node, allowance: &Rc<Allowance>) -> Self {
        Pattern {
            node: Arc::new(node),
            allowance: Rc::clone(allowance),
            names: OnceCell::new(),
            shortest: OnceCell::new(),
            always: RefCell::default(),
        }
    }
}

impl Alternative {
    /// The names it captures.
    pub(super) fn captures(&self) -> Vec<&str> {
        self.pattern.node.capture_names()
    }

    /// Whether it captures by this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let names = || self.captures().into_iter().map(Arc::from).collect();
        self.pattern.names.get_or_init(names).contains(name)
    }

    /// Whether at least one key is captured by this name, whatever is keyed.
    pub(super) fn always_has(&self, name: &str) -> bool {
        if let Some(&known) = self.pattern.always.borrow().get(name) {
            return known;
        }
        let Pattern { node, allowance, always, .. } = &*self.pattern;
        let found = allowance.always_captures(node, name);
        always.borrow_mut().insert(name.to_owned(), found);
        found
    }

    /// Whether it is these keys.
    pub(super) fn matches(&self, keys: &Keys) -> bool {
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let matcher = Matcher::new(&self.pattern.node, KEY_COUNT, &self.pattern.allowance.limits);
        matcher.is_ok_and(|matcher| matcher.captures(&symbols).is_some())
    }

    /// How many keys it takes at least; `None` if no keys match it. An error if it is beyond a limit.
    pub(super) fn shortest(&self) -> Result<Option<usize>, CompileError> {
        let Pattern { node, allowance, shortest, .. } = &*self.pattern;
        shortest.get_or_init(|| allowance.shortest(node)).clone()
    }

    /// How many keys it takes at most; `None` if there is no end.
    pub(super) fn longest(&self) -> Option<usize> {
        shape::longest(&self.pattern.node)
    }
}
