//! The automata of every state and role.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::grammar::ast::Node;
use crate::grammar::automaton::Automaton;
use crate::grammar::compile::{Builder, CompileError};
use crate::grammar::{LimitExceeded, Limits};
use crate::key::{KEY_COUNT, Key, Keys};

use super::Waits;

/// What is keyed for one code, and where it holds.
#[derive(Debug, Clone, Copy)]
pub struct CodeKeys<'c> {
    /// The pattern of its keys, as numbered by [`Key::index`]; `None` if it has none that could be read.
    pub pattern: Option<&'c Node>,
    /// The states it is for.
    pub states: &'c [usize],
    /// The roles it is for; `None` for everybody.
    pub allow: Option<&'c [usize]>,
    /// How long its next key may take, if not as long as in its state.
    pub interdigit: Option<Duration>,
    /// How long it waits for a longer code, if not as long as in its state.
    pub critical: Option<Duration>,
}

/// One automaton a pair of state and role.
///
/// Pairs in which the same codes hold share one.
#[derive(Debug, Clone)]
pub struct Keymaps {
    /// The first is the one without codes.
    maps: Vec<Arc<Keymap>>,
    /// The places in `maps`: for each state those of nobody in particular and of each role.
    places: Vec<usize>,
    roles: usize,
}

/// The codes that hold in a state for a role, as one automaton.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// The automaton over keys; its patterns are places in `codes`.
    pub automaton: Automaton,
    /// The codes, as places in [`Config::codes`](crate::config::Config::codes).
    pub codes: Vec<usize>,
    /// The timers of codes that have their own.
    pub waits: Waits,
}

/// A pair of state and role: a place among the states, and one among the roles or nobody in particular.
pub type Holder = (usize, Option<usize>);

/// Why codes cannot be told apart by their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// Two codes have the same keys.
    SameKeys {
        /// The one that is written first.
        first: usize,
        /// The other one.
        second: usize,
        /// The shortest keys that both have.
        keys: Keys,
        /// The first state and role in which both hold.
        holder: Holder,
    },
    /// A code fires when nothing was keyed.
    NoKeys {
        /// The code.
        code: usize,
    },
    /// Codes, or one, are too much.
    TooMuch {
        /// The code that is; `None` if it is all of them together.
        code: Option<usize>,
        /// The limit that was passed.
        limit: LimitExceeded,
    },
    /// A rule that refers to itself other than at its end.
    Recursion {
        /// The code.
        code: usize,
    },
}

/// A code whose keys are the beginning of another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The code that waits.
    pub short: usize,
    /// The code that it waits for.
    pub long: usize,
    /// The shortest keys at which it has to wait.
    pub keys: Keys,
    /// The shortest keys of the other code that begin with these.
    pub longer: Keys,
    /// The states and roles in which it waits.
    pub holders: Vec<Holder>,
}

impl Keymaps {
    /// Makes the automata; `codes` are in the order of the configuration.
    ///
    /// # Errors
    /// Every [`Clash`] there is, each pair of codes once.
    pub fn build(
        states: usize,
        roles: usize,
        codes: &[CodeKeys<'_>],
        limits: &Limits,
    ) -> Result<Self, Vec<Clash>> {
        let mut places = Vec::with_capacity(states * (roles + 1));
        let mut sets = vec![Vec::new()];
        let mut known = HashMap::from([(Vec::new(), 0)]);
        let mut holders = vec![(0, None)];
        for holder in holders_of(states, roles) {
            let set: Vec<usize> = (0..codes.len()).filter(|&code| codes[code].holds(holder)).collect();
            let place = *known.entry(set).or_insert_with_key(|set| {
                sets.push(set.clone());
                holders.push(holder);
                sets.len() - 1
            });
            places.push(place);
        }
        let mut clashes = Vec::new();
        let built = sets.into_iter().zip(holders).map(|(set, holder)| {
            Keymap::build(set, codes, limits)
                .map_err(|(set, error)| collect(&error, &set, holder, &mut clashes))
        });
        let maps: Vec<_> = built.filter_map(Result::ok).map(Arc::new).collect();
        if clashes.is_empty() { Ok(Keymaps { maps, places, roles }) } else { Err(clashes) }
    }

    /// The codes of a caller in a state with a role, or with none that is named anywhere.
    #[must_use]
    pub fn get(&self, state: usize, role: Option<usize>) -> &Arc<Keymap> {
        let column = role.filter(|&role| role < self.roles).map_or(0, |role| role + 1);
        let place = self.places.get(state * (self.roles + 1) + column).copied().unwrap_or(0);
        &self.maps[place]
    }

    /// Every automaton once, with the states and roles it is for.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<Keymap>, Vec<Holder>)> {
        let mut holders = vec![Vec::new(); self.maps.len()];
        let states = self.places.len() / (self.roles + 1);
        for (holder, &place) in holders_of(states, self.roles).zip(&self.places) {
            holders[place].push(holder);
        }
        self.maps.iter().zip(holders).filter(|(_, holders)| !holders.is_empty())
    }

