//! What happens beside the engine: commands on the control socket, and answers of the store.

use std::io;

use tracing::info;

use super::pump::{Event, Pump};
use crate::assist::{Limit, Output};
use crate::config::Config;
use crate::control::protocol::Command;
use crate::control::server::Server;
use crate::moment::Moment;
use crate::store::worker::{self, Worker};
use crate::store::{Problem, Reply};

/// The control socket, if there is one, and the store.
#[derive(Debug)]
pub(super) struct Asides {
    control: Option<Server>,
    store: Worker,
}

/// Something that came from there.
#[derive(Debug)]
pub(super) enum Aside {
    Command(u64, Command),
    Stored(u64, Reply),
}

impl From<Aside> for Event<'_> {
    fn from(aside: Aside) -> Self {
        match aside {
            Aside::Command(number, command) => Event::Command(number, command),
            Aside::Stored(number, reply) => Event::Stored(number, reply),
        }
    }
}

impl Asides {
    /// Listens for commands, and opens the store.
    ///
    /// # Errors
    /// If commands are to be listened for and cannot be. A store that cannot be opened is no error: calls go on.
    pub(super) async fn start(config: &Config) -> io::Result<Self> {
        let control = match &config.control {
            Some(control) => {
                let server = Server::bind(control, &config.bounds).await.map_err(io::Error::other)?;
                info!(socket = %server.path().display(), "listening for commands");
                Some(server)
            }
            None => None,
        };
        Ok(Asides { control, store: worker::start(config.store.clone(), config.bounds.store_questions) })
    }

    /// What comes next. Nothing is lost if the wait is given up.
    pub(super) async fn next(&mut self) -> Aside {
        let command = async {
            match &mut self.control {
                Some(server) => server.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            (number, command) = command => Aside::Command(number, command),
            Some((number, reply)) = self.store.replies.recv() => Aside::Stored(number, reply),
            else => std::future::pending().await,
        }
    }

    /// Hands on what the brain wants of them, and tells it whom they had no place for.
    pub(super) fn deliver(&mut self, now: Moment, pump: &mut Pump) {
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
                    Output::Answer { number, outcome } => {
                        if let Some(server) = &mut self.control {
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

    /// Ends both; what was to be written is written first.
    pub(super) async fn end(self) {
        let Asides { control, store: Worker { requests, replies, task } } = self;
        drop(control);
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
