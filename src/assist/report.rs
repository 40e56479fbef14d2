//! What the brain tells of itself: for the log, the demo and the tests.

use bstr::BString;

use crate::key::Keys;

/// How much is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Telling {
    /// What is wrong, and what is to be known once.
    Troubles,
    /// The codes that fire too, and what came of them.
    Codes,
    /// What became of every digit too.
    Digits,
}

/// Something that happened, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The engine answered our introduction.
    Ready {
        /// Its version, as `6.4.1`.
        engine: String,
        /// Changes when the engine is started again.
        run: String,
    },
    /// A set-up that works but will hurt.
    Advice {
        /// What, and the line to change.
        text: String,
    },
    /// Digits arrived.
    Keyed {
        /// Who keyed.
        channel: BString,
        /// The digits.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// A digit came again, and was ignored.
    Repeated {
        /// Who keyed.
        channel: BString,
        /// The digits.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// A digit is held for a code.
    Held {
        /// Who keyed.
        channel: BString,
        /// The digit.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// A code fired.
    Fired {
        /// Who keyed.
        channel: BString,
        /// The code's name.
        code: String,
        /// The keys that made it.
        keys: Keys,
        /// What the code's captures hold.
        captures: Vec<(String, Keys)>,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// A code was keyed faster than the configuration lets a caller fire codes: its digits are spent, and nothing is done.
    Refused {
        /// Who keyed.
        channel: BString,
        /// The code's name.
        code: String,
        /// The keys that made it.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// Digits went on to the other party as they came.
    Passed {
        /// Who keyed.
        channel: BString,
        /// The digits.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// Digits that were held went on to the other party.
    Released {
        /// Who keyed.
        channel: BString,
        /// The digits.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// Digits were thrown away.
    Dropped {
        /// Who keyed.
        channel: BString,
        /// The digits.
        keys: Keys,
        /// Whether the configuration says that nobody is to read them.
        secret: bool,
    },
    /// An operation was done, as the engine says.
    Done {
        /// Whose code it was.
        channel: BString,
        /// The code's name.
        code: String,
        /// What is so now, as `muted`.
        now: String,
    },
    /// An operation could not be done.
    Failed {
        /// Whose code it was.
        channel: BString,
        /// The code's name.
        code: String,
        /// Why.
        reason: String,
    },
    /// A command was done, or could not be.
    Commanded {
        /// What was to be done, as codes name it.
        operation: &'static str,
        /// What is so now, or why it is not.
        outcome: Result<String, String>,
    },
    /// The engine did or said something that needs an admin's eye.
    Trouble {
        /// What.
        text: String,
    },
}
