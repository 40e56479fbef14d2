//! What a grammar would become, worked out before it is made: recursion that cannot be, and sizes.

use super::graph;
use super::lex::shown;
use super::load::Files;
use super::syntax::{Expansion, Rule, Token};
use crate::grammar::Problem;
use crate::grammar::limits::Limits;

/// Rules in groups of those that refer to each other.
#[derive(Debug)]
pub(super) struct Cycles {
    /// The group of each rule.
    pub(super) group: Vec<usize>,
    /// The rules of each group.
    pub(super) members: Vec<Vec<usize>>,
    /// Whether the rules of each group refer to each other, or to themselves.
    pub(super) cyclic: Vec<bool>,
}

/// How large a rule is, once everything it refers to is put in its place.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// How deep groups and rules are nested in it.
    depth: usize,
    /// How many parts it has.
    parts: usize,
    /// How many, with every repeat written out.
    written: usize,
}

/// A reference in a rule.
struct Edge {
    /// Its place among the references of the file.
    reference: usize,
    /// Whether it is the last thing in the rule.
    tail: bool,
}

/// Groups the rules. Notes every recursion other than at the end of a rule, and what is beyond a limit.
pub(super) fn measure(files: &mut Files, limits: &Limits) -> Cycles {
    let edges: Vec<Vec<Edge>> = files.rules.iter().map(|&rule| edges(rule_of(files, rule))).collect();
    let target = |rule: usize, edge: &Edge| files.targets[files.rules[rule].0][edge.reference];
    let plain: Vec<Vec<usize>> = edges
        .iter()
        .enumerate()
        .map(|(rule, edges)| edges.iter().filter_map(|edge| target(rule, edge)).collect())
        .collect();
    let group = graph::components(&plain);
    let groups = group.iter().max().map_or(0, |&last| last + 1);
    let mut cycles = Cycles { members: vec![Vec::new(); groups], cyclic: vec![false; groups], group };
    let mut problems = Vec::new();
    for (rule, edges) in edges.iter().enumerate() {
        let group = cycles.group[rule];
        cycles.members[group].push(rule);
        for edge in edges {
            let Some(to) = target(rule, edge).filter(|&to| cycles.group[to] == group) else { continue };
            cycles.cyclic[group] = true;
            if !edge.tail {
                problems.push((files.rules[rule].0, recursion(files, rule, to, edge.reference)));
            }
        }
    }
    if problems.is_empty() {
        problems = beyond(files, &cycles, limits);
    }
    problems.into_iter().for_each(|(file, problem)| files.note(file, problem));
    cycles
}

fn rule_of(files: &Files, (file, place): (usize, usize)) -> &Rule {
    &files.documents[file].rules[place]
}

fn recursion(files: &Files, rule: usize, to: usize, reference: usize) -> Problem {
    let (file, _) = files.rules[rule];
    let name = shown(&rule_of(files, files.rules[rule]).name.value);
    let message = if rule == to {
        format!("the rule {name} refers to itself other than at its end")
    } else {
        let to = shown(&rule_of(files, files.rules[to]).name.value);
        format!("the rules {name} and {to} refer to each other other than at their ends")
    };
    let span = files.documents[file].references[reference].span.clone();
    let problem = Problem::new("recursion", span, message)
        .labelled("nothing may stand after this, and no repeat around it");
    problem.help("a rule may end in itself; what it does more than once can be a repeat")
}

/// Everything that a rule refers to, and whether at its end. What is repeated zero times is left out.
fn edges(rule: &Rule) -> Vec<Edge> {
    let mut edges = Vec::new();
    collect(&rule.expansion, true, &mut edges);
    edges
}

