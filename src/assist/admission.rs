//! Who is let into which room, and by which rules of the engine's: the same whichever way they come.

use bstr::BStr;

use super::Assist;
use super::facts::Facts;
use super::outcome::Cause;
use crate::config::{self, EngineParams, RoomRules};
use crate::moment::Moment;
use crate::store::PinHash;

/// What becomes of who wants to come into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    /// In, and this is what the engine is told.
    Enter(EngineParams),
    /// Not in.
    Refuse(Cause),
    /// Not before a PIN was keyed.
    AskPin,
    /// Not before an organizer is there; meanwhile they hear this.
    Wait(String),
}

/// Who wants to come into a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comer<'c> {
    pub(super) channel: &'c BStr,
    pub(super) number: &'c BStr,
    pub(super) username: &'c BStr,
    /// The role that routing gives with the very message that sends them there.
    pub(super) told_role: Option<usize>,
    /// Whether they were called in, and so asked for.
    pub(super) invited: bool,
    /// Whether who is in a call with them comes too.
    pub(super) in_company: bool,
}

impl<'c> Comer<'c> {
    /// Who is on a channel of which that is known.
    pub(super) fn of(channel: &'c BStr, facts: &'c Facts) -> Self {
        // Who was called is not who calls.
        let username = if facts.outgoing { BStr::new("") } else { facts.username() };
        Comer {
            channel,
            number: facts.number(),
            username,
            told_role: None,
            invited: false,
            in_company: false,
        }
    }
}

impl Assist {
    /// Whether somebody is let into a room, by its name without the prefix.
    pub(super) fn admission(&self, now: Moment, room: &BStr, comer: &Comer<'_>) -> Admission {
        let call = self.calls.by_id(comer.channel);
        let identity = self.identity_in(now, room, comer.number, comer.username);
        let role = comer.told_role.or_else(|| self.role_in(now, room, call?));
        let organizer = identity == Some(true) || role.is_some() && role == self.organizer;
        if self.rooms.is_locked(room) && !organizer && !comer.invited {
            return Admission::Refuse(Cause::Locked);
        }
        let proven =
            call.and_then(|call| call.rare.proven.as_ref()).is_some_and(|(proven, _)| proven == room);
        let settled = comer.invited || identity.is_some() || organizer || comer.told_role.is_some() || proven;
        if !settled && self.asks_for_pin(now, room) {
            return Admission::AskPin;
        }
        let there = self.rooms.get(room).filter(|_| self.rooms.is_open(room));
        let Some(rules) = self.config.room(room) else {
            return Admission::Enter(EngineParams::new());
        };
        // What is not known could not be kept under control.
        if self.rooms.has_no_place_for(room) {
            return Admission::Refuse(Cause::Busy);
        }
        let seats = there.map_or(0, |room| room.seats.len());
        let admission = if organizer { &rules.organizer } else { &rules.participant };
        let waits = || rules.waiting.clone().filter(|_| !comer.invited);
        if !organizer
            && !there.is_some_and(|room| room.seats.has_organizer())
            && let Some(resource) = waits()
        {
            return Admission::Wait(resource);
        }
        if !admission.may_open && there.is_none() && !comer.invited {
            return Admission::Refuse(Cause::NobodyThere);
        }
        let coming = if comer.in_company { 2 } else { 1 };
        if rules.max_users.is_some_and(|most| seats + coming > most as usize) {
            return Admission::Refuse(Cause::Full);
        }
        Admission::Enter(engine_params(rules, admission, comer.invited))
    }

    /// Whether a room is closed to who is unknown and has no PIN.
    fn asks_for_pin(&self, now: Moment, room: &BStr) -> bool {
        let of_rules = self.config.room(room).is_some_and(|rules| rules.participant.pin.is_some());
        of_rules || self.held_in(now, room).is_some_and(|held| held.pin.is_some())
    }

    /// The PINs that let somebody into a room, those of organizers first, and how many of these there are.
    pub(super) fn pins_of(&self, now: Moment, room: &BStr) -> (Vec<PinHash>, usize) {
        let (rules, held) = (self.config.room(room), self.held_in(now, room));
        let organizers = rules.and_then(|rules| rules.organizer.pin.clone()).into_iter();
        let mut pins: Vec<PinHash> =
            organizers.chain(held.and_then(|held| held.organizer_pin.clone())).collect();
        let organizers = pins.len();
        pins.extend(rules.and_then(|rules| rules.participant.pin.clone()));
        pins.extend(held.and_then(|held| held.pin.clone()));
        (pins, organizers)
    }
}

/// What the engine is told of a room under control, and of a leg in it.
fn engine_params(rules: &RoomRules, admission: &config::Admission, invited: bool) -> EngineParams {
    let mut params = rules.params.clone();
    params.extend(admission.params.clone());
    if !admission.may_open && !invited {
        params.insert("existing".to_owned(), "true".to_owned());
    }
    Assist::with_notify(params)
}
