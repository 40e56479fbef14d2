//! How operations end, and what is said of it.

use std::borrow::Cow;

use crate::control::protocol::RefusalCode;
use crate::sounds::{Phrase, Word};

/// How an operation ended: what is so now, or why it could not be.
pub(super) type Outcome = Result<Done, Failure>;

/// What is so now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    /// In a few words, as `muted`.
    pub(super) now: Cow<'static, str>,
    /// For the caller.
    pub(super) say: Vec<Word>,
}

impl Done {
    /// With this to be said.
    pub(super) fn saying(now: impl Into<Cow<'static, str>>, say: impl Into<Vec<Word>>) -> Self {
        Done { now: now.into(), say: say.into() }
    }
}

/// Why an operation could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// In words.
    pub(super) reason: Cow<'static, str>,
}

/// What kind of reason it is: by it the caller hears it, and programs know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The caller is in no room.
    NotInRoom,
    /// Only organizers are let in.
    Locked,
    /// The room takes no more.
    Full,
    /// Who asks may not.
    NotAllowed,
    /// There is no such room, seat or participant.
    NobodyThere,
    /// What was keyed to prove something is wrong.
    WrongPin,
    /// The engine did not do it.
    Engine,
    /// The store did not do it.
    Store,
    /// Too much is asked at once.
    Busy,
    /// Anything else.
    Other,
}

impl Cause {
    /// What the caller hears.
    pub(super) fn phrase(self) -> Phrase {
        match self {
            Cause::NotInRoom => Phrase::NotInRoom,
            Cause::Locked => Phrase::Locked,
            Cause::Full => Phrase::Full,
            Cause::NotAllowed => Phrase::NotAllowed,
            Cause::NobodyThere => Phrase::NobodyThere,
            Cause::WrongPin => Phrase::WrongPin,
            Cause::Engine | Cause::Store | Cause::Busy | Cause::Other => Phrase::Failed,
        }
    }

    /// What a program is told.
    pub(super) fn code(self) -> RefusalCode {
        match self {
            Cause::NobodyThere | Cause::NotInRoom => RefusalCode::NotFound,
            Cause::Locked | Cause::Full | Cause::NotAllowed | Cause::WrongPin | Cause::Other => {
                RefusalCode::Refused
            }
            Cause::Engine => RefusalCode::Engine,
            Cause::Store => RefusalCode::Store,
            Cause::Busy => RefusalCode::Busy,
        }
    }

    /// As the cause of a failure.
    pub(super) fn because(self, reason: impl Into<Cow<'static, str>>) -> Failure {
        Failure { cause: self, reason: reason.into() }
    }
}

/// It is so now, and there is no more to be said of it.
pub(super) fn done(now: impl Into<Cow<'static, str>>) -> Outcome {
    Ok(Done::saying(now, []))
}

/// It is so now, and the caller hears this phrase.
pub(super) fn said(now: impl Into<Cow<'static, str>>, phrase: Phrase) -> Outcome {
    Ok(Done::saying(now, [Word::Phrase(phrase)]))
}

/// The caller is in no room.
pub(super) fn in_no_room() -> Outcome {
    Err(Cause::NotInRoom.because("the caller is in no room"))
}
