//! What is wrong in the text of a pattern or a grammar.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place};

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

    /// The same as an error in a file; `place` knows where in the file a stretch of the text is.
    pub fn diagnostic(self, place: impl Fn(Range<usize>) -> Place) -> Diagnostic {
        let error = Diagnostic::error(self.kind, self.message, place(self.span)).labelled(self.label);
        let related = self.related.into_iter();
        let error = related.fold(error, |error, (span, label)| error.related(place(span), label));
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceId;

    #[test]
    fn a_problem_of_a_part_of_a_file_becomes_an_error_of_the_file() {
        let problem = Problem::new("kind", 2..3, "wrong").related(0..1, "here").help("do");
        let error =
            problem.diagnostic(|span| Place { source: SourceId(1), span: span.start + 10..span.end + 10 });
        assert_eq!(error.place.map(|place| place.span), Some(12..13));
        assert_eq!(error.related[0].0.span, 10..11);
        assert_eq!((error.message.as_str(), error.help.as_deref()), ("wrong", Some("do")));
    }
}
