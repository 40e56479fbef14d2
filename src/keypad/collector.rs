//! Collecting the digits of one channel into codes.
//!
//! The collector is idle, partial (what is held leads to a code but is none) or has a match that may still grow.
//! What each digit and each timer does then is the table in the README, under *What becomes of digits*.

use std::time::Duration;

use smallvec::SmallVec;

use crate::grammar::automaton::{Automaton, StateId};
use crate::key::{Key, Keys};

use super::Waits;

/// What holds while digits are collected: the codes of the caller's state and role, and the timers.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The codes.
    pub automaton: &'a Automaton,
    /// The timers of codes that have their own.
    pub waits: &'a Waits,
    /// How long the next digit of a code may take.
    pub interdigit: Duration,
    /// How long a complete code waits for a longer one.
    pub critical: Duration,
    /// The key that says "this is all".
    pub enter: Option<Key>,
    /// How many digits are held at most.
    pub max_digits: usize,
}

/// What became of digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The digit just keyed is held, for a code that it may belong to.
    Hold(Key),
    /// A code fired; its keys are spent.
    Fire {
        /// The code, as the automaton numbers its patterns.
        pattern: usize,
        /// The keys that make the code.
        keys: Keys,
        /// The enter key that ended it early, spent too.
        enter: Option<Key>,
    },
    /// No code wants these digits; in the order they were keyed.
    GiveUp(Keys),
}

/// The digits of one channel that wait for the rest of a code.
///
/// A code that fires may change what the digits behind it mean. So each of the methods that scan digits stops behind a
/// code that fires; as long as [`goes_on`](Self::goes_on) then, [`go_on`](Self::go_on) scans the others, by the rules
/// that hold by then.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    held: Keys,
    at: StateId,
    due: Option<Due>,
    rest: SmallVec<[Todo; 8]>,
}

/// What is to be done behind a code that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Todo {
    Scan(Key),
    /// Back off until nothing is held.
    LetGo,
}

#[derive(Debug, Clone, Copy)]
struct Due {
    at: Duration,
    timer: Timer,
}

/// Which timer runs; never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// What is held is no code yet.
    InterDigit,
    /// What is held is a code, and a longer one is possible.
    Critical,
}

impl Collector {
    /// When [`handle_timeout`](Self::handle_timeout) is due, if digits are held.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.due.map(|due| due.at)
    }

    /// The digits that are held.
    #[must_use]
    pub fn held(&self) -> &[Key] {
        &self.held
    }

    /// Whether no code wants any of these digits, and none is held before them: they can go on as they came.
    #[must_use]
    pub fn wants_none(&self, keys: &[Key], rules: Rules<'_>) -> bool {
        let start = rules.automaton.start();
        self.held.is_empty() && keys.iter().all(|key| rules.automaton.next(start, key.index()).is_none())
    }

    /// Whether there is something to scan behind a code that fired.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Takes a digit, keyed at `now`. A timer that is due at that very instant goes first.
    pub fn handle_key(&mut self, now: Duration, key: Key, rules: Rules<'_>, out: &mut Vec<Outcome>) {
        self.handle_timeout(now, rules, out);
        let fired = matches!(out.last(), Some(Outcome::Fire { .. }));
        self.rest.push(Todo::Scan(key));
        if !fired {
            self.go_on(now, rules, out);
        }
    }

    /// Does what a timer asks for that is due at `now`; nothing if none is.
    pub fn handle_timeout(&mut self, now: Duration, rules: Rules<'_>, out: &mut Vec<Outcome>) {
        let Some(due) = self.due.filter(|due| due.at <= now) else { return };
        match (due.timer, rules.automaton.accepts(self.at)) {
            (Timer::Critical, Some(pattern)) => Scan { collector: self, rules, out }.fire(pattern, None),
            (Timer::Critical | Timer::InterDigit, _) => self.give_up_all(now, rules, out),
        }
    }

    /// Gives back everything that is held, firing what codes it begins with: the rules no longer hold, because the
    /// call moved on.
    pub fn give_up_all(&mut self, now: Duration, rules: Rules<'_>, out: &mut Vec<Outcome>) {
        if !self.held.is_empty() {
            self.rest.insert(0, Todo::LetGo);
            self.go_on(now, rules, out);
        }
    }

    /// Scans what is behind a code that fired, up to the next code that fires.
    pub fn go_on(&mut self, now: Duration, rules: Rules<'_>, out: &mut Vec<Outcome>) {
        Scan { collector: self, rules, out }.run();
        self.restart(now, rules);
        if let (Some(_), Some(&key)) = (self.due, self.held.last()) {
            out.push(Outcome::Hold(key));
        }
    }

    fn restart(&mut self, now: Duration, rules: Rules<'_>) {
        self.due = (!self.held.is_empty()).then(|| match rules.automaton.accepts(self.at) {
            Some(_) => {
                Due { at: now + rules.waits.critical(self.at, rules.critical), timer: Timer::Critical }
            }
            None => {
                Due { at: now + rules.waits.interdigit(self.at, rules.interdigit), timer: Timer::InterDigit }
            }
        });
    }
}

