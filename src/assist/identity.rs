//! Who callers are by the schedule, and which conference is theirs.

use bstr::{BStr, ByteSlice};
use jiff::SignedDuration;

use super::Assist;
use super::facts::Facts;
use super::held::Held;
use crate::moment::Moment;
use crate::store::{NewParticipant, Occurrence, Participant};

impl Assist {
    /// The conference that is held in a room, or may be come to already.
    pub(super) fn held_in(&self, now: Moment, room: &BStr) -> Option<&Occurrence> {
        let here = |held: &&Held| held.occurrence.room.as_bytes() == room.as_bytes();
        self.open_to_callers(now).filter(here).map(|held| &held.occurrence).next_back()
    }

    /// What is held or may be come to already; what begins first comes last, unless it is being held.
    fn open_to_callers(&self, now: Moment) -> impl DoubleEndedIterator<Item = &Held> {
        let early = SignedDuration::try_from(self.config.schedule.early).unwrap_or_default();
        let mut open: Vec<&Held> = self
            .schedule
            .known
            .iter()
            .filter(|(key, held)| {
                key.starts.duration_since(now.date) <= early && now.date < held.occurrence.ends
            })
            .map(|(_, held)| held)
            .collect();
        // Those that begin later first, then what is being held, the latest last.
        open.sort_by_key(|held| {
            let starts = held.occurrence.key.starts;
            let begun = starts <= now.date;
            (begun, if begun { starts.as_second() } else { -starts.as_second() })
        });
        open.into_iter()
    }

    /// Whether a caller takes part in what is held in a room, and then whether as an organizer.
    pub(super) fn identity_in(
        &self,
        now: Moment,
        room: &BStr,
        caller: &BStr,
        username: &BStr,
    ) -> Option<bool> {
        let held = self.held_in(now, room)?;
        let who = |participant: &&Participant| is_named(&participant.who, caller, username);
        held.participants.iter().find(who).map(|participant| participant.who.organizer)
    }

    /// The room of the conference that a caller has now.
    pub(super) fn conference_of(&self, now: Moment, caller: &BStr, username: &BStr) -> Option<String> {
        let takes_part = |held: &&Held| {
            held.occurrence
                .participants
                .iter()
                .any(|participant| is_named(&participant.who, caller, username))
        };
        self.open_to_callers(now).filter(takes_part).map(|held| held.occurrence.room.clone()).next_back()
    }

    /// The name of who calls from a number, if they take part in what is held in a room.
    pub(super) fn name_of_caller(&self, now: Moment, room: &BStr, number: &BStr, username: &BStr) -> String {
        let held = self.held_in(now, room);
        let participants = held.map(|held| held.participants.as_slice()).unwrap_or_default();
        let who = participants.iter().find(|participant| is_named(&participant.who, number, username));
        who.map(|participant| participant.who.name.clone()).unwrap_or_default()
    }
}

fn is_named(who: &NewParticipant, caller: &BStr, username: &BStr) -> bool {
    let is = |name: &str, told: &BStr| !told.is_empty() && name.as_bytes() == told.as_bytes();
    is(&who.number, caller) || who.username.as_ref().is_some_and(|name| is(name, username))
}

/// Whether a call is theirs, by them or to them: after a restart it is not known which of the two it was.
pub(super) fn is_of(who: &NewParticipant, facts: &Facts) -> bool {
    let username = facts.username();
    is_named(who, facts.number(), username) || is_named(who, facts.called(), username)
}
