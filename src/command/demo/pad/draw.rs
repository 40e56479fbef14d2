//! Drawing the screen.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Paragraph, Wrap};

use super::desk::{Desk, Entry};
use super::layout::{Areas, SMALLEST};
use crate::command::demo::page::broken;
use crate::command::demo::words::Kind;
use crate::key::Key;

/// How much time a mark of the timer stands for.
const MARK: Duration = Duration::from_millis(500);

/// The width of the times in the log.
const TIME: usize = 7;

const HELP: &str = "Tab caller  c call  h hang up  q quit";
const LONG_HELP: &str = "0-9 * # A-D keys   Tab or F1-F4 caller   c call   h hang up   q quit";

/// Draws everything there is to see.
pub(super) fn draw(frame: &mut Frame<'_>, desk: &Desk) {
    let Some(areas) = Areas::of(frame.area()) else { return too_small(frame) };
    callers(frame, &areas, desk);
    pad(frame, &areas, desk);
    state(frame, areas.state, desk);
    rooms(frame, &areas, desk);
    log(frame, areas.log, desk);
    let advice = if areas.roomy { format!("try {}", desk.advice()) } else { desk.advice().to_owned() };
    let advice = Paragraph::new(advice).wrap(Wrap { trim: true });
    frame.render_widget(advice.style(bold()), areas.advice);
    let help = if usize::from(areas.help.width) < LONG_HELP.len() { HELP } else { LONG_HELP };
    frame.render_widget(Line::styled(help, dim()), areas.help);
}

fn too_small(frame: &mut Frame<'_>) {
    let (width, height) = SMALLEST;
    let text = format!("too small: {width}x{height} at least, please; q quits");
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), frame.area());
}

fn block(title: String) -> Block<'static> {
    Block::bordered().border_type(BorderType::Rounded).border_style(dim()).title(Span::styled(title, bold()))
}

fn callers(frame: &mut Frame<'_>, areas: &Areas, desk: &Desk) {
    let lines = desk.callers().map(|caller| {
        let mark = if caller.chosen { ">" } else { " " };
        let name = format!("{mark}{:<6}", caller.person.name());
        let style = if caller.chosen { bold() } else { Style::new() };
        let place =
            if areas.roomy { caller.place.as_str() } else { caller.place.trim_start_matches("room ") };
        let mut spans = vec![Span::styled(name, style), Span::styled(place.to_owned(), style)];
        if caller.muted {
            spans.push(Span::styled(" muted", Style::new().fg(Color::Red)));
        }
        if !caller.held.is_empty() {
            spans.push(Span::styled(format!(" {}", caller.held), color(Kind::Code)));
        }
        Line::from(spans)
    });
    frame.render_widget(Paragraph::new(lines.to_vec()).block(block(" callers ".into())), areas.callers);
}

fn pad(frame: &mut Frame<'_>, areas: &Areas, desk: &Desk) {
    frame.render_widget(block(format!(" {}'s telephone ", desk.chosen().name())), areas.pad);
    for (key, place) in areas.keys() {
        let lit = desk.lit() == Some(key);
        let label = if areas.roomy { key.to_string() } else { format!("[{key}]") };
        let mut label = Paragraph::new(label).alignment(Alignment::Center).style(key_style(key, lit));
        if areas.roomy {
            let border = if lit { BorderType::Thick } else { BorderType::Rounded };
            let style = if lit { Style::new() } else { dim() };
            label = label.block(Block::bordered().border_type(border).border_style(style));
        }
        frame.render_widget(label, place);
    }
}

fn key_style(key: Key, lit: bool) -> Style {
    let style = match key.symbol() {
        b'A'..=b'D' => dim(),
        _ => bold(),
    };
    if lit { Style::new().fg(Color::Yellow).add_modifier(Modifier::REVERSED | Modifier::BOLD) } else { style }
}

fn state(frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let held = match desk.held() {
        None => Line::styled(" holds nothing", dim()),
        Some((keys, left)) => {
            let marks = left.as_millis().div_ceil(MARK.as_millis());
            let marks = "#".repeat(usize::try_from(marks).unwrap_or_default());
            let text = format!(" holds {keys} {:.1}s {marks}", left.as_secs_f32());
            Line::styled(text, color(Kind::Code).add_modifier(Modifier::BOLD))
        }
    };
    let hears = Line::styled(format!(" hears {}", desk.hears()), color(Kind::Ear));
    frame.render_widget(Text::from(vec![held, hears]), area);
}

