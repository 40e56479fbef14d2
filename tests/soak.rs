//! Random codes, in both notations, and random digits at random times, out of order and twice: what the automaton and
//! the collector make of them is what the naive matcher and the naive table make of them.
//!
//!     cargo test --release --test soak -- --ignored --nocapture
//!
//! does that for a hundred million digits. `SOAK_DIGITS` and `SOAK_SEED` say how many, and from which seed on; what is
//! printed at a failure has the seed of the one set of codes that it failed with.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use touchtone::grammar::ast::{Node, SymbolSet};
use touchtone::grammar::{Limits, dregex, srgs};
use touchtone::key::{Key, Keys};
use touchtone::keypad::{Arrival, CodeKeys, Collector, Keymap, Keymaps, Order, Outcome, Rules};
use touchtone::trial::Chance;
use touchtone::trial::model::{Fate, Line, Model, Table};
use touchtone::trial::naive::Words;

/// How many digits are keyed with one set of codes at most.
const DIGITS: usize = 1000;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Draws patterns over a few keys, and writes them down in a notation.
struct Draft<'c> {
    chance: &'c mut Chance,
    keys: Vec<Key>,
    captures: usize,
    /// Rules of the grammar file, if it is one; otherwise digit expressions are drawn.
    rules: Option<String>,
}

impl Draft<'_> {
    /// A pattern, and its text.
    fn pattern(&mut self, depth: usize) -> (Node, String) {
        let kinds = if depth == 0 { 4 } else { 10 };
        match self.chance.below(kinds) {
            0..3 => {
                let key = *self.chance.pick(&self.keys);
                (Node::symbol(key.index()), self.name(key))
            }
            3 => self.set(),
            4 | 5 => self.repeat(depth - 1),
            6 => self.capture(depth - 1),
            7 if self.rules.is_some() => self.alternatives(depth - 1),
            _ => self.sequence(depth - 1),
        }
    }

    fn name(&self, key: Key) -> String {
        let special = matches!(key.symbol(), b'*' | b'#');
        if special && self.rules.is_some() { format!("\"{key}\"") } else { key.to_string() }
    }

    fn set(&mut self) -> (Node, String) {
        if self.chance.once_in(4) {
            let all = if self.rules.is_some() { "(0|1|2|3|4|5|6|7|8|9)" } else { "x" };
            return (Node::Symbols((0..10).collect()), all.to_owned());
        }
        let few: Vec<Key> = (0..2).map(|_| *self.chance.pick(&self.keys)).collect();
        let set: SymbolSet = few.iter().map(|key| key.index()).collect();
        let names: Vec<_> = few.iter().map(|&key| self.name(key)).collect();
        if self.rules.is_some() {
            (Node::Symbols(set), format!("({} | {})", names[0], names[1]))
        } else {
            (Node::Symbols(set), format!("[{}]", names.concat()))
        }
    }

    fn sequence(&mut self, depth: usize) -> (Node, String) {
        let count = self.chance.between(1, 4);
        let (nodes, texts): (Vec<_>, Vec<_>) = (0..count).map(|_| self.pattern(depth)).unzip();
        (Node::Sequence(nodes), format!("({})", texts.join(self.blank())))
    }

    fn blank(&self) -> &'static str {
        if self.rules.is_some() { " " } else { "" }
    }

    fn alternatives(&mut self, depth: usize) -> (Node, String) {
        let count = self.chance.between(1, 3);
        let (nodes, texts): (Vec<_>, Vec<_>) = (0..count).map(|_| self.pattern(depth)).unzip();
        (Node::Alternatives(nodes), format!("({})", texts.join(" | ")))
    }

    fn repeat(&mut self, depth: usize) -> (Node, String) {
        let (node, text) = self.pattern(depth);
        let min = self.chance.below(3);
        let max = Some(min + self.chance.below(3)).filter(|&max| max > 0 && !self.chance.once_in(4));
        let most = max.map(|max| max.to_string()).unwrap_or_default();
        let text = match self.rules {
            Some(_) => format!("({text}) <{min}-{most}>"),
            None => format!("({text}){{{min},{most}}}"),
        };
        (node.repeated(min, max), text)
    }

    fn capture(&mut self, depth: usize) -> (Node, String) {
        let (node, text) = self.pattern(depth);
        self.captures += 1;
        let name = format!("c{}", self.captures);
        let text = match &mut self.rules {
            Some(rules) => {
                *rules += &format!("${name} = {text};\n");
                format!("${name}")
            }
            None => format!("({name}:{text})"),
        };
        (node.captured(name), text)
    }
}

