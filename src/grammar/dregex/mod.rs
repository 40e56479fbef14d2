//! KPML digit regular expressions (RFC 4730), with named captures.
//!
//! | text | matches |
//! |---|---|
//! | `0`…`9` `*` `#` `A`…`D` | that key; `a`…`d` are the same as `A`…`D` |
//! | `x` | any digit, `0` to `9` |
//! | `[2-9*]` | any key named: keys, `x`, and ranges of digits or of letters |
//! | `[^15]` | any digit but those named |
//! | `…{m}` `…{m,n}` `…{m,}` `…{,n}` | what stands before it, m times; m to n, at least m, at most n times |
//! | `(…)` | what is within, as one thing to repeat |
//! | `(name:…)` | the same, and what matches it is captured by that name |
//!
//! Groups are ours: RFC 4730 has none. Its long presses (`L1`) are refused, because the engine reports that a key
//! was pressed but not for how long. Alternatives are written as a list of expressions.

mod class;
mod words;

use std::ops::Range;

use nom::Parser;
use nom::bytes::complete::take_while;
use nom::character::complete::{anychar, char, one_of};
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};

use super::ast::Node;
use super::limits::Limits;
use super::problem::Problem;
use words::{any_digit, capture_name, key, repeat_parts};

/// Reads one expression into a pattern over the sixteen keys, numbered as [`Key::index`](crate::key::Key::index) has
/// them.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn parse(text: &str, limits: &Limits) -> Result<Node, Vec<Problem>> {
    let mut reader = Reader { text, limits, problems: Vec::new(), gave_up: false };
    let (mut rest, mut nodes) = reader.sequence(text, 0);
    // What stops a sequence before the end is a group's end without its beginning.
    while !rest.is_empty() {
        let at = reader.at(rest);
        reader.problem("unbalanced", at..at + 1, "a \")\" without its \"(\"", "no group is open here");
        let (after, more) = reader.sequence(&rest[1..], 0);
        nodes.extend(more);
        rest = after;
    }
    if nodes.is_empty() && reader.problems.is_empty() {
        reader.problem("no-keys", 0..text.len(), "no keys", "expected at least one key");
    }
    if reader.problems.is_empty() { Ok(Node::Sequence(nodes)) } else { Err(reader.problems) }
}

struct Reader<'a> {
    text: &'a str,
    limits: &'a Limits,
    problems: Vec<Problem>,
    /// Whether the rest was left unread, so that nothing can be said of what is missing in it.
    gave_up: bool,
}

impl<'a> Reader<'a> {
    /// The place of a rest of the text.
    fn at(&self, rest: &str) -> usize {
        self.text.len() - rest.len()
    }

    /// The place of what was read between two rests.
    fn between(&self, before: &str, after: &str) -> Range<usize> {
        self.at(before)..self.at(after)
    }

    /// Notes what is wrong; a text can only be so wrong that it is worth saying.
    fn note(&mut self, problem: Problem) {
        if !self.gave_up && self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn problem(&mut self, kind: &'static str, span: Range<usize>, message: impl Into<String>, label: &str) {
        self.note(Problem::new(kind, span, message).labelled(label));
    }

    /// Reads up to the end of the text or to a `)`.
    fn sequence(&mut self, mut input: &'a str, depth: usize) -> (&'a str, Vec<Node>) {
        let mut nodes = Vec::new();
        while !input.is_empty() && !input.starts_with(')') {
            let (after, node) = self.item(input, depth);
            let (after, node) = self.repeats(after, node);
            nodes.extend(node);
            input = after;
        }
        (input, nodes)
    }

    /// Reads one thing that can be repeated; at least one character.
    fn item(&mut self, input: &'a str, depth: usize) -> (&'a str, Option<Node>) {
        if let Ok((after, key)) = key(input) {
            return (after, Some(Node::symbol(key.index())));
        }
        if let Ok((after, set)) = any_digit(input) {
            return (after, Some(Node::Symbols(set)));
        }
        match input.as_bytes() {
            [b'[', ..] => self.class(input),
            [b'(', ..] => self.group(input, depth),
            [b'{', ..] => self.repeat_of_nothing(input),
            _ => self.foreign(input),
        }
    }

    fn group(&mut self, input: &'a str, depth: usize) -> (&'a str, Option<Node>) {
        let inside = &input[1..];
        let (body, name) = opt(capture_name).parse(inside).unwrap_or((inside, None));
        if depth >= self.limits.depth() {
            let allowed = self.limits.depth();
            let message = format!("groups are nested deeper than the limit \"nesting\" allows ({allowed})");
            self.problem("limit", self.at(input)..self.at(input) + 1, message, "this group is too deep");
            self.gave_up = true;
            return (&input[input.len()..], None);
        }
        if let Some(name) = name {
            self.check_name(name, self.between(inside, body));
        }
        let (after, nodes) = self.sequence(body, depth + 1);
        let Some(rest) = after.strip_prefix(')') else {
            let span = self.at(input)..self.at(input) + 1;
            self.problem("unbalanced", span, "a \"(\" without its \")\"", "this group is never closed");
            return (after, None);
        };
        if nodes.is_empty() {
            self.problem(
                "no-keys",
                self.between(input, rest),
                "a group without keys",
                "expected at least one key",
            );
            return (rest, None);
        }
        let node = Node::Sequence(nodes);
        (
            rest,
            Some(match name {
                Some(name) => node.captured(name),
                None => node,
            }),
        )
    }

    fn check_name(&mut self, name: &str, span: Range<usize>) {
        let span = span.start..span.start + name.len();
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts_well || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            let problem = Problem::new("bad-name", span, format!("{name:?} is no name for a capture"));
            self.note(problem.help("a name is a letter or '_', then letters, digits, '-', '_' and '.'"));
        }
    }

