//! A code fires for its keys, in its states and for its roles: what the table makes of the digits, with codes looked
//! up by the naive matcher, is what happens.

use std::collections::HashMap;
use std::time::Duration;

use bstr::BString;

use super::keyed::Keyed;
use super::ledger::fate;
use super::{Checked, Group, groups};
use crate::assist::{PlaceView, Report};
use crate::config::{Config, Operation, Unmatched};
use crate::key::{Key, Keys};
use crate::keypad::Holder;
use crate::trial::model::{Fate, Model, Table};
use crate::trial::naive;
use crate::trial::record::{Event, Noted, Stand};
use crate::trial::scene::Scene;

/// How long what the engine does may take to be told, while digits that are late keep all its threads.
const RACE: Duration = Duration::from_secs(10);

/// A channel as it must be.
#[derive(Debug, Default)]
struct Shadow {
    model: Model,
    place: Option<PlaceView>,
    /// What was given up and is to go on to the other party, but not ahead of others; `None` if that is not known,
    /// because the call has moved on since.
    to_release: Option<Vec<Key>>,
    /// When codes fired.
    fires: Vec<Duration>,
}

struct Shadows<'c> {
    config: &'c Config,
    tables: HashMap<Holder, (Table, Vec<usize>)>,
    channels: HashMap<BString, Shadow>,
    /// What each channel is connected to in the engine, and since when.
    peers: HashMap<String, (Duration, Option<String>)>,
}

pub(super) fn check(scene: &Scene, record: &[Noted]) -> Checked {
    let mut keyed = Keyed::new(scene);
    let mut shadows = Shadows {
        config: &scene.config,
        tables: HashMap::new(),
        channels: HashMap::new(),
        peers: HashMap::new(),
    };
    for group in groups(record) {
        let fresh = keyed.take(&group)?;
        if matches!(group.head, Event::Connected { .. } | Event::Lost) {
            shadows.channels.clear();
        }
        let mut channels: Vec<BString> = shadows.channels.keys().chain(fresh.ready.keys()).cloned().collect();
        channels.extend(stands(&group).map(|stand| stand.channel.clone()));
        channels.sort();
        channels.dedup();
        for channel in channels {
            let ready = fresh.ready.get(&channel).map(Vec::as_slice).unwrap_or_default();
            let ended = fresh.ended.contains(&channel);
            shadows
                .group(&group, &channel, ready, ended)
                .map_err(|what| (group.at, format!("{channel}: {what}")))?;
        }
        for noted in group.rest {
            match &noted.event {
                Event::Peer { channel, peer } => {
                    shadows.peers.insert(channel.clone(), (noted.at, peer.clone()));
                }
                Event::Settled(_) => shadows.settled().map_err(|what| (noted.at, what))?,
                _ => {}
            }
        }
    }
    Ok(())
}

fn stands<'g>(group: &Group<'g>) -> impl Iterator<Item = &'g Stand> + use<'g> {
    group.rest.iter().filter_map(|noted| match &noted.event {
        Event::Stands(stand) => Some(&**stand),
        _ => None,
    })
}

