//! `touchtone schema`

use std::io::{self, Write};

use clap::Args;

use super::Failure;
use crate::config::schema;

/// Print the JSON Schema of the configuration, by which editors complete and check it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: touchtone schema > touchtone.schema.json, and as the first line of the configuration\n\
    #:schema ./touchtone.schema.json"
)]
pub(super) struct Schema {}

impl Schema {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut *out, &schema::json_schema()).map_err(io::Error::from)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }
}
