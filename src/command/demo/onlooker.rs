//! Somebody who sees everything that happens on the stage, and tells it line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::cast::Person;
use super::words::{self, Kind, Line, Names};
use crate::assist::Report;
use crate::key::Keys;
use crate::sim::{ChannelId, ChannelView, Sim};
use crate::stage::Told;
use crate::wire::{EngineLine, ModuleLine};

/// How long keys that lead to nothing yet wait for more of them, to be told together.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who does what no person does.
const MODULE: &str = "touchtone";

/// What was seen so far, and what is to be told of it.
#[derive(Debug)]
pub(super) struct Onlooker {
    wire: bool,
    lines: Vec<Line>,
    names: Names,
    keyed: Option<Keyed>,
    /// The messages of the module's that the engine has not answered, in short.
    asked: BTreeMap<Vec<u8>, String>,
    /// The rooms as last told.
    rooms: BTreeMap<String, String>,
    telephones: BTreeMap<ChannelId, Telephone>,
    hung_up: BTreeSet<ChannelId>,
}

/// Keys that somebody has keyed and that were not told yet.
#[derive(Debug)]
struct Keyed {
    channel: BString,
    keys: Keys,
    last: Duration,
}

/// What was told of somebody's telephone.
#[derive(Debug)]
struct Telephone {
    person: Person,
    answered: bool,
    heard: usize,
    received: usize,
}

impl Onlooker {
    /// One who has seen nothing yet; with `wire` the lines of the protocol are told too.
    pub(super) fn new(wire: bool) -> Self {
        Onlooker {
            wire,
            lines: Vec::new(),
            names: Names::new(),
            keyed: None,
            asked: BTreeMap::new(),
            rooms: BTreeMap::new(),
            telephones: BTreeMap::new(),
            hung_up: BTreeSet::new(),
        }
    }

    /// What is to be told since the last time.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// What touchtone asked the engine for is not worth telling so far.
    pub(super) fn forget_requests(&mut self) {
        self.lines.retain(|line| line.kind != Kind::Engine);
    }

    /// Whose channels are whose.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Somebody does something.
    pub(super) fn person(&mut self, at: Duration, person: Person, text: impl Into<String>) {
        self.line(at, Kind::Person, person.name(), text);
    }

    /// Somebody hangs up, and so it is no wonder when their channel goes.
    pub(super) fn hangs_up(&mut self, at: Duration, person: Person, channel: &ChannelId) {
        self.hung_up.insert(channel.clone());
        self.person(at, person, "hangs up");
    }

    /// Time has passed: what was told meanwhile, and what the engine is like now.
    pub(super) fn look(&mut self, sim: &Sim, told: Vec<(Duration, Told)>) {
        let channels: Vec<ChannelView> = sim.channels().collect();
        for channel in &channels {
            if let Some(person) = Person::at(&channel.address) {
                self.names.insert(channel.id.to_string(), person);
            }
        }
        for (at, told) in told {
            match told {
                Told::Report(report) => self.report(at, report),
                Told::Sent(line) => self.sent(at, &line),
                Told::Received(line) => self.received(at, &line),
            }
        }
        let now = sim.now();
        self.look_at_telephones(now, &channels);
        self.look_at_rooms(now, sim);
        if self.keyed.as_ref().is_some_and(|keyed| keyed.last + PATIENCE <= now) {
            self.tell_held();
        }
    }

    fn line(&mut self, at: Duration, kind: Kind, who: impl Into<String>, text: impl Into<String>) {
        self.tell_keys();
        self.push(at, kind, who, text);
    }

    fn push(&mut self, at: Duration, kind: Kind, who: impl Into<String>, text: impl Into<String>) {
        self.lines.push(Line { at, kind, who: who.into(), text: text.into() });
    }

    fn code(&mut self, at: Duration, text: String) {
        self.line(at, Kind::Code, MODULE, text);
    }

    fn report(&mut self, at: Duration, report: Report) {
        match report {
            Report::Ready { engine, .. } => {
                self.code(at, format!("is connected to Yate {engine}, simulated"));
            }
            Report::Keyed { channel, keys, .. } => self.keyed(at, channel, &keys),
            Report::Held { .. } => {}
            Report::Repeated { keys, .. } => self.code(at, format!("ignores {keys}, which came twice")),
            Report::Fired { code, keys, captures, .. } => {
                self.code(at, words::fired(&code, &keys, &captures));
            }
            Report::Refused { keys, code, .. } => {
                self.code(at, format!("does nothing for {keys}: too many codes at once for {code}"));
            }
            Report::Passed { keys, .. } => self.code(at, format!("passes {keys} on: no code begins so")),
            Report::Released { keys, .. } => self.code(at, format!("releases {keys}: no code came of it")),
            Report::Dropped { keys, .. } => self.code(at, format!("drops {keys}: no code")),
            Report::Done { code, now, .. } => self.code(at, format!("is done with {code}: {now}")),
            Report::Failed { code, reason, .. } => self.code(at, format!("failed at {code}: {reason}")),
            Report::Commanded { operation, outcome } => {
                let (Ok(now) | Err(now)) = outcome;
                self.code(at, format!("was told to {operation}: {now}"));
            }
            Report::Advice { text } | Report::Trouble { text } => {
                self.line(at, Kind::Trouble, MODULE, format!("warns: {text}"));
            }
        }
    }

