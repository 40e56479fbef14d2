//! Keys in brackets, any one of which is meant.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::anychar;
use nom::combinator::{recognize, verify};
use nom::multi::many0_count;
use nom::sequence::separated_pair;
use nom::{IResult, Parser};

use super::{KEYS, Problem, Reader};
use crate::grammar::ast::{Node, SymbolSet};
use crate::key::Key;

/// What stands in a class: the first key, and the last one if it is a range.
type Item = (char, Option<char>);

/// The digits are the first ten keys.
const DIGITS: usize = 10;

impl<'a> Reader<'a> {
    /// Reads a class; where `[` stands.
    pub(super) fn class(&mut self, input: &'a str) -> (&'a str, Option<Node>) {
        let negated = input[1..].starts_with('^');
        let inside = &input[1 + usize::from(negated)..];
        let (end, items) = items(inside).unwrap_or((inside, ""));
        let Some(after) = end.strip_prefix(']') else {
            let span = self.at(input)..self.at(input) + 1;
            self.problem("unbalanced", span, "a \"[\" without its \"]\"", "this class is never closed");
            return (end, None);
        };
        let before = self.problems.len();
        let mut set = SymbolSet::new();
        let mut rest = items;
        while let Ok((next, read)) = item(rest) {
            let start = self.at(inside) + items.len() - rest.len();
            let span = start..start + rest.len() - next.len();
            match keys(read).and_then(|keys| if negated { digits(keys) } else { Ok(keys) }) {
                Ok((from, to)) => set.insert(from..=to),
                Err(wrong) => self.note(wrong.placed(span)),
            }
            rest = next;
        }
        if negated {
            set = set.complement(DIGITS);
        }
        if self.problems.len() > before {
            return (after, None);
        }
        if set.is_empty() || items.is_empty() {
            let message =
                if items.is_empty() { "a class without keys" } else { "a class that leaves no digit over" };
            self.problem("no-keys", self.between(input, after), message, "expected keys, as in [2-9]");
            return (after, None);
        }
        (after, Some(Node::Symbols(set)))
    }
}

/// What is wrong with an item of a class.
struct Wrong {
    kind: &'static str,
    message: String,
    help: &'static str,
}

impl Wrong {
    fn placed(self, span: Range<usize>) -> Problem {
        Problem::new(self.kind, span, self.message).help(self.help)
    }
}

/// The first and the last key of an item, as [`Key::index`] has them.
fn keys((first, last): Item) -> Result<(usize, usize), Wrong> {
    let wrong = |kind, message: String, help| Err(Wrong { kind, message, help });
    let key = |symbol: char| u8::try_from(symbol).ok().and_then(Key::from_symbol);
    let kind = |key: Key| (key.symbol().is_ascii_digit(), key.symbol().is_ascii_alphabetic());
    match (key(first), last.map(key)) {
        _ if (first, last) == ('x', None) => Ok((0, DIGITS - 1)),
        (Some(only), None) => Ok((only.index(), only.index())),
        (Some(from), Some(Some(to))) if kind(from) == (false, false) && kind(to) == (false, false) => {
            wrong("bad-class", format!("'{from}' and '{to}' are in no range"), "name both keys")
        }
        (Some(from), Some(Some(to))) if kind(from) == kind(to) && from.index() <= to.index() => {
            Ok((from.index(), to.index()))
        }
        (Some(from), Some(Some(to))) => {
            let help = "a range goes up, from digit to digit or from letter to letter";
            wrong("bad-class", format!("no keys lie between {from} and {to}"), help)
        }
        (None, _) | (_, Some(None)) => wrong("not-a-key", "a class holds keys only".to_owned(), KEYS),
    }
}

/// After a `^` there are digits only: what is meant is any digit but those.
fn digits((from, to): (usize, usize)) -> Result<(usize, usize), Wrong> {
    if to < DIGITS {
        return Ok((from, to));
    }
    let key = Key::all().nth(from).map(|key| key.to_string()).unwrap_or_default();
    let help = "after a '^' any digit is meant but those named; other keys have to be named without it";
    Err(Wrong { kind: "bad-class", message: format!("{key} is no digit"), help })
}

/// Anything that a class can hold, keys or not, so that all that is wrong in it can be said.
fn item(input: &str) -> IResult<&str, Item, ()> {
    let member = |input| verify(anychar, |symbol: &char| !"[](){}".contains(*symbol)).parse(input);
    alt((
        separated_pair(member, tag("-"), member).map(|(first, last)| (first, Some(last))),
        member.map(|only| (only, None)),
    ))
    .parse(input)
}

/// The inside of a class.
fn items(input: &str) -> IResult<&str, &str, ()> {
    recognize(many0_count(item)).parse(input)
}
