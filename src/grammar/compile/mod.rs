//! From patterns to one automaton.

mod determinise;
mod fold;
mod groups;
mod lists;
mod minimise;
mod program;

pub(super) use determinise::Graph;
pub(super) use program::{Instruction, Program};

use super::ast::Node;
use super::automaton::Automaton;
use super::limits::{LimitExceeded, Limits};
use program::Writer;

/// Two patterns that accept the very same symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The pattern that was given to the builder first.
    pub first: usize,
    /// The other one.
    pub second: usize,
    /// The shortest symbols that both accept.
    pub witness: Vec<usize>,
}

/// How many [`Conflict`]s are reported at most; what is beyond is not said.
pub const MAX_CONFLICTS: usize = 1_000;

/// Why patterns cannot be one automaton.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// They are too much together, or one is by itself.
    #[error("{}{limit}", pattern.map(|index| format!("pattern {index}: ")).unwrap_or_default())]
    Limit {
        /// Which limit.
        limit: LimitExceeded,
        /// The pattern that went beyond it; `None` if it was all of them together.
        pattern: Option<usize>,
    },
    /// A pattern goes back to a loop it is not in, or not at the end of.
    #[error("pattern {pattern} is recursive other than at its end")]
    Recursion {
        /// The pattern.
        pattern: usize,
    },
    /// Patterns cannot be told apart, or match when nothing was keyed.
    #[error("{} pairs of patterns accept the same, {} patterns accept nothing keyed", conflicts.len(), empty.len())]
    Patterns {
        /// Pairs that accept the very same symbols, at most [`MAX_CONFLICTS`].
        conflicts: Vec<Conflict>,
        /// Patterns that accept no symbols at all.
        empty: Vec<usize>,
    },
}

/// What automata took that are kept together, so that limits can hold for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Of `nfa-states`.
    pub parts: usize,
    /// Of `dfa-work`.
    pub work: usize,
    /// Of `table-cells`.
    pub cells: usize,
}

impl CompileError {
    fn together(limit: LimitExceeded) -> Self {
        CompileError::Limit { limit, pattern: None }
    }
}

/// Collects patterns and makes one automaton of them.
///
/// ```
/// use touchtone::grammar::{Limits, ast::Node, compile::Builder};
///
/// let mut builder = Builder::new(16, Limits::default());
/// let mute = builder.pattern(&Node::Sequence(vec![Node::symbol(10), Node::symbol(6)]));
/// let automaton = builder.build()?;
/// let star = automaton.next(automaton.start(), 10).ok_or("no edge")?;
/// let six = automaton.next(star, 6).ok_or("no edge")?;
/// assert_eq!(automaton.accepts(six), Some(mute));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    writer: Writer,
    alphabet_size: usize,
    limits: Limits,
    count: usize,
    accept_empty: bool,
    failed: Option<CompileError>,
}

impl Builder {
    /// For patterns over an alphabet of this size, within limits.
    #[must_use]
    pub fn new(alphabet_size: usize, limits: Limits) -> Self {
        let limits = limits.countable();
        let writer = Writer::new(alphabet_size, limits.clone());
        Builder { writer, alphabet_size, limits, count: 0, accept_empty: false, failed: None }
    }

    /// Lets patterns accept no symbols at all, which [`build`](Self::build) otherwise refuses: a code cannot be keyed
    /// with no key.
    #[must_use]
    pub fn accept_empty(mut self) -> Self {
        self.accept_empty = true;
        self
    }

    /// Adds a pattern. The result is its index, by which the automaton speaks of it: the count of those before it.
    ///
    /// Symbols beyond the alphabet are never seen, and match nothing. What is wrong with a pattern is said by
    /// [`build`](Self::build).
    pub fn pattern(&mut self, node: &Node) -> usize {
        if self.failed.is_none() {
            self.failed = self.writer.pattern(node).err();
        }
        self.count += 1;
        self.count - 1
    }

    /// Makes the automaton.
    ///
    /// # Errors
    /// [`CompileError`]: a limit was passed, a pattern is recursive other than at its end, two patterns accept the
    /// same symbols, or one accepts none.
    pub fn build(self) -> Result<Automaton, CompileError> {
        self.build_after(&mut Spent::default())
    }

    /// Makes the automaton as one of several: what those before it took counts as well, and what this one takes is
    /// added to that, whether it can be made or not.
    ///
    /// # Errors
    /// [`CompileError`], as for [`build`](Self::build).
    pub fn build_after(self, spent: &mut Spent) -> Result<Automaton, CompileError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        spent.parts = spent.parts.saturating_add(self.writer.parts());
        LimitExceeded::check("nfa-states", spent.parts, self.limits.nfa_states)
            .map_err(CompileError::together)?;
        let program = self.writer.program;
        let full = determinise::determinise(&program, self.alphabet_size, &self.limits, &mut spent.work)?;
        let empty = if self.accept_empty { Vec::new() } else { full.empty };
        if !full.conflicts.is_empty() || !empty.is_empty() {
            return Err(CompileError::Patterns { conflicts: full.conflicts, empty });
        }
        let graph = if program.has_no_dead_ends() { full.graph } else { full.graph.trimmed() };
        let graph = minimise::minimise(&graph);
        spent.cells = spent.cells.saturating_add(graph.states().saturating_mul(self.alphabet_size));
        LimitExceeded::check("table-cells", spent.cells, self.limits.table_cells)
            .map_err(CompileError::together)?;
        Ok(Automaton::freeze(&graph, self.alphabet_size, program))
    }
}

/// The program of one pattern alone.
pub(super) fn program(node: &Node, alphabet_size: usize, limits: &Limits) -> Result<Program, CompileError> {
    let mut writer = Writer::new(alphabet_size, limits.clone().countable());
    writer.pattern(node)?;
    Ok(writer.program)
}