/// A set of codes: as it was drawn, and as it was read.
struct Codes {
    drawn: Vec<Node>,
    texts: Vec<String>,
    read: Vec<Node>,
}

fn codes(chance: &mut Chance, keys: &[Key]) -> Codes {
    let srgs = chance.once_in(2).then(String::new);
    let mut draft = Draft { chance, keys: keys.to_vec(), captures: 0, rules: srgs };
    let count = draft.chance.between(1, 6);
    let (drawn, texts): (Vec<_>, Vec<_>) = (0..count).map(|_| draft.sequence(2)).unzip();
    let limits = Limits::default();
    let Some(rules) = draft.rules else {
        let read = |text| dregex::parse(text, &limits).unwrap_or_else(|problems| panic!("{problems:?}"));
        return Codes { read: texts.iter().map(|text| read(text)).collect(), drawn, texts };
    };
    let public: String =
        texts.iter().enumerate().map(|(at, text)| format!("public $code{at} = {text};\n")).collect();
    let file = format!("#ABNF 1.0 UTF-8;\nmode dtmf;\nroot $code0;\n{public}{rules}");
    let grammar = srgs::load("soak.gram", &limits, |_| Ok(file.clone().into_bytes()));
    let grammar = grammar.unwrap_or_else(|refused| panic!("{refused}\n{file}"));
    let read = (0..count).map(|at| grammar.rule(&format!("code{at}")).expect("a public rule"));
    Codes { read: read.collect(), drawn, texts: vec![file] }
}

/// A digit on its way: when it arrives, its number, and which it is.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Duration,
    number: u32,
    key: Key,
}

/// Everything that one set of codes is tried with.
struct Scene {
    keymap: Keymap,
    table: Table,
    patience: Duration,
    keys: Vec<Key>,
    texts: Vec<String>,
}

/// Codes that can be told apart.
fn scene(chance: &mut Chance) -> Option<Scene> {
    let all: Vec<Key> = Key::all().collect();
    let keys: Vec<Key> = (0..chance.between(2, 5)).map(|_| *chance.pick(&all)).collect();
    let Codes { drawn, texts, read } = codes(chance, &keys);
    let own = |chance: &mut Chance| chance.once_in(8).then(|| ms(*chance.pick(&[0, 1, 300, 2000, 9000])));
    let waits: Vec<_> = read.iter().map(|_| (own(chance), own(chance))).collect();
    let codes: Vec<_> = read
        .iter()
        .zip(&waits)
        .map(|(node, &(interdigit, critical))| CodeKeys {
            pattern: Some(node),
            states: &[0],
            allow: None,
            interdigit,
            critical,
        })
        .collect();
    let keymap = (**Keymaps::build(1, 0, &codes, &Limits::default()).ok()?.get(0, None)).clone();
    let table = Table {
        words: Words::new(drawn.into_iter().map(Arc::new)),
        waits,
        interdigit: ms(*chance.pick(&[0, 500, 4000])),
        critical: ms(*chance.pick(&[0, 300, 1000])),
        enter: chance.once_in(3).then(|| *chance.pick(&keys)),
        max_digits: chance.between(1, 12),
    };
    Some(Scene { keymap, table, patience: ms(*chance.pick(&[0, 20, 100])), keys, texts })
}

