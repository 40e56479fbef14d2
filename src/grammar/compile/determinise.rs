//! Subset construction: all patterns are followed at once.

use std::collections::HashSet;

use super::groups::Groups;
use super::lists::Lists;
use super::program::{Instruction, Program};
use super::{CompileError, Conflict, MAX_CONFLICTS};
use crate::grammar::limits::{LimitExceeded, Limits};

/// A deterministic automaton as a list of edges; state 0 is the start.
#[derive(Debug, Clone, Default)]
pub(in crate::grammar) struct Graph {
    /// From, symbol, to; in order of the first, then of the second.
    pub(in crate::grammar) edges: Vec<(u32, u32, u32)>,
    /// The pattern that each state accepts.
    pub(in crate::grammar) accepts: Vec<Option<u32>>,
}

/// What subset construction finds.
pub(super) struct Determinised {
    pub(super) graph: Graph,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) empty: Vec<usize>,
}

impl Graph {
    pub(in crate::grammar) fn states(&self) -> usize {
        self.accepts.len()
    }

    /// Where the edges of each state begin; one more, for the end.
    pub(super) fn begins(&self) -> Vec<u32> {
        let mut begins = vec![0; self.states() + 1];
        self.edges.iter().for_each(|edge| begins[edge.0 as usize + 1] += 1);
        (0..self.states()).for_each(|state| begins[state + 1] += begins[state]);
        begins
    }

    /// Without the states from which nothing can be accepted; the start stays.
    pub(super) fn trimmed(self) -> Graph {
        let by_target = Groups::new(self.states(), self.edges.iter().map(|edge| edge.2));
        let mut alive: Vec<bool> = self.accepts.iter().map(Option::is_some).collect();
        let mut rest: Vec<usize> = (0..self.states()).filter(|&state| alive[state]).collect();
        while let Some(state) = rest.pop() {
            for &edge in by_target.group(state) {
                let source = self.edges[edge as usize].0 as usize;
                if !std::mem::replace(&mut alive[source], true) {
                    rest.push(source);
                }
            }
        }
        alive[0] = true;
        if alive.iter().all(|&alive| alive) { self } else { self.only(&alive) }
    }

    /// With these states only, numbered anew in their order.
    fn only(&self, kept: &[bool]) -> Graph {
        let mut numbers = vec![None; kept.len()];
        let staying = numbers.iter_mut().zip(kept).filter(|(_, kept)| **kept);
        staying.zip(0u32..).for_each(|((number, _), count)| *number = Some(count));
        let edge = |&(from, symbol, to): &(u32, u32, u32)| {
            Some((numbers[from as usize]?, symbol, numbers[to as usize]?))
        };
        let accepts = self.accepts.iter().zip(kept).filter(|(_, kept)| **kept);
        Graph {
            edges: self.edges.iter().filter_map(edge).collect(),
            accepts: accepts.map(|(accept, _)| *accept).collect(),
        }
    }
}

/// Follows all patterns at once, breadth first, so that the first way to a state is a shortest one. Adds to `worked`
/// how many steps it takes.
pub(super) fn determinise(
    program: &Program,
    alphabet_size: usize,
    limits: &Limits,
    worked: &mut usize,
) -> Result<Determinised, CompileError> {
    let mut subsets = Subsets::new(program, limits, worked);
    let starts = (0..program.patterns()).map(|pattern| program.extent(pattern).start as u32);
    subsets.reach(starts, None)?;
    let mut targets = Targets { by_symbol: vec![Vec::new(); alphabet_size], touched: Vec::new() };
    let mut state = 0;
    while state < subsets.sets.len() {
        let steps = targets.collect(program, subsets.sets.get(state));
        subsets.work(steps)?;
        let mut previous: Option<(u32, u32)> = None;
        for &symbol in &targets.touched {
            let these = &targets.by_symbol[symbol as usize];
            let to = match previous {
                Some((before, to)) if targets.by_symbol[before as usize] == *these => to,
                _ => subsets.reach(these.iter().copied(), Some((state as u32, symbol)))?,
            };
            previous = Some((symbol, to));
            subsets.graph.edges.push((state as u32, symbol, to));
        }
        targets.clear();
        state += 1;
    }
    Ok(Determinised { graph: subsets.graph, conflicts: subsets.conflicts, empty: subsets.empty })
}

/// Where each symbol leads from one set of instructions.
struct Targets {
    by_symbol: Vec<Vec<u32>>,
    touched: Vec<u32>,
}

