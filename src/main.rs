//! The `touchtone` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    touchtone::command::main(std::env::args_os())
}
