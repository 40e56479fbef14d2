//! `touchtone attendance`

use std::io::Write;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::daemon::{Daemon, beside_the_point, json};
use super::show::{Paper, attendance};
use super::{Failure, Format};
use crate::store::{self, Manage, Managed};

/// Show who was in which room, from when until when.
#[derive(Debug, Args)]
#[command(
    after_help = "A time is as 2026-12-01, 2026-12-01T09:30 (by the machine's time zone) or 2026-12-01T07:30Z.\n\
    With --format json a participation is a line."
)]
pub(super) struct Attendance {
    #[command(flatten)]
    daemon: Daemon,
    /// Only this room.
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Only who came at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Only who came before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// How it is printed.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: Form,
}

/// How participations are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Attendance {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let refusals = if self.format == Form::Json { Format::Json } else { Format::Text };
        let Attendance { room, from, to, .. } = self;
        let all = match self.daemon.manage(Manage::Attendance { room, from, to }, refusals, out)? {
            Managed::Attendance { attendance } => attendance,
            other => return Err(beside_the_point(&other)),
        };
        match self.format {
            Form::Table => writeln!(out, "{}", attendance::text(&Paper::here(), &all))?,
            Form::Csv => out.write_all(store::export::csv(&all).as_bytes())?,
            Form::Json => all.iter().try_for_each(|one| json(out, one))?,
        }
        Ok(out.flush()?)
    }
}

/// A time, by the clock on the wall unless it says otherwise.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let time: jiff::civil::DateTime = text
        .parse()
        .map_err(|_| "it is no time: write it as 2026-12-01T09:30, or as 2026-12-01".to_owned())?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::system()).map_err(|error| format!("{error}"))?;
    Ok(zoned.timestamp())
}
