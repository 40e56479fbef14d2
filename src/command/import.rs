//! `touchtone import`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::import::import;

/// Carry a configuration of the engine's own pbxassist over.
///
/// It is written to standard output, with a comment at whatever is not carried; those are listed on standard error.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone import /etc/yate/pbxassist.conf > touchtone.toml")]
pub(super) struct Import {
    /// The configuration of pbxassist, with all that it includes.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write to a file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let refused = |why: String| Failure::Refused(format!("error: {why}"));
        let imported = import(&self.file, &|path| std::fs::read(path)).map_err(refused)?;
        match &self.output {
            Some(path) => std::fs::write(path, &imported.toml)
                .map_err(|error| refused(format!("{} cannot be written: {error}", path.display())))?,
            None => {
                out.write_all(imported.toml.as_bytes())?;
                out.flush()?;
            }
        }
        let notes: String = imported.notes.iter().map(|note| format!("{note}\n")).collect();
        let summary = format!("{notes}{}: {}\n", self.file.display(), imported.summary);
        Ok(io::stderr().write_all(summary.as_bytes())?)
    }
}
