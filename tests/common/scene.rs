//! Callers on a simulated engine with a module beside it.

use std::sync::Arc;
use std::time::Duration;

use touchtone::assist::Report;
use touchtone::config::Config;
use touchtone::sim::{CallRequest, ChannelId, ChannelView, Settings, Sim};
use touchtone::stage::{Stage, Told};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Scene {
    pub(crate) stage: Stage,
}

impl Scene {
    pub(crate) fn new(config: Arc<Config>, settings: Settings) -> Self {
        let mut stage = Stage::new(config, settings);
        stage.advance(SECOND);
        Scene { stage }
    }

    pub(crate) fn call(&mut self, caller: &str, called: &str) -> ChannelId {
        let port = 7000 + caller.bytes().map(u16::from).sum::<u16>() % 1000;
        let channel =
            self.stage.sim_mut().call(&CallRequest::new(caller, called, format!("127.0.0.1:{port}")));
        self.stage.advance(SECOND);
        channel
    }

    /// Two who talk to each other.
    pub(crate) fn pair(&mut self) -> (ChannelId, ChannelId) {
        let one = self.call("dave", "7010");
        let other = self.channel(&one).peer.expect("a peer");
        (one, other)
    }

    pub(crate) fn key(&mut self, channel: &ChannelId, keys: &str) {
        for key in keys.chars() {
            self.stage.sim_mut().key(channel, &key.to_string().parse().expect("a key"));
            self.stage.advance(SECOND / 10);
        }
        self.stage.advance(SECOND);
    }

    pub(crate) fn sim(&self) -> &Sim {
        self.stage.sim()
    }

    pub(crate) fn channel(&self, id: &ChannelId) -> ChannelView {
        self.sim().channel(id).expect("a channel")
    }

    pub(crate) fn muted(&self, channel: &ChannelId) -> bool {
        self.channel(channel).muted
    }

    /// What the party of a channel was played last.
    pub(crate) fn heard_last(&self, channel: &ChannelId) -> Option<String> {
        self.channel(channel).heard.pop()
    }

    /// The codes that fired since the last time.
    pub(crate) fn fired(&mut self) -> Vec<String> {
        self.told(|report| match report {
            Report::Fired { code, .. } => Some(code),
            _ => None,
        })
    }

    /// The operations that ended since the last time, by their codes; one that failed with a `!`.
    pub(crate) fn ended(&mut self) -> Vec<String> {
        self.told(|report| match report {
            Report::Done { code, .. } => Some(code),
            Report::Failed { code, .. } => Some(code + "!"),
            _ => None,
        })
    }

    fn told(&mut self, wanted: impl Fn(Report) -> Option<String>) -> Vec<String> {
        let told = self.stage.take_told().into_iter();
        told.filter_map(|(_, told)| match told {
            Told::Report(report) => wanted(report),
            Told::Sent(_) | Told::Received(_) => None,
        })
        .collect()
    }
}
