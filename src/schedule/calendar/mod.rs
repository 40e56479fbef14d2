//! Conferences from a calendar in a file (`.ics`, RFC 5545).
//!
//! - `lines`: what is written, with its line: unfolded, and each begun thing ended.
//! - `when`: dates and times.
//! - `people`: who is invited, and their numbers.
//! - `event`: one event.
//!
//! Every `VEVENT` becomes a conference, or there is a note why not:
//! - The room is `LOCATION` where that is the name of a room, and else the one that was given.
//! - A time with `TZID` is on the wall of that zone, by its IANA name or by the one on Windows; `VTIMEZONE` is not read.
//!   A time in UTC stays in UTC. A floating time is on the wall of `X-WR-TIMEZONE`, or else of the zone that was given.
//! - What lasts all day has no time at which it begins, and is left out.
//! - What is cancelled or over is left out. An occurrence that was moved (`RECURRENCE-ID`) is left out of its series
//!   and is a conference of its own.
//! - A start that is not of its own recurrence is not counted, as RFC 5545 leaves open.

mod event;
mod lines;
mod people;
mod when;

use jiff::Timestamp;
use jiff::civil::DateTime;

use self::event::Event;
use super::check::wall;
use super::times::Times;
use super::{check, zone};
use crate::store::NewConference;

/// The longest text, in bytes.
const MAX_LENGTH: usize = 4 * 1024 * 1024;

/// How many events are taken from one file.
const MAX_EVENTS: usize = 2_000;

/// How many notes are told.
const MAX_NOTES: usize = 200;

/// What holds where a calendar does not say.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// The room of events whose location is none.
    pub room: Option<String>,
    /// The zone of times that have none.
    pub time_zone: Option<String>,
    /// Whether those invited are called, unless they declined.
    pub call: bool,
}

/// What a calendar gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// What is to be held, as [`check`](super::check()) has it.
    pub conferences: Vec<Found>,
    /// What was left out, and why, one sentence each.
    pub notes: Vec<String>,
}

/// A conference that was found in a calendar.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// By which calendars know the event (`UID`), and which of a series that was moved.
    pub uid: Option<String>,
    /// What it is.
    pub conference: NewConference,
}

/// Reads the events of a calendar.
///
/// # Errors
/// The line at which the file is broken, and how; nothing is taken from it then.
pub fn read(text: &str, defaults: &Defaults, now: Timestamp) -> Result<Imported, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the calendar has {} bytes: {MAX_LENGTH} are allowed", text.len()));
    }
    let lines = lines::read(text)?;
    if lines.events.len() > MAX_EVENTS {
        let many = lines.events.len();
        return Err(format!("the calendar has {many} events: {MAX_EVENTS} are taken at once, so split it"));
    }
    let mut events = lines.events.iter().map(Event::read).collect::<Result<Vec<_>, _>>()?;
    let mut notes = Vec::new();
    leave_out_what_was_moved(&mut events, lines.time_zone.as_deref().or(defaults.time_zone.as_deref()));
    let mut conferences = Vec::new();
    for event in &events {
        let mut said = Vec::new();
        match conference(event, lines.time_zone.as_deref(), defaults, now, &mut said) {
            Ok(conference) => conferences.push(Found { uid: event.key(), conference }),
            Err(why) => said = vec![format!("is left out: {}", why.replace('\n', "; "))],
        }
        notes.extend(said.into_iter().map(|said| format!("{} {said}", event.place())));
    }
    if events.is_empty() {
        notes.push("the calendar has no events".to_owned());
    }
    if notes.len() > MAX_NOTES {
        let more = notes.len() - MAX_NOTES;
        notes.truncate(MAX_NOTES);
        notes.push(format!("and {more} more of the like"));
    }
    Ok(Imported { conferences, notes })
}

/// What was moved or cancelled of a series is not held when the series would have it.
fn leave_out_what_was_moved(events: &mut [Event], floating: Option<&str>) {
    let moved: Vec<_> =
        events.iter().filter_map(|event| Some((event.uid.clone()?, event.moved.clone()?))).collect();
    for event in events.iter_mut().filter(|event| event.moved.is_none()) {
        let of_this = moved.iter().filter(|(uid, _)| event.uid.as_ref() == Some(uid));
        let times: Vec<_> = of_this.map(|(_, when)| when.clone()).collect();
        event.except.extend(times);
    }
    events.iter_mut().for_each(|event| event.floating = floating.map(str::to_owned));
}

/// The conference of an event; `said` are its notes if there is one.
fn conference(
    event: &Event,
    calendar_zone: Option<&str>,
    defaults: &Defaults,
    now: Timestamp,
    said: &mut Vec<String>,
) -> Result<NewConference, String> {
    if event.cancelled {
        return Err("it is cancelled".to_owned());
    }
    let start = event.start(said, calendar_zone.is_some())?;
    let room = room(event, defaults, said)?;
    let (participants, notes) = people::participants(&event.people, defaults.call);
    let minutes = event.minutes(&start, said)?;
    let mut conference = NewConference {
        room,
        // A calendar may tell a story: what is longer than is kept is cut.
        title: event.title.chars().take(120).collect(),
        start: start.wall,
        time_zone: zone::name(&start.zone),
        minutes,
        rrule: event.rrule.clone(),
        except: Vec::new(),
        organizer_pin: None,
        pin: None,
        participants,
    };
    synchronize(&mut conference, said)?;
    conference.except = left_out(event, &start, &conference, now)?;
    let checked = check(&conference, now)?;
    if event.moved.is_some() {
        said.push("was moved: it is a conference of its own, and left out of its series".to_owned());
    }
    said.extend(event.notes.iter().cloned());
    said.extend(notes);
    Ok(checked)
}

fn room(event: &Event, defaults: &Defaults, said: &mut Vec<String>) -> Result<String, String> {
    let location = event.location.as_deref().map(str::trim).filter(|location| !location.is_empty());
    match (location.map(super::room), defaults.room.as_deref()) {
        (Some(Ok(room)), _) => Ok(room),
        (None, Some(room)) => super::room(room),
        (Some(Err(_)), Some(room)) => {
            said.push(format!(
                "is in room {room}: its location {:?} is no name of a room",
                location.unwrap_or_default()
            ));
            super::room(room)
        }
        (Some(Err(why)), None) => Err(format!("its location is no room, and no other was given: {why}")),
        (None, None) => Err("it has no location, and no room was given".to_owned()),
    }
}

/// Lets it start when it begins the first time.
fn synchronize(conference: &mut NewConference, said: &mut Vec<String>) -> Result<(), String> {
    let first = Times::of(conference)?.first(1);
    if let Some(&first) =
        first.first().filter(|first| **first != conference.start && conference.rrule.is_some())
    {
        said.push(format!(
            "begins at {} by its recurrence: its start {} is none of that, and is not counted",
            wall(first),
            wall(conference.start)
        ));
        conference.start = first;
    }
    Ok(())
}

/// Beginnings that are left out, of those that are still to come.
fn left_out(
    event: &Event,
    start: &when::Start,
    conference: &NewConference,
    now: Timestamp,
) -> Result<Vec<DateTime>, String> {
    let times = Times::of(conference)?;
    let mut walls = Vec::new();
    for when in &event.except {
        let wall = when.wall_of(start, event.floating.as_deref())?;
        if times.held_later(wall, now) {
            walls.push(wall);
        }
    }
    Ok(walls)
}
