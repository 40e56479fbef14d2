//! Recurrence rules (RFC 5545, section 3.3.10), and the one place where dates are the `rrule` crate's.
//!
//! The crate is given the clock on the wall as if it were UTC, and gives walls back: what a wall time is in UTC, and what
//! becomes of it when clocks are changed, is for [`Times`](super::Times) to say. So is where a rule ends (`UNTIL`).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rrule::RRuleSet;

use crate::suggest;

/// The largest `COUNT`. To know when the last of them is, all are gone through.
pub const MAX_COUNT: u32 = 10_000;

/// How often a conference can begin in a day.
pub const MAX_TIMES_A_DAY: usize = 24;

/// The longest rule, in bytes.
const MAX_LENGTH: usize = 1_000;

/// The largest `INTERVAL`.
const MAX_INTERVAL: u16 = 1_000;

const EXAMPLE: &str = "a rule is written as FREQ=WEEKLY;BYDAY=MO,TH or FREQ=MONTHLY;BYDAY=1TU;COUNT=12";

/// The parts a rule may have; `BYSECOND` is told apart, since it is refused with a reason.
const PARTS: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
];

/// The parts that say on which day it is held; without one of them the start says it.
const DAYS: [&str; 4] = ["BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"];

/// How a conference recurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    every: Every,
    interval: u16,
    counted: bool,
    names_days: bool,
    until: Option<Until>,
    /// What the crate reads: the rule without `UNTIL`.
    text: String,
}

/// How often, before `INTERVAL` is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// The last moment at which it may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Any time of that day, on the wall.
    Day(Date),
    /// On the wall.
    Wall(DateTime),
    /// Wherever that is.
    Instant(Timestamp),
}

impl Rule {
    /// Reads a rule for a conference that begins the first time at `start`.
    ///
    /// What recurs more often than daily is refused (`FREQ=HOURLY` and finer, `BYSECOND`, more than
    /// [`MAX_TIMES_A_DAY`]), since a rule has to be gone through in bounded time.
    pub(super) fn parse(text: &str, start: DateTime) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("the recurrence is longer than {MAX_LENGTH} bytes: {EXAMPLE}"));
        }
        let text = text.trim().to_ascii_uppercase();
        let parts = split(text.strip_prefix("RRULE:").unwrap_or(&text))?;
        let value = |name: &str| parts.iter().find(|part| part.0 == name).map(|part| part.1);
        let every = every(value("FREQ"))?;
        let interval = number("INTERVAL", value("INTERVAL"), MAX_INTERVAL)?.unwrap_or(1);
        let counted = number("COUNT", value("COUNT"), MAX_COUNT)?.is_some();
        let until = value("UNTIL").map(until).transpose()?;
        if counted && until.is_some() {
            return Err("a recurrence has COUNT or UNTIL, not both: leave one of them out".to_owned());
        }
        times_a_day(value("BYHOUR"), value("BYMINUTE"))?;
        let names_days = DAYS.iter().any(|name| value(name).is_some());
        let kept = parts.iter().filter(|(name, _)| *name != "UNTIL");
        let text = kept.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";");
        let rule = Rule { every, interval, counted, names_days, until, text };
        rule.set(start)?;
        Ok(rule)
    }

    /// Whether it goes on for ever.
    pub(super) const fn endless(&self) -> bool {
        !self.counted && self.until.is_none()
    }

    /// Whether it may begin at that moment, as far as `UNTIL` says.
    pub(super) fn goes_on(&self, wall: DateTime, at: Timestamp) -> bool {
        match self.until {
            None => true,
            Some(Until::Day(day)) => wall.date() <= day,
            Some(Until::Wall(last)) => wall <= last,
            Some(Until::Instant(last)) => at <= last,
        }
    }

    /// When it begins, on the wall and in order: all that are at `near` or later, and maybe some before.
    pub(super) fn walls(&self, start: DateTime, near: DateTime) -> impl Iterator<Item = DateTime> {
        // A rule was tried with its start when it was read; one that cannot be had again gives nothing.
        let set = self.set(self.advance(start, near).unwrap_or(start)).ok();
        let walls = set.into_iter().flat_map(|set| {
            let limited = set.limit();
            limited.into_iter()
        });
        walls.map_while(|at| {
            let at = Timestamp::from_second(at.timestamp()).ok()?;
            Some(TimeZone::UTC.to_datetime(at))
        })
    }

    /// A later start from which the rule gives the same from `near` on, so that years that are past need not be gone
    /// through. It is in the same phase of `INTERVAL`, and a period before `near`, since the period in which a rule
    /// starts may be cut.
    fn advance(&self, start: DateTime, near: DateTime) -> Option<DateTime> {
        if self.counted || near <= start {
            return None;
        }
        let interval = i64::from(self.interval);
        let days = i64::from((near.date() - start.date()).get_days());
        let months = i64::from(near.year() - start.year()) * 12 + i64::from(near.month() - start.month());
        let whole = |units: i64, period: i64| Some((units / period - 1) * period).filter(|units| *units > 0);
        let first = || self.names_days.then(|| start.first_of_month());
        match self.every {
            Every::Day => start.checked_add(Span::new().days(whole(days, interval)?)).ok(),
            Every::Week => start.checked_add(Span::new().days(whole(days, interval * 7)?)).ok(),
            Every::Month => first()?.checked_add(Span::new().months(whole(months, interval)?)).ok(),
            Every::Year => first()?.checked_add(Span::new().months(whole(months, interval * 12)?)).ok(),
        }
    }

    fn set(&self, start: DateTime) -> Result<RRuleSet, String> {
        let text = format!("DTSTART:{}\nRRULE:{}", start.strftime("%Y%m%dT%H%M%SZ"), self.text);
        text.parse()
            .map_err(|error: rrule::RRuleError| format!("the recurrence cannot be read: {error}; {EXAMPLE}"))
    }
}

