//! Who is who, and what may be, by what was seen: plain sets, and nothing of the module's own.

mod doors;
mod rest;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::act::Deed;
use super::house::{House, NUMBERS, OF_ORGANIZERS, PINS, ROOMS, SCHEDULED};
use super::record::{Event, Noted, Rest};
use super::{Broken, Promise};
use crate::control::protocol::{Answer, Command, Outcome, Switch};

/// How long before it is seen that somebody comes in it may have been settled that they may.
const GRACE: Duration = Duration::from_secs(1);

/// Somebody with a telephone.
#[derive(Debug, Default)]
struct Person {
    number: String,
    /// The role that routing gave, and the room that it sent them to.
    told: Option<(&'static str, String)>,
    /// The rooms whose PINs they keyed, and whether as organizers.
    proofs: BTreeSet<(String, bool)>,
    /// The last of these, if it is known which.
    proven: Option<(String, bool)>,
    /// Whether it is not known.
    doubtful: bool,
    /// Who is or was in a call with them: both come into a room where one takes the other.
    partners: BTreeSet<String>,
    outgoing: bool,
}

/// A room.
#[derive(Debug, Default)]
struct Room {
    /// Whether it is locked; `None` if it cannot be known.
    locked: Option<bool>,
    since: Duration,
    /// Who is there, by leg.
    inside: BTreeMap<String, String>,
    /// When somebody was last seen there, and an organizer.
    occupied: Option<Duration>,
    organized: Option<Duration>,
    /// The numbers of those who are there, by leg, and all that were given.
    numbers: BTreeMap<String, u32>,
    given: BTreeSet<u32>,
    recording: bool,
    /// Since the last rest: whether somebody who may has had it recorded or not, thrown somebody out, ended it.
    record_wanted: bool,
    kick_wanted: bool,
    end_wanted: bool,
}

/// A code that fired, and where.
#[derive(Debug)]
struct Fired {
    rooms: Vec<String>,
    pin: Option<String>,
}

/// What is known.
struct Model<'h> {
    house: &'h House,
    now: Duration,
    people: BTreeMap<String, Person>,
    rooms: BTreeMap<String, Room>,
    /// Who was called into which room, and whether as an organizer.
    invited: BTreeSet<(String, String, bool)>,
    commands: BTreeMap<u64, Command>,
    fired: BTreeMap<(String, String), VecDeque<Fired>>,
    /// Participations that were written down, and whether their ends were.
    attendance: BTreeMap<String, bool>,
    /// Legs that people were on: in which room, and whether they are.
    legs: BTreeMap<String, (String, bool)>,
    broken: Vec<Broken>,
    /// Whether something that the engine said was lost, or the connection, so that nobody stood at the door.
    lossy: bool,
    /// Whether something was not written down.
    unwritten: bool,
}

/// Every promise that a record shows to be broken, in that order.
#[must_use]
pub fn broken(house: &House, record: &[Noted]) -> Vec<Broken> {
    let mut model = Model {
        house,
        now: Duration::ZERO,
        people: BTreeMap::new(),
        rooms: BTreeMap::new(),
        invited: BTreeSet::new(),
        commands: BTreeMap::new(),
        fired: BTreeMap::new(),
        attendance: BTreeMap::new(),
        legs: BTreeMap::new(),
        broken: Vec::new(),
        lossy: false,
        unwritten: false,
    };
    if house.stores {
        model.invited.insert((SCHEDULED.to_owned(), NUMBERS[4].to_owned(), false));
    }
    for Noted { at, event } in record {
        model.now = *at;
        model.see(event);
    }
    model.broken
}

