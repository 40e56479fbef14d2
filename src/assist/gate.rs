//! The way into rooms: calls that the engine routes, or is about to connect, and asks us about first.
//!
//! What is answered follows from what is known, so it is known at once. A call that is to come into a room under control
//! gets the room's parameters, whoever sends it there; one that may not is sent elsewhere by the same answer. Where a PIN
//! or a room's number is missing the caller hears silence, is asked, and keys.

use bstr::BString;

use super::admission::{Admission, Comer};
use super::calls::is_leg;
use super::entry::{Entry, Wanted};
use super::limits::Limit;
use super::outcome::Cause;
use super::watch::{FORK_PREFIX, room_name, text};
use super::{Assist, NOTIFY_ID};
use crate::config::EngineParams;
use crate::moment::Moment;
use crate::wire::{Answer, Message, Params};

/// What a caller hears who is asked for something, before it is said.
pub(super) const SILENCE: &str = "tone/silence";

/// The parameter by which a route tells that the caller is to be asked for a room.
const ASKED: &str = "touchtone_entry";

/// Whoever answers a call by a tone or a file answers it.
const ANSWER: (&str, &str) = ("autoanswer", "true");

impl Assist {
    /// `call.route`: a number that is one of ours goes to its room.
    pub(super) fn route(&mut self, now: Moment, message: &Message<'_>) {
        let params = &message.params;
        let (called, caller, username) =
            (text(params, "called"), text(params, "caller"), text(params, "username"));
        let config = self.config.clone();
        let Some((route, captures)) = config.routes.find(&called) else {
            return self.outbox.answer(&message.id, false);
        };
        let mut answer = Params::new();
        let target = match &route.room {
            Some(room) => room.render(|name| match captures.iter().rfind(|(known, _)| known == name) {
                Some((_, keys)) => Some(keys.symbols().into_bytes().into()),
                None if name == "caller" => Some(caller.as_slice().into()),
                None if name == "called" => Some(called.as_slice().into()),
                None => None,
            }),
            None => match self.conference_of(now, caller.as_ref(), username.as_ref()) {
                Some(room) => super::rooms::prefixed(room.as_bytes()),
                None => {
                    answer.push(ASKED, "room");
                    SILENCE.into()
                }
            },
        };
        for (name, value) in &route.params {
            answer.push(name, value);
        }
        if let Some(role) = route.role {
            answer.push("touchtone_role", &config.roles[role]);
        }
        self.outbox.answer_with(&Answer {
            id: message.id.clone(),
            processed: true,
            name: b"".into(),
            retvalue: target.into(),
            params: answer,
        });
    }

    /// `call.execute`: who is about to come into a room, or to be asked for one.
    pub(super) fn executing(&mut self, now: Moment, message: &Message<'_>) {
        let params = &message.params;
        let (id, callto) = (text(params, "id"), text(params, "callto"));
        if id.is_empty() || is_leg(&id) || id.starts_with(FORK_PREFIX) {
            return self.outbox.answer(&message.id, false);
        }
        let room = callto.strip_prefix(super::calls::LEG_PREFIX).filter(|room| !room.is_empty());
        match room.map(BString::from) {
            Some(_) if params.is_true("utility") => {
                self.rooms.is_utility(id.as_ref());
                self.outbox.answer(&message.id, false);
            }
            Some(room) => self.coming(now, message, &id, &room),
            None if params.get(ASKED).is_some_and(|asked| !asked.is_empty()) => {
                let at = self.call_told(now, &id, params);
                self.put_aside(now, at, Wanted::Room);
                self.change(message, [ANSWER]);
            }
            None => self.outbox.answer(&message.id, false),
        }
    }

    fn coming(&mut self, now: Moment, message: &Message<'_>, id: &BString, room: &BString) {
        let at = self.call_told(now, id, &message.params);
        let facts = at.and_then(|at| self.calls.get(at)).map(|call| call.facts.clone()).unwrap_or_default();
        let comer = Comer { told_role: self.role_told(&message.params), ..Comer::of(id.as_ref(), &facts) };
        match self.admission(now, room.as_ref(), &comer) {
            Admission::Enter(engine) => self.let_in(message, &engine),
            Admission::Refuse(cause) => {
                self.count_no_place(now, cause);
                self.refuse(message, room, cause);
            }
            // There are too many to know them all, or it is over already.
            Admission::AskPin | Admission::Wait(_) if at.is_none() => {
                self.refuse(message, room, Cause::NotAllowed);
            }
            Admission::AskPin => {
                self.put_aside(now, at, Wanted::Pin { room: room.clone() });
                self.change(message, [("callto", SILENCE), ANSWER]);
            }
            Admission::Wait(resource) => {
                self.put_aside(now, at, Wanted::Organizer { room: room.clone() });
                self.change(message, [("callto", resource.as_str()), ("autorepeat", "true"), ANSWER]);
            }
        }
    }