/// The parts of a rule with their values.
fn split(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) =
            part.split_once('=').ok_or_else(|| format!("\"{part}\" says nothing: {EXAMPLE}"))?;
        if !PARTS.contains(&name) {
            let meant = suggest::nearest(name, PARTS).map(|meant| format!(", did you mean {meant}?"));
            return Err(format!(
                "a recurrence has no {name}{}",
                meant.unwrap_or_else(|| format!(": {EXAMPLE}"))
            ));
        }
        if parts.iter().any(|(other, _)| *other == name) {
            return Err(format!("the recurrence says {name} twice: leave one of them out"));
        }
        if value.is_empty()
            || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b",+-".contains(&byte))
        {
            return Err(format!("{name}={value} cannot be read: {EXAMPLE}"));
        }
        if name == "BYSECOND" {
            return Err("a conference begins at the second of its start: leave BYSECOND out".to_owned());
        }
        parts.push((name, value));
    }
    Ok(parts)
}

fn every(value: Option<&str>) -> Result<Every, String> {
    match value {
        Some("DAILY") => Ok(Every::Day),
        Some("WEEKLY") => Ok(Every::Week),
        Some("MONTHLY") => Ok(Every::Month),
        Some("YEARLY") => Ok(Every::Year),
        Some(finer @ ("HOURLY" | "MINUTELY" | "SECONDLY")) => Err(format!(
            "FREQ={finer} recurs more often than daily, which conferences do not: write FREQ=DAILY;BYHOUR=9,13,17 for \
             some times of a day"
        )),
        Some(other) => {
            let meant = suggest::nearest(other, ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
            let meant = meant.unwrap_or("DAILY, WEEKLY, MONTHLY or YEARLY");
            Err(format!("there is no FREQ={other}: did you mean {meant}?"))
        }
        None => Err(format!("the recurrence has no FREQ: {EXAMPLE}")),
    }
}

/// A whole number from 1 to `most`.
fn number<N>(name: &str, value: Option<&str>, most: N) -> Result<Option<N>, String>
where
    N: std::str::FromStr + PartialOrd + Copy + From<u8> + std::fmt::Display,
{
    let Some(value) = value else { return Ok(None) };
    let number = value.parse().ok().filter(|number| (N::from(1)..=most).contains(number));
    let way_out = if name == "COUNT" { "; UNTIL=20301231 says the last day instead" } else { "" };
    number.map(Some).ok_or_else(|| format!("{name}={value} is not from 1 to {most}{way_out}"))
}

fn until(value: &str) -> Result<Until, String> {
    let read = || match value.len() {
        8 => Some(Until::Day(Date::strptime("%Y%m%d", value).ok()?)),
        15 => Some(Until::Wall(DateTime::strptime("%Y%m%dT%H%M%S", value).ok()?)),
        16 => {
            let wall = DateTime::strptime("%Y%m%dT%H%M%SZ", value).ok()?;
            Some(Until::Instant(TimeZone::UTC.to_timestamp(wall).ok()?))
        }
        _ => None,
    };
    let how = "write the last day, as 20301231, or the last beginning, as 20301231T093000 on the wall or \
               20301231T073000Z in UTC";
    read().ok_or_else(|| format!("UNTIL={value} is no date: {how}"))
}

fn times_a_day(hours: Option<&str>, minutes: Option<&str>) -> Result<(), String> {
    let many = |list: Option<&str>| list.map_or(1, |list| list.split(',').count());
    match many(hours) * many(minutes) {
        times if times > MAX_TIMES_A_DAY => Err(format!(
            "BYHOUR and BYMINUTE make {times} times a day, and {MAX_TIMES_A_DAY} are allowed: leave some out"
        )),
        _ => Ok(()),
    }
}
