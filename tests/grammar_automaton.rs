//! Codes as an admin writes them, through the automaton.
#![allow(clippy::expect_used, reason = "what helps the tests may fail them")]

use std::time::Instant;

use touchtone::grammar::automaton::{Automaton, StateId};
use touchtone::grammar::compile::{Builder, CompileError};
use touchtone::grammar::{LimitExceeded, Limits, dregex};
use touchtone::key::{KEY_COUNT, Key, Keys};

fn builder(codes: &[&str], limits: &Limits) -> Builder {
    let mut builder = Builder::new(KEY_COUNT, limits.clone());
    for code in codes {
        builder.pattern(&dregex::parse(code, limits).expect("a code that is right"));
    }
    builder
}

fn automaton(codes: &[&str]) -> Automaton {
    builder(codes, &Limits::default()).build().expect("codes that can be told apart")
}

fn keys(text: &str) -> Vec<usize> {
    text.parse::<Keys>().expect("keys").iter().map(|key| key.index()).collect()
}

fn text(symbols: &[usize]) -> String {
    symbols.iter().filter_map(|&symbol| Key::all().nth(symbol)).collect::<Keys>().to_string()
}

fn follow(automaton: &Automaton, text: &str) -> Option<StateId> {
    keys(text).into_iter().try_fold(automaton.start(), |state, key| automaton.next(state, key))
}

#[test]
fn a_code_is_accepted_at_its_last_key_and_not_before() {
    let codes = automaton(&["*6", "*3(room:x{3,6})#"]);
    let at = follow(&codes, "*").unwrap();
    assert_eq!((codes.accepts(at), codes.continues(at)), (None, true));
    let at = follow(&codes, "*6").unwrap();
    assert_eq!((codes.accepts(at), codes.continues(at)), (Some(0), false));
    assert_eq!(follow(&codes, "*3800#").and_then(|at| codes.accepts(at)), Some(1));
    assert_eq!(follow(&codes, "*380#"), None);
    assert_eq!(follow(&codes, "*5"), None);
    assert_eq!(codes.captures(1, &keys("*3800#")).unwrap().get("room"), Some(2..5));
    assert_eq!(codes.captures(0, &keys("*3800#")), None);
}

#[test]
fn a_code_that_is_the_beginning_of_another_is_known_with_both_keys() {
    let codes = automaton(&["*12", "*1", "5"]);
    let at = follow(&codes, "*1").unwrap();
    assert_eq!((codes.accepts(at), codes.continues(at)), (Some(1), true));
    let prefixes = codes.prefixes();
    assert_eq!(prefixes.len(), 1);
    assert_eq!((prefixes[0].short, prefixes[0].long), (1, 0));
    assert_eq!((text(&prefixes[0].witness), text(&prefixes[0].longer)), ("*1".into(), "*12".into()));
}

#[test]
fn the_same_keys_for_two_codes_are_refused_with_the_shortest_keys_that_both_have() {
    let error =
        builder(&["*1x{2,}", "*12", "*[01]x3{1,}", "*1x{2}"], &Limits::default()).build().unwrap_err();
    let CompileError::Patterns { conflicts, empty } = error else { panic!("no conflict") };
    assert!(empty.is_empty());
    let found: Vec<_> =
        conflicts.iter().map(|found| (found.first, found.second, text(&found.witness))).collect();
    assert_eq!(found, [(0, 3, "*100".into()), (0, 2, "*103".into()), (2, 3, "*103".into())]);
}

#[test]
fn a_code_that_needs_no_key_is_refused() {
    let error = builder(&["*1", "x{0,3}"], &Limits::default()).build().unwrap_err();
    assert_eq!(error, CompileError::Patterns { conflicts: Vec::new(), empty: vec![1] });
}

