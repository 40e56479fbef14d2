//! What `touchtone check` says of a configuration.

use std::fmt::Write;

use crate::diagnostic::{Severity, Style};
use crate::key::Key;
use crate::keypad::Holder;

use super::{Config, Loaded, Refused};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: with the lines of the file, and an empty line after each.
    Text(Style),
    /// For programs: one JSON object each, on its line.
    Json,
}

/// What was found, as text: for programs everything, for people no more than they read.
#[must_use]
pub fn findings(outcome: &Result<Loaded, Refused>, format: Format) -> String {
    let (diagnostics, sources) = match outcome {
        Ok(loaded) => (&loaded.warnings, &loaded.sources),
        Err(refused) => (&refused.diagnostics, &refused.sources),
    };
    match format {
        Format::Json => diagnostics.iter().map(|found| found.to_json(sources) + "\n").collect(),
        Format::Text(_) if diagnostics.is_empty() => String::new(),
        Format::Text(style) => style.render_all(diagnostics, sources) + "\n",
    }
}

/// How many codes there are, or how many errors, in one line.
#[must_use]
pub fn summary(outcome: &Result<Loaded, Refused>) -> String {
    match outcome {
        Ok(Loaded { config, warnings, .. }) => {
            let codes = counted(config.codes.len(), "code");
            let states = counted(config.states.len(), "state");
            let verdict = match warnings.len() {
                0 => "no problems".to_owned(),
                count => counted(count, "warning"),
            };
            format!("{codes} in {states}, {verdict}")
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

/// Every automaton once as text, with the states and roles it is for, and the codes it ends in.
#[must_use]
pub fn dump(config: &Config) -> String {
    let mut out = String::new();
    for (keymap, holders) in config.keymaps.iter().filter(|(keymap, _)| !keymap.codes.is_empty()) {
        let holders: Vec<_> = holders.into_iter().map(|holder| described(holder, config)).collect();
        let name = |pattern: usize| Some(config.codes.get(*keymap.codes.get(pattern)?)?.name.as_str());
        let key = |symbol| Key::all().nth(symbol).map_or_else(String::new, |key| key.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", holders.join(", "));
        for line in keymap.automaton.dump(&key).lines() {
            let _ = writeln!(out, "{}", with_name(line, name).unwrap_or_else(|| line.to_owned()));
        }
    }
    out
}

/// A line of an automaton's dump, as `7 = 0`, with a name in place of the pattern's number.
fn with_name<'n>(line: &str, name: impl Fn(usize) -> Option<&'n str>) -> Option<String> {
    let (state, rest) = line.split_once(" = ")?;
    let end = rest.find(':').unwrap_or(rest.len());
    Some(format!("{state} = {}{}", name(rest[..end].parse().ok()?)?, &rest[end..]))
}

fn described((state, role): Holder, config: &Config) -> String {
    let state = &config.states[state].name;
    role.map_or_else(|| state.clone(), |role| format!("{state} as {}", config.roles[role]))
}
