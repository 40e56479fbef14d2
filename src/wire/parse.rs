//! Reading lines.

use std::borrow::Cow;

use bstr::ByteSlice;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_till};
use nom::combinator::{all_consuming, map, opt, rest, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::escape;
use super::{Answer, EngineLine, Message, ModuleLine, Params};

/// A line that is not of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at byte {at} of {length})")]
pub struct Malformed {
    /// Where reading stopped, in bytes from the start of the line.
    pub at: usize,
    /// The line's length in bytes.
    pub length: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It begins with no keyword that this side may send.
    #[error("no keyword of the protocol")]
    Keyword,
    /// It ends before its last obligatory field.
    #[error("a field is missing")]
    Missing,
    /// A number is expected and something else is there.
    #[error("not a number")]
    Number,
    /// `true` or `false` is expected and something else is there.
    #[error("neither true nor false")]
    Truth,
    /// A `%` begins no escape.
    #[error("a '%' that begins no escape")]
    Escape,
    /// More fields than the keyword has.
    #[error("more than the keyword takes")]
    Trailing,
}

/// The ID of a message that an engine waits with, of a line that cannot be read or not wholly: what is left of it says
/// enough to answer.
#[must_use]
pub fn waiting_id(line: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (id, _) = line.strip_prefix(b"%%>message:")?.split_once_str(":")?;
    escape::unescape(id).ok().filter(|id| !id.is_empty())
}

/// How the nom parsers below fail: where, and why.
#[derive(Debug)]
struct Fault<'a> {
    at: &'a [u8],
    problem: Problem,
}

impl<'a> nom::error::ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(at: &'a [u8], kind: nom::error::ErrorKind) -> Self {
        let problem = match kind {
            nom::error::ErrorKind::Eof => Problem::Trailing,
            _ if at.is_empty() => Problem::Missing,
            _ => Problem::Keyword,
        };
        Fault { at, problem }
    }

    fn append(_: &'a [u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }

    /// Of two ways that failed, the one that got further knows better.
    fn or(self, other: Self) -> Self {
        if other.at.len() < self.at.len() { other } else { self }
    }
}

type Parsed<'a, T> = IResult<&'a [u8], T, Fault<'a>>;

fn fail<T>(at: &[u8], problem: Problem) -> Parsed<'_, T> {
    Err(nom::Err::Error(Fault { at, problem }))
}

/// One field, unescaped, up to the next `:` or the end.
fn field(input: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    let (after, raw) = take_till(|byte| byte == b':')(input)?;
    match escape::unescape(raw) {
        Ok(text) => Ok((after, text)),
        Err(bad) => fail(&input[bad.at..], Problem::Escape),
    }
}

/// The name of a message or of a local parameter, which both sides write as it is.
fn name(input: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    map(take_till(|byte| byte == b':'), Cow::Borrowed).parse(input)
}

/// A `:` that must follow, where its absence means that the line is too short.
fn separator(input: &[u8]) -> Parsed<'_, ()> {
    match input.split_first() {
        Some((b':', after)) => Ok((after, ())),
        _ => fail(input, Problem::Missing),
    }
}

fn number(input: &[u8]) -> Parsed<'_, u64> {
    let (after, raw) = take_till(|byte| byte == b':')(input)?;
    match raw.to_str().ok().filter(|text| !text.starts_with('+')).and_then(|text| text.parse().ok()) {
        Some(number) => Ok((after, number)),
        None => fail(input, Problem::Number),
    }
}

fn small_number(input: &[u8]) -> Parsed<'_, u32> {
    let (after, wide) = number(input)?;
    u32::try_from(wide).map_or_else(|_| fail(input, Problem::Number), |number| Ok((after, number)))
}

fn truth(input: &[u8]) -> Parsed<'_, bool> {
    let (after, raw) = take_till(|byte| byte == b':')(input)?;
    match raw {
        b"true" => Ok((after, true)),
        b"false" => Ok((after, false)),
        _ => fail(input, Problem::Truth),
    }
}

/// Whatever follows as parameters; checked, not split.
fn params(input: &[u8]) -> Parsed<'_, Params<'_>> {
    let (after, ()) = match input {
        [] => (input, ()),
        _ => separator(input)?,
    };
    match Params::from_wire(after) {
        Ok(params) => Ok((&after[after.len()..], params)),
        Err(bad) => fail(&after[bad.at..], Problem::Escape),
    }
}

fn message(input: &[u8]) -> Parsed<'_, Message<'_>> {
    let parts = (
        terminated(field, separator),
        terminated(number, separator),
        terminated(field, separator),
        field,
        params,
    );
    let parts = preceded(tag("%%>message:"), parts);
    map(parts, |(id, time, name, retvalue, params)| Message { id, time, name, retvalue, params }).parse(input)
}

