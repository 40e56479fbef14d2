//! What keys match, by matchers that are too simple to be wrong. No automaton has a part in this.

use std::collections::HashMap;
use std::sync::Arc;

use crate::grammar::ast::Node;
use crate::grammar::capture::Step;
use crate::key::Key;

/// Whether a pattern matches the symbols, and whether it matches anything longer that begins with them.
#[must_use]
pub fn looks(node: &Node, symbols: &[usize]) -> Looks {
    let mut start = vec![false; symbols.len() + 2];
    start[0] = true;
    let ends = Ends { symbols }.of(node, &start, &mut Vec::new());
    Looks { matches: ends[symbols.len()], leads_on: ends[symbols.len() + 1] }
}

/// How a pattern looks on symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// It matches them.
    pub matches: bool,
    /// It matches something longer that begins with them.
    pub leads_on: bool,
}

/// Places in the symbols; the one after their end stands for everything beyond.
type Places = Vec<bool>;

/// Where a pattern can end that begins at given places.
struct Ends<'s> {
    symbols: &'s [usize],
}

/// Where the parts of a loop that is being gone through begin.
struct Begun {
    label: usize,
    parts: Vec<Places>,
}

impl Ends<'_> {
    fn of(&self, node: &Node, from: &Places, loops: &mut Vec<Begun>) -> Places {
        match node {
            Node::Void => self.nowhere(),
            Node::Empty | Node::Tag(_) => from.clone(),
            Node::Symbols(set) => {
                let mut ends = self.nowhere();
                for at in places(from) {
                    match self.symbols.get(at) {
                        Some(&symbol) => ends[at + 1] |= set.contains(symbol),
                        None => ends[self.symbols.len() + 1] |= !set.is_empty(),
                    }
                }
                ends
            }
            Node::Garbage => {
                let first = places(from).next().unwrap_or(from.len());
                (0..from.len()).map(|at| at >= first).collect()
            }
            Node::Sequence(nodes) => {
                nodes.iter().fold(from.clone(), |from, node| self.of(node, &from, loops))
            }
            Node::Alternatives(nodes) => nodes.iter().fold(self.nowhere(), |mut ends, node| {
                join(&mut ends, &self.of(node, from, loops));
                ends
            }),
            Node::Repeat { max: Some(max), min, .. } if max < min => self.nowhere(),
            Node::Repeat { node, min, max } => {
                let mut at = from.clone();
                for _ in 0..*min {
                    at = self.of(node, &at, loops);
                }
                let mut ends = at.clone();
                for _ in 0..max.map_or(usize::MAX, |max| max - min) {
                    at = self.of(node, &at, loops);
                    if !join(&mut ends, &at) {
                        break;
                    }
                }
                ends
            }
            Node::Capture { node, .. } => self.of(node, from, loops),
            Node::Loop { label, parts } => {
                let begun = Begun { label: *label, parts: vec![self.nowhere(); parts.len()] };
                loops.push(begun);
                let ends = self.around(parts, from, loops);
                loops.pop();
                ends
            }
            Node::Again { label, part } => {
                let begun = loops.iter_mut().rfind(|begun| begun.label == *label);
                if let Some(part) = begun.and_then(|begun| begun.parts.get_mut(*part)) {
                    join(part, from);
                }
                self.nowhere()
            }
        }
    }

    /// Goes through the parts of the innermost loop until none begins anywhere new.
    fn around(&self, parts: &[Node], from: &Places, loops: &mut Vec<Begun>) -> Places {
        let mut ends = self.nowhere();
        let own = loops.len() - 1;
        if let Some(first) = loops[own].parts.first_mut() {
            join(first, from);
        }
        loop {
            let before = loops[own].parts.clone();
            for (node, from) in parts.iter().zip(&before) {
                join(&mut ends, &self.of(node, from, loops));
            }
            if loops[own].parts == before {
                return ends;
            }
        }
    }

    fn nowhere(&self) -> Places {
        vec![false; self.symbols.len() + 2]
    }
}

