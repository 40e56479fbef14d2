//! The control socket, by which commands reach a running daemon.
//!
//! [`Server`] is the daemon's side, [`Client`] the other; [`protocol`] is what they say, and [`figures`] what is counted.
//! docs/control.md tells it to those who write a client of their own.

pub mod client;
pub mod figures;
mod place;
pub mod protocol;
mod reading;
pub mod server;
mod session;

pub use client::Client;
pub use place::BindProblem;
pub use server::Server;
