//! Commands by the control socket: the same operations as keys, and a look at what is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bstr::{BStr, BString};

use super::Assist;
use super::flight::{Flight, Purpose};
use super::job::{Asker, Job};
use super::outcome::{Cause, Failure, Outcome};
use super::room::{Recording, Room};
use super::rooms;
use super::{Report, session::Phase};
use crate::config::{self, Operation, ROLE_ORGANIZER};
use crate::control::protocol::{self, Answer, Command, Refusal, Who};
use crate::moment::Moment;
use crate::template::Template;

/// How long an announcement or a number may be, in bytes.
const LONGEST: usize = 1024;

/// How many rooms and participants are shown at once: of more, each would have less than a hundred bytes of the line
/// that an answer is.
const MOST_SHOWN: usize = protocol::MAX_LINE / 100;

impl Assist {
    /// Somebody wants something.
    pub(super) fn command(&mut self, now: Moment, number: u64, command: Command) {
        let outcome = match command {
            Command::Status => Ok(Answer::Status(Box::new(self.status_told(now)))),
            Command::Rooms { room } => {
                self.ask_what_is_shown(now);
                self.rooms_told(now, room.as_deref())
            }
            Command::Schedule { manage } => return self.manage(now, number, manage),
            // Whoever has the file reads it, and the brain is given what stands in it.
            Command::Reload => Err(Cause::Other.because("there is no file here to read again")),
            _ if self.phase != Phase::Ready => {
                Err(Cause::Engine.because("there is no engine to do it: touchtone is not connected"))
            }
            command => match self.job_of(number, command) {
                Ok(job) => return self.enqueue(now, job),
                Err(failure) => Err(failure),
            },
        };
        self.outbox.answer_command(number, told(outcome));
    }

    /// Whoever looks wants to know of everybody whether they are muted: what was not told is asked, and is shown at the
    /// next look.
    fn ask_what_is_shown(&mut self, now: Moment) {
        if self.phase != Phase::Ready {
            return;
        }
        let asked = |flight: &Flight| match &flight.purpose {
            Purpose::AskLeg { leg, .. } => Some(leg.clone()),
            _ => None,
        };
        let asked: HashSet<BString> = self.flights.values().filter_map(asked).collect();
        for leg in self.rooms.untold().into_iter().filter(|leg| !asked.contains(leg)) {
            self.ask_aside(now, leg.as_ref(), 1);
        }
    }

    /// A command that was an operation is over.
    pub(super) fn conclude_command(&mut self, number: u64, operation: &'static str, outcome: Outcome) {
        self.outbox.report(Report::Commanded {
            operation,
            outcome: match &outcome {
                Ok(done) => Ok(done.now.to_string()),
                Err(failure) => Err(failure.reason.to_string()),
            },
        });
        self.outbox.answer_command(number, told(outcome.map(|done| Answer::Done(done.now.into_owned()))));
    }

    /// What a command that changes something comes to.
    fn job_of(&self, number: u64, command: Command) -> Result<Job, Failure> {
        let (room, operation, channel) = match command {
            Command::Mute { room, who: Who::All, to } => {
                (room, Operation::MuteOthers { on: both_ways(to)? }, None)
            }
            Command::Mute { room, who, to } => {
                let seat = self.seat_of(&room, &who)?;
                (room, Operation::Mute(switch(to)), Some(seat.1))
            }
            Command::Kick { who: Who::All, .. } => {
                return Err(Cause::Other.because("to throw out everybody, end the room"));
            }
            Command::Kick { room, who: Who::Last } => (room, Operation::Kick { seat: None }, None),
            Command::Kick { room, who } => {
                let seat = Template::literal(&self.seat_of(&room, &who)?.0.to_string());
                (room, Operation::Kick { seat: Some(seat) }, None)
            }
            Command::Lock { room, to } => (room, Operation::Lock(switch(to)), None),
            Command::Record { room, to } => (room, Operation::Record(switch(to)), None),
            Command::Announce { room, sound, who } => {
                let operation = Operation::Announce { sound: Template::literal(&resource(&sound)?) };
                let one = who.filter(|who| *who != Who::All);
                let seat = one.map(|who| self.seat_of(&room, &who)).transpose()?;
                (room, operation, seat.map(|seat| seat.1))
            }
            Command::Invite { room, number, organizer } => {
                if organizer && self.organizer.is_none() {
                    return Err(
                        Cause::Other.because("no code and no section of the configuration names organizers")
                    );
                }
                let role = organizer.then(|| ROLE_ORGANIZER.to_owned());
                (room, Operation::Invite { number: Template::literal(&number), role }, None)
            }
            Command::End { room } => (room, Operation::End, None),
            Command::Extend { room, minutes } => {
                let by = std::time::Duration::from_secs(u64::from(minutes) * 60);
                (room, Operation::Extend { by }, None)
            }
            Command::Status | Command::Rooms { .. } | Command::Schedule { .. } | Command::Reload => {
                return Err(Cause::Other.because("that changes nothing"));
            }
        };
        let asker = Asker::Command { number, operation: Arc::new(operation) };
        Ok(Job::new(asker, channel.unwrap_or_default()).about(named(&room)?))
    }

