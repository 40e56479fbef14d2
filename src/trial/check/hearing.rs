//! What is passed and released is what the other party of a call hears, in order.

use std::collections::{HashMap, HashSet};

use super::keyed::Keyed;
use super::{Checked, groups};
use crate::assist::Report;
use crate::sim::{ChannelId, Mishap};
use crate::trial::act::Act;
use crate::trial::record::{Event, Noted, Snapshot};
use crate::trial::{Scene, Trial};

/// What goes to whom.
#[derive(Debug, Default)]
struct Calls {
    peers: HashMap<String, Option<String>>,
    /// Those who have been connected to more than one other, or whose digits went by while there was no connection.
    unclear: HashSet<String>,
    sent: HashMap<String, String>,
}

pub(super) fn check(scene: &Scene, trial: &Trial, record: &[Noted]) -> Checked {
    let config = &scene.config;
    let late = |act: &Act| {
        let closes = matches!(act, Act::Amiss(Mishap::ClosesSaying(_) | Mishap::ClosesReading(_)));
        closes || matches!(act, Act::DoneLate(_) | Act::Lost { .. })
    };
    if !config.yate.intercept
        || config.states.iter().any(|state| state.pass_through)
        || trial.acts.iter().any(late)
    {
        return Ok(());
    }
    let mut keyed = Keyed::new(scene);
    let mut calls = Calls::default();
    for group in groups(record) {
        if let Some(channel) = keyed.take(&group)?.passed_by {
            calls.unclear.insert(channel.to_string());
        }
        for Noted { at, event } in group.rest {
            match event {
                Event::Peer { channel, peer } => calls.connected(channel, peer.as_ref()),
                Event::Told(
                    Report::Passed { channel, keys, .. } | Report::Released { channel, keys, .. },
                ) => {
                    *calls.sent.entry(channel.to_string()).or_default() += &keys.symbols();
                }
                Event::Settled(seen) => calls.compare(seen).map_err(|what| (*at, what))?,
                _ => {}
            }
        }
    }
    Ok(())
}

impl Calls {
    fn connected(&mut self, channel: &str, peer: Option<&String>) {
        if self.peers.get(channel).is_some_and(|known| known.is_some() && known.as_ref() != peer) {
            self.unclear.insert(channel.to_owned());
        }
        self.peers.insert(channel.to_owned(), peer.cloned());
    }

    fn compare(&self, seen: &Snapshot) -> Result<(), String> {
        for channel in &seen.channels {
            let Some(peer) = channel.peer.as_ref().map(ChannelId::as_str) else { continue };
            if [channel.id.as_str(), peer]
                .iter()
                .any(|id| !id.starts_with("sip/") || self.unclear.contains(*id))
            {
                continue;
            }
            let sent = self.sent.get(peer).map(String::as_str).unwrap_or_default();
            if channel.received != sent {
                return Err(format!(
                    "{} heard {:?}, and {peer} was told that {sent:?} went on",
                    channel.id, channel.received
                ));
            }
        }
        Ok(())
    }
}
