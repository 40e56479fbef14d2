//! What a person at the key pads can do, and what there is to see; no drawing and no terminal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::command::demo::cast::{Person, ROOM};
use crate::command::demo::page::AT_ONCE;
use crate::command::demo::scene::Scene;
use crate::command::demo::words::{Kind, Line};
use crate::config::Config;
use crate::key::{Key, Keys};
use crate::sim::{ChannelView, RoomView};

/// For how long a key that was pressed is lit.
const LIT: Duration = Duration::from_millis(300);

/// What was asleep for longer does not catch up.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// How many lines the log keeps.
const LOG_LIMIT: usize = 500;

/// How long the calls take with which it begins.
const OPENING: Duration = Duration::from_secs(2);

/// Something that the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// To press a key on the telephone of the chosen caller.
    Key(Key),
    /// To be that caller.
    Choose(Person),
    /// To be the next caller.
    Next,
    /// To be the caller before.
    Previous,
    /// To call again.
    Call,
    /// To hang up.
    HangUp,
    /// To have the screen drawn anew.
    Redraw,
    /// To end.
    Quit,
}

/// The callers, the engine, and what was seen.
#[derive(Debug)]
pub(super) struct Desk {
    scene: Scene,
    chosen: Person,
    lit: Option<(Key, Duration)>,
    log: VecDeque<Entry>,
    last: Option<(Duration, String)>,
    ended: bool,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// When, unless it is at once after the line before.
    pub(super) at: Option<Duration>,
    /// What kind of thing happened.
    pub(super) kind: Kind,
    /// Who did what.
    pub(super) text: String,
}

/// A caller as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) person: Person,
    pub(super) chosen: bool,
    /// Where their call is.
    pub(super) place: String,
    pub(super) muted: bool,
    /// The keys that are held.
    pub(super) held: Keys,
}

/// A room as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) name: String,
    pub(super) recording: bool,
    /// Names, and whether they are muted.
    pub(super) members: Vec<(String, bool)>,
}

impl Desk {
    /// Alice and Bob are in the room, Dave is in a call with Carol, and the person is Alice.
    pub(super) fn new(config: Arc<Config>, seed: u64) -> Self {
        let mut scene = Scene::new(config, seed, false);
        for (person, number) in
            [(Person::Alice, ROOM), (Person::Bob, ROOM), (Person::Dave, Person::Carol.number())]
        {
            scene.call(person, number);
        }
        let mut desk =
            Desk { scene, chosen: Person::Alice, lit: None, log: VecDeque::new(), last: None, ended: false };
        desk.scene.advance(OPENING);
        desk.take_lines();
        desk
    }

