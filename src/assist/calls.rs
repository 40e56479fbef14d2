//! The channels of the engine that can key: who they are, and where their digits stand.

use std::collections::HashMap;
use std::hash::BuildHasher;

use bstr::{BStr, BString};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use slab::Slab;
use smallvec::SmallVec;

use super::digits::Strokes;
use super::entry::Entry;
use super::facts::{Fact, Facts};
use super::gone::Gone;
use super::peers::{Kind, Peers, kind};
use super::rare::Rarely;
use super::reload::Moves;
use crate::keypad::{Collector, Order};
use crate::moment::Moment;

/// What the engine's ids of conference legs begin with.
pub(super) const LEG_PREFIX: &[u8] = b"conf/";

/// The longest id of a channel, in bytes. The engine makes them, and they are short.
const LONGEST_ID: usize = 256;

/// One channel, as far as keys matter.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: BString,
    pub(super) peers: Peers,
    pub(super) facts: Facts,
    pub(super) place: Place,
    pub(super) rare: Rarely,
    pub(super) collector: Collector,
    /// Of the digits that the collector has: whether the engine was told that we took them.
    pub(super) swallowed: SmallVec<[bool; 16]>,
    pub(super) order: Order<Strokes>,
    /// Whether something that its codes ask for is under way.
    pub(super) working: bool,
    /// Whether a sound of the state is on its way to the caller.
    pub(super) prompting: bool,
}

/// Where a call is and who the caller is, as places in the configuration's states and roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The state that the engine's events lead to.
    pub(super) natural: usize,
    /// The state that a code set instead.
    pub(super) set: Option<usize>,
    /// The role that routing gave.
    pub(super) told_role: Option<usize>,
    /// The role that the caller has where the call is.
    pub(super) role: Option<usize>,
}

impl Place {
    pub(super) const fn new(natural: usize) -> Self {
        Place { natural, set: None, told_role: None, role: None }
    }

    pub(super) fn state(self) -> usize {
        self.set.unwrap_or(self.natural)
    }

    pub(super) fn role(self) -> Option<usize> {
        self.role
    }
}

/// All channels.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// How many are known at most. What an engine has more than that keeps its calls, without codes.
    most: usize,
    /// How many were not made because of that, and are not counted yet.
    refused: u64,
    slab: Slab<Call>,
    /// The places of calls by their ids.
    by_id: HashTable<usize>,
    hasher: RandomState,
    gone: Gone,
    /// What only we know of the calls that were there when a connection was lost.
    kept: HashMap<BString, Kept>,
}

/// What only we know of a call, and no engine tells.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) told_role: Option<usize>,
    pub(super) told_for: Option<BString>,
    pub(super) proven: Option<(BString, bool)>,
    pub(super) entry: Option<Entry>,
    pub(super) outgoing: bool,
    pub(super) username: BString,
    /// The state that a code set.
    pub(super) set: Option<usize>,
    /// The state that the engine's events had led to.
    pub(super) natural: usize,
}

impl Call {
    /// Whether digits are secret, whatever the state says.
    pub(super) fn is_secret_still(&self, now: Moment) -> bool {
        self.rare.hides_until.is_some_and(|until| until > now.steady)
    }

    /// What is worth keeping while there is no connection, if anything is.
    fn keep(&mut self) -> Option<Kept> {
        let (Place { told_role, set, natural, .. }, outgoing) = (self.place, self.facts.outgoing);
        let username = self.facts.username().to_owned();
        let worth = told_role.is_some() || set.is_some() || outgoing || !username.is_empty();
        let worth = worth || self.rare.proven.is_some() || self.rare.entry.is_some();
        if !worth {
            return None;
        }
        let (told_for, proven, entry) =
            (self.rare.told_for.take(), self.rare.proven.take(), self.rare.take_entry());
        // What is wanted of a caller says itself in which state they are.
        let set = set.filter(|_| entry.is_none());
        Some(Kept { told_role, told_for, proven, entry, outgoing, username, set, natural })
    }

    /// Knows again what was known; what was learnt since goes first. Gives back what is wanted of a caller who has moved on.
    fn take_back(&mut self, kept: Kept) -> Option<Entry> {
        let untold = self.peers.is_untold();
        let same = untold || self.place.natural == kept.natural;
        if self.place.told_role.is_none() {
            (self.place.told_role, self.rare.told_for) = (kept.told_role, kept.told_for);
        }
        self.rare.proven = self.rare.proven.take().or(kept.proven);
        self.facts.outgoing |= kept.outgoing;
        if self.facts.username().is_empty() {
            self.facts.set(Fact::Username, &kept.username);
        }
        let put_aside =
            || self.peers.current().is_none_or(|peer| matches!(kind(peer), Kind::Tone | Kind::File));
        let fits = |entry: &Entry| if entry.is_parked() { put_aside() } else { same };
        let (entry, moved_on) = match kept.entry {
            Some(entry) if self.rare.entry.is_none() && fits(&entry) => (Some(entry), None),
            other => (None, other),
        };
        // Where the call is now the engine says; until then it is where it was.
        if untold && (kept.set.is_some() || entry.is_some()) {
            self.place.natural = kept.natural;
        }
        self.place.set = self.place.set.or(kept.set.filter(|_| same));
        self.rare.entry = self.rare.entry.take().or(entry);
        moved_on
    }
}