fn answer(input: &[u8]) -> Parsed<'_, Answer<'_>> {
    let parts = (
        terminated(field, separator),
        terminated(truth, separator),
        terminated(field, separator),
        field,
        params,
    );
    let parts = preceded(tag("%%<message:"), parts);
    map(parts, |(id, processed, name, retvalue, params)| Answer { id, processed, name, retvalue, params })
        .parse(input)
}

/// The value of a local parameter is written bare by the engine, so a `:` may stand in it: its truth is last.
fn local_set(input: &[u8]) -> Parsed<'_, EngineLine<'_>> {
    let (after, name) = preceded(tag("%%<setlocal:"), terminated(name, separator)).parse(input)?;
    let Some(split) = after.iter().rposition(|&byte| byte == b':') else {
        return fail(&after[after.len()..], Problem::Missing);
    };
    let (after_truth, success) = truth(&after[split + 1..])?;
    Ok((after_truth, EngineLine::LocalSet { name, value: Cow::Borrowed(&after[..split]), success }))
}

fn engine_line(input: &[u8]) -> Parsed<'_, EngineLine<'_>> {
    let handler = || (terminated(small_number, separator), terminated(name, separator), truth);
    let watcher = || (terminated(name, separator), truth);
    alt((
        map(message, EngineLine::Message),
        map(answer, EngineLine::Answer),
        map(preceded(tag("%%<install:"), handler()), |(priority, name, success)| EngineLine::Installed {
            priority,
            name,
            success,
        }),
        map(preceded(tag("%%<uninstall:"), handler()), |(priority, name, success)| EngineLine::Uninstalled {
            priority,
            name,
            success,
        }),
        map(preceded(tag("%%<watch:"), watcher()), |(name, success)| EngineLine::Watched { name, success }),
        map(preceded(tag("%%<unwatch:"), watcher()), |(name, success)| EngineLine::Unwatched {
            name,
            success,
        }),
        local_set,
        value(EngineLine::Quit, tag("%%<quit")),
        map(preceded(tag("Error in: "), rest), |line| EngineLine::ErrorIn(Cow::Borrowed(line))),
    ))
    .parse(input)
}

/// Text that the engine does not unescape.
fn bare(input: &[u8]) -> Parsed<'_, Cow<'_, [u8]>> {
    map(rest, Cow::Borrowed).parse(input)
}

fn connect(input: &[u8]) -> Parsed<'_, ModuleLine<'_>> {
    let id = opt(preceded(separator, field));
    let kind = opt(preceded(separator, field));
    map(preceded(tag("%%>connect:"), (field, id, kind)), |(role, id, kind)| ModuleLine::Connect {
        role,
        id,
        kind,
    })
    .parse(input)
}

fn install(input: &[u8]) -> Parsed<'_, ModuleLine<'_>> {
    let (after, _) = tag("%%>install:")(input)?;
    let (after, priority) =
        if after.starts_with(b":") { (after, None) } else { map(small_number, Some).parse(after)? };
    let (after, name) = preceded(separator, name).parse(after)?;
    let (after, filter) = opt(preceded(separator, (field, opt(preceded(separator, field))))).parse(after)?;
    let filter = filter.map(|(name, value)| (name, value.unwrap_or_default()));
    Ok((after, ModuleLine::Install { priority, name, filter }))
}

fn debug(input: &[u8]) -> Parsed<'_, ModuleLine<'_>> {
    let (after, level) = preceded(tag("%%>debug:"), small_number).parse(input)?;
    let Ok(level) = u8::try_from(level) else {
        return fail(input, Problem::Number);
    };
    let (after, ()) = separator(after)?;
    match escape::unescape(after) {
        Ok(text) => Ok((&after[after.len()..], ModuleLine::Debug { level, text })),
        Err(bad) => fail(&after[bad.at..], Problem::Escape),
    }
}

fn module_line(input: &[u8]) -> Parsed<'_, ModuleLine<'_>> {
    let set_local = preceded(tag("%%>setlocal:"), (terminated(name, separator), bare));
    alt((
        map(answer, ModuleLine::Answer),
        map(message, ModuleLine::Message),
        connect,
        install,
        map(preceded(tag("%%>uninstall:"), name), ModuleLine::Uninstall),
        map(preceded(tag("%%>watch:"), name), ModuleLine::Watch),
        map(preceded(tag("%%>unwatch:"), name), ModuleLine::Unwatch),
        map(set_local, |(name, value)| ModuleLine::SetLocal { name, value }),
        map(preceded(tag("%%>output:"), bare), ModuleLine::Output),
        debug,
        value(ModuleLine::Quit, tag("%%>quit")),
    ))
    .parse(input)
}

