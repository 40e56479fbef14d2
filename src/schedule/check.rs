//! Whether a conference can be held as somebody wrote it.

use jiff::{SignedDuration, Timestamp};

use super::names;
use super::times::{Times, whole_seconds};
use super::zone;
use crate::store::{NewConference, Pin};

/// The longest conference, in minutes.
const MAX_MINUTES: u32 = 24 * 60;

/// How many beginnings can be left out.
const MAX_EXCEPT: usize = 500;

/// A start that is this much in the past is one that was written for now.
const NOW: SignedDuration = SignedDuration::from_secs(60);

/// How many beginnings are looked at for one that comes before the one before it has ended.
const LOOKED_AT: usize = 64;

/// Whether a conference can be held, and how it is kept: the room without `conf/`, numbers without what people write
/// between digits, the zone by its right name.
///
/// # Errors
/// Everything that is wrong with it, one line each, with the way out.
pub fn check(conference: &NewConference, now: Timestamp) -> Result<NewConference, String> {
    let mut problems = Vec::new();
    let mut kept = conference.clone();
    let mut keep = |field: &mut String, checked: Result<String, String>| match checked {
        Ok(text) => *field = text,
        Err(problem) => problems.push(problem),
    };
    keep(&mut kept.room, names::room(&conference.room));
    keep(&mut kept.title, names::text("the title", &conference.title));
    keep(&mut kept.time_zone, zone::find(&conference.time_zone).map(|zone| zone::name(&zone)));
    kept.rrule =
        conference.rrule.as_deref().map(str::trim).filter(|rule| !rule.is_empty()).map(str::to_owned);
    kept.start = whole_seconds(kept.start);
    kept.except.iter_mut().for_each(|except| *except = whole_seconds(*except));
    kept.except.sort_unstable();
    kept.except.dedup();
    kept.participants = names::participants(&conference.participants, &mut problems);
    pins(conference, &mut problems);
    let long = !(1..=MAX_MINUTES).contains(&kept.minutes);
    if long {
        let minutes = kept.minutes;
        problems.push(format!("a conference of {minutes} minutes is not held: say from 1 to {MAX_MINUTES}"));
    }
    // What is said of the zone, and of a length, is not said twice.
    if !long && zone::find(&kept.time_zone).is_ok() {
        match Times::of(&kept) {
            Ok(times) => problems.extend(held(&kept, &times, now).err()),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(kept) } else { Err(problems.join("\n")) }
}

/// Whether it is held at all, and only once at a time.
fn held(conference: &NewConference, times: &Times, now: Timestamp) -> Result<(), String> {
    if conference.except.len() > MAX_EXCEPT {
        return Err(format!(
            "more than {MAX_EXCEPT} beginnings are left out: add what is left as conferences of their own"
        ));
    }
    let whole = Times::of(&NewConference { except: Vec::new(), ..conference.clone() })?;
    let Some(&first) = whole.first(1).first() else {
        return Err("it is never held: no day is as the recurrence says".to_owned());
    };
    if conference.rrule.is_some() && first != conference.start {
        return Err(format!(
            "{} is no beginning by the recurrence, which gives {} first: say that as the start",
            wall(conference.start),
            wall(first)
        ));
    }
    if let Some(stray) = conference.except.iter().find(|except| !whole.begins(**except)) {
        return Err(format!("{} cannot be left out: it does not begin then", wall(*stray)));
    }
    let since = now.saturating_sub(NOW).unwrap_or(now);
    if times.not_over(since, LOOKED_AT).iter().all(|starts| *starts < since) {
        return Err(past(conference, times));
    }
    let early = times.first(LOOKED_AT);
    let length = SignedDuration::from_mins(i64::from(conference.minutes));
    match early.windows(2).find(|pair| pair[0].saturating_add(length) > pair[1]) {
        Some(pair) => Err(format!(
            "it begins again at {} before it has ended that began at {}: let it last less than {} minutes",
            wall(pair[1]),
            wall(pair[0]),
            conference.minutes
        )),
        None => Ok(()),
    }
}

fn past(conference: &NewConference, times: &Times) -> String {
    let zone = &conference.time_zone;
    match (times.first(1).is_empty(), &conference.rrule) {
        (true, _) => "it is never held: every beginning is left out".to_owned(),
        (false, None) => {
            format!("it began already: {} in {zone} is past; say a later start", wall(conference.start))
        }
        (false, Some(_)) => {
            format!("the last time was before now: let the recurrence in {zone} go on for longer")
        }
    }
}

fn pins(conference: &NewConference, problems: &mut Vec<String>) {
    for (whose, pin) in [("the PIN of organizers", &conference.organizer_pin), ("the PIN", &conference.pin)] {
        problems
            .extend(pin.as_ref().and_then(|pin| self::pin(pin).err()).map(|why| format!("{whose} {why}")));
    }
    if conference.pin.is_some() && conference.pin == conference.organizer_pin {
        problems.push("organizers have the PIN of everybody else: say another for one of them".to_owned());
    }
}

/// Whether a PIN can be keyed.
///
/// # Errors
/// Why not, after "the PIN"; what it is, is not told.
pub(crate) fn pin(pin: &Pin) -> Result<(), String> {
    let digits = pin.reveal();
    match (4..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(()),
        false => Err("is not of 4 to 12 digits".to_owned()),
    }
}

/// A time on the wall, as people write it.
pub(super) fn wall(time: jiff::civil::DateTime) -> String {
    let seconds = if time.second() == 0 { "" } else { ":%S" };
    time.strftime(&format!("%Y-%m-%dT%H:%M{seconds}")).to_string()
}