/// One pass over digits, up to the next code that fires.
struct Scan<'a, 'o> {
    collector: &'a mut Collector,
    rules: Rules<'a>,
    out: &'o mut Vec<Outcome>,
}

impl Scan<'_, '_> {
    fn run(&mut self) {
        while !self.collector.rest.is_empty() {
            let todo = self.collector.rest.remove(0);
            let fired = match todo {
                Todo::Scan(key) => self.step(key),
                Todo::LetGo => self.let_go(),
            };
            if fired {
                break;
            }
        }
    }

    /// Says whether a code fired.
    fn step(&mut self, key: Key) -> bool {
        if let Some(next) = self.edge(key) {
            return self.advance(key, next);
        }
        if self.collector.held.is_empty() {
            self.give_up(key);
            return false;
        }
        let rest = &mut self.collector.rest;
        match self.rules.automaton.accepts(self.collector.at) {
            Some(pattern) if self.rules.enter == Some(key) => {
                self.fire(pattern, Some(key));
                true
            }
            None if self.rules.enter == Some(key) => {
                rest.insert(0, Todo::Scan(key));
                rest.insert(0, Todo::LetGo);
                false
            }
            _ => {
                rest.insert(0, Todo::Scan(key));
                self.back_off()
            }
        }
    }

    /// Where `key` leads from what is held. A last digit that can be held and makes no code leads nowhere.
    fn edge(&self, key: Key) -> Option<StateId> {
        let held = &self.collector.held;
        let from = if held.is_empty() { self.rules.automaton.start() } else { self.collector.at };
        let next = self.rules.automaton.next(from, key.index())?;
        let room_for_more = held.len() + 1 < self.rules.max_digits;
        (room_for_more || self.rules.automaton.accepts(next).is_some()).then_some(next)
    }

    fn advance(&mut self, key: Key, next: StateId) -> bool {
        self.collector.held.push(key);
        self.collector.at = next;
        let automaton = self.rules.automaton;
        let longer = automaton.continues(next) && self.collector.held.len() < self.rules.max_digits;
        let fires = automaton.accepts(next).filter(|_| !longer);
        if let Some(pattern) = fires {
            self.fire(pattern, None);
        }
        fires.is_some()
    }

    fn fire(&mut self, pattern: usize, enter: Option<Key>) {
        let keys = std::mem::take(&mut self.collector.held);
        self.out.push(Outcome::Fire { pattern, keys, enter });
        self.collector.due = None;
    }

    /// Fires the longest code that what is held begins with, or gives up its first digit; the others are to be
    /// scanned again from idle. Says whether a code fired.
    fn back_off(&mut self) -> bool {
        let held = std::mem::take(&mut self.collector.held);
        let code = self.longest_code(&held);
        let spent = code.map_or(1, |(length, _)| length);
        match code {
            Some((length, pattern)) => {
                self.out.push(Outcome::Fire { pattern, keys: held[..length].into(), enter: None });
            }
            None => self.give_up(held[0]),
        }
        for &key in held[spent..].iter().rev() {
            self.collector.rest.insert(0, Todo::Scan(key));
        }
        code.is_some()
    }

    fn longest_code(&self, held: &[Key]) -> Option<(usize, usize)> {
        let mut at = self.rules.automaton.start();
        let mut longest = None;
        for (count, key) in held.iter().enumerate() {
            let Some(next) = self.rules.automaton.next(at, key.index()) else { break };
            at = next;
            longest = self.rules.automaton.accepts(at).map(|pattern| (count + 1, pattern)).or(longest);
        }
        longest
    }

    /// Backs off until nothing is held: once, and again behind the digits that this gives back.
    fn let_go(&mut self) -> bool {
        if self.collector.held.is_empty() {
            return false;
        }
        let before = self.collector.rest.len();
        let fired = self.back_off();
        let given_back = self.collector.rest.len() - before;
        self.collector.rest.insert(given_back, Todo::LetGo);
        fired
    }

