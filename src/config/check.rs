//! What `touchtone check` says of a configuration.

use std::fmt::Write;
use std::path::Path;

use crate::diagnostic::{Severity, Style};
use crate::key::Key;
use crate::keypad::Holder;

use super::{Config, Loaded, Refused};

/// A configuration to start from, with comments.
pub const EXAMPLE: &str = include_str!("../../config/conference.toml");

/// What to say to somebody who gave no configuration.
pub const NO_CONFIGURATION: &str = "\
no configuration was given: name one with --config FILE
The file conference.toml in the directory config of the sources is one to start from, with comments. Copy it, then:

    touchtone check --config conference.toml
";

/// How what was found is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: the lines of the file, and a summary at the end.
    Text(Style),
    /// For programs: one JSON object a finding, each on its line; nothing if all is well.
    Json,
}

/// What was found, as text that ends with a line break unless it is empty.
#[must_use]
pub fn report(path: &Path, outcome: &Result<Loaded, Refused>, format: Format) -> String {
    let (diagnostics, sources) = match outcome {
        Ok(loaded) => (&loaded.warnings, &loaded.sources),
        Err(refused) => (&refused.diagnostics, &refused.sources),
    };
    match format {
        Format::Json => diagnostics.iter().map(|found| found.to_json(sources) + "\n").collect(),
        Format::Text(style) => {
            let found: String =
                diagnostics.iter().map(|found| style.render(found, sources) + "\n\n").collect();
            format!("{found}{}: {}\n", path.display(), summary(outcome))
        }
    }
}

fn summary(outcome: &Result<Loaded, Refused>) -> String {
    match outcome {
        Ok(Loaded { config, warnings, .. }) => {
            let codes = counted(config.codes.len(), "code");
            let states = counted(config.states.len(), "state");
            match warnings.len() {
                0 => format!("{codes} in {states}"),
                count => format!("{codes} in {states}, {}", counted(count, "warning")),
            }
        }
        Err(refused) => {
            let errors = refused.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
            match refused.diagnostics.len() - errors {
                0 => format!("refused, {}", counted(errors, "error")),
                warnings => {
                    format!("refused, {} and {}", counted(errors, "error"), counted(warnings, "warning"))
                }
            }
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The automata as text, each with the states and roles it is for and the codes it knows.
#[must_use]
pub fn dump(config: &Config) -> String {
    let mut out = String::new();
    for (map, holders) in config.keymaps.iter() {
        let holders: Vec<_> = holders.into_iter().map(|holder| described(holder, config)).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", holders.join("; "));
        for (pattern, &code) in map.codes.iter().enumerate() {
            let _ = writeln!(out, "  pattern {pattern} is {}", config.codes[code].name);
        }
        let symbol = |symbol: usize| Key::all().nth(symbol).map(|key| key.to_string()).unwrap_or_default();
        for line in map.automaton.dump(&symbol).lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

fn described((state, role): Holder, config: &Config) -> String {
    let state = &config.states[state].name;
    match role {
        Some(role) => format!("state {state}, role {}", config.roles[role]),
        None => format!("state {state}"),
    }
}
