//! A table of the file, read by its section of the schema.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::duration;
use crate::config::schema::{Key, ROOT, Section, Value};
use crate::key;

use super::{Findings, Text, nearest};

/// A table of the file. Reading a key reports what is wrong with its value, and gives the default in its place.
pub(in crate::config) struct Table<'v, 'i> {
    section: &'static Section,
    /// `None` if it was not written.
    values: Option<&'v DeTable<'i>>,
    /// The line it starts with, or the whole of an inline table.
    pub(in crate::config) span: Range<usize>,
    /// How messages call it, as `[yate]`.
    pub(in crate::config) title: String,
}

impl<'v, 'i> Table<'v, 'i> {
    /// The table, once its keys are known to be keys of the section.
    pub(in crate::config) fn open(
        section: &'static Section,
        values: &'v DeTable<'i>,
        span: Range<usize>,
        title: String,
        found: &mut Findings<'_>,
    ) -> Self {
        let table = Table { section, values: Some(values), span, title };
        for key in values.keys().filter(|key| section.key(key.get_ref()).is_none()) {
            table.report_unknown(key, found);
        }
        table
    }

    /// A table that was not written: everything in it is as by default.
    fn absent(section: &'static Section) -> Self {
        Table { section, values: None, span: 0..0, title: section.title.to_owned() }
    }

    fn report_unknown(&self, key: &Spanned<std::borrow::Cow<'_, str>>, found: &mut Findings<'_>) {
        let written: &str = key.get_ref();
        let own = self.section.keys.iter().map(|key| key.name);
        let help = if let Some(name) = nearest(written, own.clone()) {
            format!("did you mean `{name}`?")
        } else if let Some(section) = section_of(written) {
            format!("`{written}` belongs in {}", section.title)
        } else {
            format!("what can be written in {} is {}", self.section.title, or_list(own))
        };
        let message = format!("there is no `{written}` in {}", self.section.title);
        found.push(found.error("unknown-key", message, key.span()).labelled("unknown key").help(help));
    }

    /// The keys that are there and in the schema, each with the place of its name.
    pub(in crate::config) fn keys(&self) -> impl Iterator<Item = (&'static Key, Range<usize>)> {
        let section = self.section;
        self.values
            .into_iter()
            .flat_map(DeTable::keys)
            .filter_map(move |key| Some((section.key(key.get_ref())?, key.span())))
    }

    /// Whether a key is there, and the place of its value.
    pub(in crate::config) fn span_of(&self, name: &str) -> Option<Range<usize>> {
        self.values?.get(name).map(Spanned::span)
    }

