//! What only we know of calls and rooms, and no engine tells: it is kept in the store, and known again after a restart if
//! the engine is the same and the channel or the room is there still.
//!
//! When it is known which engine it is, the store is asked once; operations wait for its answer for a short time. What
//! changes is written when the input that changed it is over, all of it in one request, and the next such request is made
//! when that one was answered: however slow the store is, no more than one waits there. Nothing else waits for any of it.

mod record;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::calls;
use super::questions::Question;
use super::reload::Moves;
use super::rooms::OWN_CHANNEL;
use super::session::Phase;
use super::timers::Timer;
use crate::moment::Moment;
use crate::store::{Keep, Kept, KeptChannel, KeptRoom, Request};

/// How long operations wait for what was kept.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long nothing is written after the store has failed, unless it is seen to work.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// What is kept in the store, and what is to be.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// The life of the engine that what was kept is known of: it can be changed now.
    run: Option<String>,
    /// The connection on which it was asked for what was kept, until that is answered.
    asked: Option<u64>,
    /// Until when operations wait for what was kept.
    due: Option<Duration>,
    /// Of which something changed.
    channels: BTreeSet<BString>,
    rooms: BTreeSet<BString>,
    /// What the store has, by what it was hashed to.
    channels_written: HashMap<BString, u64>,
    rooms_written: HashMap<BString, u64>,
    /// Whether nothing is known of what the store has.
    anew: bool,
    /// Whether what is there of other lives of the engine is to be forgotten.
    forgets_others: bool,
    /// Whether a request has not been answered.
    writing: bool,
    /// Until when nothing is, because the store has failed.
    not_before: Option<Duration>,
    /// Rooms of which somebody said whether they are locked before it was known what was kept.
    said: BTreeSet<BString>,
    /// What was kept of calls of ours to somebody: the role that they get, and who wanted it.
    calls_before: BTreeMap<BString, (Option<usize>, Option<BString>)>,
}

impl Keeper {
    /// The roles that who is being called gets are other ones now.
    pub(super) fn move_roles(&mut self, moves: &Moves) {
        for (role, _) in self.calls_before.values_mut() {
            *role = moves.role(*role);
        }
    }
}

impl Assist {
    /// It is known which engine it is: what was kept of its calls and rooms is asked for, once in its life.
    pub(super) fn ask_for_kept(&mut self, now: Moment) {
        let run = self.engine.run.clone();
        let asked = self.keeper.asked == Some(self.connections);
        if asked || !self.has_store() || run.is_empty() || self.keeper.run.as_ref() == Some(&run) {
            return;
        }
        self.keeper.asked = Some(self.connections);
        if let Phase::Starting { missing } = self.phase {
            self.set_phase(Phase::Starting { missing: missing + 1 });
            let due = Some(now.steady + PATIENCE);
            self.timers.change(Timer::Kept, self.keeper.due, due);
            self.keeper.due = due;
        }
        self.ask_store(now, Question::Kept(self.connections), Request::Kept { run });
    }

    /// The store has told what was kept.
    pub(super) fn kept_known(&mut self, now: Moment, connection: u64, kept: Kept) {
        self.kept_answered(connection);
        let here = connection == self.connections && kept.run == self.engine.run;
        if !here || self.phase == Phase::Down || self.keeper.run.as_ref() == Some(&kept.run) {
            return;
        }
        let late = self.is_ready();
        self.keeper.run = Some(kept.run);
        (self.keeper.forgets_others, self.keeper.anew) = (true, false);
        let mut unknown = BTreeSet::new();
        for (id, kept) in kept.channels {
            let id = BString::from(id);
            self.keeper.channels_written.insert(id.clone(), hash(&kept));
            self.keep_channel(&id);
            if id.starts_with(OWN_CHANNEL) {
                let role = kept.role.and_then(|role| self.role_named(&role, &mut unknown));
                let before = (role, kept.inviter.map(BString::from));
                self.keeper.calls_before.insert(id, before);
            } else {
                let kept = self.channel_kept(&id, kept, &mut unknown);
                self.give_channel_back(now, id, kept, late);
            }
        }
        let said = std::mem::take(&mut self.keeper.said);
        for (name, kept) in kept.rooms {
            let name = BString::from(name);
            self.keeper.rooms_written.insert(name.clone(), hash(&kept));
            self.keep_room(&name);
            let locks = !said.contains(&name);
            let kept = record::room_kept(kept);
            // The engine has told who is where: a room in which nobody is who was there is another one of that name.
            if !late || self.rooms.is_as_before(name.as_ref(), &kept) {
                self.rooms.give_back(name, kept, locks);
            }
        }
        if late {
            self.rooms.seats_are_given();
            for entry in self.calls.forget_kept().into_iter().filter_map(|kept| kept.entry) {
                self.entry_over(now, Some(entry), "the caller is gone");
            }
        }
        for unknown in unknown {
            let text = format!("kept from before and not known any more: {unknown}; it is forgotten");
            self.outbox.report(super::Report::Advice { text });
        }
        self.wait_no_more(now);
    }

