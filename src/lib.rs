//! touchtone gives the callers of a Yate engine key codes, and its conference rooms control.
//!
//! The layers, from the engine's bytes to an operation and back:
//! - [`wire`]: the engine's line protocol; no I/O.

pub mod key;
pub mod wire;
