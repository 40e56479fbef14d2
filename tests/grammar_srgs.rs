//! SRGS grammars as an admin writes them: what they match, and what is said of those that are wrong.
#![allow(clippy::expect_used, clippy::panic, reason = "what helps the tests may fail them")]

use std::collections::HashMap;

use proptest::prelude::*;
use touchtone::grammar::capture::{Captures, Matcher};
use touchtone::grammar::compile::Builder;
use touchtone::grammar::srgs::{self, Grammar, Mode, Refused, RuleError};
use touchtone::grammar::{Limits, MAX_NESTING};

/// A grammar for keys of these rules, in one file.
fn keys(rules: &str) -> Result<Grammar, Refused> {
    text(&format!("#ABNF 1.0 UTF-8;\nmode dtmf;\nroot $main;\n{rules}"))
}

fn text(text: &str) -> Result<Grammar, Refused> {
    files(&[("main.gram", text)])
}

/// The first of these files, which can refer to the others.
fn files(files: &[(&str, &str)]) -> Result<Grammar, Refused> {
    with_limits(files, &Limits::default())
}

fn with_limits(files: &[(&str, &str)], limits: &Limits) -> Result<Grammar, Refused> {
    let by_name: HashMap<_, _> = files.iter().copied().collect();
    srgs::load(files[0].0, limits, |name| {
        by_name.get(name).map(|text| text.as_bytes().to_vec()).ok_or_else(|| "no such file".to_owned())
    })
}

fn captures(grammar: &Grammar, rule: &str, input: &str) -> Option<Captures> {
    let node = grammar.rule(rule).expect("a rule");
    let limits = Limits { nesting: usize::MAX, ..Limits::default() };
    let matcher = Matcher::new(&node, grammar.alphabet().size(), &limits).expect("within limits");
    matcher.captures(&grammar.alphabet().symbols(input).expect("keys"))
}

fn matches(rules: &str, input: &str) -> bool {
    let grammar = keys(rules).unwrap_or_else(|refused| panic!("{refused}"));
    captures(&grammar, "main", input).is_some()
}

/// What is wrong, each with the text that it is about.
fn says(refused: Result<Grammar, Refused>) -> Vec<String> {
    let refused = refused.expect_err("a grammar that is wrong");
    let line = |found: &srgs::FileProblem| {
        let text = &refused.files[found.file].text;
        format!(
            "{}: {} at {:?}",
            found.problem.kind,
            found.problem.message,
            &text[found.problem.span.clone()]
        )
    };
    refused.problems.iter().map(line).collect()
}

#[test]
fn every_kind_of_expansion_matches_what_it_says() {
    assert!(matches("$main = 1 \"2\" star \"*\" pound # A;", "1 2 * * # # A"));
    assert!(matches("$main = \"1 2\"<2>;", "1 2 1 2"));
    assert!(matches("$main = /2/ 1 | /0.5/ 2 3 | /.5/ () 4;", "2 3"));
    assert!(matches("$main = (1 | 2) [3] (4)<0-1 /0.5/> 5<2->;", "2 4 5 5 5"));
    assert!(!matches("$main = (1 | 2) [3] (4)<0-1> 5<2->;", "2 4 5"));
    assert!(matches("$main = 1<0> (2)<0-0> 3 {t} {!{ } }!} $NULL;", "3"));
    assert!(!matches("$main = 1 $VOID | 2;", "1"));
    assert!(matches("$main = 1 $GARBAGE 2;", "1 * # 5 2") && matches("$main = 1 $GARBAGE 2;", "1 2"));
    assert!(matches("// a\n/* b */ $main /** c */ = 1 // d ;\n | 2 /* ; */;", "2"));
    assert!(matches("$main=1!en 2 !en-GB(3)!fr<2>[4]!de;", "1 2 3 3 4"));
}

