//! Which section takes which keys: pbxassist looks at its whole buffer with every key, section by section, and the
//! first that matches empties it.
//!
//! Here all sections of a state are followed at once, so that what never fires, and what fires only for some of its
//! keys, can be told before a caller finds out.

use std::cell::Cell;
use std::collections::{HashMap, HashSet, VecDeque};

use super::keys::Branch;
use crate::grammar::Limits;
use crate::grammar::ast::Node;
use crate::grammar::automaton::{Automaton, StateId};
use crate::grammar::compile::Builder;
use crate::key::{KEY_COUNT, Key, Keys};

/// How many situations are looked at; what is beyond is not compared.
const SITUATIONS: usize = 4_000;

/// How large the buffers of one section may be.
fn limits() -> Limits {
    Limits {
        nfa_states: 20_000,
        dfa_states: 2_000,
        dfa_work: 200_000,
        table_cells: 64_000,
        ..Limits::default()
    }
}

/// One section, by the buffers it matches.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    /// Whatever the contest's owner knows it by.
    pub(super) id: usize,
    /// Its buffers.
    pub(super) automaton: Automaton,
    /// Whether the buffer stays when it has matched.
    pub(super) keeps: bool,
    /// Whether the sections after it are not looked at then.
    pub(super) greedy: bool,
}

/// The automaton of a pattern; `None` if that is too large.
pub(super) fn automaton(node: &Node) -> Option<Automaton> {
    let mut builder = Builder::new(KEY_COUNT, limits()).accept_empty();
    builder.pattern(node);
    builder.build().ok()
}

/// The shortest word of so many symbols at least.
pub(super) fn word(automaton: &Automaton, least: usize) -> Option<Vec<usize>> {
    let mut known = HashSet::new();
    let mut rest = VecDeque::from([(automaton.start(), Vec::new())]);
    while let Some((at, word)) = rest.pop_front() {
        if word.len() >= least && automaton.accepts(at).is_some() {
            return Some(word);
        }
        for symbol in 0..KEY_COUNT {
            let Some(next) = automaton.next(at, symbol) else { continue };
            if known.insert((next, (word.len() + 1).min(least))) && known.len() < SITUATIONS {
                rest.push_back((next, [word.as_slice(), &[symbol]].concat()));
            }
        }
    }
    None
}

/// The buffers that some branch matches.
pub(super) fn buffers(branches: &[Branch]) -> Node {
    Node::Alternatives(branches.iter().map(Branch::buffers).collect())
}

/// The sections of one state, in their order.
pub(super) struct Contest<'c> {
    pub(super) contenders: Vec<&'c Contender>,
    /// How many keys there must be before anything is looked at.
    pub(super) least: usize,
    /// How many steps are left for all contests together.
    pub(super) steps: &'c Cell<usize>,
}

/// How far each contender has come, and how many keys there are, up to the least.
type Situation = (Vec<Option<StateId>>, usize);

/// What a buffer does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// These saw it and it stays.
    Seen(Vec<usize>),
    /// This one takes it.
    Fires(usize),
}

/// What is asked of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    /// Whether no other words may fire.
    pub(super) no_others: bool,
    /// Whether each must be as many keys as anything is looked at for.
    pub(super) enough: bool,
}

/// Why words are not those that make a section fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// Another one takes these keys, at or before the end of them.
    To {
        /// The other one.
        other: usize,
        /// The keys it takes.
        taken: String,
        /// The keys that would have been this one's.
        keys: String,
    },
    /// It takes the beginning of its own keys.
    ToItself {
        /// The keys it takes.
        taken: String,
        /// The longer ones.
        keys: String,
    },
    /// There are fewer keys than must be.
    TooFew(String),
    /// These would be missing.
    Missing(String),
}

