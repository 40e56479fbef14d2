//! From a trial that breaks a promise to the few acts that do.

use std::time::Duration;

use super::act::Act;
use super::{Broken, Scene, Trial};
use crate::key::Keys;
use crate::sim::{Fate, Mishap};

/// How often a trial is run again at most.
const RUNS: usize = 2_000;

/// Leaves out what is not needed for the same promise to be broken, then makes what is left plainer.
#[must_use]
pub fn shrink(scene: &Scene, trial: Trial, broken: Broken) -> (Trial, Broken) {
    let test = |trial: &Trial| trial.hold(scene).err();
    shrink_by(trial, broken, test)
}

/// As [`shrink`], with what runs a trial and says which promise it breaks.
pub fn shrink_by(
    trial: Trial,
    broken: Broken,
    mut test: impl FnMut(&Trial) -> Option<Broken>,
) -> (Trial, Broken) {
    let mut best = Best { trial, broken, runs: 0 };
    loop {
        let before = best.trial.clone();
        best.leave_out(&mut test);
        best.make_plainer(&mut test);
        if best.trial == before || best.runs >= RUNS {
            return (best.trial, best.broken);
        }
    }
}

struct Best {
    trial: Trial,
    broken: Broken,
    runs: usize,
}

impl Best {
    /// Takes other acts instead, if they break the same promise.
    fn try_acts(&mut self, acts: Vec<Act>, test: &mut impl FnMut(&Trial) -> Option<Broken>) -> bool {
        if self.runs >= RUNS {
            return false;
        }
        self.runs += 1;
        let trial = Trial { seed: self.trial.seed, acts };
        match test(&trial).filter(|broken| broken.promise == self.broken.promise) {
            Some(broken) => {
                (self.trial, self.broken) = (trial, broken);
                true
            }
            None => false,
        }
    }

    fn leave_out(&mut self, test: &mut impl FnMut(&Trial) -> Option<Broken>) {
        let mut size = self.trial.acts.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.trial.acts.len() {
                let mut acts = self.trial.acts.clone();
                acts.drain(at..acts.len().min(at + size));
                if !self.try_acts(acts, test) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn make_plainer(&mut self, test: &mut impl FnMut(&Trial) -> Option<Broken>) {
        for at in 0..self.trial.acts.len() {
            while plainer(&self.trial.acts[at]).into_iter().any(|act| {
                let mut acts = self.trial.acts.clone();
                acts[at] = act;
                self.try_acts(acts, test)
            }) {}
        }
    }
}

/// The same act with less in it.
fn plainer(act: &Act) -> Vec<Act> {
    match act {
        Act::Keys { who, keys, gap, trouble } => {
            let less = |keys: Keys| Act::Keys { who: *who, keys, gap: *gap, trouble: *trouble };
            let shorter = (0..keys.len()).filter(|_| keys.len() > 1).map(|at| {
                let mut keys = keys.clone();
                keys.remove(at);
                less(keys)
            });
            let calm = trouble.map(|_| Act::Keys { who: *who, keys: keys.clone(), gap: *gap, trouble: None });
            let gaps = gap.and_then(half).map(|gap| Act::Keys {
                who: *who,
                keys: keys.clone(),
                gap: Some(gap),
                trouble: *trouble,
            });
            shorter.chain(calm).chain(gaps).collect()
        }
        Act::Wait(time) => half(*time).map(Act::Wait).into_iter().collect(),
        Act::Lost { time, killed } => {
            half(*time).map(|time| Act::Lost { time, killed: *killed }).into_iter().collect()
        }
        Act::Amiss(Mishap::Line(kind, Fate::Late(time))) => {
            half(*time).map(|time| Act::Amiss(Mishap::Line(*kind, Fate::Late(time)))).into_iter().collect()
        }
        Act::DoneLate(time) => half(*time).map(Act::DoneLate).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn half(time: Duration) -> Option<Duration> {
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    (ms > 0).then(|| Duration::from_millis(ms / 2))
}
