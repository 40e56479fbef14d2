//! What becomes of the digits of one channel, as the table in the README has it, word for word: on plain keys, with
//! codes that are looked up by the naive matcher.

use std::collections::BTreeMap;
use std::time::Duration;

use super::naive::Words;
use crate::key::Key;
use crate::keypad::Outcome;

/// What became of digits; what is held is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A code fired, by its number, with its keys.
    Fired(usize, Vec<Key>),
    /// No code wants it.
    GivenUp(Key),
    /// The enter key that ended a code.
    Spent(Key),
}

impl Fate {
    /// What a collector's outcomes come to, digit by digit.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>, fates: &mut Vec<Fate>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Hold(_) => {}
                Outcome::GiveUp(keys) => fates.extend(keys.iter().copied().map(Fate::GivenUp)),
                Outcome::Fire { pattern, keys, enter } => {
                    fates.push(Fate::Fired(pattern, keys.to_vec()));
                    fates.extend(enter.map(Fate::Spent));
                }
            }
        }
    }

    /// The digits themselves.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        match self {
            Fate::Fired(_, keys) => keys,
            Fate::GivenUp(key) | Fate::Spent(key) => std::slice::from_ref(key),
        }
    }
}

/// What holds while digits are collected.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The codes.
    pub words: Words,
    /// How long the next digit of each code may take, and how long it waits for a longer one; where it does not say
    /// so itself, `interdigit` and `critical` hold.
    pub waits: Vec<(Option<Duration>, Option<Duration>)>,
    /// How long the next digit of a code may take.
    pub interdigit: Duration,
    /// How long a complete code waits for a longer one.
    pub critical: Duration,
    /// The key that says "this is all".
    pub enter: Option<Key>,
    /// How many digits are held at most.
    pub max_digits: usize,
}

impl Table {
    fn code(&mut self, keys: &[Key]) -> Option<usize> {
        self.words.look(keys).code
    }

    fn leads_on(&mut self, keys: &[Key]) -> bool {
        keys.len() < self.max_digits && !self.words.look(keys).longer.is_empty()
    }

    fn wait(&mut self, held: &[Key]) -> Duration {
        let word = self.words.look(held);
        if let Some(code) = word.code {
            return self.waits[code].1.unwrap_or(self.critical);
        }
        let longest = word.longer.iter().map(|&code| self.waits[code].0.unwrap_or(self.interdigit)).max();
        longest.unwrap_or_default()
    }
}

/// The digits of a channel that wait for the rest of a code.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Those digits.
    pub held: Vec<Key>,
    /// When they are given up, or fire as they are.
    pub due: Option<Duration>,
    /// What became of those before.
    pub fates: Vec<Fate>,
}

impl Model {
    /// A digit is keyed. A timer that is due at that very instant goes first.
    pub fn key(&mut self, now: Duration, key: Key, table: &mut Table) {
        self.time(now, table);
        self.digit(key, table);
        self.due = (!self.held.is_empty()).then(|| now + table.wait(&self.held));
    }

    /// Time has come so far.
    pub fn time(&mut self, now: Duration, table: &mut Table) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            if let Some(code) = table.code(&self.held) {
                self.fates.push(Fate::Fired(code, std::mem::take(&mut self.held)));
            }
            self.give_up_all(table);
        }
    }

    /// Nothing is held any more.
    pub fn give_up_all(&mut self, table: &mut Table) {
        while !self.held.is_empty() {
            self.back_off(table);
        }
        self.due = None;
    }

    fn digit(&mut self, key: Key, table: &mut Table) {
        let longer = [self.held.as_slice(), &[key]].concat();
        let code = table.code(&longer).filter(|_| longer.len() <= table.max_digits);
        let leads_on = table.leads_on(&longer);
        if let Some(code) = code.filter(|_| !leads_on) {
            self.held.clear();
            self.fates.push(Fate::Fired(code, longer));
        } else if code.is_some() || leads_on {
            self.held = longer;
        } else if self.held.is_empty() {
            self.fates.push(Fate::GivenUp(key));
        } else if table.enter == Some(key) {
            match table.code(&self.held) {
                Some(code) => {
                    self.fates.push(Fate::Fired(code, std::mem::take(&mut self.held)));
                    self.fates.push(Fate::Spent(key));
                }
                None => {
                    self.give_up_all(table);
                    self.digit(key, table);
                }
            }
        } else {
            self.back_off(table);
            self.digit(key, table);
        }
    }

    fn back_off(&mut self, table: &mut Table) {
        let held = std::mem::take(&mut self.held);
        let longest = (1..=held.len()).rev().find_map(|length| Some((length, table.code(&held[..length])?)));
        let spent = match longest {
            Some((length, code)) => {
                self.fates.push(Fate::Fired(code, held[..length].to_vec()));
                length
            }
            None => {
                self.fates.push(Fate::GivenUp(held[0]));
                1
            }
        };
        for &key in &held[spent..] {
            self.digit(key, table);
        }
    }
}

/// In which order what is counted goes on that arrives out of order.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// How long a gap is waited for.
    pub patience: Duration,
    next: Option<u32>,
    seen: Vec<u32>,
    /// By number: when it came, and what it is.
    waiting: BTreeMap<u32, (Duration, T)>,
}

impl<T> Line<T> {
    /// A line that begins with number 1, or with what comes first.
    #[must_use]
    pub fn new(patience: Duration, from_start: bool) -> Self {
        Line { patience, next: from_start.then_some(1), seen: Vec::new(), waiting: BTreeMap::new() }
    }

    /// When a gap is given up.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.waiting.values().map(|(came, _)| *came + self.patience).min()
    }

    /// Something arrives; what can go on is added to `out`. False if it came before.
    pub fn arrives(&mut self, now: Duration, number: u32, item: T, out: &mut Vec<T>) -> bool {
        if self.seen.contains(&number) {
            return false;
        }
        self.seen.push(number);
        let next = *self.next.get_or_insert(number);
        if number < next {
            out.push(item);
            return true;
        }
        self.waiting.insert(number, (now, item));
        self.go_on(out);
        true
    }

    /// A gap that was waited for long enough is given up.
    pub fn time(&mut self, now: Duration, out: &mut Vec<T>) {
        while self.due().is_some_and(|due| due <= now) {
            self.next = self.waiting.keys().next().copied();
            self.go_on(out);
        }
    }

    /// Nothing is waited for any more.
    pub fn flush(&mut self, out: &mut Vec<T>) {
        while let Some(&first) = self.waiting.keys().next() {
            self.next = Some(first);
            self.go_on(out);
        }
    }

    fn go_on(&mut self, out: &mut Vec<T>) {
        while let Some((_, item)) = self.next.and_then(|next| self.waiting.remove(&next)) {
            out.push(item);
            self.next = self.next.map(|next| next + 1);
        }
    }
}
