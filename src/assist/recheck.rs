//! Asking the engine again, now and then, what is so: an event may have been lost, or have come when the account that it
//! is older than had been given. What is believed is set right by what the engine says, but for that of which something
//! was told while it was asked: nobody knows which of the two was first, so that it is asked again.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::calls::is_leg;
use super::flight::{Account, Purpose, Reply};
use super::room::OwnLeg;
use super::rooms::{OWN_CHANNEL, RECORD_LEG, VOICE_LEG, is_recorder};
use super::session::Phase;
use super::sync::is_whole;
use super::timers::Timer;
use super::watch::room_name;
use super::{Assist, status};
use crate::moment::Moment;
use crate::wire::Params;

/// How long it is from one time at which the engine is asked again what is so to the next.
pub const RECHECKED_EVERY: Duration = Duration::from_secs(60);

/// How much longer for each channel and leg that there is.
const LONGER: Duration = Duration::from_millis(1);

/// How long it is where something was told meanwhile, or may be told that is older.
const SOON: Duration = Duration::from_secs(1);

/// How often in a row the wait doubles.
const MOST_TIMES: u32 = 10;

/// How many channels and legs are asked about by name at a time.
const MOST_NAMES: usize = 64;

/// How many ids are remembered of which something was told meanwhile; of more than that nothing is set right.
const MOST_HEARD: usize = 4096;

/// Where it stands.
#[derive(Debug, Default)]
pub(super) struct Recheck {
    due: Option<Duration>,
    /// How many answers are missing.
    missing: usize,
    /// Of whom something was told while they are.
    heard: HashSet<BString>,
    /// The last change of any room's recording before.
    changes: u64,
    /// Whether that is to be asked again soon.
    again: bool,
    /// How often in a row it was.
    times: u32,
    /// The place of the last call of which it was asked whether it is there.
    last_call: usize,
    /// The last leg of which it was asked whether it is muted.
    last_leg: BString,
}

impl Recheck {
    /// Something is told of that channel, leg or room.
    pub(super) fn hears(&mut self, id: &BStr) {
        if self.missing > 0 && !id.is_empty() && self.heard.len() <= MOST_HEARD && !self.heard.contains(id) {
            self.heard.insert(id.to_owned());
        }
    }

    pub(super) fn begins(&mut self, missing: usize) {
        (self.missing, self.again) = (missing, false);
        self.heard.clear();
    }

    /// Something is to be asked again soon.
    pub(super) fn is_needed(&mut self) {
        self.again = true;
    }

    /// Whether something was told of one of these; then it is looked at again.
    fn heard_any(&mut self, ids: &[&BString]) -> bool {
        let heard = self.heard.len() > MOST_HEARD || ids.iter().any(|id| self.heard.contains(*id));
        self.again |= heard;
        heard
    }
}

impl Assist {
    /// What an event speaks of.
    pub(super) fn hears_of(&mut self, params: &Params<'_>) {
        if self.recheck.missing > 0 {
            for name in ["id", "peerid", "lastpeerid", "targetid", "room"] {
                if let Some(id) = params.get(name) {
                    self.recheck.hears(if name == "room" { room_name(id.as_bstr()) } else { id.as_bstr() });
                }
            }
        }
    }

    /// Waits for the next time, which is soon if something is in doubt.
    pub(super) fn recheck_later(&mut self, now: Moment) {
        let known = self.calls.len() + self.rooms.count().1;
        let longer = LONGER * u32::try_from(known).unwrap_or(u32::MAX);
        // Where something is told all the time, or nothing is answered in time, it is asked less and less often.
        self.recheck.times = if self.recheck.again { (self.recheck.times + 1).min(MOST_TIMES) } else { 0 };
        let soon = SOON.max(longer) * (1 << self.recheck.times.saturating_sub(1));
        let usual = RECHECKED_EVERY + longer;
        let due = now.steady + if self.recheck.again { soon.min(usual) } else { usual };
        let before = self.recheck.due.replace(due);
        self.timers.change(Timer::Recheck, before, Some(due));
    }