    /// The seat and the channel of somebody in a room.
    fn seat_of(&self, room: &str, who: &Who) -> Result<(u32, BString), Failure> {
        let name = named(room)?;
        let room = self.rooms.get(name.as_ref()).filter(|room| !room.seats.is_empty());
        let seats =
            &room.ok_or_else(|| Cause::NobodyThere.because(format!("there is no room {name}")))?.seats;
        let found = match who {
            Who::Seat(number) => seats.get(*number).map(|seat| (*number, seat)),
            Who::Channel(id) => seats.of(BStr::new(id)).and_then(|number| Some((number, seats.get(number)?))),
            Who::Last => seats.iter().max_by_key(|(_, seat)| (seat.leg.len(), seat.leg.clone())),
            Who::All => None,
        };
        let nobody = || {
            let who = match who {
                Who::Seat(number) => format!("on seat {number}"),
                Who::Channel(id) => format!("on {id:?}"),
                Who::Last | Who::All => String::new(),
            };
            Cause::NobodyThere.because(format!("nobody is {who} of {name}"))
        };
        found.map(|(number, seat)| (number, seat.channel.clone())).ok_or_else(nobody)
    }

    fn rooms_told(&self, now: Moment, only: Option<&str>) -> Result<Answer, Failure> {
        let only = only.map(named).transpose()?;
        let waiting = self.waited_for();
        let closed = Room::default();
        // Who waits for an organizer waits for a room that is not open yet.
        let unopened = waiting.keys().map(|name| (name, &closed));
        let open = self.rooms.iter().filter(|(_, room)| !room.legs.is_empty());
        let wanted: BTreeMap<&BString, &Room> =
            unopened.chain(open).filter(|(name, _)| only.as_ref().is_none_or(|only| only == *name)).collect();
        if let (Some(name), true) = (only, wanted.is_empty()) {
            return Err(Cause::NobodyThere.because(format!("there is no room {name}")));
        }
        // What would fit on no line is not even looked for: nobody is to wait for that.
        let seats: usize = wanted.values().map(|room| room.seats.len()).sum();
        if seats + wanted.len() > MOST_SHOWN {
            let reason =
                format!("{seats} in {} rooms are more than an answer has; ask for one room", wanted.len());
            return Err(Cause::Other.because(reason));
        }
        let told = |(name, room): (&BString, &Room)| {
            let waiting = waiting.get(name).copied().unwrap_or_default();
            self.room_told(now, name, room, waiting)
        };
        Ok(Answer::Rooms(wanted.into_iter().map(told).collect()))
    }

    fn room_told(&self, now: Moment, name: &BString, room: &Room, waiting: usize) -> protocol::Room {
        let held = self.held_in(now, name.as_ref());
        protocol::Room {
            name: name.to_string(),
            since: room.since,
            locked: room.locked,
            recording: *room.recording() != Recording::Off,
            max_users: self.config.room(name).and_then(|rules| rules.max_users),
            conference: held.map(|held| protocol::Held {
                id: held.key.conference,
                title: held.title.clone(),
                ends: held.ends,
            }),
            seats: room
                .seats
                .iter()
                .map(|(number, seat)| self.seat_told(now, name, room, number, seat))
                .collect(),
            waiting,
        }
    }

    fn seat_told(
        &self,
        now: Moment,
        name: &BString,
        room: &Room,
        number: u32,
        seat: &super::seats::Seat,
    ) -> protocol::Seat {
        let call = self.calls.by_id(seat.channel.as_ref());
        let facts = call.map(|call| call.facts.clone()).unwrap_or_default();
        let role = call.and_then(|call| self.role_in(now, name.as_ref(), call));
        protocol::Seat {
            seat: number,
            leg: seat.leg.to_string(),
            channel: Some(seat.channel.to_string()),
            caller: facts.number().to_string(),
            name: self.name_of_caller(now, name.as_ref(), facts.number(), facts.username().as_ref()),
            role: role.map(|role| self.config.roles[role].clone()).unwrap_or_default(),
            muted: self.rooms.leg(seat.leg.as_ref()).and_then(|leg| leg.mute.known()),
            talking: room.talkers.get(&seat.leg).copied(),
            since: seat.since,
        }
    }
}

fn told(outcome: Result<Answer, Failure>) -> protocol::Outcome {
    match outcome {
        Ok(answer) => protocol::Outcome::Ok(answer),
        Err(Failure { cause, reason }) => {
            protocol::Outcome::Error(Refusal { code: cause.code(), message: reason.into_owned() })
        }
    }
}

fn switch(to: protocol::Switch) -> config::Switch {
    match to {
        protocol::Switch::Toggle => config::Switch::Toggle,
        protocol::Switch::On => config::Switch::On,
        protocol::Switch::Off => config::Switch::Off,
    }
}

/// Of many, some may be this and some that.
fn both_ways(to: protocol::Switch) -> Result<bool, Failure> {
    match to {
        protocol::Switch::On => Ok(true),
        protocol::Switch::Off => Ok(false),
        protocol::Switch::Toggle => Err(Cause::Other.because("everybody is muted on or off, not toggled")),
    }
}

fn named(room: &str) -> Result<BString, Failure> {
    let no_name = || Cause::Other.because(format!("{room:?} can be no room's name"));
    rooms::named(room.as_bytes()).ok_or_else(no_name)
}

/// What is to be played: a resource of the engine's, or a file by its whole path.
fn resource(sound: &str) -> Result<String, Failure> {
    let is_resource = ["wave/play/", "tone/"].iter().any(|prefix| sound.starts_with(prefix));
    let plain = sound.len() <= LONGEST && !sound.as_bytes().iter().any(|&byte| byte < b' ');
    match () {
        () if !plain => Err(Cause::Other.because("that can be the name of no sound")),
        () if is_resource => Ok(sound.to_owned()),
        () if sound.starts_with('/') => Ok(format!("wave/play/{sound}")),
        () => Err(Cause::Other
            .because(format!("{sound:?} is neither a whole path nor begins with wave/play/ or tone/"))),
    }
}