fn whole<'a, T>(line: &'a [u8], parser: fn(&'a [u8]) -> Parsed<'a, T>) -> Result<T, Malformed> {
    match all_consuming(parser).parse(line) {
        Ok((_, parsed)) => Ok(parsed),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
            Err(Malformed { at: line.len() - fault.at.len(), length: line.len(), problem: fault.problem })
        }
        // The parsers are nom's `complete` ones and never ask for more.
        Err(nom::Err::Incomplete(_)) => {
            Err(Malformed { at: line.len(), length: line.len(), problem: Problem::Missing })
        }
    }
}

impl<'a> EngineLine<'a> {
    /// Reads one line of an engine's, without its newline.
    ///
    /// # Errors
    /// [`Malformed`] with the place and the reason; the line may be anything at all.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        whole(line, engine_line)
    }
}

impl<'a> ModuleLine<'a> {
    /// Reads one line of a module's, without its newline.
    ///
    /// # Errors
    /// [`Malformed`] with the place and the reason; the line may be anything at all.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        whole(line, module_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_keyed_digit_is_read() {
        let line =
            b"%%>message:0x7f.67:1795420044:chan.dtmf::id=sip/2:address=127.0.0.1%z7002:text=*:sequence=1";
        let Ok(EngineLine::Message(message)) = EngineLine::parse(line) else { panic!("not a message") };
        assert_eq!(message.id.as_ref(), b"0x7f.67");
        assert_eq!(message.time, 1_795_420_044);
        assert_eq!(message.name.as_ref(), b"chan.dtmf");
        assert_eq!(message.params.get("address").unwrap().as_ref(), b"127.0.0.1:7002");
    }

    #[test]
    fn a_watched_message_has_no_id() {
        let Ok(EngineLine::Answer(answer)) = EngineLine::parse(b"%%<message::false:chan.hangup::id=sip/2")
        else {
            panic!("not an answer")
        };
        assert!(answer.is_watched());
        assert!(!answer.processed);
    }

    #[test]
    fn an_answer_may_be_as_short_as_a_module_writes_it() {
        let Ok(ModuleLine::Answer(answer)) = ModuleLine::parse(b"%%<message:0x1.2:true::") else {
            panic!("not an answer")
        };
        assert!(answer.processed && answer.name.is_empty() && answer.params.is_empty());
    }

    #[test]
    fn a_local_value_may_hold_a_colon() {
        let line = EngineLine::parse(b"%%<setlocal:engine.runid:a:b:true").unwrap();
        let expected =
            EngineLine::LocalSet { name: b"engine.runid".into(), value: b"a:b".into(), success: true };
        assert_eq!(line, expected);
    }

    #[test]
    fn a_malformed_line_says_where_and_why() {
        let says = |line: &str| EngineLine::parse(line.as_bytes()).unwrap_err().to_string();
        assert_eq!(says("nonsense"), "no keyword of the protocol (at byte 0 of 8)");
        assert_eq!(says("%%>message:bad"), "a field is missing (at byte 14 of 14)");
        assert_eq!(says("%%>message:1:x:n:"), "not a number (at byte 13 of 17)");
        assert_eq!(says("%%<message:1:maybe:n:"), "neither true nor false (at byte 13 of 21)");
        assert_eq!(says("%%<message:1:true:n::a=%1"), "a '%' that begins no escape (at byte 23 of 25)");
        assert_eq!(says("%%<watch:a:true:more"), "more than the keyword takes (at byte 15 of 20)");
    }

    #[test]
    fn a_name_is_taken_as_it_stands() {
        let line = b"%%>setlocal:b%%>c:true::";
        let read = ModuleLine::parse(line).unwrap();
        let expected = ModuleLine::SetLocal { name: b"b%%>c".into(), value: b"true::".into() };
        assert_eq!(read, expected);
        let mut written = Vec::new();
        read.encode(100, &mut written).unwrap();
        assert_eq!(written, b"%%>setlocal:b%%>c:true::\n");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = EngineLine::parse(&bytes);
            let _ = ModuleLine::parse(&bytes);
        }

        #[test]
        fn nothing_that_begins_like_a_line_panics(
            head in "%%[<>](message|install|setlocal|watch|connect|debug|quit):", tail in "[%:=a@0-9\n]{0,40}",
        ) {
            let bytes = [head, tail].concat().into_bytes();
            let _ = EngineLine::parse(&bytes);
            let _ = ModuleLine::parse(&bytes);
        }
    }
}
