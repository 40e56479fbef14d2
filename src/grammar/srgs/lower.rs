//! Rules as patterns: what a rule refers to is put in its place, captured by its name.

use std::sync::Arc;

use super::Alphabet;
use super::load::Files;
use super::measure::Cycles;
use super::syntax::Expansion;
use crate::grammar::ast::Node;

/// Puts rules in their places. The sizes were measured before, so there is an end to it.
pub(super) struct Lowering<'a> {
    pub(super) files: &'a Files,
    pub(super) cycles: &'a Cycles,
    pub(super) alphabet: &'a Alphabet,
}

/// Where an expansion stands.
#[derive(Clone, Copy)]
struct Place {
    file: usize,
    /// The group of rules that refer to each other, if the rule is in one: a reference to one of them is a way back.
    group: Option<usize>,
}

impl Lowering<'_> {
    /// A rule by itself, not captured.
    pub(super) fn rule(&self, rule: usize) -> Node {
        let group = self.cycles.group[rule];
        if !self.cycles.cyclic[group] {
            return self.body(rule, None);
        }
        // The first part leads to the rule that is meant; the others are the rules of the group in their order.
        let bodies = self.cycles.members[group].iter().map(|&member| self.body(member, Some(group)));
        let parts = std::iter::once(self.again(rule)).chain(bodies).collect();
        Node::Loop { label: group, parts }
    }

    fn again(&self, rule: usize) -> Node {
        let group = self.cycles.group[rule];
        let place = self.cycles.members[group].iter().position(|&member| member == rule);
        Node::Again { label: group, part: place.map_or(0, |place| place + 1) }
    }

    fn body(&self, rule: usize, group: Option<usize>) -> Node {
        let (file, place) = self.files.rules[rule];
        self.expansion(&self.files.documents[file].rules[place].expansion, Place { file, group })
    }

    fn expansion(&self, expansion: &Expansion, place: Place) -> Node {
        if expansion.is_nothing() {
            return Node::Empty;
        }
        match expansion {
            Expansion::Null => Node::Empty,
            Expansion::Void => Node::Void,
            Expansion::Garbage => Node::Garbage,
            Expansion::Token(token) => self.token(place.file, *token),
            Expansion::Reference(reference) => self.reference(place, *reference),
            Expansion::Tag(text) => Node::Tag(Arc::clone(text)),
            Expansion::Sequence(parts) => {
                let parts = parts.iter().filter(|part| !part.is_nothing());
                Node::Sequence(parts.map(|part| self.expansion(part, place)).collect())
            }
            Expansion::Alternatives(parts) => {
                Node::Alternatives(parts.iter().map(|part| self.expansion(part, place)).collect())
            }
            Expansion::Repeat { expansion, min, max } => {
                self.expansion(expansion, place).repeated(*min, *max)
            }
        }
    }

    /// The words of a token one after the other: white space in a quoted token is like that between tokens.
    fn token(&self, file: usize, token: usize) -> Node {
        let words = &self.files.documents[file].tokens[token].words;
        let symbols = words.iter().map(|word| self.alphabet.symbol(word).map_or(Node::Void, Node::symbol));
        Node::Sequence(symbols.collect())
    }

    fn reference(&self, place: Place, reference: usize) -> Node {
        let Some(to) = self.files.targets[place.file][reference] else { return Node::Void };
        let (file, rule) = self.files.rules[to];
        let name = &self.files.documents[file].rules[rule].name.value;
        let within = place.group == Some(self.cycles.group[to]);
        let node = if within { self.again(to) } else { self.rule(to) };
        node.captured(Arc::clone(name))
    }
}
