//! What was found wrong in one file so far.

use std::collections::HashSet;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place, SourceId};

use super::Text;
use super::text::raw_offsets;

/// The kind of an error in the TOML itself.
pub(in crate::config) const SYNTAX: &str = "syntax";

/// What was found wrong in one file so far, and what is needed to point into it.
pub(in crate::config) struct Findings<'t> {
    source: SourceId,
    text: &'t str,
    found: Vec<Diagnostic>,
}

impl<'t> Findings<'t> {
    pub(in crate::config) fn new(source: SourceId, text: &'t str) -> Self {
        Findings { source, text, found: Vec::new() }
    }

    /// As if nothing was found yet, for what was read before and is looked at again.
    pub(in crate::config) fn unheard(&self) -> Findings<'t> {
        Findings::new(self.source, self.text)
    }

    pub(in crate::config) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    pub(in crate::config) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(diagnostics);
    }

    /// An error at a stretch of the file.
    pub(in crate::config) fn error(
        &self,
        kind: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
    ) -> Diagnostic {
        Diagnostic::error(kind, message, self.place(span))
    }

    pub(in crate::config) fn place(&self, span: Range<usize>) -> Place {
        Place { source: self.source, span }
    }

    /// The place of a stretch of a string's value, whatever escapes stand before it.
    pub(in crate::config) fn within(&self, text: &Text, inner: &Range<usize>) -> Place {
        let span = raw_offsets(self.text, text)
            .and_then(|offsets| Some(*offsets.get(inner.start)?..*offsets.get(inner.end)?))
            .unwrap_or_else(|| text.span.clone());
        self.place(span)
    }

    /// Everything found, in the order of the file.
    ///
    /// Text that is no TOML makes values look wrong, or missing, that are not: on the lines of such an error nothing
    /// else is said, and nowhere that something is missing.
    pub(in crate::config) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        let syntax = self.found.iter().filter(|found| found.kind == SYNTAX);
        let broken: HashSet<usize> = syntax.flat_map(|found| self.line_starts(found)).collect();
        if !broken.is_empty() {
            let found = std::mem::take(&mut self.found);
            self.found = found.into_iter().filter(|found| self.is_no_echo(found, &broken)).collect();
        }
        let place = |found: &Diagnostic| found.place.as_ref().map(|place| (place.source, place.span.start));
        self.found.sort_by_key(|found| (found.place.is_none(), place(found)));
        self.found
    }

    fn is_no_echo(&self, found: &Diagnostic, broken: &HashSet<usize>) -> bool {
        match found.kind {
            SYNTAX | "duplicate-key" => true,
            "missing-key" | "no-codes" | "unused-rule" => false,
            _ => !self.line_starts(found).iter().any(|line| broken.contains(line)),
        }
    }

    /// Where the lines of this file start that a diagnostic is about.
    fn line_starts(&self, found: &Diagnostic) -> Vec<usize> {
        let Some(Place { source, span }) = &found.place else { return Vec::new() };
        if *source != self.source {
            return Vec::new();
        }
        let before = self.text.get(..span.start).unwrap_or_default();
        let first = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(span.clone()).unwrap_or_default();
        std::iter::once(first).chain(rest.match_indices('\n').map(|(at, _)| span.start + at + 1)).collect()
    }
}
