//! Attendance for other programs.

use super::Attendance;
use crate::plain::acts;

/// The columns, as [`csv`] has them.
const COLUMNS: [&str; 12] = [
    "run",
    "leg",
    "room",
    "conference",
    "channel",
    "caller",
    "role",
    "billid",
    "joined",
    "left",
    "seconds",
    "reason",
];

/// Attendance as comma-separated values (RFC 4180), with a line of names first.
///
/// Callers have a say in numbers and reasons. What a spreadsheet would take as a formula, since it begins with `=`, `+`,
/// `-`, `@`, a tab or a carriage return, has an apostrophe before it, which spreadsheets show as text: a number `+40215550101`
/// is `'+40215550101`. [`json_lines`] has everything as it is.
#[must_use]
pub fn csv(attendance: &[Attendance]) -> String {
    let mut text = line(&COLUMNS.map(str::to_owned));
    for who in attendance {
        text += &line(&[
            cell(&who.key.run),
            cell(&who.key.leg),
            cell(&who.room),
            who.conference.map(|id| id.to_string()).unwrap_or_default(),
            cell(&who.channel),
            cell(&who.caller),
            cell(&who.role),
            cell(&who.billid),
            who.joined.to_string(),
            who.left.map(|left| left.to_string()).unwrap_or_default(),
            who.seconds.map(|seconds| format!("{seconds:.3}")).unwrap_or_default(),
            cell(&who.reason),
        ]);
    }
    text
}

/// Attendance as JSON, one object a line.
#[must_use]
pub fn json_lines(attendance: &[Attendance]) -> String {
    let lines = attendance.iter().filter_map(|who| serde_json::to_string(who).ok());
    lines.map(|line| line + "\n").collect()
}

fn line(cells: &[String; 12]) -> String {
    cells.join(",") + "\r\n"
}

/// Text that is no formula, quoted where it has to be.
fn cell(text: &str) -> String {
    // A terminal does what they say; blanks and the ends of lines are quoted.
    let acts = |c: char| acts(c) && !['\t', '\r', '\n'].contains(&c);
    let text = text.replace(acts, "\u{fffd}");
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text };
    match text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