fn collect(expansion: &Expansion, tail: bool, edges: &mut Vec<Edge>) {
    match expansion {
        Expansion::Reference(reference) => edges.push(Edge { reference: *reference, tail }),
        Expansion::Alternatives(parts) => parts.iter().for_each(|part| collect(part, tail, edges)),
        Expansion::Sequence(parts) => {
            let last = parts.iter().rposition(|part| !part.is_nothing());
            for (place, part) in parts.iter().enumerate() {
                collect(part, tail && Some(place) >= last, edges);
            }
        }
        Expansion::Repeat { expansion, max, .. } if *max != Some(0) => {
            collect(expansion, tail && *max == Some(1), edges);
        }
        Expansion::Repeat { .. }
        | Expansion::Null
        | Expansion::Void
        | Expansion::Garbage
        | Expansion::Token(_)
        | Expansion::Tag(_) => {}
    }
}

/// What is beyond a limit among the rules of the first file that can be asked for.
fn beyond(files: &Files, cycles: &Cycles, limits: &Limits) -> Vec<(usize, Problem)> {
    let sizes = sizes(files, cycles);
    let Some(document) = files.documents.first() else { return Vec::new() };
    let root = document.root.as_ref().map(|root| root.value.as_str());
    let mut problems = Vec::new();
    for (number, rule) in document.rules.iter().enumerate() {
        if !rule.public && Some(&*rule.name.value) != root {
            continue;
        }
        let size = sizes[number];
        let checks = [
            ("nesting", size.depth, limits.depth(), "is nested deeper"),
            ("expansion", size.parts, limits.expansion, "has more parts, with all it refers to,"),
            ("nfa-states", size.written, limits.nfa_states, "has more parts, with repeats written out,"),
        ];
        if let Some((limit, _, allowed, how)) = checks.into_iter().find(|check| check.1 > check.2) {
            let name = shown(&rule.name.value);
            let message = format!("the rule {name} {how} than the limit \"{limit}\" allows ({allowed})");
            problems.push((0, Problem::new("limit", rule.name.span.clone(), message)));
        }
    }
    problems
}

/// The size of each rule. Groups are numbered so that those a group refers to come before it.
fn sizes(files: &Files, cycles: &Cycles) -> Vec<Size> {
    let mut sizes = vec![Size::default(); files.rules.len()];
    for (group, members) in cycles.members.iter().enumerate() {
        let mut whole = Size::default();
        for &rule in members {
            let (file, _) = files.rules[rule];
            let outside = |reference: usize| {
                let to = files.targets[file][reference].filter(|&to| cycles.group[to] != group);
                to.map_or(Size::default(), |to| sizes[to])
            };
            let syntax = rule_of(files, files.rules[rule]);
            let references = &files.documents[file].references;
            let depths =
                syntax.references.clone().map(|place| references[place].depth + 1 + outside(place).depth);
            let (parts, written) = count(&syntax.expansion, &files.documents[file].tokens, &outside);
            whole.depth = whole.depth.max(syntax.depth).max(depths.max().unwrap_or(0));
            whole.parts = whole.parts.saturating_add(parts);
            whole.written = whole.written.saturating_add(written);
        }
        members.iter().for_each(|&rule| sizes[rule] = whole);
    }
    sizes
}

/// How many parts an expansion has, and how many with repeats written out.
fn count(expansion: &Expansion, tokens: &[Token], outside: &dyn Fn(usize) -> Size) -> (usize, usize) {
    let inner = match expansion {
        Expansion::Reference(reference) => {
            let size = outside(*reference);
            (size.parts, size.written)
        }
        Expansion::Sequence(parts) | Expansion::Alternatives(parts) => {
            let counts = parts.iter().map(|part| count(part, tokens, outside));
            counts.fold((0, 0), |sum: (usize, usize), one| {
                (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
            })
        }
        Expansion::Repeat { expansion, min, max } => {
            let (parts, written) = count(expansion, tokens, outside);
            (parts, written.saturating_mul(max.unwrap_or(*min + 1)))
        }
        Expansion::Token(token) => {
            let words = tokens[*token].words.len();
            (words, words)
        }
        Expansion::Null | Expansion::Void | Expansion::Garbage | Expansion::Tag(_) => (0, 0),
    };
    (inner.0.saturating_add(1), inner.1.saturating_add(1))
}