#[test]
fn what_a_rule_matched_is_captured_by_its_name_and_tags_come_in_order() {
    let grammar = keys(
        "$main = star 3 $room {joined} | $mute; $room = ($digit {d})<3-6>; $digit = 8|0|1; $mute = star 6;",
    )
    .expect("a legal grammar");
    let found = captures(&grammar, "main", "* 3 8 0 0").expect("a match");
    let seen: Vec<_> =
        found.iter().map(|captured| (&*captured.name, captured.range.clone(), captured.depth)).collect();
    assert_eq!(seen, [("room", 2..5, 0), ("digit", 2..3, 1), ("digit", 3..4, 1), ("digit", 4..5, 1)]);
    assert_eq!(found.tags().collect::<Vec<_>>(), ["d", "d", "d", "joined"]);
    assert_eq!(captures(&grammar, "main", "* 6").and_then(|found| found.get("mute")), Some(0..2));
}

#[test]
fn rules_of_other_files_are_found_beside_the_file_or_its_base() {
    let main = "#ABNF 1.0;\nbase <sub/>;\nmode dtmf;\nroot $main;\n\
                $main = $<../a.gram> $<b.gram#pin>~<application/srgs> $<../a.gram#seven>;";
    let a = "#ABNF 1.0;\nmode dtmf;\nroot $six;\n$six = 6; public $seven = 7 $<sub/b.gram>;";
    let b = "#ABNF 1.0;\nmode dtmf;\nroot $nine;\n$nine = 9;\npublic $pin = 1<4>;";
    let grammar = files(&[("main.gram", main), ("a.gram", a), ("sub/b.gram", b)]).expect("a legal grammar");
    let found = captures(&grammar, "main", "6 1 1 1 1 7 9").expect("a match");
    let names: Vec<_> = found.iter().map(|captured| &*captured.name).collect();
    assert_eq!(names, ["six", "pin", "seven", "nine"]);
    assert_eq!(grammar.files().len(), 3);
}

#[test]
fn files_may_refer_to_each_other() {
    let a = "#ABNF 1.0;\nmode dtmf;\nroot $a;\npublic $a = 1 | 2 $<b.gram>;";
    let b = "#ABNF 1.0;\nmode dtmf;\nroot $b;\npublic $b = 3 $<a.gram#a>;";
    let grammar = files(&[("a.gram", a), ("b.gram", b)]).expect("a legal grammar");
    assert!(captures(&grammar, "a", "2 3 2 3 1").is_some());
    assert!(captures(&grammar, "a", "2 3").is_none());
}

#[test]
fn a_rule_may_end_in_itself() {
    let grammar =
        keys("public $main = $digit | $digit $main $NULL; $digit = 1 {one} | 2;").expect("a legal grammar");
    let found = captures(&grammar, "main", "1 2 1").expect("a match");
    let seen: Vec<_> = found.iter().map(|captured| (&*captured.name, captured.range.clone())).collect();
    let expected = [("digit", 0..1), ("main", 1..3), ("digit", 1..2), ("main", 2..3), ("digit", 2..3)];
    assert_eq!(seen, expected);
    let mut builder = Builder::new(16, Limits::default());
    builder.pattern(&grammar.rule("main").expect("a rule"));
    assert_eq!(builder.build().expect("one pattern").states(), 2);
    assert!(matches("$main = 1 [$other]; $other = 2 ($main | 3); ", "1 2 1 2 3"));
    assert!(!matches("$main = $main;", "1"));
}

#[test]
fn recursion_elsewhere_is_refused_where_it_is() {
    let refused = says(keys("$main = 1 $main 2;"));
    assert_eq!(refused, ["recursion: the rule \"main\" refers to itself other than at its end at \"$main\""]);
    assert_eq!(says(keys("$main = $a; $a = $main 1 | 2;")).len(), 1);
    assert_eq!(says(keys("$main = 1 $main<2> | 2;")).len(), 1);
    assert_eq!(says(keys("$main = 1 | 2 $main {tag};")).len(), 1);
    assert!(keys("$main = 1 $main<0> 2;").is_ok());
}

