//! Patterns as one program: what the automaton is made from, and what captures are found with.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::CompileError;
use crate::grammar::ast::Node;
use crate::grammar::limits::{LimitExceeded, Limits};

/// One instruction. Unless it says otherwise, what comes next is the instruction after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grammar) enum Instruction {
    /// Takes a symbol that is in one of these ranges: places in [`Program::ranges`].
    Take { from: u32, to: u32 },
    /// Tries the first; if that leads to no match, the second.
    Split { first: u32, second: u32 },
    /// Goes there.
    Jump(u32),
    /// Begins the capture with this name: a place in [`Program::names`].
    Open(u32),
    /// Begins a stretch that has no name: a loop.
    Enter,
    /// Ends what was begun by the `Open` or `Enter` at this place, and all that was begun since.
    Close(u32),
    /// Passes the tag with this text: a place in [`Program::tags`].
    Tag(u32),
    /// Begins a round of an open-ended repeat, this many of which are around here.
    Round(u32),
    /// Goes on only if a symbol was taken since that round began.
    Taken(u32),
    /// The pattern has matched.
    Match(u32),
    /// Leads nowhere.
    Fail,
}

/// All patterns, one after the other.
#[derive(Debug, Clone, Default)]
pub(in crate::grammar) struct Program {
    pub(in crate::grammar) instructions: Vec<Instruction>,
    /// First and last symbol, both within.
    pub(in crate::grammar) ranges: Vec<(u32, u32)>,
    pub(in crate::grammar) names: Vec<Arc<str>>,
    pub(in crate::grammar) tags: Vec<Arc<str>>,
    /// Where each pattern's instructions begin.
    starts: Vec<u32>,
    /// How deep open-ended repeats are within each other in each pattern, of those that could go round for nothing.
    rounds: Vec<u32>,
}

impl Program {
    /// How many patterns there are.
    pub(in crate::grammar) fn patterns(&self) -> usize {
        self.starts.len()
    }

    /// The instructions of a pattern; empty for a pattern that is not there.
    pub(in crate::grammar) fn extent(&self, pattern: usize) -> Range<usize> {
        let Some(&start) = self.starts.get(pattern) else { return 0..0 };
        let end = self.starts.get(pattern + 1).map_or(self.instructions.len(), |&end| end as usize);
        start as usize..end
    }

    /// The largest number in a [`Round`](Instruction::Round) of a pattern.
    pub(in crate::grammar) fn rounds(&self, pattern: usize) -> usize {
        self.rounds.get(pattern).map_or(0, |&rounds| rounds as usize)
    }

    /// Whether every instruction leads to a match, as far as can be seen from their kinds.
    pub(in crate::grammar) fn has_no_dead_ends(&self) -> bool {
        !self
            .instructions
            .iter()
            .any(|instruction| matches!(instruction, Instruction::Fail | Instruction::Enter))
    }

    /// Whether the symbol is in one of the ranges of a [`Take`](Instruction::Take).
    pub(in crate::grammar) fn takes(&self, from: u32, to: u32, symbol: u32) -> bool {
        self.ranges[from as usize..to as usize].iter().any(|range| range.0 <= symbol && symbol <= range.1)
    }
}

/// Writes patterns into a program, within limits.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) program: Program,
    names: Places,
    tags: Places,
    alphabet_size: usize,
    limits: Limits,
    /// Parts written so far, rounds that wrote nothing included: bounds the time as well as the memory.
    parts: usize,
    /// The loops around what is being written.
    loops: Vec<OpenLoop>,
    /// How many open-ended repeats are around what is being written.
    rounds: u32,
    /// The most there were, of those that could go round for nothing.
    deepest: u32,
}

/// A loop whose parts are being written.
#[derive(Debug)]
struct OpenLoop {
    label: usize,
    /// Where each part begins, of those written or being written.
    starts: Vec<u32>,
    /// How many parts it has.
    parts: usize,
    /// Jumps to parts that are not written yet: the instruction, the part.
    ahead: Vec<(u32, usize)>,
}

impl Writer {
    pub(super) fn new(alphabet_size: usize, limits: Limits) -> Self {
        Writer {
            program: Program::default(),
            names: Places::default(),
            tags: Places::default(),
            alphabet_size,
            limits,
            parts: 0,
            loops: Vec::new(),
            rounds: 0,
            deepest: 0,
        }
    }

    /// How many parts were written so far.
    pub(super) fn parts(&self) -> usize {
        self.parts
    }

