//! From a file to a checked configuration.

use std::io;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Severity, Sources, Style};
use crate::grammar::Limits;

use super::codes::{self, Context};
use super::conflicts::Codes;
use super::read::{Findings, Table};
use super::rules::Rules;
use super::{Config, sections, syntax};

/// A configuration that was read and checked.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works, but probably not as meant.
    pub warnings: Vec<Diagnostic>,
    /// The files it was read from.
    pub sources: Sources,
}

/// A configuration that cannot work, with everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The errors, and the warnings besides.
    pub diagnostics: Vec<Diagnostic>,
    /// The files it was read from.
    pub sources: Sources,
}

/// Reads and checks a configuration; `read` gives the text of a file.
///
/// # Errors
/// [`Refused`] if there is anything in it that cannot work as it reads.
pub fn load(path: &Path, read: impl Fn(&Path) -> io::Result<String>) -> Result<Loaded, Refused> {
    let mut sources = Sources::default();
    let text = match read(path) {
        Ok(text) => text,
        Err(error) => return Err(Refused { diagnostics: vec![unreadable(path, &error)], sources }),
    };
    let source = sources.add(path, text.clone());
    let mut found = Findings::new(source, &text);
    let config = check(&text, &mut found);
    let diagnostics = found.into_diagnostics();
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match config {
        Some(config) if !refused => Ok(Loaded { config, warnings: diagnostics, sources }),
        _ => Err(Refused { diagnostics, sources }),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Diagnostic::error("no-file", format!("there is no file {path}"), None),
        io::ErrorKind::InvalidData => {
            Diagnostic::error("no-file", format!("{path} is not text in UTF-8"), None)
        }
        _ => Diagnostic::error("no-file", format!("{path} cannot be read: {error}"), None),
    }
}

fn check(text: &str, found: &mut Findings<'_>) -> Option<Config> {
    let limits = Limits::default();
    let values = syntax::parse(text, found);
    let root = Table::root(&values, found);
    let yate = sections::yate(&root, found);
    let keypad = sections::keypad(&root, found);
    let record = sections::record(&root, found);
    let states = sections::states(&root, &keypad, found);
    let rules = Rules::read(&root, found);
    let (mut roles, role_rooms) = sections::roles(&root, found);
    let mut tables = root.tables("code", found);
    let followers = codes::followers(&tables);
    let mut context =
        Context { states: &states, rules: &rules, limits: &limits, followers: &followers, roles: &mut roles };
    if root.span_of("code").is_none() {
        found.push(no_codes());
    }
    let mut drafts: Vec<_> = tables.iter_mut().map(|table| codes::read(table, &mut context, found)).collect();
    codes::report_duplicates(&drafts, found);
    codes::link(&mut drafts, found);
    let keymaps = Codes { drafts: &drafts, states: &states, roles: &roles }.keymaps(&keypad, &limits, found);
    let codes = drafts.into_iter().map(|draft| draft.code).collect::<Option<Vec<_>>>()?;
    Some(Config { yate, keypad, record: record?, states, roles, role_rooms, codes, keymaps: keymaps? })
}

fn no_codes() -> Diagnostic {
    let message = "there is no code, so nothing that callers key does anything";
    Diagnostic::warning("no-codes", message, None).help("begin one with a line `[[code]]`")
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Style::default().render_all(&self.diagnostics, &self.sources))
    }
}

impl std::error::Error for Refused {}
