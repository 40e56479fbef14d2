//! What a daemon counts and measures, as it is told on the control socket and shown to whoever collects it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts since the daemon started, and what is going on now. What a daemon of another release does not tell is 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// How long the daemon has been running, in seconds.
    pub up: f64,
    /// Connections to an engine that there were, this one included.
    pub connections: u64,
    /// Digits, and what became of them.
    pub digits: Digits,
    /// How often each code fired, by name; every code of the configuration is there.
    pub fires: BTreeMap<String, u64>,
    /// How operations ended, by what configurations call them; those that were never asked for are not there.
    pub operations: BTreeMap<String, Ends>,
    /// Digits of those that passed or were released: those in which no code was looked for, because the engine may have
    /// given up waiting for us.
    pub behind: u64,
    /// How often each limit was reached, by name; every limit is there.
    pub limits: BTreeMap<String, u64>,
    /// Lines that were lost because nobody read the log in time.
    pub log_lines_lost: u64,
    /// Messages of the engine's that were answered.
    pub answers: u64,
    /// How long the engine waited for those answers.
    pub latency: Latency,
    /// What the store was asked and did not do, though it should have.
    pub store_failures: u64,
    /// Who is talking, in all rooms together.
    pub talkers: usize,
    /// Calls out that are under way.
    pub calls_out: usize,
    /// What waits for something.
    pub waiting: Waiting,
}

/// Digits, and what became of them. What was keyed and is not among the others is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Digits {
    /// All that were keyed, as the engine told them.
    pub keyed: u64,
    /// They were keys of a code that fired.
    pub fired: u64,
    /// They were keys of a code that did not fire, because its caller fires too many.
    pub refused: u64,
    /// They went on to the other party as they came.
    pub passed: u64,
    /// They were held, and then went on to the other party.
    pub released: u64,
    /// They went nowhere.
    pub dropped: u64,
    /// The engine told them again, and they were ignored.
    pub repeated: u64,
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ends {
    /// So often it was done.
    pub done: u64,
    /// So often it could not be done.
    pub failed: u64,
}

/// How much waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// Operations, for others to end.
    pub operations: usize,
    /// Bytes, for the engine to read them.
    pub bytes: usize,
    /// Questions, for the store.
    pub store: usize,
    /// Requests on the control socket, for what they ask to be done.
    pub control: usize,
}

/// How long things took.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// How many took at most so long, the shortest first; there are none of another length in between.
    pub buckets: Vec<Bucket>,
    /// How many there were.
    pub count: u64,
    /// How long all took together, in seconds.
    pub sum: f64,
}

/// How many took at most so long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// In seconds.
    pub le: f64,
    /// Those of the shorter buckets included.
    pub count: u64,
}

impl Latency {
    /// About how long the part `share` of all took at most, in seconds: as if they were spread evenly within each bucket.
    /// `None` if there were none; infinite if it was longer than the longest bucket.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count as f64;
        let (mut shorter, mut below) = (0.0, 0);
        for bucket in &self.buckets {
            let within = bucket.count.saturating_sub(below);
            if within > 0 && bucket.count as f64 >= rank {
                let part = (rank - below as f64) / within as f64;
                return Some(shorter + (bucket.le - shorter) * part);
            }
            (shorter, below) = (bucket.le, bucket.count);
        }
        (self.count > 0).then_some(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(buckets: &[(f64, u64)], count: u64) -> Latency {
        let buckets = buckets.iter().map(|&(le, count)| Bucket { le, count }).collect();
        Latency { buckets, count, sum: 0.0 }
    }

    #[test]
    fn a_quantile_is_where_so_many_were_shorter() {
        let even = latency(&[(1.0, 50), (2.0, 100)], 100);
        assert_eq!(even.quantile(0.5), Some(1.0));
        assert_eq!(even.quantile(0.25), Some(0.5));
        assert_eq!(even.quantile(0.99), Some(1.98));
        let late = latency(&[(1.0, 0), (2.0, 0), (4.0, 10)], 10);
        assert_eq!(late.quantile(0.5), Some(3.0), "nothing was as short as the first two");
        assert_eq!(late.quantile(0.0), Some(2.0));
    }

    #[test]
    fn what_is_longer_than_all_buckets_has_no_end_and_nothing_has_no_quantile() {
        let longest = latency(&[(1.0, 98)], 100);
        assert_eq!(longest.quantile(0.5).map(|at| at < 1.0), Some(true));
        assert_eq!(longest.quantile(0.99), Some(f64::INFINITY));
        assert_eq!(latency(&[(1.0, 0)], 0).quantile(0.5), None);
        assert_eq!(Latency::default().quantile(0.5), None);
    }
}
