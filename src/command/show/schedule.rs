//! Conferences on record.

use anstyle::Style;
use comfy_table::Cell;

use super::{Paper, said, stacked};
use crate::command::terminal::plain;
use crate::store::{Attempt, AttemptState, ConferenceInfo, NewParticipant};

/// How many of the next times are shown of one conference.
const NEXT: usize = 5;

/// Conferences, for people, a line each.
pub(in crate::command) fn list(paper: &Paper, all: &[ConferenceInfo]) -> String {
    if all.is_empty() {
        return "no conferences".to_owned();
    }
    let next = |one: &ConferenceInfo| match one.next.first() {
        Some(next) => paper.time(*next),
        None => "over".to_owned(),
    };
    if paper.is_roomy() {
        let row = |one: &ConferenceInfo| {
            vec![
                Cell::new(one.id),
                said(&one.conference.room),
                said(&one.conference.title),
                Cell::new(next(one)),
                Cell::new(format!("{} min", one.conference.minutes)),
                said(one.conference.rrule.as_deref().unwrap_or("once")),
                Cell::new(one.conference.participants.len()),
            ]
        };
        let names = ["id", "room", "title", "next", "lasts", "recurs", "people"];
        return paper.table(&names, &[0, 4, 6], all.iter().map(row).collect());
    }
    let row = |one: &ConferenceInfo| {
        let parts = [&one.conference.title, one.conference.rrule.as_ref().unwrap_or(&one.conference.title)];
        let mut parts = parts.map(|part| plain(part)).to_vec();
        parts.dedup();
        let what = stacked(parts.iter().map(String::as_str));
        vec![Cell::new(one.id), said(&one.conference.room), Cell::new(what), Cell::new(next(one))]
    };
    paper.table(&["id", "room", "title", "next"], &[0], all.iter().map(row).collect())
}

/// A conference with all that there is to say of it.
pub(in crate::command) fn whole(paper: &Paper, one: &ConferenceInfo) -> String {
    let what = &one.conference;
    let title = match what.title.as_str() {
        "" => format!("conference {}", one.id),
        title => format!("conference {}: {}", one.id, plain(title)),
    };
    let first = format!("{} ({})", what.start.strftime("%Y-%m-%d %H:%M"), plain(&what.time_zone));
    // By the clock that the conference is held by, as its first time.
    let there = |at: &jiff::Timestamp| match at.in_tz(&what.time_zone) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => paper.time(*at),
    };
    let next: Vec<String> = one.next.iter().take(NEXT).map(there).collect();
    let next = if next.is_empty() { "over".to_owned() } else { next.join(", ") };
    let pins = match (one.has_organizer_pin, one.has_pin) {
        (true, true) => "of organizers, and of everybody else",
        (true, false) => "of organizers",
        (false, true) => "of everybody but organizers",
        (false, false) => "none",
    };
    let row = |name: &str, value: Cell| vec![Cell::new(name), value];
    let mut rows = vec![
        row("room", said(&what.room)),
        row("first", Cell::new(first)),
        row("lasts", Cell::new(format!("{} min", what.minutes))),
        row("recurs", said(what.rrule.as_deref().unwrap_or("once"))),
    ];
    if !what.except.is_empty() {
        let except: Vec<String> =
            what.except.iter().map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).collect();
        rows.push(row("except", Cell::new(except.join(", "))));
    }
    rows.extend([row("next", Cell::new(next)), row("PINs", Cell::new(pins))]);
    let mut parts = vec![paper.text(0, &title, Style::new().bold()), paper.table(&[], &[0], rows)];
    if !what.participants.is_empty() {
        let rows = what.participants.iter().map(participant).collect();
        parts.push(format!("\n{}", paper.table(&["number", "name", "who", "called"], &[3], rows)));
    }
    if !one.attempts.is_empty() {
        let rows = one.attempts.iter().map(|attempt| called(paper, attempt)).collect();
        parts.push(format!("\n{}", paper.table(&["called", "try", "when", "came of it"], &[1], rows)));
    }
    parts.join("\n")
}

fn participant(who: &NewParticipant) -> Vec<Cell> {
    let role = if who.organizer { "organizer" } else { "participant" };
    let called = if who.call { "yes" } else { "no" };
    vec![said(&who.number), said(&who.name), Cell::new(role), Cell::new(called)]
}

fn called(paper: &Paper, attempt: &Attempt) -> Vec<Cell> {
    let state = match attempt.state {
        AttemptState::Calling => "is being called",
        AttemptState::Joined => "came",
        AttemptState::Busy => "was busy",
        AttemptState::NoAnswer => "did not answer",
        AttemptState::Failed => "refused, or cannot be reached",
        AttemptState::Unknown => "is not known",
    };
    vec![
        said(&attempt.called),
        Cell::new(attempt.number),
        Cell::new(paper.time(attempt.begun)),
        Cell::new(state),
    ]
}