    /// The person wants something. Its effect is seen after [`advance`](Self::advance).
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Key(key) => self.key(key),
            Command::Choose(person) => self.chosen = person,
            Command::Next => self.choose(1),
            Command::Previous => self.choose(Person::ALL.len() - 1),
            Command::Call => self.call(),
            Command::HangUp => match self.call_of_chosen() {
                Some(_) => self.scene.hang_up(self.chosen),
                None => self.scene.note(self.chosen, "has no call; c calls"),
            },
            Command::Redraw => {}
            Command::Quit => self.ended = true,
        }
        self.take_lines();
    }

    /// So much time has passed.
    pub(super) fn advance(&mut self, time: Duration) {
        self.scene.advance(time.min(LONGEST_STEP));
        self.take_lines();
        let now = self.scene.now();
        self.lit = self.lit.filter(|(_, until)| now < *until);
    }

    /// Whether the person wants to end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The key that was pressed a moment ago.
    pub(super) fn lit(&self) -> Option<Key> {
        self.lit.map(|(key, _)| key)
    }

    /// Whose telephone it is.
    pub(super) fn chosen(&self) -> Person {
        self.chosen
    }

    /// What happened, from the first line that is kept.
    pub(super) fn log(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.log.iter()
    }

    /// Everybody.
    pub(super) fn callers(&self) -> [Caller; 4] {
        Person::ALL.map(|person| {
            let call = self.scene.call_of(person);
            Caller {
                person,
                chosen: person == self.chosen,
                muted: call.as_ref().is_some_and(|call| call.muted),
                place: call.map_or_else(|| "no call".to_owned(), |call| self.place(person, &call)),
                held: self.scene.held(person).map(|held| held.keys).unwrap_or_default(),
            }
        })
    }

    /// The keys of the chosen caller that are held, and for how long they still are.
    pub(super) fn held(&self) -> Option<(Keys, Duration)> {
        let held = self.scene.held(self.chosen)?;
        Some((held.keys, held.due.saturating_sub(self.scene.now())))
    }

    /// What the chosen caller hears.
    pub(super) fn hears(&self) -> String {
        let Some(call) = self.call_of_chosen() else { return "nothing".to_owned() };
        if let Some(resource) = call.hearing {
            return resource;
        }
        if call.room.is_some() {
            return "the room".to_owned();
        }
        let other = self.scene.other_party(self.chosen).map(|other| other.name().to_owned());
        let playing = || self.scene.sim().channel(call.peer.as_ref()?)?.playing;
        other.or_else(playing).unwrap_or_else(|| "nothing".to_owned())
    }

    /// The rooms there are.
    pub(super) fn rooms(&self) -> Vec<Room> {
        self.scene.rooms().iter().map(|room| self.room(room)).collect()
    }

    /// What the chosen caller may want to do next.
    pub(super) fn advice(&self) -> &'static str {
        match self.call_of_chosen() {
            None => "c to call again",
            Some(call) if call.room.is_some() => "*6 mute   *9 record   *0 leave",
            Some(_) => "*3800# into room 800",
        }
    }

    fn room(&self, room: &RoomView) -> Room {
        let members = room
            .members
            .iter()
            .filter(|member| !member.utility)
            .map(|member| (self.scene.name(member.peer.as_ref().unwrap_or(&member.leg)), member.muted));
        Room { name: room.name.clone(), recording: !room.recordings().is_empty(), members: members.collect() }
    }

    fn place(&self, person: Person, call: &ChannelView) -> String {
        match (&call.room, self.scene.other_party(person)) {
            (Some(room), _) => format!("room {room}"),
            (None, Some(_)) if call.outgoing && !call.answered => "is rung".to_owned(),
            (None, Some(other)) if !call.answered => format!("rings {}", other.name()),
            (None, Some(other)) => format!("with {}", other.name()),
            (None, None) => "a tone".to_owned(),
        }
    }

    fn call_of_chosen(&self) -> Option<ChannelView> {
        self.scene.call_of(self.chosen)
    }

    fn choose(&mut self, ahead: usize) {
        let at = Person::ALL.iter().position(|person| *person == self.chosen).unwrap_or_default();
        self.chosen = Person::ALL[(at + ahead) % Person::ALL.len()];
    }

    fn key(&mut self, key: Key) {
        self.lit = Some((key, self.scene.now() + LIT));
        match self.call_of_chosen() {
            Some(_) => self.scene.key(self.chosen, key),
            None => self.scene.note(self.chosen, "has no call; c calls"),
        }
    }

    /// Dave calls Carol if she is free; all others call the room.
    fn call(&mut self) {
        if self.call_of_chosen().is_some() {
            return self.scene.note(self.chosen, "has a call; h hangs up");
        }
        let carol_is_free = self.scene.call_of(Person::Carol).is_none();
        let number = if self.chosen == Person::Dave && carol_is_free { Person::Carol.number() } else { ROOM };
        self.scene.call(self.chosen, number);
    }

    fn take_lines(&mut self) {
        for line in self.scene.take_lines() {
            let entry = self.entry(line);
            self.log.push_back(entry);
        }
        let surplus = self.log.len().saturating_sub(LOG_LIMIT);
        self.log.drain(..surplus);
    }

    fn entry(&mut self, line: Line) -> Entry {
        let Line { at, kind, who, text } = line;
        let (told, before) = match &self.last {
            Some((told, who)) => (Some(*told), who.as_str()),
            None => (None, ""),
        };
        let at_once = told.filter(|told| at < *told + AT_ONCE);
        let text =
            if at_once.is_some() && before == who { format!("  {text}") } else { format!("{who} {text}") };
        self.last = Some((at_once.unwrap_or(at), who));
        Entry { at: at_once.is_none().then_some(at), kind, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::demo::scene::configuration;

    fn desk() -> Desk {
        Desk::new(configuration().expect("the example"), 0)
    }

    fn key(desk: &mut Desk, keys: &str) {
        for key in keys.bytes().filter_map(Key::from_symbol) {
            desk.command(Command::Key(key));
            desk.advance(Duration::from_millis(100));
        }
    }

    fn places(desk: &Desk) -> Vec<String> {
        desk.callers().map(|caller| caller.place).to_vec()
    }

    fn said(desk: &Desk, text: &str) -> bool {
        desk.log().any(|entry| entry.text.trim() == text)
    }

    #[test]
    fn it_begins_with_two_in_the_room_and_two_in_a_call() {
        let desk = desk();
        assert_eq!(places(&desk), ["room 800", "room 800", "with dave", "with carol"]);
        assert_eq!((desk.chosen(), desk.hears().as_str()), (Person::Alice, "the room"));
        assert!(said(&desk, "alice calls 800") && said(&desk, "carol picks up"), "{:?}", desk.log);
    }

    #[test]
    fn every_code_that_is_advised_does_what_is_said() {
        let mut desk = desk();
        assert_eq!(desk.advice(), "*6 mute   *9 record   *0 leave");
        key(&mut desk, "*6");
        assert_eq!(desk.callers().map(|caller| caller.muted), [true, false, false, false]);
        assert_eq!(desk.rooms()[0].members, [("alice".to_owned(), true), ("bob".to_owned(), false)]);
        key(&mut desk, "*9");
        assert!(desk.rooms()[0].recording);
        key(&mut desk, "*0");
        desk.advance(LONGEST_STEP);
        assert_eq!((places(&desk)[0].as_str(), desk.hears().as_str()), ("a tone", "tone/dial"));
        desk.command(Command::Choose(Person::Dave));
        assert_eq!(desk.advice(), "*3800# into room 800");
        key(&mut desk, "*3800#");
        assert_eq!(places(&desk)[1..], ["room 800", "room 800", "room 800"]);
    }

    #[test]
    fn keys_are_held_until_their_time_is_up_and_lit_for_a_moment() {
        let mut desk = desk();
        key(&mut desk, "*");
        let (keys, left) = desk.held().expect("a key is held");
        assert!(keys.symbols() == "*" && left > Duration::from_secs(3) && left < Duration::from_secs(4));
        assert_eq!(desk.callers()[0].held, keys);
        assert_eq!(desk.lit(), Key::from_symbol(b'*'));
        desk.advance(LIT);
        assert_eq!(desk.lit(), None);
        (0..4).for_each(|_| desk.advance(Duration::from_secs(1)));
        assert_eq!(desk.held(), None);
        assert!(said(&desk, "touchtone drops *: no code"), "{:?}", desk.log);
    }

    #[test]
    fn who_hangs_up_can_call_again_and_keys_nothing_meanwhile() {
        let mut desk = desk();
        desk.command(Command::HangUp);
        desk.advance(LIT);
        key(&mut desk, "5");
        assert_eq!((places(&desk)[0].as_str(), desk.hears().as_str()), ("no call", "nothing"));
        assert!(said(&desk, "alice has no call; c calls"), "{:?}", desk.log);
        desk.command(Command::Call);
        desk.advance(LIT);
        assert_eq!(places(&desk)[0], "room 800");
        desk.command(Command::Call);
        assert!(said(&desk, "alice has a call; h hangs up"), "{:?}", desk.log);
    }

    #[test]
    fn dave_calls_carol_if_she_is_free_and_else_the_room() {
        let mut desk = desk();
        desk.command(Command::Choose(Person::Dave));
        desk.command(Command::HangUp);
        desk.advance(LIT);
        assert_eq!(places(&desk)[2..], ["no call", "no call"]);
        desk.command(Command::Call);
        desk.advance(LIT);
        assert_eq!(places(&desk)[2..], ["is rung", "rings carol"]);
        desk.advance(LONGEST_STEP);
        assert_eq!(places(&desk)[2..], ["with dave", "with carol"]);
        for (person, command) in
            [(Person::Dave, Command::HangUp), (Person::Carol, Command::Call), (Person::Dave, Command::Call)]
        {
            desk.command(Command::Choose(person));
            desk.command(command);
            desk.advance(LIT);
        }
        assert_eq!(places(&desk)[2..], ["room 800", "room 800"]);
    }

    #[test]
    fn the_callers_are_chosen_in_a_circle() {
        let mut desk = desk();
        desk.command(Command::Previous);
        assert_eq!(desk.chosen(), Person::Dave);
        desk.command(Command::Next);
        assert_eq!(desk.chosen(), Person::Alice);
        desk.command(Command::Quit);
        assert!(desk.ended());
    }

    #[test]
    fn neither_time_nor_the_log_grows_without_bound() {
        let mut desk = desk();
        let before = desk.scene.now();
        desk.advance(Duration::from_secs(3600));
        assert_eq!(desk.scene.now() - before, LONGEST_STEP);
        (0..LOG_LIMIT).for_each(|_| key(&mut desk, "5"));
        assert_eq!(desk.log.len(), LOG_LIMIT);
    }
}
