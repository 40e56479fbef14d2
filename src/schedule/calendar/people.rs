//! Who is invited to an event, and at which number.

use super::super::names;
use super::lines::Property;
use crate::store::NewParticipant;

/// What the name of a parameter of one's own (`X-…`) has in it that holds a number.
const NUMBERS: [&str; 6] = ["PHONE", "TEL", "NUMBER", "EXTENSION", "MOBILE", "SIP"];

/// Who takes part, and what is said of the others.
///
/// The number is of a `tel:` or `sip:` address, of a parameter as `X-PHONE`, or of a name (`CN`) that is a number or has
/// one with `+`. Who has none is a note.
pub(super) fn participants(people: &[Property], call: bool) -> (Vec<NewParticipant>, Vec<String>) {
    let mut found: Vec<NewParticipant> = Vec::new();
    let mut notes = Vec::new();
    for person in people {
        let name = person.param("CN").unwrap_or_default().trim();
        let Some(number) = number(person) else {
            // Who invites is often among those invited.
            let note = format!("is held without {}, who has no number", shown(person));
            if !notes.contains(&note) {
                notes.push(note);
            }
            continue;
        };
        let organizer = person.name == "ORGANIZER" || is(person, "ROLE", "CHAIR");
        let declined = is(person, "PARTSTAT", "DECLINED");
        if declined && call {
            notes.push(format!("does not call {}, who declined", shown(person)));
        }
        let call = call && !declined && !is(person, "ROLE", "NON-PARTICIPANT");
        match found.iter_mut().find(|other| other.number == number) {
            Some(other) => {
                other.organizer |= organizer;
                other.call &= call;
            }
            None => {
                let name = if names::number(name).is_ok_and(|same| same == number) { "" } else { name };
                let name = name.chars().take(120).collect();
                found.push(NewParticipant { number, username: None, name, organizer, call });
            }
        }
    }
    (found, notes)
}

fn is(person: &Property, param: &str, value: &str) -> bool {
    person.param(param).is_some_and(|said| said.eq_ignore_ascii_case(value))
}

/// How a note names somebody.
fn shown(person: &Property) -> String {
    let name = person.param("CN").unwrap_or_default().trim();
    let (scheme, address) = person.value.split_once(':').unwrap_or(("", &person.value));
    let address = if scheme.eq_ignore_ascii_case("mailto") { address } else { &person.value };
    let text =
        if name.is_empty() || name == address { address.to_owned() } else { format!("{name} ({address})") };
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

fn number(person: &Property) -> Option<String> {
    let of_address = address(&person.value);
    let own = person.params().filter(|(name, _)| name.starts_with("X-"));
    let mut own = own.filter(|(name, _)| NUMBERS.iter().any(|part| name.contains(part)));
    let of_own = || own.find_map(|(_, value)| address(value).or_else(|| written(value)));
    let of_name = || {
        let name = person.param("CN")?;
        written(name).or_else(|| name.find('+').and_then(|at| international(&name[at..])))
    };
    of_address.or_else(of_own).or_else(of_name)
}

/// The number of a `tel:` or `sip:` address.
fn address(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.trim().split_once(':')?;
    let rest = rest.split([';', '?']).next()?;
    let user = match scheme.to_ascii_lowercase().as_str() {
        "tel" => rest,
        "sip" | "sips" => rest.split_once('@')?.0.split(':').next()?,
        _ => return None,
    };
    names::number(user).ok()
}

/// Text that is a number and nothing else.
fn written(text: &str) -> Option<String> {
    let only = text.chars().all(|c| c.is_ascii_digit() || "+*# ()-./".contains(c));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    names::number(text).ok().filter(|_| only && digits >= 2)
}

/// The number with `+` that a text begins with.
fn international(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+ ()-./".contains(c))).unwrap_or(text.len());
    names::number(&text[..end]).ok().filter(|number| number.len() >= 8)
}
