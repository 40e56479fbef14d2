//! What is wrong in the text of a pattern or a grammar.

use std::ops::Range;

/// One thing that is wrong in one text, with its place in that text.
///
/// The text may be a part of a file (a string in TOML): who knows the file moves the spans.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// A short stable name of the kind of problem, as `bad-repeat`; tools sort by it.
    pub kind: &'static str,
    /// Where, in bytes from the start of the text.
    pub span: Range<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to say at the place itself, as what was expected there; may be empty.
    pub label: String,
    /// Other places of the same text that belong to it, each with what to say there.
    pub related: Vec<(Range<usize>, String)>,
    /// The way out, if one is known.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(kind: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Problem { kind, span, message: message.into(), label: String::new(), related: Vec::new(), help: None }
    }

    /// Says something at the place itself.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
