//! A grammar and every file it refers to: read, and the references followed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::address::{self, Address};
use super::lex::shown;
use super::parse;
use super::syntax::{Document, Mode, Reference, Spanned, Target};
use super::{FileProblem, SourceFile, encoding};
use crate::grammar::Problem;
use crate::grammar::limits::Limits;
use crate::suggest::nearest;

/// How many problems of a grammar are said.
const MAX_PROBLEMS: usize = 1_000;

/// The files of a grammar, the one that was asked for first, with every reference followed.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) sources: Vec<SourceFile>,
    pub(super) documents: Vec<Document>,
    pub(super) problems: Vec<FileProblem>,
    /// Every rule of every file: its file, and its place there.
    pub(super) rules: Vec<(usize, usize)>,
    /// For each file, the rule that each of its references means; `None` if it means none.
    pub(super) targets: Vec<Vec<Option<usize>>>,
    /// For each file, its rules by their names.
    by_name: Vec<HashMap<Arc<str>, usize>>,
}

/// The file and the fragment that each external reference of a file leads to.
type Links = Vec<Option<(usize, Option<String>)>>;

/// Reads a file and all that it refers to, and follows every reference.
pub(super) fn load(
    name: &str,
    limits: &Limits,
    loader: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Files {
    let mut loading = Loading {
        limits,
        loader,
        files: Files::default(),
        bytes: 0,
        links: Vec::new(),
        by_file: HashMap::new(),
    };
    match address::resolve("", None, name) {
        Ok(name) => {
            loading.file(&name, None);
        }
        Err(error) => {
            loading.files.sources.push(SourceFile { name: name.to_owned(), text: String::new() });
            loading.files.note(0, Problem::new("no-such-file", 0..0, error.to_string()));
        }
    }
    let mut next = 0;
    while next < loading.files.documents.len() {
        loading.follow(next);
        next += 1;
    }
    let mut files = loading.files;
    files.link(&loading.links);
    files.problems.sort_by_key(|found| (found.file, found.problem.span.start));
    files
}

struct Loading<'a> {
    limits: &'a Limits,
    loader: &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
    files: Files,
    /// How long they are together, in bytes.
    bytes: usize,
    links: Vec<Links>,
    /// Files that were tried, by their names.
    by_file: HashMap<String, Option<usize>>,
}

impl Loading<'_> {
    /// The number of a file, which is read if it was not yet. `from` is the reference to it.
    fn file(&mut self, name: &str, from: Option<(usize, &Range<usize>)>) -> Option<usize> {
        if let Some(&known) = self.by_file.get(name) {
            return known;
        }
        let read = if self.files.sources.len() >= self.limits.files {
            Err(("limit", format!("more files than the limit \"files\" allows ({})", self.limits.files)))
        } else {
            (self.loader)(name).map_err(|error| ("no-such-file", format!("{}: {error}", shown(name))))
        };
        let number = match read {
            Ok(bytes) => Some(self.read(name, &bytes)),
            Err((kind, message)) => {
                let (file, span) = from.map_or((0, 0..0), |(file, span)| (file, span.clone()));
                if from.is_none() {
                    self.files.sources.push(SourceFile { name: name.to_owned(), text: String::new() });
                }
                self.files.note(file, Problem::new(kind, span, message));
                None
            }
        };
        self.by_file.insert(name.to_owned(), number);
        number
    }

    /// Reads the bytes of a file, which gets the next number.
    fn read(&mut self, name: &str, bytes: &[u8]) -> usize {
        let number = self.files.sources.len();
        let mut document = Document::default();
        let mut problems = Vec::new();
        let mut text = String::new();
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > self.limits.file_bytes {
            let with = if number > 0 { "with the files before it " } else { "" };
            let allowed = self.limits.file_bytes;
            let message = format!("{with}longer than the limit \"file-bytes\" allows ({allowed})");
            problems.push(Problem::new("limit", 0..0, message));
        } else {
            let decoded = encoding::decode(bytes);
            problems.extend(decoded.problem);
            if decoded.body > 0 {
                let (parsed, found) = parse::parse(&decoded.text, decoded.body, self.limits);
                problems.extend(found);
                if problems.is_empty() || !parsed.rules.is_empty() {
                    problems.extend(check(&parsed));
                }
                if let Some(rule) = parsed.rules.first().filter(|_| decoded.is_guess) {
                    problems.extend(encoding::misread(&decoded.text, rule.name.span.start));
                }
                document = parsed;
            }
            text = decoded.text;
        }
        self.files.sources.push(SourceFile { name: name.to_owned(), text });
        problems.into_iter().for_each(|problem| self.files.note(number, problem));
        self.files.documents.push(document);
        number
    }

    /// Reads every file that a file refers to.
    fn follow(&mut self, number: usize) {
        let references = std::mem::take(&mut self.files.documents[number].references);
        let mut links = Vec::with_capacity(references.len());
        for reference in &references {
            links.push(match &reference.target {
                Target::Local(_) => None,
                Target::External { uri, media_type } => {
                    let link = self.external(number, uri, media_type.as_ref(), &reference.span);
                    link.map_err(|problem| self.files.note(number, *problem)).ok().flatten()
                }
            });
        }
        self.files.documents[number].references = references;
        self.links.push(links);
    }

    fn external(
        &mut self,
        number: usize,
        uri: &str,
        media_type: Option<&Spanned<String>>,
        span: &Range<usize>,
    ) -> Result<Option<(usize, Option<String>)>, Box<Problem>> {
        if let Some(media_type) = media_type {
            check_media_type(media_type)?;
        }
        let address = Address::parse(uri);
        if address.path.is_empty() {
            return Err(itself(span));
        }
        let name = &self.files.sources[number].name;
        let name =
            address::resolve(name, self.files.documents[number].base(), address.path).map_err(|error| {
                Problem::new("outside", span.clone(), error.to_string())
                    .labelled("expected the path of a file beside this one")
            })?;
        Ok(self.file(&name, Some((number, span))).map(|file| (file, address.fragment)))
    }
}

