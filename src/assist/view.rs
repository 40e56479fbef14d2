//! What is so now, for showing.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::room::Recording;
use super::timers::Timer;
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

/// Where a call is believed to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceView {
    /// The state, as a place in the configuration's.
    pub state: usize,
    /// Whether a code put it there.
    pub set: bool,
    /// The role, as a place in the configuration's.
    pub role: Option<usize>,
    /// Whether the engine has told what the channel is connected to.
    pub told: bool,
}

/// How much is being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Channels.
    pub calls: usize,
    /// Channels with digits that wait for others, or on their way to the other party.
    pub holding: usize,
    /// Operations that wait for others.
    pub waiting: usize,
    /// Messages that were not answered yet.
    pub flights: usize,
    /// Rooms.
    pub rooms: usize,
    /// Conference legs.
    pub legs: usize,
    /// Whether any timer runs but those that always do: of the schedule, and of what is asked again now and then.
    pub timers: bool,
}

impl Assist {
    /// Where a channel is believed to be, if it is known.
    #[must_use]
    pub fn place(&self, channel: &BStr) -> Option<PlaceView> {
        let call = self.calls.by_id(channel)?;
        let (state, role) = (call.place.state(), call.place.role());
        Some(PlaceView { state, set: call.place.set.is_some(), role, told: call.peers.is_told() })
    }

    /// How much is being kept.
    #[must_use]
    pub fn load(&self) -> Load {
        let calls = || self.calls.iter().map(|(_, call)| call);
        let holding = calls().filter(|call| {
            let waits = call.collector.poll_timeout().or(call.order.poll_timeout()).is_some();
            waits || call.rare.release.under_way || !call.rare.release.waiting.is_empty()
        });
        let in_rooms: usize = self.rooms.iter().map(|(_, room)| room.waiting.len()).sum();
        Load {
            calls: self.calls.len(),
            holding: holding.count(),
            waiting: calls().map(|call| call.rare.jobs.len()).sum::<usize>() + in_rooms,
            flights: self.flights.len(),
            rooms: self.rooms.count().0,
            legs: self.rooms.iter().map(|(_, room)| room.legs.len()).sum(),
            timers: self.timers.is_any_but(&[Timer::Schedule, Timer::Recheck]),
        }
    }

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
                let participants = room.legs.iter().filter(|leg| !room.is_machine(leg)).filter_map(|id| {
                    let leg = self.rooms.leg(id.as_ref()).filter(|leg| !leg.records)?;
                    Some(Participant { leg: id.clone(), channel: leg.peer.clone(), muted: leg.mute.known() })
                });
                RoomView {
                    name: name.clone(),
                    participants: participants.collect(),
                    recording: *room.recording() != Recording::Off,
                }
            })
            .collect();
        rooms.sort_by(|a, b| a.name.cmp(&b.name));
        rooms
    }
}
