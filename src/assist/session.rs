//! The connection's beginning and end: what is asked of the engine, and how it is left.

use std::time::Duration;

use bstr::{BStr, ByteSlice};

use super::behind::USUAL_PATIENCE;
use super::flight::{Account, Flight, Purpose};
use super::questions::Question;
use super::timers::Timer;
use super::watch::WATCHED;
use super::{Assist, Engine, Report};
use crate::config::Config;
use crate::moment::Moment;
use crate::store::Request;
use crate::wire::{MAX_LINE_LIMIT, ModuleLine, Params};

/// How a connection came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// We connected to the engine's UNIX socket, and introduce ourselves.
    Socket,
    /// The same, by TCP.
    Tcp {
        /// Whether the engine is on this machine.
        same_host: bool,
    },
    /// The engine started us and speaks on standard input and output.
    Script,
}

/// What a module's handlers are called in the engine's `handlers` lists, and what the rooms we make tell.
pub(super) const NOTIFY_ID: &str = "touchtone";

/// Before the engine's own routing of calls.
const ROUTE_PRIORITY: u32 = 50;

/// Before the modules that connect calls, at 90, and before the call's record is written, at 50.
const EXECUTE_PRIORITY: u32 = 45;

/// Before the conference module, at 150.
const CONFERENCE_PRIORITY: u32 = 140;

/// The most messages the engine lets wait for one module.
const MAX_QUEUE: &str = "10000";

/// How long messages may still come after the engine has said that a handler is removed: those that were on their way.
const LINGER: Duration = Duration::from_millis(50);

/// How long the engine may take to let us go.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Down,
    /// Waiting for the engine's account of itself; this many answers are missing.
    Starting {
        missing: usize,
    },
    Ready,
    /// Handlers are being removed.
    Uninstalling {
        since: Duration,
    },
    /// They are removed; what was on its way is still answered, and our own answers are waited for, until then at most.
    Lingering {
        since: Duration,
        until: Duration,
    },
    /// Everything is said; the engine closes.
    Quitting {
        since: Duration,
    },
}

impl Phase {
    fn due(self) -> Option<Duration> {
        match self {
            Phase::Uninstalling { since } | Phase::Quitting { since } => Some(since + LEAVE_PATIENCE),
            Phase::Lingering { since, until } => Some((since + LINGER).min(until)),
            Phase::Down | Phase::Starting { .. } | Phase::Ready => None,
        }
    }
}

impl Assist {
    /// Whether the engine's account is in, so that operations know what they act on.
    pub(super) fn is_ready(&self) -> bool {
        !matches!(self.phase, Phase::Down | Phase::Starting { .. })
    }

    pub(super) fn set_phase(&mut self, phase: Phase) {
        self.timers.change(Timer::Session, self.phase.due(), phase.due());
        self.phase = phase;
    }

    /// Introduces us, then installs and watches, then asks for the engine's account: events that come after it was
    /// given are seen, so nothing falls between.
    pub(super) fn connected(&mut self, now: Moment, role: Role) {
        self.connections += 1;
        if role != Role::Script {
            self.outbox.line(&ModuleLine::Connect { role: b"global".into(), id: None, kind: None });
        }
        let buffer = MAX_LINE_LIMIT.to_string();
        let patience = USUAL_PATIENCE.as_millis().to_string();
        let mut locals = vec![
            ("engine.version", ""),
            ("engine.runid", ""),
            ("engine.maxworkers", ""),
            ("bufsize", buffer.as_str()),
            ("maxqueue", MAX_QUEUE),
            ("timeout", patience.as_str()),
            ("trackparam", NOTIFY_ID),
        ];
        self.has_waited(Duration::ZERO);
        let Engine { version, run, .. } = std::mem::take(&mut self.engine);
        self.engine = Engine { version, run, role: Some(role), ..Engine::default() };
        if role == Role::Script {
            locals.push(("restart", "true"));
        }
        for (name, value) in locals {
            let line = ModuleLine::SetLocal { name: name.as_bytes().into(), value: value.as_bytes().into() };
            self.outbox.line(&line);
        }
        for name in self.watched_names() {
            self.outbox.line(&ModuleLine::Watch(name.as_bytes().into()));
        }
        self.handlers.clear();
        self.uninstalling = 0;
        for (name, priority) in Assist::handled(&self.config) {
            self.install(name, priority);
        }
        self.ask_for_account(now);
    }