/// A named rule of another file is meant where there is an address; a file's own rules have none.
fn itself(span: &Range<usize>) -> Box<Problem> {
    let problem = Problem::new("own-rule", span.clone(), "this refers to the file that it is in");
    Box::new(problem.help("a rule of the same file is referred to by its name, as $name"))
}

/// Whether a language is a language tag (RFC 3066): words of up to eight letters or, but in the first, digits.
pub(super) fn is_language(language: &str) -> bool {
    let mut words = language.split('-').map(str::as_bytes);
    let first = words
        .next()
        .is_some_and(|word| matches!(word.len(), 1..=8) && word.iter().all(u8::is_ascii_alphabetic));
    first && words.all(|word| matches!(word.len(), 1..=8) && word.iter().all(u8::is_ascii_alphanumeric))
}

/// `application/srgs` is the ABNF Form (SRGS appendix G).
fn check_media_type(media_type: &Spanned<String>) -> Result<(), Box<Problem>> {
    let named = media_type.value.split(';').next().unwrap_or_default().trim();
    let message = match named.to_ascii_lowercase().as_str() {
        "application/srgs" => return Ok(()),
        "application/srgs+xml" => "this is the XML Form, which is not read".to_owned(),
        _ => format!("{} is no media type of a grammar", shown(named)),
    };
    let problem = Problem::new("media-type", media_type.span.clone(), message);
    Err(Box::new(problem.labelled("expected application/srgs")))
}

/// What is wrong with a file by itself, beyond its syntax.
fn check(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(check_language(document));
    let names: Vec<&str> = document.rules.iter().map(|rule| &*rule.name.value).collect();
    let known: std::collections::HashSet<&str> =
        names.iter().copied().chain(document.broken.iter().map(String::as_str)).collect();
    if let Some(root) = document.root.as_ref().filter(|root| !known.contains(root.value.as_str())) {
        let message = format!("the root rule {} is not defined", shown(&root.value));
        problems.push(did_you_mean(
            Problem::new("undefined-root", root.span.clone(), message),
            &root.value,
            &names,
        ));
    }
    let undefined = document.references.iter().filter_map(|reference| match &reference.target {
        Target::Local(name) if !known.contains(name.as_str()) => {
            let message = format!("the rule {} is not defined", shown(name));
            let problem = Problem::new("undefined-rule", reference.span.clone(), message);
            Some(did_you_mean(problem, name, &names))
        }
        Target::Local(_) | Target::External { .. } => None,
    });
    problems.extend(undefined.take(parse::MAX_PROBLEMS));
    problems
}

