//! Random trials of a conference server on a simulated engine: its rooms keep every promise, and every check notices
//! when one is broken.

use touchtone::trial::rooms::{House, Trial};

/// How many trials a server survives here, with a store and without; the fuzz target goes on.
const TRIALS: u64 = 150;

/// A seed and a number of trials may be given, to look further.
fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn holds(stores: bool) {
    let house = House::new(stores).unwrap_or_else(|refused| panic!("{refused}"));
    let first = from_environment("ROOMS_SEED", 1);
    for seed in first..first + from_environment("ROOMS_TRIALS", TRIALS) {
        let trial = Trial::of_seed(seed);
        if let Err(broken) = trial.hold(&house) {
            let (trial, broken) = trial.shrink(&house, broken);
            if std::env::var("ROOMS_DUMP").is_ok() {
                for noted in trial.run(&house) {
                    eprintln!("{noted:?}");
                }
            }
            let acts: Vec<_> = trial.acts.iter().map(|act| format!("{act:?}")).collect();
            panic!("seed {seed}, stores {stores}: {broken}\n{}", acts.join("\n"));
        }
    }
}

#[test]
fn a_server_with_a_store_keeps_its_promises() {
    holds(true);
}

#[test]
fn a_server_without_a_store_keeps_its_promises() {
    holds(false);
}

#[test]
fn zz_stats() {
    use touchtone::trial::rooms::Event;
    let house = House::new(true).unwrap_or_else(|refused| panic!("{refused}"));
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for seed in 1..=from_environment("ROOMS_TRIALS", TRIALS) {
        for noted in Trial::of_seed(seed).run(&house) {
            let what = match noted.event {
                Event::Fired { code, .. } => format!("fired {code}"),
                Event::Ended { code, outcome, .. } => format!("ended {code} {outcome:?}"),
                Event::Entered { room, .. } => format!("entered {room}"),
                Event::Left { reason, .. } => format!("left {reason}"),
                Event::Answered { outcome: touchtone::control::protocol::Outcome::Error(e), .. } => {
                    format!("refused {}", e.message)
                }
                Event::Answered {
                    outcome:
                        touchtone::control::protocol::Outcome::Ok(touchtone::control::protocol::Answer::Done(e)),
                    ..
                } => format!("done {e}"),
                _ => continue,
            };
            *counts.entry(what).or_default() += 1;
        }
    }
    eprintln!("{counts:#?}");
}
