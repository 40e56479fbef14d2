//! What happens beside the engine: commands on the control socket, looks at the metrics, answers of the store, and another
//! configuration.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tracing::info;

use super::latency::Stopwatch;
use super::pump::{Ended, Event, Pump};
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
    /// The numbers of what the store was asked and has not answered.
    asked: BTreeSet<u64>,
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
        Ok(Asides { control, metrics, store, asked: BTreeSet::new(), reload, config })
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
            (number, reply) = answered(&mut self.store, &mut self.asked) => Came::Aside(Aside::Stored(number, reply)),
            read = self.reload.next() => Came::Read(read),
        }
    }

    /// Hands on what the brain wants of them, and tells it whom they had no place for; says so if the connection ends with
    /// it.
    pub(super) fn deliver(&mut self, now: Moment, pump: &mut Pump, stopwatch: &Stopwatch) -> Option<Ended> {
        let mut ended = None;
        for (limit, times) in self.control.iter().flat_map(Server::take_refused) {
            if times > 0 {
                ended = ended.or(pump.handle(now, Event::Reached(limit, times)));
            }
        }
        loop {
            let asides = pump.take_asides();
            if asides.is_empty() {
                return ended;
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
                        let message = match self.store.requests.try_send((number, request)) {
                            Ok(()) => {
                                self.asked.insert(number);
                                continue;
                            }
                            Err(TrySendError::Full(_)) => {
                                ended = ended.or(pump.handle(now, Event::Reached(Limit::StoreQuestions, 1)));
                                let most = pump.assist().bounds().store_questions;
                                format!("more than {most} questions wait for it")
                            }
                            Err(TrySendError::Closed(_)) => STORE_ENDED.to_owned(),
                        };
                        ended = ended.or(pump.handle(now, Event::Stored(number, failed(message))));
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

/// What is said of a store that will answer nothing any more.
const STORE_ENDED: &str = "the store's thread has ended: restart touchtone";

fn failed(message: String) -> Reply {
    Reply::Failed(Problem { yours: false, message })
}

/// What the store answers, or is to be taken for its answer if it has ended. Nothing is lost if the wait is given up.
async fn answered(store: &mut Worker, asked: &mut BTreeSet<u64>) -> (u64, Reply) {
    match store.replies.recv().await {
        Some((number, reply)) => {
            asked.remove(&number);
            (number, reply)
        }
        None => match asked.pop_first() {
            Some(number) => (number, failed(STORE_ENDED.to_owned())),
            None => std::future::pending().await,
        },
    }
}

/// How long the store may take at the end.
const LAST_WRITES: std::time::Duration = std::time::Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use jiff::Timestamp;
    use tokio::sync::mpsc;

    use super::*;
    use crate::assist::{Assist, Role};
    use crate::store::{Manage, Request};

    const CONFIG: &str = "[yate]\nconnect = \"stdio\"\n[store]\nfile = \"/var/lib/touchtone.db\"\n";

    fn now() -> Moment {
        Moment::at(Duration::from_secs(1), Timestamp::UNIX_EPOCH)
    }

    type Asked = mpsc::Receiver<(u64, Request)>;
    type Answers = mpsc::UnboundedSender<(u64, Reply)>;

    /// What is beside a brain, with a store of straw; and the store's side.
    fn beside() -> (Asides, Pump, Asked, Answers) {
        let text = CONFIG.to_owned();
        let config: Arc<Config> = match crate::config::load(Path::new("test.toml"), |_| Ok(text.clone())) {
            Ok(loaded) => loaded.config.into(),
            Err(refused) => panic!("{refused}"),
        };
        let (requests, asked) = mpsc::channel(64);
        let (answers, replies) = mpsc::unbounded_channel();
        let store = Worker { requests, replies, task: tokio::spawn(async {}) };
        let reload = Reload::new(PathBuf::from("test.toml")).expect("a signal");
        let pump = Pump::new(Assist::new(config.clone()));
        (
            Asides { control: None, metrics: None, store, asked: BTreeSet::new(), reload, config },
            pump,
            asked,
            answers,
        )
    }

    /// There is an engine without calls, and the store is asked.
    fn connect(asides: &mut Asides, pump: &mut Pump) {
        pump.handle(now(), Event::Connected(Role::Socket));
        let runid = b"%%<setlocal:engine.runid:1795420044:true\n";
        pump.handle(now(), Event::Bytes { bytes: runid, since: Duration::MAX });
        while !pump.pending().is_empty() {
            let said = String::from_utf8_lossy(pump.pending()).into_owned();
            pump.handle(now(), Event::Wrote(said.len()));
            for id in said.lines().filter_map(|line| line.strip_prefix("%%>message:")?.split(':').next()) {
                let account = format!("%%<message:{id}:true:engine.status:name=x,type=misc;chans=0;%M%J\n");
                pump.handle(now(), Event::Bytes { bytes: account.as_bytes(), since: Duration::MAX });
            }
        }
        for number in 1..=2 {
            pump.handle(now(), Event::Command(number, Command::Schedule { manage: Manage::List }));
        }
        assert_eq!(asides.deliver(now(), pump, &Stopwatch::default()), None);
    }

    fn limits(pump: &Pump) -> u64 {
        pump.assist().limits_reached().map(|(_, times)| times).sum()
    }

    #[tokio::test]
    async fn a_store_that_has_ended_fails_what_is_asked_and_is_not_taken_for_one_that_is_full() {
        let (mut asides, mut pump, asked, answers) = beside();
        drop((asked, answers));
        connect(&mut asides, &mut pump);
        assert!(pump.assist().counts().store_failures > 0, "it is asked");
        assert_eq!((limits(&pump), asides.asked.len()), (0, 0));
    }

    #[tokio::test]
    async fn what_a_store_has_not_answered_when_it_ends_has_failed_once() {
        let (mut asides, mut pump, mut asked, answers) = beside();
        connect(&mut asides, &mut pump);
        let (first, _) = asked.recv().await.expect("a question");
        answers.send((first, failed("no".to_owned()))).expect("it is waited for");
        let open = asides.asked.len() - 1;
        assert!(open > 0, "there is more than one question");
        drop((asked, answers));
        let mut failed = Vec::new();
        while let Ok(aside) = tokio::time::timeout(Duration::from_millis(50), asides.next()).await {
            match aside {
                Aside::Stored(number, Reply::Failed(problem)) => failed.push((number, problem.message)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(failed.remove(0), (first, "no".to_owned()));
        assert_eq!(failed.len(), open);
        assert!(failed.iter().all(|(_, message)| message == STORE_ENDED), "{failed:?}");
    }
}
