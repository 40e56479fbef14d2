//! Starting in the middle: the engine's own account of calls, rooms and our legs.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice};

use super::calling::CALL_LEG;
use super::calls::{Call, Place, is_leg};
use super::facts::Fact;
use super::flight::{Account, Purpose, Reply, accepted};
use super::peers::{Kind, kind};
use super::room::OwnLeg;
use super::rooms::{OWN_CHANNEL, RECORD_LEG, VOICE_LEG, is_recorder};
use super::session::Phase;
use super::{Assist, Report, status};
use crate::keypad::Order;
use crate::moment::Moment;
use crate::wire::Params;

/// How often an account is asked for that is cut.
const MOST_ASKS: u8 = 3;

/// How many drivers are asked what their channels are connected to.
const MOST_DRIVERS: usize = 16;

impl Assist {
    pub(super) fn ask_account(&mut self, now: Moment, of: Account, asks: u8) {
        if let Some(module) = of.module() {
            let params = Params::new().with("module", module);
            self.send_aside(now, Purpose::Account { of, asks }, "engine.status", params);
        }
    }

    /// The engine gives its account, or not. One of which the end is missing, which is that of a line, may have been cut
    /// in the middle of a name: it is asked for again.
    pub(super) fn account_given(&mut self, now: Moment, of: Account, asks: u8, reply: Reply<'_, '_>) {
        let is_cut = |text: &[u8]| !text.is_empty() && !is_whole(text);
        if asks < MOST_ASKS && of.module().is_some() && reply.is_some_and(|answer| is_cut(&answer.retvalue)) {
            return self.ask_account(now, of, asks + 1);
        }
        self.account(now, of, reply);
        self.one_account_less(now);
    }

    pub(super) fn account(&mut self, now: Moment, account: Account, reply: Reply<'_, '_>) {
        // Some modules answer `false` and say everything all the same.
        match reply.filter(|answer| !answer.retvalue.is_empty()) {
            Some(answer) => match account {
                Account::Conferences => self.conferences(now, &answer.retvalue),
                Account::OwnLegs => self.own_legs(now, &answer.retvalue),
                Account::Calls => self.known_calls(now, &answer.retvalue),
                Account::Parties => self.parties(now, &answer.retvalue),
            },
            // Of some drivers there is nothing to tell.
            None if account == Account::Parties && reply.is_some() => {}
            None => {
                let reason =
                    accepted(reply).err().map_or("nothing was said".into(), |failure| failure.reason);
                let what = match account {
                    Account::Conferences => "conferences (is its conference module loaded?)",
                    Account::OwnLegs => "dumb channels (is its dumbchan module loaded?)",
                    Account::Calls => "calls (is its cdrbuild module loaded?)",
                    Account::Parties => "channels",
                };
                let text = format!("no account of the engine's {what}: {reason}");
                self.outbox.report(Report::Trouble { text });
                self.recheck.is_needed();
            }
        }
    }

    /// When the engine has told everything, or does not, what waits goes on.
    pub(super) fn one_account_less(&mut self, now: Moment) {
        if let Phase::Starting { missing } = self.phase {
            match missing {
                0 | 1 => self.ready(now),
                _ => self.set_phase(Phase::Starting { missing: missing - 1 }),
            }
        }
    }

    /// `conf/15=outgoing|adhoc|dumb/11`: leg, status, room, peer. An incoming leg is the room's own recorder.
    fn conferences(&mut self, now: Moment, account: &[u8]) {
        self.doubt_unlisted(account);
        for (leg, values) in status::channels(account) {
            self.conference_leg(now, &leg, &values);
        }
    }

    /// What is listed of one leg.
    pub(super) fn conference_leg(&mut self, now: Moment, leg: &BString, values: &[BString]) {
        let [status, room, peer, ..] = values else { return };
        let (leg, room, peer) = (leg.as_bstr(), room.as_bstr(), peer.as_bstr());
        self.rooms.entered(now.steady, leg, room);
        if is_recorder(status.as_ref(), peer) {
            self.rooms.records_itself(now.steady, leg, room);
        } else if !peer.is_empty() {
            self.rooms.connected(leg, peer);
            // A tone or a file keys nothing, and its end is told by nobody.
            if kind(peer) == Kind::Party
                && self.calls.obtain(peer, self.places.call, Order::default).is_some()
            {
                self.enter(now, peer, leg, room);
            }
        }
    }

