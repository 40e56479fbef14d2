//! touchtone gives the callers of a Yate engine key codes, and its conference rooms control.
//!
//! The layers, from the engine's bytes to an operation and back:
//! - [`wire`]: the engine's line protocol; no I/O.
//! - [`grammar`]: from notation to automaton.
//! - [`keypad`]: the digits of one channel.
//! - [`config`]: what an admin wrote, checked.
//! - [`sim`]: an engine that is not there.

pub mod config;
pub mod diagnostic;
pub mod grammar;
pub mod key;
pub mod keypad;
pub mod moment;
pub mod sim;
pub mod template;
pub mod wire;
