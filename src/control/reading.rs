//! Reading a request, and saying what is wrong with one.

use serde::Deserialize;
use serde_json::Value;

use super::protocol::{Request, VERSION};
use crate::suggest;

/// The commands there are.
pub(super) const COMMANDS: &[&str] = &[
    "status", "rooms", "mute", "kick", "lock", "record", "announce", "invite", "end", "extend", "schedule",
    "reload",
];

/// What can be wanted of the schedule.
const SCHEDULE: &[&str] = &["add", "list", "show", "remove", "import", "attendance"];

/// How long a request may be for its mistake to be looked for, and how many places are looked at: each costs as much as
/// to read the request.
const SEARCHED: usize = 8 * 1024;
const PLACES: usize = 64;

/// How much of what was said is said back.
const QUOTED: usize = 40;

/// A request that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// Its identifier, where that can be.
    pub(super) id: Option<u64>,
    /// What is wrong.
    pub(super) message: String,
}

/// Reads a request.
pub(super) fn request(line: &[u8]) -> Result<Request, Unread> {
    let said: Value = serde_json::from_slice(line)
        .map_err(|error| Unread { id: None, message: format!("this is no JSON: {error}") })?;
    let id = said.get("id").and_then(Value::as_u64);
    read(&said, line.len()).map_err(|message| Unread { id, message })
}

fn read(said: &Value, length: usize) -> Result<Request, String> {
    if !said.is_object() {
        return Err("a request is a JSON object".to_owned());
    }
    match said.get("v").map(Value::as_u64) {
        Some(Some(v)) if v == u64::from(VERSION) => {}
        Some(Some(v)) => return Err(format!("v: version {v} is not spoken here, but {VERSION}")),
        Some(None) => return Err(format!("v: must be a number, the version: {VERSION}")),
        None => return Err(format!("v is missing: the version, {VERSION}")),
    }
    let command = known(said, "command", COMMANDS)?;
    if let ("schedule", Some(manage)) = (command, said.get("manage").filter(|manage| manage.is_object())) {
        known(manage, "what", SCHEDULE).map_err(|error| format!("manage.{error}"))?;
    }
    let request = parse(said).map_err(|error| {
        let place = if length <= SEARCHED { place(said, &error) } else { String::new() };
        if place.is_empty() { error } else { format!("{place}: {error}") }
    })?;
    // A field that is not known may be one on which much depends.
    match serde_json::to_value(&request).ok().and_then(|read| unknown(said, &read, "")) {
        Some(field) => Err(format!("{}: the command {command} has no such field", cut(&field))),
        None => Ok(request),
    }
}

fn parse(said: &Value) -> Result<Request, String> {
    Request::deserialize(said).map_err(|error| error.to_string())
}

/// The word in that field, which must be one of these.
fn known<'s>(said: &'s Value, field: &str, words: &[&str]) -> Result<&'s str, String> {
    let there_are = || format!("there are: {}", words.join(", "));
    let word = match said.get(field) {
        Some(Value::String(word)) => word.as_str(),
        Some(_) => return Err(format!("{field}: must be a word; {}", there_are())),
        None => return Err(format!("{field} is missing; {}", there_are())),
    };
    if words.contains(&word) {
        return Ok(word);
    }
    let meant = match suggest::nearest(word, words.iter().copied()) {
        Some(meant) => format!("; did you mean {meant}?"),
        None => ";".to_owned(),
    };
    Err(format!("{field}: there is no {:?}{meant} {}", cut(word), there_are()))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where the mistake is: without the field that has it, another is found, or none. Empty if that is not so of any.
fn place(said: &Value, error: &str) -> String {
    let mut left = PLACES;
    let mut path = String::new();
    let mut steps: Vec<Value> = Vec::new();
    while let Some(step) = culprit(said, &steps, error, &mut left) {
        match &step {
            Value::String(name) if path.is_empty() => path.push_str(name),
            Value::String(name) => path.push_str(&format!(".{name}")),
            number => path.push_str(&format!("[{number}]")),
        }
        steps.push(step);
    }
    cut(&path)
}

/// The field or the entry in what is at `steps` without which the error is another.
fn culprit(said: &Value, steps: &[Value], error: &str, left: &mut usize) -> Option<Value> {
    let there = steps.iter().try_fold(said, |at, step| down(at, step))?;
    let inside: Vec<(Value, &Value)> = match there {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (Value::from(name.as_str()), value)).collect()
        }
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(at, value)| (Value::from(at), value)).collect()
        }
        _ => return None,
    };
    // What misses a field is not where another field would be missed.
    let misses = error.starts_with("missing field");
    let words = ["v", "command", "what"];
    let candidates = inside.into_iter().filter(|(step, value)| {
        let word = steps.len() < 2 && step.as_str().is_some_and(|name| words.contains(&name));
        !word && (!misses || value.is_object() || value.is_array())
    });
    candidates.map(|(step, _)| step).find(|step| {
        *left = left.saturating_sub(1);
        *left > 0 && parse(&without(said, steps, step)).err().as_deref() != Some(error)
    })
}

fn down<'v>(at: &'v Value, step: &Value) -> Option<&'v Value> {
    match step {
        Value::String(name) => at.get(name),
        number => at.get(usize::try_from(number.as_u64()?).ok()?),
    }
}

fn without(said: &Value, steps: &[Value], last: &Value) -> Value {
    let mut rest = said.clone();
    let mut at = &mut rest;
    for step in steps {
        let next = match step {
            Value::String(name) => at.get_mut(name),
            number => {
                number.as_u64().and_then(|at| usize::try_from(at).ok()).and_then(|number| at.get_mut(number))
            }
        };
        match next {
            Some(next) => at = next,
            None => return Value::Null,
        }
    }
    match (at, last) {
        (Value::Object(fields), Value::String(name)) => drop(fields.remove(name)),
        (Value::Array(entries), Value::Number(number)) => {
            let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
            if let Some(number) = number.filter(|number| *number < entries.len()) {
                entries.remove(number);
            }
        }
        _ => {}
    }
    rest
}