    /// Has the engine ask us, unless it does.
    pub(super) fn install(&mut self, name: &'static str, priority: u32) {
        if !self.handlers.iter().any(|(known, _)| *known == name) {
            self.handlers.push((name, priority));
            let name = name.as_bytes().into();
            self.outbox.line(&ModuleLine::Install { priority: Some(priority), name, filter: None });
        }
    }

    /// Has the engine ask us no more. What is on its way is answered.
    pub(super) fn uninstall(&mut self, name: &'static str) {
        self.handlers.retain(|(known, _)| *known != name);
        self.uninstalling += 1;
        self.outbox.line(&ModuleLine::Uninstall(name.as_bytes().into()));
    }

    /// The messages that we handle, and at which priority: digits, and the ways into rooms under control.
    pub(super) fn handled(config: &Config) -> Vec<(&'static str, u32)> {
        let guards = config.guards_rooms();
        let digits = config.yate.intercept.then_some(("chan.dtmf", config.yate.priority));
        let routes = (!config.routes.all.is_empty()).then_some(("call.route", ROUTE_PRIORITY));
        let executes = guards.then_some(("call.execute", EXECUTE_PRIORITY));
        let conferences = guards.then_some(("call.conference", CONFERENCE_PRIORITY));
        [digits, routes, executes, conferences].into_iter().flatten().collect()
    }

