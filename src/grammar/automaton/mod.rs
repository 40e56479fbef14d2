//! The frozen automaton.

mod prefix;

use std::fmt::Write;

use super::capture::{self, Captures};
use super::compile::{Graph, Program};
pub use prefix::{MAX_PREFIX_SYMBOLS, MAX_PREFIXES, Prefix};

/// A state of an [`Automaton`]; it means nothing to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StateId(u32);

/// No state, no pattern.
const NONE: u32 = u32::MAX;

/// Many patterns followed at once, one table look-up a symbol.
///
/// It is minimal, and every state but the start leads to a match: where [`next`](Self::next) gives `None`, nothing
/// can match any more.
#[derive(Debug, Clone)]
pub struct Automaton {
    alphabet_size: usize,
    /// A row a state, a cell a symbol: the next state or [`NONE`].
    table: Vec<u32>,
    /// The pattern that each state accepts, or [`NONE`].
    accepts: Vec<u32>,
    /// Whether some symbol leads on from each state.
    continues: Vec<bool>,
    /// By which state and symbol each state is reached the shortest way; states are in breadth-first order.
    ways: Vec<(u32, u32)>,
    /// The first state that accepts each pattern, or [`NONE`].
    first_accepting: Vec<u32>,
    program: Program,
}

impl Automaton {
    /// Makes the table of a graph whose states are in breadth-first order.
    pub(super) fn freeze(graph: &Graph, alphabet_size: usize, program: Program) -> Self {
        let states = graph.states();
        let mut automaton = Automaton {
            alphabet_size,
            table: vec![NONE; states * alphabet_size],
            accepts: graph.accepts.iter().map(|accept| accept.unwrap_or(NONE)).collect(),
            continues: vec![false; states],
            ways: vec![(NONE, NONE); states],
            first_accepting: vec![NONE; program.patterns()],
            program,
        };
        for &(from, symbol, to) in &graph.edges {
            automaton.table[from as usize * alphabet_size + symbol as usize] = to;
            automaton.continues[from as usize] = true;
            let way = &mut automaton.ways[to as usize];
            if to != 0 && way.0 == NONE {
                *way = (from, symbol);
            }
        }
        for (state, accept) in (0u32..).zip(&graph.accepts) {
            let first = accept.and_then(|pattern| automaton.first_accepting.get_mut(pattern as usize));
            if let Some(first) = first.filter(|first| **first == NONE) {
                *first = state;
            }
        }
        automaton
    }

    /// Where everything begins.
    #[must_use]
    pub fn start(&self) -> StateId {
        StateId(0)
    }

    /// Where a symbol leads; `None` if nothing can match any more.
    #[must_use]
    pub fn next(&self, from: StateId, symbol: usize) -> Option<StateId> {
        if symbol >= self.alphabet_size {
            return None;
        }
        let next = *self.table.get(from.0 as usize * self.alphabet_size + symbol)?;
        (next != NONE).then_some(StateId(next))
    }

    /// The pattern that has matched here: its index as the builder gave it.
    #[must_use]
    pub fn accepts(&self, at: StateId) -> Option<usize> {
        self.accepts.get(at.0 as usize).filter(|&&pattern| pattern != NONE).map(|&pattern| pattern as usize)
    }

    /// Whether more can match from here: whether [`next`](Self::next) gives a state for some symbol.
    #[must_use]
    pub fn continues(&self, at: StateId) -> bool {
        self.continues.get(at.0 as usize).copied().unwrap_or(false)
    }

    /// The shortest symbols that a pattern accepts; `None` if it accepts none, or there is no such pattern.
    #[must_use]
    pub fn shortest(&self, pattern: usize) -> Option<Vec<usize>> {
        let &state = self.first_accepting.get(pattern)?;
        (state != NONE).then(|| self.way_to(state))
    }

    /// What the symbols of a match captured; `None` if the pattern does not match the whole of them.
    ///
    /// It costs time and memory in proportion to the pattern's size times the number of symbols.
    #[must_use]
    pub fn captures(&self, pattern: usize, symbols: &[usize]) -> Option<Captures> {
        capture::run(&self.program, pattern, symbols)
    }

    fn row(&self, state: u32) -> &[u32] {
        &self.table[state as usize * self.alphabet_size..][..self.alphabet_size]
    }

    fn way_to(&self, state: u32) -> Vec<usize> {
        let mut symbols = Vec::new();
        let mut at = state;
        while let Some(&(from, symbol)) = self.ways.get(at as usize).filter(|way| way.0 != NONE) {
            symbols.push(symbol as usize);
            at = from;
        }
        symbols.reverse();
        symbols
    }

    /// How many states there are.
    #[must_use]
    pub fn states(&self) -> usize {
        self.accepts.len()
    }

    /// The table as text, a line a state: its number, the pattern it accepts, and where symbols lead.
    #[must_use]
    pub fn dump(&self, symbol_name: &dyn Fn(usize) -> String) -> String {
        let mut out = String::new();
        for state in 0..self.states() as u32 {
            let accepts =
                self.accepts(StateId(state)).map(|pattern| format!(" = {pattern}")).unwrap_or_default();
            let edges = self.grouped_edges(state).into_iter().map(|(symbols, to)| {
                let names: Vec<_> = symbols.into_iter().map(symbol_name).collect();
                format!("  {} -> {to}", names.join(" "))
            });
            let edges: String = edges.collect();
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{state}{accepts}{}{edges}", if edges.is_empty() { "" } else { ":" });
        }
        out
    }

    /// Where symbols lead from a state, those that lead to the same one together.
    fn grouped_edges(&self, state: u32) -> Vec<(Vec<usize>, u32)> {
        let mut groups: Vec<(Vec<usize>, u32)> = Vec::new();
        for (symbol, &to) in self.row(state).iter().enumerate().filter(|cell| *cell.1 != NONE) {
            match groups.iter_mut().find(|group| group.1 == to) {
                Some(group) => group.0.push(symbol),
                None => groups.push((vec![symbol], to)),
            }
        }
        groups
    }
}
