//! The collector against a naive model that knows the codes as plain text: the same codes fire, the same digits are
//! given up, in the same order, and no digit is lost or used twice.

use std::time::Duration;

use proptest::prelude::*;
use touchtone::grammar::Limits;
use touchtone::grammar::automaton::Automaton;
use touchtone::grammar::compile::Builder;
use touchtone::grammar::dregex;
use touchtone::key::{KEY_COUNT, Key, Keys};
use touchtone::keypad::{Collector, Outcome, Rules, Waits};

const INTERDIGIT: Duration = Duration::from_millis(4000);
const CRITICAL: Duration = Duration::from_millis(1000);

/// What became of digits, in plain text; what is held is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Fired(String),
    GivenUp(char),
    /// The enter key that ended a code.
    Spent(char),
}

/// The table of the design, word for word, on text.
struct Model {
    codes: Vec<String>,
    enter: Option<char>,
    max_digits: usize,
    held: String,
    due: Option<Duration>,
    fates: Vec<Fate>,
}

impl Model {
    fn is_code(&self, text: &str) -> bool {
        self.codes.iter().any(|code| code == text)
    }

    fn leads_on(&self, text: &str) -> bool {
        text.len() < self.max_digits
            && self.codes.iter().any(|code| code.len() > text.len() && code.starts_with(text))
    }

    fn key(&mut self, now: Duration, key: char) {
        self.time(now);
        self.digit(key);
        self.due = match self.held.as_str() {
            "" => None,
            held if self.is_code(held) => Some(now + CRITICAL),
            _ => Some(now + INTERDIGIT),
        };
    }

    fn time(&mut self, now: Duration) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            if self.is_code(&self.held) {
                self.fates.push(Fate::Fired(std::mem::take(&mut self.held)));
            }
            self.back_off_until_nothing_is_held();
        }
    }

    fn digit(&mut self, key: char) {
        let longer = format!("{}{key}", self.held);
        let edge = longer.len() <= self.max_digits && (self.is_code(&longer) || self.leads_on(&longer));
        if edge {
            self.held = longer;
            if self.is_code(&self.held) && !self.leads_on(&self.held) {
                self.fates.push(Fate::Fired(std::mem::take(&mut self.held)));
            }
        } else if self.held.is_empty() {
            self.fates.push(Fate::GivenUp(key));
        } else if self.enter == Some(key) && self.is_code(&self.held) {
            self.fates.push(Fate::Fired(std::mem::take(&mut self.held)));
            self.fates.push(Fate::Spent(key));
        } else if self.enter == Some(key) {
            self.back_off_until_nothing_is_held();
            self.digit(key);
        } else {
            self.back_off();
            self.digit(key);
        }
    }

    fn back_off(&mut self) {
        let held = std::mem::take(&mut self.held);
        let longest = (1..=held.len()).rev().find(|&length| self.is_code(&held[..length]));
        let spent = longest.unwrap_or(1);
        self.fates.push(match longest {
            Some(length) => Fate::Fired(held[..length].to_owned()),
            None => Fate::GivenUp(held.chars().next().expect("something is held")),
        });
        for key in held[spent..].chars() {
            self.digit(key);
        }
    }

    fn back_off_until_nothing_is_held(&mut self) {
        while !self.held.is_empty() {
            self.back_off();
        }
    }
}

fn automaton(codes: &[String]) -> Automaton {
    let limits = Limits::default();
    let mut builder = Builder::new(KEY_COUNT, limits.clone());
    for code in codes {
        builder.pattern(&dregex::parse(code, &limits).expect("a code"));
    }
    builder.build().expect("codes without conflict")
}

fn fates(codes: &[String], outcomes: Vec<Outcome>) -> Vec<Fate> {
    let mut fates = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Hold(_) => {}
            Outcome::GiveUp(keys) => fates.extend(keys.symbols().chars().map(Fate::GivenUp)),
            Outcome::Fire { pattern, keys, enter } => {
                assert_eq!(codes[pattern], keys.symbols(), "a code fires for its own keys");
                fates.push(Fate::Fired(keys.symbols()));
                fates.extend(enter.map(|key| Fate::Spent(char::from(key.symbol()))));
            }
        }
    }
    fates
}

fn digits_of(fates: &[Fate]) -> String {
    let mut digits = String::new();
    for fate in fates {
        match fate {
            Fate::Fired(keys) => digits.push_str(keys),
            Fate::GivenUp(key) | Fate::Spent(key) => digits.push(*key),
        }
    }
    digits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_collector_does_what_the_table_says(
        codes in prop::collection::btree_set("[12#]{1,5}", 1..7),
        enter in prop::option::of(Just('#')),
        max_digits in 1usize..7,
        keyed in prop::collection::vec(
            ("[123#]", prop::sample::select(vec![0u64, 10, 999, 1000, 1001, 3999, 4000, 4001])), 0..40),
    ) {
        let codes: Vec<String> = codes.into_iter().collect();
        let automaton = automaton(&codes);
        let rules = Rules {
            automaton: &automaton,
            waits: &Waits::default(),
            interdigit: INTERDIGIT,
            critical: CRITICAL,
            enter: enter.and_then(|key| Key::from_symbol(key as u8)),
            max_digits,
        };
        let mut model =
            Model { codes: codes.clone(), enter, max_digits, held: String::new(), due: None, fates: Vec::new() };
        let mut collector = Collector::default();
        let mut outcomes = Vec::new();
        let mut now = Duration::ZERO;
        let mut all = String::new();
        for (key, gap) in keyed {
            now += Duration::from_millis(gap);
            model.key(now, key.chars().next().expect("a key"));
            let keys: Keys = key.parse().expect("a key");
            collector.handle_key(now, keys[0], rules, &mut outcomes);
            while collector.goes_on() {
                prop_assert!(matches!(outcomes.last(), Some(Outcome::Fire { .. })), "it stops behind a code");
                collector.go_on(now, rules, &mut outcomes);
            }
            prop_assert_eq!(Keys::from(collector.held()).symbols(), model.held.clone());
            prop_assert_eq!(collector.poll_timeout(), model.due);
            all += &key;
        }
        while let Some(due) = collector.poll_timeout() {
            collector.handle_timeout(due, rules, &mut outcomes);
            while collector.goes_on() {
                collector.go_on(due, rules, &mut outcomes);
            }
            model.time(due);
        }
        let fates = fates(&codes, outcomes);
        prop_assert_eq!(&fates, &model.fates);
        prop_assert_eq!(digits_of(&fates), all, "every digit is fired, given up or spent, once, in order");
    }
}
