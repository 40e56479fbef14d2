//! Acts on a simulated engine with a module beside it, under virtual time, looked at often.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bstr::ByteSlice;
use jiff::SignedDuration;

use super::act::{Act, Deed, Who};
use super::house::{CALLERS, House};
use super::record::{EngineRoom, Event, Noted, Person, Rest};
use super::shelf::Shelf;
use crate::assist::{Output, RECHECKED_EVERY, Report};
use crate::control::protocol::{Answer, Command, Outcome};
use crate::key::Keys;
use crate::sim::{CallRequest, ChannelId, ChannelView, ConnectionId, MemberView, Mishap};
use crate::stage::{Stage, Told};
use crate::store::{Reply, Request};
use crate::trial::Chance;
use crate::wire::{EngineLine, MAX_LINE_LIMIT, Message, ModuleLine, Params};

/// How often everything is looked at.
const STEP: Duration = Duration::from_millis(20);

/// How long most of what comes of an act takes.
const RESTING: Duration = Duration::from_millis(2500);

/// How long all of it may take: longer than the module waits for the engine, and than anybody is rung.
const RESTLESS: Duration = Duration::from_secs(40);

/// How long it takes until the engine was asked again what is so, and perhaps once more.
const HIDDEN: Duration = RECHECKED_EVERY.saturating_mul(2).saturating_add(RESTLESS);

/// How long what is given up is remembered at most.
const DUST: Duration = Duration::from_secs(180);

/// A trial that is being run.
struct Rig {
    stage: Stage,
    /// Somebody else who speaks to the engine.
    other: ConnectionId,
    others: usize,
    shelf: Shelf,
    /// Whether something may be told late or never, so that it is known only when the engine is asked again.
    hidden: bool,
    /// How long the store takes to answer.
    patience: Duration,
    answers: Vec<(Duration, u64, Reply)>,
    callers: Vec<Option<ChannelId>>,
    commands: u64,
    known: BTreeSet<String>,
    talks: BTreeSet<(String, String)>,
    /// Who is in which room, by leg.
    inside: BTreeMap<String, (String, String)>,
    shown: Vec<crate::control::protocol::Room>,
    record: Vec<Noted>,
}

/// Runs acts on an engine of that seed.
pub(super) fn run(house: &House, seed: u64, acts: &[Act]) -> Vec<Noted> {
    let mut rig = Rig::new(house, seed);
    for act in acts {
        rig.note(Event::Deed(act.deed.clone()));
        rig.act(&act.deed);
        match act.pause {
            Some(pause) => rig.advance(pause),
            None => rig.rest(Event::Rest),
        }
    }
    rig.end();
    rig.record
}

impl Rig {
    fn new(house: &House, seed: u64) -> Self {
        let mut stage = Stage::new(house.config.clone(), house.settings(seed));
        let other = stage.sim_mut().connect();
        stage.sim_mut().receive(other, b"%%>connect:global\n");
        let epoch = stage.date();
        let patience = *Chance::seeded(seed ^ 0x5eed).pick(&[0, 40, 300]);
        let mut rig = Rig {
            stage,
            other,
            others: 0,
            shelf: Shelf::new(&house.config, epoch),
            hidden: false,
            patience: Duration::from_millis(patience),
            answers: Vec::new(),
            callers: vec![None; CALLERS.len()],
            commands: 0,
            known: BTreeSet::new(),
            talks: BTreeSet::new(),
            inside: BTreeMap::new(),
            shown: Vec::new(),
            record: Vec::new(),
        };
        rig.rest(Event::Rest);
        rig
    }

    fn note(&mut self, event: Event) {
        self.record.push(Noted { at: self.stage.now(), event });
    }

    fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Call { who, called } => self.call(*who, called),
            Deed::Key { who, keys, gap } => self.key(*who, keys, *gap),
            Deed::HangUp(who) => {
                if let Some(channel) = self.channel(*who) {
                    self.stage.sim_mut().hangup(&channel.id);
                }
            }
            Deed::Drop(who) => {
                if let Some(channel) = self.channel(*who) {
                    self.other("call.drop", Params::new().with("id", channel.id.as_str()));
                }
            }
            Deed::Mute { who, on } => {
                let leg = self.channel(*who).filter(|channel| channel.room.is_some());
                if let Some(leg) = leg.and_then(|channel| channel.peer) {
                    let on = if *on { "true" } else { "false" };
                    let params = Params::new().with("targetid", leg.as_str()).with("mute", on);
                    self.other("chan.control", params);
                }
            }
            Deed::Send { who, room } => {
                if let Some(channel) = self.talking(*who) {
                    let params = Params::new().with("id", channel.id.as_str());
                    let params =
                        params.with("message", "call.execute").with("callto", format!("conf/{room}"));
                    self.other("chan.masquerade", params);
                }
            }
            Deed::EndRoom(room) => {
                self.other("call.drop", Params::new().with("id", format!("conf/{room}")));
            }
            Deed::Command(command) => {
                self.command(command.clone());
            }
            Deed::Amiss(mishap) => {
                self.hidden |= matches!(mishap, Mishap::Line(..));
                self.stage.mishap(*mishap);
            }
            Deed::Lost(time) => self.stage.lose(*time),
            Deed::Clock(seconds) => {
                let date = self.stage.date();
                self.stage.set_clock(date.checked_add(SignedDuration::from_secs(*seconds)).unwrap_or(date));
            }
            Deed::Disk { full } => self.shelf.full = *full,
            Deed::Nothing => {}
        }
    }

    fn call(&mut self, who: usize, called: &str) {
        let (Some(caller), Some(number)) = (self.callers.get(who), CALLERS.get(who)) else { return };
        if caller.as_ref().is_some_and(|channel| self.stage.sim().channel(channel).is_some()) {
            return;
        }
        let request = CallRequest::new(*number, called, format!("127.0.0.1:{}", 7100 + who));
        self.callers[who] = Some(self.stage.sim_mut().call(&request));
    }

    fn channel(&self, who: Who) -> Option<ChannelView> {
        let there = || self.stage.sim().channels().filter(|channel| is_telephone(&channel.id));
        there().nth(who.0.checked_rem(there().count())?)
    }

    /// The channel of somebody, unless it only rings there.
    fn talking(&self, who: Who) -> Option<ChannelView> {
        self.channel(who).filter(|channel| channel.answered || !channel.outgoing)
    }

    fn key(&mut self, who: Who, keys: &Keys, gap: Duration) {
        let Some(channel) = self.talking(who) else { return };
        for &key in keys.iter() {
            self.stage.sim_mut().key(&channel.id, &Keys::from([key].as_slice()));
            self.advance(gap);
        }
    }

    /// Somebody else sends a message.
    fn other(&mut self, name: &str, params: Params<'_>) {
        self.others += 1;
        let id = format!("other.{}", self.others).into_bytes();
        let mut line = Vec::new();
        if ModuleLine::Message(Message::new(id, name, params)).encode(MAX_LINE_LIMIT, &mut line).is_ok() {
            self.stage.sim_mut().receive(self.other, &line);
        }
    }

    fn command(&mut self, command: Command) -> u64 {
        self.commands += 1;
        let number = self.commands;
        self.note(Event::Commanded { number, command: command.clone() });
        self.stage.command(number, command);
        self.look();
        number
    }

    fn advance(&mut self, time: Duration) {
        self.advance_by(STEP, time);
    }

    fn advance_by(&mut self, step: Duration, time: Duration) {
        let until = self.stage.now() + time;
        loop {
            let step = step.min(until.saturating_sub(self.stage.now()));
            self.stage.advance(step);
            self.stage.sim_mut().transmit(self.other);
            self.look();
            if self.stage.now() >= until {
                return;
            }
        }
    }

    /// Lets all be over that came of what was done.
    fn rest(&mut self, event: fn(Rest) -> Event) {
        self.advance(RESTING);
        if std::mem::take(&mut self.hidden) {
            self.stage.sim_mut().no_mishaps();
            self.advance_by(STEP * 25, HIDDEN);
        }
        let until = self.stage.now() + RESTLESS;
        while !self.is_quiet() && self.stage.now() < until {
            self.advance(STEP * 3);
        }
        let restless = !self.is_quiet();
        self.shown.clear();
        self.command(Command::Rooms { room: None });
        let rest = Rest {
            engine: self.engine(),
            shown: std::mem::take(&mut self.shown),
            load: self.stage.assist().load(),
            restless,
        };
        self.note(event(rest));
    }

    /// Whether nothing is on its way.
    fn is_quiet(&self) -> bool {
        let (sim, now) = (self.stage.sim(), self.stage.now());
        let load = self.stage.assist().load();
        let soon = |at: Option<Duration>| at.is_some_and(|at| at < now + STEP * 3);
        self.stage.assist().is_connected_and_ready()
            && load.flights == 0
            && load.waiting == 0
            && load.holding == 0
            && self.answers.is_empty()
            && sim.waiting() == 0
            && sim.queued() == 0
            && !soon(sim.next_event())
            && !soon(self.stage.assist().poll_timeout())
    }

    /// Everybody hangs up; then nothing may be left.
    fn end(&mut self) {
        self.shelf.full = false;
        self.rest(Event::Rest);
        for _ in 0..8 {
            let left: Vec<_> =
                self.stage.sim().channels().filter(|channel| is_telephone(&channel.id)).collect();
            for channel in left {
                self.stage.sim_mut().hangup(&channel.id);
                self.advance(STEP);
            }
            self.advance(RESTING);
        }
        // Nobody is there whom anything could happen to.
        self.advance_by(DUST / 100, DUST);
        self.rest(Event::End);
    }

    /// Notes what has happened since the last look.
    fn look(&mut self) {
        let before = self.inside.clone();
        self.look_at_rooms();
        loop {
            self.look_at_told(&before);
            let now = self.stage.now();
            let (due, later) = std::mem::take(&mut self.answers).into_iter().partition(|(at, ..)| *at <= now);
            self.answers = later;
            for (_, number, reply) in due {
                self.stage.stored(number, reply);
                self.look_at_rooms();
            }
            let asides = self.stage.take_asides();
            if asides.is_empty() {
                break;
            }
            for aside in asides {
                self.aside(aside);
            }
        }
        self.look_at_told(&before);
        self.look_at_channels();
        self.note_moves(&before);
    }

    fn look_at_channels(&mut self) {
        let channels: Vec<_> =
            self.stage.sim().channels().filter(|channel| is_telephone(&channel.id)).collect();
        for ChannelView { id, caller, called, outgoing, peer, .. } in channels {
            let channel = id.as_str().to_owned();
            if self.known.insert(channel.clone()) {
                self.note(Event::Appeared { channel: channel.clone(), caller, called, outgoing });
            }
            if let Some(peer) = peer.filter(is_telephone) {
                let peer = peer.as_str().to_owned();
                if channel < peer && self.talks.insert((channel.clone(), peer.clone())) {
                    self.note(Event::Talks(channel, peer));
                }
            }
        }
    }

    /// Who has come and gone. It is noted behind what the module tells of it.
    fn look_at_rooms(&mut self) {
        let mut inside = BTreeMap::new();
        for (room, EngineRoom { people, .. }) in self.engine() {
            for Person { leg, channel, .. } in people {
                inside.insert(leg, (room.clone(), channel));
            }
        }
        self.inside = inside;
    }

    fn note_moves(&mut self, before: &BTreeMap<String, (String, String)>) {
        let after = self.inside.clone();
        for (leg, (room, _)) in before.iter().filter(|&(leg, at)| after.get(leg) != Some(at)) {
            self.note(Event::Gone { room: room.clone(), leg: leg.clone() });
        }
        let mut come: Vec<_> = after.iter().filter(|&(leg, at)| before.get(leg) != Some(at)).collect();
        // Legs are numbered as they come.
        come.sort_by_key(|(leg, _)| (leg.len(), *leg));
        for (leg, (room, channel)) in come {
            self.note(Event::Entered { room: room.clone(), leg: leg.clone(), channel: channel.clone() });
        }
    }

    fn look_at_told(&mut self, before: &BTreeMap<String, (String, String)>) {
        for (at, told) in self.stage.take_told() {
            let event = match told {
                Told::Report(Report::Fired { channel, code, captures, .. }) => {
                    let channel = channel.to_string();
                    let of = |inside: &BTreeMap<String, (String, String)>| {
                        let mut rooms = inside.values().filter(|(_, there)| *there == channel);
                        rooms.next().map(|(room, _)| room.clone())
                    };
                    let mut rooms: Vec<String> =
                        [of(&self.inside), of(before)].into_iter().flatten().collect();
                    rooms.dedup();
                    let captures = captures.into_iter().map(|(name, keys)| (name, keys.symbols()));
                    Event::Fired { captures: captures.collect(), channel, code, rooms }
                }
                Told::Report(Report::Done { channel, code, now }) => {
                    Event::Ended { channel: channel.to_string(), code, outcome: Ok(now) }
                }
                Told::Report(Report::Failed { channel, code, reason }) => {
                    Event::Ended { channel: channel.to_string(), code, outcome: Err(reason) }
                }
                Told::Received(line) if line.contains_str("event=destroyed") => match destroyed(&line) {
                    Some(room) => Event::Destroyed(room),
                    None => continue,
                },
                Told::Report(_) | Told::Sent(_) | Told::Received(_) => continue,
            };
            self.record.push(Noted { at, event });
        }
    }

    fn aside(&mut self, aside: Output) {
        match aside {
            Output::Store { number, request } => {
                match &request {
                    // What is not written is not on record.
                    _ if self.shelf.full => {}
                    Request::Joined(attendance) => self.note(Event::Joined(*attendance.clone())),
                    Request::Left { key, reason, .. } => {
                        let there = self.inside.contains_key(&key.leg);
                        self.note(Event::Left { key: key.clone(), reason: reason.clone(), there });
                    }
                    _ => {}
                }
                let reply = self.shelf.reply(&request);
                self.answers.push((self.stage.now() + self.patience, number, reply));
            }
            Output::Answer { number, outcome } => {
                if let Outcome::Ok(Answer::Rooms(rooms)) = &outcome {
                    self.shown.clone_from(rooms);
                }
                self.note(Event::Answered { number, outcome });
            }
            Output::Send(_) | Output::Report(_) | Output::Leave => {}
        }
    }

    fn engine(&self) -> BTreeMap<String, EngineRoom> {
        let person = |member: MemberView| {
            let channel = member.peer.filter(is_telephone).filter(|_| !member.utility)?;
            Some(Person {
                leg: member.leg.as_str().to_owned(),
                channel: channel.as_str().to_owned(),
                muted: member.muted,
            })
        };
        let rooms = self.stage.sim().rooms().filter_map(|name| self.stage.sim().room(&name));
        rooms
            .map(|room| {
                let recording = !room.recordings().is_empty();
                let people = room.members.into_iter().filter_map(person).collect();
                (room.name, EngineRoom { recording, people })
            })
            .collect()
    }
}

fn is_telephone(id: &ChannelId) -> bool {
    id.as_str().starts_with("sip/")
}

/// The room that a line of the engine's says is no more.
fn destroyed(line: &[u8]) -> Option<String> {
    let params = match EngineLine::parse(line).ok()? {
        EngineLine::Answer(answer) => answer.params,
        EngineLine::Message(message) => message.params,
        _ => return None,
    };
    let is_end = params.get("event").is_some_and(|event| event.as_ref() == b"destroyed");
    params.get("room").filter(|_| is_end).map(|room| room.to_str_lossy().into_owned())
}