/// Digits as they arrive: many lead to a code, some come late, twice or never.
fn digits(chance: &mut Chance, scene: &Scene) -> Vec<Sent> {
    let all: Vec<Key> = Key::all().collect();
    let automaton = &scene.keymap.automaton;
    let table = &scene.table;
    let gaps = [table.interdigit, table.critical, scene.patience];
    let mut sent = Vec::new();
    let (mut now, mut at) = (Duration::ZERO, automaton.start());
    for number in 1..=u32::try_from(DIGITS).expect("a number") {
        let ahead: Vec<Key> =
            all.iter().copied().filter(|key| automaton.next(at, key.index()).is_some()).collect();
        let key = match chance.below(16) {
            0 => *chance.pick(&all),
            1..4 => *chance.pick(&scene.keys),
            _ if ahead.is_empty() => *chance.pick(&scene.keys),
            _ => *chance.pick(&ahead),
        };
        at = automaton
            .next(at, key.index())
            .or(automaton.next(automaton.start(), key.index()))
            .unwrap_or(automaton.start());
        now += match chance.below(12) {
            0..6 => ms(0),
            6..9 => chance.within(ms(50)),
            _ => (*chance.pick(&gaps) + ms(chance.below(3) as u64)).saturating_sub(ms(1)),
        };
        let late = if chance.once_in(10) { chance.within(scene.patience * 2) } else { ms(0) };
        let digit = Sent { at: now + late, number, key };
        if !chance.once_in(60) {
            sent.push(digit);
        }
        if chance.once_in(40) {
            sent.push(Sent { at: digit.at + chance.within(ms(200)), ..digit });
        }
    }
    sent.sort_by_key(|digit| digit.at);
    // What comes later than that begins a new count.
    let mut last = 0;
    sent.retain(|digit| {
        last = digit.number.max(last);
        digit.number + 60 > last
    });
    sent
}

/// The same digits through the collector and through the model; how many codes fired.
fn compare(scene: &mut Scene, sent: &[Sent], from_start: bool) -> u64 {
    let Scene { keymap, table, patience, .. } = scene;
    let rules = Rules {
        automaton: &keymap.automaton,
        waits: &keymap.waits,
        interdigit: table.interdigit,
        critical: table.critical,
        enter: table.enter,
        max_digits: table.max_digits,
    };
    let mut order = if from_start { Order::from_start() } else { Order::default() };
    let mut line = Line::new(*patience, from_start);
    let mut collector = Collector::default();
    let mut model = Model::default();
    let (mut outcomes, mut fates, mut keyed) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let (mut at, mut fired) = (0, 0);
    loop {
        let digit = sent.get(at);
        let timers = [collector.poll_timeout(), order.poll_timeout()];
        assert_eq!(timers, [model.due, line.due()], "the timers");
        let next = digit.map(|digit| digit.at).into_iter().chain(timers.into_iter().flatten()).min();
        let Some(now) = next else { break };
        collector.handle_timeout(now, rules, &mut outcomes);
        go_on(&mut collector, now, rules, &mut outcomes);
        model.time(now, table);
        let (mut ready, mut expected) = (Vec::new(), Vec::new());
        order.handle_timeout(now, &mut ready);
        line.time(now, &mut expected);
        if let Some(digit) = digit.filter(|digit| digit.at == now) {
            at += 1;
            let arrival = order.accept(now, digit.number, digit.key, *patience, &mut ready);
            let fresh = line.arrives(now, digit.number, digit.key, &mut expected);
            assert_eq!(arrival != Arrival::Repeated, fresh, "whether {digit:?} came before");
            assert_eq!(fresh, seen.insert(digit.number));
        }
        assert_eq!(ready, expected, "the order");
        for key in ready {
            collector.handle_key(now, key, rules, &mut outcomes);
            go_on(&mut collector, now, rules, &mut outcomes);
            model.key(now, key, table);
            keyed.push(key);
        }
        assert_eq!(collector.held(), model.held, "what is held");
        Fate::of(outcomes.drain(..), &mut fates);
        fired += check(&mut fates, &mut model.fates, keymap, table, &mut keyed);
    }
    assert!(model.held.is_empty() && keyed.is_empty(), "everything is told");
    let all: HashSet<_> = sent.iter().map(|digit| digit.number).collect();
    assert_eq!(seen, all, "nothing is lost");
    fired
}

