//! The terminal that is printed on.

use std::io::{self, IsTerminal};

use ratatui::text::Span;

use crate::plain::spelled_out;

/// The width where nothing tells of one: paper's.
const PAPER: usize = 80;

/// No word or name is shown longer than that.
const LONGEST: usize = 120;

/// No line of sentences is shown longer than that.
const LONGEST_LINE: usize = 4_000;

/// The terminal's width; where there is none, what COLUMNS says, or paper's.
pub(super) fn width() -> usize {
    let size = ratatui::crossterm::terminal::size().ok().filter(|_| io::stdout().is_terminal());
    let told = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    size.map(|(columns, _)| usize::from(columns)).or_else(told).unwrap_or(PAPER)
}

/// Colour is for terminals, and for people who have not said that they want none (no-color.org).
pub(super) fn color() -> bool {
    let told = |name, none: &str| std::env::var(name).is_ok_and(|value| value == none);
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !unwanted && !told("TERM", "dumb")
}

/// Text of somebody's that can do nothing on a terminal but be read: what would move the cursor, change colours, turn
/// the direction of writing or be invisible is spelled out, and what is very long is cut.
pub(super) fn plain(text: &str) -> String {
    based(text, LONGEST)
}

/// Whole sentences, of several lines perhaps, that can do nothing on a terminal but be read.
pub(super) fn lines(text: &str) -> String {
    text.lines().map(|line| based(line, LONGEST_LINE)).collect::<Vec<_>>().join("\n")
}

/// The same, as long as it may be, and with something under an accent that it begins with.
fn based(text: &str, longest: usize) -> String {
    let plain = spelled_out(text, longest);
    match plain.chars().next() {
        // An accent without a letter would sit on what stands before it.
        Some(first) if Span::raw(first.to_string()).width() == 0 => format!("\u{25cc}{plain}"),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_do_something_to_a_terminal_is_spelled_out() {
        assert_eq!(plain("Ana\u{1b}[2J"), "Ana\\u{1b}[2J");
        assert_eq!(plain("a\nb\tc\rd\u{7f}\u{9b}1m\0"), "a\\nb\\tc\\rd\\u{7f}\\u{9b}1m\\u{0}");
        assert_eq!(plain("\u{202e}evil\u{2066}\u{200f}"), "\\u{202e}evil\\u{2066}\\u{200f}");
        assert_eq!(plain("\u{3164}\u{1d173}\u{34f}"), "\\u{3164}\\u{1d173}\\u{34f}");
        assert_eq!(plain("a\u{200b}\u{feff}\u{e0041}\u{2028}b"), "a\\u{200b}\\u{feff}\\u{e0041}\\u{2028}b");
    }

    #[test]
    fn names_of_all_the_world_are_left_as_they_are() {
        for name in [
            "Ștefan Țepeș",
            "李小龙",
            "עברית",
            "محمد",
            "می\u{200c}خواهم",
            "👩\u{200d}🔬",
            "Zoe\u{308}",
            "O'Neil-\\1",
        ] {
            assert_eq!(plain(name), name);
        }
        assert_eq!(plain("\u{308}a"), "\u{25cc}\u{308}a", "and what is no letter gets something to sit on");
    }

    #[test]
    fn what_is_very_long_is_cut() {
        assert_eq!(plain(&"7".repeat(100_000)).chars().count(), LONGEST + 1);
        assert_eq!(plain(""), "");
        let sentence = "it is so. ".repeat(40);
        assert_eq!(
            lines(&format!("{sentence}\n{sentence}\u{1b}")),
            format!("{sentence}\n{sentence}\\u{{1b}}")
        );
    }
}
