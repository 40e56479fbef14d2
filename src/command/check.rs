//! `touchtone check`

use std::io::{self, Write};

use clap::Args;

use super::{ConfigArg, Failure, Format, config_file};
use crate::config::Config;
use crate::key::Key;

/// Check a configuration: every mistake with its place and the way out.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigArg,
    /// How what is found is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print the automaton of every state and role too.
    #[arg(long)]
    dump: bool,
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
        if let (Some(config), true) = (&config, self.dump) {
            dump(config, out)?;
        }
        out.flush()?;
        if config.is_some() { Ok(()) } else { Err(Failure::Refused(String::new())) }
    }
}

/// Every automaton once, with what it is for and what its codes are called.
fn dump(config: &Config, out: &mut impl Write) -> Result<(), Failure> {
    for (keymap, holders) in config.keymaps.iter().filter(|(keymap, _)| !keymap.codes.is_empty()) {
        let holders: Vec<String> = holders
            .iter()
            .map(|&(state, role)| {
                let state = &config.states[state].name;
                role.map_or_else(|| state.clone(), |role| format!("{state} as {}", config.roles[role]))
            })
            .collect();
        writeln!(out, "\n{}", holders.join(", "))?;
        for (pattern, &code) in keymap.codes.iter().enumerate() {
            writeln!(out, "  pattern {pattern}: {}", config.codes[code].name)?;
        }
        let name = |symbol| Key::all().nth(symbol).map_or_else(String::new, |key| key.to_string());
        out.write_all(keymap.automaton.dump(&name).as_bytes())?;
    }
    Ok(())
}

fn summary(config: &Config, warnings: usize) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let verdict = if warnings == 0 { "no problems".to_owned() } else { count(warnings, "warning") };
    format!("{} in {}, {verdict}", count(config.codes.len(), "code"), count(config.states.len(), "state"))
}
