//! What a trial needs to know of a configuration: where calls can go, and which times matter.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::assist::RECHECKED_EVERY;
use crate::config::{Config, Operation};
use crate::sim::{Jitter, Route, Settings};

use super::act::Meddling;
use super::{Act, Chance};

/// How many callers there are.
pub const CALLERS: usize = 4;

/// How late the engine may be with a digit at most: it waits for its answer for two seconds.
pub const LATEST_DIGIT: Duration = Duration::from_secs(1);

/// A configuration, seen as trials see it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The configuration.
    pub config: Arc<Config>,
    /// Where calls can go.
    pub destinations: Vec<Destination>,
    /// The times at whose ends something happens, the shortest first.
    pub times: Vec<Duration>,
    /// What can go wrong.
    pub faults: Faults,
}

/// What can go wrong in a trial beside what callers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Digits come out of order, twice, or never.
    pub digits: bool,
    /// Events overtake each other.
    pub order: bool,
    /// Somebody else mutes, kicks, joins, connects.
    pub meddling: bool,
    /// The engine is late.
    pub late: bool,
    /// The connection is lost, and the module killed.
    pub lost: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults =
        Faults { digits: false, order: false, meddling: false, late: false, lost: false };
    /// Everything does.
    pub const ALL: Faults = Faults { digits: true, order: true, meddling: true, late: true, lost: true };
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The number that is called.
    pub number: String,
    /// What the engine connects it to.
    pub target: String,
    /// The role that routing gives, as a place in the configuration's.
    pub role: Option<usize>,
    lonely: bool,
    tells: bool,
}

impl Destination {
    /// The room, without its prefix, if it is one.
    #[must_use]
    pub fn room(&self) -> Option<&str> {
        self.target.strip_prefix("conf/")
    }
}

impl Scene {
    /// What trials of a configuration need to know.
    #[must_use]
    pub fn new(config: Arc<Config>, faults: Faults) -> Self {
        let mut targets = vec![
            "sip/sip:7010@127.0.0.1:7010".to_owned(),
            "conf/800".into(),
            "conf/closed".into(),
            "tone/dial".into(),
        ];
        targets.extend(config.role_rooms.iter().map(|(pattern, _)| format!("conf/{}", pattern.example())));
        let mut destinations = Vec::new();
        for role in std::iter::once(None).chain((0..config.roles.len()).map(Some)) {
            for target in &targets {
                let number = format!("t{}", destinations.len());
                let open = target != "conf/closed";
                destinations.push(Destination {
                    number,
                    target: target.clone(),
                    role,
                    lonely: open,
                    tells: open,
                });
            }
        }
        Scene { times: times(&config), destinations, config, faults }
    }

    /// An engine for a trial.
    #[must_use]
    pub fn settings(&self, chance: &mut Chance) -> Settings {
        let rough = Jitter { probability: 0.3, span: Duration::from_millis(30) };
        let calm = Settings::default().jitter;
        let jitter = if self.faults.order { *chance.pick(&[calm, Jitter::lifelike(), rough]) } else { calm };
        let workers = *chance.pick(&[10, 1]);
        Settings {
            seed: chance.below(1 << 30) as u64,
            workers,
            workers_at_start: workers,
            jitter,
            read_idle: Duration::from_millis(*chance.pick(&[5, 0, 1])),
            routes: self.destinations.iter().map(|to| self.route(to)).collect(),
            ..Settings::default()
        }
    }

    fn route(&self, to: &Destination) -> Route {
        let mut route = Route::new(&to.number, &to.target);
        if to.room().is_some() {
            route = route.with("lonely", if to.lonely { "true" } else { "false" });
            if to.tells {
                route = route.with("notify", "monitor/trial");
            }
        }
        match to.role {
            Some(role) => route.with("touchtone_role", &self.config.roles[role]),
            None => route,
        }
    }

    /// The messages of codes that modules may have to handle which the simulated engine has not.
    pub(super) fn asked_of_others(&self) -> BTreeSet<&str> {
        let asked = self.config.codes.iter().filter_map(|code| match &code.operation {
            Operation::Message { name, .. } => Some(name.as_str()),
            _ => None,
        });
        asked
            .filter(|name| !["chan.dtmf", "chan.masquerade", "call.execute", "call.route"].contains(name))
            .collect()
    }

    /// The channels that codes name themselves, whoever keys them.
    pub(super) fn named(&self) -> Vec<Vec<u8>> {
        let params = self.config.codes.iter().filter_map(|code| match &code.operation {
            Operation::Message { params, .. } => Some(params),
            _ => None,
        });
        params
            .flatten()
            .filter(|(name, _)| ["id", "targetid"].contains(&name.as_str()))
            .map(|(_, value)| value.render(|_| None))
            .collect()
    }

    /// An act in words, with what it is about by its name.
    #[must_use]
    pub fn tell(&self, act: &Act) -> String {
        match act {
            Act::Call { who, to } => format!("caller {who} calls {}", self.called(*to)),
            Act::Meddle { who, what: Meddling::Join(to) } => {
                format!("somebody else puts {who} into {}", self.room(*to).target)
            }
            act => act.to_string(),
        }
    }

    fn called(&self, to: usize) -> String {
        let Destination { target, role, .. } = self.destination(to);
        let what = if target.starts_with("sip/") { "a telephone" } else { target };
        match role {
            Some(role) => format!("{what} as {}", self.config.roles[*role]),
            None => what.to_owned(),
        }
    }

    pub(super) fn destination(&self, to: usize) -> &Destination {
        &self.destinations[to % self.destinations.len()]
    }

    /// A destination that is a room.
    pub(super) fn room(&self, to: usize) -> &Destination {
        let rooms: Vec<_> = self.destinations.iter().filter(|to| to.room().is_some()).collect();
        rooms[to % rooms.len()]
    }

    /// After how long nothing is under way any more, if nothing happens, and the engine was asked again what is so.
    #[must_use]
    pub fn dust(&self) -> Duration {
        let longest = self.times.last().copied().unwrap_or_default();
        // One time may go wrong.
        longest * 2 + (self.config.yate.answer_timeout + RECHECKED_EVERY) * 2 + Duration::from_secs(20)
    }

    /// After how long what is given up is forgotten, too.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.dust() + Duration::from_secs(120)
    }
}

fn times(config: &Config) -> Vec<Duration> {
    let states = config.states.iter();
    let mut times: Vec<_> = states
        .flat_map(|state| [Some(state.interdigit), Some(state.critical), state.first_key])
        .flatten()
        .collect();
    times.extend(config.codes.iter().flat_map(|code| [code.interdigit, code.critical]).flatten());
    times.push(config.keypad.reorder);
    times.sort();
    times.dedup();
    times
}
