//! What an expression is made of.

use nom::branch::alt;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::{char, digit0, one_of};
use nom::combinator::{opt, value};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use crate::grammar::ast::SymbolSet;
use crate::key::Key;

/// A repeat as written: `{m}` has no second part, `{m,}` one that is empty.
pub(super) type RepeatParts<'a> = (&'a str, Option<&'a str>);

/// One key.
pub(super) fn key(input: &str) -> IResult<&str, Key, ()> {
    let (after, symbol) = one_of("0123456789*#ABCDabcd")(input)?;
    u8::try_from(symbol).ok().and_then(Key::from_symbol).map(|key| (after, key)).ok_or(nom::Err::Error(()))
}

/// `x`
pub(super) fn any_digit(input: &str) -> IResult<&str, SymbolSet, ()> {
    value((0..10).collect(), char('x')).parse(input)
}

/// The name and the colon at the beginning of a capture.
pub(super) fn capture_name(input: &str) -> IResult<&str, &str, ()> {
    let name = take_while(|symbol: char| symbol.is_alphanumeric() || "-_. ".contains(symbol));
    terminated(name, char(':')).parse(input)
}

/// `{…}`
pub(super) fn repeat_parts(input: &str) -> IResult<&str, RepeatParts<'_>, ()> {
    let digits = take_while1(|symbol: char| symbol.is_ascii_digit());
    let from = (digits, opt(preceded(char(','), digit0)));
    let up_to =
        preceded(char(','), take_while1(|symbol: char| symbol.is_ascii_digit())).map(|high| ("", Some(high)));
    delimited(char('{'), alt((from, up_to)), char('}')).parse(input)
}
