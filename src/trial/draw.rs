//! Acts, drawn so that the configuration's own codes fire, nearly fire, and are keyed on top of each other.

use std::time::Duration;

use super::Chance;
use super::act::{Act, Meddling, Party, Trouble};
use super::scene::{CALLERS, LATEST_DIGIT, Scene};
use crate::key::{KEY_COUNT, Key, Keys};
use crate::keypad::Keymap;
use crate::sim::{Fate, Kind, Mishap};

/// The most keys of one act.
const MOST_KEYS: usize = 24;

/// How many bytes go to and fro at most before a connection ends among them.
const MOST_BYTES: usize = 3_000;

/// The acts of one trial.
#[must_use]
pub fn acts(scene: &Scene, chance: &mut Chance) -> Vec<Act> {
    let mut draw = Draw { scene, chance };
    let callers = draw.chance.between(1, CALLERS);
    let mut acts: Vec<Act> = (0..callers).map(|who| draw.call(who)).collect();
    let count = draw.chance.between(4, 40);
    acts.extend((0..count).map(|_| draw.act(callers)));
    acts
}

struct Draw<'d> {
    scene: &'d Scene,
    chance: &'d mut Chance,
}

impl Draw<'_> {
    fn act(&mut self, callers: usize) -> Act {
        let faults = self.scene.faults;
        let who = self.party(callers);
        match self.chance.below(40) {
            0..4 => Act::Wait(self.gap()),
            4 | 5 => Act::Settle,
            6 => Act::HangUp(who),
            7 | 8 => self.call(who.caller),
            9..12 if faults.meddling => Act::Meddle { who, what: self.meddling() },
            12 if faults.late => Act::DoneLate(self.lateness()),
            13 if faults.late => Act::Amiss(self.mishap()),
            14 if faults.lost && self.chance.once_in(3) => Act::Amiss(self.closing()),
            14 if faults.lost => Act::Lost { time: self.gap(), killed: self.chance.once_in(2) },
            _ => self.keys(who),
        }
    }

    fn party(&mut self, callers: usize) -> Party {
        Party { caller: self.chance.below(callers), far: self.chance.once_in(5) }
    }

    fn call(&mut self, who: usize) -> Act {
        Act::Call { who, to: self.chance.below(self.scene.destinations.len()) }
    }

    fn keys(&mut self, who: Party) -> Act {
        let keys = self.some_keys();
        let gap = match self.chance.below(8) {
            0 => None,
            1..4 => Some(Duration::from_millis(self.chance.between(60, 400) as u64)),
            4 => Some(Duration::ZERO),
            5 => Some(self.chance.within(Duration::from_millis(20))),
            _ => Some(self.gap()),
        };
        let trouble = (self.scene.faults.digits && self.chance.once_in(4))
            .then(|| (self.chance.below(keys.len()), self.trouble()));
        Act::Keys { who, keys, gap, trouble }
    }

    /// A time at, just before or just after one that matters, or any.
    fn gap(&mut self) -> Duration {
        let time = *self.chance.pick(&self.scene.times);
        match self.chance.below(5) {
            0 => time,
            1 => time.saturating_sub(Duration::from_millis(1)),
            2 => time + Duration::from_millis(1),
            3 => self.chance.within(time),
            _ => self.chance.within(Duration::from_millis(300)),
        }
    }

    fn trouble(&mut self) -> Trouble {
        match self.chance.below(6) {
            0 => Trouble::Never,
            1 | 2 => Trouble::Twice { after: self.gap().min(LATEST_DIGIT), marked: self.chance.once_in(2) },
            3 => Trouble::Late(self.scene.config.keypad.reorder.min(LATEST_DIGIT)),
            _ => Trouble::Late(self.gap().min(LATEST_DIGIT)),
        }
    }

    /// What happens to a line of the engine's.
    fn mishap(&mut self) -> Mishap {
        let kind = *self.chance.pick(&[Kind::Answer, Kind::Answer, Kind::Event, Kind::Account]);
        let after = self.gap();
        let fate = match (self.chance.below(8), kind) {
            (0, _) => Fate::Never,
            (1, _) => Fate::Twice(after),
            (2, _) => Fate::Overtaken,
            (3, Kind::Answer) => Fate::Misnamed,
            (4, Kind::Answer) => Fate::Confused,
            (3 | 4, Kind::Account) => Fate::Cut(u8::try_from(self.chance.below(100)).unwrap_or_default()),
            (_, Kind::Event) => Fate::Late(after),
            _ => Fate::Late(self.lateness()),
        };
        Mishap::Line(kind, fate)
    }

    /// An end of the connection at any byte.
    fn closing(&mut self) -> Mishap {
        let bytes = self.chance.below(MOST_BYTES);
        if self.chance.once_in(2) { Mishap::ClosesSaying(bytes) } else { Mishap::ClosesReading(bytes) }
    }

    fn lateness(&mut self) -> Duration {
        let patience = self.scene.config.yate.answer_timeout;
        match self.chance.below(3) {
            0 => patience + Duration::from_millis(self.chance.between(1, 20_000) as u64),
            1 => patience,
            _ => self.chance.within(patience),
        }
    }

    fn meddling(&mut self) -> Meddling {
        match self.chance.below(10) {
            0..3 => Meddling::Mute(self.chance.once_in(2)),
            3 => Meddling::Kick,
            4 => Meddling::EndRoom,
            5 => Meddling::Record(self.chance.once_in(2)),
            6 | 7 => Meddling::Join(self.chance.below(16)),
            8 => Meddling::Tone,
            _ => Meddling::Connect(self.chance.below(CALLERS)),
        }
    }

    /// A code, its beginning, one with a wrong key in it, two in a row, or anything.
    fn some_keys(&mut self) -> Keys {
        let mut keys = self.code();
        match self.chance.below(8) {
            0 => {
                let length = self.chance.between(1, keys.len().max(1));
                keys.truncate(length);
            }
            1 if !keys.is_empty() => {
                let at = self.chance.below(keys.len());
                keys[at] = self.key();
            }
            2 => {
                let more = self.code();
                keys.extend(more.iter());
            }
            3 => keys.push(self.key()),
            4 => keys.insert(0, self.key()),
            5 => keys = (0..self.chance.between(1, 6)).map(|_| self.key()).collect(),
            _ => {}
        }
        if keys.is_empty() {
            keys.push(self.key());
        }
        keys.truncate(MOST_KEYS);
        keys
    }

    fn key(&mut self) -> Key {
        let most = if self.chance.once_in(8) { KEY_COUNT } else { 12 };
        let all: Vec<Key> = Key::all().take(most).collect();
        *self.chance.pick(&all)
    }

    /// A way through the automaton of some state and role, to where a code ends.
    fn code(&mut self) -> Keys {
        let maps: Vec<&Keymap> = self
            .scene
            .config
            .keymaps
            .iter()
            .map(|(map, _)| &**map)
            .filter(|map| !map.codes.is_empty())
            .collect();
        let mut keys = Keys::default();
        if maps.is_empty() {
            return keys;
        }
        let automaton = &self.chance.pick(&maps).automaton;
        let mut at = automaton.start();
        while keys.len() < MOST_KEYS {
            let stop =
                automaton.accepts(at).is_some() && (!automaton.continues(at) || self.chance.once_in(2));
            let ahead: Vec<_> =
                Key::all().filter_map(|key| Some((key, automaton.next(at, key.index())?))).collect();
            if stop || ahead.is_empty() {
                break;
            }
            let (key, next) = *self.chance.pick(&ahead);
            keys.push(key);
            at = next;
        }
        keys
    }
}