/// The first field that was said and not read.
fn unknown(said: &Value, read: &Value, path: &str) -> Option<String> {
    let dotted = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (said, read) {
        (Value::Object(said), Value::Object(read)) => {
            said.iter().find_map(|(name, value)| match read.get(name) {
                Some(known) => unknown(value, known, &dotted(name)),
                // What says nothing is not written again.
                None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => None,
                None => Some(dotted(name)),
            })
        }
        (Value::Array(said), Value::Array(read)) => {
            let both = said.iter().zip(read).enumerate();
            let mut both = both.map(|(at, (said, read))| unknown(said, read, &format!("{path}[{at}]")));
            both.find_map(|found| found)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> String {
        request(line.as_bytes()).expect_err("a mistake").message
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        assert!(wrong("{").starts_with("this is no JSON: EOF"), "{}", wrong("{"));
        assert_eq!(wrong("[1]"), "a request is a JSON object");
        assert_eq!(wrong(r#"{"command":"status"}"#), "v is missing: the version, 1");
        assert_eq!(wrong(r#"{"v":"1","command":"status"}"#), "v: must be a number, the version: 1");
        assert_eq!(wrong(r#"{"v":2,"command":"status"}"#), "v: version 2 is not spoken here, but 1");
        assert_eq!(wrong(r#"{"v":1,"command":"lock","room":"800"}"#), "missing field `to`");
        assert_eq!(
            wrong(r#"{"v":1,"command":"lock","room":"800","to":"maybe"}"#),
            "to: unknown variant `maybe`, expected one of `toggle`, `on`, `off`"
        );
        assert_eq!(
            wrong(r#"{"v":1,"command":"extend","room":"800","minutes":-5}"#),
            "minutes: invalid value: integer `-5`, expected u32"
        );
        assert_eq!(
            wrong(r#"{"v":1,"command":"kick","room":800,"who":"last"}"#),
            "room: invalid type: integer `800`, expected a string"
        );
        assert_eq!(
            wrong(r#"{"v":1,"id":"x","command":"status"}"#),
            "id: invalid type: string \"x\", expected u64"
        );
    }

    #[test]
    fn a_command_that_is_not_known_is_answered_with_those_that_are() {
        assert_eq!(
            wrong(r#"{"v":1,"command":"mut","room":"800"}"#),
            "command: there is no \"mut\"; did you mean mute? there are: status, rooms, mute, kick, lock, record, \
             announce, invite, end, extend, schedule, reload"
        );
        assert!(wrong(r#"{"v":1}"#).starts_with("command is missing; there are: status, rooms"));
        assert!(wrong(r#"{"v":1,"command":7}"#).starts_with("command: must be a word; there are: "));
        assert!(
            wrong(r#"{"v":1,"command":"schedule","manage":{"what":"lst"}}"#).contains("did you mean list?")
        );
        let long = format!(r#"{{"v":1,"command":"{}"}}"#, "é".repeat(10_000));
        assert!(wrong(&long).len() < 300, "it is not said back");
    }

    #[test]
    fn mistakes_inside_are_found_with_their_way() {
        let add = |conference: &str| {
            wrong(&format!(
                r#"{{"v":1,"command":"schedule","manage":{{"what":"add","conference":{conference}}}}}"#
            ))
        };
        assert_eq!(add(r#"{"room":"1"}"#), "manage.conference: missing field `start`");
        let rest = r#""room":"1","start":"2026-12-01T09:30:00","time_zone":"UTC","minutes":60"#;
        assert_eq!(wrong(r#"{"v":1,"command":"schedule","what":"list"}"#), "missing field `manage`");
        assert_eq!(
            wrong(r#"{"v":1,"id":4,"command":"schedule","manage":{"what":"show","id":"3"}}"#),
            "manage.id: invalid type: string \"3\", expected i64"
        );
        assert_eq!(
            add(&format!(r#"{{{rest},"participants":[{{"number":"1"}},{{"number":2}}]}}"#)),
            "manage.conference.participants[1].number: invalid type: integer `2`, expected a string"
        );
        assert_eq!(
            add(&format!(r#"{{{rest},"participants":[{{"number":"1","nmae":"Ana"}}]}}"#)),
            "manage.conference.participants[0].nmae: the command schedule has no such field"
        );
    }

    #[test]
    fn a_field_that_is_not_known_is_no_field_that_may_be_left_out() {
        assert_eq!(
            wrong(r#"{"v":1,"command":"rooms","rom":"800"}"#),
            "rom: the command rooms has no such field"
        );
        let all = request(br#"{"v":1,"id":3,"command":"rooms","room":null}"#).expect("a request");
        assert_eq!(all.id, Some(3));
    }

    #[test]
    fn the_identifier_is_given_back_even_if_nothing_else_is_right() {
        assert_eq!(request(br#"{"v":1,"id":7,"command":"sing"}"#).expect_err("a mistake").id, Some(7));
        assert_eq!(request(br#"{"v":1,"id":-7,"command":"sing"}"#).expect_err("a mistake").id, None);
    }

    #[test]
    fn a_large_request_with_a_mistake_is_not_read_again_and_again() {
        let fields: String = (0..20_000).map(|n| format!(r#""f{n}":[],"#)).collect();
        assert_eq!(wrong(&format!(r#"{{{fields}"v":1,"command":"end"}}"#)), "missing field `room`");
    }
}
