//! What is counted is what was told, and every digit that was keyed is counted among what became of digits, once.

use super::Checked;
use crate::assist::Report;
use crate::control::figures::Digits;
use crate::key::Keys;
use crate::trial::record::{Event, Noted, Snapshot};

pub(super) fn check(record: &[Noted]) -> Checked {
    let (mut told, mut fires) = (Digits::default(), 0);
    for Noted { at, event } in record {
        match event {
            Event::Connected { anew: true } => (told, fires) = (Digits::default(), 0),
            Event::Told(report) => {
                add(&mut told, report);
                fires += u64::from(matches!(report, Report::Fired { .. }));
            }
            Event::Settled(seen) | Event::Ended(seen) => {
                compare(seen, &told, fires).map_err(|what| (*at, what))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn add(told: &mut Digits, report: &Report) {
    let (count, keys): (&mut u64, &Keys) = match report {
        Report::Keyed { keys, .. } => (&mut told.keyed, keys),
        Report::Repeated { keys, .. } => (&mut told.repeated, keys),
        Report::Fired { keys, .. } => (&mut told.fired, keys),
        Report::Refused { keys, .. } => (&mut told.refused, keys),
        Report::Passed { keys, .. } => (&mut told.passed, keys),
        Report::Released { keys, .. } => (&mut told.released, keys),
        Report::Dropped { keys, .. } => (&mut told.dropped, keys),
        _ => return,
    };
    *count += keys.len() as u64;
}

fn compare(seen: &Snapshot, told: &Digits, fires: u64) -> Result<(), String> {
    let counted = seen.counts.digits;
    // Of one who is gone nothing is told, and the digits go on.
    let untold = counted.keyed.checked_sub(told.keyed);
    let same = untold.is_some()
        && untold == counted.passed.checked_sub(told.passed)
        && (counted.released, counted.dropped, counted.repeated) == (told.released, told.dropped, told.repeated)
        // The key that says "this is all" is told of with no code.
        && counted.fired >= told.fired
        && counted.refused >= told.refused;
    if !same {
        return Err(format!("{counted:?} are counted where {told:?} are told of"));
    }
    let Digits { keyed, fired, refused, passed, released, dropped, repeated } = counted;
    if keyed != fired + refused + passed + released + dropped + repeated {
        return Err(format!("not every digit is counted once: {counted:?}"));
    }
    if seen.counts.fires.values().sum::<u64>() != fires {
        return Err(format!("{:?} fires are counted and {fires} told of", seen.counts.fires));
    }
    if seen.queued != seen.load.waiting {
        return Err(format!("{} operations wait and {} are told to", seen.load.waiting, seen.queued));
    }
    Ok(())
}
