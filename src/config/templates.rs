//! Templates, checked against the names they may use.

use crate::diagnostic::{Diagnostic, Severity};
use crate::template::{PlacedName, Template, TemplateError};

use super::names::{self, CallValue};
use super::patterns::Alternative;
use super::read::{Findings, Text, nearest};

/// What a template may name.
pub(super) enum Scope<'s> {
    /// In a code.
    Code(&'s CodeScope<'s>),
    /// In a route, where no more is known than who calls which number.
    Route(&'s CodeScope<'s>),
    /// In `[calling]`.
    Calling,
    /// In `[record]`.
    Record,
    /// In `[states.NAME]`, where the caller can be in a room or not.
    State {
        /// Whether the caller can be.
        in_room: bool,
    },
}

/// What a template of a code or a route may name, besides what is always known of a call.
pub(super) struct CodeScope<'p> {
    /// The alternatives of the keys; `None` if the keys could not be read.
    pub(super) alternatives: Option<Vec<&'p Alternative>>,
    /// Whether the caller can be in a room when the code fires.
    pub(super) in_room: bool,
}

impl CodeScope<'_> {
    /// Whether a name is a capture of some alternative.
    pub(super) fn is_capture(&self, name: &str) -> bool {
        self.alternatives.iter().flatten().any(|alternative| alternative.has(name))
    }
}

/// Reads a template and checks its names.
pub(super) fn read(text: &Text, scope: &Scope<'_>, found: &mut Findings<'_>) -> Option<Template> {
    let template = match Template::parse(&text.value) {
        Ok(template) => template,
        Err(error) => {
            report_syntax(&error, text, found);
            return None;
        }
    };
    let problems: Vec<_> =
        placed_names(&text.value).filter_map(|name| problem(&name, text, scope, found)).collect();
    let fine = problems.iter().all(|problem| problem.severity == Severity::Warning);
    problems.into_iter().for_each(|problem| found.push(problem));
    fine.then_some(template)
}

/// Reads a template whose beginning says of what kind a resource is; no caller may say that.
pub(super) fn any_resource(text: &Text, scope: &Scope<'_>, found: &mut Findings<'_>) -> Option<Template> {
    let template = read(text, scope, found)?;
    match unsafe_head(text, scope, found) {
        Some(problem) => {
            found.push(problem);
            None
        }
        None => Some(template),
    }
}

/// Reads a template that names a resource of the engine, as `tone/dial` or `wave/play//path/file.au`.
pub(super) fn resource(text: &Text, scope: &Scope<'_>, found: &mut Findings<'_>) -> Option<Template> {
    let template = any_resource(text, scope, found)?;
    check_resource(text, found).then_some(template)
}

/// Reads a resource of the engine that has no names in it.
pub(super) fn plain_resource(text: &Text, found: &mut Findings<'_>) -> Option<String> {
    if let Some(at) = text.value.find("${") {
        let place = found.within(text, &(at..at + 2));
        let error = Diagnostic::error("bad-template", "no names are known here", place);
        found.push(error.help("write a resource as it is, as \"tone/ring\""));
        return None;
    }
    check_resource(text, found).then(|| text.value.clone())
}

/// Whether a text can be a resource of the engine; one that cannot is reported.
fn check_resource(text: &Text, found: &mut Findings<'_>) -> bool {
    let literal = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let begins_well =
        text.value.split_once('/').is_some_and(|(kind, rest)| literal(kind) && !rest.is_empty());
    if begins_well || text.value.starts_with("${") {
        return true;
    }
    let help = if text.value.starts_with('/') {
        format!(
            "a file is played with \"wave/play/{0}\", and recorded to with \"wave/record/{0}\"",
            text.value
        )
    } else {
        "a resource is a kind and a name, as \"tone/dial\" or \"wave/play//usr/share/sounds/hello.au\""
            .to_owned()
    };
    let message = format!("{:?} is no resource of the engine", text.value);
    found.push(found.error("bad-resource", message, text.span.clone()).help(help));
    false
}

fn report_syntax(error: &TemplateError, text: &Text, found: &mut Findings<'_>) {
    let (TemplateError::Unclosed { span } | TemplateError::NotAName { span, .. }) = error;
    let help = "write ${name}, or $${ for a plain ${";
    let place = found.within(text, span);
    found.push(Diagnostic::error("bad-template", error.to_string(), place).help(help));
}

