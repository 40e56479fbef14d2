//! Codes that get in each other's way, or in the way of callers.

use crate::diagnostic::{Diagnostic, Place};
use crate::grammar::compile::{Builder, CompileError, Spent};
use crate::grammar::{LimitExceeded, Limits};
use crate::key::{KEY_COUNT, Keys};
use crate::keypad::{Beginning, Clash, Holder, Keymaps};

use super::codes::Draft;
use super::duration;
use super::patterns::Alternative;
use super::read::Findings;
use super::schema::{KEYPAD, Value};
use super::{Keypad, STATE_CALL, State, Unmatched};

/// The codes with what they hold in.
pub(super) struct Codes<'c> {
    pub(super) drafts: &'c [Draft],
    pub(super) states: &'c [State],
    pub(super) roles: &'c [String],
    /// Whether digits can be held back.
    pub(super) intercept: bool,
}

impl Codes<'_> {
    /// Compiles the keys of all codes, and reports those that cannot be, or not as meant.
    pub(super) fn keymaps(
        &self,
        keypad: &Keypad,
        limits: &Limits,
        found: &mut Findings<'_>,
    ) -> Option<Keymaps> {
        self.check_lengths(keypad, found);
        let keys: Vec<_> = self.drafts.iter().map(Draft::keys).collect();
        match Keymaps::build(self.states.len(), self.roles.len(), &keys, limits) {
            Ok(keymaps) => {
                keymaps.beginnings().iter().for_each(|beginning| self.warn_of_wait(beginning, found));
                self.warn_of_single_keys(&keymaps, found);
                Some(keymaps)
            }
            Err(clashes) => {
                clashes.iter().for_each(|clash| self.report(clash, limits, found));
                None
            }
        }
    }

    fn check_lengths(&self, keypad: &Keypad, found: &mut Findings<'_>) {
        for (code, draft) in self.drafts.iter().enumerate() {
            for alternative in draft.alternatives() {
                let wrong = self.wrong_length(code, alternative, keypad.max_digits, found);
                found.extend(wrong);
            }
        }
    }

    fn wrong_length(
        &self,
        code: usize,
        keys: &Alternative,
        held: usize,
        found: &Findings<'_>,
    ) -> Option<Diagnostic> {
        let name = self.name(code);
        let place = found.place(keys.text.span.clone());
        // What is beyond a limit is reported when all codes are compiled.
        let Some(shortest) = keys.shortest().ok()? else {
            return Some(Diagnostic::error("no-keys", format!("no keys fire {name} this way"), place));
        };
        let longest = keys.longest();
        let takes = match longest {
            _ if shortest > held => format!("takes at least {shortest} keys"),
            None => "can take any number of keys".to_owned(),
            Some(longest) if longest > held => format!("can take {longest} keys"),
            Some(_) => return None,
        };
        let message = format!("{name} {takes}, and no more than {held} are held");
        Some(if shortest > held {
            Diagnostic::error("too-long", message, place).help(help_shorten(Some(shortest)))
        } else {
            Diagnostic::warning("too-long", message, place).help(help_shorten(longest))
        })
    }

    fn report(&self, clash: &Clash, limits: &Limits, found: &mut Findings<'_>) {
        let diagnostic = match clash {
            Clash::SameKeys { first, second, keys, holder } => {
                self.same_keys(*first, *second, keys, *holder, found)
            }
            Clash::NoKeys { code } => {
                let message = format!("{} would fire when nothing is keyed", self.name(*code));
                Diagnostic::error("no-keys", message, self.place(*code, Some(&Keys::default()), found))
                    .help("require at least one key, as {1,} instead of {0,}")
            }
            Clash::TooMuch { code, limit } => {
                let code = code.or_else(|| self.too_large_alone(*limit, limits));
                let what = code
                    .map_or("all codes together are".to_owned(), |code| format!("{} is", self.name(code)));
                let place = code.map(|code| self.place(code, None, found));
                Diagnostic::error("limit", format!("{what} {limit}"), place)
                    .help("repeat fewer times, or split it up")
            }
            Clash::Recursion { code } => {
                let message = format!("{} refers to itself other than at its end", self.name(*code));
                Diagnostic::error("recursion", message, self.place(*code, None, found))
            }
        };
        found.push(diagnostic);
    }

    /// The first code that is beyond a limit by itself, if that of all codes was passed. No more is spent on finding
    /// it than all codes together may take.
    fn too_large_alone(&self, passed: LimitExceeded, limits: &Limits) -> Option<usize> {
        // Of what is written out it is known at once.
        let mut worked = if passed.name == "nfa-states" { usize::MAX } else { 0 };
        for (code, draft) in self.drafts.iter().enumerate() {
            if worked > limits.dfa_work {
                return None;
            }
            let Some(pattern) = draft.keys().pattern else { continue };
            let (mut builder, mut spent) = (Builder::new(KEY_COUNT, limits.clone()), Spent::default());
            builder.pattern(pattern);
            match builder.build_after(&mut spent) {
                Err(CompileError::Limit { limit, .. }) if limit.name == passed.name => return Some(code),
                _ => worked = worked.saturating_add(spent.work),
            }
        }
        None
    }

    fn same_keys(
        &self,
        first: usize,
        second: usize,
        keys: &Keys,
        holder: Holder,
        found: &Findings<'_>,
    ) -> Diagnostic {
        let message = format!("{keys} fires both {} and {}", self.name(first), self.name(second));
        let mut error = Diagnostic::error("same-keys", message, self.place(second, Some(keys), found))
            .labelled(format!("the same keys, {}", self.holder(holder)))
            .related(self.place(first, Some(keys), found), "the first one");
        for code in [first, second] {
            let definition = self.alternative(code, Some(keys)).and_then(|keys| keys.definition.clone());
            error.related.extend(definition.map(|place| (place, format!("the rule of {}", self.name(code)))));
        }
        error.help(
            "change the keys of one, or give each a `state` or a role in `allow` that the other has not",
        )
    }

    fn warn_of_wait(&self, beginning: &Beginning, found: &mut Findings<'_>) {
        let Beginning { short, long, keys, longer, .. } = beginning;
        let by_state = || beginning.states().map(|state| self.states[state].critical).max();
        let wait = duration::show(self.drafts[*short].critical.or_else(by_state).unwrap_or_default());
        let message =
            format!("{} waits {wait} for more keys, because {longer} begins with {keys}", self.name(*short));
        let warning = Diagnostic::warning("slow-code", message, self.place(*short, Some(keys), found))
            .labelled(format!("{keys} alone fires after {wait}"))
            .related(self.place(*long, Some(longer), found), format!("{} goes on", self.name(*long)))
            .help("end the shorter one with a key that the longer has not there, or shorten `critical`");
        found.push(warning);
    }

    /// In a call between two parties, digits are often meant for a machine at the other end.
    fn warn_of_single_keys(&self, keymaps: &Keymaps, found: &mut Findings<'_>) {
        let Some(place) = self.states.iter().position(|state| state.name == STATE_CALL) else { return };
        let state = &self.states[place];
        if !self.intercept || state.pass_through || state.unmatched != Unmatched::Pass {
            return;
        }
        let mut warned = Vec::new();
        for (map, _) in keymaps.iter().filter(|(_, holders)| holders.iter().any(|holder| holder.0 == place)) {
            for (key, pattern) in map.single_keys() {
                let code = map.codes[pattern];
                if warned.contains(&code) {
                    continue;
                }
                warned.push(code);
                let keys: Keys = [key].into_iter().collect();
                let message = format!(
                    "{key} alone fires {} in a call, and never reaches the other party",
                    self.name(code)
                );
                let warning =
                    Diagnostic::warning("single-key", message, self.place(code, Some(&keys), found));
                found.push(warning.help("machines ask for single digits: begin with *, as in \"*1\""));
            }
        }
    }

    fn name(&self, code: usize) -> String {
        let name = self.drafts.get(code).and_then(|draft| draft.name.as_ref());
        name.map_or_else(|| "a code".to_owned(), |name| format!("`{}`", name.value))
    }

    fn holder(&self, (state, role): Holder) -> String {
        let state = format!("in state {}", self.states[state].name);
        role.map_or_else(|| state.clone(), |role| format!("{state} for role {}", self.roles[role]))
    }

    /// Where the keys of a code are written.
    fn place(&self, code: usize, keys: Option<&Keys>, found: &Findings<'_>) -> Place {
        let span = self.alternative(code, keys).map(|alternative| alternative.text.span.clone());
        found.place(span.unwrap_or_default())
    }

    /// The alternative of a code that is these keys; the first one if none is, or no keys are given.
    fn alternative(&self, code: usize, keys: Option<&Keys>) -> Option<&Alternative> {
        let alternatives = self.drafts.get(code)?.alternatives();
        let several = keys.filter(|_| alternatives.len() > 1);
        let matching =
            several.and_then(|keys| alternatives.iter().find(|alternative| alternative.matches(keys)));
        matching.or(alternatives.first())
    }
}

/// The way out for keys of which so many can be needed; `None` if there is no end.
fn help_shorten(needed: Option<usize>) -> String {
    let most = match KEYPAD.key("max-digits").map(|key| &key.value) {
        Some(&Value::Integer { most, .. }) => usize::try_from(most).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    match needed {
        None => "say how many at most, as in {1,10}".to_owned(),
        Some(needed) if needed > most => format!("shorten it: no more than {most} keys can be held"),
        Some(needed) => format!("shorten it, or set `max-digits = {needed}` in [keypad]"),
    }
}
