//! The people of the demo, their telephones, and the engine that these are at.

use std::time::Duration;

use crate::sim::{CallRequest, Callee, Jitter, Route, Settings};

/// The number of the conference room.
pub(super) const ROOM: &str = "800";

/// Somebody with a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Person {
    Alice,
    Bob,
    Carol,
    Dave,
}

impl Person {
    /// Everybody.
    pub(super) const ALL: [Person; 4] = [Person::Alice, Person::Bob, Person::Carol, Person::Dave];

    pub(super) fn name(self) -> &'static str {
        match self {
            Person::Alice => "alice",
            Person::Bob => "bob",
            Person::Carol => "carol",
            Person::Dave => "dave",
        }
    }

    /// The number that reaches their telephone.
    pub(super) fn number(self) -> &'static str {
        match self {
            Person::Alice => "7001",
            Person::Bob => "7002",
            Person::Carol => "7010",
            Person::Dave => "7004",
        }
    }

    /// Where their telephone is, by which the engine's channels tell whose they are.
    pub(super) fn address(self) -> String {
        format!("127.0.0.1:{}", self.number())
    }

    /// Whose telephone is there.
    pub(super) fn at(address: &str) -> Option<Person> {
        Person::ALL.into_iter().find(|person| person.address() == address)
    }

    /// Whose number that is.
    pub(super) fn of_number(number: &str) -> Option<Person> {
        Person::ALL.into_iter().find(|person| person.number() == number)
    }

    /// A call of theirs.
    pub(super) fn calls(self, number: &str) -> CallRequest {
        CallRequest::new(self.name(), number, self.address())
    }
}

/// The engine: its own routes, people who take a second to pick up, and threads that overtake each other at times,
/// as the seed has it.
pub(super) fn settings(seed: u64) -> Settings {
    let room = Route::new(ROOM, format!("conf/{ROOM}"))
        .with("lonely", "true")
        .with("maxusers", "200")
        .with("notify", format!("monitor/{ROOM}"));
    let telephone = |person: Person| {
        Route::new(person.number(), format!("sip/sip:{}@{}", person.name(), person.address()))
    };
    let picks_up =
        |person: Person| (person.name().to_owned(), Callee::Rings { answers_after: Duration::from_secs(1) });
    Settings {
        seed,
        workers: 100,
        jitter: Jitter::lifelike(),
        routes: [room].into_iter().chain(Person::ALL.map(telephone)).collect(),
        callees: Person::ALL.map(picks_up).to_vec(),
        ..Settings::default()
    }
}
