//! `touchtone schedule`

mod add;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::daemon::{Daemon, beside_the_point, json};
use super::show::{Paper, schedule};
use super::terminal::lines;
use super::{Failure, Format};
use crate::control::protocol::MAX_LINE;
use crate::store::{ConferenceInfo, Manage, Managed};

/// See and change which conferences are to be held.
#[derive(Debug, Args)]
pub(super) struct Schedule {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Add(Box<add::Add>),
    List(List),
    Show(Show),
    Remove(Remove),
    Import(Import),
}

/// How it is asked, and how what is answered is printed.
#[derive(Debug, Args)]
struct Way {
    #[command(flatten)]
    daemon: Daemon,
    /// How it is printed; a conference is a line with json.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// List all conferences.
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    way: Way,
}

/// Show one conference: who takes part, when it is held next, and whom we reached the last time.
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    way: Way,
    /// Its number, as `touchtone schedule list` shows it.
    #[arg(value_name = "ID")]
    id: i64,
}

/// Forget a conference. What is being held goes on.
#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    way: Way,
    /// Its number, as `touchtone schedule list` shows it.
    #[arg(value_name = "ID")]
    id: i64,
}

/// Take the events of a calendar as conferences.
#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    way: Way,
    /// An .ics file; - reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The room of events that name none in their location.
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Call those who are invited.
    #[arg(long)]
    call: bool,
}

impl Schedule {
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        match self.what {
            What::Add(add) => {
                let (way, conference) = add.conference()?;
                way.ask(Manage::Add { conference: Box::new(conference) }, true, out)
            }
            What::List(List { way }) => way.ask(Manage::List, false, out),
            What::Show(Show { way, id }) => way.ask(Manage::Show { id }, true, out),
            What::Remove(Remove { way, id }) => way.ask(Manage::Remove { id }, false, out),
            What::Import(Import { way, file, room, call }) => {
                let text = calendar(&file)?;
                way.ask_taking(Manage::Import { text, room, call }, out)
            }
        }
    }
}

impl Way {
    /// As [`ask`](Self::ask), for what is to take at least one conference.
    fn ask_taking(&self, manage: Manage, out: &mut impl Write) -> Result<(), Failure> {
        match self.daemon.manage(manage, self.format, out)? {
            Managed::Conferences { conferences, notes } if conferences.is_empty() => {
                say(&notes)?;
                Err(Failure::Refused("error: no conference was taken".to_owned()))
            }
            taken => self.print(taken, false, out),
        }
    }

    fn ask(&self, manage: Manage, whole: bool, out: &mut impl Write) -> Result<(), Failure> {
        self.print(self.daemon.manage(manage, self.format, out)?, whole, out)
    }

    fn print(&self, managed: Managed, whole: bool, out: &mut impl Write) -> Result<(), Failure> {
        match (managed, self.format) {
            (Managed::Conferences { conferences, notes }, Format::Json) => {
                conferences.iter().try_for_each(|one| json(out, one))?;
                say(&notes)?;
            }
            (Managed::Conferences { conferences, notes }, Format::Text) => {
                writeln!(out, "{}", text(&conferences, whole))?;
                out.flush()?;
                say(&notes)?;
            }
            (Managed::Removed { id }, Format::Text) => writeln!(out, "conference {id} is forgotten")?,
            (removed, Format::Json) => json(out, &removed)?,
            (other, Format::Text) => return Err(beside_the_point(&other)),
        }
        Ok(out.flush()?)
    }
}

fn text(conferences: &[ConferenceInfo], whole: bool) -> String {
    let paper = Paper::here();
    match conferences {
        all if whole && !all.is_empty() => {
            all.iter().map(|one| schedule::whole(&paper, one)).collect::<Vec<_>>().join("\n\n")
        }
        all => schedule::list(&paper, all),
    }
}

/// What was left out of a calendar is told beside what was not.
fn say(notes: &[String]) -> io::Result<()> {
    notes.iter().try_for_each(|note| writeln!(io::stderr(), "{}", lines(note)))
}

/// The text of a calendar. As much as could be sent is read; as JSON it is somewhat longer.
fn calendar(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let refused = |error| Failure::Refused(format!("error: {name} cannot be read: {error}"));
    let source: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(std::fs::File::open(file).map_err(refused)?),
    };
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    source.take(most).read_to_end(&mut text).map_err(refused)?;
    if text.len() >= MAX_LINE {
        let text = format!("error: {name} has {MAX_LINE} bytes or more; import it in parts");
        return Err(Failure::Refused(text));
    }
    String::from_utf8(text).map_err(|_| Failure::Refused(format!("error: {name} is no text (UTF-8)")))
}