    /// Digits given up one after the other are one outcome, so that they can travel together.
    fn give_up(&mut self, key: Key) {
        if let Some(Outcome::GiveUp(keys)) = self.out.last_mut() {
            keys.push(key);
        } else {
            self.out.push(Outcome::GiveUp(Keys::from([key].as_slice())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Limits;
    use crate::grammar::compile::Builder;
    use crate::grammar::dregex;
    use crate::key::KEY_COUNT;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    struct Caller {
        automaton: Automaton,
        enter: Option<Key>,
        max_digits: usize,
        collector: Collector,
        now: Duration,
    }

    impl Caller {
        fn new(codes: &[&str]) -> Self {
            let mut builder = Builder::new(KEY_COUNT, Limits::default());
            for code in codes {
                builder.pattern(&dregex::parse(code, &Limits::default()).unwrap());
            }
            let automaton = builder.build().unwrap();
            Caller { automaton, enter: None, max_digits: 32, collector: Collector::default(), now: ms(0) }
        }

        fn enter(mut self, key: u8) -> Self {
            self.enter = Key::from_symbol(key);
            self
        }

        /// Keys a tenth of a second apart; a comma waits for the timer that runs. Says what fired (`!`), what was
        /// given up (`-`) and how long after the last key.
        fn keys(mut self, keys: &str) -> String {
            let mut told = Vec::new();
            for symbol in keys.bytes() {
                let mut out = Vec::new();
                let rules = Rules {
                    automaton: &self.automaton,
                    waits: &Waits::default(),
                    interdigit: ms(4000),
                    critical: ms(1000),
                    enter: self.enter,
                    max_digits: self.max_digits,
                };
                let before = self.now;
                if symbol == b',' {
                    self.now = self.collector.poll_timeout().unwrap();
                    self.collector.handle_timeout(self.now, rules, &mut out);
                } else {
                    self.now += ms(100);
                    self.collector.handle_key(self.now, Key::from_symbol(symbol).unwrap(), rules, &mut out);
                }
                while self.collector.goes_on() {
                    self.collector.go_on(self.now, rules, &mut out);
                }
                let waited =
                    if symbol == b',' { format!(" after {:?}", self.now - before) } else { String::new() };
                told.extend(out.into_iter().filter_map(|outcome| match outcome {
                    Outcome::Hold(_) => None,
                    Outcome::Fire { keys, .. } => Some(format!("!{keys}{waited}")),
                    Outcome::GiveUp(keys) => Some(format!("-{keys}{waited}")),
                }));
            }
            if !self.collector.held().is_empty() {
                told.push(format!("holds {}", Keys::from(self.collector.held())));
            }
            told.join(", ")
        }
    }

    #[test]
    fn a_code_fires_with_its_last_key_where_nothing_longer_is_possible() {
        assert_eq!(Caller::new(&["*6", "*9"]).keys("*6*9"), "!*6, !*9");
    }

    #[test]
    fn a_digit_that_leads_nowhere_gives_up_what_was_held_and_is_tried_again() {
        assert_eq!(Caller::new(&["*6"]).keys("**6"), "-*, !*6");
        assert_eq!(Caller::new(&["*6"]).keys("*5"), "-*5");
        assert_eq!(Caller::new(&["*6"]).keys("*9*6"), "-*9, !*6");
    }

    #[test]
    fn a_code_that_may_grow_waits_the_critical_time_whichever_was_written_first() {
        for codes in [["*1", "*12"], ["*12", "*1"]] {
            assert_eq!(Caller::new(&codes).keys("*1,"), "!*1 after 1s");
            assert_eq!(Caller::new(&codes).keys("*125"), "!*12, -5");
            assert_eq!(Caller::new(&codes).keys("*13"), "!*1, -3");
        }
    }

    #[test]
    fn a_pause_in_a_longer_code_fires_the_shorter_one_and_gives_the_rest_up() {
        assert_eq!(Caller::new(&["*77", "*7777"]).keys("*777,"), "!*77 after 4s, -7 after 4s");
        assert_eq!(Caller::new(&["*77", "*7777"]).keys("*77,"), "!*77 after 1s");
        assert_eq!(Caller::new(&["*6"]).keys("*,"), "-* after 4s");
    }

    #[test]
    fn the_enter_key_ends_a_code_and_is_spent_with_it() {
        assert_eq!(Caller::new(&["*1", "*12"]).enter(b'#').keys("*1#"), "!*1");
        assert_eq!(Caller::new(&["*1", "*12"]).enter(b'#').keys("*#"), "-*#");
        assert_eq!(Caller::new(&["*1"]).enter(b'#').keys("#"), "-#");
        assert_eq!(Caller::new(&["*1#"]).enter(b'#').keys("*1#"), "!*1#", "where a code has it, it is a key");
        assert_eq!(Caller::new(&["#7"]).enter(b'#').keys("*#7"), "-*, !#7");
    }

    #[test]
    fn no_more_digits_are_held_than_the_limit() {
        let mut caller = Caller::new(&["*5x{1,}"]);
        caller.max_digits = 4;
        assert_eq!(caller.keys("*51234"), "!*512, -3, -4");
        let mut caller = Caller::new(&["*5x{1,}#"]);
        caller.max_digits = 4;
        assert_eq!(caller.keys("*51234#"), "-*512, -3, -4, -#");
    }

    #[test]
    fn a_timer_due_at_the_instant_of_a_digit_goes_first() {
        let mut caller = Caller::new(&["*1", "*12"]);
        let rules = Rules {
            automaton: &caller.automaton,
            waits: &Waits::default(),
            interdigit: ms(4000),
            critical: ms(1000),
            enter: None,
            max_digits: 32,
        };
        let mut out = Vec::new();
        for (at, symbol) in [(0, b'*'), (0, b'1'), (1000, b'2')] {
            caller.collector.handle_key(ms(at), Key::from_symbol(symbol).unwrap(), rules, &mut out);
        }
        assert!(caller.collector.goes_on(), "the code may change what the digit behind it means");
        caller.collector.go_on(ms(1000), rules, &mut out);
        let fired = matches!(&out[2], Outcome::Fire { keys, .. } if keys.symbols() == "*1");
        assert!(fired && out.len() == 4, "{out:?}");
    }
}
