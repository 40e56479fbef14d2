//! The values of a table, by type.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use crate::config::duration;
use crate::config::schema::{Key, Value};
use crate::key;

use super::mistakes::{or_list, out_of_range, wrong_type, wrong_value};
use super::{Findings, Table, Text, nearest};

impl Table<'_, '_> {
    /// A text that is there.
    pub(in crate::config) fn text(&self, name: &str, found: &mut Findings<'_>) -> Option<Text> {
        let (key, value) = self.entry(name, found)?;
        text(value).or_else(|| wrong_value(key, "a string", value, found))
    }

    /// A string or an array of strings that is there; not an empty one.
    pub(in crate::config) fn texts(&self, name: &str, found: &mut Findings<'_>) -> Option<Vec<Text>> {
        let (key, value) = self.entry(name, found)?;
        if let Some(text) = text(value) {
            return Some(vec![text]);
        }
        let Some(array) = value.get_ref().as_array() else {
            return wrong_value(key, "a string or an array of strings", value, found);
        };
        if array.is_empty() {
            let help = format!("write a value, as `{}`", key.example_line());
            found.push(found.error("empty", format!("`{name}` is an empty list"), value.span()).help(help));
            return None;
        }
        let mut texts = Vec::with_capacity(array.len());
        for item in array {
            match text(item) {
                Some(text) => texts.push(text),
                None => wrong_type(&format!("what is in `{name}`"), "a string", item, found, None),
            }
        }
        (texts.len() == array.len()).then_some(texts)
    }

    /// A truth value: what is there, else the default.
    pub(in crate::config) fn boolean(&self, name: &str, found: &mut Findings<'_>) -> bool {
        let default = self.section.key(name).and_then(|key| key.default) == Some("true");
        self.boolean_if_set(name, found).unwrap_or(default)
    }

    /// A truth value that is there.
    pub(in crate::config) fn boolean_if_set(&self, name: &str, found: &mut Findings<'_>) -> Option<bool> {
        let (key, value) = self.entry(name, found)?;
        value.get_ref().as_bool().or_else(|| wrong_value(key, "`true` or `false`", value, found))
    }

    /// A whole number: what is there, else the default.
    pub(in crate::config) fn integer(&self, name: &str, found: &mut Findings<'_>) -> u64 {
        let default = self.section.key(name).and_then(|key| key.default?.parse().ok()).unwrap_or(0);
        self.integer_if_set(name, found).unwrap_or(default)
    }

    /// A whole number that is there.
    pub(in crate::config) fn integer_if_set(&self, name: &str, found: &mut Findings<'_>) -> Option<u64> {
        let (key, value) = self.entry(name, found)?;
        let Some(number) = value.get_ref().as_integer() else {
            return wrong_value(key, "a whole number", value, found);
        };
        let Value::Integer { least, most } = key.value else { return None };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                out_of_range(key, &least.to_string(), &most.to_string(), value.span(), found);
                None
            }
        }
    }

    /// A time: what is there, else the default.
    pub(in crate::config) fn duration(&self, name: &str, found: &mut Findings<'_>) -> Duration {
        let default = || self.section.key(name).and_then(|key| duration::parse(key.default?));
        self.duration_if_set(name, found).or_else(default).unwrap_or_default()
    }

    /// A time that is there.
    pub(in crate::config) fn duration_if_set(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> Option<Duration> {
        self.duration_or_none_if_set(name, found).flatten()
    }

    /// A time: what is there, else the default; `None` for `none`.
    pub(in crate::config) fn duration_or_none(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> Option<Duration> {
        let default = || self.section.key(name).and_then(|key| duration::parse(key.default?));
        self.duration_or_none_if_set(name, found).unwrap_or_else(default)
    }

    /// A time that is there; `Some(None)` for `none`, where that can be written.
    fn duration_or_none_if_set(&self, name: &str, found: &mut Findings<'_>) -> Option<Option<Duration>> {
        let (key, value) = self.entry(name, found)?;
        let Some(text) = text(value) else { return wrong_value(key, "a time in quotes", value, found) };
        if matches!(key.value, Value::DurationOrNone { .. }) && text.value == "none" {
            return Some(None);
        }
        let Some(time) = duration::parse(&text.value) else {
            let none = if matches!(key.value, Value::DurationOrNone { .. }) { "; or \"none\"" } else { "" };
            let help = format!(
                "a time is whole numbers with the units h, m, s and ms, as \"4s\", \"250ms\" or \"1m30s\"{none}"
            );
            let message = format!("{:?} is no time", text.value);
            found.push(found.error("bad-duration", message, text.span).help(help));
            return None;
        };
        let (Value::Duration { least, most } | Value::DurationOrNone { least, most }) = key.value else {
            return None;
        };
        if !(least..=most).contains(&time) {
            out_of_range(key, &duration::show(least), &duration::show(most), text.span, found);
            return None;
        }
        Some(Some(time))
    }

    /// One of the words of the schema: what is there, else the default.
    pub(in crate::config) fn choice(&self, name: &str, found: &mut Findings<'_>) -> Option<&'static str> {
        let Some(key @ Key { value: Value::Choice(choices), .. }) = self.section.key(name) else {
            return None;
        };
        let Some((_, value)) = self.entry(name, found) else { return key.default };
        let Some(text) = text(value) else { return wrong_value(key, "a string", value, found) };
        let choices = choices.iter().map(|choice| choice.name);
        if let Some(name) = choices.clone().find(|name| *name == text.value) {
            return Some(name);
        }
        let help = match nearest(&text.value, choices.clone()) {
            Some(name) => format!("did you mean {name:?}?"),
            None => {
                format!("write {}", or_list(&choices.map(|name| format!("{name:?}")).collect::<Vec<_>>()))
            }
        };
        let message = format!("`{name}` cannot be {:?}", text.value);
        found.push(found.error("unknown-choice", message, text.span).help(help));
        None
    }

    /// A key of a telephone that is there; `Some(None)` for `none`.
    pub(in crate::config) fn phone_key(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> Option<Option<key::Key>> {
        let (key, value) = self.entry(name, found)?;
        let Some(text) = text(value) else { return wrong_value(key, "a string", value, found) };
        let phone_key = match text.value.as_bytes() {
            b"none" => return Some(None),
            [symbol] => key::Key::from_symbol(*symbol),
            _ => None,
        };
        if phone_key.is_none() {
            let help = "write one of 0-9 * # A-D, or \"none\"";
            found.push(found.error("bad-key", format!("{:?} is no key", text.value), text.span).help(help));
        }
        phone_key.map(Some)
    }

    /// What stands in a table whose names are free: each name with its value as text.
    pub(in crate::config) fn params(&self, name: &str, found: &mut Findings<'_>) -> Vec<(Text, Text)> {
        let mut params = Vec::new();
        for (name, value) in self.free_entries(name, found) {
            match scalar_text(value) {
                Some(value) => params.push((name, value)),
                None => {
                    wrong_type(&format!("the parameter `{}`", name.value), "a string", value, found, None);
                }
            }
        }
        params
    }
}

fn text(value: &Spanned<DeValue<'_>>) -> Option<Text> {
    value.get_ref().as_str().map(|text| Text { value: text.to_owned(), span: value.span() })
}

/// A string, or a number or truth value as the engine would write it.
fn scalar_text(value: &Spanned<DeValue<'_>>) -> Option<Text> {
    let text = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        _ => return None,
    };
    Some(Text { value: text, span: value.span() })
}
