//! Diagnostics for people.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str,
    renderer::DecorStyle,
};

use super::{Diagnostic, Place, Position, Severity, Source, SourceId, Sources};

/// How diagnostics are shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to color, by ANSI escapes.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
}

/// How many diagnostics are shown at once. Nobody reads more, and each costs the lines between its places.
const MOST_SHOWN: usize = 100;

impl Diagnostic {
    /// What is wrong and where, in one line, as `touchtone.toml:3:8: there is no key "kyes"`.
    #[must_use]
    pub fn in_one_line(&self, sources: &Sources) -> String {
        let spot = self.place.as_ref().and_then(|place| {
            let source = sources.get(place.source)?;
            let Position { line, column } = source.position(place.span.start);
            Some(format!("{}:{line}:{column}: ", source.path.display()))
        });
        let help = self.help.as_ref().map(|help| format!("; {help}"));
        format!("{}{}{}", spot.unwrap_or_default(), self.message, help.unwrap_or_default())
    }
}

impl Default for Style {
    fn default() -> Self {
        Style { color: false, width: 100 }
    }
}

impl Style {
    /// One diagnostic, with the lines of the file it speaks of; without a line break at the end.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let help = diagnostic.help.as_deref().map(normalize_untrusted_str);
        let title = level(diagnostic.severity).primary_title(&*diagnostic.message).id(diagnostic.kind);
        let mut group = Group::with_title(title).elements(snippets(diagnostic, sources));
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        self.renderer().render(&[group])
    }

    /// Several diagnostics, an empty line between them. Of very many some are left out, errors last, and counted.
    #[must_use]
    pub fn render_all(&self, diagnostics: &[Diagnostic], sources: &Sources) -> String {
        let shown = most_important(diagnostics);
        let mut rendered: Vec<_> =
            shown.iter().map(|diagnostic| self.render(diagnostic, sources) + "\n").collect();
        if shown.len() < diagnostics.len() {
            rendered.push(format!("and {} more\n", diagnostics.len() - shown.len()));
        }
        rendered.join("\n")
    }

    fn renderer(&self) -> Renderer {
        let renderer = if self.color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
        renderer.term_width(self.width).decor_style(DecorStyle::Ascii)
    }
}

/// As many as are shown, in their order.
fn most_important(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut places: Vec<usize> = (0..diagnostics.len()).collect();
    places.sort_by_key(|&at| std::cmp::Reverse(diagnostics[at].severity));
    places.truncate(MOST_SHOWN);
    places.sort_unstable();
    places.into_iter().map(|at| &diagnostics[at]).collect()
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    }
}

/// One snippet a file, the file of the problem itself first.
fn snippets<'d>(diagnostic: &'d Diagnostic, sources: &'d Sources) -> Vec<Snippet<'d, Annotation<'d>>> {
    let mut files: Vec<(SourceId, Vec<Mark<'d>>)> = Vec::new();
    for mark in marks(diagnostic) {
        match files.iter_mut().find(|(id, _)| *id == mark.place.source) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((mark.place.source, vec![mark])),
        }
    }
    files.iter().filter_map(|(id, marks)| Some(snippet(sources.get(*id)?, marks))).collect()
}

struct Mark<'d> {
    kind: AnnotationKind,
    place: &'d Place,
    label: &'d str,
}

fn marks(diagnostic: &Diagnostic) -> impl Iterator<Item = Mark<'_>> {
    let primary = diagnostic.place.iter().map(|place| (AnnotationKind::Primary, place, &diagnostic.label));
    let related = diagnostic.related.iter().map(|(place, label)| (AnnotationKind::Context, place, label));
    primary.chain(related).map(|(kind, place, label)| Mark { kind, place, label })
}

/// The lines from the first mark to the last; the rest of the file would only cost time.
fn snippet<'d>(source: &'d Source, marks: &[Mark<'d>]) -> Snippet<'d, Annotation<'d>> {
    let spans: Vec<_> = marks.iter().map(|mark| source.bounded(&mark.place.span)).collect();
    let window = window(&source.text, &spans);
    let first_line = source.position(window.start).line;
    let annotations = marks.iter().zip(spans).map(|(mark, span)| {
        let label = (!mark.label.is_empty()).then_some(mark.label);
        mark.kind.span(span.start - window.start..span.end - window.start).label(label)
    });
    let path: Cow<'_, str> = source.path.to_string_lossy();
    Snippet::source(&source.text[window.clone()]).path(path).line_start(first_line).annotations(annotations)
}

fn window(text: &str, spans: &[Range<usize>]) -> Range<usize> {
    let from = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let to = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let from = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let to = text[to..].find('\n').map_or(text.len(), |at| to + at);
    from..to
}