fn rooms(frame: &mut Frame<'_>, areas: &Areas, desk: &Desk) {
    let (recording, indent) = if areas.roomy { (" ● recording", "  ") } else { (" ● rec", "") };
    let mut text = Text::default();
    for room in desk.rooms() {
        let mut title = vec![Span::styled(format!("room {}", room.name), color(Kind::Room).bold())];
        if room.recording {
            title.push(Span::styled(recording, Style::new().fg(Color::Red)));
        }
        text.push_line(Line::from(title));
        let members = room.members.iter().map(|(name, muted)| match muted {
            true => format!("{name} (muted)"),
            false => name.clone(),
        });
        text.push_line(format!("{indent}{}", members.collect::<Vec<_>>().join(", ")));
    }
    if text.lines.is_empty() {
        text.push_line(Line::styled("none", dim()));
    }
    let rooms = Paragraph::new(text).wrap(Wrap { trim: false });
    frame.render_widget(rooms.block(block(" rooms ".into())), areas.rooms);
}

fn log(frame: &mut Frame<'_>, area: Rect, desk: &Desk) {
    let block = block(" what happens ".into());
    let inner = block.inner(area);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let mut lines: Vec<Line<'static>> = Vec::new();
    for entry in desk.log().rev() {
        if lines.len() >= height {
            break;
        }
        lines.extend(entry_lines(entry, width).into_iter().rev());
    }
    lines.truncate(height);
    lines.reverse();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// A line of the log, broken to fit; where there is little room the time stands above what happened.
fn entry_lines(entry: &Entry, width: usize) -> Vec<Line<'static>> {
    let style = color(entry.kind);
    if width < 4 * TIME {
        let lines = broken(entry.text.trim_start(), width);
        return lines.into_iter().map(|text| Line::styled(text, style)).collect();
    }
    let time = entry.at.map(|at| format!("{:>5}.{} ", at.as_secs(), at.subsec_millis() / 100));
    let mut margin = time.unwrap_or_else(|| " ".repeat(TIME + 1));
    let indent = entry.text.len() - entry.text.trim_start().len();
    margin.push_str(&" ".repeat(indent));
    let texts = broken(entry.text.trim_start(), width.saturating_sub(margin.len()).max(1));
    let blank = " ".repeat(margin.len() + 2);
    let mut lines = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        let margin = if at == 0 { margin.clone() } else { blank.clone() };
        lines.push(Line::from(vec![Span::styled(margin, dim()), Span::styled(text, style)]));
    }
    lines
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn color(kind: Kind) -> Style {
    match kind {
        Kind::Person => bold(),
        Kind::Code => Style::new().fg(Color::Yellow),
        Kind::Engine | Kind::Wire => dim(),
        Kind::Room => Style::new().fg(Color::Green),
        Kind::Ear => Style::new().fg(Color::Magenta),
        Kind::Trouble => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::desk::Command;
    use super::*;
    use crate::command::demo::cast::Person;
    use crate::command::demo::scene::configuration;

    fn desk() -> Desk {
        let mut desk = Desk::new(configuration().expect("the example"), 0);
        for symbol in *b"*6*9*" {
            desk.command(Command::Key(Key::from_symbol(symbol).expect("a key")));
            desk.advance(Duration::from_millis(200));
        }
        desk
    }

    fn picture(desk: &Desk, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, desk)).expect("a picture");
        terminal.backend().to_string()
    }

    #[test]
    fn a_usual_terminal_shows_everything() {
        insta::assert_snapshot!(picture(&desk(), 80, 24));
    }

    #[test]
    fn a_small_terminal_shows_everything_smaller() {
        insta::assert_snapshot!(picture(&desk(), 40, 15));
    }

    #[test]
    fn a_terminal_of_any_size_is_drawn_on() {
        let mut desk = desk();
        for size in [(80, 24), (1, 1), (39, 15), (40, 14), (41, 16), (64, 22), (64, 23), (65, 40), (300, 2)] {
            picture(&desk, size.0, size.1);
        }
        for person in Person::ALL {
            desk.command(Command::Choose(person));
            desk.command(Command::HangUp);
            desk.advance(Duration::from_secs(1));
            assert!(picture(&desk, 80, 24).contains("no call"));
        }
        assert!(picture(&desk, 80, 24).contains("none"), "no room is left");
        assert!(picture(&desk, 20, 2).contains("too small"));
    }

    #[test]
    fn the_key_that_was_pressed_is_lit() {
        let desk = desk();
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
        let areas = Areas::of(Rect::new(0, 0, 80, 24)).expect("a screen");
        terminal.draw(|frame| draw(frame, &desk)).expect("a picture");
        let lit = |symbol: u8| {
            let key = Key::from_symbol(symbol).expect("a key");
            let place = areas.keys().into_iter().find(|(at, _)| *at == key).expect("a place").1;
            let cell = terminal.backend().buffer().cell((place.x + 1, place.y + 1)).expect("a cell");
            cell.modifier.contains(Modifier::REVERSED)
        };
        assert_eq!((lit(b'*'), lit(b'9')), (true, false));
    }
}
