//! The timers of codes that have their own.

use std::collections::HashMap;
use std::time::Duration;

use crate::grammar::automaton::{Automaton, StateId};
use crate::key::Key;

use super::CodeKeys;

/// How long to wait in each state of an automaton, where that depends on the codes.
///
/// While no code is complete, the longest wait counts of all that are still possible: a code's own wait cannot cut
/// another's short. A complete code's own wait for a longer one is its own.
#[derive(Debug, Clone, Default)]
pub struct Waits {
    /// By state; empty if no code has a timer of its own.
    states: HashMap<StateId, Wait>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Wait {
    /// The longest of the codes' own waits for the next key.
    interdigit: Option<Duration>,
    /// Whether a code is possible that has none.
    usual: bool,
    /// The wait of the code that is complete here.
    critical: Option<Duration>,
}

impl Waits {
    pub(super) fn new(automaton: &Automaton, set: &[usize], codes: &[CodeKeys<'_>]) -> Self {
        let mut waits = Waits::default();
        if set.iter().any(|&code| codes[code].interdigit.or(codes[code].critical).is_some()) {
            let order = states(automaton);
            for &state in &order {
                let own = automaton.accepts(state).map(|pattern| &codes[set[pattern]]);
                let wait = own.map_or_else(Wait::default, |code| Wait {
                    interdigit: code.interdigit,
                    usual: code.interdigit.is_none(),
                    critical: code.critical,
                });
                waits.states.insert(state, wait);
            }
            while waits.spread(automaton, &order) {}
        }
        waits
    }

    /// How long the next key may take in a state, where `usual` is what holds for codes that do not say.
    #[must_use]
    pub fn interdigit(&self, at: StateId, usual: Duration) -> Duration {
        let Some(wait) = self.states.get(&at) else { return usual };
        let usual = wait.usual.then_some(usual);
        usual.max(wait.interdigit).unwrap_or_default()
    }

    /// How long the code that is complete in a state waits for a longer one.
    #[must_use]
    pub fn critical(&self, at: StateId, usual: Duration) -> Duration {
        self.states.get(&at).and_then(|wait| wait.critical).unwrap_or(usual)
    }

    /// Lets each state know of the codes that its next states know of; says whether one learned something.
    fn spread(&mut self, automaton: &Automaton, order: &[StateId]) -> bool {
        let mut learned = false;
        for &state in order.iter().rev() {
            let mut wait = self.states[&state];
            for next in Key::all().filter_map(|key| automaton.next(state, key.index())) {
                let further = self.states[&next];
                wait.interdigit = wait.interdigit.max(further.interdigit);
                wait.usual |= further.usual;
            }
            learned |= self.states.insert(state, wait) != Some(wait);
        }
        learned
    }
}

/// Every state, the start first.
fn states(automaton: &Automaton) -> Vec<StateId> {
    let mut found = vec![automaton.start()];
    let mut known: std::collections::HashSet<_> = found.iter().copied().collect();
    let mut at = 0;
    while let Some(&state) = found.get(at) {
        let next = Key::all().filter_map(|key| automaton.next(state, key.index()));
        found.extend(next.filter(|&next| known.insert(next)));
        at += 1;
    }
    found
}
