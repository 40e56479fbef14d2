//! Every digit that is taken is fired, passed, released or dropped exactly once, in the order in which it was keyed.

use std::collections::BTreeMap;
use std::fmt;

use bstr::BString;

use super::keyed::Keyed;
use super::{Checked, groups};
use crate::assist::Report;
use crate::key::{Key, Keys};
use crate::trial::record::{Event, Noted};
use crate::trial::scene::Scene;
use crate::wire::ModuleLine;

/// What is owed to the digits of one channel. Where the same keys stand twice, it is not told which of them have gone:
/// each way that it could be is followed.
#[derive(Debug)]
struct Account {
    pending: Vec<Vec<Key>>,
}

pub(super) fn check(scene: &Scene, record: &[Noted]) -> Checked {
    let mut keyed = Keyed::new(scene);
    let mut accounts: BTreeMap<BString, Account> = BTreeMap::new();
    let enters: Vec<Key> = scene.config.states.iter().filter_map(|state| state.enter).collect();
    for group in groups(record) {
        let fresh = keyed.take(&group)?;
        for (channel, ready) in &fresh.ready {
            accounts.entry(channel.clone()).or_default().add(ready);
        }
        if let Some(channel) = fresh.passed_by
            && group.rest.iter().any(|noted| matches!(&noted.event, Event::Said(line) if is_taken(line)))
        {
            return Err((group.at, format!("a digit of {channel} is taken and never seen again")));
        }
        for Noted { at, event } in group.rest {
            match event {
                Event::Told(report) => {
                    let Some((channel, keys)) = fate(report) else { continue };
                    let account = accounts.entry(channel.clone()).or_default();
                    account
                        .take(report, keys, &enters)
                        .map_err(|what| (*at, format!("{what} of {channel}")))?;
                }
                Event::Settled(_) => {
                    let owed = accounts.iter().find(|(_, account)| !account.is_settled());
                    if let Some((channel, account)) = owed {
                        return Err((*at, format!("{account} of {channel} is lost")));
                    }
                    if keyed.waits() {
                        return Err((*at, "digits are waited for too long".to_owned()));
                    }
                }
                _ => {}
            }
        }
        for channel in fresh.ended {
            let Some(account) = accounts.remove(&channel) else { continue };
            let killed = matches!(group.head, Event::Connected { .. });
            if !killed && !account.is_settled() {
                let keys = account;
                return Err((group.at, format!("{keys} of {channel} is lost with it")));
            }
        }
    }
    Ok(())
}

impl Default for Account {
    fn default() -> Self {
        Account { pending: vec![Vec::new()] }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shortest = self.pending.iter().min_by_key(|keys| keys.len());
        write!(f, "{}", Keys::from(shortest.map(Vec::as_slice).unwrap_or_default()))
    }
}

impl Account {
    fn add(&mut self, keys: &[Key]) {
        self.pending.iter_mut().for_each(|pending| pending.extend(keys));
    }

    /// What is released is what was keyed first. What fires, or is dropped where the call is now, may come before
    /// digits that are to be released and wait for others to have arrived.
    fn take(&mut self, report: &Report, keys: &Keys, enters: &[Key]) -> Result<(), String> {
        let first_only = matches!(report, Report::Released { .. });
        let fired = matches!(report, Report::Fired { .. } | Report::Refused { .. });
        let mut left: Vec<Vec<Key>> = Vec::new();
        for pending in &self.pending {
            let last = pending.len().saturating_sub(keys.len());
            for at in 0..=if first_only { 0 } else { last } {
                if !pending[at..].starts_with(keys) {
                    continue;
                }
                let rest = [&pending[..at], &pending[at + keys.len()..]].concat();
                let spent = fired && rest.get(at).is_some_and(|key| enters.contains(key));
                if spent {
                    left.push([&rest[..at], &rest[at + 1..]].concat());
                }
                left.push(rest);
            }
        }
        left.sort();
        left.dedup();
        if left.is_empty() {
            return Err(format!("{keys} comes of {self}"));
        }
        self.pending = left;
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.pending.iter().any(Vec::is_empty)
    }
}

/// What is told of digits whose way ends.
pub(super) fn fate(report: &Report) -> Option<(&BString, &Keys)> {
    match report {
        Report::Fired { channel, keys, .. }
        | Report::Refused { channel, keys, .. }
        | Report::Passed { channel, keys, .. }
        | Report::Released { channel, keys, .. }
        | Report::Dropped { channel, keys, .. } => Some((channel, keys)),
        _ => None,
    }
}

fn is_taken(line: &[u8]) -> bool {
    matches!(ModuleLine::parse(line), Ok(ModuleLine::Answer(answer)) if answer.processed)
}
