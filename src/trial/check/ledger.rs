//! Every digit that is taken is fired, passed, released or dropped exactly once, in the order in which it was keyed.

use std::collections::BTreeMap;

use bstr::BString;

use super::keyed::Keyed;
use super::{Checked, groups};
use crate::assist::Report;
use crate::key::{Key, Keys};
use crate::trial::record::{Event, Noted};
use crate::trial::scene::Scene;
use crate::wire::ModuleLine;

/// What is owed to the digits of one channel.
#[derive(Debug, Default)]
struct Account {
    pending: Vec<Key>,
    /// A code has just fired, so that an enter key may be spent with it.
    fired: bool,
}

pub(super) fn check(scene: &Scene, record: &[Noted]) -> Checked {
    let mut keyed = Keyed::new(scene);
    let mut accounts: BTreeMap<BString, Account> = BTreeMap::new();
    let enters: Vec<Key> = scene.config.states.iter().filter_map(|state| state.enter).collect();
    for group in groups(record) {
        let fresh = keyed.take(&group)?;
        for (channel, ready) in &fresh.ready {
            accounts.entry(channel.clone()).or_default().pending.extend(ready);
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
                    account.take(keys, &enters).map_err(|what| (*at, format!("{what} of {channel}")))?;
                    account.fired = matches!(report, Report::Fired { .. });
                }
                Event::Settled(_) => {
                    let owed = accounts.iter().find(|(_, account)| !account.is_settled(&enters));
                    if let Some((channel, account)) = owed {
                        return Err((
                            *at,
                            format!("{} of {channel} is lost", Keys::from(account.pending.as_slice())),
                        ));
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
            if !killed && !account.is_settled(&enters) {
                let keys = Keys::from(account.pending.as_slice());
                return Err((group.at, format!("{keys} of {channel} is lost with it")));
            }
        }
    }
    Ok(())
}

impl Account {
    fn take(&mut self, keys: &Keys, enters: &[Key]) -> Result<(), String> {
        let spent = usize::from(!self.pending.starts_with(keys) && self.may_spend(enters));
        if !self.pending[spent..].starts_with(keys) {
            return Err(format!("{keys} comes of {}", Keys::from(self.pending.as_slice())));
        }
        self.pending.drain(..spent + keys.len());
        Ok(())
    }

    fn may_spend(&self, enters: &[Key]) -> bool {
        self.fired && self.pending.first().is_some_and(|key| enters.contains(key))
    }

    fn is_settled(&self, enters: &[Key]) -> bool {
        self.pending.is_empty() || (self.pending.len() == 1 && self.may_spend(enters))
    }
}

/// What is told of digits whose way ends.
pub(super) fn fate(report: &Report) -> Option<(&BString, &Keys)> {
    match report {
        Report::Fired { channel, keys, .. }
        | Report::Passed { channel, keys }
        | Report::Released { channel, keys }
        | Report::Dropped { channel, keys } => Some((channel, keys)),
        _ => None,
    }
}

fn is_taken(line: &[u8]) -> bool {
    matches!(ModuleLine::parse(line), Ok(ModuleLine::Answer(answer)) if answer.processed)
}