#[test]
fn states_that_cannot_be_told_apart_are_one() {
    let codes = automaton(&["[12]3", "4x{2,4}"]);
    assert_eq!(
        codes.dump(&|symbol| text(&[symbol])),
        concat!(
            "0:  1 2 -> 1  4 -> 2\n",
            "1:  3 -> 3\n",
            "2:  0 1 2 3 4 5 6 7 8 9 -> 4\n",
            "3 = 0\n",
            "4:  0 1 2 3 4 5 6 7 8 9 -> 5\n",
            "5 = 1:  0 1 2 3 4 5 6 7 8 9 -> 6\n",
            "6 = 1:  0 1 2 3 4 5 6 7 8 9 -> 7\n",
            "7 = 1\n",
        )
    );
}

#[test]
fn a_code_that_can_never_be_keyed_has_no_shortest_keys() {
    let mut builder = Builder::new(KEY_COUNT, Limits::default());
    builder.pattern(&touchtone::grammar::ast::Node::Void);
    builder.pattern(&dregex::parse("9x{2,}#", &Limits::default()).unwrap());
    let codes = builder.build().unwrap();
    assert_eq!(codes.shortest(0), None);
    assert_eq!(codes.shortest(1).map(|keys| text(&keys)), Some("900#".into()));
    assert_eq!(codes.shortest(2), None);
    assert_eq!(codes.next(codes.start(), KEY_COUNT), None);
}

#[test]
fn what_would_be_too_large_is_refused_with_the_name_of_the_limit() {
    let refused = |codes: &[&str], limits: Limits| match builder(codes, &limits).build() {
        Err(CompileError::Limit { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    let allowed = |name, allowed| LimitExceeded { name, allowed };
    let few = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let codes = ["((x{900}){900}){900}"];
    assert_eq!(refused(&codes, Limits::default()), allowed("nfa-states", 1_000_000));
    // One state for every combination of the last 30 digits.
    let codes = ["x{0,}1x{30}"];
    assert_eq!(refused(&codes, few(|limits| limits.dfa_work = 1_000)), allowed("dfa-work", 1_000));
    assert_eq!(refused(&codes, few(|limits| limits.dfa_states = 100)), allowed("dfa-states", 100));
    let codes = ["x{20}"];
    assert_eq!(refused(&codes, few(|limits| limits.table_cells = 300)), allowed("table-cells", 300));
}

/// Codes as they are: some alone, most with a number in them.
fn many(count: usize) -> Vec<String> {
    let code = |index: usize| match index % 3 {
        0 => format!("*{index:05}"),
        1 => format!("#{index:05}(room:x{{3,6}})#"),
        _ => format!("*9{index:05}*(number:x{{1,15}})*(pin:x{{4}})#"),
    };
    (0..count).map(code).collect()
}

#[test]
fn many_codes_are_told_apart() {
    let codes = many(1_000);
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let automaton = automaton(&codes);
    for (index, code) in codes.iter().enumerate() {
        let shortest = automaton.shortest(index).unwrap();
        assert!(text(&shortest).starts_with(&code[..6]), "{code} {}", text(&shortest));
        assert_eq!(follow(&automaton, &text(&shortest)).and_then(|at| automaton.accepts(at)), Some(index));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn beginnings_are_found_in_steps_that_do_not_multiply_with_the_states() {
    // Thousands of states, half of which accept the first code, and lead to each other for ever.
    let codes = ["*[01]{0,}1[01]{12}", "#9", "#99"];
    let automaton = automaton(&codes);
    assert!(automaton.states() > 8_000);
    let start = Instant::now();
    let prefixes = automaton.prefixes();
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let found: Vec<_> = prefixes.iter().map(|prefix| (prefix.short, prefix.long)).collect();
    assert_eq!(found, [(1, 2)]);
}

#[test]
fn beginnings_that_would_fill_memory_are_said_as_far_as_there_is_room() {
    let mut codes: Vec<String> = (1..=400).map(|length| format!("1{{{length}}}")).collect();
    codes.push("(1{1000}){200}".to_owned());
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let prefixes = automaton(&codes).prefixes();
    let symbols: usize = prefixes.iter().map(|prefix| prefix.witness.len() + prefix.longer.len()).sum();
    assert!(symbols <= touchtone::grammar::automaton::MAX_PREFIX_SYMBOLS, "{symbols}");
    assert_eq!((prefixes[0].short, prefixes[0].long, prefixes[0].longer.len()), (0, 1, 2));
}
