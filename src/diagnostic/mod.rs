//! What is wrong in a file that an admin wrote: where, why, and the way out.
//!
//! A [`Diagnostic`] is the finding itself. [`Style::render`] shows it to a person, and [`Diagnostic::to_json`] to a
//! program.

mod human;
mod json;

use std::ops::Range;
use std::path::PathBuf;

pub use human::Style;
pub use json::{Finding, Spot};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Works, but probably not as meant.
    Warning,
    /// Cannot work; the file is refused.
    Error,
}

/// One of the files that are being checked: an index into [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub usize);

/// A stretch of a file, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: SourceId,
    /// From and to, in bytes from the start of the file.
    pub span: Range<usize>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A short stable name of the kind of problem, as `unknown-key`; tools sort by it.
    pub kind: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where; `None` if the problem is the absence of something in no place.
    pub place: Option<Place>,
    /// What to say at the place itself; may be empty.
    pub label: String,
    /// Other places that belong to it, each with what to say there.
    pub related: Vec<(Place, String)>,
    /// The way out, if one is known.
    pub help: Option<String>,
}

/// The text of a file that is being checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as the admin gave it.
    pub path: PathBuf,
    /// The text.
    pub text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

/// All files that diagnostics speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Source>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(kind: &'static str, message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        Self::new(Severity::Error, kind, message.into(), place.into())
    }

    /// A warning at a place.
    pub fn warning(kind: &'static str, message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        Self::new(Severity::Warning, kind, message.into(), place.into())
    }

    fn new(severity: Severity, kind: &'static str, message: String, place: Option<Place>) -> Self {
        Diagnostic { severity, kind, message, place, label: String::new(), related: Vec::new(), help: None }
    }

    /// Says something at the place itself.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place that belongs to the problem.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A line and a column, both counted from 1; columns are counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Source {
    fn new(path: PathBuf, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { path, text, lines }
    }

    /// Where a byte stands; what is past the end stands at the end.
    #[must_use]
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.lines.partition_point(|&start| start <= byte);
        let start = self.lines.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        Position { line, column: 1 + self.text[start..byte].chars().count() }
    }

    /// The text of a stretch, as much of it as there is.
    #[must_use]
    pub fn excerpt(&self, span: &Range<usize>) -> &str {
        &self.text[self.bounded(span)]
    }

    /// The stretch with its ends inside the text and between characters.
    fn bounded(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start);
        start..self.text.ceil_char_boundary(span.end).max(start)
    }
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> SourceId {
        self.files.push(Source::new(path.into(), text.into()));
        SourceId(self.files.len() - 1)
    }

    /// The file of an id that [`add`](Self::add) gave.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_begin_behind_breaks() {
        let source = Source::new("x".into(), "a\u{fc}b\r\n\ncd".into());
        let at = |byte| {
            let position = source.position(byte);
            (position.line, position.column)
        };
        assert_eq!([at(0), at(1), at(2), at(3), at(5)], [(1, 1), (1, 2), (1, 2), (1, 3), (1, 5)]);
        assert_eq!([at(6), at(7), at(9), at(99)], [(2, 1), (3, 1), (3, 3), (3, 3)]);
    }

    #[test]
    fn a_stretch_is_cut_to_what_is_there() {
        let source = Source::new("x".into(), "a\u{fc}b".into());
        assert_eq!(source.excerpt(&(2..2)), "\u{fc}");
        assert_eq!(source.excerpt(&(3..99)), "b");
        assert_eq!(source.excerpt(&Range { start: 9, end: 3 }), "");
        assert_eq!(Source::new("x".into(), String::new()).position(0), Position { line: 1, column: 1 });
    }
}
