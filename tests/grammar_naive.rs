//! Random patterns and random symbols, against a matcher that is too simple to be wrong.

use std::ops::Range;

use proptest::prelude::*;
use touchtone::grammar::Limits;
use touchtone::grammar::ast::{Node, SymbolSet};
use touchtone::grammar::automaton::{Automaton, StateId};
use touchtone::grammar::capture::{Captures, Matcher, Step};
use touchtone::grammar::compile::{Builder, CompileError};

const ALPHABET: usize = 3;

/// Tries every way in the order that the words of `Node` give, and calls `then` at the end of each; the first for
/// which it says yes is the match.
fn ways(
    node: &Node,
    symbols: &[usize],
    at: usize,
    log: &mut Vec<Step>,
    then: &mut dyn FnMut(usize, &mut Vec<Step>) -> bool,
) -> bool {
    match node {
        // Loops are not generated: this matcher would go round in them.
        Node::Void | Node::Loop { .. } | Node::Again { .. } => false,
        Node::Symbols(set) => {
            symbols.get(at).is_some_and(|&symbol| set.contains(symbol)) && then(at + 1, log)
        }
        Node::Garbage => (at..=symbols.len()).rev().any(|end| then(end, log)),
        Node::Sequence(nodes) => match nodes.split_first() {
            None => then(at, log),
            Some((first, rest)) => {
                let rest = Node::Sequence(rest.to_vec());
                ways(first, symbols, at, log, &mut |at, log| ways(&rest, symbols, at, log, then))
            }
        },
        Node::Alternatives(nodes) => nodes.iter().any(|node| ways(node, symbols, at, log, then)),
        Node::Repeat { max: Some(max), min, .. } if max < min => false,
        Node::Empty | Node::Repeat { max: Some(0), .. } => then(at, log),
        Node::Repeat { node, min, max } => {
            let rest =
                Node::Repeat { node: node.clone(), min: min.saturating_sub(1), max: max.map(|max| max - 1) };
            let open_ended = *min == 0 && max.is_none();
            let round = ways(node, symbols, at, log, &mut |end, log| {
                !(open_ended && end == at) && ways(&rest, symbols, end, log, then)
            });
            round || (*min == 0 && then(at, log))
        }
        Node::Capture { name, node } => {
            let before = log.len();
            log.push(Step::Open { name: name.clone(), at });
            let found = ways(node, symbols, at, log, &mut |at, log| {
                let before = log.len();
                log.push(Step::Close { at });
                then(at, log) || {
                    log.truncate(before);
                    false
                }
            });
            found || {
                log.truncate(before);
                false
            }
        }
        Node::Tag(text) => {
            let before = log.len();
            log.push(Step::Tag { text: text.clone(), at });
            then(at, log) || {
                log.truncate(before);
                false
            }
        }
    }
}

fn naive(node: &Node, symbols: &[usize]) -> Option<Vec<Step>> {
    let mut log = Vec::new();
    ways(node, symbols, 0, &mut log, &mut |at, _| at == symbols.len()).then_some(log)
}

fn node() -> impl Strategy<Value = Node> {
    let set = prop::collection::vec(0..ALPHABET, 1..3)
        .prop_map(|symbols| Node::Symbols(SymbolSet::from_iter(symbols)));
    let leaf = prop_oneof![
        8 => set,
        1 => Just(Node::Empty),
        1 => Just(Node::Void),
        1 => Just(Node::Garbage),
        1 => "[st]".prop_map(Node::Tag),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..4).prop_map(Node::Sequence),
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Node::Alternatives),
            2 => (inner.clone(), 0usize..3, prop::option::of(0usize..4)).prop_map(|(node, min, max)| node.repeated(min, max)),
            2 => (inner, "[ab]").prop_map(|(node, name)| node.captured(name)),
        ]
    })
}

fn symbols() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..ALPHABET, 0..7)
}

fn follow(automaton: &Automaton, symbols: &[usize]) -> Option<StateId> {
    symbols.iter().try_fold(automaton.start(), |state, &symbol| automaton.next(state, symbol))
}

/// Every string of up to that many symbols, the shortest first.
fn strings(length: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for index in from..to {
            for symbol in 0..ALPHABET {
                let longer = all[index].iter().copied().chain([symbol]).collect();
                all.push(longer);
            }
        }
        from = to;
    }
    all
}

fn build(nodes: &[Node], accept_empty: bool) -> Result<Automaton, CompileError> {
    let builder = Builder::new(ALPHABET, Limits::default());
    let mut builder = if accept_empty { builder.accept_empty() } else { builder };
    for (index, node) in nodes.iter().enumerate() {
        assert_eq!(builder.pattern(node), index);
    }
    builder.build()
}

