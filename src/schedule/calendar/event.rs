//! One event of a calendar.

use jiff::SignedDuration;

use super::lines::{EventLines, Property};
use super::when::{self, Start, When};

/// What an event without an end lasts.
const NO_END: u32 = 60;

/// What an event says, before it is known whether it can be held.
#[derive(Debug)]
pub(super) struct Event {
    line: usize,
    pub(super) uid: Option<String>,
    pub(super) title: String,
    pub(super) location: Option<String>,
    begins: When,
    end: End,
    pub(super) rrule: Option<String>,
    /// Beginnings that are left out.
    pub(super) except: Vec<When>,
    /// Which of its series it is, if it was moved.
    pub(super) moved: Option<When>,
    pub(super) cancelled: bool,
    /// Who is invited, and by whom.
    pub(super) people: Vec<Property>,
    /// What is not carried.
    pub(super) notes: Vec<String>,
    /// The zone of times that have none.
    pub(super) floating: Option<String>,
}

#[derive(Debug)]
enum End {
    At(When),
    After(SignedDuration),
    Unsaid,
}

impl Event {
    /// Reads what an event says.
    ///
    /// # Errors
    /// The line that is broken, and how.
    pub(super) fn read(lines: &EventLines) -> Result<Self, String> {
        let all = |name: &'static str| lines.properties.iter().filter(move |property| property.name == name);
        let one = |name: &'static str| match all(name).nth(1) {
            Some(second) => Err(second.broken("this was said before of the same event")),
            None => Ok(all(name).next()),
        };
        let when = |name: &'static str| one(name)?.map(single).transpose();
        let text = |name: &'static str| all(name).next().map(|property| property.value.clone());
        let begins =
            when("DTSTART")?.ok_or_else(|| format!("line {}: the event has no DTSTART", lines.line))?;
        let end = match (when("DTEND")?, one("DURATION")?) {
            (Some(end), _) => End::At(end),
            (None, Some(length)) => End::After(when::duration(length)?),
            (None, None) => End::Unsaid,
        };
        let except = all("EXDATE").map(When::read).collect::<Result<Vec<_>, _>>()?.concat();
        let mut notes = Vec::new();
        for name in ["RDATE", "EXRULE"] {
            notes.extend(
                all(name)
                    .next()
                    .map(|_| format!("is held without what its {name} says, which is not carried")),
            );
        }
        let moved = one("RECURRENCE-ID")?;
        if moved.is_some_and(|moved| moved.param("RANGE").is_some()) {
            notes.push("is moved alone: what its RANGE says of those after it is not carried".to_owned());
        }
        let status = text("STATUS").unwrap_or_default();
        Ok(Event {
            line: lines.line,
            uid: text("UID").filter(|uid| !uid.is_empty()),
            title: text("SUMMARY").unwrap_or_default(),
            location: text("LOCATION"),
            begins,
            end,
            rrule: one("RRULE")?.map(|rule| rule.value.clone()),
            except,
            moved: moved.map(single).transpose()?,
            cancelled: status.eq_ignore_ascii_case("CANCELLED"),
            people: all("ORGANIZER").chain(all("ATTENDEE")).cloned().collect(),
            notes,
            floating: None,
        })
    }

    /// By which it is known again: `UID`, and which of its series.
    pub(super) fn key(&self) -> Option<String> {
        let uid = self.uid.as_ref()?;
        Some(match &self.moved {
            Some(When::Day(day)) => format!("{uid} {day}"),
            Some(When::Floating(wall) | When::Zoned(wall, _) | When::Utc(wall)) => format!("{uid} {wall}"),
            None => uid.clone(),
        })
    }

    /// How notes name it.
    pub(super) fn place(&self) -> String {
        let title: String = self.title.chars().filter(|c| !c.is_control()).take(60).collect();
        format!("the event of line {} ({title})", self.line).replace(" ()", "")
    }

    /// When it begins.
    pub(super) fn start(&self, said: &mut Vec<String>, of_calendar: bool) -> Result<Start, String> {
        let start = self.begins.start(self.floating.as_deref())?;
        if matches!(self.begins, When::Floating(_)) && !of_calendar {
            said.push(format!(
                "has a time without a zone: it is taken as {}",
                super::zone::name(&start.zone)
            ));
        }
        Ok(start)
    }

    /// How long it lasts.
    pub(super) fn minutes(&self, start: &Start, said: &mut Vec<String>) -> Result<u32, String> {
        let length = match &self.end {
            End::After(length) => *length,
            End::At(end) => end.start(self.floating.as_deref())?.instant()?.duration_since(start.instant()?),
            End::Unsaid => {
                said.push(format!("does not say when it ends: {NO_END} minutes are taken"));
                return Ok(NO_END);
            }
        };
        let minutes = length.as_secs().div_euclid(60) + i64::from(length.as_secs().rem_euclid(60) > 0);
        u32::try_from(minutes).map_err(|_| "it ends before it begins".to_owned())
    }
}

/// A line that says one time.
fn single(property: &Property) -> Result<When, String> {
    let mut times = When::read(property)?;
    match times.pop() {
        Some(when) if times.is_empty() => Ok(when),
        _ => Err(property.broken("one time is expected here")),
    }
}
