//! What goes wrong between the engine and a module, where somebody wants that: lines that come late, never, twice, out of
//! order or under another's id, and connections that are closed at any byte.

use std::fmt;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::agenda::Event;
use super::connection::ConnectionId;
use super::random::Random;
use crate::wire::{Answer, EngineLine};

/// How long a line that is to be overtaken waits for another one.
const OVERTAKEN: Duration = Duration::from_millis(200);

/// What the id of an answer begins with that answers nothing.
const NOBODYS: &str = "nobody.";

/// How much goes wrong by chance on every connection: shares of the lines, from 0 to 1. Nothing does unless it is said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Mishaps {
    /// Of the answers to messages of a module's.
    pub answers: f64,
    /// Of those that are the engine's account of itself (`engine.status`).
    pub accounts: f64,
    /// Of the events that are watched.
    pub events: f64,
    /// Of all lines: those in which the engine closes the connection, at any byte.
    pub closes: f64,
    /// How late a line is at most.
    pub latest: Duration,
}

/// Something that goes wrong on one connection, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The engine closes the connection when it has said so many more bytes.
    ClosesSaying(usize),
    /// It closes the connection when it has read so many more bytes.
    ClosesReading(usize),
    /// The next line of that kind fares like that.
    Line(Kind, Fate),
}

/// A kind of line that the engine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The answer to a message of the module's.
    Answer,
    /// Such an answer that is the engine's account of itself (`engine.status`).
    Account,
    /// What became of a message that the module watches.
    Event,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It comes so much later.
    Late(Duration),
    /// It never comes.
    Never,
    /// It comes, and comes again so much later.
    Twice(Duration),
    /// The next line comes before it.
    Overtaken,
    /// An answer has an id that nobody gave.
    Misnamed,
    /// An answer has the id of another message that waits for its own, or else one that nobody gave.
    Confused,
    /// So much of an answer's text is missing at its end, in hundredths.
    Cut(u8),
}

impl Mishap {
    /// Whether by that something may never be told.
    #[must_use]
    pub fn hides(&self) -> bool {
        matches!(self, Mishap::Line(_, Fate::Never | Fate::Misnamed | Fate::Confused | Fate::Cut(_)))
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: &Duration| time.as_millis();
        let (kind, fate) = match self {
            Mishap::ClosesSaying(bytes) => {
                return write!(f, "the engine closes the connection when it has said {bytes} bytes more");
            }
            Mishap::ClosesReading(bytes) => {
                return write!(f, "the engine closes the connection when it has read {bytes} bytes more");
            }
            Mishap::Line(kind, fate) => (kind, fate),
        };
        f.write_str("the engine's next ")?;
        f.write_str(match kind {
            Kind::Answer => "answer ",
            Kind::Account => "account of itself ",
            Kind::Event => "event ",
        })?;
        match fate {
            Fate::Late(by) => write!(f, "comes {} ms late", ms(by)),
            Fate::Never => f.write_str("never comes"),
            Fate::Twice(after) => write!(f, "comes again {} ms later", ms(after)),
            Fate::Overtaken => f.write_str("comes behind the one that follows it"),
            Fate::Misnamed => f.write_str("has an id that nobody gave"),
            Fate::Confused => f.write_str("has the id of another message"),
            Fate::Cut(hundredths) => write!(f, "lacks the last {hundredths} % of its text"),
        }
    }
}

/// What is to go wrong on a connection, and what has begun to.
#[derive(Debug, Default)]
pub(super) struct Amiss {
    to_come: Vec<(Kind, Fate)>,
    /// A line that the next one overtakes.
    overtaken: Option<Vec<u8>>,
    /// How many bytes are still said, and read.
    saying: Option<usize>,
    reading: Option<usize>,
    /// The ids of the module's messages that were not answered yet.
    unanswered: Vec<BString>,
}

