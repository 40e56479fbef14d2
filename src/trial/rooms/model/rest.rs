//! What is so when all is over that came of what was done: by the engine, and as the module shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Model, Rest};
use crate::assist::Load;
use crate::control::protocol::{self, Room};
use crate::trial::rooms::Promise;
use crate::trial::rooms::record::EngineRoom;

impl Model<'_> {
    pub(super) fn at_rest(&mut self, rest: &Rest) {
        if rest.restless {
            self.broke(Promise::Ends, format!("there is no end to it: {:?}", rest.load));
        }
        // A room that is waited for is shown before anybody is there.
        let open = |room: &&Room| {
            !room.seats.is_empty() || room.waiting == 0 || rest.engine.contains_key(&room.name)
        };
        let shown: BTreeSet<&String> = rest.shown.iter().filter(open).map(|room| &room.name).collect();
        if !shown.iter().copied().eq(rest.engine.keys()) {
            let there: Vec<_> = rest.engine.keys().collect();
            self.broke(Promise::Shown, format!("{shown:?} are shown, and {there:?} are there"));
        }
        self.rooms.retain(|name, _| rest.engine.contains_key(name));
        for room in &rest.shown {
            if let Some(engine) = rest.engine.get(&room.name) {
                self.shown(room, engine);
            }
        }
        for room in self.rooms.values_mut() {
            (room.record_wanted, room.kick_wanted, room.end_wanted) = (false, false, false);
        }
        self.ledger();
        if let Some((number, command)) = self.commands.iter().next() {
            let what = format!("command {number} was not answered: {command:?}");
            self.commands.clear();
            self.broke(Promise::Ends, what);
        }
    }

    fn shown(&mut self, room: &Room, engine: &EngineRoom) {
        let name = &room.name;
        let there: BTreeMap<_, _> = engine.people.iter().map(|who| (who.leg.clone(), who)).collect();
        let mut seats: Vec<(String, Option<String>)> =
            room.seats.iter().map(|seat| (seat.leg.clone(), seat.channel.clone())).collect();
        seats.sort();
        let wanted: Vec<_> = there.values().map(|who| (who.leg.clone(), Some(who.channel.clone()))).collect();
        if seats != wanted {
            self.broke(Promise::Seats, format!("{name}: {seats:?} are shown, and {wanted:?} are there"));
        }
        for seat in &room.seats {
            self.seat(name, seat);
            let muted = there.get(&seat.leg).map(|who| who.muted);
            let untold = self.lossy && seat.muted.is_none();
            if muted.is_some() && seat.muted != muted && !untold {
                let what = format!("{name}: {} is shown muted {:?}, and is {muted:?}", seat.leg, seat.muted);
                self.broke(Promise::Shown, what);
            }
        }
        self.numbers(room);
        if room.recording != engine.recording {
            let what = format!("{name}: recording is shown {}, and is {}", room.recording, engine.recording);
            self.broke(Promise::Shown, what);
        }
        let by_rules = self.house.rules(name).is_some_and(|rules| rules.record);
        let known = self.room(name);
        let (wanted, before) = (known.record_wanted || by_rules, known.recording);
        known.recording = engine.recording;
        let locked = known.locked;
        known.locked = Some(room.locked);
        if before != engine.recording && !wanted {
            self.broke(
                Promise::Roles,
                format!("{name}: recording is {}, and nobody who may wanted it", engine.recording),
            );
        }
        if locked.is_some_and(|locked| locked != room.locked) && !self.lossy {
            self.broke(Promise::Shown, format!("{name}: locked is shown {}, and is {locked:?}", room.locked));
        }
    }

    fn seat(&mut self, name: &str, seat: &protocol::Seat) {
        let channel = seat.channel.clone().unwrap_or_default();
        // Of whom nothing was told nothing is known, and they may do nothing.
        let unknown = |shown: &str| self.lossy && shown.is_empty();
        if self.role(&channel, name).is_some_and(|role| role != seat.role) && !unknown(&seat.role) {
            let role = self.role(&channel, name).unwrap_or_default();
            let what = format!("{name}: {channel} is shown as {:?}, and is {role:?}", seat.role);
            self.broke(Promise::Seats, what);
        }
        let number = self.people.get(&channel).map(|person| person.number.clone()).unwrap_or_default();
        // Which of two called the other the engine's account does not say.
        if seat.caller != number && !self.lossy {
            self.broke(
                Promise::Seats,
                format!("{name}: {channel} is shown as {}, and is {number}", seat.caller),
            );
        }
    }

    fn numbers(&mut self, shown: &Room) {
        let name = &shown.name;
        let mut taken = BTreeSet::new();
        let mut wrong = Vec::new();
        let room = self.room(name);
        let before = std::mem::take(&mut room.numbers);
        for seat in &shown.seats {
            let unique = taken.insert(seat.seat);
            let kept = before.get(&seat.leg).is_none_or(|number| *number == seat.seat);
            let fresh = before.contains_key(&seat.leg) || room.given.insert(seat.seat);
            if !(unique && kept && fresh && (1..=99).contains(&seat.seat)) {
                wrong.push(format!("{name}: {} has number {} now, of {before:?}", seat.leg, seat.seat));
            }
            room.numbers.insert(seat.leg.clone(), seat.seat);
        }
        wrong.into_iter().for_each(|what| self.broke(Promise::Numbers, what));
    }

    /// Every participation that was is written down, and the end of every one that is over.
    fn ledger(&mut self) {
        if !self.house.stores {
            return;
        }
        let wrong: Vec<String> = self
            .legs
            .iter()
            .filter_map(|(leg, (_, there))| match (self.attendance.get(leg), there) {
                (None, _) => Some(format!("nobody wrote down who was on {leg}")),
                (Some(false), false) => Some(format!("the end of the participation on {leg} is not written")),
                (Some(true), true) => Some(format!("the participation on {leg} goes on, and has ended")),
                _ => None,
            })
            .collect();
        wrong.into_iter().for_each(|what| self.broke(Promise::Attendance, what));
    }

    pub(super) fn left(&mut self, leg: &str, reason: &str, there: bool) {
        if there {
            self.broke(Promise::Attendance, format!("the participation on {leg} ended, and they are there"));
        }
        match self.attendance.insert(leg.to_owned(), true) {
            Some(false) => {}
            Some(true) => self.broke(Promise::Attendance, format!("the participation on {leg} ended twice")),
            None => self.broke(Promise::Attendance, format!("one on {leg} ended, and never began")),
        }
        let room = self.legs.get(leg).and_then(|(room, _)| self.rooms.get(room));
        let unwanted = match reason {
            "kicked" => !room.is_some_and(|room| room.kick_wanted),
            "ended" => !room.is_some_and(|room| room.end_wanted),
            _ => false,
        };
        if unwanted {
            self.broke(Promise::Roles, format!("{leg} was {reason}, and nobody who may wanted it"));
        }
    }

    pub(super) fn at_end(&mut self, rest: &Rest) {
        self.at_rest(rest);
        let open: Vec<_> = self.fired.iter().filter(|(_, open)| !open.is_empty()).collect();
        if let Some(((channel, code), _)) = open.first() {
            let what = format!("{code} of {channel} fired, and never ended");
            self.broke(Promise::Ends, what);
        }
        let nothing = Load::default();
        if rest.load != nothing || !rest.engine.is_empty() {
            let there: Vec<_> = rest.engine.keys().collect();
            self.broke(Promise::NothingLeft, format!("the module keeps {:?}; rooms: {there:?}", rest.load));
        }
    }
}