#[test]
fn everything_that_makes_a_grammar_illegal_is_said() {
    assert_eq!(
        says(keys("$a = $b | $main; $a = 12; $NULL = star; public $c = $mian;")),
        [
            "undefined-root: the root rule \"main\" is not defined at \"$main\"",
            "undefined-rule: the rule \"b\" is not defined at \"$b\"",
            "undefined-rule: the rule \"main\" is not defined at \"$main\"",
            "duplicate-rule: the rule \"a\" is defined twice at \"$a\"",
            "not-a-key: \"12\" is no key at \"12\"",
            "special-name: $NULL means something already at \"$NULL\"",
            "undefined-rule: the rule \"mian\" is not defined at \"$mian\"",
        ]
    );
    assert_eq!(
        says(keys("$main = 1<3-2> 1<2 /1.5/> 1<2000> \"\" 1<2>;")),
        [
            "bad-repeat: a repeat that ends before it begins at \"<3-2>\"",
            "bad-weight: a probability above 1 at \"<2 /1.5/>\"",
            "limit: more often than the limit \"repeat\" allows (1000) at \"<2000>\"",
            "empty: a token of nothing at \"\\\"\\\"\"",
        ]
    );
    let one = |rules: &str| says(keys(rules)).remove(0);
    assert_eq!(one("$main = *;"), "syntax: unexpected \"*\" at \"*\"");
    assert_eq!(one("$main = 1 | ;"), "empty: nothing stands here at \";\"");
    assert_eq!(one("$main = ;"), "empty: nothing stands here at \";\"");
    assert_eq!(one("$main = [ ];"), "empty: nothing stands here at \"]\"");
    assert_eq!(one("$main = (1;"), "syntax: unexpected \";\" at \";\"");
    assert_eq!(one("$main = 1);"), "syntax: unexpected \")\" at \")\"");
    assert_eq!(one("$main = <2>;"), "syntax: unexpected \"<\" at \"<\"");
    assert_eq!(one("$main = 1<-2>;"), "bad-repeat: this is no repeat at \"<-2>\"");
    assert_eq!(one("$main = 1<2><3>;"), "bad-repeat: a repeat of a repeat at \"<\"");
    assert_eq!(one("$main = /1 2;"), "bad-weight: this is no number between slashes at \"/1\"");
    assert_eq!(one("$main = /-1/ 2;"), "bad-weight: this is no number between slashes at \"/-1/\"");
    assert_eq!(one("$main = {a} 1 } 2;"), "syntax: unexpected \"}\" at \"}\"");
    assert_eq!(one("$main = $a-b; "), "bad-name: \"a-b\" is no name for a rule at \"$a-b\"");
    assert_eq!(one("$1 = 1; "), "bad-name: \"1\" is no name for a rule at \"$1\"");
    assert_eq!(one("$main = $a!en; $a = 1;"), "language: a language that belongs to nothing at \"!\"");
    assert_eq!(one("$main = 'a';"), "syntax: unexpected \"'\" at \"'\"");
    assert_eq!(
        one("$main = 1; language en;"),
        "declaration-order: a declaration after a rule at \"language en\""
    );
}

