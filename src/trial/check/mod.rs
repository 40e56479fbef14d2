//! What must be so in every record, one file a promise.

mod answers;
mod counts;
mod fires;
mod hearing;
mod keyed;
mod ledger;
mod lines;
mod rest;
mod truth;

use std::fmt;
use std::time::Duration;

use bstr::BString;

use super::record::{Event, Noted};
use super::{Scene, Trial};
use crate::wire::Params;

/// A promise that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// When that was seen.
    pub at: Duration,
    /// How.
    pub what: String,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Every message of the engine's is answered, once, at once, and before anything else is said.
    Answered,
    /// Every digit is fired, passed, released or dropped, exactly once and in order, and so it is counted.
    Conserved,
    /// What is passed and released is what the other party hears.
    Heard,
    /// A code fires for its keys, in its states and for its roles, and nothing else does.
    Fires,
    /// What is believed is what is so in the engine.
    Truth,
    /// Lines are lines of the protocol, not too long, and about whom they may be about.
    Lines,
    /// Nothing is left when everybody has gone.
    NothingLeft,
    /// There is an end to it.
    Ends,
}

impl Promise {
    /// All of them.
    pub const ALL: [Promise; 8] = [
        Promise::Answered,
        Promise::Conserved,
        Promise::Heard,
        Promise::Fires,
        Promise::Truth,
        Promise::Lines,
        Promise::NothingLeft,
        Promise::Ends,
    ];
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::Answered => "every message is answered once, and at once",
            Promise::Conserved => "every digit is fired, passed on or dropped, once and in order",
            Promise::Heard => "the other party hears what was passed on, in order",
            Promise::Fires => "a code fires for its keys, in its states and for its roles alone",
            Promise::Truth => "what is believed is what is so in the engine",
            Promise::Lines => "lines can be read and are about nobody else",
            Promise::NothingLeft => "nothing is left when everybody has gone",
            Promise::Ends => "there is an end to it",
        })
    }
}

/// Holds a record to every promise.
///
/// # Errors
/// The first that is broken.
pub fn all(scene: &Scene, trial: &Trial, record: &[Noted]) -> Result<(), Broken> {
    Promise::ALL.into_iter().try_for_each(|promise| one(promise, scene, trial, record))
}

/// Holds a record to one promise.
///
/// # Errors
/// How it is broken.
pub fn one(promise: Promise, scene: &Scene, trial: &Trial, record: &[Noted]) -> Result<(), Broken> {
    let result = match promise {
        Promise::Answered => answers::check(record),
        Promise::Conserved => ledger::check(scene, record).and_then(|()| counts::check(record)),
        Promise::Heard => hearing::check(scene, trial, record),
        Promise::Fires => fires::check(scene, record),
        Promise::Truth => truth::check(scene, trial, record),
        Promise::Lines => lines::check(scene, record),
        Promise::NothingLeft => rest::check(record),
        Promise::Ends => match record.last() {
            Some(Noted { at, event: Event::Endless }) => {
                Err((*at, "lines go to and fro for ever".to_owned()))
            }
            _ => Ok(()),
        },
    };
    result.map_err(|(at, what)| Broken { promise, at, what })
}

/// How a promise is broken, and when that was seen.
type Checked<T = ()> = Result<T, (Duration, String)>;

/// What happened to the module, and everything that came of it.
struct Group<'r> {
    at: Duration,
    head: &'r Event,
    rest: &'r [Noted],
}

/// The record, cut where something happens to the module.
fn groups(record: &[Noted]) -> impl Iterator<Item = Group<'_>> {
    let heads: Vec<usize> = record
        .iter()
        .enumerate()
        .filter(|(_, noted)| {
            matches!(noted.event, Event::Heard(_) | Event::Due | Event::Connected { .. } | Event::Lost)
        })
        .map(|(at, _)| at)
        .collect();
    let ends: Vec<usize> = heads.iter().skip(1).copied().chain([record.len()]).collect();
    heads.into_iter().zip(ends).map(|(from, to)| Group {
        at: record[from].at,
        head: &record[from].event,
        rest: &record[from + 1..to],
    })
}

fn text(params: &Params<'_>, name: &str) -> BString {
    BString::from(params.get(name).unwrap_or_default().into_owned())
}
