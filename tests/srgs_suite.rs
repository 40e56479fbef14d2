//! W3C's own test files for SRGS 1.0, ABNF Form, where they are to be had.
//!
//! They are looked for in `../shared/srgs-suite`, or in `srgs-suite` below the directory that `TOUCHTONE_SHARED`
//! names. A file's `meta 'in.N'` is an input, and its `meta 'out.N'` is the parse that is expected, or `REJECT`.
#![allow(clippy::expect_used, clippy::panic, reason = "what helps the tests may fail them")]

use std::path::{Path, PathBuf};

use touchtone::grammar::Limits;
use touchtone::grammar::capture::{Captures, Matcher, Step};
use touchtone::grammar::srgs::{self, Grammar, Refused};

/// Files that are illegal, and the kind of problem that makes each so.
const ILLEGAL: [(&str, &str); 10] = [
    ("conformance-5.gram", "outside"),
    ("dtmf-star-no-quotes.gram", "syntax"),
    ("duplicated-special-rulenames.gram", "special-name"),
    ("language-missing.gram", "no-language"),
    ("no-language-no-mode.gram", "no-language"),
    ("rule-no-empty.gram", "empty"),
    ("ruleref-ext-private-rule.gram", "private-rule"),
    ("ruleref-mismatch-mediatype.gram", "xml-form"),
    ("wrong-abnf-sih-version.gram", "header"),
    ("wrong-tag-delimit-2.gram", "syntax"),
];

/// May be refused where the XML Form is not read, as the file itself says.
const XML_FORM: &str = "conformance-6.gram";

/// What stands in for files in the XML Form, which are not in the suite here.
const IN_XML: &str = "<?xml version=\"1.0\"?>\n<grammar/>\n";

/// A file that the suite speaks of and does not have here; it says what is to be in it.
const NOT_THERE: (&str, &str) =
    ("test/test.gram", "#ABNF 1.0;\nlanguage en;\nroot $name;\npublic $name = Bond James Bond;\n");

/// A parse: rules with what is in them, words and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parse {
    Rule(String, Vec<Parse>),
    Word(String),
    Tag(String),
}

fn suite() -> Option<PathBuf> {
    let shared = std::env::var_os("TOUCHTONE_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    Some(shared.join("srgs-suite")).filter(|suite| suite.is_dir())
}

fn load(suite: &Path, name: &str) -> Result<Grammar, Refused> {
    srgs::load(name, &Limits::default(), |name| match std::fs::read(suite.join(name)) {
        Err(_) if name == NOT_THERE.0 => Ok(NOT_THERE.1.into()),
        Err(_) if name.ends_with(".grxml") => Ok(IN_XML.into()),
        read => read.map_err(|error| error.to_string()),
    })
}

/// The inputs of a file, each with what is expected.
fn pairs<'m>(meta: impl Iterator<Item = (&'m str, &'m str)>) -> Vec<(String, String)> {
    let meta: Vec<_> = meta.collect();
    let inputs = meta.iter().filter_map(|(name, input)| Some((name.strip_prefix("in.")?, *input)));
    let expected = |number: &str| meta.iter().find(|(name, _)| name.strip_prefix("out.") == Some(number));
    inputs.filter_map(|(number, input)| Some((input.to_owned(), expected(number)?.1.to_owned()))).collect()
}

/// The `meta` declarations of a text that is no grammar.
fn scan_meta(text: &str) -> Vec<(&str, &str)> {
    fn quoted(text: &str) -> Option<(&str, &str)> {
        let text = text.trim_start();
        let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        text[1..].split_once(quote)
    }
    let declarations = text.split("\nmeta").skip(1);
    let read = |rest| {
        let (name, rest) = quoted(rest)?;
        let (content, _) = quoted(rest.trim_start().strip_prefix("is")?)?;
        Some((name, content))
    };
    declarations.filter_map(read).collect()
}

/// Reads an expected parse. Rules of other files are written with their addresses; `rule_at` tells their names.
fn parse<'t>(text: &'t str, rule_at: &dyn Fn(&str) -> String) -> (Vec<Parse>, &'t str) {
    let mut nodes = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(word) = rest.strip_prefix('"') {
            let (words, after) = word.split_once('"').expect("a quoted word ends");
            nodes.extend(words.split_whitespace().map(|word| Parse::Word(word.to_owned())));
            rest = after;
        } else if let Some(tag) = rest.strip_prefix("{!{") {
            let (tag, after) = tag.split_once("}!}").expect("a tag ends");
            nodes.push(Parse::Tag(tag.to_owned()));
            rest = after;
        } else if let Some(rule) = rest.strip_prefix('$') {
            let (name, after) = rule.split_once('[').expect("a rule has its content");
            let address = name.strip_prefix('<').and_then(|address| address.strip_suffix('>'));
            let (content, after) = parse(after, rule_at);
            nodes.push(Parse::Rule(address.map_or_else(|| name.to_owned(), rule_at), content));
            rest = after.strip_prefix(']').expect("a rule's content ends");
        } else {
            return (nodes, rest);
        }
    }
}