/// The names of a template that is known to be well-formed.
fn placed_names(text: &str) -> impl Iterator<Item = PlacedName<'_>> {
    Template::parse_placed(text).into_iter().flat_map(|(_, names)| names)
}

fn problem(
    name: &PlacedName<'_>,
    text: &Text,
    scope: &Scope<'_>,
    found: &Findings<'_>,
) -> Option<Diagnostic> {
    let is_capture = matches!(scope, Scope::Code(scope) | Scope::Route(scope) if scope.is_capture(name.name));
    if !is_capture && !matches!(scope, Scope::Record | Scope::Calling) && names_a_file(name.name, text) {
        return Some(unsafe_name(name, "file", text, found));
    }
    match scope {
        Scope::Code(scope) => problem_in_code(name, text, scope, found),
        Scope::Route(scope) => problem_in_route(name, text, scope, found),
        Scope::Calling if names::calling_value(name.name).is_some() => None,
        Scope::Calling => Some(unknown(name, text, names::CALLING.iter().map(|name| name.name), found)),
        Scope::Record if names::record_value(name.name).is_some() => None,
        Scope::State { in_room } => match names::call_value(name.name) {
            Some(CallValue::Room) if !in_room => {
                Some(no_room(name, "this state", text, found).help("the room is known in `conference`"))
            }
            Some(value) if names::is_of_state(value) => None,
            _ => {
                let known = names::CALL.iter().filter(|name| names::is_of_state(name.value));
                Some(unknown(name, text, known.map(|name| name.name), found))
            }
        },
        Scope::Record => Some(unknown(name, text, names::RECORD.iter().map(|name| name.name), found)),
    }
}

fn problem_in_code(
    name: &PlacedName<'_>,
    text: &Text,
    scope: &CodeScope<'_>,
    found: &Findings<'_>,
) -> Option<Diagnostic> {
    let alternatives = scope.alternatives.as_deref()?;
    if scope.is_capture(name.name) {
        return problem_of_capture(name, text, alternatives, &CODE, found);
    }
    match names::call_value(name.name) {
        Some(CallValue::Room) if !scope.in_room => Some(
            no_room(name, "the states of this code", text, found)
                .help("capture it, as in keys = \"*3(room:x{3,6})#\""),
        ),
        Some(_) => None,
        None => {
            let captures = alternatives.iter().flat_map(|alternative| alternative.captures());
            Some(unknown(name, text, captures.chain(names::CALL.iter().map(|name| name.name)), found))
        }
    }
}

fn problem_in_route(
    name: &PlacedName<'_>,
    text: &Text,
    scope: &CodeScope<'_>,
    found: &Findings<'_>,
) -> Option<Diagnostic> {
    let alternatives = scope.alternatives.as_deref()?;
    if scope.is_capture(name.name) {
        return problem_of_capture(name, text, alternatives, &ROUTE, found);
    }
    if names::call_value(name.name).is_some_and(names::is_of_route) {
        return None;
    }
    let captures = alternatives.iter().flat_map(|alternative| alternative.captures());
    let known = names::CALL.iter().filter(|name| names::is_of_route(name.value));
    Some(unknown(name, text, captures.chain(known.map(|name| name.name)), found))
}

/// How messages call what a name is used in.
struct Used {
    /// What captures.
    pattern: &'static str,
    /// When.
    when: &'static str,
    /// Several of them.
    several: &'static str,
}

const CODE: Used = Used { pattern: "keys", when: "the code fires", several: "codes" };
const ROUTE: Used = Used { pattern: "number", when: "the number is called", several: "routes" };

fn problem_of_capture(
    name: &PlacedName<'_>,
    text: &Text,
    alternatives: &[&Alternative],
    used: &Used,
    found: &Findings<'_>,
) -> Option<Diagnostic> {
    let lacking = alternatives.iter().find(|alternative| !alternative.has(name.name));
    let may_lack = || alternatives.iter().find(|alternative| !alternative.always_has(name.name));
    match lacking {
        Some(lacking) => Some(not_everywhere(name, text, lacking, used, found)),
        None => may_lack().map(|lacking| maybe_empty(name, text, lacking, used, found)),
    }
}

