//! Dates and times in calendars.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Unit};

use super::super::zone;
use super::lines::Property;

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    /// A day, without a time.
    Day(Date),
    /// A time by whatever clock is on the wall.
    Floating(DateTime),
    /// A time by the clock on the wall of a zone.
    Zoned(DateTime, String),
    /// A time in UTC.
    Utc(DateTime),
}

/// When an event begins: a time on the wall of a zone.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) wall: DateTime,
    pub(super) zone: TimeZone,
}

impl When {
    /// The times that a line says.
    pub(super) fn read(property: &Property) -> Result<Vec<Self>, String> {
        let zone = property.param("TZID");
        let times = property.value.split(',').map(|text| When::parse(text.trim(), zone));
        times.collect::<Option<_>>().ok_or_else(|| {
            let shown: String = property.value.chars().take(60).collect();
            property.broken(&format!(
                "{shown:?} is no date: one is 20261201, 20261201T093000 or 20261201T073000Z"
            ))
        })
    }

    fn parse(text: &str, zone: Option<&str>) -> Option<Self> {
        match (text.len(), zone) {
            (8, _) => Date::strptime("%Y%m%d", text).ok().map(When::Day),
            (16, _) => DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok().map(When::Utc),
            (15, Some(zone)) => {
                DateTime::strptime("%Y%m%dT%H%M%S", text).ok().map(|wall| When::Zoned(wall, zone.to_owned()))
            }
            (15, None) => DateTime::strptime("%Y%m%dT%H%M%S", text).ok().map(When::Floating),
            _ => None,
        }
    }

    /// The wall and its zone; `floating` is the zone of times that have none.
    pub(super) fn start(&self, floating: Option<&str>) -> Result<Start, String> {
        match self {
            When::Day(_) => Err("it lasts all day, and has no time at which it begins".to_owned()),
            When::Utc(wall) => Ok(Start { wall: *wall, zone: TimeZone::UTC }),
            When::Zoned(wall, zone) => Ok(Start { wall: *wall, zone: zone::of_calendar(zone)? }),
            When::Floating(wall) => match floating {
                Some(zone) => Ok(Start { wall: *wall, zone: zone::of_calendar(zone)? }),
                None => {
                    Err("its time has no zone: give DTSTART a TZID, or the calendar X-WR-TIMEZONE".to_owned())
                }
            },
        }
    }

    /// The same time on the wall of an event; a day alone is when the event begins on it.
    pub(super) fn wall_of(&self, event: &Start, floating: Option<&str>) -> Result<DateTime, String> {
        match self {
            When::Day(day) => Ok(day.to_datetime(event.wall.time())),
            other => Ok(event.zone.to_datetime(other.start(floating)?.instant()?)),
        }
    }
}

impl Start {
    /// The time in UTC.
    pub(super) fn instant(&self) -> Result<Timestamp, String> {
        let instant = self.zone.to_ambiguous_timestamp(self.wall).compatible();
        instant.map_err(|_| "its date is too far away".to_owned())
    }
}

/// A length of time as `PT1H30M` or `P1D`, where a day has 24 hours.
pub(super) fn duration(property: &Property) -> Result<SignedDuration, String> {
    let text = property.value.trim().trim_start_matches('+');
    let span = text.starts_with('P').then(|| text.parse::<Span>().ok()).flatten();
    let total = span.and_then(|span| span.total((Unit::Second, SpanRelativeTo::days_are_24_hours())).ok());
    let total = total.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
    total.ok_or_else(|| property.broken(&format!("{text:?} is no length of time: one is PT1H30M")))
}
