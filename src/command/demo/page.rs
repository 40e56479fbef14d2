//! A story on a page: columns, line breaks, colours.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::words::{Kind, Line};

/// How wide the columns before the text are.
const MARGIN: usize = TIME + 2 + WHO + 2;
const TIME: usize = 4;
const WHO: usize = 9;

/// What happens so soon after something else is told without its time.
pub(super) const AT_ONCE: Duration = Duration::from_millis(150);

/// Writes lines as wide as the terminal is.
#[derive(Debug)]
pub(super) struct Page<W> {
    out: W,
    width: usize,
    color: bool,
    /// The time that was written last.
    told: Option<Duration>,
    /// Who did what the last line tells.
    who: String,
}

impl<W: Write> Page<W> {
    /// A page of so many columns.
    pub(super) fn new(out: W, width: usize, color: bool) -> Self {
        Page { out, width: width.clamp(40, 100), color, told: None, who: String::new() }
    }

    /// A line that says what comes next.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.who.clear();
        writeln!(self.out)?;
        for line in broken(text, self.width) {
            writeln!(self.out, "{}", self.painted(Style::new().bold(), &line))?;
        }
        Ok(())
    }

    /// Text over the whole width.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        for line in broken(text, self.width) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Something that happened.
    pub(super) fn line(&mut self, line: &Line) -> io::Result<()> {
        let time = self.time(line.at);
        let style = style(line.kind);
        if line.kind == Kind::Wire {
            // As it is, so that it can be searched for and copied.
            self.who.clear();
            return writeln!(self.out, "{time}  {} {}", line.who, self.painted(style, &line.text));
        }
        let who = if line.who == self.who && time.trim().is_empty() { "" } else { &line.who };
        let who = self.painted(style, &format!("{who:<WHO$}"));
        for (at, text) in broken(&line.text, self.width - MARGIN).iter().enumerate() {
            match at {
                0 => writeln!(self.out, "{time}  {who}  {}", self.painted(style, text))?,
                _ => writeln!(self.out, "{:MARGIN$}{}", "", self.painted(style, text))?,
            }
        }
        self.who.clone_from(&line.who);
        Ok(())
    }

    /// Everything so far is to be seen now.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The time, where it is not the same as before.
    fn time(&mut self, at: Duration) -> String {
        if self.told.is_some_and(|told| at < told + AT_ONCE) {
            return " ".repeat(TIME);
        }
        self.told = Some(at);
        let tenths = at.as_millis() / 100;
        self.painted(Style::new().dimmed(), &format!("{:>2}.{}", tenths / 10, tenths % 10))
    }

    fn painted(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::Person => Style::new().bold(),
        Kind::Code => AnsiColor::Yellow.on_default(),
        Kind::Engine | Kind::Wire => Style::new().dimmed(),
        Kind::Room => AnsiColor::Green.on_default(),
        Kind::Ear => AnsiColor::Magenta.on_default(),
        Kind::Trouble => AnsiColor::Red.on_default().bold(),
    }
}

/// Text in lines of so many columns, broken at blanks where there are any, but not between an arrow and what it is at.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    const NO_BREAK: &str = "\u{a0}";
    let mut lines = vec![String::new()];
    let mut length = 0;
    let joined = text.replace(" -> ", &format!(" ->{NO_BREAK}"));
    for word in joined.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + letters.len() <= width {
            letters.insert(0, ' ');
        } else if length > 0 {
            lines.push(String::new());
            length = 0;
        }
        for letter in letters {
            if length == width {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
            length += 1;
        }
    }
    lines.into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_blanks_and_long_words_anywhere() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("to abcdefghij k", 4), ["to", "abcd", "efgh", "ij k"]);
        assert_eq!(broken("ask for this -> true", 15), ["ask for this", "-> true"]);
        assert_eq!(broken("", 4), [""]);
    }

    #[test]
    fn no_line_is_wider_than_the_page_and_the_time_is_told_once() {
        let mut page = Page::new(Vec::new(), 40, false);
        for text in ["calls 800", "says a lot, and then some more of it, and then the rest"] {
            let (at, kind) = (Duration::from_millis(1250), Kind::Person);
            page.line(&Line { at, kind, who: "alice".into(), text: text.into() }).unwrap();
        }
        let page = String::from_utf8(page.out).unwrap();
        assert!(page.lines().all(|line| line.chars().count() <= 40), "{page}");
        assert!(page.starts_with(" 1.2  alice      calls 800\n                 says a lot"), "{page}");
    }
}
