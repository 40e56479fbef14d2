//! `touchtone schema`

use std::io::Write;

use clap::Args;

use super::Failure;
use crate::config::schema::json_schema;

/// Print the JSON Schema of the configuration, by which editors complete and check it.
#[derive(Debug, Args)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "{:#}", json_schema())?;
        Ok(out.flush()?)
    }
}