/// The captured stretches that a log tells of, in the order in which they begin.
fn stretches(log: &[Step]) -> Vec<(String, Range<usize>)> {
    let mut open = Vec::new();
    let mut all: Vec<(String, Range<usize>)> = Vec::new();
    for step in log {
        match step {
            Step::Open { name, at } => {
                open.push(all.len());
                all.push((name.clone(), *at..*at));
            }
            Step::Close { at } => {
                if let Some(begun) = open.pop() {
                    all[begun].1.end = *at;
                }
            }
            Step::Tag { .. } => {}
        }
    }
    all
}

fn captured(captures: &Captures) -> Vec<(String, Range<usize>)> {
    captures.iter().map(|captured| (captured.name.clone(), captured.range.clone())).collect()
}

proptest! {
    #[test]
    fn captures_are_those_of_the_first_way(node in node(), inputs in prop::collection::vec(symbols(), 8)) {
        let matcher = Matcher::new(&node, ALPHABET, &Limits::default()).unwrap();
        for symbols in inputs {
            let expected = naive(&node, &symbols);
            let found = matcher.captures(&symbols);
            prop_assert_eq!(found.as_ref().map(|captures| captures.steps().to_vec()), expected.clone());
            if let (Some(found), Some(expected)) = (found, expected) {
                prop_assert_eq!(captured(&found), stretches(&expected));
            }
        }
    }

    #[test]
    fn the_automaton_accepts_what_the_patterns_match(nodes in prop::collection::vec(node(), 1..4)) {
        let all = strings(5);
        let matching = |symbols: &[usize]| -> Vec<usize> {
            (0..nodes.len()).filter(|&index| naive(&nodes[index], symbols).is_some()).collect()
        };
        match build(&nodes, true) {
            Ok(automaton) => {
                for symbols in &all {
                    let state = follow(&automaton, symbols);
                    let expected = matching(symbols);
                    prop_assert!(expected.len() <= 1);
                    prop_assert_eq!(state.and_then(|state| automaton.accepts(state)), expected.first().copied());
                    if let Some(state) = state {
                        let goes_on = (0..ALPHABET).any(|symbol| automaton.next(state, symbol).is_some());
                        prop_assert_eq!(automaton.continues(state), goes_on);
                    }
                    if let Some(&pattern) = expected.first() {
                        let found = automaton.captures(pattern, symbols).unwrap();
                        prop_assert_eq!(Some(found.steps().to_vec()), naive(&nodes[pattern], symbols));
                    }
                }
                for (index, node) in nodes.iter().enumerate() {
                    let expected = all.iter().find(|symbols| naive(node, symbols).is_some());
                    let shortest = automaton.shortest(index);
                    prop_assert!(shortest.as_ref().is_none_or(|shortest| naive(node, shortest).is_some()));
                    if expected.is_some() {
                        prop_assert_eq!(shortest.map(|symbols| symbols.len()), expected.map(Vec::len));
                    }
                }
            }
            Err(CompileError::Patterns { conflicts, empty }) => {
                prop_assert!(empty.is_empty());
                for conflict in &conflicts {
                    let both = [conflict.first, conflict.second];
                    prop_assert!(both.iter().all(|&index| naive(&nodes[index], &conflict.witness).is_some()));
                    let shorter = all.iter().take_while(|symbols| symbols.len() < conflict.witness.len());
                    prop_assert!(!shorter.into_iter().any(|symbols| both.iter().all(|index| matching(symbols).contains(index))));
                }
                for symbols in &all {
                    let matching = matching(symbols);
                    for pair in matching.windows(2) {
                        prop_assert!(conflicts.iter().any(|conflict| [conflict.first, conflict.second] == pair));
                    }
                }
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn what_accepts_nothing_keyed_is_reported(nodes in prop::collection::vec(node(), 1..3)) {
        let expected: Vec<usize> = (0..nodes.len()).filter(|&index| naive(&nodes[index], &[]).is_some()).collect();
        match build(&nodes, false) {
            Ok(_) => prop_assert!(expected.is_empty()),
            Err(CompileError::Patterns { empty, .. }) => prop_assert_eq!(empty, expected),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn every_prefix_is_found(nodes in prop::collection::vec(node(), 2..4)) {
        let Ok(automaton) = build(&nodes, true) else { return Ok(()) };
        let prefixes = automaton.prefixes();
        for prefix in &prefixes {
            prop_assert!(prefix.short != prefix.long && prefix.longer.len() > prefix.witness.len());
            prop_assert!(prefix.longer.starts_with(&prefix.witness));
            prop_assert!(naive(&nodes[prefix.short], &prefix.witness).is_some());
            prop_assert!(naive(&nodes[prefix.long], &prefix.longer).is_some());
        }
        let all = strings(4);
        for longer in &all {
            for cut in 0..longer.len() {
                let accepts = |symbols: &[usize]| follow(&automaton, symbols).and_then(|state| automaton.accepts(state));
                if let (Some(short), Some(long)) = (accepts(&longer[..cut]), accepts(longer)) {
                    let known = prefixes.iter().find(|prefix| prefix.short == short && prefix.long == long);
                    prop_assert!(short == long || known.is_some_and(|known| known.witness.len() <= cut));
                }
            }
        }
    }
}
