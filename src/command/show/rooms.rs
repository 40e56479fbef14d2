//! Rooms and who is in them.

use anstyle::Style;
use comfy_table::{Cell, Color};

use super::{Paper, colored, said, stacked};
use crate::command::terminal::plain;
use crate::control::protocol::{Room, Seat};

/// The bar of who talks: how long it is, and how much of the engine's measure a piece of it is. Speech is about 20.
const BAR: usize = 5;
const PIECE: u32 = 8;

/// The rooms, for people, a block each.
pub(in crate::command) fn text(paper: &Paper, rooms: &[Room]) -> String {
    if rooms.is_empty() {
        return "no rooms".to_owned();
    }
    rooms.iter().map(|room| block(paper, room)).collect::<Vec<_>>().join("\n\n")
}

fn block(paper: &Paper, room: &Room) -> String {
    let mut lines = vec![paper.text(0, &title(room), Style::new().bold())];
    lines.push(paper.text(2, &facts(paper, room), Style::new()));
    if let Some(held) = &room.conference {
        let title = if held.title.is_empty() { String::new() } else { format!(": {}", plain(&held.title)) };
        let text = format!("conference {}{title}, until {}", held.id, paper.time(held.ends));
        lines.push(paper.text(2, &text, Style::new()));
    }
    if !room.seats.is_empty() {
        lines.push(seats(paper, &room.seats));
    }
    lines.join("\n")
}

fn title(room: &Room) -> String {
    let marks = [(room.locked, ", locked"), (room.recording, ", recorded")];
    let marks: String = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
    format!("room {}{marks}", plain(&room.name))
}

fn facts(paper: &Paper, room: &Room) -> String {
    let since = match room.since {
        Some(since) => format!("open since {}", paper.time(since)),
        None => "open since before touchtone came".to_owned(),
    };
    let there = match room.max_users {
        Some(most) => format!("{} of {most} there", room.seats.len()),
        None => format!("{} there", room.seats.len()),
    };
    let waiting = match room.waiting {
        0 => String::new(),
        waiting => format!(", {waiting} waiting"),
    };
    format!("{since}, {there}{waiting}")
}

fn seats(paper: &Paper, seats: &[Seat]) -> String {
    let since = |seat: &Seat| seat.since.map_or_else(String::new, |since| paper.time(since));
    let channel = |seat: &Seat| seat.channel.as_ref().unwrap_or(&seat.leg).clone();
    if paper.is_roomy() {
        let row = |seat: &Seat| {
            vec![
                Cell::new(seat.seat),
                said(&seat.caller),
                said(&seat.name),
                said(&seat.role),
                muted(seat),
                talking(seat),
                Cell::new(since(seat)),
                said(&channel(seat)),
            ]
        };
        let names = ["seat", "caller", "name", "role", "muted", "talking", "since", "channel"];
        return paper.table(&names, &[0, 4, 5], seats.iter().map(row).collect());
    }
    let row = |seat: &Seat| {
        let parts = [&seat.caller, &seat.name, &seat.role, &channel(seat)].map(|part| plain(part));
        let who = stacked(parts.iter().map(String::as_str));
        let state = match (seat.muted, seat.talking) {
            (Some(true), _) => colored("muted", Color::Yellow),
            (None, _) => Cell::new("muted?"),
            (Some(false), _) => talking(seat),
        };
        vec![Cell::new(seat.seat), Cell::new(who), state, Cell::new(since(seat))]
    };
    paper.table(&["seat", "who", "talking", "since"], &[0, 2], seats.iter().map(row).collect())
}

fn muted(seat: &Seat) -> Cell {
    match seat.muted {
        Some(true) => colored("yes", Color::Yellow),
        Some(false) => Cell::new("no"),
        None => Cell::new("?"),
    }
}

/// A bar as long as they are loud.
fn talking(seat: &Seat) -> Cell {
    let Some(loud) = seat.talking else { return Cell::new("") };
    let length = usize::try_from(loud.saturating_add(PIECE / 2) / PIECE).unwrap_or(BAR).clamp(1, BAR);
    colored(format!("{}{}", "▮".repeat(length), "▯".repeat(BAR - length)), Color::Green)
}

#[cfg(test)]
mod tests {
    use super::super::{fits, paper};
    use super::*;

    fn seat(number: u32, caller: &str, name: &str) -> Seat {
        Seat {
            seat: number,
            leg: format!("conf/{number}"),
            channel: None,
            caller: caller.to_owned(),
            name: name.to_owned(),
            role: "organizer".to_owned(),
            muted: Some(false),
            talking: Some(20),
            since: None,
        }
    }

    fn room(seats: Vec<Seat>) -> Room {
        Room {
            name: "800".to_owned(),
            since: None,
            locked: false,
            recording: false,
            max_users: None,
            conference: None,
            seats,
            waiting: 0,
        }
    }

    #[test]
    fn whatever_callers_are_called_every_line_has_room_and_does_nothing_to_the_terminal() {
        let names = [
            "李小龙".repeat(30),
            "Zoe\u{308}\u{301}\u{302} ".repeat(20),
            "\u{301}\u{301}".to_owned(),
            "👩\u{200d}🔬".repeat(20),
            "\u{1b}[31mred\u{1b}[0m\r\n\u{202e}".to_owned(),
            "x".repeat(5000),
            "a b ".repeat(500),
        ];
        let seats = names.iter().zip(1..).map(|(name, at)| seat(at, name, name)).collect();
        let rooms = [room(seats)];
        for width in [40, 71, 72, 80, 133] {
            let text = text(&paper(width), &rooms);
            assert!(fits(&text, width), "{width}:\n{text}");
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            assert!(!text.contains('\u{202e}'));
        }
    }

    #[test]
    fn the_bar_grows_with_the_voice() {
        let bar = |loud| {
            let mut seat = seat(1, "1", "");
            seat.talking = loud;
            talking(&seat).content()
        };
        assert_eq!([None, Some(0), Some(20), Some(36)].map(bar), ["", "▮▯▯▯▯", "▮▮▮▯▯", "▮▮▮▮▮"]);
        assert_eq!(bar(Some(u32::MAX)), "▮▮▮▮▮");
    }

    #[test]
    fn without_colour_there_is_none_and_with_it_there_is() {
        let rooms = [room(vec![seat(1, "1", "")])];
        assert!(!text(&paper(80), &rooms).contains('\u{1b}'));
        let bright = Paper { color: true, ..paper(80) };
        assert!(text(&bright, &rooms).contains("\u{1b}[1mroom 800"));
    }
}