    /// Every code whose keys are the beginning of another's, each pair once, in the order of the codes.
    #[must_use]
    pub fn beginnings(&self) -> Vec<Beginning> {
        let mut found: BTreeMap<(usize, usize), Beginning> = BTreeMap::new();
        for (map, holders) in self.iter() {
            for prefix in map.automaton.prefixes() {
                let (short, long) = (map.codes[prefix.short], map.codes[prefix.long]);
                let beginning = found.entry((short, long)).or_insert_with(|| Beginning {
                    short,
                    long,
                    keys: keys(&prefix.witness),
                    longer: keys(&prefix.longer),
                    holders: Vec::new(),
                });
                beginning.holders.extend(&holders);
            }
        }
        found.into_values().collect()
    }
}

impl CodeKeys<'_> {
    fn holds(&self, (state, role): Holder) -> bool {
        let allowed = self.allow.is_none_or(|roles| role.is_some_and(|role| roles.contains(&role)));
        self.pattern.is_some() && allowed && self.states.contains(&state)
    }
}

impl Keymap {
    fn build(
        set: Vec<usize>,
        codes: &[CodeKeys<'_>],
        limits: &Limits,
    ) -> Result<Self, (Vec<usize>, CompileError)> {
        let mut builder = Builder::new(KEY_COUNT, limits.clone());
        for pattern in set.iter().filter_map(|&code| codes[code].pattern) {
            builder.pattern(pattern);
        }
        match builder.build() {
            Ok(automaton) => {
                let waits = Waits::new(&automaton, &set, codes);
                Ok(Keymap { automaton, codes: set, waits })
            }
            Err(error) => Err((set, error)),
        }
    }

    /// The keys that fire something by themselves, each with its pattern.
    pub fn single_keys(&self) -> impl Iterator<Item = (Key, usize)> {
        let after = |key: Key| self.automaton.next(self.automaton.start(), key.index());
        Key::all().filter_map(move |key| Some((key, self.automaton.accepts(after(key)?)?)))
    }

    /// What the keys of a match captured, by name in the order of the pattern; of a name that was captured several
    /// times, what was captured last.
    #[must_use]
    pub fn captures(&self, pattern: usize, keys: &[Key]) -> Vec<(String, Keys)> {
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let Some(captures) = self.automaton.captures(pattern, &symbols) else { return Vec::new() };
        let mut named: Vec<(String, Keys)> = Vec::new();
        for captured in captures.iter() {
            let value = Keys::from(&keys[captured.range.clone()]);
            match named.iter_mut().find(|(name, _)| **name == *captured.name) {
                Some((_, earlier)) => *earlier = value,
                None => named.push((captured.name.to_string(), value)),
            }
        }
        named
    }
}

/// Every pair of state and role, state by state, nobody in particular first.
fn holders_of(states: usize, roles: usize) -> impl Iterator<Item = Holder> {
    (0..states).flat_map(move |state| {
        std::iter::once(None).chain((0..roles).map(Some)).map(move |role| (state, role))
    })
}

fn collect(error: &CompileError, set: &[usize], holder: Holder, clashes: &mut Vec<Clash>) {
    let found = match error {
        CompileError::Patterns { conflicts, empty } => {
            let same = conflicts.iter().map(|conflict| Clash::SameKeys {
                first: set[conflict.first],
                second: set[conflict.second],
                keys: keys(&conflict.witness),
                holder,
            });
            same.chain(empty.iter().map(|&pattern| Clash::NoKeys { code: set[pattern] })).collect()
        }
        CompileError::Limit { limit, pattern } => {
            vec![Clash::TooMuch { code: pattern.map(|pattern| set[pattern]), limit: *limit }]
        }
        CompileError::Recursion { pattern } => vec![Clash::Recursion { code: set[*pattern] }],
    };
    for clash in found {
        if !clashes.iter().any(|known| known.is_about_the_same(&clash)) {
            clashes.push(clash);
        }
    }
}

impl Clash {
    fn is_about_the_same(&self, other: &Clash) -> bool {
        match (self, other) {
            (Clash::SameKeys { first, second, .. }, Clash::SameKeys { first: f, second: s, .. }) => {
                (first, second) == (f, s)
            }
            _ => self == other,
        }
    }
}

/// The keys of symbols that an automaton over keys gave.
fn keys(symbols: &[usize]) -> Keys {
    symbols.iter().filter_map(|&symbol| Key::all().nth(symbol)).collect()
}
