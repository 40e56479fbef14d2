//! The frozen automaton.
