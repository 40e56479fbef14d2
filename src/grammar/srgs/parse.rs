//! Statements: declarations (SRGS 4) and rules (3.1).

use std::collections::HashMap;
use std::ops::Range;

use nom::Parser;

use super::expansion::Expansions;
use super::lex::{
    Fault, Parsed, after_statement, blank, lexeme, quoted, rule_name, shown, symbol, tag_text, uri, word,
};
use super::syntax::{Document, Mode, Rule, Spanned};
use crate::grammar::Problem;
use crate::grammar::limits::Limits;
use crate::suggest::nearest;

/// How many problems of one file are said.
pub(super) const MAX_PROBLEMS: usize = 100;

const KEYWORDS: [&str; 10] =
    ["base", "language", "mode", "root", "tag-format", "lexicon", "meta", "http-equiv", "public", "private"];

/// Rules that every grammar has, and none may define (SRGS 2.2.3).
const SPECIAL_RULES: [&str; 3] = ["NULL", "VOID", "GARBAGE"];

/// Reads a file from `body` on, which is where its header ends.
pub(super) fn parse(text: &str, body: usize, limits: &Limits) -> (Document, Vec<Problem>) {
    let document = Document::default();
    let mut statements = Statements { text, limits, document, problems: Vec::new(), defined: HashMap::new() };
    let mut rest = &text[body..];
    while statements.problems.len() < MAX_PROBLEMS {
        match statements.next(rest) {
            Ok((after, true)) => rest = after,
            // The parsers are nom's `complete` ones and never ask for more.
            Ok((_, false)) | Err(nom::Err::Incomplete(_)) => break,
            Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
                rest = statements.resume(rest, &fault);
                statements.note(fault.placed(text));
            }
        }
    }
    (statements.document, statements.problems)
}

struct Statements<'a> {
    text: &'a str,
    limits: &'a Limits,
    document: Document,
    problems: Vec<Problem>,
    /// Where each rule was defined first.
    defined: HashMap<String, Range<usize>>,
}

impl<'a> Statements<'a> {
    /// The place of what was read between two rests of the text.
    fn between(&self, before: &str, after: &str) -> Range<usize> {
        self.text.len() - before.len()..self.text.len() - after.len()
    }

