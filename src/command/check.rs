//! `touchtone check`

use std::io::{self, Write};
use std::path::Path;

use clap::Args;

use super::{ConfigArg, Failure, Format, config_file};
use crate::config::{Config, check};

/// Check a configuration: every mistake with its place and the way out.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigArg,
    /// How what is found is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print the automata too, by which keys are recognised.
    #[arg(long)]
    dump: bool,
}

impl Check {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if self.dump && self.format == Format::Json {
            let text = "error: --dump is for people to read, and cannot be had with --format json";
            return Err(Failure::Usage(text.to_owned()));
        }
        let path = self.config.path()?;
        let outcome = config_file::read(path);
        match self.format {
            Format::Json => out.write_all(check::findings(&outcome, check::Format::Json).as_bytes())?,
            Format::Text => {
                let findings = check::findings(&outcome, check::Format::Text(config_file::style()));
                io::stderr().write_all(findings.as_bytes())?;
            }
        }
        let summary = format!("{}: {}", path.display(), check::summary(&outcome));
        let loaded = match outcome {
            Ok(loaded) => loaded,
            Err(refused) => {
                out.flush()?;
                let many = self.format == Format::Text && refused.diagnostics.len() > 1;
                return Err(Failure::Refused(if many { summary } else { String::new() }));
            }
        };
        if self.format == Format::Text {
            writeln!(out, "{summary}")?;
            note_sounds(&loaded.config)?;
        }
        if self.dump {
            out.write_all(check::dump(&loaded.config).as_bytes())?;
        }
        Ok(out.flush()?)
    }
}

/// Says that sounds are not here, which is no mistake: the engine may run elsewhere.
fn note_sounds(config: &Config) -> io::Result<()> {
    match &config.sounds.dir {
        Some(dir) if !Path::new(dir).is_dir() => {
            writeln!(
                io::stderr(),
                "note: there is no directory {dir} on this machine; the engine's has to have it"
            )
        }
        _ => Ok(()),
    }
}
