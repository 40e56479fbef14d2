//! Random trials: whatever callers key, and whatever the engine does with it, the promises hold.
//!
//! - [`naive`] and [`model`] say what keys match and what becomes of digits, simply enough to be right.
//! - [`chance`] is where choices come from.

pub mod chance;
pub mod model;
pub mod naive;

pub use chance::Chance;
