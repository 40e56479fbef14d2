//! The stage with its cast, and somebody who looks on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::cast::{self, Person};
use super::onlooker::Onlooker;
use super::words::{self, Line};
use crate::assist::HeldView;
use crate::command::{Failure, example};
use crate::config::{self, Config};
use crate::key::{Key, Keys};
use crate::sim::{ChannelId, ChannelView, RoomView, Sim};
use crate::stage::Stage;

/// How often the onlooker looks.
const BLINK: Duration = Duration::from_millis(50);

/// People at telephones, the engine, touchtone beside it, and what there is to tell.
#[derive(Debug)]
pub(super) struct Scene {
    stage: Stage,
    onlooker: Onlooker,
}

/// The configuration that `touchtone example` prints.
pub(super) fn configuration() -> Result<Arc<Config>, Failure> {
    let text = |_: &Path| Ok(example::CONFERENCE.to_owned());
    let loaded = config::load(Path::new("conference.toml"), text);
    loaded.map(|loaded| Arc::new(loaded.config)).map_err(|refused| Failure::Refused(refused.to_string()))
}

impl Scene {
    /// Nobody calls anybody yet. With `wire` the lines of the protocol are told too.
    pub(super) fn new(config: Arc<Config>, seed: u64, wire: bool) -> Self {
        let stage = Stage::new(config, cast::settings(seed));
        let mut scene = Scene { stage, onlooker: Onlooker::new(wire) };
        scene.advance(BLINK);
        scene.onlooker.forget_requests();
        scene
    }

    /// The engine.
    pub(super) fn sim(&self) -> &Sim {
        self.stage.sim()
    }

    /// The time, from the start.
    pub(super) fn now(&self) -> Duration {
        self.stage.now()
    }

    /// What happened since the last time.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        self.onlooker.take_lines()
    }

    /// Somebody's call, if they have one.
    pub(super) fn call_of(&self, person: Person) -> Option<ChannelView> {
        self.sim().channels().find(|channel| channel.address == person.address())
    }

    /// Whom somebody is in a call with.
    pub(super) fn other_party(&self, person: Person) -> Option<Person> {
        let peer = self.call_of(person)?.peer?;
        Person::at(&self.sim().channel(&peer)?.address)
    }

    /// What touchtone holds of somebody's keys.
    pub(super) fn held(&self, person: Person) -> Option<HeldView> {
        let call = self.call_of(person)?;
        self.stage.assist().held(call.id.as_str().into())
    }

    /// The conference room, while there is one.
    pub(super) fn room(&self) -> Option<RoomView> {
        self.sim().room(cast::ROOM)
    }

    /// Every room there is.
    pub(super) fn rooms(&self) -> Vec<RoomView> {
        self.sim().rooms().filter_map(|name| self.sim().room(&name)).collect()
    }

    /// Whose leg or channel that is.
    pub(super) fn name(&self, channel: &ChannelId) -> String {
        words::name(self.onlooker.names(), channel.as_str().as_bytes())
    }

    /// Somebody calls a number.
    pub(super) fn call(&mut self, person: Person, number: &str) {
        let whom = match Person::of_number(number) {
            Some(called) => format!("{} ({number})", called.name()),
            None => number.to_owned(),
        };
        self.note(person, format!("calls {whom}"));
        self.stage.sim_mut().call(&person.calls(number));
    }

    /// Something about somebody is worth telling.
    pub(super) fn note(&mut self, person: Person, text: impl Into<String>) {
        self.onlooker.person(self.now(), person, text);
    }

    /// Somebody presses a key; without a call nothing comes of it.
    pub(super) fn key(&mut self, person: Person, key: Key) {
        if let Some(call) = self.call_of(person) {
            self.stage.sim_mut().key(&call.id, &Keys::from([key].as_slice()));
        }
    }

    /// Somebody hangs up.
    pub(super) fn hang_up(&mut self, person: Person) {
        if let Some(call) = self.call_of(person) {
            self.onlooker.hangs_up(self.now(), person, &call.id);
            self.stage.sim_mut().hangup(&call.id);
        }
    }

    /// Time passes, and everything that happens in it is looked at.
    pub(super) fn advance(&mut self, time: Duration) {
        let until = self.now() + time;
        while self.now() < until {
            self.stage.advance(BLINK.min(until - self.now()));
            let told = self.stage.take_told();
            self.onlooker.look(self.stage.sim(), told);
        }
    }
}
