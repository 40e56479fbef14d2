//! What a simulated engine is like, and the calls that come to it.

use std::time::Duration;

use super::mishap::Mishaps;

/// What a [`Sim`](super::Sim) is like. Everything that it does follows from these and from what is done to it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Chance depends on this alone.
    pub seed: u64,
    /// The most threads that dispatch messages (`maxworkers` of `yate.conf`). One that waits for a module's answer
    /// does nothing else.
    pub workers: usize,
    /// How many of them there are from the start (`minworkers`); when all are stuck another is made every two
    /// seconds. An engine as installed begins with 1.
    pub workers_at_start: usize,
    /// How much the threads overtake each other.
    pub jitter: Jitter,
    /// How long a module has to answer, if it does not set `timeout` itself.
    pub answer_timeout: Duration,
    /// The messages that may wait for one module, if it does not set `maxqueue` itself.
    pub queue_limit: usize,
    /// How long the thread that reads a connection sleeps when there was nothing to read (`idlemsec`).
    pub read_idle: Duration,
    /// `engine.version`
    pub version: String,
    /// `engine.nodename`
    pub node_name: String,
    /// `engine.runid`, also the first part of every `billid`; it changes when an engine restarts.
    pub run_id: String,
    /// The date at the start, in seconds since 1970.
    pub epoch: u64,
    /// Where the engine's own SIP is, as `host:port`.
    pub sip_address: String,
    /// Where calls go, as `regexroute.conf` would have it; the first that matches counts.
    pub routes: Vec<Route>,
    /// What those who are called do, by the user part of their address or the whole of it; others answer as
    /// [`Callee::default`] does.
    pub callees: Vec<(String, Callee)>,
    /// How long a file lasts when it is played, by the name of the resource (`wave/play/…`); others last
    /// [`Settings::play_time`].
    pub files: Vec<(String, Duration)>,
    /// How long a file lasts of which nothing else is said.
    pub play_time: Duration,
    /// Resources that cannot be played because there is no such file.
    pub missing_files: Vec<String>,
    /// How many channels of each kind (`sip`, `conf`, …) and how many bills (`bill`) there have been already: new ones
    /// are numbered from there on.
    pub history: Vec<(String, u64)>,
    /// The most lines that the log keeps, and the most recordings that are remembered; older ones are forgotten.
    pub log_limit: usize,
    /// What goes wrong between the engine and its modules.
    pub mishaps: Mishaps,
}

/// How much the threads that dispatch messages overtake each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter {
    /// How many of the messages are held up, from 0 to 1.
    pub probability: f64,
    /// For how long at most.
    pub span: Duration,
}

/// Where a called number goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The number, or with a final `*` what it begins with.
    pub called: String,
    /// What it is connected to, as `conf/sampleroom`.
    pub target: String,
    /// Parameters for that.
    pub params: Vec<(String, String)>,
}

/// What somebody who is called does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// Picks up.
    Answers {
        /// How long after the call came.
        after: Duration,
    },
    /// Is rung, then picks up.
    Rings {
        /// How long it rings.
        answers_after: Duration,
    },
    /// Is talking to somebody else.
    Busy,
    /// Presses the call away.
    Declines,
    /// Is not known where the call goes.
    Unknown,
    /// Is rung and never picks up.
    NoAnswer,
    /// Nothing is ever heard from there; the engine gives up after 32 seconds.
    Silent,
}

impl Default for Callee {
    fn default() -> Self {
        Callee::Answers { after: Duration::from_millis(8) }
    }
}