    /// Adds a pattern; its index is the count of those before it.
    pub(super) fn pattern(&mut self, node: &Node) -> Result<(), CompileError> {
        let index = self.program.starts.len();
        let (start, parts) = (self.next(), self.parts);
        self.program.starts.push(start);
        self.loops.clear();
        (self.rounds, self.deepest) = (0, 0);
        let written = self.node(node, 0, 0).and_then(|_| {
            // What captures are found with is as large as this.
            let places = (self.next() - start) as usize * (self.deepest as usize + 1);
            LimitExceeded::check("nfa-states", places, self.limits.nfa_states).map_err(Fault::Limit)
        });
        written.map_err(|fault| match fault {
            Fault::Limit(limit) => CompileError::Limit { limit, pattern: Some(index) },
            // A pattern that was only the last straw is not to blame.
            Fault::Parts(limit) => {
                let alone = self.parts - parts > limit.allowed;
                CompileError::Limit { limit, pattern: alone.then_some(index) }
            }
            Fault::Recursion => CompileError::Recursion { pattern: index },
        })?;
        self.program.rounds.push(self.deepest);
        self.program.instructions.push(Instruction::Match(narrow(index)));
        Ok(())
    }

    /// The place of the instruction that is written next.
    fn next(&self) -> u32 {
        narrow(self.program.instructions.len())
    }

    fn push(&mut self, instruction: Instruction) -> u32 {
        let at = self.next();
        self.program.instructions.push(instruction);
        at
    }

    fn part(&mut self) -> Result<(), Fault> {
        self.parts += 1;
        LimitExceeded::check("nfa-states", self.parts, self.limits.nfa_states).map_err(Fault::Parts)
    }

    /// Writes a node. `depth` is how deep it is nested, and `floor` how many of the loops around it cannot be gone
    /// back to from here, because something would still have to follow. Says whether it could match nothing.
    fn node(&mut self, node: &Node, depth: usize, floor: usize) -> Result<bool, Fault> {
        self.part()?;
        LimitExceeded::check("nesting", depth, self.limits.depth().saturating_mul(NODES_A_LEVEL))
            .map_err(Fault::Limit)?;
        match node {
            Node::Empty => Ok(true),
            Node::Void => Ok(self.fail()),
            Node::Symbols(set) => {
                self.take(set.ranges());
                Ok(false)
            }
            Node::Garbage => {
                let split = self.push(Instruction::Fail);
                self.take(&[(0, self.alphabet_size.saturating_sub(1))]);
                self.push(Instruction::Jump(split));
                self.patch_split(split);
                Ok(true)
            }
            Node::Sequence(nodes) => self.sequence(nodes, depth, floor),
            Node::Alternatives(nodes) => self.alternatives(nodes, depth, floor),
            Node::Repeat { node, min, max } => self.repeat(node, *min, *max, depth, floor),
            Node::Capture { name, node } => {
                let name = self.names.of(name, &mut self.program.names);
                let open = self.push(Instruction::Open(name));
                let nothing = self.node(node, depth + 1, floor)?;
                self.push(Instruction::Close(open));
                Ok(nothing)
            }
            Node::Tag(text) => {
                let tag = self.tags.of(text, &mut self.program.tags);
                self.push(Instruction::Tag(tag));
                Ok(true)
            }
            Node::Loop { label, parts } => self.cycle(*label, parts, depth, floor),
            Node::Again { label, part } => self.again(*label, *part, floor),
        }
    }

    /// Writes what never matches.
    fn fail(&mut self) -> bool {
        self.push(Instruction::Fail);
        false
    }

    fn take(&mut self, ranges: &[(usize, usize)]) {
        let from = narrow(self.program.ranges.len());
        let size = self.alphabet_size;
        let within = ranges.iter().filter(|range| range.0 < size);
        self.program.ranges.extend(within.map(|range| (narrow(range.0), narrow(range.1.min(size - 1)))));
        let to = narrow(self.program.ranges.len());
        self.push(if from == to { Instruction::Fail } else { Instruction::Take { from, to } });
    }

    fn sequence(&mut self, nodes: &[Node], depth: usize, floor: usize) -> Result<bool, Fault> {
        let Some((last, before)) = nodes.split_last() else { return Ok(true) };
        let mut nothing = true;
        for node in before {
            nothing &= self.node(node, depth + 1, self.loops.len())?;
        }
        Ok(self.node(last, depth + 1, floor)? && nothing)
    }

    fn alternatives(&mut self, nodes: &[Node], depth: usize, floor: usize) -> Result<bool, Fault> {
        let Some((last, before)) = nodes.split_last() else { return Ok(self.fail()) };
        let mut nothing = false;
        let mut ends = Vec::with_capacity(before.len());
        for node in before {
            let split = self.push(Instruction::Fail);
            nothing |= self.node(node, depth + 1, floor)?;
            ends.push(self.push(Instruction::Fail));
            self.patch_split(split);
        }
        nothing |= self.node(last, depth + 1, floor)?;
        self.patch_jumps(&ends);
        Ok(nothing)
    }