#[test]
fn what_is_wrong_with_another_file_is_said_of_that_file() {
    let main = |reference: &str| format!("#ABNF 1.0;\nmode dtmf;\nroot $main;\n$main = {reference};");
    let other = "#ABNF 1.0;\nmode dtmf;\n$hidden = 1; public $shown = 2;";
    let voice = "#ABNF 1.0;\nlanguage en;\nroot $a;\npublic $a = b;";
    let broken = "#ABNF 1.0;\nmode dtmf;\npublic $shown = ;";
    let one = |reference: &str| {
        let main = main(reference);
        says(files(&[
            ("a/main.gram", &main),
            ("a/other.gram", other),
            ("a/voice.gram", voice),
            ("a/broken.gram", broken),
        ]))
    };
    let says_one = |reference: &str, problem: &str| {
        assert_eq!(one(reference), [format!("{problem} at {reference:?}")]);
    };
    says_one("$<other.gram#hidden>", "private-rule: the rule \"hidden\" is private to \"a/other.gram\"");
    says_one("$<other.gram#none>", "undefined-rule: \"a/other.gram\" has no rule \"none\"");
    says_one(
        "$<other.gram>",
        "no-root: \"a/other.gram\" declares no root rule, so the reference has to name one",
    );
    says_one("$<voice.gram>", "mode-mismatch: \"a/voice.gram\" is for another mode than this file");
    says_one("$<none.gram>", "no-such-file: \"a/none.gram\": no such file");
    says_one("$<../../etc/passwd>", "outside: this is outside the grammar directory");
    says_one("$</etc/passwd>", "outside: only files in the grammar directory are read");
    says_one("$<http://example.com/a.gram>", "outside: only files in the grammar directory are read");
    says_one("$<builtin:boolean>", "outside: only files in the grammar directory are read");
    says_one("$<#main>", "own-rule: this refers to the file that it is in");
    says_one("$<main.gram#main>", "own-rule: this refers to the file that it is in");
    assert_eq!(one("$<broken.gram#shown>"), ["empty: nothing stands here at \";\""]);
    let of_type = |media_type: &str| one(&format!("$<other.gram#shown>~<{media_type}>"));
    assert_eq!(
        of_type("application/srgs+xml"),
        ["media-type: this is the XML Form, which is not read at \"application/srgs+xml\""]
    );
    assert_eq!(
        of_type("text/html"),
        ["media-type: \"text/html\" is no media type of a grammar at \"text/html\""]
    );
}

#[test]
fn languages_matter_to_voice_only() {
    let says_one = |text: &str| says(self::text(text)).remove(0);
    assert!(says_one("#ABNF 1.0;\nroot $a;\n$a = b;").starts_with("no-language: "));
    assert!(says_one("#ABNF 1.0;\nlanguage -;\n$a = b;").starts_with("language: \"-\" is no language"));
    assert!(
        says_one("#ABNF 1.0;\nlanguage en;\n$a = b!123;").starts_with("language: \"123\" is no language")
    );
    assert!(text("#ABNF 1.0;\nlanguage 123;\nmode dtmf;\n$a = 1!123;").is_ok());
}

#[test]
fn words_are_symbols_and_garbage_takes_any() {
    let grammar = text(
        "#ABNF 1.0;\nlanguage en;\nroot $call;\n$call = call [\"my  dad's\"] $GARBAGE \"New York\" please;",
    )
    .expect("a legal grammar");
    assert_eq!((grammar.mode(), grammar.root()), (Mode::Voice, Some("call")));
    assert!(captures(&grammar, "call", "call my dad's office in New York please").is_some());
    assert!(captures(&grammar, "call", "call New York please").is_some());
    assert!(captures(&grammar, "call", "call new york please").is_none());
}

#[test]
fn rules_are_had_by_name_if_they_are_public_or_the_root() {
    let grammar = keys("$main = $inner; public $other = 2; $inner = 1; $lost = 3;").expect("a legal grammar");
    assert!(grammar.rule("main").is_ok() && grammar.rule("other").is_ok());
    assert_eq!(grammar.rule("inner"), Err(RuleError::Private { name: "inner".into() }));
    let unknown = RuleError::Unknown { name: "othr".into(), near: Some("other".into()) };
    assert_eq!(grammar.rule("othr"), Err(unknown));
    let unused: Vec<_> = grammar.unused(&["main"]).iter().map(|rule| rule.name).collect();
    assert_eq!(unused, ["other", "lost"]);
}