/// The parse that captures tell of: the words in their places among the rules and the tags.
fn parse_of(rule: &str, words: &[&str], captures: &Captures) -> Parse {
    let mut open = vec![(rule.to_owned(), Vec::new())];
    let mut taken = 0;
    let push =
        |open: &mut Vec<(String, Vec<Parse>)>, node| open.last_mut().expect("a rule is open").1.push(node);
    let mut words_to = |open: &mut Vec<(String, Vec<Parse>)>, at: usize| {
        while taken < at {
            push(open, Parse::Word(words[taken].to_owned()));
            taken += 1;
        }
    };
    for step in captures.steps() {
        match step {
            Step::Open { name, at } => {
                words_to(&mut open, *at);
                open.push((name.to_string(), Vec::new()));
            }
            Step::Close { at } => {
                words_to(&mut open, *at);
                let (name, content) = open.pop().expect("a rule was begun");
                push(&mut open, Parse::Rule(name, content));
            }
            Step::Tag { text, at } => {
                words_to(&mut open, *at);
                push(&mut open, Parse::Tag(text.to_string()));
            }
        }
    }
    words_to(&mut open, words.len());
    let (name, content) = open.pop().expect("the rule itself");
    Parse::Rule(name, content)
}

fn matched(grammar: &Grammar, rule: &str, input: &str) -> Option<Parse> {
    let node = grammar.rule(rule).expect("a rule that can be asked for");
    let matcher = Matcher::new(&node, grammar.alphabet().size(), &Limits::default()).expect("within limits");
    let words: Vec<&str> = input.split_whitespace().collect();
    let captures = matcher.captures(&grammar.alphabet().symbols(input).ok()?)?;
    Some(parse_of(rule, &words, &captures))
}

/// Checks one pair; what is wrong with it, if anything is.
fn check(suite: &Path, grammar: &Grammar, input: &str, output: &str) -> Option<String> {
    if output == "REJECT" {
        let public = grammar.rules().filter(|rule| rule.public).map(|rule| rule.name);
        let rules: Vec<_> = grammar.root().map_or_else(|| public.collect(), |root| vec![root]);
        if rules.is_empty() {
            return Some("there is no rule to try".to_owned());
        }
        let found = rules.iter().find_map(|rule| matched(grammar, rule, input));
        return found.map(|found| format!("{input:?} is to be rejected, but {found:?}"));
    }
    let rule_at = |address: &str| match address.split_once('#') {
        Some((_, rule)) => rule.to_owned(),
        None => load(suite, address).expect("legal").root().expect("a root").to_owned(),
    };
    let (expected, _) = parse(output, &rule_at);
    let Some(Parse::Rule(rule, _)) = expected.first() else { return Some(format!("{output:?} is no parse")) };
    let found = matched(grammar, rule, input);
    (found.as_ref() != expected.first()).then(|| format!("{input:?} gives {found:?}, not {expected:?}"))
}

#[test]
fn every_file_is_accepted_or_refused_as_the_suite_says() {
    let Some(suite) = suite() else {
        println!("skipped: no W3C test files here");
        return;
    };
    let files = std::fs::read_dir(&suite).expect("a directory").filter_map(Result::ok);
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".gram")).collect();
    names.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    let expected = ILLEGAL.iter().map(|(name, _)| *name).chain([XML_FORM]);
    wrong.extend(
        expected
            .filter(|name| !names.iter().any(|there| there == name))
            .map(|name| format!("{name} is missing")),
    );
    for name in &names {
        let illegal = ILLEGAL.iter().find(|(illegal, _)| illegal == name).map(|(_, kind)| *kind);
        match load(&suite, name) {
            Ok(grammar) => {
                if illegal.is_some() {
                    wrong.push(format!("{name} is to be refused"));
                }
                for (input, output) in pairs(grammar.meta()) {
                    count += 1;
                    wrong.extend(
                        check(&suite, &grammar, &input, &output).map(|wrong| format!("{name}: {wrong}")),
                    );
                }
            }
            Err(refused) => {
                let pairs = pairs(scan_meta(&refused.files[0].text).into_iter());
                count += pairs.len();
                let kinds: Vec<_> = refused.problems.iter().map(|found| found.problem.kind).collect();
                println!("{name}: {refused}");
                let rejects = !pairs.is_empty() && pairs.iter().all(|(_, output)| output == "REJECT");
                let as_expected = match illegal {
                    Some(kind) => rejects && kinds.contains(&kind),
                    None => name == XML_FORM && kinds == ["xml-form"],
                };
                if !as_expected {
                    wrong.push(format!("{name} is refused: {refused}"));
                }
            }
        }
    }
    println!("{} files, {count} pairs", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