    /// `dumb/11=answered|touchtone-record-studio|conf/15`: channel, status, the name it was called by, peer.
    fn own_legs(&mut self, now: Moment, account: &[u8]) {
        for (channel, values) in status::channels(account) {
            let [status, name, leg, ..] = &values[..] else { continue };
            if !channel.starts_with(OWN_CHANNEL) {
                continue;
            }
            if name.starts_with(CALL_LEG.as_bytes()) && !is_leg(leg) {
                let own = OwnLeg { channel, leg: leg.clone() };
                self.adopt_call(now, own, name.as_ref(), status == "answered");
                continue;
            }
            if !is_leg(leg) {
                continue;
            }
            if let Some(room) = name.strip_prefix(VOICE_LEG.as_bytes()) {
                self.adopt_voice(now, room.as_bstr(), OwnLeg { channel, leg: leg.clone() });
                continue;
            }
            let Some(room) = name.strip_prefix(RECORD_LEG.as_bytes()) else { continue };
            // Of several, or beside the room's own recorder, it is one too many.
            let recorder = OwnLeg { channel, leg: leg.clone() };
            self.rooms.add_spare(now.steady, room.as_bstr(), recorder.clone());
            if self.rooms.was_spare(&recorder.channel, room.as_bstr()) {
                self.stop_spare(now, &BString::from(room), &recorder);
            } else {
                self.rooms.set_recording(room.as_bstr(), &recorder, true);
                if let Some(job) = self.rooms.was_starting(&recorder.channel) {
                    self.record_again(now, &BString::from(room), &job, recorder);
                }
            }
            self.tidy_room(now, room.as_bstr());
        }
    }

    /// `sip/1=answered|alice|800|BILLID|SECONDS`: channel, status, caller, called, billid.
    pub(super) fn known_calls(&mut self, now: Moment, account: &[u8]) {
        let mut drivers = BTreeSet::new();
        for (channel, values) in status::channels(account) {
            let [_, caller, called, billid, ..] = &values[..] else { continue };
            if is_leg(&channel) {
                continue;
            }
            let Some(at) = self.calls.obtain(channel.as_ref(), self.places.call, Order::default) else {
                continue;
            };
            if let Some(call) = self.calls.get_mut(at) {
                let driver = channel.split_once_str("/").map(|(driver, _)| driver.as_bstr().to_owned());
                drivers.extend(driver.filter(|driver| !call.peers.is_told() && driver != "dumb"));
                for (fact, told) in [(Fact::Caller, caller), (Fact::Called, called), (Fact::BillId, billid)] {
                    if call.facts.get(fact).is_empty() {
                        call.facts.set(fact, told);
                    }
                }
            }
        }
        for driver in drivers.into_iter().take(MOST_DRIVERS) {
            self.ask_for_parties(now, driver.as_ref());
        }
    }

    /// `sip/1=answered|127.0.0.1:5061|tone/3`: channel, status, address, peer. What events told since is newer.
    fn parties(&mut self, now: Moment, account: &[u8]) {
        for (channel, values) in status::channels(account) {
            let [_, _, peer, ..] = &values[..] else { continue };
            let told = |call: &Call| call.peers.is_told();
            if is_leg(peer) || peer.is_empty() || self.calls.by_id(channel.as_ref()).is_none_or(told) {
                continue;
            }
            self.connected_to(now, channel.as_ref(), peer.as_ref(), BStr::new(""));
        }
    }

    /// The engine has told everything. Who was in a room when we last looked, and is in none, has left it meanwhile.
    pub(super) fn forget_places_in_rooms(&mut self, now: Moment) {
        let conference = self.places.conference;
        let left = |call: &Call| call.place.natural == conference && call.peers.is_untold();
        let left: Vec<usize> = self.calls.iter().filter(|(_, call)| left(call)).map(|(at, _)| at).collect();
        for at in left {
            let Some(call) = self.calls.get_mut(at) else { continue };
            let (there, place) =
                (call.rare.entry.as_ref().is_some_and(|entry| !entry.is_parked()), call.place);
            let entry = if there { call.rare.take_entry() } else { None };
            self.entry_over(now, entry, "the call has moved on since it was keyed");
            self.change_place(now, at, Place { natural: self.places.call, set: None, ..place });
        }
    }
}

/// Whether an account is all there: its end is that of a line.
pub(super) fn is_whole(account: &[u8]) -> bool {
    account.ends_with(b"\n")
}
