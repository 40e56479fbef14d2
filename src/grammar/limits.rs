//! How large a grammar may become.

/// How large patterns, grammars and automata may become. Each limit has the name by which an error speaks of it.
///
/// They are there so that no file can exhaust memory or the stack. What people write is far below the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `nesting`: how deep groups, and rules in rules, may be nested; never more than [`MAX_NESTING`].
    pub nesting: usize,
    /// `repeat`: the largest number in a repeat.
    pub repeat: usize,
    /// `nfa-states`: how many parts all patterns together may have, once repeats are written out; a pattern counts
    /// in every automaton that it is in.
    pub nfa_states: usize,
    /// `dfa-states`: how many states an automaton may have before it is minimised.
    pub dfa_states: usize,
    /// `dfa-work`: how many steps making automata may take; it grows with the product of states and patterns that
    /// are alike.
    pub dfa_work: usize,
    /// `table-cells`: how many cells the tables of automata may have, four bytes each: states times symbols.
    pub table_cells: usize,
    /// `expansion`: how many parts a rule may have, once the rules it refers to are put in their places.
    pub expansion: usize,
    /// `files`: how many files one grammar may be made of.
    pub files: usize,
    /// `file-bytes`: how long its files may be together, in bytes.
    pub file_bytes: usize,
}

/// The deepest nesting that `nesting` can allow: beyond it the stack would be at risk.
pub const MAX_NESTING: usize = 200;

impl Limits {
    /// How deep things may be nested.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.nesting.min(MAX_NESTING)
    }

    /// The same limits, but none beyond what can be counted in 32 bits; that much memory nobody has.
    pub(super) fn countable(mut self) -> Self {
        for limit in [&mut self.nfa_states, &mut self.dfa_states, &mut self.dfa_work] {
            *limit = (*limit).min(1 << 30);
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            nesting: 100,
            repeat: 1_000,
            nfa_states: 1_000_000,
            dfa_states: 250_000,
            dfa_work: 20_000_000,
            table_cells: 16_000_000,
            expansion: 200_000,
            files: 100,
            file_bytes: 1_000_000,
        }
    }
}

/// A limit would have been passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than the limit \"{name}\" allows ({allowed})")]
pub struct LimitExceeded {
    /// The limit's name, as in [`Limits`].
    pub name: &'static str,
    /// What it is set to.
    pub allowed: usize,
}

impl LimitExceeded {
    /// Fails if `value` is above what the limit allows.
    ///
    /// # Errors
    /// [`LimitExceeded`] with the name and what is allowed.
    pub fn check(name: &'static str, value: usize, allowed: usize) -> Result<(), LimitExceeded> {
        if value > allowed { Err(LimitExceeded { name, allowed }) } else { Ok(()) }
    }
}
