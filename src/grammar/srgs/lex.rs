//! The words of the ABNF Form (SRGS appendix D).

use nom::bytes::complete::{tag, take_until, take_while, take_while1};
use nom::character::complete::{char, digit0, digit1};
use nom::combinator::{opt, recognize};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use crate::grammar::Problem;

pub(super) type Parsed<'a, T> = IResult<&'a str, T, Fault<'a>>;

/// What is wrong, and what is left of the text where it is.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    /// The rest of the text from the mistake on.
    pub(super) at: &'a str,
    /// Its message, label and help; the span holds nothing but its length.
    pub(super) problem: Box<Problem>,
    /// Where reading can go on, if that is known.
    pub(super) resume: Option<&'a str>,
}

impl<'a> Fault<'a> {
    /// A mistake of that length.
    pub(super) fn new(kind: &'static str, at: &'a str, length: usize, message: impl Into<String>) -> Self {
        Fault { at, problem: Box::new(Problem::new(kind, 0..length, message)), resume: None }
    }

    /// Something stands here that cannot.
    pub(super) fn unexpected(at: &'a str, expected: &str) -> Self {
        let next = next_word(at);
        let message = if next.is_empty() {
            "the file ends here".to_owned()
        } else {
            format!("unexpected {}", shown(next))
        };
        Fault::new("syntax", at, next.len(), message).labelled(format!("expected {expected}"))
    }

    pub(super) fn labelled(mut self, label: impl Into<String>) -> Self {
        self.problem.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    /// The problem with its place in the text that the fault was found in.
    pub(super) fn placed(self, text: &str) -> Problem {
        let at = text.len() - self.at.len();
        let mut problem = *self.problem;
        problem.span = at..at + problem.span.len();
        problem
    }

    /// No other way to read this is to be tried.
    pub(super) fn fatal<T>(self) -> Parsed<'a, T> {
        Err(nom::Err::Failure(self))
    }
}

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(at: &'a str, _: ErrorKind) -> Self {
        Fault::unexpected(at, "something else")
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// The word or the character that comes next.
fn next_word(input: &str) -> &str {
    let word = input.find(|symbol| !is_name_char(symbol)).unwrap_or(input.len());
    let first = input.chars().next().map_or(0, char::len_utf8);
    &input[..word.max(first)]
}

/// Text of a file as a message shows it: quoted, and not at any length.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

pub(super) fn is_space(symbol: char) -> bool {
    matches!(symbol, ' ' | '\t' | '\r' | '\n')
}

/// A character of an XML `Nmtoken`.
pub(crate) fn is_name_char(symbol: char) -> bool {
    let combining = matches!(symbol, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}');
    symbol.is_alphanumeric() || matches!(symbol, '_' | '-' | '.' | ':') || combining
}

/// A character that can stand in a token without quotes: any that has no meaning of its own.
///
/// The formal syntax allows a `Nmtoken` only, but its text takes `#` for granted in DTMF grammars, and speech has
/// apostrophes.
fn is_token_char(symbol: char) -> bool {
    !is_space(symbol) && !symbol.is_control() && !r#";=|*+<>()[]{}/$!""#.contains(symbol)
}

/// White space and comments, as much as there is (SRGS 4.13).
pub(super) fn blank(mut input: &str) -> Parsed<'_, ()> {
    loop {
        input = input.trim_start_matches(is_space);
        if let Some(comment) = input.strip_prefix("//") {
            input = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
        } else if input.starts_with("/*") {
            input = block_comment(input)?.0;
        } else {
            return Ok((input, ()));
        }
    }
}

/// Where a comment does not end, there is nothing after it.
fn block_comment(input: &str) -> Parsed<'_, &str> {
    delimited(tag("/*"), take_until("*/"), tag("*/")).parse(input).map_err(|_: nom::Err<()>| {
        let fault = Fault::new("unclosed", input, 2, "a comment that does not end");
        let resume = Some(&input[input.len()..]);
        nom::Err::Failure(Fault { resume, ..fault.labelled("expected \"*/\" after this") })
    })
}

/// What the parser reads, and the blanks after it.
pub(super) fn lexeme<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Fault<'a>> {
    terminated(parser, blank)
}

/// One character that must stand here.
pub(super) fn symbol<'a>(
    symbol: char,
    expected: &'static str,
) -> impl Parser<&'a str, Output = (), Error = Fault<'a>> {
    move |input: &'a str| match input.strip_prefix(symbol) {
        Some(rest) => Ok((rest, ())),
        None => Err(nom::Err::Error(Fault::unexpected(input, expected))),
    }
}

/// A word: a keyword, a mode, a language.
pub(super) fn word(input: &str) -> Parsed<'_, &str> {
    take_while1(is_name_char).parse(input)
}

/// A token without quotes.
pub(super) fn bare_token(input: &str) -> Parsed<'_, &str> {
    take_while1(is_token_char).parse(input)
}

/// `$name`, without the `$` (SRGS 3.1: an XML name without `.`, `:` and `-`).
pub(super) fn rule_name(input: &str) -> Parsed<'_, &str> {
    let (rest, name) = preceded(char('$'), take_while(is_name_char)).parse(input)?;
    let starts_well = name.starts_with(|first: char| first == '_' || first.is_alphabetic());
    if starts_well && !name.contains(['.', ':', '-']) {
        return Ok((rest, name));
    }
    let length = input.len() - rest.len();
    let fault = match name {
        "" => Fault::new("bad-name", input, length, "a '$' without the name of a rule"),
        _ => Fault::new("bad-name", input, length, format!("{} is no name for a rule", shown(name))),
    };
    fault.labelled("expected a name").help("a name is a letter or '_', then letters, digits and '_'").fatal()
}

