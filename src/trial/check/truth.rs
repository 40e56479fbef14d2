//! When all has settled, what is believed of rooms, mutes, recordings and calls is what is so in the engine; and a
//! toggle flips what is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::Checked;
use super::fires::natural;
use crate::assist::{self, Report};
use crate::config::{Operation, Switch};
use crate::sim::{self, ChannelId};
use crate::trial::act::{Act, Meddling};
use crate::trial::record::{Event, Noted, Snapshot};
use crate::trial::{Scene, Trial};

pub(super) fn check(scene: &Scene, trial: &Trial, record: &[Noted]) -> Checked {
    // The leg on which it last was said to be muted or not, by channel.
    let mut said: HashMap<BString, bool> = HashMap::new();
    // Somebody else may have had the last word.
    let mut unclear = false;
    // What the engine never says is known when it is asked again, but for what is in no account of its: whether a leg
    // is recorded, and to which other party or tone somebody is connected.
    let mut blind = false;
    let mut killed = false;
    // What is said to be done of these may have been done where they were before.
    let (mut peers, mut moved) = (HashMap::<BString, Option<String>>::new(), HashSet::new());
    for Noted { at, event } in record {
        match event {
            Event::Act(act) => match trial.acts.get(*act) {
                Some(Act::Amiss(mishap)) => {
                    unclear = true;
                    blind |= mishap.hides();
                }
                Some(Act::Meddle { what: Meddling::Mute(_), .. } | Act::DoneLate(_) | Act::Lost { .. }) => {
                    unclear = true;
                }
                _ => {}
            },
            Event::Connected { anew: true } => killed = *at > Duration::ZERO,
            Event::Peer { channel, peer } => {
                let channel = BString::from(channel.as_str());
                said.remove(&channel);
                let before = peers.insert(channel.clone(), peer.clone()).flatten();
                if before.is_some() {
                    moved.insert(channel);
                }
            }
            Event::Told(Report::Done { channel, code, now }) => {
                if let Some((toggle, muted)) =
                    mute(scene, code, now).filter(|_| !unclear && !moved.contains(channel))
                {
                    let before = said.insert(channel.clone(), muted);
                    if toggle && before == Some(muted) {
                        return Err((*at, format!("{channel} toggles, and is {now} as before")));
                    }
                }
            }
            Event::Settled(seen) if seen.connected => {
                rooms(seen, killed, blind)
                    .and_then(|()| places(scene, seen, blind))
                    .map_err(|what| (*at, what))?;
                moved.clear();
                if std::mem::take(&mut unclear) {
                    said.clear();
                }
                for (channel, muted) in &said {
                    let view =
                        seen.channels.iter().find(|view| view.id.as_str().as_bytes() == channel.as_slice());
                    if view.is_some_and(|view| view.room.is_some() && view.muted != *muted) {
                        return Err((*at, format!("{channel} was said to be muted: {muted}, and is not so")));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a code that was done says of a mute: whether it toggles, and what is so now.
fn mute(scene: &Scene, code: &str, now: &str) -> Option<(bool, bool)> {
    let code = scene.config.codes.iter().find(|known| known.name == code)?;
    let Operation::Mute(switch) = code.operation else { return None };
    Some((switch == Switch::Toggle, now == "muted"))
}

fn rooms(seen: &Snapshot, killed: bool, blind: bool) -> Result<(), String> {
    let believed: BTreeMap<&[u8], &assist::RoomView> =
        seen.believed.iter().map(|room| (room.name.as_slice(), room)).collect();
    let real: BTreeMap<&[u8], &sim::RoomView> =
        seen.rooms.iter().map(|room| (room.name.as_bytes(), room)).collect();
    if !believed.keys().eq(real.keys()) {
        let names =
            |names: Vec<&&[u8]>| names.iter().map(|name| name.to_str_lossy()).collect::<Vec<_>>().join(", ");
        let (believed, real) = (names(believed.keys().collect()), names(real.keys().collect()));
        return Err(format!("the rooms believed in are [{believed}], and there are [{real}]"));
    }
    believed.values().zip(real.values()).try_for_each(|(believed, real)| room(believed, real, killed, blind))
}

fn room(believed: &assist::RoomView, real: &sim::RoomView, killed: bool, blind: bool) -> Result<(), String> {
    let name = &real.name;
    let mut legs: Vec<_> = believed.participants.iter().map(|one| one.leg.to_string()).collect();
    let mut members: Vec<_> =
        real.members.iter().filter(|member| !member.utility).map(|member| member.leg.to_string()).collect();
    legs.sort();
    members.sort();
    if legs != members {
        return Err(format!("in room {name} are believed {legs:?}, and there are {members:?}"));
    }
    for one in &believed.participants {
        let Some(member) = real.members.iter().find(|member| one.leg == member.leg.as_str()) else {
            continue;
        };
        let peer = member.peer.as_ref().map(ChannelId::as_str);
        if one.channel.as_ref().is_some_and(|channel| Some(channel.to_str_lossy().as_ref()) != peer) {
            return Err(format!("on {} is believed {:?}, and there is {peer:?}", one.leg, one.channel));
        }
        if one.muted.is_some_and(|muted| muted != member.muted) {
            return Err(format!("{} is believed muted: {:?}, and is {}", one.leg, one.muted, member.muted));
        }
    }
    let ours = real.members.iter().any(|member| member.utility && member.recording.is_some());
    // The engine does not say whether a leg is recorded: one that was there before the module is taken for it.
    let found = killed && real.members.iter().any(|member| member.utility);
    // A recorder that is stopped before it has begun goes on, and the room knows nothing of it.
    let on_its_own = real.members.iter().any(|member| {
        member.utility && member.peer.as_ref().is_some_and(|peer| peer.as_str().starts_with("wave/"))
    });
    let any = !real.recordings().is_empty() || found || on_its_own;
    let wrong = if believed.recording { !any } else { ours };
    if wrong && !blind {
        return Err(format!(
            "room {name} is believed recorded: {}, and is: {:?}",
            believed.recording,
            real.recordings()
        ));
    }
    Ok(())
}

fn places(scene: &Scene, seen: &Snapshot, blind: bool) -> Result<(), String> {
    for (channel, place) in seen.channels.iter().zip(&seen.places) {
        let Some(place) = place.filter(|place| place.told && !place.set) else { continue };
        let real = natural(channel.peer.as_ref().map(ChannelId::as_str));
        let believed = &scene.config.states[place.state].name;
        let in_room = [real, believed].contains(&"conference");
        if channel.id.as_str().starts_with("sip/") && believed != real && (in_room || !blind) {
            return Err(format!("{} is believed in state {believed}, and is in {real}", channel.id));
        }
    }
    Ok(())
}