impl Contest<'_> {
    fn start(&self) -> Situation {
        (self.contenders.iter().map(|one| Some(one.automaton.start())).collect(), 0)
    }

    fn next(&self, (at, length): &Situation, symbol: usize) -> Situation {
        self.steps.set(self.steps.get().saturating_sub(self.contenders.len()));
        let states = self.contenders.iter().zip(at);
        let next = states.map(|(one, at)| at.and_then(|at| one.automaton.next(at, symbol)));
        (next.collect(), (length + 1).min(self.least))
    }

    fn verdict(&self, (at, length): &Situation) -> Verdict {
        let mut seen = Vec::new();
        if *length < self.least {
            return Verdict::Seen(seen);
        }
        for (one, at) in self.contenders.iter().zip(at) {
            if at.and_then(|at| one.automaton.accepts(at)).is_none() {
                continue;
            }
            if !one.keeps {
                return Verdict::Fires(one.id);
            }
            seen.push(one.id);
            if one.greedy {
                break;
            }
        }
        Verdict::Seen(seen)
    }

    /// The contenders that ever match something first; `None` if there is too much to look at.
    pub(super) fn firing(&self) -> Option<HashSet<usize>> {
        let mut firing = HashSet::new();
        let mut known = HashSet::from([self.start()]);
        let mut rest = VecDeque::from([self.start()]);
        while let Some(situation) = rest.pop_front() {
            for symbol in 0..KEY_COUNT {
                let next = self.next(&situation, symbol);
                match self.verdict(&next) {
                    Verdict::Fires(id) => {
                        firing.insert(id);
                    }
                    Verdict::Seen(ids) => {
                        firing.extend(ids);
                        if known.insert(next.clone()) {
                            rest.push_back(next);
                        }
                    }
                }
            }
            if known.len() > SITUATIONS || self.steps.get() == 0 {
                return None;
            }
        }
        Some(firing)
    }

    /// Who takes keys, and how many of them.
    pub(super) fn taken(&self, keys: &[usize]) -> Option<(usize, usize)> {
        let mut situation = self.start();
        for (count, &symbol) in keys.iter().enumerate() {
            situation = self.next(&situation, symbol);
            if let Verdict::Fires(id) = self.verdict(&situation) {
                return Some((id, count + 1));
            }
        }
        None
    }

    /// Whether these words make a contender fire, from an empty buffer; if not, a shortest that does not. `None` if
    /// there is too much to look at.
    pub(super) fn compare(&self, id: usize, words: &Automaton, ask: Ask) -> Option<Result<(), Lost>> {
        let start = (Some(words.start()), self.start(), None::<(usize, usize)>);
        let mut ways = HashMap::from([(start.clone(), Vec::new())]);
        let mut rest = VecDeque::from([start]);
        while let Some(from) = rest.pop_front() {
            let way: Vec<usize> = ways.get(&from).cloned().unwrap_or_default();
            for symbol in 0..KEY_COUNT {
                let word = from.0.and_then(|at| words.next(at, symbol));
                let keys: Vec<usize> = way.iter().copied().chain([symbol]).collect();
                let accepted = word.is_some_and(|at| words.accepts(at).is_some());
                let (situation, taken) = match from.2 {
                    Some(taken) => (from.1.clone(), Some(taken)),
                    None => {
                        let next = self.next(&from.1, symbol);
                        let taken = match self.verdict(&next) {
                            Verdict::Fires(by) => Some((by, keys.len())),
                            Verdict::Seen(_) => None,
                        };
                        (next, taken)
                    }
                };
                if let Some(lost) = judge(id, accepted, taken, &keys, ask) {
                    return Some(Err(lost));
                }
                // What has lost goes on for as long as the word does.
                if word.is_none() && (taken.is_some() || !ask.no_others) {
                    continue;
                }
                let next = (word, situation, taken);
                if !ways.contains_key(&next) {
                    ways.insert(next.clone(), keys);
                    rest.push_back(next);
                }
            }
            if ways.len() > SITUATIONS || self.steps.get() == 0 {
                return None;
            }
        }
        Some(Ok(()))
    }
}

fn judge(id: usize, accepted: bool, taken: Option<(usize, usize)>, keys: &[usize], ask: Ask) -> Option<Lost> {
    match (accepted, taken) {
        (true, Some((by, count))) if (by, count) == (id, keys.len()) => None,
        (true, Some((by, count))) if by == id => {
            Some(Lost::ToItself { taken: shown(&keys[..count]), keys: shown(keys) })
        }
        (true, Some((other, count))) => {
            Some(Lost::To { other, taken: shown(&keys[..count]), keys: shown(keys) })
        }
        (true, None) => ask.enough.then(|| Lost::TooFew(shown(keys))),
        (false, Some((by, count))) if by == id && count == keys.len() && ask.no_others => {
            Some(Lost::Missing(shown(keys)))
        }
        (false, _) => None,
    }
}

/// How many keys are shown of many.
const SHOWN: usize = 24;

/// Symbols as keys; of many the first.
pub(super) fn shown(symbols: &[usize]) -> String {
    let keys: Keys = symbols.iter().take(SHOWN).filter_map(|&symbol| Key::all().nth(symbol)).collect();
    format!("{keys}{}", if symbols.len() > SHOWN { "…" } else { "" })
}