    /// Reads the repeats after an item: one is meant, more are an error.
    fn repeats(&mut self, input: &'a str, node: Option<Node>) -> (&'a str, Option<Node>) {
        if !input.starts_with('{') {
            return (input, node);
        }
        let (after, times) = self.repeat(input);
        let mut end = after;
        while end.starts_with('{') {
            let (next, _) = self.repeat(end);
            let problem = Problem::new("bad-repeat", self.between(end, next), "a repeat of a repeat");
            let help = "put what is repeated in a group: (x{2}){3}";
            self.note(problem.labelled("expected keys before this").help(help));
            end = next;
        }
        (end, node.zip(times).map(|(node, (min, max))| node.repeated(min, max)))
    }

    fn repeat_of_nothing(&mut self, input: &'a str) -> (&'a str, Option<Node>) {
        let (after, _) = self.repeat(input);
        let span = self.between(input, after);
        self.problem("bad-repeat", span, "a repeat of nothing", "expected keys before this");
        (after, None)
    }

    /// Reads `{…}`; at least one character.
    fn repeat(&mut self, input: &'a str) -> (&'a str, Option<(usize, Option<usize>)>) {
        let Ok((after, (low, high))) = repeat_parts(input) else {
            let end = take_while::<_, &str, ()>(|c: char| c.is_ascii_digit() || c == ',' || c == ' ');
            let after =
                delimited(char('{'), end, opt(char('}'))).parse(input).map_or(&input[1..], |parsed| parsed.0);
            self.problem(
                "bad-repeat",
                self.between(input, after),
                "this is no repeat",
                "expected {m}, {m,n}, {m,} or {,n}",
            );
            return (after, None);
        };
        let span = self.between(input, after);
        let low = if low.is_empty() { high.map(|_| 0) } else { self.number(low, &span) };
        let high = match high {
            None => Some(low),
            Some("") => Some(None),
            Some(digits) => self.number(digits, &span).map(Some),
        };
        let (Some(min), Some(max)) = (low, high) else { return (after, None) };
        if max.is_some_and(|max| max < min) {
            self.problem(
                "bad-repeat",
                span,
                "a repeat that ends before it begins",
                "the larger number goes last",
            );
            return (after, None);
        }
        (after, Some((min, max)))
    }

    /// A number within the limit for repeats.
    fn number(&mut self, digits: &str, span: &Range<usize>) -> Option<usize> {
        let number = digits.parse().ok().filter(|&number: &usize| number <= self.limits.repeat);
        if number.is_none() {
            let message = format!("more often than the limit \"repeat\" allows ({})", self.limits.repeat);
            self.problem("limit", span.clone(), message, "this repeat");
        }
        number
    }

    /// What belongs to no expression; at least one character.
    fn foreign(&mut self, input: &'a str) -> (&'a str, Option<Node>) {
        if let Ok((after, _)) = preceded(one_of::<_, _, ()>("lL"), opt(key)).parse(input) {
            let span = self.between(input, after);
            let problem = Problem::new("long-press", span, "a long press cannot be told from a short one");
            let help =
                "the engine does not report how long a key was held; use another key, or the key twice";
            self.note(problem.labelled("a long press").help(help));
            return (after, None);
        }
        let (after, symbol) = anychar::<_, ()>(input).unwrap_or((&input[input.len()..], ' '));
        let span = self.between(input, after);
        let help = match symbol {
            '.' => "for any number of times, write {0,}; for any digit, x",
            '+' => "for once or more, write {1,}",
            '?' => "for once or not at all, write {0,1}",
            '|' => "alternatives are a list of expressions: [\"*1\", \"*2\"]",
            'X' => "any digit is a small x",
            ' ' | '\t' => "an expression has no spaces",
            ']' | '}' => "it closes nothing here",
            _ => KEYS,
        };
        let problem = Problem::new("not-a-key", span, format!("{symbol:?} is no key"));
        self.note(problem.labelled("not a key").help(help));
        (after, None)
    }
}

/// How many problems of one expression are said.
const MAX_PROBLEMS: usize = 100;

