//! Falling behind: what has waited for us so long that the engine may have given it up goes on as it came.

mod common;

use std::time::Duration;

use common::brain::{NOTHING, config};
use jiff::Timestamp;
use proptest::prelude::*;
use touchtone::assist::{Assist, Report, Role};
use touchtone::control::figures::Digits;
use touchtone::link::{Event, Pump};
use touchtone::moment::Moment;

const CODES: &str = "[yate]\nconnect = \"stdio\"\n[[code]]\nname = \"note\"\nkeys = \"*6\"\noperation = \"message\"\n\
                     message = \"custom.note\"\nmasquerade = false\n";

/// A daemon's pump, with times that are made up.
struct Edge {
    pump: Pump,
    now: Duration,
    reports: Vec<Report>,
    sequence: u32,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl Edge {
    fn new() -> Self {
        Edge::granted("2000")
    }

    /// Beside an engine that says that it waits that long.
    fn granted(timeout: &str) -> Self {
        let pump = Pump::new(Assist::new(config(CODES)));
        let mut edge = Edge { pump, now: ms(60_000), reports: Vec::new(), sequence: 0 };
        let sent = edge.handle(Event::Connected(Role::Socket));
        edge.say(
            ms(0),
            &format!("%%<setlocal:engine.runid:1795420044:true\n%%<setlocal:timeout:{timeout}:true\n"),
        );
        for line in sent.iter().filter(|line| line.contains(":engine.status:")) {
            edge.answer(line);
        }
        assert!(edge.pump.assist().is_connected_and_ready());
        edge
    }

    fn handle(&mut self, event: Event<'_>) -> Vec<String> {
        let now = Moment::at(self.now, Timestamp::UNIX_EPOCH);
        let reports = &mut self.reports;
        self.pump.handle_telling(now, event, |report| reports.push(report));
        let said = String::from_utf8(self.pump.pending().to_vec()).expect("text");
        self.pump.handle_telling(now, Event::Wrote(said.len()), |_| {});
        said.lines().map(str::to_owned).collect()
    }

    /// The engine said something so long ago, at most.
    fn say(&mut self, waited: Duration, bytes: &str) -> Vec<String> {
        self.handle(Event::Bytes { bytes: bytes.as_bytes(), since: self.now - waited })
    }

    fn answer(&mut self, sent: &str) -> Vec<String> {
        let id = sent.split(':').nth(1).expect("an id").to_owned();
        self.say(ms(0), &format!("%%<message:{id}:true:x:{NOTHING}\n"))
    }

    fn line(&self, sequence: u32, key: char) -> String {
        format!(
            "%%>message:d{sequence}:1795420044:chan.dtmf::id=sip/3:peerid=sip/4:text={key}:sequence={sequence}:duplicate=false\n"
        )
    }

    fn key(&mut self, waited: Duration, key: char) -> Vec<String> {
        self.sequence += 1;
        let line = self.line(self.sequence, key);
        self.say(waited, &line)
    }

    fn wait(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.handle(Event::Due)
    }

    fn troubles(&self) -> Vec<&str> {
        fn text(report: &Report) -> Option<&str> {
            match report {
                Report::Trouble { text } => Some(text),
                _ => None,
            }
        }
        self.reports.iter().filter_map(text).collect()
    }

    fn fired(&self) -> usize {
        self.reports.iter().filter(|report| matches!(report, Report::Fired { .. })).count()
    }

    /// What became of digits, as it is told and counted.
    fn fates(&self) -> String {
        let fate = |report: &Report| match report {
            Report::Fired { keys, .. }
            | Report::Passed { keys, .. }
            | Report::Released { keys, .. }
            | Report::Dropped { keys, .. } => Some(keys.symbols()),
            _ => None,
        };
        let told: String = self.reports.iter().filter_map(fate).collect();
        let Digits { fired, passed, released, dropped, .. } = self.pump.assist().counts().digits;
        assert_eq!(
            fired + passed + released + dropped,
            told.len() as u64,
            "what is counted is what is told: {told}"
        );
        told
    }
}

#[test]
fn digits_that_waited_half_of_what_the_engine_waits_are_passed_and_make_no_code() {
    let mut edge = Edge::new();
    for (at, key) in "*6*6".chars().enumerate() {
        assert_eq!(edge.key(ms(1000), key), [format!("%%<message:d{}:false::", at + 1)]);
    }
    assert_eq!((edge.fired(), edge.fates().as_str(), edge.pump.assist().passed_behind()), (0, "*6*6", 4));
    assert_eq!(edge.key(ms(999), '*'), ["%%<message:d5:true::"]);
    assert!(edge.key(ms(0), '6')[0].contains(":d6:true:"));
    assert_eq!((edge.fired(), edge.pump.assist().passed_behind()), (1, 4));
}

#[test]
fn it_is_said_once_when_it_begins_and_once_when_it_is_over_with_how_many_digits_went_on() {
    let mut edge = Edge::new();
    for _ in 0..3 {
        edge.key(ms(1200), '5');
        // Not so late that it matters, and not caught up either.
        edge.key(ms(700), '5');
    }
    assert_eq!(edge.troubles().len(), 1, "{:?}", edge.troubles());
    assert!(edge.troubles()[0].contains("fallen behind: what the engine asks may have waited 1200 ms"));
    edge.key(ms(3), '5');
    edge.key(ms(3), '5');
    assert_eq!(edge.troubles().len(), 2, "{:?}", edge.troubles());
    assert!(edge.troubles()[1].contains("caught up: 3 digits went on"), "{:?}", edge.troubles());
}

#[test]
fn what_was_held_before_goes_first_and_a_late_digit_behind_it() {
    let mut edge = Edge::new();
    assert_eq!(edge.key(ms(0), '*'), ["%%<message:d1:true::"]);
    let said = edge.key(ms(1200), '6');
    assert_eq!(said[0], "%%<message:d2:true::", "in time to be swallowed, and to go behind the other");
    assert!(said.len() == 2 && said[1].contains("chan.masquerade") && said[1].contains("text=*"), "{said:?}");
    let said = edge.answer(&said[1]);
    assert!(said[0].contains("chan.masquerade") && said[0].contains("text=6"), "{said:?}");
    assert_eq!((edge.fates().as_str(), edge.fired()), ("*6", 0));
}

#[test]
fn a_digit_that_the_engine_has_passed_on_itself_is_not_sent_once_more() {
    let mut edge = Edge::new();
    edge.key(ms(0), '*');
    let said = edge.key(ms(1900), '6');
    assert_eq!(said[0], "%%<message:d2:false::");
    let said = edge.answer(&said[1]);
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_digit_that_came_before_is_no_other_one_however_late_it_comes_again() {
    let mut edge = Edge::new();
    edge.key(ms(1200), '5');
    let again = edge.line(1, '5');
    assert_eq!(edge.say(ms(1200), &again), ["%%<message:d1:true::"]);
    assert_eq!((edge.fates().as_str(), edge.pump.assist().passed_behind()), ("5", 1));
}

#[test]
fn how_late_is_too_late_is_as_the_engine_says() {
    let mut patient = Edge::granted("10000");
    assert_eq!(patient.key(ms(4999), '*'), ["%%<message:d1:true::"]);
    let mut endless = Edge::granted("0");
    assert_eq!(endless.key(ms(50_000), '*'), ["%%<message:d1:true::"]);
    let mut short = Edge::granted("200");
    assert_eq!(short.key(ms(100), '*'), ["%%<message:d1:false::"]);
}

#[test]
fn a_line_is_as_old_as_its_beginning() {
    let mut edge = Edge::new();
    let (first, second) = (edge.line(1, '*'), edge.line(2, '6'));
    let (begin, end) = first.split_at(40);
    assert_eq!(edge.say(ms(500), begin), Vec::<String>::new());
    edge.now += ms(600);
    // The rest of it has come just now, and another line with it.
    let said = edge.say(ms(0), &format!("{end}{second}"));
    assert_eq!(said, ["%%<message:d1:false::", "%%<message:d2:false::"]);
    assert_eq!(edge.pump.assist().passed_behind(), 1, "the other is no code and goes on by the rules");
    edge.sequence = 2;
    edge.key(ms(0), '*');
    edge.key(ms(0), '6');
    assert_eq!(edge.fired(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn every_digit_is_answered_once_and_has_one_fate_in_its_turn_however_late_it_comes(
        keyed in prop::collection::vec(
            (prop::sample::select(vec!['*', '6', '5']), prop::sample::select(vec![0, 300, 999, 1000, 1499]), 0..1500u64),
            1..100,
        ),
    ) {
        let mut edge = Edge::new();
        let mut answers = 0;
        let turns = keyed.iter().map(|&(key, waited, pause)| (Some((key, waited)), pause));
        for (key, pause) in turns.chain([(None, 20_000)]) {
            let mut said = match key {
                Some((key, waited)) => edge.key(ms(waited), key),
                None => Vec::new(),
            };
            said.extend(edge.wait(ms(pause)));
            while !said.is_empty() {
                answers += said.iter().filter(|line| line.starts_with("%%<message:d")).count();
                let asked: Vec<_> = said.into_iter().filter(|line| line.starts_with("%%>message:")).collect();
                said = asked.iter().flat_map(|line| edge.answer(line)).collect();
            }
        }
        let all: String = keyed.iter().map(|(key, ..)| *key).collect();
        let late = keyed.iter().filter(|(_, waited, _)| *waited >= 1000).count();
        prop_assert_eq!(edge.fates(), all);
        prop_assert_eq!(answers, keyed.len());
        prop_assert_eq!(edge.pump.assist().passed_behind(), late as u64);
    }
}
