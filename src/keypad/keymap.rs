//! The automata of every state and role.

/// One automaton a pair of state and role.
#[derive(Debug, Clone, Default)]
pub struct Keymaps {}
