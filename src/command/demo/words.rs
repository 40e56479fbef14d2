//! What is said between the module and the engine, in short.

use std::collections::BTreeMap;
use std::time::Duration;

use bstr::ByteSlice;

use super::cast::Person;
use crate::key::Keys;
use crate::sim::RoomView;
use crate::wire::Message;

/// Something that happened, for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// When, from the start.
    pub(super) at: Duration,
    /// What kind of thing.
    pub(super) kind: Kind,
    /// Who did it, or what it is about.
    pub(super) who: String,
    /// What.
    pub(super) text: String,
}

/// What a line is about; lines of different kinds look different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody does something at a telephone.
    Person,
    /// What touchtone makes of keys.
    Code,
    /// What touchtone asks the engine for, and its answer.
    Engine,
    /// A room is not what it was.
    Room,
    /// What reaches somebody's ear.
    Ear,
    /// A line of the protocol as it is.
    Wire,
    /// What should not happen.
    Trouble,
}

/// Whose channels are whose.
pub(super) type Names = BTreeMap<String, Person>;

/// Who or what a channel is, to people.
pub(super) fn name(names: &Names, channel: &[u8]) -> String {
    let channel = channel.to_str_lossy();
    names.get(channel.as_ref()).map_or_else(|| channel.into_owned(), |person| person.name().to_owned())
}

/// Parameters that say nothing to a reader who sees a message for the first time.
const PLUMBING: [&str; 8] =
    ["single", "copyparams", "existing", "utility", "target", "notify", "lonely", "sequence"];

/// A message to the engine: what it asks for, in whose name, and the parameters that tell something.
pub(super) fn request(names: &Names, message: &Message<'_>) -> String {
    let masked = message.params.get("message");
    let mut text = masked.as_deref().unwrap_or(&message.name).to_str_lossy().into_owned();
    if let (Some(_), Some(channel)) = (&masked, message.params.get("id")) {
        text += &format!(" as {}", name(names, &channel));
    }
    for (key, value) in message.params.iter() {
        let key = key.to_str_lossy();
        let said = masked.is_some() && matches!(key.as_ref(), "message" | "id");
        if !said && !PLUMBING.contains(&key.as_ref()) {
            text += &format!(" {key}={}", value.unwrap_or_default().to_str_lossy());
        }
    }
    text
}

/// A code that fired, with what its captures hold.
pub(super) fn fired(code: &str, keys: &Keys, captures: &[(String, Keys)]) -> String {
    let captures = captures.iter().map(|(name, keys)| format!(", {name}={keys}"));
    format!("fires {code} on {keys}{}", captures.collect::<String>())
}

/// Who is in a room, and whether it is recorded.
pub(super) fn room(names: &Names, room: &RoomView) -> String {
    let people = room.members.iter().filter(|member| !member.utility).map(|member| {
        let id = member.peer.as_ref().unwrap_or(&member.leg);
        let muted = if member.muted { " (muted)" } else { "" };
        name(names, id.as_str().as_bytes()) + muted
    });
    let recorded = if room.recordings().is_empty() { "" } else { " - recording" };
    people.collect::<Vec<_>>().join(", ") + recorded
}
