//! A table of the file, and the tables in it.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::schema::{Key, ROOT, Section, Value};

use super::mistakes::{or_list, wrong_type};
use super::{Findings, Text, nearest};

/// A table of the file, with the section of the schema that says what can be in it.
///
/// Reading a key reports what is wrong with its value, and gives the default in its place.
pub(in crate::config) struct Table<'v, 'i> {
    pub(in crate::config) section: &'static Section,
    /// `None` if it was not written.
    values: Option<&'v DeTable<'i>>,
    /// The line it starts with, or the whole of an inline table.
    pub(in crate::config) span: Range<usize>,
    /// How messages call it, as `[yate]`.
    pub(in crate::config) title: String,
}

/// A key of the schema, and the value that is written for it.
pub(super) type Entry<'v, 'i> = (&'static Key, &'v Spanned<DeValue<'i>>);

impl<'v, 'i> Table<'v, 'i> {
    /// The whole file.
    pub(in crate::config) fn root(file: &'v Spanned<DeTable<'i>>, found: &mut Findings<'_>) -> Self {
        Table::open(&ROOT, file.get_ref(), file.span(), ROOT.title.to_owned(), found)
    }

    fn open(
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

    fn report_unknown(&self, key: &Spanned<Cow<'_, str>>, found: &mut Findings<'_>) {
        let written: &str = key.get_ref();
        let own = self.section.keys.iter().map(|key| key.name);
        let help = if let Some(name) = nearest(written, own.clone()) {
            format!("did you mean `{name}`?")
        } else if let Some(section) = section_of(written) {
            format!("`{written}` belongs in {}", section.title)
        } else {
            let own: Vec<_> = own.map(|name| format!("`{name}`")).collect();
            format!("what can be written in {} is {}", self.section.title, or_list(&own))
        };
        let message = format!("there is no `{written}` in {}", self.section.title);
        found.push(found.error("unknown-key", message, key.span()).labelled("unknown key").help(help));
    }

    /// The keys that are there and in the schema, each with the place of its name.
    pub(in crate::config) fn keys(&self) -> impl Iterator<Item = (&'static Key, Range<usize>)> {
        let section = self.section;
        let written = self.values.into_iter().flat_map(DeTable::keys);
        written.filter_map(move |key| Some((section.key(key.get_ref())?, key.span())))
    }

    /// The place of the value of a key, if it is there.
    pub(in crate::config) fn span_of(&self, name: &str) -> Option<Range<usize>> {
        self.values?.get(name).map(Spanned::span)
    }

    /// The value of a key; one that must be there and is not is reported.
    pub(super) fn entry(&self, name: &str, found: &mut Findings<'_>) -> Option<Entry<'v, 'i>> {
        let key = self.section.key(name)?;
        let value = self.values.and_then(|values| values.get(name));
        if value.is_none() && key.required {
            let message = format!("{} has no `{name}`", self.title);
            let error = found.error("missing-key", message, self.span.clone());
            let help = format!("add a line, as `{}`", key.example_line());
            found.push(error.labelled(format!("`{name}` is missing")).help(help));
        }
        Some((key, value?))
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
            None => {
                let help = match key.example {
                    "" => format!("write a section {}", section.title),
                    _ => format!("write `{}`", key.example_line()),
                };
                wrong_type(&format!("`{name}`"), "a table", value, found, Some(help));
                Table::absent(section)
            }
        }
    }

    /// A table inside this one that is there, without looking at what is in it.
    pub(in crate::config) fn peek(&self, name: &str, section: &'static Section) -> Option<Table<'v, 'i>> {
        let value = self.values?.get(name)?;
        let values = value.get_ref().as_table()?;
        Some(Table { section, values: Some(values), span: value.span(), title: section.title.to_owned() })
    }

    /// The tables of an array of tables.
    pub(in crate::config) fn tables(&self, name: &str, found: &mut Findings<'_>) -> Vec<Table<'v, 'i>> {
        let Some((key, value)) = self.entry(name, found) else { return Vec::new() };
        let Value::Tables(section) = &key.value else { return Vec::new() };
        let help = Some(format!("begin each with a line `{}`", section.title));
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(&format!("`{name}`"), "an array of tables", value, found, help);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(array.len());
        for item in array {
            match item.get_ref().as_table() {
                Some(values) => {
                    tables.push(Table::open(section, values, item.span(), section.title.to_owned(), found));
                }
                None => wrong_type(&format!("what is in `{name}`"), "a table", item, found, help.clone()),
            }
        }
        tables
    }

    /// The tables of a table of tables, each with its name, in the order of the file.
    pub(in crate::config) fn named_tables(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> Vec<(Text, Table<'v, 'i>)> {
        let Some((key, value)) = self.entry(name, found) else { return Vec::new() };
        let Value::NamedTables(section) = &key.value else { return Vec::new() };
        let Some(outer) = value.get_ref().as_table() else {
            let help = Some(format!("write sections {}", section.title));
            wrong_type(&format!("`{name}`"), "a table of tables", value, found, help);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(outer.len());
        for (inner, value) in outer {
            let title = format!("[{name}.{}]", as_key(inner.get_ref()));
            match value.get_ref().as_table() {
                Some(values) => {
                    let inner = Text { value: inner.get_ref().to_string(), span: inner.span() };
                    tables.push((inner, Table::open(section, values, value.span(), title, found)));
                }
                None => {
                    let help = Some(format!("write a section {title}"));
                    wrong_type(&format!("`{}`", inner.get_ref()), "a table", value, found, help);
                }
            }
        }
        // The TOML reader has them in the order of the alphabet.
        tables.sort_by_key(|(name, _)| name.span.start);
        tables
    }

    /// What stands in a table whose names are free: each name with its value.
    pub(super) fn free_entries(
        &self,
        name: &str,
        found: &mut Findings<'_>,
    ) -> impl Iterator<Item = (Text, &'v Spanned<DeValue<'i>>)> + use<'v, 'i> {
        let values = self.entry(name, found).and_then(|(key, value)| {
            let values = value.get_ref().as_table();
            if values.is_none() {
                let help = Some(format!("write `{}`", key.example_line()));
                wrong_type(&format!("`{name}`"), "a table", value, found, help);
            }
            values
        });
        let text =
            |name: &Spanned<Cow<'_, str>>| Text { value: name.get_ref().to_string(), span: name.span() };
        values.into_iter().flatten().map(move |(name, value)| (text(name), value))
    }
}

/// A name as it is written where a key stands.
fn as_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}

fn section_of(key: &str) -> Option<&'static Section> {
    let sections = ROOT.keys.iter().filter_map(|key| match &key.value {
        Value::Table(section) | Value::Tables(section) | Value::NamedTables(section) => Some(*section),
        _ => None,
    });
    sections.into_iter().find(|section| section.key(key).is_some())
}
