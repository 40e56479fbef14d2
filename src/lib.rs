//! touchtone gives the callers of a Yate engine key codes, and its conference rooms control.
//!
//! The layers, from the engine's bytes to an operation and back:
//! - [`wire`]: the engine's line protocol; no I/O.
//! - [`grammar`]: from notation to automaton.
//! - [`keypad`]: the digits of one channel.
//! - [`assist`]: the brain; channels, rooms, operations.
//! - [`link`]: the edge; a connection to an engine, kept up.
//! - [`config`]: what an admin wrote, checked.
//! - [`store`]: what outlasts the process; [`schedule`]: when conferences are held.
//! - [`control`]: the socket by which commands reach a running daemon; [`metrics`]: what it counts, for programs.
//! - [`sounds`]: what callers are told in words.
//! - [`import`]: from what the engine's own module is configured with.
//! - [`sim`]: an engine that is not there.

// Bytes from the engine and from callers reach everywhere: no panic may hide in a conversion. And standard output
// belongs to the engine when it starts us: only commands print, through one writer.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

pub mod assist;
pub mod command;
pub mod config;
pub mod control;
pub mod diagnostic;
pub mod grammar;
pub mod import;
pub mod key;
pub mod keypad;
pub mod link;
pub mod metrics;
pub mod moment;
mod plain;
pub mod schedule;
pub mod sim;
pub mod sounds;
pub mod stage;
pub mod store;
mod suggest;
pub mod template;
pub mod trial;
pub mod wire;