impl Amiss {
    pub(super) fn asked(&mut self, id: &BStr) {
        self.unanswered.push(id.to_owned());
    }

    pub(super) fn answered(&mut self, id: &BStr) {
        if let Some(at) = self.unanswered.iter().position(|known| known == id) {
            self.unanswered.remove(at);
        }
    }

    /// How much of what the module said is read before the connection is closed; all of it, mostly.
    pub(super) fn reads(&mut self, count: usize) -> (usize, bool) {
        limited(&mut self.reading, count)
    }

    /// How much of what the engine said leaves before the connection is closed.
    pub(super) fn says(&mut self, count: usize) -> (usize, bool) {
        limited(&mut self.saying, count)
    }

    fn fate_of(&mut self, kind: Kind) -> Option<Fate> {
        let at = self.to_come.iter().position(|(of, _)| *of == kind)?;
        Some(self.to_come.remove(at).1)
    }
}

/// How many of `count` bytes are within the limit, and whether it ends there.
fn limited(limit: &mut Option<usize>, count: usize) -> (usize, bool) {
    match limit {
        Some(left) if *left <= count => (limit.take().unwrap_or_default(), true),
        Some(left) => {
            *left -= count;
            (count, false)
        }
        None => (count, false),
    }
}

impl Mishaps {
    fn are_none(&self) -> bool {
        *self == Mishaps { latest: self.latest, ..Mishaps::default() }
    }

    fn fate_of(&self, kind: Kind, random: &mut Random) -> Option<Fate> {
        let share = match kind {
            Kind::Answer => self.answers,
            Kind::Account => self.accounts,
            Kind::Event => self.events,
        };
        if !random.chance(share) {
            return None;
        }
        let by = random.within(self.latest);
        Some(match (random.below(6), kind) {
            (0, _) => Fate::Late(by),
            (1, _) => Fate::Never,
            (2, _) => Fate::Twice(by),
            (3, _) => Fate::Overtaken,
            (4, Kind::Answer) => Fate::Misnamed,
            (5, Kind::Answer) => Fate::Confused,
            (_, Kind::Account) => Fate::Cut(u8::try_from(random.below(100)).unwrap_or_default()),
            (_, Kind::Answer | Kind::Event) => Fate::Late(by),
        })
    }
}

impl Sim {
    /// Something is to go wrong on a connection, once, besides what does by chance.
    pub fn mishap(&mut self, connection: ConnectionId, mishap: Mishap) {
        let Some(connection) = self.connections.get_mut(&connection) else { return };
        let amiss = &mut connection.amiss;
        match mishap {
            Mishap::ClosesSaying(bytes) => amiss.saying = Some(bytes),
            Mishap::ClosesReading(bytes) => amiss.reading = Some(bytes),
            Mishap::Line(kind, fate) => amiss.to_come.push((kind, fate)),
        }
    }

    /// Nothing more is to go wrong, but by chance; what is late comes still.
    pub fn no_mishaps(&mut self) {
        for connection in self.connections.values_mut() {
            let amiss = &mut connection.amiss;
            amiss.to_come.clear();
            (amiss.saying, amiss.reading) = (None, None);
        }
    }

    /// A line was put into what is said to a module, from that byte on: something may go wrong with it.
    pub(super) fn disturb(&mut self, id: ConnectionId, kind: Kind, from: usize) {
        let mishaps = self.settings.mishaps;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if mishaps.are_none() && connection.amiss.to_come.is_empty() && connection.amiss.overtaken.is_none() {
            return;
        }
        let random = &mut self.chance;
        if !mishaps.are_none() && random.chance(mishaps.closes) {
            let length = connection.outbox.len() - from;
            connection.amiss.saying = Some(from + below(random, length));
        }
        let fate = connection.amiss.fate_of(kind).or_else(|| mishaps.fate_of(kind, random));
        let overtaken = connection.amiss.overtaken.take();
        if let Some(fate) = fate {
            let line = connection.outbox.split_off(from);
            self.befall(id, line, fate);
        }
        if let (Some(line), Some(connection)) = (overtaken, self.connections.get_mut(&id)) {
            connection.outbox.extend_from_slice(&line);
        }
    }

