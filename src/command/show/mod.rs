//! What people see of rooms, the schedule and those who attended: text and tables as wide as the terminal is.

pub(super) mod attendance;
pub(super) mod rooms;
pub(super) mod schedule;
pub(super) mod status;

use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::terminal;

/// On less than that, columns are put into each other.
const ROOMY: u16 = 72;

/// No table is narrower or wider than that, whatever the terminal says.
const WIDTHS: (usize, usize) = (20, 200);

/// How many columns are between two.
const GAP: u16 = 2;

/// What is written on.
#[derive(Debug, Clone)]
pub(super) struct Paper {
    width: u16,
    color: bool,
    zone: TimeZone,
    today: Date,
}

impl Paper {
    /// The terminal, now.
    #[allow(clippy::disallowed_methods)] // The edge: the day that it is for whoever reads.
    pub(super) fn here() -> Self {
        let today = jiff::Zoned::now();
        Paper::new(terminal::width(), terminal::color(), today.time_zone().clone(), today.date())
    }

    fn new(width: usize, color: bool, zone: TimeZone, today: Date) -> Self {
        let width = u16::try_from(width.clamp(WIDTHS.0, WIDTHS.1)).unwrap_or(u16::MAX);
        Paper { width, color, zone, today }
    }

    fn is_roomy(&self) -> bool {
        self.width >= ROOMY
    }

    /// The time of day, and the date where it is another.
    pub(super) fn time(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        let day = at.date();
        let form = if day == self.today {
            "%H:%M"
        } else if day.year() == self.today.year() {
            "%b %-d %H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        at.strftime(form).to_string()
    }

    /// A line that is to be seen at once.
    pub(super) fn alert(&self, text: &str) -> String {
        self.text(0, text, AnsiColor::Red.on_default().bold())
    }

    /// A line that is not to be in the way.
    pub(super) fn hint(&self, text: &str) -> String {
        self.text(0, text, Style::new().dimmed())
    }

    /// Lines of a text.
    fn text(&self, indent: usize, text: &str, style: Style) -> String {
        let mut table = self.bare();
        table.add_row([Cell::new(text)]);
        if let Some(column) = table.column_mut(0) {
            column.set_padding((u16::try_from(indent).unwrap_or(0), 0));
        }
        let lines = table.trim_fmt();
        let painted = |line: &str| match line.find(|c: char| c != ' ') {
            Some(at) if self.color => format!("{}{style}{}{style:#}", &line[..at], &line[at..]),
            _ => line.to_owned(),
        };
        lines.lines().map(painted).collect::<Vec<_>>().join("\n")
    }

    /// A table whose columns have those names; `fixed` are as wide as what is in them.
    fn table(&self, names: &[&str], fixed: &[usize], rows: Vec<Vec<Cell>>) -> String {
        let mut table = self.bare();
        if !names.is_empty() {
            table.set_header(names.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        }
        table.add_rows(rows);
        let last = table.column_count().saturating_sub(1);
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        if let Some(column) = table.column_mut(last) {
            column.set_padding((0, 0));
        }
        for at in fixed {
            if let Some(column) = table.column_mut(*at) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        table.trim_fmt()
    }

    fn bare(&self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING).force_no_tty().set_width(self.width);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if self.color {
            table.enforce_styling();
        }
        table
    }
}

/// A cell of what somebody said.
fn said(text: &str) -> Cell {
    Cell::new(terminal::plain(text))
}

/// A cell in a colour.
fn colored(text: impl ToString, color: Color) -> Cell {
    Cell::new(text).fg(color)
}

/// What there is of that, one a line, in one cell.
fn stacked<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(super) fn paper(width: usize) -> Paper {
    Paper::new(width, false, TimeZone::UTC, jiff::civil::date(2026, 1, 5))
}

/// Whether every line has room.
#[cfg(test)]
fn fits(text: &str, width: usize) -> bool {
    text.lines().all(|line| ratatui::text::Span::raw(line).width() <= width)
}
