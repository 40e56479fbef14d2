//! From the configuration of pbxassist, the engine's own module for key codes, to one of touchtone that does the same.
//!
//! - [`ini`]: the engine's configuration files.
//! - [`bre`]: the basic regular expressions in them.
//! - `keys`: from those to digit expressions.
//! - `contest`: which section takes which keys.
//! - `trigger`, `operation`, `value`, `general`: what a section says.
//! - `plan`, `fate`, `code`, `write`: what becomes of it.
//!
//! What cannot be carried is a comment at its place, and a [`Note`]. What is carried was checked as `touchtone check`
//! does it.

pub mod bre;
mod code;
mod contest;
mod fate;
mod general;
pub mod ini;
mod keys;
mod note;
mod operation;
mod plan;
mod trigger;
mod value;
mod write;

use std::io;
use std::path::Path;

pub use note::{Note, Place};

use crate::config;
use crate::diagnostic::Severity;
use fate::{Fate, Maker};
use plan::Plan;
use write::Written;

/// A configuration that was carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The configuration of touchtone.
    pub toml: String,
    /// What is not carried, in the order of the files.
    pub notes: Vec<Note>,
    /// How much was carried, in a line.
    pub summary: String,
}

/// Carries a configuration of pbxassist over; `files` gives the bytes of it and of those it includes.
///
/// # Errors
/// Why there is nothing to carry over: the file cannot be read, or is no configuration of the engine.
pub fn import(path: &Path, files: &dyn Fn(&Path) -> io::Result<Vec<u8>>) -> Result<Imported, String> {
    let ini = ini::read(path, files)?;
    if ini.sections.is_empty() {
        return Err(format!("{} has no sections: it is no configuration of pbxassist", path.display()));
    }
    let general = general::read(&ini);
    let plan = Plan::new(&ini, &general);
    let mut fates = fates(&plan);
    let pass_through = pass_through_name(&plan);
    // Each round that is not the last takes a section out.
    for _ in 0..=fates.len() {
        let written = Written::new(&plan, &fates, &pass_through, path);
        match refused(&written)? {
            Some((section, why)) => {
                let refused = fates.iter_mut().filter(|(at, _)| *at == section);
                refused.for_each(|(_, fate)| *fate = Fate::Lost(why.clone()));
            }
            None => return Ok(told(written, &plan, &fates)),
        }
    }
    Err(format!("{} cannot be carried over", path.display()))
}

/// What becomes of each section, by its place.
type Fates = Vec<(usize, Fate)>;

fn fates(plan: &Plan<'_>) -> Fates {
    let mut maker = Maker { plan, names: vec!["retake".to_owned()], pass_through: pass_through_name(plan) };
    let mut fates: Fates = plan.settled.iter().map(|(&at, not)| (at, Fate::from(not.clone()))).collect();
    fates.extend(plan.candidates.iter().map(|candidate| (candidate.section, maker.fate(candidate))));
    fates.sort_by_key(|(at, _)| *at);
    fates
}

fn pass_through_name(plan: &Plan<'_>) -> String {
    let mut taken: Vec<String> = plan.state_names().map(str::to_owned).collect();
    code::unique("pass-through", &mut taken)
}

/// The section whose codes the loader refuses, and why.
fn refused(written: &Written) -> Result<Option<(usize, String)>, String> {
    let path = Path::new("touchtone.toml");
    let Err(refused) = config::load(path, |_| Ok(written.toml.clone())) else { return Ok(None) };
    let mut errors = refused.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let found = errors.find_map(|error| {
        let place = error.place.as_ref()?;
        let (at, _) = written.spans.iter().find(|(_, span)| span.contains(&place.span.start))?;
        let help = error.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default();
        Some((*at, format!("{}{help}", error.message)))
    });
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(format!("what was written does not load:\n{refused}")),
    }
}

fn told(written: Written, plan: &Plan<'_>, fates: &Fates) -> Imported {
    let mut notes: Vec<Note> = plan.ini.notes.iter().chain(&plan.general.lost).cloned().collect();
    let (mut carried, mut idle) = (0, 0);
    for (at, fate) in fates {
        let section = &plan.ini.sections[*at];
        let mut note = |text: &str| {
            let text = format!("[{}] {text}", section.name);
            notes.push(Note { place: section.place.clone(), text });
        };
        match fate {
            Fate::Codes { lost, .. } => {
                carried += 1;
                lost.iter().for_each(|lost| note(&format!("is carried, but {lost}")));
            }
            Fate::Needless(_) | Fate::Passes { .. } => carried += 1,
            Fate::Idle(_) => idle += 1,
            Fate::Lost(why) => note(&format!("is not carried: {why}")),
        }
    }
    notes.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
    let lost = fates.len() - carried - idle;
    let summary = format!(
        "{} of {} carried, {idle} that {} nothing in pbxassist either, {lost} not carried",
        carried,
        if fates.len() == 1 { "1 section".to_owned() } else { format!("{} sections", fates.len()) },
        if idle == 1 { "does" } else { "do" },
    );
    Imported { toml: written.toml, notes, summary }
}