    fn give_channel_back(&mut self, now: Moment, id: BString, kept: calls::Kept, late: bool) {
        let (at, moved_on) = self.calls.give_back(id, kept);
        self.entry_over(now, moved_on, "the call has moved on since it was keyed");
        match at {
            Some(at) if late => self.ask_one_again(now, at),
            Some(at) => self.settle(now, at),
            None => {}
        }
    }

    /// The store does not tell what was kept.
    pub(super) fn kept_unknown(&mut self, now: Moment, connection: u64) {
        self.kept_answered(connection);
        if connection == self.connections {
            self.write_nothing_before(Some(now.steady + AFTER_FAILURE));
            self.wait_no_more(now);
        }
    }

    /// The store takes long to tell what was kept: operations wait no more. It is believed when it comes.
    pub(super) fn kept_timeout(&mut self, now: Moment) {
        self.trouble(
            "the store takes long to tell what was kept of calls and rooms: locks and roles may come late",
        );
        self.keeper.due = None;
        self.one_account_less(now);
    }

    fn kept_answered(&mut self, connection: u64) {
        self.keeper.asked = self.keeper.asked.filter(|&asked| asked != connection);
    }

    fn wait_no_more(&mut self, now: Moment) {
        if let Some(due) = self.keeper.due.take() {
            self.timers.change(Timer::Kept, Some(due), None);
            self.one_account_less(now);
        }
    }

    /// The engine has told everything: what was kept of calls of ours to somebody holds for those that go on.
    pub(super) fn know_calls_before(&mut self) {
        for (channel, (role, inviter)) in std::mem::take(&mut self.keeper.calls_before) {
            if let Some(outgoing) = self.outgoing.get_mut(&channel) {
                outgoing.role = outgoing.role.or(role);
                outgoing.inviter = outgoing.inviter.take().or(inviter);
            }
        }
    }

    /// The connection is lost. What is known is known still, and what was asked is asked again.
    pub(super) fn lose_keeper(&mut self) {
        (self.keeper.due, self.keeper.not_before) = (None, None);
        self.keeper.calls_before.clear();
    }

    /// The engine is another one: what was kept is of the old one.
    pub(super) fn forget_keeper(&mut self) {
        self.write_nothing_before(None);
        self.keeper = Keeper { writing: self.keeper.writing, ..Keeper::default() };
    }

    /// Something may have changed of what is kept of a channel.
    pub(super) fn keep_channel(&mut self, id: &BString) {
        if self.config.store.is_some() && !self.keeper.channels.contains(id) {
            self.keeper.channels.insert(id.clone());
        }
    }

    /// A channel is gone: nothing is to be kept of it.
    pub(super) fn keep_no_channel(&mut self, id: &BStr) {
        match self.keeper.channels_written.get_key_value(id) {
            Some((id, _)) => self.keeper.channels.insert(id.clone()),
            // However long the store does not work, only who is there is remembered.
            None => self.keeper.channels.remove(id),
        };
    }

    /// Something may have changed of what is kept of a room.
    pub(super) fn keep_room(&mut self, name: &BString) {
        let empty = self.rooms.get(name.as_ref()).is_none_or(|room| room.seats.is_empty());
        if empty && !self.keeper.rooms_written.contains_key(name) {
            self.keeper.rooms.remove(name);
            self.keeper.said.remove(name);
        } else if self.config.store.is_some() {
            self.keeper.rooms.insert(name.clone());
        }
    }

