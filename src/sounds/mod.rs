//! What callers are told in words, as resources that the engine plays: files of a voice, or tones where there is none.

pub mod audio;
mod inventory;
mod language;
mod resource;
pub mod tone;

pub use inventory::{Meaning, Recording, inventory, recordings};
pub use language::{has_words, is_code};
pub use resource::{Sound, resources};

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A phrase.
    Phrase(Phrase),
    /// A whole number, spoken as a number: how many there are, which seat.
    Number(u32),
    /// Digits, spoken one by one: a telephone number. What is no key is left out.
    Digits(String),
}

impl From<Phrase> for Word {
    fn from(phrase: Phrase) -> Self {
        Word::Phrase(phrase)
    }
}

macro_rules! phrases {
    ($($name:ident = $file:literal, $english:literal;)*) => {
        /// What is said as a whole. Each has a file of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Phrase {
            $(#[doc = $english] $name,)*
        }

        impl Phrase {
            /// Every phrase.
            pub const ALL: &[Phrase] = &[$(Phrase::$name),*];

            /// The name of its file, without directory and ending.
            #[must_use]
            pub const fn file(self) -> &'static str {
                match self { $(Phrase::$name => $file),* }
            }

            /// Its words in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Phrase::$name => $english),* }
            }
        }
    };
}

phrases! {
    Muted = "muted", "You are muted.";
    Unmuted = "unmuted", "You can be heard.";
    OthersMuted = "others-muted", "The others are muted.";
    AllUnmuted = "all-unmuted", "Everybody can be heard.";
    RoomLocked = "room-locked", "The conference is locked.";
    RoomUnlocked = "room-unlocked", "The conference is open.";
    Recording = "recording", "This conference is being recorded.";
    NotRecording = "not-recording", "This conference is not recorded.";
    Kicked = "kicked", "The participant was removed.";
    YouAreKicked = "you-are-kicked", "You were removed from the conference.";
    Calling = "calling", "Calling.";
    Busy = "busy", "is busy.";
    NoAnswer = "no-answer", "does not answer.";
    Unreachable = "unreachable", "cannot be reached.";
    HasJoined = "has-joined", "has joined.";
    HasLeft = "has-left", "has left.";
    Participants = "participants", "participants.";
    OneParticipant = "one-participant", "You are the only participant.";
    Seat = "seat", "Seat";
    Talking = "talking", "is talking.";
    NobodyTalks = "nobody-talks", "Nobody is talking.";
    Ended = "ended", "The conference has ended.";
    EndsSoon = "ends-soon", "The conference ends soon.";
    Extended = "extended", "The conference was extended.";
    Missing = "missing", "is missing.";
    EnterPin = "enter-pin", "Please enter your PIN, then the pound key.";
    EnterRoom = "enter-room", "Please enter the number of your conference, then the pound key.";
    WrongPin = "wrong-pin", "That PIN is not right.";
    TooManyTries = "too-many-tries", "Too many tries. Please call again later.";
    NoConference = "no-conference", "You have no conference at the moment.";
    WaitForOrganizer = "wait-for-organizer", "Please wait for the organizer.";
    Locked = "locked", "The conference is locked, and you cannot be let in.";
    Full = "full", "The conference is full.";
    NotAllowed = "not-allowed", "You are not allowed to do that.";
    NobodyThere = "nobody-there", "Nobody is there.";
    NotInRoom = "not-in-room", "You are not in a conference.";
    Failed = "failed", "That did not work.";
}
