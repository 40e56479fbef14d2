//! The names of rooms, and numbers and names of those who take part.

use std::collections::HashMap;

use crate::store::NewParticipant;

/// The longest name of a room, number or `username`, in bytes.
const MAX_NAME: usize = 64;

/// The longest text for people, in bytes.
const MAX_TEXT: usize = 500;

/// How many take part in one conference.
const MAX_PARTICIPANTS: usize = 500;

/// A room's name as it is kept: without `conf/`, and of letters, digits, `-`, `_` and `.` only.
///
/// # Errors
/// Why it is none, and what would be.
pub fn room(name: &str) -> Result<String, String> {
    let name = name.trim();
    let bare = name.strip_prefix("conf/").unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match bare {
        "" => Err("there is no room: say one, as 800".to_owned()),
        _ if bare.len() > MAX_NAME => {
            Err(format!("the name of a room has at most {MAX_NAME} bytes, not {}", bare.len()))
        }
        _ if !bare.chars().all(plain) => Err(format!(
            "{name:?} is no name of a room: it is of letters, digits and - _ . as 800 or sales-weekly"
        )),
        _ => Ok(bare.to_owned()),
    }
}

/// A number as it is called: what people write between digits is left out (`+40 (21) 555-0101`).
pub(super) fn number(text: &str) -> Result<String, String> {
    let text = text.trim();
    let written = text.chars().all(|c| c.is_ascii_digit() || "+ ()-./\u{a0}".contains(c));
    let bare = match written && text.chars().any(|c| c.is_ascii_digit()) {
        true => text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        false => text.to_owned(),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "+*#-_.".contains(c);
    match bare.as_str() {
        "" => Err("has no number: say the number they call from and are called at".to_owned()),
        _ if bare.len() > MAX_NAME => Err(format!("has a number of more than {MAX_NAME} characters")),
        _ if !bare.chars().all(plain) => Err(format!(
            "has a number that cannot be called, {text:?}: it is of letters, digits and + * # - _ ."
        )),
        _ if bare.rfind('+').is_some_and(|at| at > 0) => {
            Err(format!("has a + inside their number, {text:?}"))
        }
        _ => Ok(bare),
    }
}

/// Text for people: in one line and not too long.
pub(super) fn text(what: &str, text: &str) -> Result<String, String> {
    let text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.len() {
        0..=MAX_TEXT => Ok(text),
        length => Err(format!("{what} has {length} bytes: {MAX_TEXT} are allowed")),
    }
}

/// Those who take part as they are kept, and what is wrong with them.
pub(super) fn participants(all: &[NewParticipant], problems: &mut Vec<String>) -> Vec<NewParticipant> {
    if all.len() > MAX_PARTICIPANTS {
        problems.push(format!("there are {} participants: {MAX_PARTICIPANTS} are allowed", all.len()));
        return Vec::new();
    }
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut usernames: HashMap<String, usize> = HashMap::new();
    let mut kept = Vec::with_capacity(all.len());
    for (at, who) in all.iter().enumerate() {
        let place = place(at, who);
        match participant(who) {
            Ok(who) => {
                if let Some(other) = numbers.insert(who.number.clone(), at) {
                    problems.push(format!(
                        "{place} has the number of {}: leave one out",
                        self::place(other, &all[other])
                    ));
                }
                let username = who.username.clone();
                if let Some(other) = username.and_then(|username| usernames.insert(username, at)) {
                    problems.push(format!(
                        "{place} has the username of {}: leave it out",
                        self::place(other, &all[other])
                    ));
                }
                kept.push(who);
            }
            Err(why) => problems.push(format!("{place} {why}")),
        }
    }
    kept
}

fn participant(who: &NewParticipant) -> Result<NewParticipant, String> {
    let username = who.username.as_deref().map(str::trim).filter(|username| !username.is_empty());
    let plain =
        |username: &&str| username.len() <= MAX_NAME && !username.chars().any(|c| c.is_control() || c == ' ');
    if username.is_some_and(|username| !plain(&username)) {
        return Err(format!("has a username with blanks, or of more than {MAX_NAME} bytes"));
    }
    Ok(NewParticipant {
        number: number(&who.number)?,
        username: username.map(str::to_owned),
        name: text("has a name that is too long: it", &who.name)?,
        organizer: who.organizer,
        call: who.call,
    })
}

/// By which somebody finds them in what they wrote: `participant 2 (Ann)`.
fn place(at: usize, who: &NewParticipant) -> String {
    let known = if who.name.trim().is_empty() { who.number.trim() } else { who.name.trim() };
    let known: String = known.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if known.is_empty() {
        format!("participant {}", at + 1)
    } else {
        format!("participant {} ({known})", at + 1)
    }
}
