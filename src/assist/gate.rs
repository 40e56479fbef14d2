//! The way into rooms: calls that the engine routes, or is about to connect, and asks us about first.
//!
//! What is answered follows from what is known, so it is known at once. A call that is to come into a room under control
//! gets the room's parameters, whoever sends it there; one that may not is sent elsewhere by the same answer. Where a PIN
//! or a room's number is missing the caller hears silence, is asked, and keys.

use bstr::{BStr, BString};

use super::admission::{Admission, Comer};
use super::calls::{Facts, is_leg};
use super::entry::{Entry, Wanted};
use super::outcome::Cause;
use super::watch::{room_name, text};
use super::{Assist, NOTIFY_ID};
use crate::config::EngineParams;
use crate::keypad::Order;
use crate::moment::Moment;
use crate::sounds::{self, Phrase, Word};
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
        if id.is_empty() || is_leg(&id) {
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
                self.expect_entry(&id, params, Entry::new(Wanted::Room, true));
                self.change(message, [ANSWER]);
            }
            None => self.outbox.answer(&message.id, false),
        }
    }

    fn coming(&mut self, now: Moment, message: &Message<'_>, id: &BString, room: &BString) {
        let params = &message.params;
        let told = params.get("touchtone_role");
        let told = told
            .and_then(|role| self.config.roles.iter().position(|known| known.as_bytes() == role.as_ref()));
        let comer = Comer {
            channel: id.as_ref(),
            caller: &text(params, "caller"),
            username: &text(params, "username"),
            told_role: told,
            invited: false,
            in_company: false,
        };
        match self.admission(now, room.as_ref(), &comer) {
            Admission::Enter(engine) => {
                let notify = params.get("notify").is_some_and(|notify| !notify.is_empty());
                self.change(message, engine.iter().filter(|(name, _)| !(notify && *name == "notify")));
            }
            Admission::Refuse(cause) => self.refuse(message, room, cause),
            Admission::AskPin => {
                self.expect_entry(id, params, Entry::new(Wanted::Pin { room: room.clone() }, true));
                self.change(message, [("callto", SILENCE), ANSWER]);
            }
            Admission::Wait(resource) => {
                self.expect_entry(id, params, Entry::new(Wanted::Organizer { room: room.clone() }, true));
                self.change(message, [("callto", resource.as_str()), ("autorepeat", "true"), ANSWER]);
            }
        }
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
        let comer = Comer {
            channel: id.as_ref(),
            caller: &facts.caller,
            username: &facts.username,
            told_role: None,
            invited: false,
            in_company: self.is_in_company(&id),
        };
        match self.admission(now, room.as_ref(), &comer) {
            Admission::Enter(engine) => {
                let notify = params.get("notify").is_some_and(|notify| !notify.is_empty());
                self.change(message, engine.iter().filter(|(name, _)| !(notify && *name == "notify")));
            }
            Admission::Refuse(cause) => {
                self.change(message, [("room", "refused"), ("reason", reason_of(cause))]);
            }
            Admission::AskPin => self.change(message, [("room", "refused"), ("reason", "pin")]),
            Admission::Wait(_) => self.change(message, [("room", "refused"), ("reason", "waiting")]),
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
    fn expect_entry(&mut self, id: &BString, params: &Params<'_>, entry: Entry) {
        self.learn(id.as_ref(), params, Order::from_start);
        if let Some(call) = self.calls.by_id_mut(id.as_ref()) {
            call.entry = Some(entry);
        }
    }

    /// A file that says a phrase, as where a call goes to be ended by it; `None` where there are no words.
    pub(super) fn last_words(&self, room: &BString, phrase: Phrase) -> Option<String> {
        self.config.sounds.dir.as_ref()?;
        let language = self.config.room(room).and_then(|rules| rules.language.as_deref());
        let sounds = sounds::resources(&self.config.sounds, language, &[Word::Phrase(phrase)]);
        sounds.into_iter().next().map(|sound| sound.resource)
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
        _ => "not allowed",
    }
}

/// Why somebody is not let in, as the engine names it; by that it chooses the answer, as 486 of SIP.
fn error_of(cause: Cause) -> &'static str {
    match cause {
        Cause::Locked => "busy",
        Cause::Full => "congestion",
        Cause::NobodyThere => "noroute",
        _ => "forbidden",
    }
}

impl Facts {
    /// Whom a participant is known by: the number that was called, for one who was called in.
    pub(super) fn number(&self) -> &BStr {
        if self.outgoing { self.called.as_ref() } else { self.caller.as_ref() }
    }
}