    fn entry(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> Option<(&'static Key, &'v Spanned<DeValue<'i>>)> {
        let key = self.section.key(name)?;
        let value = self.values.and_then(|values| values.get(name));
        if value.is_none() && key.required {
            let message = format!("{} has no `{name}`", self.title);
            let help = format!("add a line, as `{}`", key.example_line());
            found.push(
                found
                    .error("missing-key", message, self.span.clone())
                    .labelled(format!("`{name}` is missing"))
                    .help(help),
            );
        }
        Some((key, value?))
    }

    /// A text that is there.
    pub(in crate::config) fn text(&self, name: &str, found: &mut Findings<'_>) -> Option<Text> {
        let (key, value) = self.entry(name, found)?;
        text(value).or_else(|| wrong_type(key, "a string", value, found))
    }

    /// A string or an array of strings that is there; not an empty one.
    pub(in crate::config) fn texts(&self, name: &str, found: &mut Findings<'_>) -> Option<Vec<Text>> {
        let (key, value) = self.entry(name, found)?;
        if let Some(text) = text(value) {
            return Some(vec![text]);
        }
        let Some(array) = value.get_ref().as_array() else {
            return wrong_type(key, "a string or an array of strings", value, found);
        };
        if array.is_empty() {
            let help = format!("write a value, as `{}`, or remove the line", key.example_line());
            found.push(found.error("empty", format!("`{name}` is an empty list"), value.span()).help(help));
            return None;
        }
        let items = array.iter().map(|item| text(item).or_else(|| wrong_type(key, "a string", item, found)));
        items.collect::<Vec<_>>().into_iter().collect()
    }

    pub(in crate::config) fn boolean(&self, name: &str, found: &mut Findings<'_>) -> bool {
        let default = self.section.key(name).and_then(|key| key.default) == Some("true");
        let Some((key, value)) = self.entry(name, found) else { return default };
        value
            .get_ref()
            .as_bool()
            .or_else(|| wrong_type(key, "`true` or `false`", value, found))
            .unwrap_or(default)
    }

    pub(in crate::config) fn integer(&self, name: &str, found: &mut Findings<'_>) -> u64 {
        let default = self.section.key(name).and_then(|key| key.default?.parse().ok()).unwrap_or(0);
        let Some((key, value)) = self.entry(name, found) else { return default };
        let Some(number) = value.get_ref().as_integer() else {
            return wrong_type(key, "a whole number", value, found).unwrap_or(default);
        };
        let Value::Integer { least, most } = key.value else { return default };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                out_of_range(key, &least.to_string(), &most.to_string(), value.span(), found);
                default
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
        let (key, value) = self.entry(name, found)?;
        let Some(text) = text(value) else { return wrong_type(key, "a time in quotes", value, found) };
        let Some(time) = duration::parse(&text.value) else {
            let help =
                "a time is whole numbers with the units h, m, s and ms, as \"4s\", \"250ms\" or \"1m30s\"";
            let message = format!("{:?} is no time", text.value);
            found.push(found.error("bad-duration", message, text.span).help(help));
            return None;
        };
        let Value::Duration { least, most } = key.value else { return None };
        if !(least..=most).contains(&time) {
            out_of_range(key, &duration::show(least), &duration::show(most), text.span, found);
            return None;
        }
        Some(time)
    }

    /// One of the words of the schema: what is there, else the default.
    pub(in crate::config) fn choice(&self, name: &str, found: &mut Findings<'_>) -> Option<&'static str> {
        let (key, choices) = match self.section.key(name) {
            Some(key @ Key { value: Value::Choice(choices), .. }) => {
                (key, choices.iter().map(|choice| choice.name))
            }
            _ => return None,
        };
        let Some((_, value)) = self.entry(name, found) else { return key.default };
        let Some(text) = text(value) else { return wrong_type(key, "a string", value, found) };
        if let Some(name) = choices.clone().find(|name| *name == text.value) {
            return Some(name);
        }
        let help = match nearest(&text.value, choices.clone()) {
            Some(name) => format!("did you mean {name:?}?"),
            None => format!("write {}", or_list(choices)),
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
        let Some(text) = text(value) else { return wrong_type(key, "a string", value, found) };
        match text.value.as_bytes() {
            b"none" => return Some(None),
            [symbol] => {
                if let Some(key) = key::Key::from_symbol(*symbol) {
                    return Some(Some(key));
                }
            }
            _ => {}
        }
        let help = "write one of 0-9 * # A-D, or \"none\"";
        found.push(found.error("bad-key", format!("{:?} is no key", text.value), text.span).help(help));
        None
    }

    /// A table inside this one; if it is not there, everything in it is as by default.
    pub(in crate::config) fn table(
        &self,
        name: &str,
        section: &'static Section,
        found: &mut Findings<'_>,
    ) -> Table<'v, 'i> {
        let Some((key, value)) = self.entry(name, found) else { return Table::absent(section) };
        match value.get_ref().as_table() {
            Some(values) => Table::open(section, values, value.span(), section.title.to_owned(), found),
            None => wrong_type(key, "a table", value, found).unwrap_or_else(|| Table::absent(section)),
        }
    }

    /// The entries of a table whose names are free, each with its name and the value as text.
    pub(in crate::config) fn params(&self, name: &str, found: &mut Findings<'_>) -> Vec<(Text, Text)> {
        let Some((key, value)) = self.entry(name, found) else { return Vec::new() };
        let Some(values) = value.get_ref().as_table() else {
            return wrong_type(key, "a table of names and values", value, found).unwrap_or_default();
        };
        let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
            let name = Text { value: name.get_ref().to_string(), span: name.span() };
            Some((name, scalar_text(value).or_else(|| wrong_type(key, "a string", value, found))?))
        };
        values.iter().filter_map(entry).collect()
    }
}

/// The tables of an array of tables.
pub(in crate::config) fn tables<'v, 'i>(
    root: &Table<'v, 'i>,
    name: &str,
    found: &mut Findings<'_>,
) -> Vec<Table<'v, 'i>> {
    let Some((key, value)) = root.entry(name, found) else { return Vec::new() };
    let Value::Tables(section) = &key.value else { return Vec::new() };
    let Some(array) = value.get_ref().as_array() else {
        let expected = format!("one table each, under a line `[[{name}]]`");
        return wrong_type(key, &expected, value, found).unwrap_or_default();
    };
    let mut open = |item: &'v Spanned<DeValue<'i>>| match item.get_ref().as_table() {
        Some(values) => Some(Table::open(section, values, item.span(), section.title.to_owned(), found)),
        None => wrong_type(key, "a table", item, found),
    };
    array.iter().filter_map(&mut open).collect()
}

/// The tables of a table of tables, each with its name.
pub(in crate::config) fn named_tables<'v, 'i>(
    root: &Table<'v, 'i>,
    name: &str,
    found: &mut Findings<'_>,
) -> Vec<(Text, Table<'v, 'i>)> {
    let Some((key, value)) = root.entry(name, found) else { return Vec::new() };
    let Value::NamedTables(section) = &key.value else { return Vec::new() };
    let Some(outer) = value.get_ref().as_table() else {
        return wrong_type(key, "a table of tables", value, found).unwrap_or_default();
    };
    let mut open = |(inner, value): (&Spanned<std::borrow::Cow<'i, str>>, &'v Spanned<DeValue<'i>>)| {
        let title = format!("[{name}.{}]", inner.get_ref());
        let inner = Text { value: inner.get_ref().to_string(), span: inner.span() };
        let Some(values) = value.get_ref().as_table() else {
            return wrong_type(key, "a table", value, found);
        };
        Some((inner, Table::open(section, values, value.span(), title, found)))
    };
    outer.iter().filter_map(&mut open).collect()
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

fn wrong_type<T>(
    key: &Key,
    expected: &str,
    value: &Spanned<DeValue<'_>>,
    found: &mut Findings<'_>,
) -> Option<T> {
    let message = format!("`{}` is {expected}, not {}", key.name, kind_of(value.get_ref()));
    let help = format!("write `{}`", key.example_line());
    found.push(
        found.error("wrong-type", message, value.span()).labelled(format!("expected {expected}")).help(help),
    );
    None
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

fn out_of_range(key: &Key, least: &str, most: &str, span: Range<usize>, found: &mut Findings<'_>) {
    let message = format!("`{}` is at least {least} and at most {most}", key.name);
    found.push(found.error("out-of-range", message, span).labelled("out of range"));
}

fn section_of(key: &str) -> Option<&'static Section> {
    let sections = ROOT.keys.iter().filter_map(|key| match &key.value {
        Value::Table(section) | Value::Tables(section) | Value::NamedTables(section) => Some(*section),
        _ => None,
    });
    sections.into_iter().find(|section| section.key(key).is_some())
}

/// Names as `a`, `b` or `c`.
fn or_list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