/// The codes stay the same when one of them fires.
fn go_on(collector: &mut Collector, now: Duration, rules: Rules<'_>, outcomes: &mut Vec<Outcome>) {
    while collector.goes_on() {
        assert!(matches!(outcomes.last(), Some(Outcome::Fire { .. })), "it stops behind a code");
        collector.go_on(now, rules, outcomes);
    }
}

/// What was told since the last time; what is spent of the digits keyed is taken from them.
fn check(
    fates: &mut Vec<Fate>,
    expected: &mut Vec<Fate>,
    keymap: &Keymap,
    table: &Table,
    keyed: &mut Vec<Key>,
) -> u64 {
    let mut fired = 0;
    assert_eq!(fates, expected, "what became of the digits");
    expected.clear();
    for fate in fates.drain(..) {
        let keys = fate.keys();
        assert!(keyed.starts_with(keys), "each digit once, in order");
        keyed.drain(..keys.len());
        if let Fate::Fired(code, keys) = fate {
            fired += 1;
            let captures = keymap.captures(code, &keys);
            let expected = table.words.captures(code, &keys);
            let expected: Vec<_> =
                expected.into_iter().map(|(name, keys)| (name, Keys::from(keys.as_slice()))).collect();
            assert_eq!(captures, expected, "captures of {}", Keys::from(keys.as_slice()));
        }
    }
    fired
}

/// What was tried.
#[derive(Debug, Clone, Copy, Default)]
struct Tried {
    digits: u64,
    fired: u64,
    sets: u64,
}

/// One set of codes and its digits.
fn round(seed: u64) -> Tried {
    let mut chance = Chance::seeded(seed);
    let Some(mut scene) = scene(&mut chance) else { return Tried::default() };
    let sent = digits(&mut chance, &scene);
    let from_start = chance.once_in(2);
    let result =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| compare(&mut scene, &sent, from_start)));
    match result {
        Ok(fired) => Tried { digits: sent.len() as u64, fired, sets: 1 },
        Err(problem) => {
            println!("SOAK_SEED={seed} fails with\n{}", scene.texts.join("\n"));
            std::panic::resume_unwind(problem)
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

#[allow(clippy::disallowed_methods, reason = "it says how long it took")]
fn soak(digits: u64, seed: u64) {
    let start = Instant::now();
    let say = |tried: Tried, last: u64| {
        let (Tried { digits, fired, sets }, seconds) = (tried, start.elapsed().as_secs());
        println!("{digits} digits, {sets} sets of codes, {fired} fired, {seconds} s, seeds {seed} to {last}");
    };
    let (mut tried, mut last, mut next) = (Tried::default(), seed, digits / 10);
    while tried.digits < digits {
        let Tried { digits: more, fired, sets } = round(last);
        tried = Tried { digits: tried.digits + more, fired: tried.fired + fired, sets: tried.sets + sets };
        if tried.digits >= next {
            say(tried, last);
            next += digits / 10;
        }
        last += 1;
    }
    assert!(tried.fired > tried.digits / 100, "codes fire");
    println!("no difference");
}

#[test]
fn random_codes_and_digits_do_what_the_table_says() {
    soak(number("SOAK_DIGITS", 100_000), number("SOAK_SEED", 1));
}

#[test]
#[ignore = "takes many minutes; say --release"]
fn a_hundred_million_digits() {
    soak(number("SOAK_DIGITS", 100_000_000), number("SOAK_SEED", 1));
}

#[test]
#[should_panic(expected = "what is held")]
fn a_difference_is_noticed() {
    for seed in 1..200 {
        let mut chance = Chance::seeded(seed);
        let Some(mut scene) = scene(&mut chance) else { continue };
        let sent = digits(&mut chance, &scene);
        // In the model alone a code is keyed with one more key.
        let codes = scene.table.waits.len();
        let longer = Node::Sequence(vec![Node::symbol(scene.keys[0].index()).repeated(2, Some(2))]);
        scene.table.words = Words::new(std::iter::repeat_n(Arc::new(longer), codes));
        scene.table.interdigit = Duration::ZERO;
        compare(&mut scene, &sent, true);
    }
}