    pub(super) fn recheck_timeout(&mut self, now: Moment) {
        self.recheck.due = None;
        if self.phase != Phase::Ready {
            return;
        }
        self.recheck.begins(0);
        self.recheck.changes = self.rooms.changes();
        for of in Account::ALL {
            let params = Params::new().with("module", of.module().unwrap_or_default());
            self.ask_again_of(now, Purpose::Recheck(of), params);
        }
        self.ask_for_some_mutes(now);
    }

    fn ask_again_of(&mut self, now: Moment, purpose: Purpose, params: Params<'_>) {
        self.recheck.missing += usize::from(self.send_aside(now, purpose, "engine.status", params));
    }

    /// Whether they are muted is in no account: it is asked of some each time.
    fn ask_for_some_mutes(&mut self, now: Moment) {
        let legs = self.rooms.seated_after(&self.recheck.last_leg, MOST_NAMES);
        self.recheck.last_leg = legs.last().cloned().unwrap_or_default();
        for leg in legs {
            self.ask_aside(now, leg.as_ref(), 1);
        }
    }

    /// The engine has said again what is so, or has not.
    pub(super) fn rechecked(&mut self, now: Moment, of: Account, reply: Reply<'_, '_>) {
        let told = reply.map(|answer| answer.retvalue.as_ref());
        // It may not say, have no such module, or say something else, or not all.
        match (of, told.filter(|account| is_whole(account) && is_of(account, of))) {
            (Account::Conferences, Some(account)) => self.conferences_again(now, account),
            (Account::OwnLegs, Some(account)) => self.own_legs_again(now, account),
            (Account::Calls, Some(account)) => self.calls_again(now, account),
            (Account::Parties, _) | (_, None) => {}
        }
        self.one_check_less(now);
    }

    pub(super) fn one_check_less(&mut self, now: Moment) {
        self.recheck.missing = self.recheck.missing.saturating_sub(1);
        if self.recheck.missing == 0 && self.phase == Phase::Ready {
            self.recheck.heard.clear();
            self.recheck_later(now);
        }
    }

    fn conferences_again(&mut self, now: Moment, account: &[u8]) {
        let listed: BTreeMap<BString, Vec<BString>> = status::channels(account).collect();
        self.forget_unlisted(now, &listed);
        let mut recorded: HashSet<BString> = HashSet::new();
        for (leg, values) in &listed {
            let [status, room, peer, ..] = &values[..] else { continue };
            let name = room_name(room.as_ref());
            if is_recorder(status.as_ref(), peer.as_ref()) {
                recorded.insert(name.to_owned());
            }
            let known = self.rooms.leg(leg.as_ref());
            let same_peer = known.is_some_and(|known| known.peer.as_ref() == Some(peer) || peer.is_empty());
            let there = self.calls.by_id(peer.as_ref()).is_none_or(|call| call.peers.current() == Some(leg));
            let as_believed = same_peer && there;
            if !as_believed && !self.recheck.heard_any(&[leg, peer]) {
                self.conference_leg(now, leg, values);
                self.accounted_peer(now, peer, leg);
            }
        }
        for name in self.rooms.recorded_by_nobody(&recorded, self.recheck.changes) {
            if !self.recheck.heard_any(&[&name]) {
                self.rooms.record(name.as_ref(), super::room::Recording::Off);
            }
        }
    }

    /// The engine says that a channel is connected to that leg.
    fn accounted_peer(&mut self, now: Moment, channel: &BString, leg: &BString) {
        if !self.rooms.is_gone(leg.as_ref())
            && let Some(at) = self.calls.find(channel.as_ref())
            && let Some(call) = self.calls.get_mut(at)
        {
            call.peers.accounted(now.steady, leg.as_ref());
            self.settle(now, at);
        }
    }

