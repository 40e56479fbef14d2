//! Codes whose operation can never be done in the states they are for.

use crate::config::codes::{Draft, is_roomless};
use crate::config::read::Findings;
use crate::config::{Code, Operation, STATE_LOBBY, STATE_PIN, State};
use crate::diagnostic::Diagnostic;

/// Warns of every code that is only for states in which its operation can never be done.
///
/// A code that follows others is done wherever those have brought the caller, and nothing is said of it.
pub(in crate::config) fn warn_of_misplaced(
    drafts: &[Draft],
    codes: &[Code],
    states: &[State],
    found: &mut Findings<'_>,
) {
    let follows = |at: usize| codes.iter().any(|code| code.then.contains(&at));
    for (at, (draft, code)) in drafts.iter().zip(codes).enumerate() {
        let (true, false, Some(name)) = (draft.is_keyed(), follows(at), &draft.name) else { continue };
        let mut names = code.states.iter().map(|&state| states[state].name.as_str());
        let wrong = match needed(&code.operation) {
            Needed::Nothing => false,
            Needed::Room => names.all(is_roomless),
            // A PIN can be keyed in the room, too: that of organizers makes one.
            Needed::State(STATE_PIN) => names.all(|state| state != STATE_PIN && is_roomless(state)),
            Needed::State(needed) => names.all(|state| state != needed),
        };
        if !wrong {
            continue;
        }
        let (why, help) = match needed(&code.operation) {
            Needed::State(needed) => (
                format!("nothing is asked of callers there that `{}` answers", name.value),
                format!("write `state = {needed:?}`"),
            ),
            _ => (
                format!("in the states of `{}` the caller is in no room", name.value),
                "write `state = \"conference\"`".to_owned(),
            ),
        };
        let message = format!("`{}` can never be done: {why}", name.value);
        let warning =
            Diagnostic::warning("misplaced-code", message, found.place(draft.states_span(&name.span)));
        found.push(warning.help(help));
    }
}

/// What has to be so for an operation to be done.
enum Needed {
    Nothing,
    /// The caller is in a room.
    Room,
    /// The caller is asked for something, in this state.
    State(&'static str),
}

fn needed(operation: &Operation) -> Needed {
    match operation {
        Operation::Join { .. } | Operation::SetState { .. } | Operation::Message { .. } => Needed::Nothing,
        Operation::EnterPin { .. } => Needed::State(STATE_PIN),
        Operation::EnterRoom { .. } => Needed::State(STATE_LOBBY),
        Operation::Leave { .. }
        | Operation::Mute(_)
        | Operation::Record(_)
        | Operation::MuteOthers { .. }
        | Operation::Lock(_)
        | Operation::Kick { .. }
        | Operation::Invite { .. }
        | Operation::Count
        | Operation::Talkers
        | Operation::Announce { .. }
        | Operation::Extend { .. }
        | Operation::End => Needed::Room,
    }
}