    /// Where reading goes on after a mistake in the statement that begins at `start`.
    fn resume(&mut self, start: &'a str, fault: &Fault<'a>) -> &'a str {
        let begin = blank(start).map_or(start, |(rest, ())| rest);
        let is_rule = begin.starts_with('$') || is_scope(begin);
        self.document.is_lacking |= !is_rule;
        let Some(rest) = fault.resume else {
            return after_statement(fault.at, if is_rule { "\"" } else { "\"'" });
        };
        // What was said of what is read again now may not be so.
        let again = self.text.len() - rest.len();
        self.problems.retain(|problem| problem.span.start < again);
        rest
    }

    /// Notes what is wrong where reading can go on.
    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Reads a statement, if there is one more.
    fn next(&mut self, input: &'a str) -> Parsed<'a, bool> {
        let (input, ()) = blank(input)?;
        match input.chars().next() {
            None => return Ok((input, false)),
            Some('$') => self.rule(input, false),
            Some('{') => self.declaration(input, "", input),
            Some(_) => {
                let expected = "a declaration, or a rule as $name = …;";
                let (after, keyword) = lexeme(word)
                    .parse(input)
                    .map_err(|_| nom::Err::Error(Fault::unexpected(input, expected)))?;
                match keyword {
                    "public" | "private" => self.rule(after, keyword == "public"),
                    _ => self.declaration(after, keyword, input),
                }
            }
        }
        .map(|(rest, ())| (rest, true))
    }

    /// Reads a declaration after its keyword, which stands at `start`.
    fn declaration(&mut self, input: &'a str, keyword: &str, start: &'a str) -> Parsed<'a, ()> {
        let rest = match keyword {
            "" => lexeme(tag_text).parse(input)?.0,
            "base" | "tag-format" | "lexicon" => self.address(input, keyword, start)?.0,
            "language" => {
                let (rest, language) = expect(word, input, "a language, as en-US")?;
                let span = self.between(start, rest);
                let language = Spanned { value: language.to_owned(), span: span.clone() };
                self.declare(keyword, span, language, |document| &mut document.language);
                rest
            }
            "mode" => {
                let (rest, mode) = mode(input)?;
                let span = self.between(start, rest);
                let mode = Spanned { value: mode, span: span.clone() };
                self.declare(keyword, span, mode, |document| &mut document.mode);
                rest
            }
            "root" => {
                let (rest, name) = expect(rule_name, input, "the name of a rule, as $name")?;
                let span = self.between(input, &input[name.len() + 1..]);
                let root = Spanned { value: name.to_owned(), span };
                self.declare(keyword, self.between(start, rest), root, |document| &mut document.root);
                rest
            }
            "meta" | "http-equiv" => self.meta(input)?.0,
            _ => return unknown(keyword, start).fatal(),
        };
        if !self.document.rules.is_empty() || !self.document.broken.is_empty() {
            let problem =
                Problem::new("declaration-order", self.between(start, rest), "a declaration after a rule");
            self.note(problem.help("declarations stand before the first rule"));
        }
        symbol(';', "';'").parse(rest)
    }

    fn address(&mut self, input: &'a str, keyword: &str, start: &'a str) -> Parsed<'a, ()> {
        let (rest, (address, media_type)) = lexeme(uri).parse(input)?;
        if media_type.is_some() && keyword != "lexicon" {
            return Fault::new("media-type", input, 1, format!("\"{keyword}\" takes no media type")).fatal();
        }
        let span = self.between(start, rest);
        let address = Spanned { value: address.to_owned(), span: span.clone() };
        match keyword {
            "base" => self.declare(keyword, span, address, |document| &mut document.base),
            "tag-format" => self.declare(keyword, span, address, |document| &mut document.tag_format),
            _ => {}
        }
        Ok((rest, ()))
    }

    /// `meta "name" is "content"` (SRGS 4.11.1).
    fn meta(&mut self, input: &'a str) -> Parsed<'a, ()> {
        let (rest, name) = expect(quoted, input, "a name in quotes")?;
        let (rest, is) = expect(word, rest, "\"is\"")?;
        if is != "is" {
            return Fault::unexpected(&input[input.len() - rest.len()..], "\"is\"").fatal();
        }
        let (rest, content) = expect(quoted, rest, "text in quotes")?;
        self.document.meta.push((name.to_owned(), content.to_owned()));
        Ok((rest, ()))
    }

    /// Keeps what was declared, unless it was before. The declaration stands at `span`.
    fn declare<T>(
        &mut self,
        keyword: &str,
        span: Range<usize>,
        declared: Spanned<T>,
        slot: fn(&mut Document) -> &mut Option<Spanned<T>>,
    ) {
        let slot = slot(&mut self.document);
        let Some(first) = slot.as_ref().map(|first| first.span.clone()) else {
            *slot = Some(declared);
            return;
        };
        let problem = Problem::new("duplicate-declaration", span, format!("a second {keyword:?}"));
        self.note(problem.related(first, "the first is here"));
    }

    /// `$name = expansion;` after `public` or `private` (SRGS 3).
    fn rule(&mut self, input: &'a str, public: bool) -> Parsed<'a, ()> {
        let (rest, name) = expect(rule_name, input, "the name of a rule, as $name")?;
        let (rest, ()) = lexeme(symbol('=', "'='")).parse(rest)?;
        let span = self.between(input, &input[name.len() + 1..]);
        self.check_name(name, &span);
        let references = self.document.references.len();
        let mut expansions = Expansions::new(self.text, self.limits, &mut self.document, &mut self.problems);
        let read = expansions.alternatives(rest, 0).and_then(|(rest, expansion)| {
            symbol(';', "';', '|' or more of the rule").parse(rest).map(|(rest, ())| (rest, expansion))
        });
        let depth = expansions.deepest();
        match read {
            Ok((rest, expansion)) => {
                self.document.rules.push(Rule {
                    name: Spanned { value: name.into(), span },
                    public,
                    expansion,
                    references: references..self.document.references.len(),
                    depth,
                });
                Ok((rest, ()))
            }
            Err(fault) => {
                self.document.broken.push(name.to_owned());
                Err(fault)
            }
        }
    }

    fn check_name(&mut self, name: &str, span: &Range<usize>) {
        if SPECIAL_RULES.contains(&name) {
            let problem =
                Problem::new("special-name", span.clone(), format!("${name} means something already"));
            self.note(problem.help("give the rule another name"));
        }
        match self.defined.get(name) {
            Some(first) => {
                let message = format!("the rule {} is defined twice", shown(name));
                let problem = Problem::new("duplicate-rule", span.clone(), message);
                self.note(problem.related(first.clone(), "it is defined here first"));
            }
            None => {
                self.defined.insert(name.to_owned(), span.clone());
            }
        }
    }
}

/// Whether a word stands here that only a rule begins with.
pub(super) fn is_scope(input: &str) -> bool {
    word(input).is_ok_and(|(_, word)| matches!(word, "public" | "private"))
}

/// Reads something and the blanks after it; what was expected is said if it is not there.
fn expect<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = Fault<'a>>,
    input: &'a str,
    expected: &'static str,
) -> Parsed<'a, T> {
    lexeme(parser).parse(input).map_err(|error| match error {
        nom::Err::Error(_) => nom::Err::Failure(Fault::unexpected(input, expected)),
        fatal => fatal,
    })
}

