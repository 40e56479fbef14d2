//! `touchtone dial`

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{ConfigArg, Failure, Format};
use crate::config::{
    Config, Operation, STATE_CALL, STATE_HOLD, STATES_OF_ENGINE, STATES_OF_ENTRY, Unmatched,
};
use crate::key::{Key, Keys};
use crate::keypad::{Collector, Outcome};

/// How far apart the keys are pressed.
const PACE: Duration = Duration::from_millis(200);

/// Try what keys would do, step by step, without an engine.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone dial --config conference.toml --state conference '**6'")]
pub(super) struct Dial {
    #[command(flatten)]
    config: ConfigArg,
    /// Where the call is.
    #[arg(long, value_name = "STATE", default_value = STATE_CALL)]
    state: String,
    /// Who the caller is; nobody special if not given.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// How the steps are printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The keys, 0-9 * # A-D, pressed 200 ms apart; a comma waits out every timer, and so does the end. Where codes set
    /// another state the keys behind them are pressed there; what an engine would do is not played.
    #[arg(value_name = "KEYS", allow_hyphen_values = true)]
    keys: String,
}

/// One step, as it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Step {
    event: &'static str,
    at_ms: u64,
    keys: Keys,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captures: Option<BTreeMap<String, Keys>>,
    /// The state that the code set, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// The enter key that ended the code, if one did; it is spent too.
    #[serde(skip_serializing_if = "Option::is_none")]
    enter: Option<String>,
}

/// What is pressed, and when nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Press {
    Key(Key),
    Wait,
}

impl Dial {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let presses = presses(&self.keys)?;
        let config = self.config.load()?;
        let state = place(&self.state, config.states.iter().map(|state| state.name.as_str()), "state")?;
        let role = match &self.role {
            Some(role) => Some(place(role, config.roles.iter().map(String::as_str), "role")?),
            None => None,
        };
        let steps = Dialler::new(config, state, role).dial(&presses);
        for step in &steps {
            match self.format {
                Format::Json => {
                    writeln!(out, "{}", serde_json::to_string(step).map_err(std::io::Error::from)?)?;
                }
                Format::Text => writeln!(out, "{}", text(step))?,
            }
        }
        Ok(out.flush()?)
    }
}

fn presses(keys: &str) -> Result<Vec<Press>, Failure> {
    let press = |symbol: char| match symbol {
        ',' => Ok(Press::Wait),
        _ => match u8::try_from(symbol).ok().and_then(Key::from_symbol) {
            Some(key) => Ok(Press::Key(key)),
            None => Err(Failure::Usage(format!(
                "error: {symbol:?} in {keys:?} is no key: the keys are 0-9 * # A-D, and a comma waits"
            ))),
        },
    };
    keys.chars().chain([',']).map(press).collect()
}

fn place<'n>(wanted: &str, names: impl Iterator<Item = &'n str>, what: &str) -> Result<usize, Failure> {
    let names: Vec<&str> = names.collect();
    names.iter().position(|name| *name == wanted).ok_or_else(|| {
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Failure::Usage(format!("error: the configuration has no {what} {wanted:?}; it has: {known}"))
    })
}

/// A caller who presses keys in one state, on a clock of its own.
struct Dialler {
    config: Arc<Config>,
    /// Where the engine has the call, whatever a code set.
    natural: usize,
    state: usize,
    /// When the first key of a state that asks for one is due.
    first_key: Option<Duration>,
    role: Option<usize>,
    now: Duration,
    collector: Collector,
    steps: Vec<Step>,
}

impl Dialler {
    fn new(config: Arc<Config>, state: usize, role: Option<usize>) -> Self {
        let name = config.states[state].name.as_str();
        let natural = match name {
            _ if STATES_OF_ENGINE.contains(&name) => Some(state),
            // Who is asked for something is connected to nobody.
            _ if STATES_OF_ENTRY.contains(&name) => config.state(STATE_HOLD),
            // A state of the admin's own is taken to have been set in a call with another party.
            _ => config.state(STATE_CALL),
        };
        let natural = natural.unwrap_or(state);
        Dialler {
            config,
            natural,
            state,
            first_key: None,
            role,
            now: Duration::ZERO,
            collector: Collector::default(),
            steps: Vec::new(),
        }
    }

    fn dial(mut self, presses: &[Press]) -> Vec<Step> {
        for press in presses {
            match press {
                Press::Key(key) => {
                    self.wait_until(self.now);
                    self.key(*key);
                    self.now += PACE;
                }
                Press::Wait => self.wait_out(),
            }
        }
        self.steps
    }