impl Shadows<'_> {
    fn group(
        &mut self,
        group: &Group<'_>,
        channel: &BString,
        ready: &[Key],
        ended: bool,
    ) -> Result<(), String> {
        let stand = stands(group).filter(|stand| stand.channel == *channel).last();
        let shadow = self.channels.entry(channel.clone()).or_default();
        let before = shadow.place;
        let after = stand.map_or(before, |stand| stand.place);
        shadow.place = after;
        let told: Vec<&Report> = group
            .rest
            .iter()
            .filter_map(|noted| match &noted.event {
                Event::Told(report) => {
                    Some(report).filter(|report| fate(report).is_some_and(|(of, _)| of == channel))
                }
                _ => None,
            })
            .collect();
        let mut moves = false;
        for report in &told {
            self.paced(group.at, channel, report)?;
            if let Report::Fired { code, keys, captures, .. } = report {
                moves |= self.fired(group.at, channel, (code, keys, captures), [before, after])?;
            }
        }
        let Some(place) = before.filter(|_| before == after && !moves && !ended) else {
            self.adopt(channel, stand, before.is_none() && ready.is_empty());
            return Ok(());
        };
        self.compare(group.at, channel, place, ready, &told)?;
        let model = &self.channels[channel].model;
        match stand {
            Some(stand) if (stand.held.as_slice(), stand.due) != (model.held.as_slice(), model.due) => {
                Err(format!(
                    "{:?} is held until {:?}, and should be {:?} until {:?}",
                    stand.held, stand.due, model.held, model.due
                ))
            }
            _ => Ok(()),
        }
    }

    /// A code is refused if there were too many before it, and only then: never more in any time than twice those of a
    /// second, and those of that time.
    fn paced(&mut self, at: Duration, channel: &BString, report: &Report) -> Result<(), String> {
        let rate = u128::from(self.config.bounds.codes_per_second);
        let (Report::Fired { code, .. } | Report::Refused { code, .. }, Some(shadow), true) =
            (report, self.channels.get_mut(channel), rate > 0)
        else {
            return Ok(());
        };
        let each = 1_000_000 / rate;
        let too_many = shadow.fires.iter().rev().zip(2u128..).any(|(&since, count)| {
            count.saturating_sub(2 * rate) * each > at.as_micros() - since.as_micros()
        });
        match report {
            Report::Fired { .. } if too_many => Err(format!("{code} fires, one too many")),
            Report::Refused { .. } if !too_many => Err(format!("{code} is refused, and is not too many")),
            Report::Refused { .. } => Ok(()),
            _ => {
                shadow.fires.push(at);
                Ok(())
            }
        }
    }

    /// What is to go on has gone on.
    fn settled(&mut self) -> Result<(), String> {
        for (channel, shadow) in &mut self.channels {
            let waiting = shadow.to_release.replace(Vec::new()).unwrap_or_default();
            if !waiting.is_empty() {
                return Err(format!("{} of {channel} never went on", Keys::from(waiting.as_slice())));
            }
        }
        Ok(())
    }

    /// The call has moved on, so that nobody can say from outside under which rules each digit was looked at.
    fn adopt(&mut self, channel: &BString, stand: Option<&Stand>, new: bool) {
        let Some(shadow) = self.channels.get_mut(channel) else { return };
        shadow.model.fates.clear();
        shadow.to_release = new.then(Vec::new);
        match stand {
            Some(stand) => (shadow.model.held, shadow.model.due) = (stand.held.clone(), stand.due),
            None if shadow.place.is_none() => shadow.model = Model::default(),
            None => {}
        }
    }

    fn compare(
        &mut self,
        at: Duration,
        channel: &BString,
        place: PlaceView,
        ready: &[Key],
        told: &[&Report],
    ) -> Result<(), String> {
        let config = self.config;
        let holder = (place.state, place.role);
        let (table, codes) = self.tables.entry(holder).or_insert_with(|| table(config, holder));
        let Some(shadow) = self.channels.get_mut(channel) else { return Ok(()) };
        shadow.model.time(at, table);
        for &key in ready {
            shadow.model.key(at, key, table);
        }
        let goes_on = config.states[place.state].unmatched == Unmatched::Pass;
        let (mut expected, mut happened) = (Vec::new(), Vec::new());
        let mut waiting = shadow.to_release.clone();
        for fate in shadow.model.fates.drain(..) {
            match fate {
                Fate::Fired(code, keys) => {
                    let name = &config.codes[codes[code]].name;
                    expected.push(format!("{} fires {name}", Keys::from(keys.as_slice())));
                }
                Fate::GivenUp(key) if goes_on => waiting.iter_mut().for_each(|waiting| waiting.push(key)),
                Fate::GivenUp(key) => expected.push(format!("{key} is given up")),
                Fate::Spent(_) => {}
            }
        }
        for report in told {
            match report {
                Report::Fired { code, keys, .. } | Report::Refused { code, keys, .. } => {
                    happened.push(format!("{keys} fires {code}"));
                }
                Report::Released { keys, .. } | Report::Passed { keys, .. } if goes_on => {
                    let Some(waiting) = &mut waiting else { continue };
                    // What was only watched has gone on before what was held.
                    let ahead = matches!(report, Report::Passed { .. });
                    let at = waiting.windows(keys.len()).position(|some| some == &keys[..]);
                    let Some(at) = at.filter(|&at| at == 0 || ahead) else {
                        let waiting = Keys::from(waiting.as_slice());
                        return Err(format!("{keys} goes on; it should be of {waiting}"));
                    };
                    waiting.drain(at..at + keys.len());
                }
                Report::Released { .. } => {}
                _ => happened.extend(
                    fate(report)
                        .into_iter()
                        .flat_map(|(_, keys)| keys.iter())
                        .map(|key| format!("{key} is given up")),
                ),
            }
        }
        shadow.to_release = waiting;
        if expected == happened {
            return Ok(());
        }
        let list = |what: &[String]| if what.is_empty() { "nothing".to_owned() } else { what.join(", ") };
        Err(format!("{}; it should be: {}", list(&happened), list(&expected)))
    }

    /// Whether a code that fired may have, and whether it puts the call in another state.
    fn fired(
        &self,
        at: Duration,
        channel: &BString,
        (name, keys, captures): (&str, &Keys, &[(String, Keys)]),
        places: [Option<PlaceView>; 2],
    ) -> Result<bool, String> {
        let config = self.config;
        let Some(place) = config.codes.iter().position(|code| code.name == name) else {
            return Err(format!("there is no code {name}"));
        };
        let code = &config.codes[place];
        let mut words = naive::Words::new(code.keys.clone());
        if words.look(keys).code.is_none() {
            return Err(format!("{keys} fires {name}, and these are not its keys"));
        }
        let expected = words.captures(0, keys).into_iter();
        let expected: Vec<_> = expected.map(|(name, keys)| (name, Keys::from(keys.as_slice()))).collect();
        if captures != expected {
            return Err(format!("{keys} fires {name} with {captures:?}, and should with {expected:?}"));
        }
        let known = || places.iter().flatten();
        let peer = self.peers.get(&channel.to_string());
        let now = peer.map(|(_, peer)| natural(peer.as_deref()));
        let is_for = |state: &str| code.states.iter().any(|&at| config.states[at].name == state);
        // Its digit may be the first to say where the call is, and the code may be what moved it on from there.
        let here =
            known().any(|known| holds(config, place, (known.state, known.role))) || now.is_some_and(is_for);
        if !here && known().next().is_some() && known().all(|place| place.told) {
            return Err(format!("{keys} fires {name}, which is not for where the call is"));
        }
        let set = known().any(|place| place.set || !place.told);
        if let (Some((since, _)), Some(state), false) = (peer, now, set)
            && *since + RACE < at
            && !is_for(state)
        {
            return Err(format!("{keys} fires {name}, and the call is in state {state} since {since:?}"));
        }
        let moves = |code: usize| matches!(config.codes[code].operation, Operation::SetState { .. });
        Ok(moves(place) || code.then.iter().any(|&then| moves(then)))
    }
}