fn mode(input: &str) -> Parsed<'_, Mode> {
    let (rest, mode) = expect(word, input, "voice or dtmf")?;
    match mode {
        "voice" => Ok((rest, Mode::Voice)),
        "dtmf" => Ok((rest, Mode::Dtmf)),
        _ => Fault::unexpected(input, "voice or dtmf").fatal(),
    }
}

fn unknown<'a>(keyword: &str, start: &'a str) -> Fault<'a> {
    let message = format!("{} begins no declaration", shown(keyword));
    let fault = Fault::new("syntax", start, keyword.len(), message);
    let fault = fault.labelled("expected a declaration, or a rule as $name = …;");
    match nearest(keyword, KEYWORDS) {
        Some(near) => fault.help(format!("is it \"{near}\" that is meant?")),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Vec<String> {
        let (_, problems) = parse(text, 0, &Limits::default());
        let line = |problem: &Problem| format!("{:?} {}: {}", problem.span, problem.message, problem.label);
        problems.iter().map(line).collect()
    }

    #[test]
    fn declarations_are_kept() {
        let text = "base <./a/>;language en-US;mode/**/dtmf;root $x;tag-format <semantics/1.0>;\
                    lexicon <http://a/b>~<text/x>; meta 'a' is \"b\";http-equiv \"c\" is 'd';{tag};{!{ } }!} ; $x = 1;";
        let (document, problems) = parse(text, 0, &Limits::default());
        assert_eq!(problems, []);
        assert_eq!(document.base(), Some("./a/"));
        assert_eq!(document.mode(), Mode::Dtmf);
        assert_eq!(document.root.map(|root| (root.value, root.span)), Some(("x".into(), 45..47)));
        assert_eq!(document.meta, [("a".into(), "b".into()), ("c".into(), "d".into())]);
    }

    #[test]
    fn several_mistakes_are_said_in_one_pass() {
        let text = "mode dtfm;\nlanguag en;\nmeta a is 'b';\nroot x;\n$a = 1 | ;\n$b = [1;\n$c 1;\npublic = 1;\n$d = 1;";
        assert_eq!(
            says(text),
            [
                "5..9 unexpected \"dtfm\": expected voice or dtmf",
                "11..18 \"languag\" begins no declaration: expected a declaration, or a rule as $name = …;",
                "28..29 unexpected \"a\": expected a name in quotes",
                "43..44 unexpected \"x\": expected the name of a rule, as $name",
                "55..56 nothing stands here: expected a token, a rule, a group or a tag",
                "64..65 unexpected \";\": expected ']'",
                "69..70 unexpected \"1\": expected '='",
                "79..80 unexpected \"=\": expected the name of a rule, as $name",
            ]
        );
    }

    #[test]
    fn what_is_said_once_is_not_said_twice() {
        let text = "mode dtmf;mode voice;$a = 1;$NULL = 1;language en;$a = 2;";
        assert_eq!(
            says(text),
            [
                "10..20 a second \"mode\": ",
                "28..33 $NULL means something already: ",
                "38..49 a declaration after a rule: ",
                "50..52 the rule \"a\" is defined twice: ",
            ]
        );
    }

    #[test]
    fn what_does_not_end_is_pointed_at_where_it_begins() {
        assert_eq!(says("$a = 1; /* $b"), ["8..10 a comment that does not end: expected \"*/\" after this"]);
        assert_eq!(says("$a = {b;"), ["5..6 a tag that does not end: expected } after this"]);
        assert_eq!(says("$a = {!{b};"), ["5..8 a tag that does not end: expected }!} after this"]);
        assert_eq!(
            says("$a = \"b;"),
            ["5..6 text in quotes that does not end: expected another \" after this"]
        );
        assert_eq!(says("$a = $<b c;"), ["6..8 an address that does not end: expected '>'"]);
        assert_eq!(says("$a = 1"), ["6..6 the file ends here: expected ';', '|' or more of the rule"]);
    }

    #[test]
    fn a_missing_semicolon_costs_one_rule_only() {
        let (document, problems) = parse("$a = 1\npublic $b = 2\n$c = 3;", 0, &Limits::default());
        let places: Vec<_> =
            problems.iter().map(|problem| (problem.span.clone(), problem.message.as_str())).collect();
        assert_eq!(
            places,
            [(7..13, "a ';' is missing before this"), (21..23, "a ';' is missing before this")]
        );
        assert_eq!(document.rules.len(), 1);
        assert_eq!(document.broken, ["a", "b"]);
    }

    #[test]
    fn nothing_is_said_of_what_is_read_again() {
        let text = "mode dtmf; root $a; $a = 1 2\npublic $b = 12;\n$c = 1;";
        assert_eq!(
            says(text),
            ["29..35 a ';' is missing before this: expected ';'", "41..43 \"12\" is no key: "]
        );
    }

    #[test]
    fn of_two_roots_the_first_counts_with_its_place() {
        let (document, problems) = parse("root $a; root $b; $b = 1;", 0, &Limits::default());
        assert_eq!(document.root.map(|root| (root.value, root.span)), Some(("a".into(), 5..7)));
        assert_eq!(problems.len(), 1);
        assert_eq!((&problems[0].span, &problems[0].related[0].0), (&(9..16), &(5..7)));
    }

    #[test]
    fn a_mistake_in_a_declaration_costs_that_only() {
        assert_eq!(says("meta a is 'b;c'; mode dtmf;"), ["5..6 unexpected \"a\": expected a name in quotes"]);
        assert_eq!(
            says("$a = don't b c'; $b = 1); $c = ');"),
            [
                "23..24 unexpected \")\": expected ';', '|' or more of the rule",
                "31..32 unexpected \"'\": expected a token, a rule, a group or a tag"
            ]
        );
    }

    #[test]
    fn a_hopeless_file_is_given_up() {
        assert_eq!(says(&"?;".repeat(100_000)).len(), MAX_PROBLEMS);
        assert_eq!(says(&"$a = {".repeat(100_000)).len(), 1);
    }
}