fn places(from: &Places) -> impl Iterator<Item = usize> {
    from.iter().enumerate().filter(|(_, here)| **here).map(|(at, _)| at)
}

/// Adds places to others; says whether there were new ones.
fn join(to: &mut Places, more: &Places) -> bool {
    let mut learned = false;
    for (to, more) in to.iter_mut().zip(more) {
        learned |= *more && !*to;
        *to |= *more;
    }
    learned
}

/// What a pattern's match of all the symbols passes on its way: the first way in the order that the words of
/// [`Node`] give. Every way is tried, so it takes long where there are many.
#[must_use]
pub fn steps(node: &Node, symbols: &[usize]) -> Option<Vec<Step>> {
    let mut log = Vec::new();
    Ways { symbols }.of(node, None, 0, &mut log, &mut |at, _| at == symbols.len()).then_some(log)
}

/// A part of a loop that is being gone through.
struct Part<'a> {
    label: usize,
    parts: &'a [Node],
    part: usize,
    /// Where it began.
    at: usize,
    /// The part around the loop.
    around: Option<&'a Part<'a>>,
    /// The part that led here.
    before: Option<&'a Part<'a>>,
}

impl<'a> Part<'a> {
    fn loops(&'a self) -> impl Iterator<Item = &'a Part<'a>> {
        std::iter::successors(Some(self), |part| part.around)
    }

    fn path(&'a self) -> impl Iterator<Item = &'a Part<'a>> {
        std::iter::successors(Some(self), |part| part.before)
    }
}

/// Tries every way in order.
struct Ways<'a> {
    symbols: &'a [usize],
}

/// Called at the end of a way; the first for which it says yes is the match.
type Then<'t> = &'t mut dyn FnMut(usize, &mut Vec<Step>) -> bool;

impl Ways<'_> {
    fn of(
        &self,
        node: &Node,
        part: Option<&Part<'_>>,
        at: usize,
        log: &mut Vec<Step>,
        then: Then<'_>,
    ) -> bool {
        match node {
            Node::Void => false,
            Node::Symbols(set) => {
                self.symbols.get(at).is_some_and(|&symbol| set.contains(symbol)) && then(at + 1, log)
            }
            Node::Garbage => (at..=self.symbols.len()).rev().any(|end| then(end, log)),
            Node::Sequence(nodes) => self.sequence(nodes, part, at, log, then),
            Node::Alternatives(nodes) => nodes.iter().any(|node| self.of(node, part, at, log, then)),
            Node::Repeat { max: Some(max), min, .. } if max < min => false,
            Node::Empty => then(at, log),
            Node::Repeat { node, min, max } => self.rounds(node, (*min, *max), part, at, log, then),
            Node::Capture { name, node } => {
                self.step(Step::Open { name: name.clone(), at }, log, &mut |log| {
                    self.of(node, part, at, log, &mut |at, log| {
                        self.step(Step::Close { at }, log, &mut |log| then(at, log))
                    })
                })
            }
            Node::Tag(text) => self.step(Step::Tag { text: text.clone(), at }, log, &mut |log| then(at, log)),
            Node::Loop { label, parts } => {
                let begun = Part { label: *label, parts, part: 0, at, around: part, before: part };
                parts.first().is_some_and(|first| self.of(first, Some(&begun), at, log, then))
            }
            Node::Again { label, part: to } => {
                let target = part.and_then(|part| part.loops().find(|part| part.label == *label));
                let Some(target) = target else { return false };
                let same = |part: &&Part<'_>| {
                    (part.parts.as_ptr(), part.part, part.at) == (target.parts.as_ptr(), *to, at)
                };
                if part.is_some_and(|part| part.path().any(|part| same(&part))) {
                    return false;
                }
                let begun = Part { part: *to, at, before: part, ..*target };
                target.parts.get(*to).is_some_and(|node| self.of(node, Some(&begun), at, log, then))
            }
        }
    }

    fn sequence(
        &self,
        nodes: &[Node],
        part: Option<&Part<'_>>,
        at: usize,
        log: &mut Vec<Step>,
        then: Then<'_>,
    ) -> bool {
        let Some((first, rest)) = nodes.split_first() else { return then(at, log) };
        self.of(first, part, at, log, &mut |at, log| self.sequence(rest, part, at, log, then))
    }

    fn rounds(
        &self,
        node: &Node,
        (min, max): (usize, Option<usize>),
        part: Option<&Part<'_>>,
        at: usize,
        log: &mut Vec<Step>,
        then: Then<'_>,
    ) -> bool {
        if max == Some(0) {
            return then(at, log);
        }
        let rest = (min.saturating_sub(1), max.map(|max| max - 1));
        let open_ended = min == 0 && max.is_none();
        let round = self.of(node, part, at, log, &mut |end, log| {
            !(open_ended && end == at) && self.rounds(node, rest, part, end, log, then)
        });
        round || (min == 0 && then(at, log))
    }

    /// Goes on with one more step in the log, which is taken back if it leads nowhere.
    fn step(&self, step: Step, log: &mut Vec<Step>, then: &mut dyn FnMut(&mut Vec<Step>) -> bool) -> bool {
        let before = log.len();
        log.push(step);
        then(log) || {
            log.truncate(before);
            false
        }
    }
}

