//! Whatever callers of every role do to the rooms of a conference server, the rules of the rooms hold: what the bytes draw
//! is done on a simulated engine, and a model that knows nothing of the brain says what may come of it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use touchtone::trial::rooms::{House, Trial};

static HOUSES: LazyLock<[House; 2]> =
    LazyLock::new(|| [true, false].map(|stores| House::new(stores).expect("the house loads")));

fuzz_target!(|bytes: &[u8]| {
    let Some((&last, bytes)) = bytes.split_last() else { return };
    let house = &HOUSES[usize::from(last % 2)];
    let trial = Trial::of_bytes(bytes);
    if let Err(broken) = trial.hold(house) {
        let acts: Vec<_> = trial.acts.iter().map(|act| format!("{act:?}")).collect();
        panic!("stores {}: {broken}\n{}", house.stores, acts.join("\n"));
    }
});
