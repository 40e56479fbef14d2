//! What goes into the brain, and what comes out.

use std::sync::Arc;
use std::time::Duration;

use super::{Report, Role};
use crate::config::Config;
use crate::control::{self, protocol::Command};
use crate::store;
use crate::wire::EngineLine;

/// What happens to the brain.
#[derive(Debug)]
pub enum Input<'a> {
    /// There is a connection to an engine, and nothing was said on it yet.
    Connected(Role),
    /// The engine said a line.
    Line(EngineLine<'a>),
    /// The engine said something that is no line of the protocol, or too much of one; what is wrong with it. If it is
    /// a message it waits for an answer all the same.
    Unreadable {
        /// The line, or how it begins.
        line: &'a [u8],
        /// Why it could not be read.
        problem: String,
    },
    /// What the engine says from now on may have waited for us that long, before it was read.
    Waited(Duration),
    /// The connection is lost.
    Disconnected,
    /// The store has answered a question.
    Stored {
        /// The number of the question.
        number: u64,
        /// What it says.
        reply: store::Reply,
    },
    /// Somebody wants something by the control socket.
    Command {
        /// Given back with the answer.
        number: u64,
        /// What.
        command: Command,
    },
    /// Another configuration holds from now on. What cannot be changed while there is a connection, as whether digits are
    /// handled or watched, is as it was in it.
    Reload(Arc<Config>),
    /// Leave, so that nothing is left waiting in the engine; [`Output::Leave`] says when that is done.
    Leave,
}

/// What the brain wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Whole lines for the engine, as bytes.
    Send(Vec<u8>),
    /// Something for people.
    Report(Report),
    /// A question for the store.
    Store {
        /// Given back with the answer.
        number: u64,
        /// What is asked.
        request: store::Request,
    },
    /// The answer to a command.
    Answer {
        /// The command's.
        number: u64,
        /// What came of it.
        outcome: control::protocol::Outcome,
    },
    /// Nothing is left to be said: close the connection.
    Leave,
}
