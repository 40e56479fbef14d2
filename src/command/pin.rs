//! Reading a PIN where nobody else sees it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal;

use super::Failure;
use super::leave::told_to_leave;
use crate::store::Pin;

/// How long a PIN may be.
const LONGEST: u64 = 64;

/// A PIN from a file, or from standard input if that is `-`; on a terminal it is asked for and not shown.
pub(super) fn read(file: &Path, whose: &str) -> Result<Pin, Failure> {
    let from = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let refused =
        |error: io::Error| Failure::Refused(format!("error: no PIN can be read from {from}: {error}"));
    let line = if file != Path::new("-") {
        only_line(File::open(file).map_err(refused)?).map_err(refused)?
    } else if io::stdin().is_terminal() {
        asked(whose).map_err(refused)?
    } else {
        line(&mut io::stdin().lock()).map_err(refused)?
    };
    let digits = line.trim();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        // What it is instead is not said: it may be a PIN with a slip.
        let text = format!("error: the PIN of {whose} (from {from}) must be digits, and digits only");
        return Err(Failure::Refused(text));
    }
    Ok(Pin::new(digits))
}

/// A line of what is no terminal.
pub(super) fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(LONGEST).read_line(&mut line)?;
    Ok(line)
}

fn only_line(file: impl Read) -> io::Result<String> {
    let mut input = BufReader::new(file);
    let first = line(&mut input)?;
    match line(&mut input)?.trim() {
        "" => Ok(first),
        _ => Err(io::Error::other("it has more than one line, or a very long one")),
    }
}

/// A PIN that is asked for at the terminal and not shown.
pub(super) fn asked(whose: &str) -> io::Result<String> {
    write!(io::stderr(), "PIN of {whose} (it is not shown): ")?;
    io::stderr().flush()?;
    told_to_leave(terminal::disable_raw_mode)?;
    terminal::enable_raw_mode()?;
    let typed = typed();
    let restored = terminal::disable_raw_mode();
    writeln!(io::stderr())?;
    restored.and(typed)
}

fn typed() -> io::Result<String> {
    let mut typed = String::new();
    loop {
        let Event::Key(KeyEvent { code, modifiers, kind, .. }) = event::read()? else { continue };
        match code {
            _ if kind == KeyEventKind::Release => {}
            KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => {
                return Err(io::Error::other("it was given up"));
            }
            KeyCode::Enter => return Ok(typed),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(key) if u64::try_from(typed.len()).is_ok_and(|length| length < LONGEST) => {
                typed.push(key);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_pin_and_two_of_standard_input_are_two_lines() {
        assert_eq!(only_line(&b"1234\n"[..]).unwrap(), "1234\n");
        assert_eq!(only_line(&b"1234\n\n"[..]).unwrap(), "1234\n");
        assert!(only_line(&b"1234\n5678\n"[..]).is_err());
        assert!(only_line(&[b'1'; 1000][..]).is_err());
        let mut input = &b"1234\r\n5678"[..];
        assert_eq!((line(&mut input).unwrap().trim(), line(&mut input).unwrap().as_str()), ("1234", "5678"));
    }

    #[test]
    fn what_is_no_pin_is_refused_and_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pin");
        for wrong in ["", "12a4", "12 34"] {
            std::fs::write(&file, wrong).unwrap();
            let Err(Failure::Refused(text)) = read(&file, "organizers") else {
                panic!("{wrong:?} is no PIN")
            };
            assert!(text.contains("digits only") && (wrong.is_empty() || !text.contains(wrong)), "{text}");
        }
        std::fs::write(&file, "0042\n").unwrap();
        assert_eq!(read(&file, "organizers").unwrap().reveal(), "0042");
    }
}
