//! What is said of values that are not what they should be.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use crate::config::schema::{Key, Value};

use super::Findings;

/// Reports a value of another type than expected.
pub(super) fn wrong_type(
    what: &str,
    expected: &str,
    value: &Spanned<DeValue<'_>>,
    found: &mut Findings<'_>,
    help: Option<String>,
) {
    let message = format!("{what} is {expected}, not {}", kind_of(value.get_ref()));
    let mut error = found.error("wrong-type", message, value.span()).labelled(format!("expected {expected}"));
    error.help = help;
    found.push(error);
}

/// Reports the value of a key that is of another type than expected, and how it would be written.
pub(super) fn wrong_value<T>(
    key: &Key,
    expected: &str,
    value: &Spanned<DeValue<'_>>,
    found: &mut Findings<'_>,
) -> Option<T> {
    let help = match corrected(key, value.get_ref()) {
        Some(meant) => format!("write `{} = {meant}`", key.name),
        None => format!("write it as in `{}`", key.example_line()),
    };
    wrong_type(&format!("`{}`", key.name), expected, value, found, Some(help));
    None
}

/// What was probably meant, as TOML.
fn corrected(key: &Key, value: &DeValue<'_>) -> Option<String> {
    match (&key.value, value) {
        (Value::Duration { .. } | Value::DurationOrNone { .. }, DeValue::Integer(number)) => {
            Some(format!("\"{}s\"", number.as_str()))
        }
        (Value::Text | Value::Texts | Value::PhoneKey, DeValue::Integer(number)) => {
            Some(format!("{:?}", number.as_str()))
        }
        (Value::Boolean, DeValue::String(text)) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some("true".to_owned()),
            "false" | "no" | "off" => Some("false".to_owned()),
            _ => None,
        },
        (Value::Integer { .. }, DeValue::String(text)) => {
            text.parse::<u64>().ok().map(|number| number.to_string())
        }
        (Value::Tables(_) | Value::Table(_) | Value::NamedTables(_) | Value::Params, _) => None,
        (_, DeValue::Array(items)) => match items.iter().map(Spanned::get_ref).collect::<Vec<_>>().as_slice()
        {
            [DeValue::String(only)] => Some(format!("{only:?}")),
            _ => None,
        },
        _ => None,
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Reports a value that is below or above what the schema allows.
pub(super) fn out_of_range(key: &Key, least: &str, most: &str, span: Range<usize>, found: &mut Findings<'_>) {
    let message = format!("`{}` is at least {least} and at most {most}", key.name);
    found.push(found.error("out-of-range", message, span).labelled("out of range"));
}

/// Items as `a, b or c`.
pub(super) fn or_list(items: &[String]) -> String {
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