/// Only a DTMF grammar can do without a language; what it names is ignored (SRGS 4.5).
fn check_language(document: &Document) -> Option<Problem> {
    if document.known_mode() != Some(Mode::Voice) || document.language.is_none() && document.is_lacking {
        return None;
    }
    let Some(language) = &document.language else {
        let span = document.mode.as_ref().map_or(0..0, |mode| mode.span.clone());
        let problem = Problem::new("no-language", span, "a grammar for voice has to name its language");
        return Some(problem.help("write language en-US; or, for keys, mode dtmf;"));
    };
    let message = format!("{} is no language", shown(&language.value));
    let problem =
        Problem::new("language", language.span.clone(), message).labelled("expected a language, as en-US");
    (!is_language(&language.value)).then_some(problem)
}

/// Names the rule that is spelled most alike.
fn did_you_mean(problem: Problem, name: &str, names: &[&str]) -> Problem {
    match nearest(name, names.iter().copied()) {
        Some(near) => problem.help(format!("is it \"${near}\" that is meant?")),
        None => problem,
    }
}

impl Files {
    pub(super) fn note(&mut self, file: usize, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(FileProblem { file, problem });
        }
    }

    /// The number of a rule in a file.
    pub(super) fn rule(&self, file: usize, name: &str) -> Option<usize> {
        self.by_name.get(file)?.get(name).copied()
    }

    /// Follows every reference to its rule.
    fn link(&mut self, links: &[Links]) {
        for (file, document) in self.documents.iter().enumerate() {
            let mut by_name = HashMap::new();
            for (place, rule) in document.rules.iter().enumerate() {
                by_name.entry(Arc::clone(&rule.name.value)).or_insert(self.rules.len());
                self.rules.push((file, place));
            }
            self.by_name.push(by_name);
        }
        for (file, links) in links.iter().enumerate() {
            let references = self.documents[file].references.clone();
            let targets =
                references.iter().zip(links).map(|(reference, link)| match (&reference.target, link) {
                    (Target::Local(name), _) => self.rule(file, name),
                    (_, Some((to, fragment))) => {
                        match self.external(file, *to, fragment.as_deref(), reference) {
                            Ok(rule) => rule,
                            Err(problem) => {
                                self.note(file, *problem);
                                None
                            }
                        }
                    }
                    (_, None) => None,
                });
            let targets = targets.collect();
            self.targets.push(targets);
        }
    }

    /// The rule that a reference from one file to another means (SRGS 2.2.2); `None` if it is broken.
    fn external(
        &self,
        from: usize,
        to: usize,
        fragment: Option<&str>,
        reference: &Reference,
    ) -> Result<Option<usize>, Box<Problem>> {
        let wrong =
            |kind, message: String| Err(Box::new(Problem::new(kind, reference.span.clone(), message)));
        let (document, name) = (&self.documents[to], shown(&self.sources[to].name));
        if document.rules.is_empty() && self.problems.iter().any(|found| found.file == to) {
            return Ok(None);
        }
        let modes = document.known_mode().zip(self.documents[from].known_mode());
        if modes.is_some_and(|(one, other)| one != other) {
            return wrong("mode-mismatch", format!("{name} is for another mode than this file"));
        }
        let root = document.root.as_ref().map(|root| root.value.as_str());
        if fragment.or(root).is_none() && document.is_lacking {
            return Ok(None);
        }
        let Some(rule) = fragment.or(root) else {
            return wrong(
                "no-root",
                format!("{name} declares no root rule, so the reference has to name one"),
            );
        };
        if document.broken.iter().any(|broken| broken == rule) {
            return Ok(None);
        }
        let Some(number) = self.rule(to, rule) else {
            let known = fragment.is_none();
            return if known {
                Ok(None)
            } else {
                wrong("undefined-rule", format!("{name} has no rule {}", shown(rule)))
            };
        };
        let (_, place) = self.rules[number];
        if fragment.is_some() && from == to {
            return Err(itself(&reference.span));
        }
        // The root can be referred to without its name even if it is private; with its name it cannot.
        if fragment.is_some() && !document.rules[place].public {
            return wrong("private-rule", format!("the rule {} is private to {name}", shown(rule)));
        }
        Ok(Some(number))
    }
}
