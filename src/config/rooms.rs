//! `[rooms.NAME]`

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::store::{PinHash, check_hash};

use super::params::{self, Own};
use super::read::{Findings, Table, Text};
use super::roles::{Roles, check_room_pattern};
use super::schema::{ORGANIZER, PARTICIPANT};
use super::sections::check_name;
use super::templates;
use super::{Admission, EngineParams, ROLE_ORGANIZER, RoomPattern, RoomRules, Utility};

/// The parameters by which the engine is told of a room, and the key of each.
const OF_ROOM: [(&str, &str); 5] = [
    ("maxusers", "max-users"),
    ("lonely", "lonely"),
    ("speakers", "speakers"),
    ("waitlock", "waitlock"),
    ("rate", "rate"),
];

/// What of somebody who comes to a room touchtone says itself.
const OWN: [Own; 15] = [
    ("id", None),
    ("message", None),
    ("callto", None),
    ("room", None),
    ("notify", None),
    ("recordwarn", None),
    ("existing", Some("may-open")),
    ("utility", Some("utility")),
    ("record", Some("record")),
    ("interval", Some("interval")),
    (OF_ROOM[0].0, Some(OF_ROOM[0].1)),
    (OF_ROOM[1].0, Some(OF_ROOM[1].1)),
    (OF_ROOM[2].0, Some(OF_ROOM[2].1)),
    (OF_ROOM[3].0, Some(OF_ROOM[3].1)),
    (OF_ROOM[4].0, Some(OF_ROOM[4].1)),
];

/// The parameter that makes the engine keep a call detail record of a leg, and its key.
const BILLING: &str = "billing";

/// The rooms under control.
pub(super) struct Rooms {
    /// Their rules, in the order of the file.
    pub(super) all: Vec<RoomRules>,
    written: Vec<Written>,
}