/// The codes of a state and role as patterns, and what was found out of keys so far.
#[derive(Debug, Clone, Default)]
pub struct Words {
    patterns: Vec<Arc<Node>>,
    known: HashMap<Vec<Key>, Word>,
}

/// What keys are to some codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The code that they make.
    pub code: Option<usize>,
    /// The codes that begin with them and are longer.
    pub longer: Vec<usize>,
}

/// How many keys are remembered at most.
const REMEMBERED: usize = 100_000;

impl Words {
    /// Codes by their patterns.
    #[must_use]
    pub fn new(patterns: impl IntoIterator<Item = Arc<Node>>) -> Self {
        Words { patterns: patterns.into_iter().collect(), known: HashMap::new() }
    }

    /// What keys are to the codes.
    pub fn look(&mut self, keys: &[Key]) -> &Word {
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        if !self.known.contains_key(keys) {
            let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
            let looks: Vec<_> = self.patterns.iter().map(|pattern| looks(pattern, &symbols)).collect();
            let longer = (0..looks.len()).filter(|&code| looks[code].leads_on).collect();
            let word = Word { code: looks.iter().position(|looks| looks.matches), longer };
            self.known.insert(keys.to_vec(), word);
        }
        &self.known[keys]
    }

    /// What the keys of a code captured, by name; of a name that was captured several times, what was captured last.
    #[must_use]
    pub fn captures(&self, code: usize, keys: &[Key]) -> Vec<(String, Vec<Key>)> {
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let steps = self.patterns.get(code).and_then(|pattern| steps(pattern, &symbols)).unwrap_or_default();
        let mut open: Vec<(usize, String, usize)> = Vec::new();
        let mut named: Vec<(usize, String, Vec<Key>)> = Vec::new();
        for (order, step) in steps.into_iter().enumerate() {
            match step {
                Step::Open { name, at } => open.push((order, name.to_string(), at)),
                Step::Close { at } => {
                    if let Some((order, name, from)) = open.pop() {
                        named.push((order, name, keys[from..at].to_vec()));
                    }
                }
                Step::Tag { .. } => {}
            }
        }
        named.sort_by_key(|(order, ..)| *order);
        let mut last: Vec<(String, Vec<Key>)> = Vec::new();
        for (_, name, keys) in named {
            match last.iter_mut().find(|(known, _)| *known == name) {
                Some((_, earlier)) => *earlier = keys,
                None => last.push((name, keys)),
            }
        }
        last
    }
}
