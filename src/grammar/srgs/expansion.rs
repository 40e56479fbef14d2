//! What stands to the right of a rule's `=` (SRGS 2).

use std::ops::Range;

use nom::Parser;

use super::lex::{
    Fault, Parsed, Times, bare_token, blank, lexeme, quoted, repeat, rule_name, shown, tag_text, uri, weight,
    word,
};
use super::load::is_language;
use super::parse::{MAX_PROBLEMS, is_scope};
use super::syntax::{Document, Expansion, Mode, Reference, Spanned, Target, Token};
use crate::grammar::Problem;
use crate::grammar::limits::Limits;
use crate::key::Key;

/// Reads expansions into a document. What can be read on after is noted among the problems; what cannot is a fault.
pub(super) struct Expansions<'a, 'd> {
    text: &'a str,
    limits: &'a Limits,
    document: &'d mut Document,
    problems: &'d mut Vec<Problem>,
    /// How deep groups were nested so far.
    deepest: usize,
}

const EXPECTED: &str = "a token, a rule, a group or a tag";

impl<'a, 'd> Expansions<'a, 'd> {
    pub(super) fn new(
        text: &'a str,
        limits: &'a Limits,
        document: &'d mut Document,
        problems: &'d mut Vec<Problem>,
    ) -> Self {
        Expansions { text, limits, document, problems, deepest: 0 }
    }

