//! A brain to talk to, line by line, as an engine would.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use touchtone::assist::{Assist, Input, Output, Report, Role};
use touchtone::config::{self, Config};
use touchtone::control::protocol::Outcome;
use touchtone::moment::Moment;
use touchtone::store;
use touchtone::wire::EngineLine;

/// An engine's account, as it is on the wire, of what there is none of.
pub(crate) const NOTHING: &str = "name=x,type=misc;chans=0;%M%J";

/// The configuration of a text.
pub(crate) fn config(text: &str) -> Arc<Config> {
    match config::load(Path::new("test.toml"), |_| Ok(text.to_owned())) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(refused) => panic!("{refused}"),
    }
}

/// The configuration that the README uses.
pub(crate) fn conference() -> Arc<Config> {
    config(include_str!("../../config/conference.toml"))
}

pub(crate) struct Brain {
    pub(crate) assist: Assist,
    pub(crate) now: Duration,
    pub(crate) reports: Vec<Report>,
    /// What was asked of the store, with the numbers of the questions.
    pub(crate) stored: Vec<(u64, store::Request)>,
    /// What was answered to commands, with their numbers.
    pub(crate) answers: Vec<(u64, Outcome)>,
}

impl Brain {
    /// One that has no connection.
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Brain {
            assist: Assist::new(config),
            now: Duration::ZERO,
            reports: Vec::new(),
            stored: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// One that the engine has told that there is nothing yet.
    pub(crate) fn ready(config: Arc<Config>) -> Self {
        let mut brain = Brain::new(config);
        let sent = brain.input(Input::Connected(Role::Socket));
        brain.say("%%<setlocal:engine.runid:1795420044:true");
        brain.say("%%<setlocal:bufsize:65536:true");
        for line in sent.iter().filter(|line| line.contains(":engine.status:")) {
            brain.answer(line, true, NOTHING, "");
        }
        assert!(brain.reports.iter().any(|report| matches!(report, Report::Ready { .. })), "{sent:?}");
        brain
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment::at(self.now, Timestamp::from_second(1_795_420_044).expect("a time"))
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Vec<String> {
        self.assist.handle_input(self.moment(), input);
        self.drain()
    }

    /// The engine says a line; what the brain says then.
    pub(crate) fn say(&mut self, line: &str) -> Vec<String> {
        let line = EngineLine::parse(line.as_bytes()).unwrap_or_else(|problem| panic!("{problem}: {line}"));
        self.input(Input::Line(line))
    }

    /// The engine answers a message that the brain sent. An account of its own ends with a line.
    pub(crate) fn answer(
        &mut self,
        sent: &str,
        processed: bool,
        retvalue: &str,
        params: &str,
    ) -> Vec<String> {
        let id = sent.split(':').nth(1).expect("an id");
        let masked = sent.split(':').find_map(|field| field.strip_prefix("message="));
        let name = masked.unwrap_or_else(|| sent.split(':').nth(3).expect("a name"));
        let is_line = retvalue.is_empty() || retvalue.ends_with("%M%J");
        let end = if name == "engine.status" && !is_line { "%M%J" } else { "" };
        self.say(&format!("%%<message:{id}:{processed}:{name}:{retvalue}{end}{params}"))
    }

    /// A digit that the engine waits with.
    pub(crate) fn key(&mut self, channel: &str, peer: &str, sequence: u32, key: &str) -> Vec<String> {
        self.say(&format!(
            "%%>message:d{sequence}:1795420044:chan.dtmf::id={channel}:peerid={peer}:text={key}:\
             detected=sip-info:sequence={sequence}:duplicate=false"
        ))
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<String> {
        let until = self.now + time;
        let mut sent = Vec::new();
        while let Some(due) = self.assist.poll_timeout().filter(|&due| due <= until) {
            self.now = due;
            self.assist.handle_timeout(self.moment());
            sent.extend(self.drain());
        }
        self.now = until;
        sent
    }

    /// What became of operations and digits since the last time.
    pub(crate) fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    fn drain(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(output) = self.assist.poll_output() {
            match output {
                Output::Send(lines) => {
                    let text = String::from_utf8(lines).expect("text");
                    sent.extend(text.lines().map(str::to_owned));
                }
                Output::Report(report) => self.reports.push(report),
                Output::Leave => sent.push("(leaves)".to_owned()),
                Output::Store { number, request } => self.stored.push((number, request)),
                Output::Answer { number, outcome } => self.answers.push((number, outcome)),
            }
        }
        sent
    }
}

/// sip/2 is in conf/sampleroom, on conf/5, and the engine said so.
pub(crate) fn in_room() -> Brain {
    in_room_with(conference())
}

pub(crate) fn in_room_with(config: Arc<Config>) -> Brain {
    let mut brain = Brain::ready(config);
    brain.say("%%<message::true:call.execute::id=sip/2:answered=false:caller=alice:called=800:billid=7-5:callto=conf/sampleroom:peerid=conf/5:room=conf/sampleroom");
    brain.say("%%<message::false:chan.connected::id=conf/5:module=conf:address=sampleroom:peerid=sip/2");
    brain.say("%%<message::false:chan.connected::id=sip/2:module=sip:peerid=conf/5");
    brain
}

pub(crate) fn ended(reports: &[Report]) -> Vec<String> {
    let end = |report: &Report| match report {
        Report::Done { now, .. } => Some(now.clone()),
        Report::Failed { reason, .. } => Some(format!("failed: {reason}")),
        _ => None,
    };
    reports.iter().filter_map(end).collect()
}

pub(crate) fn fired(reports: &[Report]) -> Vec<String> {
    let name = |report: &Report| match report {
        Report::Fired { code, .. } => Some(code.clone()),
        _ => None,
    };
    reports.iter().filter_map(name).collect()
}