impl Model<'_> {
    fn broke(&mut self, promise: Promise, what: impl Into<String>) {
        if !self.is_excused(promise) {
            self.broken.push(Broken { promise, at: self.now, what: what.into() });
        }
    }

    /// Whether nobody can keep a promise after what went wrong: who comes while there is no connection is let in by the
    /// engine, and what it says to nobody of a caller is not known.
    fn is_excused(&self, promise: Promise) -> bool {
        let at_the_door = [Promise::Locked, Promise::Full, Promise::Waits, Promise::Pins, Promise::Opens];
        match promise {
            Promise::Attendance => self.lossy || self.unwritten,
            Promise::Numbers | Promise::Roles => self.lossy,
            promise => self.lossy && at_the_door.contains(&promise),
        }
    }

    fn room(&mut self, name: &str) -> &mut Room {
        self.rooms.entry(name.to_owned()).or_insert_with(|| Room { locked: Some(false), ..Room::default() })
    }

    fn see(&mut self, event: &Event) {
        match event {
            Event::Deed(Deed::Amiss(_) | Deed::Lost(_)) => self.lossy = true,
            Event::Deed(Deed::Disk { full: true }) => self.unwritten = true,
            Event::Deed(_) => {}
            Event::Appeared { channel, caller, called, outgoing } => {
                self.appeared(channel, caller, called, *outgoing);
            }
            Event::Talks(one, other) => {
                for (one, other) in [(one, other), (other, one)] {
                    self.people.entry(one.clone()).or_default().partners.insert(other.clone());
                }
            }
            Event::Entered { room, leg, channel } => self.entered(room, leg, channel),
            Event::Gone { room, leg } => self.gone(room, leg),
            Event::Destroyed(room) => self.destroyed(room),
            Event::Fired { channel, code, captures, rooms } => self.fires(channel, code, captures, rooms),
            Event::Ended { channel, code, outcome } => self.ended(channel, code, outcome),
            Event::Commanded { number, command } => self.commanded(*number, command),
            Event::Answered { number, outcome } => self.answered(*number, outcome),
            Event::Joined(attendance) => {
                let leg = attendance.key.leg.clone();
                if self.attendance.insert(leg.clone(), false).is_some() {
                    self.broke(Promise::Attendance, format!("the participation on {leg} began twice"));
                }
            }
            Event::Left { key, reason, there } => self.left(&key.leg, reason, *there),
            Event::Rest(rest) => self.at_rest(rest),
            Event::End(rest) => self.at_end(rest),
        }
    }

    fn appeared(&mut self, channel: &str, caller: &str, called: &str, outgoing: bool) {
        let person = self.people.entry(channel.to_owned()).or_default();
        person.outgoing = outgoing;
        if !outgoing {
            person.number = caller.to_owned();
            person.told = House::role_of(called);
            return;
        }
        person.number = called.to_owned();
        let calls = self.invited.iter().filter(|(_, number, _)| number == called);
        let calls: Vec<_> = calls.map(|(room, _, organizer)| (room.clone(), *organizer)).collect();
        person.doubtful = calls.len() > 1;
        person.proven = calls.first().cloned();
        person.proofs.extend(calls);
    }

    /// Whether somebody is an organizer in a room.
    fn is_organizer(&self, channel: &str, room: &str) -> bool {
        let Some(person) = self.people.get(channel) else { return false };
        let told =
            person.told.as_ref().is_some_and(|(role, told_for)| *role == "organizer" && told_for == room);
        told || self.has_organizers_rights(person, room)
    }

    fn has_organizers_rights(&self, person: &Person, room: &str) -> bool {
        let proven = person.proofs.contains(&(room.to_owned(), true));
        proven || self.house.identity(room, &person.number) == Some(true)
    }

    /// The role that somebody has in a room, if that is certain.
    fn role(&self, channel: &str, room: &str) -> Option<&'static str> {
        let person = self.people.get(channel)?;
        let by_identity = self.house.identity(room, &person.number) == Some(true);
        let by_proof = person.proven == Some((room.to_owned(), true));
        let told = match &person.told {
            Some((role, told_for)) if *role != "organizer" || told_for == room => role,
            _ => "",
        };
        match by_identity || by_proof {
            true if by_identity || !person.doubtful => Some("organizer"),
            false if !person.doubtful => Some(told),
            _ => None,
        }
    }

    fn fires(&mut self, channel: &str, code: &str, captures: &[(String, String)], rooms: &[String]) {
        let anywhere = ROOMS.map(str::to_owned);
        let places: &[String] = if rooms.is_empty() { &anywhere } else { rooms };
        if OF_ORGANIZERS.contains(&code) && !places.iter().any(|room| self.is_organizer(channel, room)) {
            self.broke(Promise::Roles, format!("{channel} is no organizer in {rooms:?}, and {code} fired"));
        }
        let capture =
            |wanted: &str| captures.iter().find(|(name, _)| name == wanted).map(|(_, keys)| keys.clone());
        for name in rooms {
            let number = capture("number");
            let room = self.room(name);
            room.record_wanted |= code == "record";
            room.kick_wanted |= code.starts_with("kick");
            room.end_wanted |= code == "end";
            if let Some(number) = number {
                self.invited.insert((name.clone(), number, false));
            }
        }
        let fired = Fired { rooms: rooms.to_vec(), pin: capture("pin") };
        self.fired.entry((channel.to_owned(), code.to_owned())).or_default().push_back(fired);
    }

    fn ended(&mut self, channel: &str, code: &str, outcome: &Result<String, String>) {
        let key = (channel.to_owned(), code.to_owned());
        // One that is keyed while another is looked at is refused at once; the others end in their order.
        let refused = outcome.as_ref().is_err_and(|reason| reason.contains("is being looked at"));
        let next = if refused { VecDeque::pop_back } else { VecDeque::pop_front };
        let Some(fired) = self.fired.get_mut(&key).and_then(next) else {
            return self.broke(Promise::Ends, format!("{code} of {channel} ended, and had not fired"));
        };
        match (code, outcome) {
            ("lock", Ok(now)) => match fired.rooms.as_slice() {
                [room] => self.lock_told(room, Switch::Toggle, now),
                rooms => rooms.iter().for_each(|room| self.room(room).locked = None),
            },
            ("pin" | "claim", Ok(_)) => self.proves(channel, fired.pin.as_deref().unwrap_or_default()),
            _ => {}
        }
    }

    /// A PIN was taken for one of a room.
    fn proves(&mut self, channel: &str, digits: &str) {
        let Some(pin) = PINS.iter().find(|pin| pin.digits == digits) else {
            return self
                .broke(Promise::Pins, format!("{digits} of {channel} is no PIN, and was taken for one"));
        };
        let person = self.people.entry(channel.to_owned()).or_default();
        let proof = (pin.room.to_owned(), pin.organizer);
        person.proofs.insert(proof.clone());
        (person.proven, person.doubtful) = (Some(proof), false);
    }

    /// It was told that a room is locked now, or is not.
    fn lock_told(&mut self, name: &str, switch: Switch, told: &str) {
        let (now, at) = (told == "locked", self.now);
        let room = self.room(name);
        let (before, together) = (room.locked, room.since == at && at > Duration::ZERO);
        // Of two that were told at once nobody knows which was first.
        room.locked = (!together || before == Some(now)).then_some(now);
        room.since = at;
        let wrong = match switch {
            Switch::Toggle => before == Some(now) && !together,
            Switch::On => !now,
            Switch::Off => now,
        };
        if wrong {
            self.broke(
                Promise::Shown,
                format!("{name}: {switch:?} came to {told}, and locked was {before:?}"),
            );
        }
    }

    fn commanded(&mut self, number: u64, command: &Command) {
        match command {
            Command::Invite { room, number, organizer } => {
                self.invited.insert((room.clone(), number.clone(), *organizer));
            }
            Command::Record { room, .. } => self.room(room).record_wanted = true,
            Command::Kick { room, .. } => self.room(room).kick_wanted = true,
            Command::End { room } => self.room(room).end_wanted = true,
            _ => {}
        }
        self.commands.insert(number, command.clone());
    }

    fn answered(&mut self, number: u64, outcome: &Outcome) {
        match (self.commands.remove(&number), outcome) {
            (None, _) => {
                self.broke(Promise::Ends, format!("command {number} was answered, and nobody waits"));
            }
            (Some(Command::Lock { room, to }), Outcome::Ok(Answer::Done(now))) => {
                self.lock_told(&room, to, now);
            }
            _ => {}
        }
    }

    fn destroyed(&mut self, name: &str) {
        let at = self.now;
        let room = self.room(name);
        room.locked = if room.inside.is_empty() { Some(false) } else { None };
        room.since = at;
        room.recording = false;
        room.given.clear();
        room.numbers.clear();
    }
}
