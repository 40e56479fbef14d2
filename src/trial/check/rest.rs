//! When everybody has hung up and time has passed, nothing is left.

use std::collections::HashSet;
use std::time::Duration;

use bstr::BString;

use super::{Checked, text};
use crate::assist::{Load, Report};
use crate::trial::record::{Event, Noted};
use crate::wire::EngineLine;

pub(super) fn check(record: &[Noted]) -> Checked {
    let (mut gone, mut killed) = (HashSet::new(), false);
    let mut late = HashSet::new();
    for Noted { at, event } in record {
        match event {
            Event::Heard(line) => gone.extend(hung_up(line)),
            Event::Connected { anew: true } => killed = *at > Duration::ZERO,
            // A module that has just been started cannot know that who keyed this had hung up before.
            Event::Told(Report::Keyed { channel, .. }) if killed && gone.contains(channel) => {
                late.insert(channel.clone());
            }
            Event::Ended(seen) => {
                if let Some(channel) = seen.channels.first() {
                    return Err((*at, format!("{} is still there", channel.id)));
                }
                if let Some(room) = seen.rooms.first() {
                    return Err((*at, format!("the room {} is still there", room.name)));
                }
                if seen.load != (Load { calls: seen.load.calls.min(late.len()), ..Load::default() }) {
                    return Err((*at, format!("the module keeps {:?}", seen.load)));
                }
                if seen.waiting > 0 {
                    return Err((*at, format!("{} messages wait in the engine", seen.waiting)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn hung_up(line: &[u8]) -> Option<BString> {
    match EngineLine::parse(line) {
        Ok(EngineLine::Answer(answer)) if answer.is_watched() && answer.name.as_ref() == b"chan.hangup" => {
            Some(text(&answer.params, "id"))
        }
        _ => None,
    }
}
