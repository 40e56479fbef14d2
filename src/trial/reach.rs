//! Which codes can fire at all, and the shortest keys that fire each.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::config::{Config, Operation, STATES_OF_ENGINE};
use crate::key::{Key, Keys};
use crate::keypad::{Collector, Holder, Outcome, Rules};

/// How a code can fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// By these keys, the shortest there are, and in these states.
    Keys {
        /// The keys, pressed with no time between them.
        keys: Keys,
        /// The states, by name.
        states: Vec<String>,
    },
    /// It follows other codes.
    Follows,
    /// It never can.
    Never {
        /// Why.
        why: &'static str,
    },
}

/// How each code can fire, in the order of the configuration.
#[must_use]
pub fn reach(config: &Config) -> Vec<Reach> {
    let states = states(config);
    (0..config.codes.len()).map(|code| one(config, code, &states)).collect()
}

fn one(config: &Config, code: usize, reached: &BTreeSet<usize>) -> Reach {
    if config.codes[code].keys.is_none() {
        return Reach::Follows;
    }
    let (mut shortest, mut elsewhere): (Option<Keys>, bool) = (None, false);
    let mut states = Vec::new();
    for (state, role) in holders(config) {
        let Some(keys) = keys(config, code, (state, role)) else { continue };
        if !reached.contains(&state) {
            elsewhere = true;
            continue;
        }
        if shortest.as_ref().is_none_or(|known| keys.len() < known.len()) {
            shortest = Some(keys);
        }
        let name = &config.states[state].name;
        if !states.contains(name) {
            states.push(name.clone());
        }
    }
    match shortest {
        Some(keys) => Reach::Keys { keys, states },
        None if elsewhere => Reach::Never { why: "no call comes into its state" },
        None => Reach::Never { why: "no keys make it" },
    }
}

fn holders(config: &Config) -> impl Iterator<Item = Holder> {
    let roles = config.roles.len();
    (0..config.states.len()).flat_map(move |state| {
        std::iter::once(None).chain((0..roles).map(Some)).map(move |role| (state, role))
    })
}

/// The states that a call can come into: where the engine puts it, and where codes do that can fire.
fn states(config: &Config) -> BTreeSet<usize> {
    let natural = STATES_OF_ENGINE.into_iter().chain(config.asks());
    let mut reached: BTreeSet<usize> = natural.filter_map(|name| config.state(name)).collect();
    let mut rest: VecDeque<usize> = reached.iter().copied().collect();
    while let Some(state) = rest.pop_front() {
        let fires = |code: usize| {
            holders(config).any(|holder| holder.0 == state && keys(config, code, holder).is_some())
        };
        for code in (0..config.codes.len()).filter(|&code| fires(code)) {
            for to in followed(config, code) {
                if let Operation::SetState { to: Some(to) } = config.codes[to].operation
                    && reached.insert(to)
                {
                    rest.push_back(to);
                }
            }
        }
    }
    reached
}

/// A code and all that follow it.
fn followed(config: &Config, code: usize) -> Vec<usize> {
    let mut all = vec![code];
    let mut at = 0;
    while let Some(&code) = all.get(at) {
        let then = &config.codes[code].then;
        let new: Vec<usize> = then.iter().copied().filter(|code| !all.contains(code)).collect();
        all.extend(new);
        at += 1;
    }
    all
}

/// The shortest keys that fire a code where a caller is: looked for in the automaton, shortest first, and tried on a
/// collector, because what is longer than may be held never fires, however much it matches.
fn keys(config: &Config, code: usize, (state, role): Holder) -> Option<Keys> {
    let keymap = config.keymaps.get(state, role);
    let pattern = keymap.codes.iter().position(|&held| held == code)?;
    let rules = config.rules(state, role);
    let symbols = keymap.automaton.shortest(pattern)?;
    let keys: Keys = symbols.iter().filter_map(|&symbol| Key::all().nth(symbol)).collect();
    fires(rules, pattern, &keys).then_some(keys)
}

fn fires(rules: Rules<'_>, pattern: usize, keys: &Keys) -> bool {
    let mut collector = Collector::default();
    let mut outcomes = Vec::new();
    for &key in keys.iter() {
        collector.handle_key(Duration::ZERO, key, rules, &mut outcomes);
        while collector.goes_on() {
            collector.go_on(Duration::ZERO, rules, &mut outcomes);
        }
    }
    while let Some(due) = collector.poll_timeout() {
        collector.handle_timeout(due, rules, &mut outcomes);
        while collector.goes_on() {
            collector.go_on(due, rules, &mut outcomes);
        }
    }
    outcomes.iter().any(|outcome| match outcome {
        Outcome::Fire { pattern: fired, keys: spent, .. } => *fired == pattern && spent == keys,
        _ => false,
    })
}
