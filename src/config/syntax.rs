//! From text to a TOML table, and what is wrong with the text as TOML.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;

use super::read::{Findings, SYNTAX};

/// Reads a file as TOML, reporting every place where it is none.
pub(super) fn parse<'t>(text: &'t str, found: &mut Findings<'_>) -> Spanned<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        let diagnostic = match error.message() {
            "duplicate key" => duplicate(text, span, table.get_ref(), found),
            message if message.starts_with("string values must be quoted") => unquoted(text, span, found),
            message
                if message.contains("string, expected `\"") || message.contains("string, expected `'") =>
            {
                unended(text, span, table.get_ref(), found)
            }
            message => found.error(SYNTAX, message, span),
        };
        found.push(diagnostic);
    }
    table
}

fn unquoted(text: &str, span: Range<usize>, found: &Findings<'_>) -> Diagnostic {
    let written = text.get(span.clone()).unwrap_or_default();
    let help = match written.to_lowercase().as_str() {
        "true" | "yes" | "on" => "write `true`".to_owned(),
        "false" | "no" | "off" => "write `false`".to_owned(),
        _ => format!("write {written:?}"),
    };
    found.error(SYNTAX, "text is written in quotes", span).labelled("no quotes").help(help)
}

fn unended(text: &str, span: Range<usize>, table: &DeTable<'_>, found: &Findings<'_>) -> Diagnostic {
    let begun = begun_above(table, text, span.start);
    let error = found.error(SYNTAX, "a string has no end", span).labelled("expected the closing quote");
    match begun {
        Some(begun) => error.related(found.place(begun), "it begins here"),
        None => error,
    }
}

fn duplicate(text: &str, span: Range<usize>, table: &DeTable<'_>, found: &Findings<'_>) -> Diagnostic {
    let written = text.get(span.clone()).unwrap_or_default();
    let header = is_header(text, span.start);
    let first = if header { first_header(text, &span) } else { first_key(table, written, text, &span) };
    let message = if header {
        format!("there are two sections `{written}`")
    } else {
        format!("`{written}` is written twice")
    };
    let error = found.error("duplicate-key", message, span).labelled("again").help("keep one of them");
    match first {
        Some(first) => error.related(found.place(first), "first here"),
        None => error,
    }
}

fn is_header(text: &str, at: usize) -> bool {
    let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    text.get(line_start..at).is_some_and(|before| before.trim_start().starts_with('['))
}

/// The last header above that reads the same.
fn first_header(text: &str, again: &Range<usize>) -> Option<Range<usize>> {
    let line_start = text.get(..again.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let header = header_of(text.get(line_start..)?.lines().next()?)?;
    let mut end = line_start;
    for line in text.get(..line_start)?.split_inclusive('\n').rev() {
        end -= line.len();
        if header_of(line) == Some(header) {
            let at = end + line.find(header)?;
            return Some(at..at + header.len());
        }
    }
    None
}

/// What stands between the brackets of a line that begins a section.
fn header_of(line: &str) -> Option<&str> {
    Some(line.trim_start().strip_prefix('[')?.split(']').next()?.trim())
}

/// The last key above that reads the same: what stands between the two is in the same table.
fn first_key(table: &DeTable<'_>, written: &str, text: &str, again: &Range<usize>) -> Option<Range<usize>> {
    let mut last: Option<Range<usize>> = None;
    for_each(table, &mut |key, _| {
        let is_later = last.as_ref().is_none_or(|last| last.start < key.start);
        if is_later && key.start < again.start && text.get(key.clone()) == Some(written) {
            last = Some(key);
        }
    });
    last
}

/// Where the string begins that has no end before `end`, if that is on a line above.
fn begun_above(table: &DeTable<'_>, text: &str, end: usize) -> Option<Range<usize>> {
    let mut begun = None;
    for_each(table, &mut |_, value| {
        let span = value.span();
        let raw = text.get(span.clone()).unwrap_or_default();
        if value.get_ref().is_str() && span.end == end && raw.contains('\n') {
            begun = Some(span.start..span.start + 3);
        }
    });
    begun
}

/// Every key of a table and of the tables in it, with its value.
fn for_each(table: &DeTable<'_>, visit: &mut dyn FnMut(Range<usize>, &Spanned<DeValue<'_>>)) {
    for (key, value) in table {
        visit(key.span(), value);
        match value.get_ref() {
            DeValue::Table(inner) => for_each(inner, visit),
            DeValue::Array(items) => {
                items
                    .iter()
                    .filter_map(|item| item.get_ref().as_table())
                    .for_each(|inner| for_each(inner, visit));
            }
            _ => {}
        }
    }
}
