//! Configuration files as the engine reads them: `[section]`, `name=value`, `;` comments, a `\` that goes on in the
//! next line, `[$include FILE]` and `[$enabled CONDITION]`.

mod lines;
mod reader;

use super::note::{Note, Place};

pub use reader::read;

/// A file with all that it includes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ini {
    /// The sections in the order in which they first come; the parameters of those of the same name are together.
    pub sections: Vec<Section>,
    /// What could not be understood, or depends on the engine as it runs.
    pub notes: Vec<Note>,
}

/// `[name]` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where it first comes.
    pub place: Place,
    /// The comment right above it.
    pub comments: Vec<String>,
    /// Its parameters, in order.
    pub params: Vec<Param>,
    /// Why it is not known whole, if it is not.
    pub unknown: Option<Note>,
}

/// `name=value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it is.
    pub place: Place,
    /// The comment right above it.
    pub comments: Vec<String>,
    /// The lines as they are written.
    pub lines: Vec<String>,
}

impl Section {
    /// The parameter of a name; of several the first, as the engine has it.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The value of a parameter that is not empty.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.param(name).map(|param| param.value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Whether a value says yes or no; `None` if neither, when the engine takes its default.
#[must_use]
pub fn boolean(value: &str) -> Option<bool> {
    match value {
        "true" | "yes" | "on" | "enable" | "t" => Some(true),
        "false" | "no" | "off" | "disable" | "f" => Some(false),
        _ => None,
    }
}

/// The number of a value, as C writes numbers; `None` if it is none, when the engine takes its default.
#[must_use]
pub fn integer(value: &str) -> Option<i64> {
    let (negative, digits) = match value.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, value.strip_prefix('+').unwrap_or(value)),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, base) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (lower.as_str(), 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = i64::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}
