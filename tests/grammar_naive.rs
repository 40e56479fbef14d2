//! Random patterns and random symbols, against a matcher that is too simple to be wrong.

use std::ops::Range;

use proptest::prelude::*;
use touchtone::grammar::Limits;
use touchtone::grammar::ast::{Node, SymbolSet};
use touchtone::grammar::automaton::{Automaton, StateId};
use touchtone::grammar::capture::{Captures, Matcher, Step};
use touchtone::grammar::compile::{Builder, CompileError};
use touchtone::trial::naive::{looks, steps as naive};

const ALPHABET: usize = 3;

fn node() -> impl Strategy<Value = Node> {
    let set = prop::collection::vec(0..ALPHABET, 1..3)
        .prop_map(|symbols| Node::Symbols(SymbolSet::from_iter(symbols)));
    let leaf = prop_oneof![
        8 => set,
        1 => Just(Node::Empty),
        1 => Just(Node::Void),
        1 => Just(Node::Garbage),
        1 => "[st]".prop_map(|text| Node::Tag(text.into())),
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

/// Repeats in repeats whose rounds could take nothing: where it is easiest to take a wrong way.
fn rounds() -> impl Strategy<Value = Node> {
    let symbol = || (0..2usize).prop_map(Node::symbol);
    let piece = prop_oneof![
        1 => symbol(),
        3 => symbol().prop_map(|node| node.repeated(0, None)),
        3 => symbol().prop_map(|node| Node::Alternatives(vec![Node::Empty, node])),
        1 => symbol().prop_map(|node| node.repeated(0, Some(1))),
    ];
    piece.prop_recursive(2, 12, 4, |inner| {
        (prop::collection::vec(inner, 1..4), "[ab]", 0usize..2)
            .prop_map(|(pieces, name, min)| Node::Sequence(pieces).captured(name).repeated(min, None))
    })
}

/// A node that ends in another one, which may be a way back.
fn ending_in(last: BoxedStrategy<Node>) -> BoxedStrategy<Node> {
    let ending = last.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => (0..ALPHABET, node(), inner.clone())
                .prop_map(|(first, then, last)| Node::Sequence(vec![Node::symbol(first), then, last])),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(Node::Alternatives),
            1 => (inner.clone(), 0usize..2).prop_map(|(node, min)| node.repeated(min, Some(1))),
            2 => (inner, "[ab]").prop_map(|(node, name)| node.captured(name)),
        ]
    });
    ending.boxed()
}

/// Loops of two parts, with loops in them or not, among other things. They take a symbol before they go back.
fn looping() -> impl Strategy<Value = Node> {
    let again = |labels: usize| {
        let back = (0..labels, 0usize..2).prop_map(|(label, part)| Node::Again { label, part });
        (0..ALPHABET, back)
            .prop_map(|(symbol, back)| Node::Sequence(vec![Node::symbol(symbol), back]))
            .boxed()
    };
    let inner = prop_oneof![2 => again(2), 1 => node().boxed()].boxed();
    let inner = prop::collection::vec(ending_in(inner), 2).prop_map(|parts| Node::Loop { label: 1, parts });
    let outer = prop_oneof![4 => again(1), 2 => node().boxed(), 1 => inner.boxed()].boxed();
    let ahead = Just(Node::Again { label: 0, part: 1 }).boxed();
    let first = ending_in(prop_oneof![1 => ahead, 4 => outer.clone()].boxed());
    let outer = (first, ending_in(outer))
        .prop_map(|(first, second)| Node::Loop { label: 0, parts: vec![first, second] });
    (node(), outer, node(), 0usize..2, 1usize..3).prop_map(|(before, outer, after, min, max)| {
        Node::Sequence(vec![before, outer.repeated(min, Some(max)), after])
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
                all.push((name.to_string(), *at..*at));
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
    captures.iter().map(|captured| (captured.name.to_string(), captured.range.clone())).collect()
}

proptest! {
    #[test]
    fn captures_are_those_of_the_first_way(node in prop_oneof![node(), rounds(), looping()], inputs in prop::collection::vec(symbols(), 8)) {
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
    fn what_is_always_captured_is_captured(node in prop_oneof![node(), rounds(), looping()]) {
        let matcher = Matcher::new(&node, ALPHABET, &Limits::default()).unwrap();
        for name in ["a", "b"].into_iter().filter(|name| matcher.always_captures(name)) {
            for captures in strings(5).iter().filter_map(|symbols| matcher.captures(symbols)) {
                prop_assert!(captures.get(name).is_some_and(|range| !range.is_empty()), "{name} in {captures:?}");
            }
        }
    }

    #[test]
    fn the_automaton_accepts_what_the_patterns_match(nodes in prop::collection::vec(prop_oneof![3 => node(), 1 => looping()], 1..4)) {
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
                    let looks: Vec<_> = nodes.iter().map(|node| looks(node, symbols)).collect();
                    prop_assert_eq!(looks.iter().filter(|looks| looks.matches).count(), expected.len());
                    let leads_on = state.is_some_and(|state| automaton.continues(state));
                    // Where nothing matches at all the start may lead to itself.
                    let any = (0..nodes.len()).any(|pattern| automaton.shortest(pattern).is_some());
                    prop_assert_eq!(any && looks.iter().any(|looks| looks.leads_on), any && leads_on);
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
    fn no_two_states_are_alike(nodes in prop::collection::vec(prop_oneof![3 => node(), 1 => looping()], 1..4)) {
        let Ok(automaton) = build(&nodes, true) else { return Ok(()) };
        let mut states = vec![automaton.start()];
        let mut at = 0;
        while let Some(&state) = states.get(at) {
            let next = (0..ALPHABET).filter_map(|symbol| automaton.next(state, symbol));
            let new: Vec<_> = next.filter(|next| !states.contains(next)).collect();
            for state in new {
                if !states.contains(&state) {
                    states.push(state);
                }
            }
            at += 1;
        }
        prop_assert_eq!(states.len(), automaton.states());
        let place = |state: Option<StateId>| state.and_then(|state| states.iter().position(|other| *other == state));
        // Classes are split for as long as their states can be told apart by one more symbol.
        let mut classes: Vec<usize> = vec![0; states.len()];
        loop {
            let looks: Vec<_> = states.iter().enumerate().map(|(at, &state)| {
                let next = (0..ALPHABET).map(|symbol| place(automaton.next(state, symbol)).map(|to| classes[to]));
                (classes[at], automaton.accepts(state), next.collect::<Vec<_>>())
            }).collect();
            let finer: Vec<_> = looks.iter().map(|look| looks.iter().position(|other| other == look).unwrap_or(0)).collect();
            if finer == classes {
                break;
            }
            classes = finer;
        }
        prop_assert!((0..states.len()).all(|state| classes[state] == state));
        let dead = states.iter().skip(1).any(|&state| automaton.accepts(state).is_none() && !automaton.continues(state));
        prop_assert!(!dead);
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