/// The state that goes with what a channel is connected to.
pub(super) fn natural(peer: Option<&str>) -> &'static str {
    match peer {
        None => "hold",
        Some(peer) if peer.starts_with("conf/") => "conference",
        Some(peer) if peer.starts_with("tone/") => "dial",
        Some(_) => "call",
    }
}

/// Whether a code is for a state and a role.
fn holds(config: &Config, code: usize, (state, role): Holder) -> bool {
    config.codes.get(code).is_some_and(|code| {
        let allowed = code.allow.as_ref().is_none_or(|roles| role.is_some_and(|role| roles.contains(&role)));
        code.keys.is_some() && code.states.contains(&state) && allowed
    })
}

/// The codes of a state and a role, as the naive matcher has them, and which they are.
fn table(config: &Config, holder: Holder) -> (Table, Vec<usize>) {
    let codes: Vec<usize> = (0..config.codes.len()).filter(|&code| holds(config, code, holder)).collect();
    let state = &config.states[holder.0];
    let own = || codes.iter().map(|&code| &config.codes[code]);
    let table = Table {
        words: naive::Words::new(own().filter_map(|code| code.keys.clone())),
        waits: own().map(|code| (code.interdigit, code.critical)).collect(),
        interdigit: state.interdigit,
        critical: state.critical,
        enter: state.enter,
        max_digits: config.keypad.max_digits,
    };
    (table, codes)
}
