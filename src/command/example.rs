//! `touchtone example`

use std::io::Write;

use clap::Args;

use super::Failure;

/// Print a documented configuration to start from.
#[derive(Debug, Args)]
pub(super) struct Example {}

/// The configuration that the README uses.
pub(super) const CONFERENCE: &str = include_str!("../../config/conference.toml");

impl Example {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        out.write_all(CONFERENCE.as_bytes())?;
        Ok(out.flush()?)
    }
}
