//! A simulated engine with a module beside it, in one memory and one virtual time: what the demo and the tests play
//! on. Bytes pass between the two as they would on a socket; nothing is left out but the socket.

use std::sync::Arc;
use std::time::Duration;

use bstr::ByteSlice;
use jiff::Timestamp;

use crate::assist::{Assist, Output, Report, Role};
use crate::config::Config;
use crate::control::protocol::Command;
use crate::link::{Event, Pump};
use crate::moment::Moment;
use crate::sim::{ConnectionId, Mishap, Settings, Sim};
use crate::store::Reply;

/// How long it takes to connect again when the engine has closed the connection.
const BACK_AFTER: Duration = Duration::from_millis(300);

/// The engine, the module, and what they told.
#[derive(Debug)]
pub struct Stage {
    sim: Sim,
    config: Arc<Config>,
    pump: Pump,
    connection: ConnectionId,
    /// When there is a connection again by itself, if there is none.
    back: Option<Duration>,
    epoch: Timestamp,
    told: Vec<(Duration, Told)>,
}

/// Something that happened on the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What the module tells people.
    Report(Report),
    /// A line that the module sent, without its newline.
    Sent(Vec<u8>),
    /// A line that the engine sent, without its newline.
    Received(Vec<u8>),
}

impl Stage {
    /// A module with that configuration, connected to an engine with those settings, and ready.
    #[must_use]
    pub fn new(config: Arc<Config>, settings: Settings) -> Self {
        let epoch = i64::try_from(settings.epoch).ok().and_then(|at| Timestamp::from_second(at).ok());
        let mut sim = Sim::new(settings);
        let connection = sim.connect();
        let pump = Pump::new(Assist::new(config.clone()));
        let epoch = epoch.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut stage = Stage { sim, config, pump, connection, back: None, epoch, told: Vec::new() };
        stage.handle(Event::Connected(Role::Socket));
        stage.settle();
        stage
    }

    /// The engine, to see what is so.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The engine, to do something: call, key, hang up. It takes effect with [`advance`](Self::advance).
    pub fn sim_mut(&mut self) -> &mut Sim {
        &mut self.sim
    }

    /// What the module believes.
    #[must_use]
    pub fn assist(&self) -> &Assist {
        self.pump.assist()
    }

    /// The time, from the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.sim.now()
    }

    /// Lets time pass, with everything that happens in it.
    pub fn advance(&mut self, time: Duration) {
        let until = self.now() + time;
        self.settle();
        while let Some(next) = self.next_event().filter(|&next| next <= until) {
            self.sim.advance(next);
            if self.back.take_if(|at| *at <= next).is_some() {
                self.connect();
            }
            if self.pump.poll_timeout().is_some_and(|due| due <= next) {
                self.handle(Event::Due);
            }
            self.settle();
        }
        self.sim.advance(until);
        self.settle();
    }

    /// The module is killed: what it knew is gone with it, and the engine goes on alone.
    pub fn kill_module(&mut self) {
        self.sim.disconnect(self.connection);
        self.pump = Pump::new(Assist::new(self.config.clone()));
        // It does not come back by itself.
        self.back = Some(Duration::MAX);
    }

    /// The module is killed and started again with another configuration.
    pub fn restart_module_with(&mut self, config: Arc<Config>) {
        self.config = config;
        self.restart_module();
    }

    /// The module is killed and started again, as by somebody who knows nothing of what was.
    pub fn restart_module(&mut self) {
        self.kill_module();
        self.connect();
    }

    /// The module's configuration is another one from now on.
    pub fn reload(&mut self, config: Arc<Config>) {
        self.config = config.clone();
        self.handle(Event::Reload(config));
        self.settle();
    }

    /// Somebody gives a command; it is answered in [`take_asides`](Self::take_asides), at once or later.
    pub fn command(&mut self, number: u64, command: Command) {
        self.handle(Event::Command(number, command));
        self.settle();
    }

    /// The store answers.
    pub fn stored(&mut self, number: u64, reply: Reply) {
        self.handle(Event::Stored(number, reply));
        self.settle();
    }

    /// What was asked of the store, and answered to commands, since the last time.
    pub fn take_asides(&mut self) -> Vec<Output> {
        self.pump.take_asides()
    }

    /// The date and time of day.
    #[must_use]
    pub fn date(&self) -> Timestamp {
        Moment::at(self.now(), self.epoch).date
    }

    /// The clock on the wall jumps.
    pub fn set_clock(&mut self, date: Timestamp) {
        self.epoch = date.checked_sub(self.now()).unwrap_or(Timestamp::UNIX_EPOCH);
    }

    /// The engine ends and another one is started, which knows of nothing that was.
    pub fn restart_engine(&mut self) {
        let mut settings = self.sim.settings().clone();
        settings.run_id = format!("{}1", settings.run_id);
        let now = self.now();
        self.handle(Event::Lost("the engine has ended".to_owned()));
        self.sim = Sim::new(settings);
        self.sim.advance(now);
        self.connect();
    }

    /// The connection is lost, and there is another one after some time.
    pub fn reconnect(&mut self, after: Duration) {
        self.sim.disconnect(self.connection);
        self.handle(Event::Lost("the connection is lost".to_owned()));
        self.sim.advance(self.now() + after);
        self.connect();
    }

    /// The connection is lost, and there will be another one after some time.
    pub fn lose(&mut self, after: Duration) {
        self.sim.disconnect(self.connection);
        self.lost("the connection is lost", after);
        self.settle();
    }

    fn lost(&mut self, problem: &str, after: Duration) {
        if self.back.is_none() {
            self.handle(Event::Lost(problem.to_owned()));
            self.back = Some(self.now() + after);
        }
    }

    /// Something goes wrong between the engine and the module.
    pub fn mishap(&mut self, mishap: Mishap) {
        self.sim.mishap(self.connection, mishap);
    }

    /// What was told since the last time, and when.
    pub fn take_told(&mut self) -> Vec<(Duration, Told)> {
        std::mem::take(&mut self.told)
    }

    fn connect(&mut self) {
        self.back = None;
        self.connection = self.sim.connect();
        self.handle(Event::Connected(Role::Socket));
        self.settle();
    }

    fn next_event(&self) -> Option<Duration> {
        let times = [self.sim.next_event(), self.pump.poll_timeout(), self.back];
        times.into_iter().flatten().min().map(|next| next.max(self.now()))
    }

    /// Passes bytes to and fro until neither has anything to say now.
    fn settle(&mut self) {
        loop {
            self.sim.advance(self.now());
            let said = self.sim.transmit(self.connection);
            if !said.is_empty() {
                let now = self.sim.now();
                self.told.extend(said.lines().map(|line| (now, Told::Received(line.to_vec()))));
                self.handle(Event::Bytes { bytes: &said, since: now });
            }
            if !self.sim.is_open(self.connection) {
                self.lost("the engine closed the connection", BACK_AFTER);
            }
            if said.is_empty() {
                return;
            }
        }
    }

    fn handle(&mut self, event: Event<'_>) {
        let now = self.sim.now();
        let told = &mut self.told;
        let moment = Moment::at(now, self.epoch);
        self.pump.handle_telling(moment, event, |report| told.push((now, Told::Report(report))));
        for line in self.pump.pending().lines() {
            self.told.push((now, Told::Sent(line.to_vec())));
        }
        self.sim.receive(self.connection, self.pump.pending());
        let written = self.pump.pending().len();
        self.pump.handle_telling(moment, Event::Wrote(written), |_| {});
    }
}
