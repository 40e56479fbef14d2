//! The times at which one conference is held.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

use super::rule::Rule;
use super::zone;
use crate::store::NewConference;

/// What is gone through at most to answer one question, whatever a rule says.
const MAX_STEPS: usize = 100_000;

/// A wall time is in UTC within this much of where another near it is, however clocks are changed.
const MARGIN: SignedDuration = SignedDuration::from_hours(26);

/// The years in which conferences are held.
const YEARS: (civil::Date, civil::Date) = (civil::date(1970, 1, 2), civil::date(2200, 1, 1));

/// The times at which one conference is held: walls by its rule, and what they are in UTC.
///
/// 09:30 stays 09:30 on the wall, whatever is done to clocks. What RFC 5545 (section 3.3.5) says of times that are
/// special holds here: a wall time that does not exist, because clocks are put forward over it, is read by the offset
/// before that, and so is held that much later on the wall (02:30 becomes 03:30); of one that exists twice, because clocks
/// are put back, the first counts. Two beginnings that become one are held once.
///
/// A rule alone says when a conference is held, with the start as the earliest time: a start that is not of the rule is
/// not counted, and [`check`](super::check()) refuses it.
#[derive(Debug, Clone)]
pub struct Times {
    start: DateTime,
    zone: TimeZone,
    length: SignedDuration,
    rule: Option<Rule>,
    except: BTreeSet<DateTime>,
}

impl Times {
    /// The times of a conference.
    ///
    /// # Errors
    /// What is wrong with its time zone, its start or its rule, and the way out.
    pub fn of(conference: &NewConference) -> Result<Self, String> {
        let zone = zone::find(&conference.time_zone)?;
        let start = whole_seconds(conference.start);
        if !(YEARS.0..YEARS.1).contains(&start.date()) {
            let years = format!("{} to {}", YEARS.0.year(), YEARS.1.year() - 1);
            return Err(format!("a conference in {} is not held: say a year from {years}", start.year()));
        }
        let rule = conference.rrule.as_deref().map(|rule| Rule::parse(rule, start)).transpose()?;
        Ok(Times {
            start,
            zone,
            length: SignedDuration::from_mins(i64::from(conference.minutes)),
            rule,
            except: conference.except.iter().copied().map(whole_seconds).collect(),
        })
    }

    /// When it ends, if it begins at `starts`.
    #[must_use]
    pub fn ends(&self, starts: Timestamp) -> Timestamp {
        starts.saturating_add(self.length).unwrap_or(Timestamp::MAX)
    }

    /// The beginnings of the first `most` times that it is held at some time from `from` until `to`, not included: those
    /// that begin before `to` and end after `from`, in order.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp, most: usize) -> Vec<Timestamp> {
        let near = from.saturating_sub(self.length).unwrap_or(Timestamp::MIN);
        let last = self.wall(to, MARGIN);
        let held = self.walls(self.wall(near, -MARGIN)).take_while(|(wall, _)| *wall <= last);
        let held = held.map(|(_, at)| at).filter(|at| *at < to && self.ends(*at) > from);
        // Walls that do not exist may come behind others that are later on the wall, within a day.
        let mut held: Vec<Timestamp> = held.take(most.saturating_add(super::MAX_TIMES_A_DAY)).collect();
        held.sort_unstable();
        held.dedup();
        held.truncate(most);
        held
    }

    /// The beginnings of the first `most` times that are not over at `now`.
    #[must_use]
    pub fn not_over(&self, now: Timestamp, most: usize) -> Vec<Timestamp> {
        // A first look is near, so that a rule is not gone through to its end for a few.
        let near = now.saturating_add(SignedDuration::from_hours(24 * 90)).unwrap_or(Timestamp::MAX);
        let soon = self.between(now, near, most);
        if soon.len() == most { soon } else { self.between(now, Timestamp::MAX, most) }
    }

    /// Whether it begins at that time on the wall.
    #[must_use]
    pub fn begins(&self, wall: DateTime) -> bool {
        let wall = whole_seconds(wall);
        self.walls(wall).map(|(held, _)| held).take_while(|held| *held <= wall).any(|held| held == wall)
    }

    /// Whether it begins at that time on the wall, which is not past.
    pub(super) fn held_later(&self, wall: DateTime, now: Timestamp) -> bool {
        let over =
            self.at(wall).is_none_or(|at| self.ends(at).saturating_add(MARGIN).is_ok_and(|end| end < now));
        !over && self.begins(wall)
    }

    /// The first `most` beginnings of all, on the wall.
    #[must_use]
    pub fn first(&self, most: usize) -> Vec<DateTime> {
        self.walls(self.start).map(|(wall, _)| wall).take(most).collect()
    }

    /// When the last time is over; `None` if there is none, or none that can be told.
    #[must_use]
    pub fn over(&self) -> Option<Timestamp> {
        if self.rule.as_ref().is_some_and(Rule::endless) {
            return None;
        }
        let (count, last) =
            self.walls(self.start).fold((0, None), |(count, last), (_, at)| (count + 1, last.max(Some(at))));
        last.filter(|_| count < MAX_STEPS).map(|last| self.ends(last))
    }

    /// What time of the conference's zone it is, moved.
    #[must_use]
    fn wall(&self, at: Timestamp, moved: SignedDuration) -> DateTime {
        let wall = self.zone.to_datetime(at).saturating_add(moved);
        wall.clamp(YEARS.0.at(0, 0, 0, 0), YEARS.1.at(0, 0, 0, 0))
    }

    /// The time in UTC at which it begins by the wall.
    fn at(&self, wall: DateTime) -> Option<Timestamp> {
        self.zone.to_ambiguous_timestamp(wall).compatible().ok()
    }

    /// All beginnings at `near` or later on the wall, in the order of the wall.
    fn walls(&self, near: DateTime) -> impl Iterator<Item = (DateTime, Timestamp)> {
        let once = self.rule.is_none().then_some(self.start);
        let ruled = self.rule.iter().flat_map(move |rule| rule.walls(self.start, near));
        let end = YEARS.1.at(0, 0, 0, 0);
        let all = once.into_iter().chain(ruled).take(MAX_STEPS).take_while(move |wall| *wall < end);
        let all = all.filter_map(|wall| Some((wall, self.at(wall)?)));
        let all = all.take_while(|(wall, at)| self.rule.as_ref().is_none_or(|rule| rule.goes_on(*wall, *at)));
        all.filter(move |(wall, _)| *wall >= near && !self.except.contains(wall))
    }
}

/// Conferences begin at whole seconds.
pub(super) fn whole_seconds(wall: DateTime) -> DateTime {
    wall.with().subsec_nanosecond(0).build().unwrap_or(wall)
}