    /// Lets a message go on with the parameters of its room. Whom else the room tells of what happens it goes on telling.
    fn let_in(&mut self, message: &Message<'_>, engine: &EngineParams) {
        let notified = message.params.get("notify").is_some_and(|notify| !notify.is_empty());
        self.change(message, engine.iter().filter(|(name, _)| !(notified && *name == "notify")));
    }

    /// A caller who is in no call yet hears why, where there are words for it; else the engine refuses the call. One who
    /// is in a call stays where they are.
    fn refuse(&mut self, message: &Message<'_>, room: &BString, cause: Cause) {
        let words = self.last_words(room, cause.phrase()).filter(|_| !message.params.is_true("answered"));
        match words {
            Some(resource) => {
                self.change(message, [("callto", resource.as_str()), ("reason", reason_of(cause)), ANSWER]);
            }
            None => {
                let changes = [("callto", ""), ("error", error_of(cause)), ("reason", reason_of(cause))];
                self.change(message, changes);
            }
        }
    }

    /// `call.conference`, by whoever else sends it: the same rules. Where its room is no room the engine does nothing.
    pub(super) fn conferencing(&mut self, now: Moment, message: &Message<'_>) {
        let params = &message.params;
        let (id, named) = (text(params, "id"), text(params, "room"));
        let room = room_name(named.as_ref()).to_owned();
        if id.is_empty() || is_leg(&id) || room.is_empty() || params.is_true("utility") {
            return self.outbox.answer(&message.id, false);
        }
        let facts = self.calls.by_id(id.as_ref()).map(|call| call.facts.clone()).unwrap_or_default();
        let comer = Comer { in_company: self.is_in_company(&id), ..Comer::of(id.as_ref(), &facts) };
        match self.admission(now, room.as_ref(), &comer) {
            Admission::Enter(engine) => self.let_in(message, &engine),
            Admission::Refuse(cause) => {
                self.count_no_place(now, cause);
                self.change(message, [("room", "refused"), ("reason", reason_of(cause))]);
            }
            Admission::AskPin => self.change(message, [("room", "refused"), ("reason", "pin")]),
            Admission::Wait(_) => self.change(message, [("room", "refused"), ("reason", "waiting")]),
        }
    }

    /// Somebody is not let in because too many rooms are known.
    fn count_no_place(&mut self, now: Moment, cause: Cause) {
        if cause == Cause::Busy {
            self.limit_reached(now, Limit::Rooms, 1);
        }
    }

    /// Lets a message go on with these parameters changed.
    fn change<'p, N: AsRef<str> + 'p, V: AsRef<str> + 'p>(
        &mut self,
        message: &Message<'_>,
        changes: impl IntoIterator<Item = (N, V)>,
    ) {
        let mut params = Params::new();
        for (name, value) in changes {
            params.push(name.as_ref(), value.as_ref());
        }
        let id = message.id.clone();
        self.outbox.answer_with(&Answer {
            id,
            processed: false,
            name: b"".into(),
            retvalue: b"".into(),
            params,
        });
    }

    /// The caller on a channel is to prove something, or to wait, when the engine has connected them.
    fn put_aside(&mut self, now: Moment, at: Option<usize>, wanted: Wanted) {
        let before = at
            .and_then(|at| self.calls.get_mut(at))
            .and_then(|call| call.rare.entry.replace(Entry::parked(wanted)));
        if let Some(id) = at.and_then(|at| self.calls.get(at)).map(|call| call.id.clone()) {
            self.keep_channel(&id);
        }
        self.entry_over(now, before, "the call was sent elsewhere");
    }

    /// What a room under control is told that we send somebody to.
    pub(super) fn with_notify(mut engine: EngineParams) -> EngineParams {
        engine.entry("notify".to_owned()).or_insert_with(|| NOTIFY_ID.to_owned());
        engine
    }
}

/// Why somebody is not let in, in words that reach their telephone.
fn reason_of(cause: Cause) -> &'static str {
    match cause {
        Cause::Locked => "locked",
        Cause::Full => "full",
        Cause::NobodyThere => "not open",
        Cause::Busy => "too many rooms",
        _ => "not allowed",
    }
}

/// Why somebody is not let in, as the engine names it; by that it chooses the answer, as 486 of SIP.
fn error_of(cause: Cause) -> &'static str {
    match cause {
        Cause::Locked => "busy",
        Cause::Full | Cause::Busy => "congestion",
        Cause::NobodyThere => "noroute",
        _ => "forbidden",
    }
}