    fn keyed(&mut self, at: Duration, channel: BString, keys: &Keys) {
        match &mut self.keyed {
            Some(keyed) if keyed.channel == channel => {
                keyed.keys.extend(keys.iter());
                keyed.last = at;
            }
            _ => {
                self.tell_keys();
                self.keyed = Some(Keyed { channel, keys: keys.clone(), last: at });
            }
        }
    }

    fn tell_keys(&mut self) -> Option<Keyed> {
        let keyed = self.keyed.take()?;
        let who = words::name(&self.names, &keyed.channel);
        self.push(keyed.last, Kind::Person, who, format!("keys {}", keyed.keys));
        Some(keyed)
    }

    /// Nothing came of these keys yet, so they are held.
    fn tell_held(&mut self) {
        if let Some(Keyed { last, keys, .. }) = self.tell_keys() {
            self.code(last, format!("holds {keys}: a code may come of it"));
        }
    }

    fn sent(&mut self, at: Duration, line: &[u8]) {
        if let Ok(ModuleLine::Message(message)) = ModuleLine::parse(line) {
            self.asked.insert(message.id.to_vec(), words::request(&self.names, &message));
        }
        self.wire(at, "->", line);
    }

    fn received(&mut self, at: Duration, line: &[u8]) {
        self.wire(at, "<-", line);
        if let Ok(EngineLine::Answer(answer)) = EngineLine::parse(line)
            && let Some(asked) = self.asked.remove(answer.id.as_ref())
        {
            self.line(at, Kind::Engine, MODULE, format!("sends {asked} -> {}", answer.processed));
        }
    }

    fn wire(&mut self, at: Duration, direction: &str, line: &[u8]) {
        if self.wire {
            self.line(at, Kind::Wire, direction, line.to_str_lossy());
        }
    }

    fn look_at_telephones(&mut self, now: Duration, channels: &[ChannelView]) {
        for channel in channels {
            let Some(person) = Person::at(&channel.address) else { continue };
            if !self.telephones.contains_key(&channel.id) {
                let telephone = Telephone { person, answered: channel.answered, heard: 0, received: 0 };
                self.telephones.insert(channel.id.clone(), telephone);
                if channel.outgoing {
                    self.person(now, person, "is rung");
                }
            }
            self.look_at_telephone(now, channel);
        }
        self.look_for_gone(now, channels);
    }

    fn look_at_telephone(&mut self, now: Duration, channel: &ChannelView) {
        let Some(telephone) = self.telephones.get_mut(&channel.id) else { return };
        let person = telephone.person;
        let picked_up = channel.outgoing && channel.answered && !telephone.answered;
        let heard = channel.heard.get(telephone.heard..).unwrap_or_default();
        let got = channel.received.get(telephone.received..).unwrap_or_default();
        *telephone = Telephone {
            person,
            answered: channel.answered,
            heard: channel.heard.len(),
            received: channel.received.len(),
        };
        if picked_up {
            self.person(now, person, "picks up");
        }
        for resource in heard {
            self.line(now, Kind::Ear, person.name(), format!("hears {resource}"));
        }
        if !got.is_empty() {
            self.line(now, Kind::Ear, person.name(), format!("gets {got}"));
        }
    }

    fn look_for_gone(&mut self, now: Duration, channels: &[ChannelView]) {
        let gone = |id: &ChannelId| !channels.iter().any(|channel| channel.id == *id);
        let gone: Vec<ChannelId> = self.telephones.keys().filter(|id| gone(id)).cloned().collect();
        for id in gone {
            if let Some(telephone) = self.telephones.remove(&id)
                && !self.hung_up.remove(&id)
            {
                self.person(now, telephone.person, "is left alone: the call is over");
            }
        }
    }

    fn look_at_rooms(&mut self, now: Duration, sim: &Sim) {
        let rooms: BTreeMap<String, String> = sim
            .rooms()
            .filter_map(|name| sim.room(&name))
            .map(|room| (room.name.clone(), words::room(&self.names, &room)))
            .collect();
        if rooms == self.rooms {
            return;
        }
        let before = std::mem::replace(&mut self.rooms, rooms.clone());
        for (name, is) in &rooms {
            if before.get(name) != Some(is) {
                self.line(now, Kind::Room, format!("room {name}"), is.as_str());
            }
        }
        for name in before.keys().filter(|name| !rooms.contains_key(*name)) {
            self.line(now, Kind::Room, format!("room {name}"), "is empty, and gone");
        }
    }
}
