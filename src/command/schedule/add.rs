//! `touchtone schedule add`

use std::path::PathBuf;

use clap::Args;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Failure, Way};
use crate::command::pin;
use crate::schedule;
use crate::store::{NewConference, NewParticipant};

/// Put a conference on the schedule.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: touchtone schedule add --room 800 --title Weekly --start 2026-12-01T09:30 \\\n    \
    --rrule 'FREQ=WEEKLY;BYDAY=TU' --organizer '+40721000001,Ana,call' --participant 305,Radu\n\
    PINs are read from files or from standard input, because everybody on the machine sees a command line."
)]
pub(super) struct Add {
    #[command(flatten)]
    way: Way,
    /// The room.
    #[arg(long, value_name = "ROOM")]
    room: String,
    /// What it is about.
    #[arg(long, value_name = "TEXT", default_value = "")]
    title: String,
    /// When it begins the first time, by the clock on the wall: 2026-12-01T09:30.
    #[arg(long, value_name = "TIME", value_parser = wall)]
    start: DateTime,
    /// The time zone of that clock, as Europe/Bucharest; the machine's if not given.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// How long it lasts.
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// How it recurs (RFC 5545), as FREQ=WEEKLY;BYDAY=MO; once if not given.
    #[arg(long, value_name = "RULE")]
    rrule: Option<String>,
    /// A beginning that is left out. May be given again.
    #[arg(long, value_name = "TIME", value_parser = wall)]
    except: Vec<DateTime>,
    /// Who takes part: NUMBER[,NAME][,call]; with call they are called when it begins. May be given again.
    #[arg(long, value_name = "WHO", value_parser = participant)]
    participant: Vec<NewParticipant>,
    /// Who is an organizer, in the same way.
    #[arg(long, value_name = "WHO", value_parser = participant)]
    organizer: Vec<NewParticipant>,
    /// A file with the PIN of everybody but organizers; - reads a line of standard input, and asks on a terminal.
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// A file with the PIN of organizers; of two that are -, this is read first.
    #[arg(long, value_name = "FILE")]
    organizer_pin_file: Option<PathBuf>,
}

impl Add {
    /// What is to be held, and how it is asked.
    pub(super) fn conference(self) -> Result<(Way, NewConference), Failure> {
        let time_zone = zone(self.zone)?;
        let read = |file: Option<PathBuf>, whose| file.map(|file| pin::read(&file, whose)).transpose();
        let organizer_pin = read(self.organizer_pin_file, "organizers")?;
        let pin = read(self.pin_file, "everybody but organizers")?;
        let organizers = self.organizer.into_iter().map(|who| NewParticipant { organizer: true, ..who });
        let conference = NewConference {
            room: self.room,
            title: self.title,
            start: self.start,
            time_zone,
            minutes: self.minutes,
            rrule: self.rrule,
            except: self.except,
            organizer_pin,
            pin,
            participants: organizers.chain(self.participant).collect(),
        };
        Ok((self.way, conference))
    }
}

/// The name of a time zone that there is.
fn zone(named: Option<String>) -> Result<String, Failure> {
    let Some(named) = named else {
        return TimeZone::system().iana_name().map(str::to_owned).ok_or_else(|| {
            let text =
                "error: this machine's time zone has no name; say which with --zone, as Europe/Bucharest";
            Failure::Usage(text.to_owned())
        });
    };
    match schedule::zone::find(&named) {
        Ok(_) => Ok(named),
        Err(why) => Err(Failure::Usage(format!("error: {why}"))),
    }
}

/// A time by the clock on the wall. A day alone is none: somebody forgot when.
fn wall(text: &str) -> Result<DateTime, String> {
    let form = "write it as 2026-12-01T09:30";
    if text.ends_with(['Z', 'z']) {
        return Err(format!("it is by the clock on the wall: {form}, and --zone UTC"));
    }
    match text.parse() {
        Ok(time) if text.contains(':') => Ok(time),
        _ => Err(form.to_owned()),
    }
}

/// `NUMBER[,NAME][,call]`; a name may have commas.
fn participant(text: &str) -> Result<NewParticipant, String> {
    let (rest, call) = match text.rsplit_once(',') {
        Some((rest, last)) if last.trim() == "call" => (rest, true),
        _ => (text, false),
    };
    let (number, name) = rest.split_once(',').unwrap_or((rest, ""));
    let (number, name) = (number.trim().to_owned(), name.trim().to_owned());
    if let Some(last) = name.rsplit(',').next().map(str::trim)
        && last.to_ascii_lowercase().starts_with("call")
        && last.len() <= 6
    {
        return Err(format!("{last:?} is not `call`: NUMBER[,NAME][,call]"));
    }
    if !number.bytes().any(|byte| byte.is_ascii_digit()) && name.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(format!("the number comes first, as \"{name},{number}\""));
    }
    if number.is_empty() {
        return Err("it begins with the number: NUMBER[,NAME][,call]".to_owned());
    }
    Ok(NewParticipant { number, username: None, name, organizer: false, call })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_participant_is_a_number_and_perhaps_a_name_and_whether_to_call() {
        let read = |text| participant(text).map(|who| (who.number, who.name, who.call));
        let who = |number: &str, name: &str, call| Ok((number.to_owned(), name.to_owned(), call));
        assert_eq!(read("305"), who("305", "", false));
        assert_eq!(read("305,call"), who("305", "", true));
        assert_eq!(read("305,Ana"), who("305", "Ana", false));
        assert_eq!(read(" +40721 , Pop, Ana , call"), who("+40721", "Pop, Ana", true));
        assert!(read(",Ana").is_err() && read("").is_err());
    }

    #[test]
    fn a_time_zone_is_one_that_there_is() {
        assert_eq!(zone(Some("Europe/Bucharest".to_owned())).ok().as_deref(), Some("Europe/Bucharest"));
        let Err(Failure::Usage(text)) = zone(Some("Europe/Bucarest".to_owned())) else {
            panic!("there is none")
        };
        assert!(text.ends_with("did you mean Europe/Bucharest?"), "{text}");
    }
}
