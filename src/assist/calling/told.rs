//! How a call went, by what the engine tells of its end, in whatever order.

use std::collections::{BTreeSet, HashMap};

use bstr::{BStr, BString};

use crate::assist::watch::text;
use crate::store::AttemptState;
use crate::wire::Params;

/// How many channels may be told of while calls are being begun.
const MOST: usize = 4096;

/// What was told of channels while calls were being begun: the answer to our own message may come after it.
#[derive(Debug, Default)]
pub(in crate::assist) struct Early {
    pub(super) answered: BTreeSet<BString>,
    ended: HashMap<BString, Option<AttemptState>>,
}

impl Early {
    /// Somebody has answered.
    pub(super) fn answer(&mut self, id: BString) {
        if self.answered.len() >= MOST {
            self.answered.clear();
        }
        self.answered.insert(id);
    }

    /// A channel is gone, or parted from its peer. What tells why counts.
    pub(super) fn end(&mut self, id: &BStr, state: Option<AttemptState>) {
        if self.ended.len() >= MOST {
            // Nothing came of so many: they are of a time that is over.
            self.ended.clear();
        }
        let known = self.ended.entry(id.to_owned()).or_default();
        *known = known.or(state);
    }

    /// How a call has ended, by what was told of either of its channels.
    pub(super) fn ended(&mut self, channel: &BString, callee: &BString) -> Option<AttemptState> {
        let told = [channel, callee].map(|id| self.ended.remove(id));
        let over = told.iter().any(Option::is_some);
        over.then(|| told.into_iter().flatten().flatten().next().unwrap_or(AttemptState::Failed))
    }
}

/// How a call went, by what the engine says of its end; `None` if it does not say.
///
/// Of the channel that called it tells the `reason` when they part, of the one that was called the answer to its call
/// (`cause_sip`), and of either in `status` what it was dropped for.
pub(super) fn state_of(params: &Params<'_>) -> Option<AttemptState> {
    let said = ["reason", "cause_sip", "status"].map(|name| text(params, name));
    let is = |words: &[&str]| said.iter().any(|said| words.iter().any(|word| said == word));
    match () {
        () if is(&["busy", "486", "600"]) => Some(AttemptState::Busy),
        () if is(&["noanswer", "timeout", "480", "487", "Request Terminated"]) => {
            Some(AttemptState::NoAnswer)
        }
        () if is(&["forbidden", "noroute", "noconn", "rejected", "congestion", "failure", "offline"]) => {
            Some(AttemptState::Failed)
        }
        () if !said[1].is_empty() => Some(AttemptState::Failed),
        () => None,
    }
}