fn unknown<'n>(
    name: &PlacedName<'_>,
    text: &Text,
    known: impl Iterator<Item = &'n str>,
    found: &Findings<'_>,
) -> Diagnostic {
    let mut names: Vec<&str> = Vec::new();
    known.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    let help = match nearest(name.name, names.iter().copied()) {
        Some(near) => format!("did you mean ${{{near}}}?"),
        None => {
            let list: Vec<_> = names.iter().map(|name| format!("${{{name}}}")).collect();
            format!("what is known here: {}", list.join(", "))
        }
    };
    let message = format!("nothing is known here by the name `{}`", name.name);
    Diagnostic::error("unknown-name", message, found.within(text, &name.span))
        .labelled("unknown name")
        .help(help)
}

fn not_everywhere(
    name: &PlacedName<'_>,
    text: &Text,
    lacking: &Alternative,
    used: &Used,
    found: &Findings<'_>,
) -> Diagnostic {
    let (name_text, Used { pattern, several, .. }) = (name.name, used);
    let message = format!("`{name_text}` is not captured by every alternative of the {pattern}");
    Diagnostic::error("missing-capture", message, found.within(text, &name.span))
        .labelled("used here")
        .related(found.place(lacking.text.span.clone()), format!("no ({name_text}:…) in this one"))
        .help(format!("capture it in every alternative, or make two {several} of them"))
}

fn maybe_empty(
    name: &PlacedName<'_>,
    text: &Text,
    lacking: &Alternative,
    used: &Used,
    found: &Findings<'_>,
) -> Diagnostic {
    let Used { pattern, when, several } = used;
    let message = format!("`{}` can be empty when {when}", name.name);
    Diagnostic::warning("maybe-empty", message, found.within(text, &name.span))
        .labelled("used here")
        .related(
            found.place(lacking.text.span.clone()),
            format!(
                "it can be left out of {}",
                if *pattern == "keys" { "these keys" } else { "this number" }
            ),
        )
        .help(format!("capture at least one key, as (name:x{{1,4}}), or make two {several} of them"))
}

/// Whether a name would put what a caller sends into the name of a file.
fn names_a_file(name: &str, text: &Text) -> bool {
    text.value.starts_with("wave/") && names::call_value(name).is_some_and(names::is_of_caller)
}

/// What a caller sends where it would say of what kind the resource is, and so anything.
fn unsafe_head(text: &Text, scope: &Scope<'_>, found: &Findings<'_>) -> Option<Diagnostic> {
    // Names have no slash in them.
    let head = text.value.find('/').unwrap_or(text.value.len());
    let of_caller = |name: &PlacedName<'_>| match scope {
        Scope::Code(scope) if scope.is_capture(name.name) => false,
        Scope::Calling => true,
        _ => names::call_value(name.name).is_some_and(names::is_of_caller),
    };
    let name = placed_names(&text.value).find(|name| name.span.start < head && of_caller(name))?;
    if matches!(scope, Scope::Calling) {
        let message = format!("`{}` would say how the number is called", name.name);
        let error = Diagnostic::error("unsafe-name", message, found.within(text, &name.span));
        return Some(error.help("say it before the first `/`, as in \"sip/sip:${number}@gateway\""));
    }
    Some(unsafe_name(&name, "resource", text, found))
}

fn unsafe_name(name: &PlacedName<'_>, what: &str, text: &Text, found: &Findings<'_>) -> Diagnostic {
    let message = format!("`{}` is what a caller sends, and could name any {what}", name.name);
    Diagnostic::error("unsafe-name", message, found.within(text, &name.span))
        .labelled(if what == "file" { "not in a file name" } else { "not before the first `/`" })
        .help("use a capture, which is keys only, or ${date}")
}

fn no_room(name: &PlacedName<'_>, place: &str, text: &Text, found: &Findings<'_>) -> Diagnostic {
    let message = format!("`room` is the room the caller is in, and in {place} there is none");
    Diagnostic::error("unknown-name", message, found.within(text, &name.span)).labelled("always empty")
}
