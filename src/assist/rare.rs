//! What is known of few calls only, and takes memory for those alone: there may be a million calls.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use bstr::BString;

use super::entry::Entry;
use super::job::Job;
use super::limits::Firing;
use super::release::Release;
use super::speech::Speech;
use crate::key::Keys;

/// What holds of few calls.
#[derive(Debug)]
pub(super) struct Rare {
    /// Until when digits are secret, whatever the state says.
    pub(super) hides_until: Option<Duration>,
    /// When the state's first key is due.
    pub(super) first_key: Option<Duration>,
    /// Digits on their way to the other party.
    pub(super) release: Release,
    /// What its codes ask for, one at a time.
    pub(super) jobs: VecDeque<Job>,
    /// How fast it fires codes.
    pub(super) firing: Firing,
    pub(super) speech: Speech,
    /// What the caller has yet to do before they are let in.
    pub(super) entry: Option<Entry>,
    /// The room that routing sent the caller to when it gave the role.
    pub(super) told_for: Option<BString>,
    /// The room whose PIN the caller has keyed, and whether it was that of organizers.
    pub(super) proven: Option<(BString, bool)>,
}

impl Rare {
    const NOTHING: Rare = Rare {
        hides_until: None,
        first_key: None,
        release: Release { under_way: false, waiting: Keys::new(), secret: false },
        jobs: VecDeque::new(),
        firing: Firing::NEVER,
        speech: Speech::SILENCE,
        entry: None,
        told_for: None,
        proven: None,
    };
}

/// Reads as [`Rare::NOTHING`] until something is written, so write nothing that is not new.
#[derive(Debug, Default)]
pub(super) struct Rarely(Option<Box<Rare>>);

static NOTHING: Rare = Rare::NOTHING;

impl Rarely {
    /// Whether anything was ever written.
    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// What its codes asked for and was not begun.
    pub(super) fn take_jobs(&mut self) -> VecDeque<Job> {
        self.0.as_mut().map(|rare| std::mem::take(&mut rare.jobs)).unwrap_or_default()
    }

    /// Digits that wait to go on.
    pub(super) fn take_waiting(&mut self) -> Keys {
        self.0.as_mut().map(|rare| std::mem::take(&mut rare.release.waiting)).unwrap_or_default()
    }

    /// What the caller has yet to do.
    pub(super) fn entry_mut(&mut self) -> Option<&mut Entry> {
        self.0.as_mut()?.entry.as_mut()
    }

    /// The same, which is wanted no more.
    pub(super) fn take_entry(&mut self) -> Option<Entry> {
        self.0.as_mut()?.entry.take()
    }
}

impl Deref for Rarely {
    type Target = Rare;

    fn deref(&self) -> &Rare {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Rarely {
    fn deref_mut(&mut self) -> &mut Rare {
        self.0.get_or_insert_with(|| Box::new(Rare::NOTHING))
    }
}
