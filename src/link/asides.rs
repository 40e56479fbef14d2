//! What happens beside the engine: commands on the control socket, looks at the metrics, answers of the store, and another
//! configuration.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::info;

use super::latency::Stopwatch;
use super::pump::{Event, Pump};
use super::reload::{Finished, Reload};
use crate::assist::{Limit, Output};
use crate::config::Config;
use crate::control::protocol::{Answer, Command, Outcome, Status};
use crate::control::server::Server;
use crate::metrics;
use crate::moment::Moment;
use crate::store::worker::{self, Worker};
use crate::store::{Problem, Reply};

/// The number of the command that a look at the metrics is. Those on the control socket count from 1.
const LOOK: u64 = 0;

/// The control socket and the metrics, if there are any, the store, and the configuration.
#[derive(Debug)]
pub(super) struct Asides {
    control: Option<Server>,
    metrics: Option<metrics::Server>,
    store: Worker,
    reload: Reload,
    /// What is in use.
    config: Arc<Config>,
}

/// Something that came from there.
#[derive(Debug)]
pub(super) enum Aside {
    Command(u64, Command),
    Stored(u64, Reply),
    Reload(Arc<Config>),
}

/// The same, before it is known whether the brain has to do with it.
enum Came {
    Aside(Aside),
    Read(Finished),
}

impl From<Aside> for Event<'_> {
    fn from(aside: Aside) -> Self {
        match aside {
            Aside::Command(number, command) => Event::Command(number, command),
            Aside::Stored(number, reply) => Event::Stored(number, reply),
            Aside::Reload(config) => Event::Reload(config),
        }
    }
}

impl Asides {
    /// Listens for commands and for who looks at metrics, opens the store, and looks for who wants that file to be read again.
    ///
    /// # Errors
    /// If they are to be listened for and cannot be. A store that cannot be opened is no error: calls go on.
    pub(super) async fn start(config: Arc<Config>, file: PathBuf) -> io::Result<Self> {
        let reload = Reload::new(file)?;
        let control = match &config.control {
            Some(control) => {
                let server = Server::bind(control, &config.bounds).await.map_err(io::Error::other)?;
                info!(socket = %server.path().display(), "listening for commands");
                Some(server)
            }
            None => None,
        };
        let metrics = match config.metrics {
            Some(address) => {
                let server = metrics::Server::bind(address).map_err(io::Error::other)?;
                info!(address = %server.address(), "metrics are shown");
                Some(server)
            }
            None => None,
        };
        let store = worker::start(config.store.clone(), config.bounds.store_questions);
        Ok(Asides { control, metrics, store, reload, config })
    }

    /// What comes next. Nothing is lost if the wait is given up.
    pub(super) async fn next(&mut self) -> Aside {
        loop {
            match self.come().await {
                Came::Aside(Aside::Command(number, Command::Reload)) => self.reload.ask(Some(number)),
                Came::Aside(aside) => return aside,
                Came::Read(read) => {
                    if let Some(config) = self.read_again(read) {
                        return Aside::Reload(config);
                    }
                }
            }
        }
    }

    /// The file was read again, and those who wanted it are told what came of it.
    fn read_again(&mut self, mut read: Finished) -> Option<Arc<Config>> {
        let askers = std::mem::take(&mut read.askers);
        let (config, outcome) = self.reload.settle(read, &self.config);
        if let Some(server) = &mut self.control {
            askers.into_iter().for_each(|number| server.respond(number, outcome.clone()));
        }
        self.config.clone_from(config.as_ref()?);
        config
    }

    async fn come(&mut self) -> Came {
        let command = async {
            match &mut self.control {
                Some(server) => server.next().await,
                None => std::future::pending().await,
            }
        };
        let look = async {
            match &mut self.metrics {
                Some(server) => server.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = look => Came::Aside(Aside::Command(LOOK, Command::Status)),
            (number, command) = command => Came::Aside(Aside::Command(number, command)),
            Some((number, reply)) = self.store.replies.recv() => Came::Aside(Aside::Stored(number, reply)),
            read = self.reload.next() => Came::Read(read),
            else => std::future::pending().await,
        }
    }

    /// Hands on what the brain wants of them, and tells it whom they had no place for.
    pub(super) fn deliver(&mut self, now: Moment, pump: &mut Pump, stopwatch: &Stopwatch) {
        for (limit, times) in self.control.iter().flat_map(Server::take_refused) {
            if times > 0 {
                pump.handle(now, Event::Reached(limit, times));
            }
        }
        loop {
            let asides = pump.take_asides();
            if asides.is_empty() {
                return;
            }
            // What is handed on may be answered at once, and lead to more.
            for output in asides {
                match output {
                    Output::Answer { number, mut outcome } => {
                        if let Outcome::Ok(Answer::Status(status)) = &mut outcome {
                            self.complete(number, status, pump, stopwatch);
                        }
                        if number == LOOK {
                            self.show(outcome);
                        } else if let Some(server) = &mut self.control {
                            server.respond(number, outcome);
                        }
                    }
                    Output::Store { number, request } => {
                        if self.store.requests.try_send((number, request)).is_err() {
                            let most = pump.assist().bounds().store_questions;
                            let message = format!("more than {most} questions wait for it");
                            pump.handle(now, Event::Reached(Limit::StoreQuestions, 1));
                            let reply = Reply::Failed(Problem { yours: false, message });
                            pump.handle(now, Event::Stored(number, reply));
                        }
                    }
                    Output::Send(_) | Output::Report(_) | Output::Leave => {}
                }
            }
        }
    }

    /// Adds what the brain does not know. The command itself, which has that number, waits no more.
    fn complete(&self, number: u64, status: &mut Status, pump: &Pump, stopwatch: &Stopwatch) {
        let figures = &mut status.figures;
        figures.latency = stopwatch.told();
        figures.log_lines_lost = metrics::lines::lost();
        figures.waiting.bytes = pump.pending().len();
        let commands = self.control.as_ref().map_or(0, Server::waiting);
        figures.waiting.control = commands.saturating_sub(usize::from(number != LOOK));
    }

    fn show(&mut self, outcome: Outcome) {
        if let (Some(server), Outcome::Ok(Answer::Status(status))) = (&mut self.metrics, outcome) {
            server.respond(status);
        }
    }

    /// Ends them; what was to be written is written first.
    pub(super) async fn end(self) {
        let Asides { control, metrics, store: Worker { requests, replies, task }, .. } = self;
        drop((control, metrics));
        drop(requests);
        // Nobody reads these any more, and they are waited for by nobody.
        let replies = replies;
        if tokio::time::timeout(LAST_WRITES, task).await.is_err() {
            tracing::warn!("the store takes too long to be closed; what was to be written may not be");
        }
        drop(replies);
    }
}

/// How long the store may take at the end.
const LAST_WRITES: std::time::Duration = std::time::Duration::from_secs(3);
