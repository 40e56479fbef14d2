//! From notation to automaton.
//!
//! The pipeline is the tree: a notation ([`dregex`], [`srgs`]) is read into one [`ast`], any number of them are
//! [compiled](compile) together, and what comes out is a frozen [`automaton`] that costs one table look-up a digit
//! however many patterns are in it. Which part of the digits was which [capture] is worked out afterwards, once a
//! pattern has matched, over just its own digits.
//!
//! Nothing here knows of telephones but the notations: underneath, a symbol is a number below the size of the
//! alphabet. The sixteen keys ([`Key::index`](crate::key::Key::index)) are the ordinary case.

pub mod ast;
pub mod automaton;
pub mod capture;
pub mod compile;
pub mod dregex;
mod limits;
mod problem;
pub mod srgs;

pub use limits::{LimitExceeded, Limits, MAX_NESTING};
pub use problem::Problem;
