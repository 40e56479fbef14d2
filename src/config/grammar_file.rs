//! One grammar file by itself.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Place, Sources};
use crate::grammar::Limits;
use crate::grammar::srgs::{self, FileProblem, Grammar};

use super::Refused;
use super::files::Disk;
use super::rules::{add, within};

/// Reads a grammar file, and the files beside it that it refers to, from the file system.
///
/// # Errors
/// [`Refused`] with everything that makes it illegal, each with its place.
pub fn load_grammar(path: &Path, limits: &Limits) -> Result<Grammar, Refused> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else {
        let message = format!("{} names no file", path.display());
        let diagnostics = vec![Diagnostic::error("no-file", message, None)];
        return Err(Refused { diagnostics, sources: Sources::default() });
    };
    srgs::load(&name, limits, |name| within(directory, name, &Disk, limits)).map_err(|refused| {
        let mut sources = Sources::default();
        let ids = add(&refused.files, directory, &mut sources);
        let diagnostics = refused.problems.into_iter().map(|FileProblem { file, problem }| {
            let place = |span| ids.get(file).map(|&source| Place { source, span });
            let related = problem.related.into_iter().filter_map(|(span, label)| Some((place(span)?, label)));
            let related = related.collect();
            let error = Diagnostic::error(problem.kind, problem.message, place(problem.span));
            Diagnostic { related, help: problem.help, ..error.labelled(problem.label) }
        });
        Refused { diagnostics: diagnostics.collect(), sources }
    })
}