    fn watched_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let observed = (!self.config.yate.intercept).then_some("chan.dtmf");
        WATCHED.into_iter().chain(observed)
    }

    /// Asks a driver what its channels are connected to.
    pub(super) fn ask_for_parties(&mut self, now: Moment, driver: &BStr) {
        if let Phase::Starting { missing } = self.phase
            && self.send_aside(
                now,
                Purpose::Account { of: Account::Parties, asks: 1 },
                "engine.status",
                Params::new().with("module", driver),
            )
        {
            self.set_phase(Phase::Starting { missing: missing + 1 });
        }
    }

    fn ask_for_account(&mut self, now: Moment) {
        let missing = Account::ALL.len();
        for of in Account::ALL {
            self.ask_account(now, of, 1);
        }
        self.set_phase(Phase::Starting { missing });
    }

    pub(super) fn local_set(&mut self, now: Moment, name: &[u8], value: &[u8], success: bool) {
        let text = value.to_str_lossy().into_owned();
        match name {
            b"bufsize" if success => {
                if let Ok(limit) = text.parse() {
                    self.outbox.set_limit(limit);
                }
            }
            b"engine.version" => self.engine.version = text,
            b"engine.runid" => {
                if self.engine.run != text && !self.engine.run.is_empty() {
                    self.another_engine(now);
                }
                self.engine.run = text;
                self.ask_for_kept(now);
            }
            b"engine.maxworkers" => self.engine.workers = text.parse().ok(),
            b"timeout" if success => {
                let patience = text.parse().map_or(Some(USUAL_PATIENCE), |ms: i64| {
                    u64::try_from(ms).ok().filter(|ms| *ms > 0).map(Duration::from_millis)
                });
                self.engine.patience = patience;
            }
            _ if !success => {
                let text = format!("the engine did not grant {}", name.as_bstr());
                self.outbox.report(Report::Trouble { text });
            }
            _ => {}
        }
    }

    /// The engine is another one than before, and counts its channels and legs anew: what was is no more.
    fn another_engine(&mut self, now: Moment) {
        for entry in self.calls.forget_kept().into_iter().filter_map(|kept| kept.entry) {
            self.entry_over(now, Some(entry), "the engine was started again");
        }
        self.calls.forget_all();
        self.former.clear();
        self.rooms.forget_all();
        self.outgoing_before.clear();
        self.forget_keeper();
    }

    pub(super) fn installed(&mut self, name: &[u8], success: bool) {
        if !success {
            let what = if name == b"chan.dtmf" { "no key will work" } else { "rooms are not under control" };
            let text = format!("the engine refused our handler of {}: {what}", name.as_bstr());
            self.outbox.report(Report::Trouble { text });
        }
    }

    /// The engine told everything: what waited can go on.
    pub(super) fn ready(&mut self, now: Moment) {
        self.set_phase(Phase::Ready);
        if self.calls.len() > 0 {
            // An event from before may yet come.
            self.recheck.is_needed();
        }
        self.recheck_later(now);
        if self.engine.run.is_empty() {
            let text = "what listens there does not answer as an engine does: is it the port of its external modules?";
            self.outbox.report(Report::Trouble { text: text.to_owned() });
        } else {
            let Engine { version, run, .. } = self.engine.clone();
            self.outbox.report(Report::Ready { engine: version, run });
            for text in self.engine.advice(self.config.yate.intercept) {
                self.outbox.report(Report::Advice { text });
            }
        }
        for entry in self.calls.forget_kept().into_iter().filter_map(|kept| kept.entry) {
            self.entry_over(now, Some(entry), "the caller is gone");
        }
        self.forget_places_in_rooms(now);
        self.know_calls_before();
        self.forget_calls_before(now);
        self.learn_numbers();
        self.ask_again(now);
        self.settle_account(now);
        self.keep_what_is_there();
        self.bring_in_answered(now);
        self.ask_for_occurrences(now, None);
        if self.has_store() {
            self.ask_store(now, Question::OpenAttendance(self.connections), Request::OpenAttendance);
        }
        let channels: Vec<_> =
            self.calls.iter().filter(|(_, c)| !c.rare.jobs.is_empty()).map(|(_, c)| c.id.clone()).collect();
        for channel in channels {
            self.next_job(now, &channel);
        }
    }

    /// Leaves so that nothing waits for us: held digits go where they belong, handlers are removed, what is still on
    /// its way is answered, and only then the connection ends. On `quit` the engine would let what waits run into its
    /// time-out.
    pub(super) fn say_goodbye(&mut self, now: Moment) {
        if self.phase == Phase::Down {
            return self.outbox.leave();
        }
        self.let_go(now);
        for (name, _) in self.handlers.clone() {
            self.uninstall(name);
        }
        if self.uninstalling == 0 {
            return self.linger(now);
        }
        self.set_phase(Phase::Uninstalling { since: now.steady });
    }

    /// The engine has removed a handler of ours.
    pub(super) fn uninstalled(&mut self, now: Moment) {
        self.uninstalling = self.uninstalling.saturating_sub(1);
        if self.uninstalling == 0 && matches!(self.phase, Phase::Uninstalling { .. }) {
            self.linger(now);
        }
    }

    /// The engine asks us nothing new.
    pub(super) fn linger(&mut self, now: Moment) {
        self.set_phase(Phase::Lingering { since: now.steady, until: now.steady + LEAVE_PATIENCE });
    }

    fn quit(&mut self, now: Moment) {
        self.fail_all_jobs(now, "touchtone was told to leave");
        self.write_all_kept(now);
        for name in self.watched_names() {
            self.outbox.line(&ModuleLine::Unwatch(name.as_bytes().into()));
        }
        if self.engine.role == Some(Role::Script) {
            // Or it would start us again at once.
            self.outbox.line(&ModuleLine::SetLocal { name: b"restart".into(), value: b"false".into() });
        }
        self.outbox.line(&ModuleLine::Quit);
        self.set_phase(Phase::Quitting { since: now.steady });
    }

    pub(super) fn session_timeout(&mut self, now: Moment) {
        if let Phase::Lingering { until, .. } = self.phase {
            let goes_on = |flight: &Flight| matches!(flight.purpose, Purpose::Step(..) | Purpose::Release(_));
            if until <= now.steady || !self.flights.values().any(goes_on) {
                return self.quit(now);
            }
            // Digits that went on may have others behind them, and what was begun is to be finished.
            return self.set_phase(Phase::Lingering { since: now.steady, until });
        }
        self.outbox.report(Report::Trouble { text: "the engine did not let us go in time".to_owned() });
        self.set_phase(Phase::Down);
        self.outbox.leave();
    }
}
