//! What a section does, as operations of touchtone.

use std::collections::BTreeSet;

use super::code::{Operation, Params, plain};
use super::ini::{Section, boolean};
use super::keys::Names;
use super::trigger::{BUILT_IN, OwnState};
use super::value;

/// What is no parameter of the message.
const SETTINGS: [&str; 7] =
    ["trigger", "pastekeys", "pbxstates", "operation", "pbxprompt", "pbxgreedy", "message"];

/// The message by which pbxassist is asked.
pub(super) const ASK: &str = "chan.operation";

/// What a section does, before it is known what is keyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Keys stay in the buffer.
    Keep,
    /// Keys stay in the buffer, or others go into it, and something is done besides.
    Paste,
    /// Keys go on to the other party.
    Transparent,
    /// From now on all keys go on.
    PassThrough,
    /// Nothing but the prompt, if there is one.
    Flush,
    /// The call is in another state, and pbxassist is told.
    SetState(String),
    /// A message is sent.
    Message,
}

/// The name of what a section does.
pub(super) fn name(section: &Section) -> &str {
    section.param("operation").map_or(section.name.as_str(), |param| param.value.as_str())
}

/// The message of a section.
pub(super) fn message(section: &Section) -> &str {
    section.param("message").map_or(ASK, |param| param.value.as_str())
}

/// What a section does.
pub(super) fn act(section: &Section) -> Act {
    let operation = name(section);
    if let Some(paste) = section.filled("pastekeys") {
        let quiet = operation.is_empty() && section.filled("pbxprompt").is_none();
        return if quiet && value::is_whole_match(paste) { Act::Keep } else { Act::Paste };
    }
    let asks = message(section) == ASK && section.param("id").is_none();
    match operation {
        "" => Act::Flush,
        "transparent" => Act::Transparent,
        "passthrough" if asks => Act::PassThrough,
        "setstate" if asks => match section.filled("state").and_then(value::constant) {
            Some(state) => Act::SetState(state),
            None => Act::Message,
        },
        _ => Act::Message,
    }
}

/// Whether a section is the last one that is looked at when it matches.
pub(super) fn is_greedy(section: &Section) -> bool {
    section.param("pbxgreedy").and_then(|param| boolean(&param.value)).unwrap_or(false)
}

/// The states that sections put calls in, other than those that are built in.
pub(super) fn own_states(sections: &[Section]) -> Vec<OwnState> {
    let mut own: Vec<OwnState> = Vec::new();
    for section in sections.iter().filter(|section| section.filled("trigger").is_some()) {
        let Act::SetState(state) = act(section) else { continue };
        let built_in = ["*", "new", "call", "dial", "conference"].contains(&state.as_str());
        if built_in || own.iter().any(|(there, _)| *there == state) {
            continue;
        }
        let mut taken: Vec<String> = BUILT_IN.iter().copied().chain(["auto"]).map(str::to_owned).collect();
        taken.extend(own.iter().map(|(_, here)| here.clone()));
        let here = super::code::unique(&plain(&state), &mut taken);
        own.push((state, here));
    }
    own
}

/// What `set-state` calls a state of pbxassist.
pub(super) fn state_here(state: &str, own: &[OwnState]) -> String {
    match own.iter().find(|(there, _)| there == state) {
        Some((_, here)) => here.clone(),
        None if ["*", "new"].contains(&state) => "auto".to_owned(),
        None => state.to_owned(),
    }
}

/// The groups that the values of a section speak of, with the name of the parameter that has one alone.
pub(super) fn wanted_groups(section: &Section) -> Vec<(usize, Option<&str>)> {
    let mut wanted: Vec<(usize, Option<&str>)> = Vec::new();
    for param in section.params.iter().filter(|param| is_param(&param.name)) {
        let groups: BTreeSet<usize> = value::groups(&param.value);
        let alone = Some(param.name.as_str()).filter(|_| groups.len() == 1);
        for group in groups {
            match wanted.iter_mut().find(|(number, _)| *number == group) {
                Some((_, name)) => *name = name.or(alone),
                None => wanted.push((group, alone)),
            }
        }
    }
    wanted
}

/// Whether some value of a section speaks of what was matched.
pub(super) fn speaks_of_match(section: &Section) -> bool {
    section.params.iter().any(|param| is_param(&param.name) && value::speaks_of_match(&param.value))
}

fn is_param(name: &str) -> bool {
    !SETTINGS.contains(&name)
}

/// The parameters of a section's message, of several of one name the last; in the order of the first.
fn params(section: &Section, names: &Names) -> Result<Params, String> {
    let mut params: Params = Vec::new();
    let all = section.params.iter().filter(|param| is_param(&param.name) && param.name != "pbxstate");
    for param in all {
        let value = value::template(&param.value, names).map_err(|why| format!("{}: {why}", param.name))?;
        match params.iter_mut().find(|(name, _)| *name == param.name) {
            Some((_, earlier)) => *earlier = value,
            None => params.push((param.name.clone(), value)),
        }
    }
    Ok(params)
}

/// The message that a section has the engine send.
pub(super) fn send(section: &Section, names: &Names) -> Result<Operation, String> {
    let message = message(section);
    if message.is_empty() || !message.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(format!("{message:?} is no name of a message"));
    }
    let mut params = params(section, names)?;
    let position = |params: &Params, wanted: &str| params.iter().position(|(name, _)| name == wanted);
    let room = position(&params, "room");
    let is_room = |value: &str| value.strip_prefix("conf/").is_some_and(|name| !name.is_empty());
    if let Some(at) = room.filter(|&at| message == "call.conference" && is_room(&params[at].1)) {
        let (_, room) = params.remove(at);
        if !params.iter().any(|(name, _)| ["id", "callto"].contains(&name.as_str())) {
            return Ok(Operation::Join { room, params });
        }
        params.insert(at, ("room".to_owned(), room));
    }
    let operation = name(section);
    if !operation.is_empty() {
        params.insert(0, ("operation".to_owned(), value::literal(operation)));
    }
    if position(&params, "id").is_none() {
        return Ok(Operation::Message { name: message.to_owned(), masquerade: true, params });
    }
    // It is sent in the name of somebody else.
    params.insert(0, ("message".to_owned(), message.to_owned()));
    Ok(Operation::Message { name: "chan.masquerade".to_owned(), masquerade: false, params })
}

/// A sound as a message of its own.
pub(super) fn play(resource: &str) -> Operation {
    let params = vec![("override".to_owned(), resource.to_owned()), ("single".to_owned(), "yes".to_owned())];
    Operation::Message { name: "chan.attach".to_owned(), masquerade: true, params }
}

/// The sound that a section names, as a template; `*` is the sound of an error.
pub(super) fn prompt(section: &Section, error: &str) -> Option<Result<String, String>> {
    let prompt = section.filled("pbxprompt")?;
    let prompt = if prompt.starts_with('*') { error } else { prompt };
    if prompt.is_empty() {
        return None;
    }
    let part = |kind: &str| {
        !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let fine = prompt.split_once('/').is_some_and(|(kind, rest)| part(kind) && !rest.is_empty());
    Some(if fine {
        Ok(value::literal(prompt))
    } else {
        Err(format!("{prompt:?} is no resource of the engine"))
    })
}
