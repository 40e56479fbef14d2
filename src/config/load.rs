//! From a file to a checked configuration.

use std::io;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Severity, Sources, Style};
use crate::grammar::{LimitExceeded, Limits};

use super::codes::{self, Context, Draft};
use super::conflicts::Codes;
use super::files::{Disk, Files, Given};
use super::read::{Findings, Table};
use super::roles::Roles;
use super::rules::Rules;
use super::{
    Code, Config, Operation, ROLE_ORGANIZER, Route, Routes, asked, conference, observe, operation, roles,
    rooms, routes, sections, states, syntax,
};

/// How long a configuration may be, in bytes. It says itself how long a grammar may be.
const MAX_BYTES: usize = 1_000_000;

/// A configuration that was read and checked.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works, but probably not as meant.
    pub warnings: Vec<Diagnostic>,
    /// The files it was read from.
    pub sources: Sources,
}

/// A configuration that cannot work, with everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The errors, and the warnings besides.
    pub diagnostics: Vec<Diagnostic>,
    /// The files it was read from.
    pub sources: Sources,
}

/// Reads and checks a configuration, and the grammar that it names.
///
/// # Errors
/// [`Refused`] if there is anything in it that cannot work as it reads.
pub fn load_file(path: &Path) -> Result<Loaded, Refused> {
    load_from(path, &Disk)
}

/// Reads and checks a configuration from files that are nowhere: `read` gives their text, or bytes.
///
/// # Errors
/// [`Refused`], as for [`load_file`].
pub fn load<T: Into<Vec<u8>>>(path: &Path, read: impl Fn(&Path) -> io::Result<T>) -> Result<Loaded, Refused> {
    load_from(path, &Given(read))
}

/// Reads only the limits that a configuration sets, from the file system.
///
/// # Errors
/// [`Refused`] if the file is no configuration, or its limits cannot be.
pub fn load_limits(path: &Path) -> Result<Limits, Refused> {
    let mut sources = Sources::default();
    let text = text(path, &Disk).map_err(|error| unreadable(path, &error))?;
    let mut found = Findings::new(sources.add(path, text.as_str()), &text);
    let values = syntax::parse(&text, &mut found);
    let (limits, _) = sections::limits(&Table::root(&values, &mut found), &mut found);
    let diagnostics = found.into_diagnostics();
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if refused { Err(Refused { diagnostics, sources }) } else { Ok(limits) }
}

fn load_from(path: &Path, files: &impl Files) -> Result<Loaded, Refused> {
    let mut sources = Sources::default();
    let text = text(path, files).map_err(|error| unreadable(path, &error))?;
    let source = sources.add(path, text.as_str());
    let mut found = Findings::new(source, &text);
    let config = Loading { path, files, sources: &mut sources }.check(&text, &mut found);
    let diagnostics = found.into_diagnostics();
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match config {
        Some(config) if !refused => Ok(Loaded { config, warnings: diagnostics, sources }),
        _ => Err(Refused { diagnostics, sources }),
    }
}

/// The text of a configuration.
fn text(path: &Path, files: &impl Files) -> io::Result<String> {
    let bytes = files.read(path, MAX_BYTES)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn unreadable(path: &Path, error: &io::Error) -> Refused {
    let path = path.display();
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}"),
        io::ErrorKind::InvalidData => format!("{path} is not text in UTF-8"),
        io::ErrorKind::FileTooLarge => format!("{path} is longer than {MAX_BYTES} bytes"),
        _ => format!("{path} cannot be read: {error}"),
    };
    Refused { diagnostics: vec![Diagnostic::error("no-file", message, None)], sources: Sources::default() }
}

struct Loading<'l, F> {
    path: &'l Path,
    files: &'l F,
    sources: &'l mut Sources,
}

