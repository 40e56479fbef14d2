//! From a file's bytes to its text: the self-identifying header (SRGS 4.2) and the encoding (4.4).

use std::borrow::Cow;
use std::ops::Range;

use nom::Parser;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::{preceded, terminated};

use super::lex::{blank, is_name_char, shown};
use crate::grammar::Problem;

/// A file as text, and what its header says.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The text without a byte order mark; what spans refer to.
    pub(super) text: String,
    /// Where the text goes on after the header.
    pub(super) body: usize,
    /// What is wrong with the header. The text is read on as well as it can be.
    pub(super) problem: Option<Problem>,
    /// Whether the file does not say what its letters beyond ASCII are.
    pub(super) is_guess: bool,
}

/// An encoding that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
    Latin1,
    Ascii,
}

/// What the first bytes give away: the encoding, and how long the byte order mark is.
fn guess(bytes: &[u8]) -> (Option<Encoding>, usize) {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => (Some(Encoding::Utf8), 3),
        [0xFF, 0xFE, ..] => (Some(Encoding::Utf16 { big_endian: false }), 2),
        [0xFE, 0xFF, ..] => (Some(Encoding::Utf16 { big_endian: true }), 2),
        [b'#', 0, ..] => (Some(Encoding::Utf16 { big_endian: false }), 0),
        [0, b'#', ..] => (Some(Encoding::Utf16 { big_endian: true }), 0),
        _ => (None, 0),
    }
}

/// Turns bytes into text by what the header says of them.
///
/// Read are UTF-8 and UTF-16, which every processor must read, and ISO-8859-1 and US-ASCII; others are refused by
/// their names. A file that names no encoding is UTF-8. Where its bytes cannot be, it is read as ISO-8859-1, as some are
/// that have such letters in comments only; [`misread`] says whether they matter.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (guessed, mark) = guess(bytes);
    let bytes = &bytes[mark..];
    if let Some(Encoding::Utf16 { big_endian }) = guessed {
        return wide(bytes, big_endian);
    }
    let plain = String::from_utf8_lossy(bytes);
    let header = match header(&plain) {
        Ok(header) => header,
        Err(problem) => {
            return Decoded { body: 0, text: plain.into_owned(), problem: Some(*problem), is_guess: false };
        }
    };
    let body = header.body;
    let encoding = match header.declared(&plain) {
        Ok(Some(Encoding::Utf16 { .. })) => {
            let problem = header
                .refused("the file is not in the encoding that it names", "this is one byte a character");
            return Decoded { text: plain.into_owned(), body, problem: Some(problem), is_guess: false };
        }
        Ok(encoding) => encoding,
        Err(problem) => {
            return Decoded { text: plain.into_owned(), body, problem: Some(*problem), is_guess: false };
        }
    };
    let problem = match (encoding, guessed) {
        (Some(Encoding::Latin1 | Encoding::Ascii), Some(Encoding::Utf8)) => Some(
            header.refused("the file is not in the encoding that it names", "its byte order mark says UTF-8"),
        ),
        (Some(Encoding::Latin1), _) | (None, None) => None,
        _ => invalid(&plain, bytes, encoding, mark),
    };
    let is_guess = (encoding, guessed) == (None, None) && matches!(plain, Cow::Owned(_));
    let text =
        if is_guess || encoding == Some(Encoding::Latin1) { latin1(bytes) } else { plain.into_owned() };
    Decoded { text, body, problem: header.problem.or(problem), is_guess }
}

/// The header's length is the same in each of these encodings: it is made of ASCII.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// What is wrong with the first bytes that are not as the encoding has them. Before them is a byte order mark, of as
/// many bytes as `mark`.
fn invalid(text: &str, bytes: &[u8], encoding: Option<Encoding>, mark: usize) -> Option<Problem> {
    let (at, name) = match encoding {
        Some(Encoding::Ascii) => (bytes.iter().position(|byte| !byte.is_ascii())?, "US-ASCII"),
        _ => (std::str::from_utf8(bytes).err()?.valid_up_to(), "UTF-8"),
    };
    let help = match encoding {
        _ if mark > 0 => "save the file as UTF-8 throughout, as its byte order mark says",
        Some(Encoding::Ascii) if std::str::from_utf8(bytes).is_ok() => {
            "name the encoding in the header: #ABNF 1.0 UTF-8;"
        }
        _ => ANOTHER,
    };
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let problem = Problem::new("encoding", at..at + length, format!("this is not {name}"));
    Some(problem.labelled(format!("byte {} of the file, from 0", mark + at)).help(help))
}

/// What is wrong with a file of a [guessed](Decoded::is_guess) encoding: the first letter beyond ASCII in its rules, but
/// for comments. Rules begin at `from`.
pub(super) fn misread(text: &str, from: usize) -> Option<Problem> {
    let mut rest = text.get(from..)?;
    while let Some(next) = rest.chars().next() {
        if !next.is_ascii() {
            let at = text.len() - rest.len();
            let problem = Problem::new("encoding", at..at + next.len_utf8(), "this is not UTF-8");
            // It was read a byte a letter.
            let byte = text[..at].chars().count();
            return Some(problem.labelled(format!("byte {byte} of the file, from 0")).help(ANOTHER));
        }
        let comment = if rest.starts_with("//") || rest.starts_with("/*") { blank(rest).ok() } else { None };
        rest = comment.map_or(&rest[1..], |(after, ())| after);
    }
    None
}