    /// How deep groups are nested in what was read.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    fn between(&self, before: &str, after: &str) -> Range<usize> {
        self.text.len() - before.len()..self.text.len() - after.len()
    }

    /// Notes what is wrong where reading can go on.
    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// One or more alternatives, within `depth` groups (SRGS 2.4).
    pub(super) fn alternatives(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        self.deepest = self.deepest.max(depth);
        let (mut rest, first) = self.alternative(input, depth)?;
        let mut all = vec![first];
        while let Some(next) = rest.strip_prefix('|') {
            let (next, ()) = blank(next)?;
            let (after, one) = self.alternative(next, depth)?;
            all.push(one);
            rest = after;
        }
        Ok((rest, single(all, Expansion::Alternatives)))
    }

    /// A sequence of at least one thing, with a weight before it or not (SRGS 2.3, 2.4.1).
    fn alternative(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        let mut rest = input;
        if input.starts_with('/') {
            rest = lexeme(weight).parse(input)?.0;
        }
        let mut parts = Vec::new();
        // Where the last two parts begin, to see what was meant by a '=' after them.
        let mut begins = [rest; 2];
        while !rest.is_empty() && !rest.starts_with(['|', ')', ']', ';']) {
            if rest.starts_with('=') {
                return missing_semicolon(rest, begins).fatal();
            }
            let (after, part) = self.part(rest, depth)?;
            parts.push(part);
            begins = [begins[1], rest];
            rest = after;
        }
        if parts.is_empty() {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            let fault = Fault::new("empty", rest, length, "nothing stands here");
            return fault
                .labelled(format!("expected {EXPECTED}"))
                .help("for nothing, write $NULL or ()")
                .fatal();
        }
        Ok((rest, single(parts, Expansion::Sequence)))
    }

    /// One part of a sequence, with its language and its repeat.
    fn part(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        let (rest, part) = self.subexpansion(input, depth)?;
        let (rest, ()) = blank(rest)?;
        let has_language =
            matches!(part, Expansion::Token(_)) || (input.starts_with(['(', '[']) && !is_empty_group(input));
        let rest = match rest.strip_prefix('!') {
            Some(_) if !has_language => {
                let fault = Fault::new("language", rest, 1, "a language that belongs to nothing");
                return fault.labelled("expected a token or a group before this").fatal();
            }
            Some(language) => self.language(language)?.0,
            None => rest,
        };
        if !rest.starts_with('<') {
            return Ok((rest, part));
        }
        let (after, repeated) = self.repeated(rest, part)?;
        if after.starts_with('<') {
            let fault = Fault::new("bad-repeat", after, 1, "a repeat of a repeat");
            return fault
                .labelled("expected a part before this")
                .help("put what is repeated in parentheses")
                .fatal();
        }
        Ok((after, repeated))
    }

    /// The language after a `!` (SRGS 2.7).
    fn language(&mut self, input: &'a str) -> Parsed<'a, ()> {
        let (rest, language) =
            word(input).map_err(|_| nom::Err::Failure(Fault::unexpected(input, "a language, as en-US")))?;
        if self.document.mode() == Mode::Voice && !is_language(language) {
            let message = format!("{} is no language", shown(language));
            self.note(
                Problem::new("language", self.between(input, rest), message)
                    .labelled("expected one as en-US"),
            );
        }
        blank(rest)
    }

    fn subexpansion(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        match input.chars().next() {
            Some('$') if input[1..].starts_with('<') => self.external(input, depth),
            Some('$') => self.local(input, depth),
            Some('{') => tag_text.map(|text: &str| Expansion::Tag(text.into())).parse(input),
            Some('"') => {
                let (rest, text) = quoted(input)?;
                Ok((rest, self.token(text, &self.between(input, rest))))
            }
            Some('(') => self.group(input, depth, ')'),
            Some('[') => {
                let (rest, inside) = self.group(input, depth, ']')?;
                Ok((rest, Expansion::Repeat { expansion: Box::new(inside), min: 0, max: Some(1) }))
            }
            Some('\'') => misplaced(input, "a token is in double quotes or in none"),
            _ => match bare_token(input) {
                Ok((rest, text)) => Ok((rest, self.token(text, &self.between(input, rest)))),
                Err(_) => self.reserved(input),
            },
        }
    }

    /// A character that means something else than itself, where it means nothing.
    fn reserved(&mut self, input: &'a str) -> Parsed<'a, Expansion> {
        let dtmf = self.document.mode() == Mode::Dtmf;
        match input.as_bytes() {
            [b'*', ..] if dtmf => misplaced(input, "the key is written \"*\", in quotes, or star"),
            [b'*', ..] => misplaced(input, "any number of times is written <0->"),
            [b'+', ..] => misplaced(input, "once or more is written <1->"),
            [b'<', ..] => misplaced(input, "a repeat stands after what it repeats"),
            [b'/', ..] => misplaced(input, "a weight stands before an alternative"),
            [b'!', ..] => misplaced(input, "a language stands after what it belongs to"),
            _ => misplaced(input, "a token with special characters in it is in double quotes"),
        }
    }

    fn group(&mut self, input: &'a str, depth: usize, end: char) -> Parsed<'a, Expansion> {
        if depth >= self.limits.depth() {
            let message = format!(
                "groups are nested deeper than the limit \"nesting\" allows ({})",
                self.limits.depth()
            );
            return Fault::new("limit", input, 1, message).labelled("this group is too deep").fatal();
        }
        if is_empty_group(input) {
            let (rest, ()) = blank(&input[1..])?;
            return Ok((&rest[1..], Expansion::Null));
        }
        let (inside, ()) = blank(&input[1..])?;
        let (rest, inner) = self.alternatives(inside, depth + 1)?;
        if rest.starts_with(end) {
            return Ok((&rest[1..], inner));
        }
        let mut fault = Fault::unexpected(rest, if end == ')' { "')'" } else { "']'" });
        fault.problem.related.push((self.between(input, &input[1..]), "the group begins here".into()));
        fault.fatal()
    }

    fn local(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        let (rest, name) = rule_name(input)?;
        Ok((
            rest,
            match name {
                "NULL" => Expansion::Null,
                "VOID" => Expansion::Void,
                "GARBAGE" => Expansion::Garbage,
                _ => self.reference(Target::Local(name.to_owned()), self.between(input, rest), depth),
            },
        ))
    }

    fn external(&mut self, input: &'a str, depth: usize) -> Parsed<'a, Expansion> {
        let (rest, (address, media_type)) = uri(&input[1..])?;
        let type_span = |name: &str| {
            let end = self.between("", rest).end - 1;
            Spanned { value: name.to_owned(), span: end - name.len()..end }
        };
        let target = Target::External { uri: address.to_owned(), media_type: media_type.map(type_span) };
        Ok((rest, self.reference(target, self.between(input, rest), depth)))
    }

    fn reference(&mut self, target: Target, span: Range<usize>, depth: usize) -> Expansion {
        self.document.references.push(Reference { target, span, depth });
        Expansion::Reference(self.document.references.len() - 1)
    }

    fn token(&mut self, text: &str, span: &Range<usize>) -> Expansion {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            let problem = Problem::new("empty", span.clone(), "a token of nothing");
            self.note(problem.help("for nothing, write $NULL or ()"));
        }
        if self.document.mode() == Mode::Dtmf
            && let Some(word) = words.iter().find(|word| key_of(word).is_none())
        {
            let problem = Problem::new("not-a-key", span.clone(), format!("{} is no key", shown(word)));
            let several = word.len() > 1
                && word.chars().all(|symbol| key_of(symbol.encode_utf8(&mut [0; 4])).is_some());
            let help = "the keys are 0-9 A-D, \"*\" or star, and \"#\" or pound";
            self.note(problem.help(if several { "write spaces between keys" } else { help }));
        }
        self.document.tokens.push(Token { words });
        Expansion::Token(self.document.tokens.len() - 1)
    }

    fn repeated(&mut self, input: &'a str, part: Expansion) -> Parsed<'a, Expansion> {
        let (rest, ((low, high), probability)) = lexeme(repeat).parse(input)?;
        let end = &input[input.find('>').map_or(0, |end| end + 1)..];
        let span = self.between(input, end);
        if probability.is_some_and(|probability| probability > 1.0) {
            let problem = Problem::new("bad-weight", span.clone(), "a probability above 1");
            self.note(problem.labelled("expected a number from 0 to 1"));
        }
        let (min, max) = self.times((low, high), &span).unwrap_or((1, Some(1)));
        Ok((rest, Expansion::Repeat { expansion: Box::new(part), min, max }))
    }

    fn times(&mut self, (low, high): Times<'_>, span: &Range<usize>) -> Option<(usize, Option<usize>)> {
        let allowed = self.limits.repeat;
        let number = |digits: &str| digits.parse().ok().filter(|&number: &usize| number <= allowed);
        let times = number(low).and_then(|min| match high {
            None => Some((min, Some(min))),
            Some("") => Some((min, None)),
            Some(high) => number(high).map(|max| (min, Some(max))),
        });
        let Some((min, max)) = times else {
            let message = format!("more often than the limit \"repeat\" allows ({allowed})");
            self.note(Problem::new("limit", span.clone(), message));
            return None;
        };
        if max.is_some_and(|max| max < min) {
            let problem = Problem::new("bad-repeat", span.clone(), "a repeat that ends before it begins");
            self.note(problem.labelled("the larger number goes last"));
        }
        Some((min, max))
    }
}

/// The key that a DTMF token stands for (SRGS appendix E).
pub(super) fn key_of(word: &str) -> Option<Key> {
    match (word, word.as_bytes()) {
        ("star", _) => Key::from_symbol(b'*'),
        ("pound", _) => Key::from_symbol(b'#'),
        (_, &[symbol]) => Key::from_symbol(symbol),
        _ => None,
    }
}

fn single(mut parts: Vec<Expansion>, several: fn(Vec<Expansion>) -> Expansion) -> Expansion {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

/// Whether a `()` stands here, with blanks in it or not.
fn is_empty_group(input: &str) -> bool {
    input
        .strip_prefix('(')
        .and_then(|inside| blank(inside).ok())
        .is_some_and(|(rest, ())| rest.starts_with(')'))
}

fn misplaced<'a, T>(input: &'a str, help: &str) -> Parsed<'a, T> {
    Fault::unexpected(input, EXPECTED).help(help).fatal()
}

/// A `=` in a rule: most likely the one before it does not end.
fn missing_semicolon<'a>(input: &'a str, begins: [&'a str; 2]) -> Fault<'a> {
    let start = match begins {
        [before, name] if name.starts_with('$') && is_scope(before) && before.len() > name.len() => before,
        [_, name] if name.starts_with('$') => name,
        _ => return Fault::unexpected(input, "';', '|' or more of the rule"),
    };
    let length = start.find([' ', '\t', '\r', '\n', '=', '/']).unwrap_or(start.len());
    let mut fault =
        Fault::new("syntax", start, length, "a ';' is missing before this").labelled("expected ';'");
    fault.resume = Some(start);
    fault
}