impl<F: Files> Loading<'_, F> {
    fn check(self, text: &str, found: &mut Findings<'_>) -> Option<Config> {
        let values = syntax::parse(text, found);
        let root = Table::root(&values, found);
        let yate = sections::yate(&root, found);
        let keypad = sections::keypad(&root, found);
        let record = sections::record(&root, found);
        let states = states::states(&root, &keypad, found);
        observe::warn(&root, &yate, &states, found);
        let (limits, bounds) = sections::limits(&root, found);
        let mut rules = Rules::read(&root, self.path, self.files, &limits, self.sources, found);
        let rooms = rooms::rooms(&root, found);
        let store = conference::store(&root, self.path, found);
        // Organizers are given their role by a PIN, and by conferences on record.
        let has_organizers = !rooms.all.is_empty() || root.span_of("store").is_some();
        let mut roles = roles::roles(&root, has_organizers, found);
        let routes = routes::routes(&root, &rules, &mut roles, &limits, found);
        if root.span_of("store").is_none() {
            routes::check_stored(&root, found);
        }
        let calling = conference::calling(&root, found);
        let (entry, schedule) = (conference::entry(&root, found), conference::schedule(&root, found));
        let (sounds, control) =
            (conference::sounds(&root, found), conference::control(&root, self.path, found));
        let metrics = conference::metrics(&root, found);
        let mut context =
            Context { states: &states.all, roles: &mut roles, rules: &mut rules, limits: &limits };
        let drafts = drafts(&root, &mut context, found);
        let keys =
            Codes { drafts: &drafts, states: &states.all, roles: &roles.names, intercept: yate.intercept };
        let keymaps = keys.keymaps(&keypad, &limits, found);
        let codes = drafts.iter().map(|draft| draft.code.clone()).collect::<Option<Vec<_>>>()?;
        states.warn_of_unentered(&drafts, &codes, found);
        operation::warn_of_misplaced(&drafts, &codes, &states.all, found);
        asked::check(&root, &rooms, routes.as_ref(), &states.all, &codes, found);
        rooms.warn_of_no_organizer(&roles, gives_organizers(&root, routes.as_ref(), &codes, &roles), found);
        if keymaps.is_some() {
            rules.warn_of_unused(found);
        }
        Some(Config {
            yate,
            keypad,
            record: record?,
            limits,
            bounds,
            states: states.hiding_digits_of(&codes),
            roles: roles.names,
            role_rooms: roles.rooms,
            codes,
            keymaps: keymaps?,
            rooms: rooms.all,
            routes: routes?,
            entry,
            calling: calling?,
            schedule,
            sounds,
            store,
            control,
            metrics,
        })
    }
}

/// Whether somebody is made an organizer other than by a room: by the store, a route, a command, or when they are called in.
fn gives_organizers(root: &Table<'_, '_>, routes: Option<&Routes>, codes: &[Code], roles: &Roles) -> bool {
    let organizer = roles.names.iter().position(|role| role == ROLE_ORGANIZER);
    let invited = |code: &Code| match &code.operation {
        Operation::Invite { role, .. } => role.as_deref() == Some(ROLE_ORGANIZER),
        _ => false,
    };
    let routed = |route: &Route| route.role.is_some() && route.role == organizer;
    root.span_of("store").is_some()
        || root.span_of("control").is_some()
        || routes.is_none_or(|routes| routes.all.iter().any(routed))
        || codes.iter().any(invited)
}

fn drafts(root: &Table<'_, '_>, context: &mut Context<'_>, found: &mut Findings<'_>) -> Vec<Draft> {
    if root.span_of("code").is_none() {
        found.push(no_codes());
    }
    let mut tables = root.tables("code", found);
    // Every code is in every state, unless it says.
    let places = tables.len().saturating_mul(context.states.len());
    if let Err(limit) = LimitExceeded::check("table-cells", places, context.limits.table_cells) {
        let message = format!("{} codes in {} states are {limit}", tables.len(), context.states.len());
        found.push(Diagnostic::error("limit", message, None).help("write fewer codes, or fewer states"));
        tables.clear();
    }
    codes::read(&mut tables, context, found)
}

fn no_codes() -> Diagnostic {
    let message = "there is no code, so nothing that callers key does anything";
    Diagnostic::warning("no-codes", message, None).help("begin one with a line `[[code]]`")
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Style::default().render_all(&self.diagnostics, &self.sources))
    }
}

impl std::error::Error for Refused {}
