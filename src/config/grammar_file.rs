//! A grammar file, by itself or for a configuration.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Place, SourceId, Sources};
use crate::grammar::srgs::{self, FileProblem, Grammar};
use crate::grammar::{Limits, Problem};

use super::Refused;
use super::files::{Disk, Files};

/// Reads a grammar file, and the files beside it that it refers to, from the file system.
///
/// # Errors
/// [`Refused`] with everything that makes it illegal, each with its place.
pub fn load_grammar(path: &Path, limits: &Limits) -> Result<Grammar, Refused> {
    let mut sources = Sources::default();
    match read(path, &Disk, limits, &mut sources, None) {
        Ok((grammar, _)) => Ok(grammar),
        Err(diagnostics) => Err(Refused { diagnostics, sources }),
    }
}

/// Reads a grammar, and adds its files to the sources; says which of them is its own text. What is wrong with the
/// file as a whole is said where it is named.
pub(super) fn read(
    path: &Path,
    files: &impl Files,
    limits: &Limits,
    sources: &mut Sources,
    named: Option<Place>,
) -> Result<(Grammar, SourceId), Vec<Diagnostic>> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
        let error = Diagnostic::error("no-file", format!("{:?} names no file", path.display()), named);
        return Err(vec![error.help("write the path of a grammar file")]);
    };
    let loaded = srgs::load(&name, limits, |name| within(directory, name, files, limits));
    let texts = loaded.as_ref().map_or_else(|refused| refused.files.as_slice(), Grammar::files);
    let texts = texts.iter().map(|file| sources.add(directory.join(&file.name), file.text.as_str()));
    let ids: Vec<SourceId> = texts.collect();
    match (loaded, ids.first()) {
        (Ok(grammar), Some(&own)) => Ok((grammar, own)),
        // A grammar has at least the file that was asked for.
        (Ok(_), None) => Err(Vec::new()),
        (Err(refused), _) => {
            let place = |file: usize| ids.get(file).copied();
            let found = refused.problems.into_iter();
            Err(found.map(|FileProblem { file, problem }| diagnostic(problem, place(file), &named)).collect())
        }
    }
}

/// The bytes of a file of the grammar, no more than show that it is too long, which is in the grammar's directory by
/// whatever links it is reached.
fn within(directory: &Path, name: &str, files: &impl Files, limits: &Limits) -> Result<Vec<u8>, String> {
    let path = directory.join(name);
    let real = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        files.follow(path).map_err(|error| error.to_string())
    };
    if !real(&path)?.starts_with(strip_dot(&real(directory)?)) {
        return Err("a link that leads out of the grammar's directory".to_owned());
    }
    files.read(&path, limits.file_bytes).map_err(|error| error.to_string())
}

/// The directory that a relative path without any is in, as such paths begin.
fn strip_dot(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// A problem of a grammar file; one with the file as a whole is shown where it is named.
fn diagnostic(problem: Problem, source: Option<SourceId>, named: &Option<Place>) -> Diagnostic {
    let place = |span| source.map(|source| Place { source, span });
    let at = match (problem.kind, named) {
        ("no-such-file", Some(named)) if problem.span.is_empty() => Some(named.clone()),
        _ => place(problem.span),
    };
    let related = problem.related.into_iter().filter_map(|(span, label)| Some((place(span)?, label)));
    let error = Diagnostic::error(problem.kind, problem.message, at).labelled(problem.label);
    Diagnostic { related: related.collect(), help: problem.help, ..error }
}
