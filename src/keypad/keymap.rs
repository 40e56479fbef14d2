//! The automata of every state and role.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::grammar::ast::Node;
use crate::grammar::automaton::Automaton;
use crate::grammar::compile::{Builder, CompileError, Spent};
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
    /// Which patterns capture anything.
    captures: Vec<bool>,
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
    /// The states in which it waits, in lists that are shared by all that wait in the same ones.
    states: Vec<Arc<[usize]>>,
}

impl Beginning {
    /// The states in which it waits; some may come twice.
    pub fn states(&self) -> impl Iterator<Item = usize> {
        self.states.iter().flat_map(|states| states.iter().copied())
    }
}

impl Keymaps {
    /// Makes the automata; `codes` are in the order of the configuration. The limits hold for all of them together.
    ///
    /// # Errors
    /// Every [`Clash`] there is, each pair of codes once; where a limit is passed, those that were found before.
    pub fn build(
        states: usize,
        roles: usize,
        codes: &[CodeKeys<'_>],
        limits: &Limits,
    ) -> Result<Self, Vec<Clash>> {
        let mut spent = Spent::default();
        let sets = Sets::find(states, roles, codes, limits, &mut spent)
            .map_err(|limit| vec![Clash::TooMuch { code: None, limit }])?;
        let mut maps = Vec::with_capacity(sets.all.len());
        let mut clashes = Vec::new();
        for (set, holder) in sets.all {
            match Keymap::build(&set, codes, limits, &mut spent) {
                Ok(map) => maps.push(Arc::new(map)),
                Err(error) => {
                    collect(&error, &set, holder, &mut clashes);
                    // What is left would only be too much again.
                    if matches!(error, CompileError::Limit { .. }) {
                        break;
                    }
                }
            }
        }
        if clashes.is_empty() { Ok(Keymaps { maps, places: sets.places, roles }) } else { Err(clashes) }
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
            let mut states: Vec<usize> = holders.into_iter().map(|(state, _)| state).collect();
            states.dedup();
            let states: Arc<[usize]> = states.into();
            for prefix in map.automaton.prefixes() {
                let (short, long) = (map.codes[prefix.short], map.codes[prefix.long]);
                let beginning = found.entry((short, long)).or_insert_with(|| Beginning {
                    short,
                    long,
                    keys: keys(&prefix.witness),
                    longer: keys(&prefix.longer),
                    states: Vec::new(),
                });
                beginning.states.push(Arc::clone(&states));
            }
        }
        found.into_values().collect()
    }
}

/// Which codes hold in which states for which roles.
struct Sets {
    /// The codes that hold together somewhere, with the first state and role in which they do; none at first.
    all: Vec<(Vec<usize>, Holder)>,
    /// For each state and role, in the order of [`holders_of`], its place in `all`.
    places: Vec<usize>,
}

impl Sets {
    /// Finds them state by state, so that no more is held at once than is different.
    fn find(
        states: usize,
        roles: usize,
        codes: &[CodeKeys<'_>],
        limits: &Limits,
        spent: &mut Spent,
    ) -> Result<Self, LimitExceeded> {
        // A pair costs as much as an automaton of one state.
        spent.cells = states.saturating_mul(roles + 1).saturating_mul(KEY_COUNT);
        LimitExceeded::check("table-cells", spent.cells, limits.table_cells)?;
        let mut by_state = vec![Vec::new(); states];
        for (code, keys) in codes.iter().enumerate().filter(|(_, keys)| keys.pattern.is_some()) {
            for &state in keys.states.iter().filter(|&&state| state < states) {
                add(&mut by_state[state], code);
            }
        }
        // A code has at least one part in every automaton that it is in.
        let mut parts: usize = 0;
        let mut known = HashMap::from([(Vec::new(), 0)]);
        let mut found = Sets { all: vec![(Vec::new(), (0, None))], places: Vec::new() };
        for (state, here) in by_state.into_iter().enumerate() {
            let mut row = vec![Vec::new(); roles + 1];
            for code in here {
                let columns = codes[code].columns(roles);
                spent.work = spent.work.saturating_add(columns.len());
                LimitExceeded::check("dfa-work", spent.work, limits.dfa_work)?;
                columns.for_each(|column| add(&mut row[column], code));
            }
            for (column, set) in row.into_iter().enumerate() {
                let place = *known.entry(set).or_insert_with_key(|set| {
                    parts = parts.saturating_add(set.len());
                    found.all.push((set.clone(), (state, column.checked_sub(1))));
                    found.all.len() - 1
                });
                LimitExceeded::check("nfa-states", parts, limits.nfa_states)?;
                found.places.push(place);
            }
        }
        Ok(found)
    }
}

/// Adds a code to those that were added before, unless it was the last of them.
fn add(codes: &mut Vec<usize>, code: usize) {
    if codes.last() != Some(&code) {
        codes.push(code);
    }
}

impl CodeKeys<'_> {
    /// The columns of a state that the code holds in: 0 for nobody in particular, then a role each.
    fn columns(&self, roles: usize) -> impl ExactSizeIterator<Item = usize> {
        match self.allow {
            None => (0..=roles).collect::<Vec<_>>(),
            Some(allowed) => allowed.iter().filter(|&&role| role < roles).map(|&role| role + 1).collect(),
        }
        .into_iter()
    }
}

impl Keymap {
    fn build(
        set: &[usize],
        codes: &[CodeKeys<'_>],
        limits: &Limits,
        spent: &mut Spent,
    ) -> Result<Self, CompileError> {
        let mut builder = Builder::new(KEY_COUNT, limits.clone());
        for pattern in set.iter().filter_map(|&code| codes[code].pattern) {
            builder.pattern(pattern);
        }
        let automaton = builder.build_after(spent)?;
        let waits = Waits::new(&automaton, set, codes);
        let patterns = set.iter().map(|&code| codes[code].pattern);
        let captures = patterns.map(|pattern| pattern.is_some_and(|node| !node.capture_names().is_empty()));
        Ok(Keymap { automaton, codes: set.to_vec(), waits, captures: captures.collect() })
    }

    /// The pattern that the whole of these keys are.
    #[must_use]
    pub fn whole(&self, keys: &[Key]) -> Option<usize> {
        let start = self.automaton.start();
        let end = keys.iter().try_fold(start, |at, key| self.automaton.next(at, key.index()))?;
        self.automaton.accepts(end)
    }

    /// The keys that fire something by themselves, each with its pattern.
    pub fn single_keys(&self) -> impl Iterator<Item = (Key, usize)> {
        let after = |key: Key| self.automaton.next(self.automaton.start(), key.index());
        Key::all().filter_map(move |key| Some((key, self.automaton.accepts(after(key)?)?)))
    }

    /// What the keys of a match captured, by name in the order of the pattern; of a name that was captured several
    /// times, [what counts](crate::grammar::capture::Captures::get).
    #[must_use]
    pub fn captures(&self, pattern: usize, keys: &[Key]) -> Vec<(String, Keys)> {
        if !self.captures.get(pattern).is_some_and(|&captures| captures) {
            return Vec::new();
        }
        let symbols: Vec<_> = keys.iter().map(|key| key.index()).collect();
        let Some(captures) = self.automaton.captures(pattern, &symbols) else { return Vec::new() };
        let named = captures.named().into_iter();
        named.map(|(name, range)| (name.to_owned(), Keys::from(&keys[range]))).collect()
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