#[test]
fn what_is_too_large_is_refused_with_the_name_of_the_limit() {
    let limit = |refused: Result<Grammar, Refused>| {
        let said = says(refused);
        assert_eq!(said.len(), 1, "{said:?}");
        let (_, rest) = said[0].split_once("limit \"").expect("a limit");
        rest.split('"').next().expect("its name").to_owned()
    };
    let nested = format!("$main = {}1{};", "(".repeat(1_000_000), ")".repeat(1_000_000));
    assert_eq!(limit(keys(&nested[..900_000])), "nesting");
    let chain: String = (0..30_000).map(|rule| format!("$r{rule} = $r{};", rule + 1)).collect();
    assert_eq!(limit(keys(&format!("$main = $r0; {chain} $r30000 = 1;"))), "nesting");
    let doubled: String = (0..60).map(|rule| format!("$r{rule} = $r{0} $r{0};", rule + 1)).collect();
    assert_eq!(limit(keys(&format!("$main = $r0; {doubled} $r60 = 1;"))), "expansion");
    assert_eq!(limit(keys("$main = $a<1000>; $a = $b<1000>; $b = 1<1000>;")), "nfa-states");
    assert_eq!(
        limit(keys("$main = ($NULL<1000>)<1000> 1 (()<1->)<1000> (({a}<1000>)<1000>)<1000>;")),
        "nfa-states"
    );
    let few = Limits { files: 2, file_bytes: 100, ..Limits::default() };
    let a = "#ABNF 1.0;\nmode dtmf;\nroot $a;\n$a = 1 $<b.gram>;";
    let b = "#ABNF 1.0;\nmode dtmf;\nroot $b;\n$b = 1 $<c.gram>;";
    let c = "#ABNF 1.0;\nmode dtmf;\nroot $c;\n$c = 1;";
    assert_eq!(limit(with_limits(&[("a.gram", a), ("b.gram", b), ("c.gram", c)], &few)), "files");
    assert_eq!(limit(with_limits(&[("a.gram", &" ".repeat(101))], &few)), "file-bytes");
    let referring = "#ABNF 1.0;\nmode dtmf;\npublic $a = $<b.gram#b>;";
    let long = format!("#ABNF 1.0;\nmode dtmf;\npublic $b = 1{};", " ".repeat(60));
    let both = [("a.gram", referring), ("b.gram", long.as_str())];
    assert_eq!(limit(with_limits(&both, &few)), "file-bytes");
}

#[test]
fn a_file_that_is_wrong_all_over_is_refused_before_long() {
    let names: String = (0..2_000).map(|rule| format!("$rule{rule}=1;")).collect();
    let undefined = format!("$main = {}1; {names}", "$rulee ".repeat(100_000));
    assert_eq!(says(keys(&undefined)).len(), 100);
    assert_eq!(says(keys(&format!("$main = {}1;", "$<../a> ".repeat(100_000)))).len(), 1_000);
    assert_eq!(says(keys(&format!("$main = {}1;", "12 ".repeat(300_000)))).len(), 100);
    assert_eq!(says(keys(&format!("$main = 1; {};", "a".repeat(900_000)))).len(), 1);
    assert_eq!(says(keys(&format!("$main = {}1;", "{".repeat(900_000)))).len(), 1);
    assert_eq!(says(keys(&"/*;".repeat(300_000))).len(), 1);
    assert_eq!(says(keys(&"$a = {;\n".repeat(100_000))).len(), 100);
}

#[test]
fn rules_that_all_end_in_each_other_stay_small() {
    let ends =
        |rule: usize| (0..40).map(|other| format!("{} $r{other}", (rule + other) % 10)).collect::<Vec<_>>();
    let rules: String = (0..40).map(|rule| format!("$r{rule} = # | {};", ends(rule).join(" | "))).collect();
    let grammar = keys(&format!("$main = $r0; {rules}")).expect("a legal grammar");
    assert!(captures(&grammar, "main", "0 1 2 3 #").is_some());
}