const ANOTHER: &str = "save the file as UTF-8, or name its encoding in the header: #ABNF 1.0 ISO-8859-1;";

fn wide(bytes: &[u8], big_endian: bool) -> Decoded {
    let unit = |pair: &[u8]| match *pair {
        [first, second] if big_endian => u16::from_be_bytes([first, second]),
        [first, second] => u16::from_le_bytes([first, second]),
        _ => 0xFFFD,
    };
    let units: Vec<u16> = bytes.chunks(2).map(unit).collect();
    let text = String::from_utf16_lossy(&units);
    let header = match header(&text) {
        Ok(header) => header,
        Err(problem) => return Decoded { body: 0, text, problem: Some(*problem), is_guess: false },
    };
    let body = header.body;
    let problem = match header.declared(&text) {
        Ok(Some(Encoding::Utf8 | Encoding::Latin1 | Encoding::Ascii)) => {
            Some(header.refused("the file is not in the encoding that it names", "this is UTF-16"))
        }
        Ok(_) if String::from_utf16(&units).is_err() || !bytes.len().is_multiple_of(2) => {
            Some(Problem::new("encoding", 0..body, "the file is not UTF-16 throughout"))
        }
        Ok(_) => None,
        Err(problem) => Some(*problem),
    };
    Decoded { text, body, problem: header.problem.or(problem), is_guess: false }
}

#[derive(Debug)]
struct Header {
    /// The name of the encoding, if there is one.
    encoding: Option<Range<usize>>,
    body: usize,
    /// What is wrong with it, where what comes after can be read all the same.
    problem: Option<Problem>,
}

impl Header {
    /// The encoding that the header names.
    fn declared(&self, text: &str) -> Result<Option<Encoding>, Box<Problem>> {
        let Some(span) = self.encoding.clone() else { return Ok(None) };
        let name = &text[span.clone()];
        Ok(Some(match name.to_ascii_uppercase().as_str() {
            "UTF-8" | "UTF8" => Encoding::Utf8,
            "UTF-16" | "UTF-16LE" | "UTF-16BE" => Encoding::Utf16 { big_endian: false },
            "ISO-8859-1" | "ISO_8859-1" | "LATIN1" => Encoding::Latin1,
            "US-ASCII" | "ASCII" => Encoding::Ascii,
            _ => {
                let problem =
                    Problem::new("encoding", span, format!("the encoding {} is not read", shown(name)));
                let help = "write the file in UTF-8: #ABNF 1.0 UTF-8;";
                return Err(Box::new(problem.labelled("expected UTF-8").help(help)));
            }
        }))
    }

    fn refused(&self, message: &str, label: &str) -> Problem {
        Problem::new("encoding", self.encoding.clone().unwrap_or(0..self.body), message).labelled(label)
    }
}

/// Reads `#ABNF 1.0 ENCODING;` at the very beginning. A file that begins otherwise is no grammar.
fn header(text: &str) -> Result<Header, Box<Problem>> {
    let line = text.find(['\n', '\r']).unwrap_or(text.len());
    if text.trim_start().starts_with('<') {
        return Err(wrong("xml-form", 0..line, "this is the XML Form, which is not read", WHOLE));
    }
    let Ok((rest, _)) = tag::<_, _, ()>("#ABNF ")(text) else {
        return Err(wrong("header", 0..line, "this is no grammar in the ABNF Form", WHOLE));
    };
    let going_on = |body, problem: Box<Problem>| Header { encoding: None, body, problem: Some(*problem) };
    let version = &rest[..rest.find([' ', ';', '\r', '\n']).unwrap_or(rest.len())];
    let after = text.len() - rest.len() + version.len();
    if version != "1.0" {
        let message = format!("version {} is none of the ABNF Form", shown(version));
        let problem = wrong("header", after - version.len()..after, &message, "expected 1.0");
        return Ok(going_on(line, problem));
    }
    let encoding = opt(preceded(char(' '), take_while1(is_name_char)));
    let Ok((rest, encoding)) = terminated(encoding, char::<_, ()>(';')).parse(&text[after..]) else {
        let label = "expected ';', or a space and the name of an encoding";
        let problem = wrong("header", after..line.max(after), "the header does not end well", label);
        return Ok(going_on(line, problem));
    };
    let body = text.len() - rest.len();
    let more = (body < line).then(|| {
        wrong("header", body..line, "more on the line of the header", "expected the end of the line")
    });
    let encoding = encoding.map(|name| body - 1 - name.len()..body - 1);
    Ok(Header { encoding, body, problem: more.map(|problem| *problem) })
}

const WHOLE: &str = "expected #ABNF 1.0 UTF-8;";

