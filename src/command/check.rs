//! `touchtone check`

use std::io::{self, Write};

use clap::Args;

use super::{ConfigArg, Failure, Format, config_file};
use crate::config::Config;

/// Check a configuration: every mistake with its place and the way out.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigArg,
    /// How what is found is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Check {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let path = self.config.path()?;
        let (config, found, sources) = match config_file::read(path) {
            Ok(loaded) => (Some(loaded.config), loaded.warnings, loaded.sources),
            Err(refused) => (None, refused.diagnostics, refused.sources),
        };
        match self.format {
            Format::Json => {
                for diagnostic in &found {
                    writeln!(out, "{}", diagnostic.to_json(&sources))?;
                }
            }
            Format::Text => {
                io::stderr().write_all(config_file::render(&found, &sources).as_bytes())?;
                if let Some(config) = &config {
                    writeln!(out, "{}: {}", path.display(), summary(config, found.len()))?;
                }
            }
        }
        out.flush()?;
        if config.is_some() { Ok(()) } else { Err(Failure::Refused(String::new())) }
    }
}

fn summary(config: &Config, warnings: usize) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let verdict = if warnings == 0 { "no problems".to_owned() } else { count(warnings, "warning") };
    format!("{} in {}, {verdict}", count(config.codes.len(), "code"), count(config.states.len(), "state"))
}