/// `<uri>`, and `~<type>` right after it; what stands within.
pub(super) fn uri(input: &str) -> Parsed<'_, (&str, Option<&str>)> {
    let (rest, uri) = bracketed(input, "an address in angle brackets, as <other.gram>")?;
    if !rest.starts_with('~') {
        return Ok((rest, (uri, None)));
    }
    let (rest, media_type) = bracketed(&rest[1..], "a media type in angle brackets, as ~<application/srgs>")?;
    Ok((rest, (uri, Some(media_type))))
}

fn bracketed<'a>(input: &'a str, expected: &'static str) -> Parsed<'a, &'a str> {
    let Some(inside) = input.strip_prefix('<') else { return Fault::unexpected(input, expected).fatal() };
    match inside.find(|symbol: char| symbol == '>' || symbol == '<' || symbol.is_whitespace()) {
        Some(end) if inside[end..].starts_with('>') => Ok((&inside[end + 1..], &inside[..end])),
        end => {
            let length = end.unwrap_or(inside.len()) + 1;
            let fault = Fault::new("unclosed", input, length, "an address that does not end");
            fault.labelled("expected '>'").fatal()
        }
    }
}

/// Text in double or single quotes; without them.
pub(super) fn quoted(input: &str) -> Parsed<'_, &str> {
    let Some(quote) = input.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
        return Err(nom::Err::Error(Fault::unexpected(input, "text in quotes")));
    };
    match input[1..].split_once(quote) {
        Some((inside, rest)) => Ok((rest, inside)),
        None => {
            let fault = Fault::new("unclosed", input, 1, "text in quotes that does not end");
            fault.labelled(format!("expected another {quote} after this")).fatal()
        }
    }
}

/// `{text}` or `{!{text}!}`; the text as it stands (SRGS 2.6).
pub(super) fn tag_text(input: &str) -> Parsed<'_, &str> {
    let (begin, end) = if input.starts_with("{!{") { ("{!{", "}!}") } else { ("{", "}") };
    delimited(tag(begin), take_until(end), tag(end)).parse(input).map_err(|_: nom::Err<()>| {
        let fault = Fault::new("unclosed", input, begin.len(), "a tag that does not end");
        nom::Err::Failure(fault.labelled(format!("expected {end} after this")))
    })
}

/// `/weight/`: a number that is not negative, without an exponent (SRGS 2.4.1, 2.5.1).
pub(super) fn weight(input: &str) -> Parsed<'_, f64> {
    let fraction = (digit0, opt(pair(char('.'), digit0)));
    match delimited(char::<_, ()>('/'), recognize(fraction), char('/')).parse(input) {
        Ok((rest, digits)) if digits.contains(|digit: char| digit.is_ascii_digit()) => {
            Ok((rest, digits.parse().unwrap_or(f64::INFINITY)))
        }
        _ => {
            let length = input[1..].find(|symbol: char| symbol == '/' || symbol == '>' || is_space(symbol));
            let length = length.map_or(1, |end| end + 1 + usize::from(input[end + 1..].starts_with('/')));
            let fault = Fault::new("bad-weight", input, length, "this is no number between slashes");
            fault.labelled("expected a number, as /2/ or /0.5/").fatal()
        }
    }
}

/// The numbers of `<n>`, `<m-n>` or `<m->` as they are written; `<n>` has no second part.
pub(super) type Times<'a> = (&'a str, Option<&'a str>);

/// A repeat, and the probability that may stand in it (SRGS 2.5).
pub(super) fn repeat(input: &str) -> Parsed<'_, (Times<'_>, Option<f64>)> {
    let (inside, ()) = lexeme(symbol('<', "a repeat")).parse(input)?;
    let times = pair(digit1::<_, ()>, opt(preceded(char('-'), digit0))).parse(inside);
    let probability = |rest| {
        if str::starts_with(rest, '/') {
            weight(rest).map(|(rest, number)| (rest, Some(number)))
        } else {
            Ok((rest, None))
        }
    };
    if let Ok((rest, times)) = times {
        let (rest, ()) = blank(rest)?;
        let (rest, chance) = lexeme(probability).parse(rest)?;
        if let Some(rest) = rest.strip_prefix('>') {
            return Ok((rest, (times, chance)));
        }
    }
    let length =
        input.find(['>', ';', '\n']).map_or(1, |end| end + usize::from(input[end..].starts_with('>')));
    let fault = Fault::new("bad-repeat", input, length, "this is no repeat");
    fault.labelled("expected <n>, <m-n> or <m->").fatal()
}

/// What is left after the statement that a mistake was found in: what follows the next `;` that is in no comment,
/// tag or quotes. `quotes` are those that text can be in there.
pub(super) fn after_statement<'a>(mut input: &'a str, quotes: &str) -> &'a str {
    // What is not closed once is not closed later either, and looking for it again would take for ever.
    let mut open_ended = String::new();
    while let Some(next) = input.chars().next() {
        let rest = match next {
            ';' => return &input[1..],
            _ if open_ended.contains(next) => Some(input),
            '/' => blank(input).ok().map(|(rest, ())| rest),
            '{' => tag_text(input).ok().map(|(rest, _)| rest),
            quote if quotes.contains(quote) => quoted(input).ok().map(|(rest, _)| rest),
            _ => Some(input),
        };
        if rest.is_none() {
            open_ended.push(next);
        }
        let moved = rest.filter(|rest| rest.len() < input.len());
        input = moved.unwrap_or(&input[next.len_utf8()..]);
    }
    input
}