    /// A line of a module's was read: something may go wrong behind it.
    pub(super) fn disturb_reading(&mut self, id: ConnectionId) {
        let closes = self.settings.mishaps.closes;
        if closes > 0.0 && self.chance.chance(closes) {
            let bytes = below(&mut self.chance, 300);
            self.mishap(id, Mishap::ClosesReading(bytes));
        }
    }

    fn befall(&mut self, id: ConnectionId, mut line: Vec<u8>, fate: Fate) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        match fate {
            Fate::Never => return,
            Fate::Late(by) => return self.agenda.put(now + by, Event::Say(id, line)),
            Fate::Overtaken => {
                connection.amiss.overtaken = Some(line);
                return self.agenda.put(now + OVERTAKEN, Event::Say(id, Vec::new()));
            }
            Fate::Twice(after) => self.agenda.put(now + after, Event::Say(id, line.clone())),
            Fate::Misnamed => line = renamed(&line, |own| [NOBODYS.as_bytes(), own].concat()),
            Fate::Confused => {
                let waiting = connection.amiss.unanswered.first().cloned();
                line = renamed(&line, |own| match waiting {
                    Some(other) => other.into(),
                    None => [NOBODYS.as_bytes(), own].concat(),
                });
            }
            Fate::Cut(hundredths) => line = cut(&line, hundredths),
        }
        connection.outbox.extend_from_slice(&line);
    }

    /// A line that was late comes now; an empty one lets what was to be overtaken go.
    pub(super) fn say_late(&mut self, id: ConnectionId, line: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id).filter(|connection| connection.open) else {
            return;
        };
        connection.outbox.extend_from_slice(line);
        if line.is_empty()
            && let Some(overtaken) = connection.amiss.overtaken.take()
        {
            connection.outbox.extend_from_slice(&overtaken);
        }
    }
}

fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(bound as u64)).unwrap_or_default()
}

/// An answer with another id.
fn renamed(line: &[u8], name: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    const BEGIN: &[u8] = b"%%<message:";
    let Some(rest) = line.strip_prefix(BEGIN) else { return line.to_vec() };
    let (id, rest) = rest.split_at(rest.find_byte(b':').unwrap_or(rest.len()));
    [BEGIN, &name(id), rest].concat()
}

/// An answer without the end of its text.
fn cut(line: &[u8], hundredths: u8) -> Vec<u8> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let Ok(EngineLine::Answer(answer)) = EngineLine::parse(text) else { return line.to_vec() };
    let left = answer.retvalue.len() * (100 - usize::from(hundredths.min(100))) / 100;
    let retvalue = answer.retvalue[..left].to_vec().into();
    let mut shorter = Vec::new();
    EngineLine::Answer(Answer { retvalue, ..answer.clone() }).encode(&mut shorter);
    shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_another_id_or_a_shorter_text() {
        let line = b"%%<message:a.1:true:engine.status:name=conf%J:id=1\n";
        assert_eq!(
            renamed(line, |id| [b"x", id].concat()).as_bstr(),
            "%%<message:xa.1:true:engine.status:name=conf%J:id=1\n"
        );
        assert_eq!(cut(line, 50).as_bstr(), "%%<message:a.1:true:engine.status:name=:id=1\n");
        assert_eq!(cut(line, 0).as_bstr(), line.as_bstr());
    }

    #[test]
    fn a_limit_ends_at_its_byte() {
        let mut limit = Some(5);
        assert_eq!(limited(&mut limit, 3), (3, false));
        assert_eq!(limited(&mut limit, 3), (2, true));
        assert_eq!(limited(&mut limit, 3), (3, false));
    }
}
