//! What can be written in a configuration: every section, every key, its type and its default, once.
//!
//! The reader takes bounds and defaults from here, unknown keys are compared with what is here, and
//! [`json_schema`] is made of it.

mod code;
mod conference;
mod json;
mod sections;

use std::time::Duration;

pub use code::OPERATIONS;
pub(super) use conference::{
    CALLING, CONTROL, ENTRY, METRICS, ORGANIZER, PARTICIPANT, SCHEDULE, SOUNDS, STORE,
};
pub use json::json_schema;
pub use sections::ROOT;
pub(super) use sections::{KEYPAD, LIMITS, RECONNECT, RECORD, YATE};

/// A table of the configuration.
#[derive(Debug)]
pub struct Section {
    /// How it is written, as `[yate]`.
    pub title: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// What can stand in it.
    pub keys: &'static [Key],
}

/// One key of a section.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What can be written there.
    pub value: Value,
    /// What it means, in a sentence or two.
    pub doc: &'static str,
    /// What holds if it is absent, written without quotes.
    pub default: Option<&'static str>,
    /// Whether it must be there.
    pub required: bool,
    /// The operations it belongs to; none for all, and for sections that are no codes.
    pub only_for: &'static [&'static str],
    /// A value to show, as TOML.
    pub example: &'static str,
}

/// What can be written as the value of a key.
#[derive(Debug)]
pub enum Value {
    /// Any text.
    Text,
    /// Text with `${name}` in it.
    Template,
    /// `true` or `false`.
    Boolean,
    /// A whole number within bounds, both included.
    Integer {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// A time, as `"1m30s"`, within bounds, both included.
    Duration {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// A time as [`Duration`](Self::Duration), or `none`.
    DurationOrNone {
        /// The shortest.
        least: Duration,
        /// The longest.
        most: Duration,
    },
    /// One of some words.
    Choice(&'static [Choice]),
    /// A way to an engine, as `unix:PATH`.
    Address,
    /// One key of a telephone, or `none`.
    PhoneKey,
    /// A string, or an array of strings.
    Texts,
    /// A table of templates under names that are free.
    Params,
    /// A table.
    Table(&'static Section),
    /// An array of tables.
    Tables(&'static Section),
    /// A table of tables under names that are free.
    NamedTables(&'static Section),
}

/// One of the words of [`Value::Choice`].
#[derive(Debug)]
pub struct Choice {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
}

impl Section {
    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    const fn new(name: &'static str, value: Value, doc: &'static str) -> Self {
        Key { name, value, doc, default: None, required: false, only_for: &[], example: "" }
    }

    const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn only_for(mut self, operations: &'static [&'static str]) -> Self {
        self.only_for = operations;
        self
    }

    const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// The key with a value that could be right, as it would be written.
    #[must_use]
    pub fn example_line(&self) -> String {
        let value = match (self.default, &self.value) {
            _ if !self.example.is_empty() => self.example.to_owned(),
            (Some(default), Value::Boolean | Value::Integer { .. }) => default.to_owned(),
            (Some(default), _) => format!("{default:?}"),
            (None, _) => "…".to_owned(),
        };
        format!("{} = {value}", self.name)
    }
}
