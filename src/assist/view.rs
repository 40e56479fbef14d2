//! What is so now, for showing.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use crate::key::Keys;

/// A room as it is believed to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// Its name, without `conf/`.
    pub name: BString,
    /// Who is in it, legs of our own left out.
    pub participants: Vec<Participant>,
    /// Whether it is being recorded.
    pub recording: bool,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The leg, as `conf/4`.
    pub leg: BString,
    /// The channel, if the engine told.
    pub channel: Option<BString>,
    /// Whether they are muted; `None` if the engine has not said.
    pub muted: Option<bool>,
}

/// Digits that wait for the rest of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldView {
    /// The digits.
    pub keys: Keys,
    /// When they are given up, or fire as they are.
    pub due: Duration,
}

impl Assist {
    /// What a channel holds, if anything.
    #[must_use]
    pub fn held(&self, channel: &BStr) -> Option<HeldView> {
        let collector = &self.calls.by_id(channel)?.collector;
        Some(HeldView { keys: collector.held().into(), due: collector.poll_timeout()? })
    }

    /// Every room, by name.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomView> {
        let mut rooms: Vec<RoomView> = self
            .rooms
            .iter()
            .map(|(name, room)| {
                let own = room.recording.leg();
                let participants = room.legs.iter().filter(|leg| Some(*leg) != own).filter_map(|id| {
                    let leg = self.rooms.leg(id.as_ref())?;
                    Some(Participant { leg: id.clone(), channel: leg.peer.clone(), muted: leg.mute.known() })
                });
                RoomView {
                    name: name.clone(),
                    participants: participants.collect(),
                    recording: room.recording.is_on(),
                }
            })
            .collect();
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        rooms
    }
}