    fn key(&mut self, key: Key) {
        let config = self.config.clone();
        let rules = config.rules(self.state, self.role);
        let passes = self.collector.wants_none(&[key], rules);
        let mut outcomes = Vec::new();
        self.collector.handle_key(self.now, key, rules, &mut outcomes);
        if !config.holds_back(self.state) {
            self.steps.push(self.step("pass", Keys::from([key].as_slice())));
        }
        self.note(passes, outcomes);
        self.go_on();
    }

    /// Scans what is behind a code that fired.
    fn go_on(&mut self) {
        let config = self.config.clone();
        while self.collector.goes_on() {
            let mut outcomes = Vec::new();
            self.collector.go_on(self.now, config.rules(self.state, self.role), &mut outcomes);
            self.note(false, outcomes);
        }
        self.await_key();
    }

    fn wait_out(&mut self) {
        while let Some(due) = self.due() {
            self.wait_until(due);
        }
    }

    fn due(&self) -> Option<Duration> {
        [self.collector.poll_timeout(), self.first_key].into_iter().flatten().min()
    }

    /// Lets the timers run out that are due by then.
    fn wait_until(&mut self, until: Duration) {
        let config = self.config.clone();
        while let Some(due) = self.due().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            if self.first_key.is_some_and(|first| first <= due) {
                (self.state, self.first_key) = (self.natural, None);
                continue;
            }
            let mut outcomes = Vec::new();
            self.collector.handle_timeout(due, config.rules(self.state, self.role), &mut outcomes);
            self.note(false, outcomes);
            self.go_on();
        }
    }

    /// Where something is asked for, the next key is waited for as long as nothing is held.
    fn await_key(&mut self) {
        let patience = self.config.states[self.state].first_key;
        let patience = patience.filter(|_| self.state != self.natural && self.collector.held().is_empty());
        self.first_key = patience.map(|patience| self.now + patience);
    }

    /// What became of digits, as the other party and the caller have it.
    fn note(&mut self, passes: bool, outcomes: Vec<Outcome>) {
        let held_back = self.config.holds_back(self.state);
        let unmatched = self.config.states[self.state].unmatched;
        for outcome in outcomes {
            let step = match outcome {
                Outcome::Fire { pattern, keys, enter } => self.fire(pattern, keys, enter),
                // They have gone on already.
                Outcome::Hold(_) | Outcome::GiveUp(_) if !held_back => continue,
                Outcome::Hold(key) => self.step("hold", Keys::from([key].as_slice())),
                Outcome::GiveUp(keys) if passes && unmatched == Unmatched::Pass => self.step("pass", keys),
                Outcome::GiveUp(keys) if unmatched == Unmatched::Pass => self.step("release", keys),
                Outcome::GiveUp(keys) => self.step("drop", keys),
            };
            self.steps.push(step);
        }
    }

    fn step(&self, event: &'static str, keys: Keys) -> Step {
        let at_ms = u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX);
        Step { event, at_ms, keys, code: None, captures: None, state: None, enter: None }
    }

    fn fire(&mut self, pattern: usize, keys: Keys, enter: Option<Key>) -> Step {
        let config = self.config.clone();
        let keymap = config.keymaps.get(self.state, self.role);
        let code = keymap.codes[pattern];
        let captures = keymap.captures(pattern, &keys).into_iter().collect();
        let enter = enter.map(|key| key.to_string());
        let before = self.state;
        self.set_states(code);
        let state = (self.state != before).then(|| config.states[self.state].name.clone());
        let code = Some(config.codes[code].name.clone());
        Step { code, captures: Some(captures), state, enter, ..self.step("fire", keys) }
    }

    /// The states that a code sets, and those that follow it.
    fn set_states(&mut self, code: usize) {
        let config = self.config.clone();
        if let Operation::SetState { to } = config.codes[code].operation {
            self.state = to.unwrap_or(self.natural);
        }
        for &follower in &config.codes[code].then {
            self.set_states(follower);
        }
    }
}

fn text(step: &Step) -> String {
    let mut line = format!("{:>6} ms  {:<8}{}", step.at_ms, step.event, step.keys);
    if let Some(enter) = &step.enter {
        line += &format!(" {enter}");
    }
    if let Some(code) = &step.code {
        line += &format!("  → {code}");
    }
    for (name, keys) in step.captures.iter().flatten() {
        line += &format!("  {name}={keys}");
    }
    if let Some(state) = &step.state {
        line += &format!("  now in state {state}");
    }
    line
}