    /// The engine has told everything: of what is gone since nothing is to be kept.
    pub(super) fn keep_what_is_there(&mut self) {
        let gone = |id: &&BString| self.calls.find(id.as_ref()).is_none();
        self.keeper.channels.extend(self.keeper.channels_written.keys().filter(gone).cloned());
        let gone = |name: &&BString| self.rooms.get(name.as_ref()).is_none();
        self.keeper.rooms.extend(self.keeper.rooms_written.keys().filter(gone).cloned());
    }

    /// Somebody has said whether a room is locked.
    pub(super) fn lock_is_said(&mut self, name: &BString) {
        self.keep_room(name);
        if self.config.store.is_some() && self.keeper.run.is_none() {
            self.keeper.said.insert(name.clone());
        }
    }

    /// Writes what has changed, if anything has and nothing is being written.
    pub(super) fn write_kept(&mut self, now: Moment) {
        let keeper = &self.keeper;
        let changed = !keeper.channels.is_empty() || !keeper.rooms.is_empty();
        if !(changed || keeper.anew || keeper.forgets_others)
            || keeper.writing
            || keeper.not_before.is_some()
            || !self.is_ready()
        {
            return;
        }
        self.write_all_kept(now);
    }

    /// Writes what has changed, if it is known what the store has.
    pub(super) fn write_all_kept(&mut self, now: Moment) {
        let Some(run) = self.keeper.run.clone() else { return };
        let anew = std::mem::take(&mut self.keeper.anew);
        if anew {
            self.keep_everything();
        }
        let keep = Keep { run, anew, channels: self.channels_changed(), rooms: self.rooms_changed() };
        let forgets = std::mem::take(&mut self.keeper.forgets_others);
        if forgets || anew || !keep.channels.is_empty() || !keep.rooms.is_empty() {
            self.keeper.writing = true;
            self.ask_store(now, Question::Keep, Request::Keep(Box::new(keep)));
        }
    }

    fn keep_everything(&mut self) {
        (self.keeper.channels_written, self.keeper.rooms_written) = (HashMap::new(), HashMap::new());
        self.keeper.channels.extend(self.calls.iter().map(|(_, call)| call.id.clone()));
        self.keeper.channels.extend(self.outgoing.keys().cloned());
        self.keeper.rooms.extend(self.rooms.iter().map(|(name, _)| name.clone()));
    }

    fn channels_changed(&mut self) -> Vec<(String, Option<KeptChannel>)> {
        let changed = std::mem::take(&mut self.keeper.channels).into_iter().filter_map(|id| {
            let kept = self.keep_of_channel(BStr::new(&id));
            let told = id.to_string();
            is_new(&mut self.keeper.channels_written, id, kept.as_ref()).then_some((told, kept))
        });
        changed.collect()
    }

    fn rooms_changed(&mut self) -> Vec<(String, Option<KeptRoom>)> {
        let changed = std::mem::take(&mut self.keeper.rooms).into_iter().filter_map(|name| {
            let kept = self.keep_of_room(BStr::new(&name));
            let told = name.to_string();
            is_new(&mut self.keeper.rooms_written, name, kept.as_ref()).then_some((told, kept))
        });
        changed.collect()
    }

    /// What was to be kept is on disk, or is not.
    pub(super) fn kept_written(&mut self, now: Moment, done: bool) {
        self.keeper.writing = false;
        if !done && self.keeper.run.is_some() {
            self.keeper.anew = true;
            self.write_nothing_before(Some(now.steady + AFTER_FAILURE));
        }
    }

    fn write_nothing_before(&mut self, at: Option<Duration>) {
        self.timers.change(Timer::Keep, self.keeper.not_before, at);
        self.keeper.not_before = at;
    }

    /// What could not be written, or read, is tried again.
    pub(super) fn keep_timeout(&mut self, now: Moment) {
        self.keeper.not_before = None;
        self.ask_for_kept(now);
    }

    /// The store works again: what is so now is written, when it is known what was so before.
    pub(super) fn keep_again(&mut self, now: Moment) {
        self.write_nothing_before(None);
        self.ask_for_kept(now);
    }
}

/// Whether this is other than what the store has; it has that then.
fn is_new(written: &mut HashMap<BString, u64>, id: BString, kept: Option<&impl Hash>) -> bool {
    match kept {
        Some(kept) => {
            let kept = hash(kept);
            written.insert(id, kept) != Some(kept)
        }
        None => written.remove(&id).is_some(),
    }
}

fn hash(kept: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    kept.hash(&mut hasher);
    hasher.finish()
}
