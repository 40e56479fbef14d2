//! Diagnostics for programs.

use std::path::Path;

use serde::Serialize;

use super::{Diagnostic, Place, Severity, Sources};

/// A [`Diagnostic`] as JSON has it; the field names are stable.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding<'d> {
    /// `error` or `warning`.
    pub severity: Severity,
    /// The kind of problem, as `unknown-key`.
    pub kind: &'static str,
    /// What is wrong, in one sentence.
    pub message: &'d str,
    /// Where; absent if it is in no place.
    #[serde(flatten)]
    pub spot: Option<Spot<'d>>,
    /// Other places that belong to it.
    pub related: Vec<Spot<'d>>,
    /// The way out, if one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<&'d str>,
}

/// A place in a file. Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Spot<'d> {
    /// The path of the file as it was given.
    #[serde(serialize_with = "lossy")]
    pub file: &'d Path,
    /// The line of its first character.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line of its end.
    pub end_line: usize,
    /// The column of its end.
    pub end_column: usize,
    /// The text that stands there.
    pub text: &'d str,
    /// What to say at the place itself; may be empty.
    pub label: &'d str,
}

impl Diagnostic {
    /// The diagnostic with lines and columns, as JSON has it.
    #[must_use]
    pub fn finding<'d>(&'d self, sources: &'d Sources) -> Finding<'d> {
        Finding {
            severity: self.severity,
            kind: self.kind,
            message: &self.message,
            spot: self.place.as_ref().and_then(|place| spot(place, &self.label, sources)),
            related: self.related.iter().filter_map(|(place, label)| spot(place, label, sources)).collect(),
            help: self.help.as_deref(),
        }
    }

    /// The diagnostic as one JSON object on one line.
    #[must_use]
    pub fn to_json(&self, sources: &Sources) -> String {
        serde_json::to_string(&self.finding(sources)).unwrap_or_default()
    }
}

fn spot<'d>(place: &Place, label: &'d str, sources: &'d Sources) -> Option<Spot<'d>> {
    let source = sources.get(place.source)?;
    let (start, end) = (source.position(place.span.start), source.position(place.span.end));
    Some(Spot {
        file: &source.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        text: source.excerpt(&place.span),
        label,
    })
}

fn lossy<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}