    /// Legs that the engine has no more.
    fn forget_unlisted(&mut self, now: Moment, listed: &BTreeMap<BString, Vec<BString>>) {
        let gone: Vec<BString> =
            self.rooms.legs().map(|(leg, _)| leg).filter(|leg| !listed.contains_key(*leg)).cloned().collect();
        for leg in gone {
            if !self.recheck.heard_any(&[&leg]) {
                self.leg_left(now, &leg);
            }
        }
        let believed = self.calls.iter().filter_map(|(_, call)| Some((&call.id, call.peers.current()?)));
        let gone = believed.filter(|(_, leg)| is_leg(leg) && !listed.contains_key(*leg));
        let gone: Vec<_> = gone.map(|(channel, leg)| (channel.clone(), leg.clone())).collect();
        for (channel, leg) in gone {
            if !self.recheck.heard_any(&[&channel, &leg]) {
                self.parted_from(now, channel.as_ref(), leg.as_ref());
            }
        }
    }

    /// Legs of ours that nobody waits for any more, because the engine's answer was lost.
    fn own_legs_again(&mut self, now: Moment, account: &[u8]) {
        for (channel, values) in status::channels(account) {
            let [_, name, leg, ..] = &values[..] else { continue };
            let room = [RECORD_LEG, VOICE_LEG].iter().find_map(|begin| name.strip_prefix(begin.as_bytes()));
            let Some(room) = room.map(BStr::new).filter(|_| channel.starts_with(OWN_CHANNEL) && is_leg(leg))
            else {
                continue;
            };
            if self.rooms.awaits_own_leg(room, leg) || self.recheck.heard_any(&[&channel, leg]) {
                continue;
            }
            let own = OwnLeg { channel, leg: leg.clone() };
            if name.starts_with(VOICE_LEG.as_bytes()) {
                self.adopt_voice(now, room, own);
            } else {
                self.rooms.add_spare(now.steady, room, own.clone());
                self.stop_spare(now, &BString::from(room), &own);
                self.tidy_room(now, room);
            }
        }
    }

    /// Channels that the engine has no bill of may be gone: it is asked of each.
    fn calls_again(&mut self, now: Moment, account: &[u8]) {
        self.known_calls(now, account);
        let listed: HashSet<BString> = status::channels(account).map(|(channel, _)| channel).collect();
        // Those that were not asked of last time come first.
        let (before, behind): (Vec<_>, Vec<_>) = self
            .calls
            .iter()
            .filter(|(_, call)| !listed.contains(&call.id))
            .map(|(at, call)| (at, &call.id))
            .partition(|&(at, _)| at <= self.recheck.last_call);
        let unlisted: Vec<(usize, BString)> =
            behind.into_iter().chain(before).take(MOST_NAMES).map(|(at, id)| (at, id.clone())).collect();
        self.recheck.last_call = unlisted.last().map_or(0, |&(at, _)| at);
        let unlisted: Vec<BString> = unlisted.into_iter().map(|(_, id)| id).collect();
        for channel in unlisted {
            let params = Params::new().with("module", &channel);
            self.ask_again_of(now, Purpose::IsThere(channel), params);
        }
    }

    /// The engine has said whether there is such a channel.
    pub(super) fn is_there_known(&mut self, now: Moment, channel: &BString, reply: Reply<'_, '_>) {
        let is_gone = reply.is_some_and(|answer| !answer.processed && answer.retvalue.is_empty());
        if is_gone && !self.recheck.heard_any(&[channel]) {
            self.hung_up(now, &Params::new().with("id", channel));
        }
        self.one_check_less(now);
    }

    /// The first account is in: what was told of meanwhile and is not in it may be older.
    pub(super) fn doubt_unlisted(&mut self, account: &[u8]) {
        let listed: HashSet<BString> = status::channels(account).map(|(leg, _)| leg).collect();
        let doubtful = self.rooms.legs().any(|(leg, _)| !listed.contains(leg));
        let believed = self.calls.iter().filter_map(|(_, call)| call.peers.current());
        self.recheck.again |=
            doubtful || believed.into_iter().any(|peer| is_leg(peer) && !listed.contains(peer));
    }
}

/// Whether an account is that of a module, by its head: `name=conf,type=…`
fn is_of(account: &[u8], of: Account) -> bool {
    let module = of.module().unwrap_or_default().as_bytes();
    let rest = account.strip_prefix(b"name=").and_then(|rest| rest.strip_prefix(module));
    rest.is_some_and(|rest| rest.starts_with(b","))
}