    fn repeat(
        &mut self,
        node: &Node,
        min: usize,
        max: Option<usize>,
        depth: usize,
        floor: usize,
    ) -> Result<bool, Fault> {
        LimitExceeded::check("repeat", max.unwrap_or(min).max(min), self.limits.repeat)
            .map_err(Fault::Limit)?;
        if max.is_some_and(|max| max < min) {
            return Ok(self.fail());
        }
        // `<0-1>` is an alternative with nothing: its last thing is the last thing around it too.
        let floor = if max == Some(1) { floor } else { self.loops.len() };
        let mut nothing = true;
        for _ in 0..min {
            nothing = self.node(node, depth + 1, floor)?;
        }
        match max {
            None => self.open_ended(node, depth, floor)?,
            Some(max) => {
                let mut splits = Vec::with_capacity(max - min);
                for _ in min..max {
                    splits.push(self.push(Instruction::Fail));
                    self.node(node, depth + 1, floor)?;
                }
                splits.into_iter().for_each(|split| self.patch_split(split));
            }
        }
        Ok(nothing)
    }

    /// Writes a repeat without an end. Its rounds are watched if they could take nothing.
    fn open_ended(&mut self, node: &Node, depth: usize, floor: usize) -> Result<(), Fault> {
        self.part()?;
        let split = self.push(Instruction::Fail);
        let begin = self.push(Instruction::Jump(split + 2));
        self.rounds += 1;
        if self.node(node, depth + 1, floor)? {
            self.program.instructions[begin as usize] = Instruction::Round(self.rounds);
            self.deepest = self.deepest.max(self.rounds);
            self.push(Instruction::Taken(self.rounds));
        }
        self.rounds -= 1;
        self.push(Instruction::Jump(split));
        self.patch_split(split);
        Ok(())
    }

    fn cycle(&mut self, label: usize, parts: &[Node], depth: usize, floor: usize) -> Result<bool, Fault> {
        if parts.is_empty() {
            return Ok(self.fail());
        }
        let enter = self.push(Instruction::Enter);
        self.loops.push(OpenLoop { label, starts: Vec::new(), parts: parts.len(), ahead: Vec::new() });
        let mut nothing = false;
        let mut ends = Vec::with_capacity(parts.len());
        for node in parts {
            let start = self.next();
            if let Some(open) = self.loops.last_mut() {
                open.starts.push(start);
            }
            nothing |= self.node(node, depth + 1, floor)?;
            ends.push(self.push(Instruction::Fail));
        }
        if let Some(written) = self.loops.pop() {
            for (jump, part) in written.ahead {
                self.program.instructions[jump as usize] = Instruction::Jump(written.starts[part]);
            }
        }
        self.patch_jumps(&ends);
        self.push(Instruction::Close(enter));
        Ok(nothing)
    }

    fn again(&mut self, label: usize, part: usize, floor: usize) -> Result<bool, Fault> {
        let jump = self.push(Instruction::Fail);
        let reachable = self.loops.get_mut(floor..).unwrap_or_default();
        let open = reachable.iter_mut().rev().find(|open| open.label == label && part < open.parts);
        let open = open.ok_or(Fault::Recursion)?;
        match open.starts.get(part) {
            Some(&start) => self.program.instructions[jump as usize] = Instruction::Jump(start),
            None => open.ahead.push((jump, part)),
        }
        // The part may match nothing or not; that it could is on the safe side.
        Ok(true)
    }

    /// Makes the instruction at `split` try what follows it first, and what is written next after that.
    fn patch_split(&mut self, split: u32) {
        let second = self.next();
        self.program.instructions[split as usize] = Instruction::Split { first: split + 1, second };
    }

    /// Makes these instructions go to what is written next.
    fn patch_jumps(&mut self, jumps: &[u32]) {
        let end = self.next();
        for &jump in jumps {
            self.program.instructions[jump as usize] = Instruction::Jump(end);
        }
    }
}

/// A level of nesting in a notation is several nodes: alternatives of sequences of repeats of captures, and loops.
const NODES_A_LEVEL: usize = 6;

enum Fault {
    Limit(LimitExceeded),
    /// All patterns so far have more parts than the limit allows.
    Parts(LimitExceeded),
    Recursion,
}

/// The limits keep programs far below four thousand million of anything.
fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Where texts stand in a list, by their addresses: what is repeated or referred to shares its text, and to compare
/// long texts again and again would take for ever. The list keeps them, so that no address is used anew.
#[derive(Debug, Default)]
struct Places(HashMap<usize, u32>);

impl Places {
    /// The place of a text in the list, which it is added to if it is not there.
    fn of(&mut self, text: &Arc<str>, list: &mut Vec<Arc<str>>) -> u32 {
        *self.0.entry(Arc::as_ptr(text).addr()).or_insert_with(|| {
            list.push(Arc::clone(text));
            narrow(list.len() - 1)
        })
    }
}