const KEYS: &str = "the keys are 0-9 * # A-D, and x is any digit";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::capture::Matcher;
    use crate::key::KEY_COUNT;
    use proptest::prelude::*;

    fn keys(text: &str) -> Vec<usize> {
        text.parse::<crate::key::Keys>().unwrap().iter().map(|key| key.index()).collect()
    }

    fn matches(expression: &str, text: &str) -> bool {
        let node = parse(expression, &Limits::default()).unwrap();
        Matcher::new(&node, KEY_COUNT, &Limits::default()).unwrap().captures(&keys(text)).is_some()
    }

    fn says(expression: &str) -> Vec<String> {
        let problems = parse(expression, &Limits::default()).unwrap_err();
        problems.iter().map(|problem| format!("{:?} {}", problem.span, problem.message)).collect()
    }

    #[test]
    fn every_entity_matches_what_the_standard_says() {
        assert!(matches("*6", "*6") && !matches("*6", "*"));
        assert!(matches("aBCd", "ABCD"));
        assert!(matches("x", "7") && !matches("x", "#") && !matches("x", "A"));
        assert!(matches("[2-9*]", "*") && matches("[2-9*]", "2") && !matches("[2-9*]", "1"));
        assert!(matches("[x*#ABCD]", "0") && matches("[x*#ABCD]", "#") && matches("[x*#ABCD]", "A"));
        assert!(matches("[^15]", "2") && !matches("[^15]", "5") && !matches("[^15]", "#"));
        assert!(matches("[0-3b-dB]", "C") && !matches("[0-3b-d]", "A"));
        assert!(matches("x{3}", "123") && !matches("x{3}", "12"));
        assert!(matches("x{2,3}", "12") && matches("x{2,3}", "123") && !matches("x{2,3}", "1234"));
        assert!(matches("1{2,}", "11111") && !matches("1{2,}", "1"));
        assert!(matches("1{,2}#", "#") && matches("1{,2}#", "11#") && !matches("1{,2}#", "111#"));
        assert!(matches("(12){2}", "1212") && !matches("(12){2}", "122"));
    }

    #[test]
    fn captures_have_names_and_nest() {
        let node = parse("*3(room:x(rest:x{2,5}))#", &Limits::default()).unwrap();
        let captures =
            Matcher::new(&node, KEY_COUNT, &Limits::default()).unwrap().captures(&keys("*3800#")).unwrap();
        assert_eq!(captures.get("room"), Some(2..5));
        assert_eq!(captures.get("rest"), Some(3..5));
    }

    #[test]
    fn everything_wrong_is_said_with_its_place() {
        assert_eq!(says(""), ["0..0 no keys"]);
        assert_eq!(
            says("*L3(1.:x)[5-2]{9}{2,1}+"),
            [
                "1..3 a long press cannot be told from a short one",
                "4..6 \"1.\" is no name for a capture",
                "10..13 no keys lie between 5 and 2",
                "17..22 a repeat that ends before it begins",
                "17..22 a repeat of a repeat",
                "22..23 '+' is no key",
            ]
        );
        assert_eq!(says("(12"), ["0..1 a \"(\" without its \")\""]);
        assert_eq!(says("1)2)"), ["1..2 a \")\" without its \"(\"", "3..4 a \")\" without its \"(\""]);
        assert_eq!(says("[1x"), ["0..1 a \"[\" without its \"]\""]);
        assert_eq!(
            says("[][^0-9]()"),
            [
                "0..2 a class without keys",
                "2..8 a class that leaves no digit over",
                "8..10 a group without keys"
            ]
        );
        assert_eq!(
            says("{2}1{,}2{a}"),
            [
                "0..3 a repeat of nothing",
                "4..7 this is no repeat",
                "8..9 this is no repeat",
                "10..11 '}' is no key"
            ]
        );
        assert_eq!(says("[*-#]"), ["1..4 '*' and '#' are in no range"]);
        assert_eq!(says("[1x-y]"), ["2..5 a class holds keys only"]);
        assert_eq!(says("[^1*B-C]"), ["3..4 * is no digit", "4..7 B is no digit"]);
    }

    #[test]
    fn a_way_out_is_given() {
        let help = |text: &str| parse(text, &Limits::default()).unwrap_err()[0].help.clone().unwrap();
        assert_eq!(help("1|2"), "alternatives are a list of expressions: [\"*1\", \"*2\"]");
        assert_eq!(help("x."), "for any number of times, write {0,}; for any digit, x");
        assert!(help("L*").starts_with("the engine does not report how long"));
    }

    #[test]
    fn limits_are_named() {
        assert_eq!(says("x{1001}"), ["1..7 more often than the limit \"repeat\" allows (1000)"]);
        assert_eq!(says("x{99999999999999999999}").len(), 1);
        let deep = "(".repeat(100_000);
        assert_eq!(
            says(&deep),
            ["100..101 groups are nested deeper than the limit \"nesting\" allows (100)"]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text, &Limits::default());
        }

        #[test]
        fn what_looks_like_an_expression_gives_a_pattern_or_reasons(text in "[0-3x*#\\[\\](){}^,:aL. -]{0,24}") {
            match parse(&text, &Limits::default()) {
                Ok(node) => prop_assert!(Matcher::new(&node, KEY_COUNT, &Limits::default()).is_ok()),
                Err(problems) => {
                    prop_assert!(!problems.is_empty());
                    for problem in problems {
                        prop_assert!(text.get(problem.span).is_some());
                    }
                }
            }
        }
    }
}
