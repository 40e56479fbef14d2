//! Who was in which room.

use comfy_table::Cell;

use super::{Paper, said, stacked};
use crate::command::terminal::plain;
use crate::store::Attendance;

/// Participations, for people.
pub(in crate::command) fn text(paper: &Paper, all: &[Attendance]) -> String {
    if all.is_empty() {
        return "nobody".to_owned();
    }
    if paper.is_roomy() {
        let row = |one: &Attendance| {
            vec![
                said(&one.room),
                said(&one.caller),
                said(&one.role),
                Cell::new(paper.time(one.joined)),
                Cell::new(left(paper, one)),
                Cell::new(lasted(one)),
                said(&one.reason),
            ]
        };
        let names = ["room", "caller", "role", "came", "left", "lasted", "why"];
        return paper.table(&names, &[5], all.iter().map(row).collect());
    }
    let row = |one: &Attendance| {
        let parts = [&one.caller, &one.role, &one.reason].map(|part| plain(part));
        let who = stacked(parts.iter().map(String::as_str));
        let when = format!("{}\n{}", paper.time(one.joined), left(paper, one));
        vec![said(&one.room), Cell::new(who), Cell::new(when), Cell::new(lasted(one))]
    };
    paper.table(&["room", "who", "came, left", "lasted"], &[3], all.iter().map(row).collect())
}

fn left(paper: &Paper, one: &Attendance) -> String {
    one.left.map_or_else(|| "is there".to_owned(), |left| paper.time(left))
}

/// Hours, minutes, seconds.
fn lasted(one: &Attendance) -> String {
    let Some(seconds) = one.seconds else { return String::new() };
    let Ok(whole) = std::time::Duration::try_from_secs_f64(seconds.round()) else { return "?".to_owned() };
    let whole = whole.as_secs();
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}
