//! Any text as digit expressions, one a line: it is refused with places in the text, or compiles within its limits;
//! the automaton and the captures agree on what matches, and what is said of conflicts is so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchtone::grammar::automaton::Automaton;
use touchtone::grammar::capture::{Captures, Matcher};
use touchtone::grammar::compile::{Builder, CompileError};
use touchtone::grammar::{Limits, dregex};
use touchtone::key::{KEY_COUNT, Key};

/// How many expressions are taken of a text.
const PATTERNS: usize = 8;
/// How many symbols are tried at once.
const WORD: usize = 24;

fuzz_target!(|text: &str| {
    let limits = Limits {
        nesting: 20,
        repeat: 40,
        nfa_states: 2_000,
        dfa_states: 400,
        dfa_work: 50_000,
        table_cells: 10_000,
        ..Limits::default()
    };
    let mut builder = Builder::new(KEY_COUNT, limits.clone());
    let mut matchers = Vec::new();
    for line in text.lines().take(PATTERNS) {
        match dregex::parse(line, &limits) {
            Ok(node) => {
                let Ok(matcher) = Matcher::new(&node, KEY_COUNT, &limits) else { return };
                assert_eq!(builder.pattern(&node), matchers.len());
                matchers.push(matcher);
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                for problem in problems {
                    assert!(line.get(problem.span.clone()).is_some(), "{problem:?} is outside of {line:?}");
                }
            }
        }
    }
    match builder.build() {
        Ok(automaton) => agree(&automaton, &matchers, &limits, text.as_bytes()),
        Err(CompileError::Limit { .. }) => {}
        Err(CompileError::Patterns { conflicts, empty }) => {
            assert!(!conflicts.is_empty() || !empty.is_empty());
            for conflict in conflicts {
                assert_ne!(conflict.first, conflict.second);
                assert!(matches(&matchers[conflict.first], &conflict.witness));
                assert!(matches(&matchers[conflict.second], &conflict.witness));
            }
            assert!(empty.into_iter().all(|pattern| matches(&matchers[pattern], &[])));
        }
        Err(CompileError::Recursion { .. }) => panic!("an expression cannot refer to itself"),
    }
});

fn agree(automaton: &Automaton, matchers: &[Matcher], limits: &Limits, bytes: &[u8]) {
    assert!(automaton.states() <= limits.dfa_states + 1);
    let keyed: Vec<usize> =
        bytes.iter().filter_map(|&byte| Some(Key::from_symbol(byte)?.index())).take(WORD).collect();
    tried(automaton, matchers, &keyed);
    tried(automaton, matchers, &walk(automaton, bytes));
    for (pattern, matcher) in matchers.iter().enumerate() {
        let shortest = automaton.shortest(pattern).expect("what compiles can be keyed");
        assert_eq!(accepted(automaton, &shortest), Some(pattern));
        let captures = matcher.captures(&shortest).expect("what is accepted matches");
        assert_eq!(Some(&captures), automaton.captures(pattern, &shortest).as_ref());
        within(&captures, shortest.len());
    }
    for prefix in automaton.prefixes() {
        assert!(matches(&matchers[prefix.short], &prefix.witness));
        assert!(matches(&matchers[prefix.long], &prefix.longer));
        assert!(prefix.longer.starts_with(&prefix.witness) && prefix.longer != prefix.witness);
    }
}

/// Every beginning of a word is accepted for the pattern that matches it, and no other does.
fn tried(automaton: &Automaton, matchers: &[Matcher], word: &[usize]) {
    for end in 0..=word.len() {
        let word = &word[..end];
        let matching: Vec<usize> = (0..matchers.len()).filter(|&at| matches(&matchers[at], word)).collect();
        assert!(matching.len() <= 1, "{word:?} matches {matching:?}");
        assert_eq!(accepted(automaton, word), matching.first().copied(), "{word:?}");
        for pattern in matching {
            within(&matchers[pattern].captures(word).expect("a match"), word.len());
        }
    }
}

/// A word that leads on, as the bytes choose.
fn walk(automaton: &Automaton, bytes: &[u8]) -> Vec<usize> {
    let mut word = Vec::new();
    let mut at = automaton.start();
    for &byte in bytes.iter().rev().take(WORD) {
        let wanted = usize::from(byte) % KEY_COUNT;
        let symbols = (0..KEY_COUNT).map(|more| (wanted + more) % KEY_COUNT);
        let Some((symbol, next)) =
            symbols.into_iter().find_map(|symbol| Some((symbol, automaton.next(at, symbol)?)))
        else {
            break;
        };
        word.push(symbol);
        at = next;
    }
    word
}

fn accepted(automaton: &Automaton, word: &[usize]) -> Option<usize> {
    let mut at = automaton.start();
    for &symbol in word {
        at = automaton.next(at, symbol)?;
    }
    automaton.accepts(at)
}

fn matches(matcher: &Matcher, word: &[usize]) -> bool {
    matcher.captures(word).is_some()
}

fn within(captures: &Captures, length: usize) {
    for captured in captures.iter() {
        assert!(captured.range.start <= captured.range.end && captured.range.end <= length, "{captures:?}");
    }
}