fn wrong(kind: &'static str, span: Range<usize>, message: &str, label: &str) -> Box<Problem> {
    let help = "a grammar begins with the line: #ABNF 1.0 UTF-8;";
    Box::new(Problem::new(kind, span, message).labelled(label).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(bytes: &[u8]) -> (String, Option<String>) {
        let decoded = decode(bytes);
        let body = decoded.text[decoded.body..].to_owned();
        (body, decoded.problem.map(|problem| problem.message))
    }

    fn wide(text: &str, big_endian: bool) -> Vec<u8> {
        let bytes = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_that_must_be_read_is() {
        assert_eq!(says("#ABNF 1.0;\né".as_bytes()), ("\né".into(), None));
        assert_eq!(says("\u{feff}#ABNF 1.0;\né".as_bytes()), ("\né".into(), None));
        assert_eq!(says("\u{feff}#ABNF 1.0 utf-8;\né".as_bytes()), ("\né".into(), None));
        assert_eq!(says(b"#ABNF 1.0 ISO-8859-1;\n\xe9"), ("\né".into(), None));
        assert_eq!(says(&wide("\u{feff}#ABNF 1.0 UTF-16;\né", false)), ("\né".into(), None));
        assert_eq!(says(&wide("\u{feff}#ABNF 1.0;\né", true)), ("\né".into(), None));
        assert_eq!(says(&wide("#ABNF 1.0 UTF-16BE;\né", true)), ("\né".into(), None));
    }

    #[test]
    fn others_are_refused_by_name() {
        let message = |bytes: &[u8]| says(bytes).1.unwrap();
        assert_eq!(message(b"#ABNF 1.0 EUC-KR;"), "the encoding \"EUC-KR\" is not read");
        assert_eq!(message(b"#ABNF 1.0 UTF-8;\n\xe9"), "this is not UTF-8");
        assert_eq!(message(b"#ABNF 1.0 US-ASCII;\n\xe9"), "this is not US-ASCII");
        assert_eq!(message(b"#ABNF 1.0 UTF-16;"), "the file is not in the encoding that it names");
        assert_eq!(
            message(&wide("#ABNF 1.0 UTF-8;", false)),
            "the file is not in the encoding that it names"
        );
        assert_eq!(
            message(b"\xEF\xBB\xBF#ABNF 1.0 ISO-8859-1;"),
            "the file is not in the encoding that it names"
        );
    }

    #[test]
    fn what_is_not_in_its_encoding_is_pointed_at_in_the_file() {
        let said = |bytes: &[u8]| {
            let problem = decode(bytes).problem.unwrap();
            (problem.span, problem.label, problem.help.unwrap())
        };
        let (span, label, help) = said(b"\xEF\xBB\xBF#ABNF 1.0;\n\xe9");
        assert_eq!((span, label.as_str()), (11..14, "byte 14 of the file, from 0"));
        assert_eq!(help, "save the file as UTF-8 throughout, as its byte order mark says");
        let (_, label, help) = said(b"#ABNF 1.0 UTF-8;\n\xe9");
        assert_eq!(label, "byte 17 of the file, from 0");
        assert!(help.ends_with("#ABNF 1.0 ISO-8859-1;"), "{help}");
        assert!(said("#ABNF 1.0 US-ASCII;\né".as_bytes()).2.ends_with("#ABNF 1.0 UTF-8;"));
    }

    #[test]
    fn letters_of_no_named_encoding_are_only_in_comments() {
        let problem = |bytes: &[u8]| {
            let decoded = decode(bytes);
            assert_eq!((decoded.is_guess, decoded.problem), (true, None));
            misread(&decoded.text, decoded.body).map(|problem| (problem.span, problem.label))
        };
        assert_eq!(problem(b"#ABNF 1.0;\n/* \xe9 */ $a = 1; // \xe9\n"), None);
        let label = "byte 25 of the file, from 0".to_owned();
        assert_eq!(problem(b"#ABNF 1.0;\n/* \xe9 */ $a = {\xe9};"), Some((26..28, label)));
    }

    #[test]
    fn a_header_that_is_not_one_is_said_to_be_none() {
        let message = |text: &str| says(text.as_bytes()).1.unwrap();
        assert_eq!(message("#ABNF 2002;\n"), "version \"2002\" is none of the ABNF Form");
        assert_eq!(message("#ABNF 1.00;\n"), "version \"1.00\" is none of the ABNF Form");
        assert_eq!(message(" #ABNF 1.0;\n"), "this is no grammar in the ABNF Form");
        assert_eq!(message("<?xml version=\"1.0\"?>\n"), "this is the XML Form, which is not read");
        assert_eq!(message("#ABNF 1.0 UTF-8\n"), "the header does not end well");
        assert_eq!(message("#ABNF 1.0  UTF-8;\n"), "the header does not end well");
        assert_eq!(message("#ABNF 1.0; mode dtmf;\n"), "more on the line of the header");
        assert_eq!(message(""), "this is no grammar in the ABNF Form");
    }
}