/// A call that comes in by SIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// Who calls.
    pub caller: String,
    /// Whom or what.
    pub called: String,
    /// Where from, as `host:port`.
    pub address: String,
    /// What else the call's message says, in order, after `called`. An empty `sip_callid` is made up.
    pub params: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 0,
            workers: 10,
            workers_at_start: 10,
            jitter: Jitter { probability: 0.0, span: Duration::ZERO },
            answer_timeout: Duration::from_secs(10),
            queue_limit: 1000,
            read_idle: Duration::from_millis(5),
            version: "6.4.1".into(),
            node_name: "sim".into(),
            run_id: "1795419992".into(),
            epoch: 1_795_419_992,
            sip_address: "127.0.0.1:5060".into(),
            routes: Route::samples(),
            callees: Vec::new(),
            files: Vec::new(),
            play_time: Duration::from_secs(1),
            missing_files: Vec::new(),
            history: Vec::new(),
            log_limit: 10_000,
            mishaps: Mishaps::default(),
        }
    }
}

impl Jitter {
    /// As much as a live engine shows under digits keyed with no gap: now and then one is swapped with the next,
    /// at 2 ms between them a few in a hundred, at 20 ms none.
    #[must_use]
    pub fn lifelike() -> Self {
        Jitter { probability: 0.05, span: Duration::from_millis(5) }
    }
}

impl Route {
    /// A route without parameters.
    pub fn new(called: impl Into<String>, target: impl Into<String>) -> Self {
        Route { called: called.into(), target: target.into(), params: Vec::new() }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// 800 is a room that tells what happens in it, 801 one that does not, 900 a tone, and 70 to 79 followed by
    /// anything are telephones.
    #[must_use]
    pub fn samples() -> Vec<Route> {
        vec![
            Route::new("800", "conf/sampleroom")
                .with("lonely", "true")
                .with("billing", "true")
                .with("maxusers", "200")
                .with("notify", "monitor/sampleroom")
                .with("speakers", "3")
                .with("interval", "1000"),
            Route::new("801", "conf/plain").with("lonely", "true"),
            Route::new("900", "tone/dial"),
            Route::new("7*", "sip/sip:*@127.0.0.1:7010"),
        ]
    }

    /// The target, if this route is for `called`; a `*` in it stands for the number.
    pub(super) fn target_for(&self, called: &str) -> Option<String> {
        let hit = match self.called.strip_suffix('*') {
            Some(prefix) => called.starts_with(prefix),
            None => called == self.called,
        };
        hit.then(|| self.target.replace('*', called))
    }
}

impl CallRequest {
    /// A call with the headers that a plain SIP telephone sends.
    pub fn new(caller: impl Into<String>, called: impl Into<String>, address: impl Into<String>) -> Self {
        let (caller, called, address) = (caller.into(), called.into(), address.into());
        let (host, port) = address.split_once(':').unwrap_or((&address, "5060"));
        let params = [
            ("callername", caller.clone()),
            ("antiloop", "19".into()),
            ("ip_host", host.into()),
            ("ip_port", port.into()),
            ("ip_transport", "UDP".into()),
            ("address", address.clone()),
            ("connection_id", "general".into()),
            ("connection_reliable", "false".into()),
            ("sip_uri", format!("sip:{called}@127.0.0.1:5060")),
            ("sip_from", format!("sip:{caller}@{address}")),
            ("sip_to", format!("<sip:{called}@127.0.0.1:5060>")),
            ("sip_callid", String::new()),
            ("device", String::new()),
            ("sip_contact", format!("<sip:{caller}@{address}>")),
            ("sip_content-type", "application/sdp".into()),
            ("newcall", "true".into()),
            ("domain", "127.0.0.1".into()),
            ("rtp_addr", host.into()),
            ("media", "yes".into()),
            ("formats", "mulaw".into()),
            ("transport", "RTP/AVP".into()),
            ("rtp_rfc2833", "101".into()),
            ("rtp_port", "7100".into()),
            ("rtp_forward", "possible".into()),
        ];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        CallRequest { caller, called, address, params }
    }

    /// Sets a parameter of the call's message.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        match self.params.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value.into(),
            None => self.params.push((name.to_owned(), value.into())),
        }
        self
    }
}
