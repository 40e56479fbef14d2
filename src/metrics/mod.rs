//! What the daemon counts and measures, for programs that collect it: in Prometheus' text format, by HTTP on an address
//! of this machine. docs/metrics.md has a list of all.
//!
//! It shows what [`Status`](crate::control::protocol::Status) tells, and so the same as `touchtone status`.

pub mod lines;
mod process;
pub mod server;
pub mod text;

pub use server::Server;
