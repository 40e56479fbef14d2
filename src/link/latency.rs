//! How long the engine waits for answers: from when what it asked was read to when the answer was written.

use std::collections::VecDeque;
use std::time::Duration;

use super::pump::{Event, Pump};
use crate::control::figures::{Bucket, Latency};

/// The bounds of the buckets, in microseconds.
const BOUNDS: [u64; 17] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000,
];

/// How many reads are told apart whose answers the engine has not taken yet.
const MOST_READS: usize = 64;

/// Measures answers, by whole reads: the clock is read no more often than it is anyway.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    /// How many took at most so long, and no shorter; the last are longer than all.
    counts: [u64; BOUNDS.len() + 1],
    sum: f64,
    /// What was read, and whose answers are not written yet.
    reads: VecDeque<Read>,
    /// How many bytes were written on this connection, and how many answers were given by the last read.
    written: u64,
    answers: u64,
}

/// Something that was read.
#[derive(Debug)]
struct Read {
    at: Duration,
    /// How many answers it led to.
    answers: u64,
    /// The end of those among all bytes that are written.
    end: u64,
}

/// What an event is to who measures.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happened {
    Read,
    Wrote(usize),
    Connected,
    Other,
}

impl Happened {
    pub(super) fn of(event: &Event<'_>) -> Self {
        match event {
            Event::Bytes { .. } => Happened::Read,
            Event::Wrote(count) => Happened::Wrote(*count),
            Event::Connected(_) => Happened::Connected,
            _ => Happened::Other,
        }
    }
}

impl Stopwatch {
    /// Something happened at that time, and the pump has done what is to be done about it.
    pub(super) fn note(&mut self, at: Duration, happened: Happened, pump: &Pump) {
        let answers = pump.assist().answers();
        match happened {
            Happened::Read => self.read(at, answers, pump.pending().len()),
            Happened::Wrote(count) => self.wrote(at, count),
            Happened::Connected => self.begin(answers),
            Happened::Other => {}
        }
    }

    /// What was read at that time was worked on: the brain has given `answers` answers in all, and `pending` bytes are to
    /// be written.
    fn read(&mut self, at: Duration, answers: u64, pending: usize) {
        let given = answers - std::mem::replace(&mut self.answers, answers);
        if given == 0 {
            return;
        }
        let end = self.written + pending as u64;
        let full = self.reads.len() >= MOST_READS;
        match self.reads.back_mut().filter(|_| full) {
            // An engine that takes nothing for long: it is as if they had been asked for earlier.
            Some(last) => (last.answers, last.end) = (last.answers + given, end),
            None => self.reads.push_back(Read { at, answers: given, end }),
        }
    }

    /// So many bytes were written by that time.
    fn wrote(&mut self, at: Duration, count: usize) {
        self.written += count as u64;
        while let Some(read) = self.reads.pop_front_if(|read| read.end <= self.written) {
            let took = at.saturating_sub(read.at);
            let bucket = BOUNDS.partition_point(|&bound| Duration::from_micros(bound) < took);
            self.counts[bucket] += read.answers;
            #[expect(clippy::cast_precision_loss, reason = "a figure")]
            let answers = read.answers as f64;
            self.sum += took.as_secs_f64() * answers;
        }
    }

    /// Another connection begins: what was to be written on the last one never is.
    fn begin(&mut self, answers: u64) {
        self.reads.clear();
        (self.written, self.answers) = (0, answers);
    }

    /// What was measured.
    pub(super) fn told(&self) -> Latency {
        let mut all = 0;
        let mut buckets = Vec::with_capacity(BOUNDS.len());
        for (bound, count) in BOUNDS.into_iter().zip(self.counts) {
            all += count;
            buckets.push(Bucket { le: Duration::from_micros(bound).as_secs_f64(), count: all });
        }
        Latency { buckets, count: all + self.counts[BOUNDS.len()], sum: self.sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    fn within(latency: &Latency, le: f64) -> u64 {
        latency.buckets.iter().find(|bucket| bucket.le >= le).expect("a bucket").count
    }

    #[test]
    fn every_answer_of_a_read_took_from_the_read_to_the_write() {
        let mut stopwatch = Stopwatch::default();
        stopwatch.read(us(100), 3, 90);
        stopwatch.wrote(us(110), 90);
        let latency = stopwatch.told();
        assert_eq!(
            (latency.count, within(&latency, 1e-5)),
            (3, 3),
            "ten microseconds are within the first bucket"
        );
        assert!((latency.sum - 3e-5).abs() < 1e-9, "{latency:?}");
        stopwatch.read(us(200), 4, 30);
        stopwatch.wrote(us(4_000_000), 30);
        let latency = stopwatch.told();
        assert_eq!((latency.count, within(&latency, 2.5)), (4, 3), "longer than all buckets");
    }

    #[test]
    fn what_is_written_in_part_counts_when_its_answers_are_written() {
        let mut stopwatch = Stopwatch::default();
        stopwatch.read(us(0), 1, 30);
        stopwatch.wrote(us(5), 20);
        assert_eq!(stopwatch.told().count, 0);
        stopwatch.read(us(40), 2, 40);
        stopwatch.wrote(us(45), 10);
        assert_eq!(stopwatch.told().count, 1);
        stopwatch.wrote(us(90), 30);
        let latency = stopwatch.told();
        assert_eq!((within(&latency, 2.5e-5), within(&latency, 5e-5), latency.count), (0, 2, 2));
    }

    #[test]
    fn reads_that_lead_to_no_answer_are_not_measured_and_those_of_a_lost_connection_neither() {
        let mut stopwatch = Stopwatch::default();
        stopwatch.read(us(0), 0, 500);
        stopwatch.wrote(us(9), 500);
        stopwatch.read(us(20), 7, 100);
        stopwatch.begin(9);
        stopwatch.read(us(30), 10, 50);
        stopwatch.wrote(us(35), 50);
        assert_eq!(stopwatch.told().count, 1);
    }

    #[test]
    fn an_engine_that_takes_nothing_does_not_make_the_list_longer_and_every_answer_counts() {
        let mut stopwatch = Stopwatch::default();
        for number in 1..=1_000_usize {
            stopwatch.read(us(number as u64), number as u64, 30 * number);
        }
        assert_eq!(stopwatch.reads.len(), MOST_READS);
        stopwatch.wrote(us(2_000), 30_000);
        assert_eq!(stopwatch.told().count, 1_000);
    }
}
