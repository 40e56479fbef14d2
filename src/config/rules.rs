//! The rules of the grammar file, which codes name.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use crate::diagnostic::{Diagnostic, Place, SourceId, Sources};
use crate::grammar::srgs::{Grammar, Mode, RuleError};
use crate::grammar::{LimitExceeded, Limits};

use super::files::Files;
use super::grammar_file;
use super::patterns::{Allowance, Pattern};
use super::read::{Findings, Table, Text};
use super::schema::KEYPAD;

/// The public rules of the grammar file.
pub(super) struct Rules {
    state: State,
    /// Where its path is written.
    span: Range<usize>,
    /// The rules that codes name, each put together once; `None` for one that cannot be used.
    used: HashMap<String, Option<Rule>>,
    /// How many parts they have together.
    parts: usize,
    limits: Limits,
    allowance: Rc<Allowance>,
}

enum State {
    /// None is named.
    Absent,
    /// It has errors, which were reported.
    Broken,
    /// It is legal; its own text is this source.
    Read(Box<Grammar>, SourceId),
}

/// A rule that a code names.
#[derive(Clone)]
pub(super) struct Rule {
    /// What it matches.
    pub(super) pattern: Rc<Pattern>,
    /// Where it is defined.
    pub(super) definition: Place,
}

impl Rules {
    fn new(state: State, limits: &Limits) -> Self {
        let allowance = Rc::new(Allowance::new(limits));
        Rules { state, span: 0..0, used: HashMap::new(), parts: 0, limits: limits.clone(), allowance }
    }

    /// What all patterns share.
    pub(super) fn allowance(&self) -> &Rc<Allowance> {
        &self.allowance
    }

    /// Reads the grammar file that `[keypad]` names, if it names one; its path is relative to the configuration's.
    pub(super) fn read(
        root: &Table<'_, '_>,
        config: &Path,
        files: &impl Files,
        limits: &Limits,
        sources: &mut Sources,
        found: &mut Findings<'_>,
    ) -> Self {
        let keypad = root.peek("keypad", &KEYPAD);
        let Some(written) = keypad.filter(|keypad| keypad.span_of("grammar").is_some()) else {
            return Rules::new(State::Absent, limits);
        };
        let mut rules = Rules::new(State::Broken, limits);
        let Some(path) = written.text("grammar", found) else { return rules };
        rules.span = path.span.clone();
        let whole = config.parent().unwrap_or(Path::new("")).join(&path.value);
        match grammar_file::read(&whole, files, limits, sources, Some(found.place(path.span.clone()))) {
            Ok((grammar, _)) if grammar.mode() == Mode::Voice => report_voice(&path, found),
            Ok((grammar, source)) => rules.state = State::Read(Box::new(grammar), source),
            Err(diagnostics) => diagnostics.into_iter().for_each(|diagnostic| found.push(diagnostic)),
        }
        rules
    }

    /// A rule that a code names; one that is not there is reported.
    pub(super) fn get(&mut self, name: &Text, found: &mut Findings<'_>) -> Option<Rule> {
        let (grammar, source) = match &self.state {
            State::Broken => return None,
            State::Absent => {
                let message = format!("there is no grammar file to find the rule {:?} in", name.value);
                let help = "name it in [keypad], as `grammar = \"conference.gram\"`";
                found.push(found.error("no-grammar", message, name.span.clone()).help(help));
                return None;
            }
            State::Read(grammar, source) => (grammar, *source),
        };
        if let Some(Some(known)) = self.used.get(&name.value) {
            return Some(known.clone());
        }
        let span = grammar.rules().find(|rule| rule.name == name.value).map(|rule| rule.span);
        let definition = span.map(|span| Place { source, span });
        let rule = match (grammar.rule(&name.value), definition) {
            (Ok(node), Some(definition)) => {
                self.parts = self.parts.saturating_add(node.parts());
                match LimitExceeded::check("nfa-states", self.parts, self.limits.nfa_states) {
                    Ok(()) => {
                        Some(Rule { pattern: Rc::new(Pattern::new(node, &self.allowance)), definition })
                    }
                    Err(limit) => {
                        found.push(too_much(limit, name, found));
                        None
                    }
                }
            }
            (Err(error), definition) => {
                found.push(unusable(&error, name, definition, found));
                None
            }
            (Ok(_), None) => None,
        };
        self.used.insert(name.value.clone(), rule.clone());
        rule
    }

    /// Warns of rules that no code leads to; not of those that only such rules lead to.
    pub(super) fn warn_of_unused(&self, found: &mut Findings<'_>) {
        let State::Read(grammar, source) = &self.state else { return };
        if self.used.is_empty() {
            let place = found.place(self.span.clone());
            let warning = Diagnostic::warning("unused-rule", "no code names a rule of this grammar", place);
            found.push(warning.help("give a code `rule = \"NAME\"` in place of `keys`, or remove the line"));
            return;
        }
        let used: Vec<&str> = self.used.keys().map(String::as_str).collect();
        let public: Vec<&str> = grammar.rules().filter(|rule| rule.public).map(|rule| rule.name).collect();
        let private = grammar.unused(&[used.clone(), public].concat());
        let unused = grammar.unused(&used).into_iter().filter(|rule| rule.public || private.contains(rule));
        for rule in unused {
            let place = Place { source: *source, span: rule.span };
            let message = format!("no code leads to the rule ${}", rule.name);
            found.push(
                Diagnostic::warning("unused-rule", message, place).help("name it in a code, or remove it"),
            );
        }
    }
}

/// Codes are only compiled together once all are read; their rules are held until then.
fn too_much(limit: LimitExceeded, name: &Text, found: &Findings<'_>) -> Diagnostic {
    let message = format!("with the rule ${}, all codes together are {limit}", name.value);
    found.error("limit", message, name.span.clone()).help("repeat fewer times, or split it up")
}

fn report_voice(path: &Text, found: &mut Findings<'_>) {
    let message = format!("the grammar {:?} is for words that are spoken, not for keys", path.value);
    found.push(
        found.error("voice-grammar", message, path.span.clone()).help("write `mode dtmf;` into the grammar"),
    );
}

fn unusable(error: &RuleError, name: &Text, definition: Option<Place>, found: &Findings<'_>) -> Diagnostic {
    let place = name.span.clone();
    match error {
        RuleError::Unknown { near, .. } => {
            let message = format!("the grammar has no rule ${}", name.value);
            let error = found.error("unknown-rule", message, place);
            match near {
                Some(near) => error.help(format!("did you mean {near:?}?")),
                None => error.help("a code can name any public rule, without the `$`"),
            }
        }
        RuleError::Private { .. } => {
            let message = format!("the rule ${} is private", name.value);
            let mut error = found.error("private-rule", message, place);
            error.related.extend(definition.map(|place| (place, "defined here".to_owned())));
            error.help(format!("write `public ${} = …`", name.value))
        }
    }
}
