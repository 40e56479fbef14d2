//! Moments, times on the wall, and conferences at them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use touchtone::schedule::Times;
use touchtone::store::NewConference;

pub(crate) fn wall(text: &str) -> DateTime {
    text.parse().expect("a time on the wall")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

pub(crate) fn now() -> Timestamp {
    at("2026-01-01T00:00:00Z")
}

pub(crate) fn conference(start: &str, zone: &str, rule: &str) -> NewConference {
    NewConference {
        room: "800".to_owned(),
        title: String::new(),
        start: wall(start),
        time_zone: zone.to_owned(),
        minutes: 60,
        rrule: Some(rule.to_owned()).filter(|rule| !rule.is_empty()),
        except: Vec::new(),
        organizer_pin: None,
        pin: None,
        participants: Vec::new(),
    }
}

/// What is held between two days, in UTC.
pub(crate) fn held(times: &Times, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (at(&format!("{from}T00:00:00Z")), at(&format!("{to}T00:00:00Z")));
    times.between(from, to, 1_000).iter().map(|at| at.strftime("%m-%d %H:%MZ").to_string()).collect()
}
