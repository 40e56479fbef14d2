//! The control socket, by which commands reach a running daemon.

pub mod protocol;