/// Where something is written of rooms.
struct Written {
    name: Text,
    /// What is of no use without an organizer: the key, and where it is.
    needs_organizer: Option<(&'static str, Range<usize>)>,
    /// The first PIN.
    pin: Option<Range<usize>>,
}

/// The rooms under control, first match first.
pub(super) fn rooms(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Rooms {
    let mut rooms = Rooms { all: Vec::new(), written: Vec::new() };
    for (name, table) in root.named_tables("rooms", found) {
        check_room_pattern(&name, found);
        let pattern = RoomPattern::new(&name.value);
        rooms.warn_of_covered(&name, &pattern, found);
        let (rules, written) = rules(name, pattern, &table, found);
        rooms.all.push(rules);
        rooms.written.push(written);
    }
    rooms
}

impl Rooms {
    /// The first pattern that matches a room counts: one that comes behind a wider one is never looked at.
    fn warn_of_covered(&self, name: &Text, pattern: &RoomPattern, found: &mut Findings<'_>) {
        let Some(at) = self.all.iter().position(|rules| rules.pattern.covers(pattern)) else { return };
        let earlier = &self.written[at].name;
        let message = format!("the rooms {:?} have the rules of {:?} already", name.value, earlier.value);
        let warning = Diagnostic::warning("covered-rooms", message, found.place(name.span.clone()))
            .labelled("never looked at")
            .related(found.place(earlier.span.clone()), "these rooms come first");
        found.push(warning.help("write the section before the other, or remove it"));
    }

    /// Warns of everything that waits for an organizer, or goes by one, where nobody ever is one. A role may also be
    /// given by a route, to who is called, by a conference on record, or in routing if its section has no rooms.
    pub(super) fn warn_of_no_organizer(&self, roles: &Roles, given: bool, found: &mut Findings<'_>) {
        for (rules, written) in self.all.iter().zip(&self.written) {
            let Some((key, span)) = &written.needs_organizer else { continue };
            if given || rules.organizer.pin.is_some() || roles.is_had_in(ROLE_ORGANIZER, &rules.pattern) {
                continue;
            }
            let message = format!(
                "nobody is ever an organizer in the rooms {:?}, as `{key}` needs",
                written.name.value
            );
            let warning = Diagnostic::warning("no-organizer", message, found.place(span.clone()));
            found.push(warning.help(
                "give organizers a `pin`, or rooms in [roles.organizer]; write that section without `rooms` if routing \
                 says who is one",
            ));
        }
    }

    /// Where the first PIN is that a caller can be asked for.
    pub(super) fn first_pin(&self) -> Option<Range<usize>> {
        self.written.iter().find_map(|written| written.pin.clone())
    }
}

fn rules(
    name: Text,
    pattern: RoomPattern,
    table: &Table<'_, '_>,
    found: &mut Findings<'_>,
) -> (RoomRules, Written) {
    let of_organizer = table.table("organizer", &ORGANIZER, found);
    let of_participant = table.table("participant", &PARTICIPANT, found);
    let (organizer, participant) = (admission(&of_organizer, found), admission(&of_participant, found));
    if let (Some(one), Some(other)) = (of_organizer.span_of("pin"), of_participant.span_of("pin"))
        && organizer.pin.is_some()
        && organizer.pin == participant.pin
    {
        let message = "organizers and everybody else have the same PIN";
        let error = found.error("same-pin", message, other).related(found.place(one), "that of organizers");
        found.push(error.help("give them different ones, or remove this"));
    }
    let ends_with_organizer = table.boolean("ends-with-organizer", found);
    let key_spans = [
        ("waiting", table.span_of("waiting")),
        ("ends-with-organizer", table.span_of("ends-with-organizer").filter(|_| ends_with_organizer)),
        ("may-open", of_participant.span_of("may-open").filter(|_| !participant.may_open)),
    ];
    let written = Written {
        name,
        needs_organizer: key_spans.into_iter().find_map(|(key, span)| Some((key, span?))),
        pin: of_organizer
            .span_of("pin")
            .filter(|_| organizer.pin.is_some())
            .or_else(|| of_participant.span_of("pin").filter(|_| participant.pin.is_some())),
    };
    let rules = RoomRules {
        pattern,
        max_users: table.integer_if_set("max-users", found).and_then(|users| u32::try_from(users).ok()),
        params: room_params(table, found),
        record: table.boolean("record", found),
        utility: match table.choice("utility", found) {
            Some("held") => Utility::Held,
            Some("keeps-open") => Utility::KeepsOpen,
            _ => Utility::None,
        },
        waiting: table.text("waiting", found).and_then(|text| templates::plain_resource(&text, found)),
        ends_with_organizer,
        language: language(table, found).map(|text| text.value),
        tells_of_comings: table.boolean("tells-of-comings", found),
        organizer,
        participant,
    };
    (rules, written)
}

fn room_params(table: &Table<'_, '_>, found: &mut Findings<'_>) -> EngineParams {
    let mut params = params::engine(table, &OWN, found);
    for (name, key) in OF_ROOM {
        let value = match key {
            "lonely" => table.boolean_if_set(key, found).map(|truth| truth.to_string()),
            // What is wrong with it is said where it is read.
            "max-users" => table.integer_if_set(key, &mut found.unheard()).map(|number| number.to_string()),
            _ => table.integer_if_set(key, found).map(|number| number.to_string()),
        };
        params.extend(value.map(|value| (name.to_owned(), value)));
    }
    let interval = table.duration_if_set("interval", found);
    params.extend(interval.map(|time| ("interval".to_owned(), time.as_millis().to_string())));
    params
}

fn admission(table: &Table<'_, '_>, found: &mut Findings<'_>) -> Admission {
    let own = [&OWN[..], &[(BILLING, Some(BILLING)), ("mute", Some("start-muted"))]].concat();
    let mut params = params::engine(table, &own, found);
    let billing = table.boolean_if_set(BILLING, found);
    params.extend(billing.map(|truth| (BILLING.to_owned(), truth.to_string())));
    Admission {
        pin: table.text("pin", found).and_then(|text| pin(&text, found)),
        may_open: table.boolean("may-open", found),
        start_muted: table.boolean("start-muted", found),
        params,
    }
}

/// A PIN as it is kept. What is written instead is said nowhere, as it may be the PIN.
fn pin(text: &Text, found: &mut Findings<'_>) -> Option<PinHash> {
    let hash = PinHash::new(text.value.clone());
    let message = match check_hash(&hash) {
        Ok(()) => return Some(hash),
        Err(why) if text.value.starts_with('$') => why,
        Err(_) => "a PIN never stands in the configuration as it is keyed".to_owned(),
    };
    let help = "run `touchtone hash-pin`, and write what it prints";
    found.push(found.error("bad-pin", message, text.span.clone()).help(help));
    None
}

/// A language, which is the name of a directory.
pub(super) fn language(table: &Table<'_, '_>, found: &mut Findings<'_>) -> Option<Text> {
    let language = table.text("language", found)?;
    check_name("a language", &language, found).then_some(language)
}
