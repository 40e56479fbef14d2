//! The line protocol between the engine and an external module; no I/O.
//!
//! [`Framer`] cuts bytes into lines. [`EngineLine::parse`] reads what an engine says and [`ModuleLine::parse`]
//! what a module says; both write themselves back with `encode`. Bytes are never assumed to be UTF-8, values are
//! unescaped only when they are looked at, and nothing a peer sends can panic or grow without bound.
//!
//! The protocol is the one of Yate's `extmodule`, as a running 6.4.1 speaks it.

mod encode;
mod escape;
mod frame;
mod line;
mod params;
mod parse;

pub use encode::{Unsendable, answer_into};
pub use escape::{BadEscape, escape_into, unescape};
pub use frame::{Framer, LineTooLong};
pub use line::{Answer, EngineLine, Filter, Message, ModuleLine};
pub use params::Params;
pub use parse::{Malformed, Problem, waiting_id};

/// The engine's line buffer when a module has not asked for another, in bytes.
///
/// A longer line makes the engine close the connection.
pub const DEFAULT_LINE_LIMIT: usize = 8192;

/// The largest line buffer the engine grants (`setlocal:bufsize`), in bytes.
pub const MAX_LINE_LIMIT: usize = 65_536;