#[test]
fn the_deepest_nesting_that_can_be_allowed_fits_the_stack() {
    let limits = Limits { nesting: usize::MAX, ..Limits::default() };
    let groups =
        |depth: usize| format!("{}1{}", "(2|3 [4 ".repeat(depth / 2), "]<1>)<0-1>".repeat(depth / 2));
    let header = "#ABNF 1.0;\nmode dtmf;\nroot $main;\n";
    let grammar = with_limits(&[("a", &format!("{header}$main = {};", groups(MAX_NESTING)))], &limits);
    let grammar = grammar.expect("within the limit");
    assert!(captures(&grammar, "main", "").is_some());
    let chain: String =
        (0..MAX_NESTING - 1).map(|rule| format!("$r{rule} = 2 | 3 [$r{} 4]<1>;", rule + 1)).collect();
    let chain = format!("{header}$main = 2 | 3 ($r0 4)<1>; {chain} $r{} = 1;", MAX_NESTING - 1);
    let refused = says(with_limits(&[("a", &chain)], &limits));
    assert!(refused[0].contains("limit \"nesting\""), "{refused:?}");
    let half: String =
        (0..MAX_NESTING / 2 - 1).map(|rule| format!("$r{rule} = 2 | 3 [$r{} 4];", rule + 1)).collect();
    let half = format!("{header}$main = 2 | 3 $r0; {half} $r{} = 1;", MAX_NESTING / 2 - 1);
    let grammar = with_limits(&[("a", &half)], &limits).expect("within the limit");
    assert!(captures(&grammar, "main", "3 3 2 4").is_some());
}

/// Text that looks like a grammar's, right or wrong.
fn almost_rules() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("$main"),
        Just("$a"),
        Just("$NULL"),
        Just("$<b.gram>"),
        Just("$<a.gram#a>"),
        Just("="),
        Just(";"),
        Just("|"),
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("<2>"),
        Just("<0->"),
        Just("/1/"),
        Just("{t}"),
        Just("{!{t}!}"),
        Just("!en"),
        Just("\"1 2\""),
        Just("'"),
        Just("1"),
        Just("*"),
        Just("public"),
        Just("mode dtmf;"),
        Just("root $a;"),
        Just("/*"),
        Just("*/"),
        Just("//"),
        Just("\n"),
        Just("é"),
        Just("{"),
        Just("$"),
        Just("~<application/srgs>"),
    ];
    prop::collection::vec(word, 0..30).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = srgs::load("a", &Limits::default(), |_| Ok(bytes.clone()));
    }

    #[test]
    fn nothing_that_looks_like_a_grammar_panics(rules in almost_rules(), other in almost_rules()) {
        let main = format!("#ABNF 1.0;\nmode dtmf;\n{rules}");
        let other = format!("#ABNF 1.0;\nmode dtmf;\nroot $a;\npublic $a = 1 {other}");
        match files(&[("a.gram", &main), ("b.gram", &other)]) {
            Ok(grammar) => {
                for rule in grammar.rules() {
                    if let Ok(node) = grammar.rule(rule.name) {
                        prop_assert!(Matcher::new(&node, 16, &Limits::default()).is_ok());
                    }
                }
            }
            Err(refused) => {
                prop_assert!(!refused.problems.is_empty());
                for found in &refused.problems {
                    prop_assert!(refused.files[found.file].text.get(found.problem.span.clone()).is_some());
                }
            }
        }
    }
}

#[test]
fn one_mistake_is_said_once() {
    let says_of = |grammar: &str| says(text(grammar));
    assert_eq!(
        says_of("#ABNF 1.0;\nmode dtfm;\nroot $a;\n$a = 1;"),
        ["syntax: unexpected \"dtfm\" at \"dtfm\""]
    );
    assert_eq!(
        says_of("#ABNF 1.0;\nlanguag en;\n$a = b;"),
        ["syntax: \"languag\" begins no declaration at \"languag\""]
    );
    assert_eq!(
        says_of("#ABNF 1.0;\nmode dtmf;\n$a = 1 2\npublic $b = 2;"),
        ["syntax: a ';' is missing before this at \"public\""]
    );
    assert_eq!(
        says_of("#ABNF 1.0; \nmode dtmf;\n$a = 12;"),
        ["header: more on the line of the header at \" \"", "not-a-key: \"12\" is no key at \"12\""]
    );
    let main = "#ABNF 1.0;\nmode dtmf;\n$main = $<other.gram>;";
    let other = "#ABNF 1.0;\nmode dtfm;\nroot a;\n$a = 1;";
    let both = says(files(&[("main.gram", main), ("other.gram", other)]));
    assert_eq!(both, ["syntax: unexpected \"dtfm\" at \"dtfm\"", "syntax: unexpected \"a\" at \"a\""]);
}
