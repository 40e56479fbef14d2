//! Another configuration while calls go on: what is known by its place in the old one is found by its name in the new
//! one, and digits that are held are finished by the codes that they were keyed for.

use std::collections::HashMap;
use std::sync::Arc;

use bstr::BString;

use super::admission::Admission;
use super::calls::Place;
use super::flight::Purpose;
use super::job::{Job, Step};
use super::outcome::{Cause, Failure};
use super::place::STILL_SECRET;
use super::questions::Question;
use super::session::Phase;
use super::{Assist, Places, organizer_of};
use crate::config::Config;
use crate::moment::Moment;

/// The calls, by their places among all, that hold digits which were keyed by an earlier configuration.
#[derive(Debug, Default)]
pub(super) struct Former {
    of: HashMap<usize, Formerly>,
}

/// What held for digits that are held still.
#[derive(Debug)]
pub(super) struct Formerly {
    config: Arc<Config>,
    /// Where the call was then.
    place: Place,
}

impl Former {
    /// By which configuration the digits of a call are read, and where the call is by it, if that is an earlier one.
    pub(super) fn of(&self, at: usize) -> Option<(&Arc<Config>, Place)> {
        self.of.get(&at).map(|formerly| (&formerly.config, formerly.place))
    }

    /// A call holds nothing any more.
    pub(super) fn over(&mut self, at: usize) -> Option<Formerly> {
        if self.of.is_empty() { None } else { self.of.remove(&at) }
    }

    /// All calls are forgotten.
    pub(super) fn clear(&mut self) {
        self.of.clear();
    }
}

impl Formerly {
    /// Whether nobody is to read the digits.
    pub(super) fn hides_digits(&self) -> bool {
        self.config.states[self.place.state()].hides_digits
    }
}

/// Where the states and roles of one configuration are in another.
pub(super) struct Moves {
    states: Vec<Option<usize>>,
    roles: Vec<Option<usize>>,
}

impl Moves {
    fn new(old: &Config, new: &Config) -> Self {
        Moves {
            states: old.states.iter().map(|state| new.state(&state.name)).collect(),
            roles: old.roles.iter().map(|role| new.role(role)).collect(),
        }
    }

    pub(super) fn role(&self, role: Option<usize>) -> Option<usize> {
        role.and_then(|role| self.roles[role])
    }

    pub(super) fn state(&self, state: Option<usize>) -> Option<usize> {
        state.and_then(|state| self.states[state])
    }

    /// A state that is gone leaves the call where the engine has it, and a role that is gone leaves none.
    fn place(&self, place: Place) -> Place {
        Place {
            // The states of the engine's are in every configuration.
            natural: self.states[place.natural].unwrap_or(place.natural),
            set: self.state(place.set),
            told_role: self.role(place.told_role),
            role: self.role(place.role),
        }
    }
}

impl Assist {
    /// The configuration in use.
    #[must_use]
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// From now on another configuration holds.
    pub(super) fn reload(&mut self, now: Moment, config: Arc<Config>) {
        let old = std::mem::replace(&mut self.config, config);
        let new = self.config.clone();
        let moves = Moves::new(&old, &new);
        self.places = Places::of(&new);
        self.organizer = organizer_of(&new);
        self.warned_of_role = None;
        self.apply_limits();
        self.move_roles(&moves);
        for at in self.calls.places() {
            self.reload_call(now, at, &old, &moves);
        }
        let rooms: Vec<BString> = self.rooms.iter().map(|(name, _)| name.clone()).collect();
        rooms.iter().for_each(|name| self.rooms.touch(name.as_ref()));
        self.handle_what_is_to_be(&new);
        if old.schedule != new.schedule && self.is_connected_and_ready() {
            self.ask_for_occurrences(now, None);
        }
        self.look_at_entries(now);
    }

    /// Roles that calls have which are not there now, or not any more.
    fn move_roles(&mut self, moves: &Moves) {
        let questions = self.questions.open_mut().filter_map(|question| match question {
            Question::Begin(outgoing) => Some(&mut **outgoing),
            _ => None,
        });
        let flights = self.flights.values_mut().filter_map(|flight| match &mut flight.purpose {
            Purpose::Step(_, Step::Dial(outgoing)) => Some(&mut **outgoing),
            _ => None,
        });
        let known = self.outgoing.values_mut().chain(self.outgoing_before.values_mut());
        for outgoing in questions.chain(flights).chain(known) {
            outgoing.role = moves.role(outgoing.role);
        }
        self.calls.move_kept(moves);
        self.keeper.move_roles(moves);
    }

    /// A call is where it was. What it holds is finished by the codes that it was keyed for.
    fn reload_call(&mut self, now: Moment, at: usize, old: &Arc<Config>, moves: &Moves) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let before = call.place;
        if !call.collector.held().is_empty() {
            let formerly = || Formerly { config: old.clone(), place: before };
            self.former.of.entry(at).or_insert_with(formerly);
        }
        let mut place = moves.place(before);
        call.place = place;
        place.role = self.role_at(now, at, place);
        let (was, is) = (&old.states[before.state()], &self.config.states[place.state()]);
        let (moved, waits) = (was.name != is.name, is.first_key.is_some());
        let hidden = was.hides_digits && !is.hides_digits;
        let Some(call) = self.calls.get_mut(at) else { return };
        call.place = place;
        if hidden {
            call.rare.hides_until = Some(now.steady + STILL_SECRET);
        }
        // Who waits already does not wait longer.
        if moved || waits != call.rare.first_key.is_some() {
            self.await_key(now, at);
        }
    }

    /// Where rooms are guarded now and were not, or the other way round, the engine is told.
    fn handle_what_is_to_be(&mut self, new: &Config) {
        if !matches!(self.phase, Phase::Starting { .. } | Phase::Ready) {
            return;
        }
        let wanted = Assist::handled(new);
        let unwanted = self.handlers.iter().filter(|handler| !wanted.contains(handler));
        for (name, _) in unwanted.copied().collect::<Vec<_>>() {
            self.uninstall(name);
        }
        for (name, priority) in wanted {
            self.install(name, priority);
        }
    }

    /// Who is asked for what is asked for no more, or waits where nobody has to wait any more, comes in.
    fn look_at_entries(&mut self, now: Moment) {
        let asked = self.calls.iter().filter_map(|(at, call)| {
            let room = call.rare.entry.as_ref()?.room()?;
            Some((at, call.id.clone(), room.clone()))
        });
        for (at, channel, room) in asked.collect::<Vec<_>>() {
            let looking = self.pins.is_looking(&channel);
            let admission = self.admission_of(now, &channel, room.as_ref(), false);
            if !looking && matches!(admission, Admission::Enter(_)) {
                self.go_on_once(now, at, &room);
            }
        }
    }

    /// The state that a job's configuration has at that place.
    ///
    /// # Errors
    /// That the configuration that holds now has no such state.
    pub(super) fn state_now(&self, job: &Job, state: usize) -> Result<usize, Failure> {
        match job.keyed().map(|keyed| &keyed.config).filter(|config| !Arc::ptr_eq(config, &self.config)) {
            Some(config) => {
                let name = &config.states[state].name;
                let gone = || Cause::Other.because(format!("the configuration has no state {name} any more"));
                self.config.state(name).ok_or_else(gone)
            }
            None => Ok(state),
        }
    }
}
