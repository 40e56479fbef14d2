//! The `touchtone` command.

fn main() {}