impl Targets {
    /// Follows every symbol from the instructions of a set; says in how many steps.
    fn collect(&mut self, program: &Program, set: &[u32]) -> usize {
        let mut steps = 0;
        for &at in set {
            let Instruction::Take { from, to } = program.instructions[at as usize] else { continue };
            for &(first, last) in &program.ranges[from as usize..to as usize] {
                steps += (last - first) as usize + 1;
                for symbol in first..=last {
                    let these = &mut self.by_symbol[symbol as usize];
                    if these.is_empty() {
                        self.touched.push(symbol);
                    }
                    these.push(at + 1);
                }
            }
        }
        self.touched.sort_unstable();
        steps
    }

    fn clear(&mut self) {
        for symbol in self.touched.drain(..) {
            self.by_symbol[symbol as usize].clear();
        }
    }
}

/// The sets of instructions that are states.
struct Subsets<'a> {
    program: &'a Program,
    limits: &'a Limits,
    graph: Graph,
    sets: Lists,
    /// How each state was reached first: from which, by which symbol.
    ways: Vec<Option<(u32, u32)>>,
    /// For each instruction, in which round it was seen last.
    seen: Vec<u32>,
    round: u32,
    worked: &'a mut usize,
    conflicts: Vec<Conflict>,
    in_conflict: HashSet<(u32, u32)>,
    empty: Vec<usize>,
}

impl<'a> Subsets<'a> {
    fn new(program: &'a Program, limits: &'a Limits, worked: &'a mut usize) -> Self {
        Subsets {
            program,
            limits,
            graph: Graph::default(),
            sets: Lists::default(),
            ways: Vec::new(),
            seen: vec![0; program.instructions.len()],
            round: 0,
            worked,
            conflicts: Vec::new(),
            in_conflict: HashSet::new(),
            empty: Vec::new(),
        }
    }

    fn work(&mut self, steps: usize) -> Result<(), CompileError> {
        *self.worked = self.worked.saturating_add(steps);
        LimitExceeded::check("dfa-work", *self.worked, self.limits.dfa_work).map_err(CompileError::together)
    }

    /// The state of everything that these instructions lead to without a symbol; a new one if need be.
    fn reach(
        &mut self,
        from: impl Iterator<Item = u32>,
        way: Option<(u32, u32)>,
    ) -> Result<u32, CompileError> {
        let set = self.closure(from)?;
        if let Some(state) = self.sets.find(&set) {
            return Ok(state);
        }
        LimitExceeded::check("dfa-states", self.sets.len() + 1, self.limits.dfa_states)
            .map_err(CompileError::together)?;
        self.ways.push(way);
        let state = self.sets.add(&set);
        self.accept(state, &set);
        Ok(state)
    }

    /// The instructions that take a symbol or match, of all that can be gone to without one; in order.
    fn closure(&mut self, from: impl Iterator<Item = u32>) -> Result<Vec<u32>, CompileError> {
        self.round += 1;
        let mut rest: Vec<u32> = from.collect();
        let mut set = Vec::new();
        while let Some(at) = rest.pop() {
            if std::mem::replace(&mut self.seen[at as usize], self.round) == self.round {
                continue;
            }
            self.work(1)?;
            match self.program.instructions[at as usize] {
                Instruction::Take { .. } | Instruction::Match(_) => set.push(at),
                Instruction::Split { first, second } => rest.extend([first, second]),
                Instruction::Jump(to) => rest.push(to),
                Instruction::Open(_)
                | Instruction::Enter
                | Instruction::Close(_)
                | Instruction::Tag(_)
                | Instruction::Round(_)
                | Instruction::Taken(_) => rest.push(at + 1),
                Instruction::Fail => {}
            }
        }
        set.sort_unstable();
        Ok(set)
    }

    /// Notes which pattern a new state accepts: the first, if it is several, and that is a conflict.
    fn accept(&mut self, state: u32, set: &[u32]) {
        let matched = set.iter().filter_map(|&at| match self.program.instructions[at as usize] {
            Instruction::Match(pattern) => Some(pattern),
            _ => None,
        });
        let matched: Vec<u32> = matched.collect();
        self.graph.accepts.push(matched.first().copied());
        if state == 0 {
            self.empty.extend(matched.iter().map(|&pattern| pattern as usize));
        }
        for (at, &first) in matched.iter().enumerate() {
            for &second in &matched[at + 1..] {
                if self.conflicts.len() >= MAX_CONFLICTS {
                    return;
                }
                if self.in_conflict.insert((first, second)) {
                    let witness = self.way_to(state);
                    self.conflicts.push(Conflict { first: first as usize, second: second as usize, witness });
                }
            }
        }
    }

    /// The symbols by which a state was reached first.
    fn way_to(&self, state: u32) -> Vec<usize> {
        let mut symbols = Vec::new();
        let mut at = state;
        while let Some((from, symbol)) = self.ways[at as usize] {
            symbols.push(symbol as usize);
            at = from;
        }
        symbols.reverse();
        symbols
    }
}
