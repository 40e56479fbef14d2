//! From notation to automaton.

pub mod automaton;