impl Calls {
    pub(super) fn find(&self, id: &BStr) -> Option<usize> {
        self.by_id.find(self.hasher.hash_one(id), |&at| self.slab[at].id == id).copied()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Call> {
        self.slab.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Call> {
        self.slab.get_mut(at)
    }

    pub(super) fn by_id(&self, id: &BStr) -> Option<&Call> {
        self.slab.get(self.find(id)?)
    }

    pub(super) fn by_id_mut(&mut self, id: &BStr) -> Option<&mut Call> {
        let at = self.find(id)?;
        self.slab.get_mut(at)
    }

    /// The channel of that id, made if need be by `order` and `state`; `None` if it is gone, or there are too many.
    pub(super) fn obtain(
        &mut self,
        id: &BStr,
        state: usize,
        order: impl FnOnce() -> Order<Strokes>,
    ) -> Option<usize> {
        if let Some(at) = self.find(id) {
            return Some(at);
        }
        if self.gone.contains(id) || id.is_empty() || id.len() > LONGEST_ID {
            return None;
        }
        if self.slab.len() >= self.most {
            self.refused += 1;
            return None;
        }
        let mut call = Call {
            id: id.to_owned(),
            peers: Peers::default(),
            facts: Facts::default(),
            place: Place::new(state),
            rare: Rarely::default(),
            collector: Collector::default(),
            swallowed: SmallVec::new(),
            order: order(),
            working: false,
            prompting: false,
        };
        if let Some(kept) = self.kept.remove(id) {
            // Of a call of which nothing else is known nothing is given back.
            call.take_back(kept);
            call.place.role = call.place.told_role;
        }
        let at = self.slab.insert(call);
        let Calls { by_id, hasher, slab, .. } = self;
        by_id.insert_unique(hasher.hash_one(id), at, |&at| hasher.hash_one(BStr::new(&slab[at].id)));
        Some(at)
    }

    /// What is known when a connection was lost: only what is gone.
    pub(super) fn begin_again(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend(self.slab.iter_mut().filter_map(|(_, call)| Some((call.id.clone(), call.keep()?))));
        *self = Calls { gone: std::mem::take(&mut self.gone), kept, ..self.empty() };
    }

    fn empty(&self) -> Self {
        Calls { most: self.most, refused: self.refused, ..Calls::default() }
    }

    /// How many channels are known at most, from now on.
    pub(super) fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    /// How often there were too many since this was asked last.
    pub(super) fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// Something is known of a channel, and is believed where nothing else is known since. Gives the place of the channel,
    /// if it is there, and what was wanted of a caller who has moved on.
    pub(super) fn give_back(&mut self, id: BString, kept: Kept) -> (Option<usize>, Option<Entry>) {
        let at = self.find(id.as_ref());
        match at.and_then(|at| self.slab.get_mut(at)) {
            Some(call) => (at, call.take_back(kept)),
            None => {
                if !self.gone.contains(id.as_ref()) {
                    self.kept.entry(id).or_insert(kept);
                }
                (None, None)
            }
        }
    }

    /// The engine is another one, and counts its channels anew.
    pub(super) fn forget_all(&mut self) {
        *self = self.empty();
    }

    /// What only we know of calls was given back to all that are there still.
    pub(super) fn forget_kept(&mut self) -> Vec<Kept> {
        std::mem::take(&mut self.kept).into_values().collect()
    }

    /// The roles that routing gave callers before a connection was lost, and the states that codes set, are other ones now.
    pub(super) fn move_kept(&mut self, moves: &Moves) {
        for kept in self.kept.values_mut() {
            kept.told_role = moves.role(kept.told_role);
            kept.set = moves.state(kept.set);
        }
    }

    /// Forgets a channel for good.
    pub(super) fn remove(&mut self, id: &BStr) -> Option<(usize, Call)> {
        self.gone.insert(id, None);
        let same = |&at: &usize| self.slab[at].id == id;
        let (at, _) = self.by_id.find_entry(self.hasher.hash_one(id), same).ok()?.remove();
        Some((at, self.slab.try_remove(at)?))
    }

    /// Whether a channel was seen to end.
    pub(super) fn is_gone(&self, id: &BStr) -> bool {
        self.gone.contains(id)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn places(&self) -> Vec<usize> {
        self.slab.iter().map(|(at, _)| at).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Call)> {
        self.slab.iter()
    }
}

/// Whether an id is that of a conference leg.
pub(super) fn is_leg(id: &[u8]) -> bool {
    id.starts_with(LEG_PREFIX)
}
