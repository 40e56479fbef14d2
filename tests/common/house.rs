//! A conference server in one memory: callers on a simulated engine, a module, and a store on disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use touchtone::assist::{Output, Report};
use touchtone::config::{self, Config};
use touchtone::control::protocol::{Answer, Command, Outcome, Refusal, Room, Seat};
use touchtone::sim::{Callee, ChannelId, Route, Settings};
use touchtone::stage::Stage;
use touchtone::store::{Attendance, Manage, Managed, Problem, Reply, Request, Store};

use super::scene::Scene;

/// In how small steps time passes: between two the store answers.
const STEP: Duration = Duration::from_millis(50);

/// Codes for who is asked for a PIN, or for a room.
pub(crate) const ENTRY: &str = r#"
[[code]]
name = "pin"
keys = "(pin:x{4,8})#"
state = "pin"
operation = "enter-pin"
pin = "${pin}"

[[code]]
name = "room"
keys = "(room:x{3})#"
state = "lobby"
operation = "enter-room"
room = "conf/${room}"
"#;

pub(crate) struct House {
    pub(crate) scene: Scene,
    store: Store,
    runtime: Runtime,
    answers: Vec<(u64, Outcome)>,
    commands: u64,
    /// What was asked of the store.
    pub(crate) asked: Vec<Request>,
    /// Whether the store answers nothing for now, and what it has yet to answer.
    silent: bool,
    unanswered: Vec<(u64, Request)>,
    /// Whether the store fails whatever is asked of it.
    broken: bool,
    dir: TempDir,
}

/// An engine whose routing knows room 800, 801 and the numbers 201 to 209, each answered as `callees` says.
pub(crate) fn engine(callees: &[(&str, Callee)]) -> Settings {
    let routes = vec![
        Route::new("800", "conf/800").with("lonely", "true"),
        Route::new("801", "conf/801"),
        Route::new("7010", "sip/sip:7010@127.0.0.1:7010"),
    ];
    let mut settings = Settings { routes, ..Settings::default() };
    for number in 201..210 {
        let target = format!("sip/sip:{number}@127.0.0.1:7{number}");
        settings.routes.push(Route::new(number.to_string(), target));
    }
    for (number, callee) in callees {
        settings.callees.push(((*number).to_owned(), *callee));
    }
    settings
}

/// A configuration whose store is in that file.
fn config_with(text: &str, file: &Path) -> Arc<Config> {
    let place = format!("file = {:?}", file.display().to_string());
    let text = match text.contains("[store]") {
        true => text.replace("file = \"/var/lib/touchtone/touchtone.db\"", &place),
        false => format!("{text}\n[store]\n{place}\n"),
    };
    match config::load(Path::new("test.toml"), |_| Ok(text.clone())) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(refused) => panic!("{refused}"),
    }
}

impl House {
    /// With this configuration, whose store is another one, or to which one is added.
    pub(crate) fn new(text: &str, settings: Settings) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("touchtone.db");
        let config = config_with(text, &file);
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let store = runtime.block_on(Store::open(&file)).expect("a store");
        let scene = Scene { stage: Stage::new(config, settings) };
        let mut house = House {
            scene,
            store,
            runtime,
            answers: Vec::new(),
            commands: 0,
            asked: Vec::new(),
            silent: false,
            unanswered: Vec::new(),
            broken: false,
            dir,
        };
        house.wait(Duration::from_secs(2));
        house
    }

    /// The file of the store.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.path().join("touchtone.db")
    }

    /// The module is killed, and the engine is alone from now on.
    pub(crate) fn leave_unseen(&mut self) {
        self.scene.stage.kill_module();
        self.unanswered.clear();
    }

    /// The module is killed and started again with this configuration, and the same store.
    pub(crate) fn restart_with(&mut self, text: &str) {
        let config = config_with(text, &self.file());
        self.scene.stage.restart_module_with(config);
    }

    /// From now on the module has this configuration, with the store that it has.
    pub(crate) fn reload_with(&mut self, text: &str) {
        let mut config = (*config_with(text, &self.file())).clone();
        let used = self.scene.stage.assist().config().clone();
        let _ = config.keep_fixed(&used);
        self.scene.stage.reload(config.into());
        self.seconds(1);
    }

    /// The store answers nothing from now on, or what it was asked meanwhile and everything else.
    pub(crate) fn silent(&mut self, silent: bool) {
        self.silent = silent;
        for (number, request) in std::mem::take(&mut self.unanswered) {
            self.answer(number, request);
        }
    }

    /// The store fails from now on, or does no more.
    pub(crate) fn broken(&mut self, broken: bool) {
        self.broken = broken;
    }

    /// Asks the store, as another program.
    pub(crate) fn ask(&mut self, request: Request) -> Reply {
        let date = self.scene.stage.date();
        self.runtime.block_on(self.store.perform(date, request))
    }

    fn answer(&mut self, number: u64, request: Request) {
        if self.silent {
            return self.unanswered.push((number, request));
        }
        let reply = match request {
            // It is looked at beside the store.
            Request::VerifyPin { .. } => self.ask(request),
            _ if self.broken => {
                Reply::Failed(Problem { yours: false, message: "the disk is full: make room".to_owned() })
            }
            _ => self.ask(request),
        };
        self.scene.stage.stored(number, reply);
    }

    /// Time passes, with everything that happens in it.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.scene.stage.now() + time;
        self.asides();
        while self.scene.stage.now() < until {
            let step = STEP.min(until - self.scene.stage.now());
            self.scene.stage.advance(step);
            self.asides();
        }
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.wait(Duration::from_secs(seconds));
    }

    fn asides(&mut self) {
        loop {
            let asides = self.scene.stage.take_asides();
            if asides.is_empty() {
                return;
            }
            for aside in asides {
                match aside {
                    Output::Store { number, request } => {
                        self.asked.push(request.clone());
                        self.answer(number, request);
                    }
                    Output::Answer { number, outcome } => self.answers.push((number, outcome)),
                    Output::Send(_) | Output::Report(_) | Output::Leave => {}
                }
            }
        }
    }

    pub(crate) fn call(&mut self, caller: &str, called: &str) -> ChannelId {
        let channel = self.scene.call(caller, called);
        self.seconds(1);
        channel
    }

    pub(crate) fn key(&mut self, channel: &ChannelId, keys: &str) {
        self.scene.key(channel, keys);
        self.seconds(1);
    }

    pub(crate) fn hangup(&mut self, channel: &ChannelId) {
        self.scene.stage.sim_mut().hangup(channel);
        self.seconds(1);
    }

    /// Gives a command and waits a second for its answer.
    pub(crate) fn command(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.commands += 1;
        let number = self.commands;
        self.scene.stage.command(number, command);
        self.seconds(1);
        let at = self.answers.iter().position(|(answered, _)| *answered == number).expect("an answer");
        match self.answers.remove(at).1 {
            Outcome::Ok(answer) => Ok(answer),
            Outcome::Error(refusal) => Err(refusal),
        }
    }

    /// Gives a command that says what is so then.
    pub(crate) fn done(&mut self, command: Command) -> String {
        match self.command(command) {
            Ok(Answer::Done(now)) => now,
            other => panic!("{other:?}"),
        }
    }

    /// Gives a command that is refused, and why.
    pub(crate) fn refused(&mut self, command: Command) -> String {
        match self.command(command) {
            Err(refusal) => refusal.message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn manage(&mut self, manage: Manage) -> Managed {
        match self.command(Command::Schedule { manage }) {
            Ok(Answer::Schedule(managed)) => *managed,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn attendance(&mut self) -> Vec<Attendance> {
        match self.manage(Manage::Attendance { room: None, from: None, to: None }) {
            Managed::Attendance { attendance } => attendance,
            other => panic!("{other:?}"),
        }
    }

    /// What the module shows of a room.
    pub(crate) fn room(&mut self, name: &str) -> Option<Room> {
        match self.command(Command::Rooms { room: None }) {
            Ok(Answer::Rooms(rooms)) => rooms.into_iter().find(|room| room.name == name),
            other => panic!("{other:?}"),
        }
    }

    /// The seats of a room: number, caller, role.
    pub(crate) fn seats(&mut self, name: &str) -> Vec<(u32, String, String)> {
        let told = |seat: Seat| (seat.seat, seat.caller, seat.role);
        self.room(name).map(|room| room.seats.into_iter().map(told).collect()).unwrap_or_default()
    }

    /// What needed an eye since the last time.
    pub(crate) fn troubles(&mut self) -> Vec<String> {
        let told = self.scene.stage.take_told();
        let trouble = |told| match told {
            touchtone::stage::Told::Report(Report::Trouble { text }) => Some(text),
            _ => None,
        };
        told.into_iter().filter_map(|(_, told)| trouble(told)).collect()
    }

    /// Why codes could not be done, since the last time.
    pub(crate) fn failures(&mut self) -> Vec<String> {
        let told = self.scene.stage.take_told();
        let failure = |told| match told {
            touchtone::stage::Told::Report(Report::Failed { reason, .. }) => Some(reason),
            _ => None,
        };
        told.into_iter().filter_map(|(_, told)| failure(told)).collect()
    }

    /// Whether a channel is in that room, by the engine.
    pub(crate) fn is_in(&self, room: &str, channel: &ChannelId) -> bool {
        self.scene.sim().room(room).is_some_and(|room| room.member(channel).is_some())
    }

    /// What a caller hears instead of their peer, from the first on.
    pub(crate) fn heard(&self, channel: &ChannelId) -> Vec<String> {
        self.scene.sim().channel(channel).map(|channel| channel.heard).unwrap_or_default()
    }

    /// What a channel is connected to.
    pub(crate) fn peer(&self, channel: &ChannelId) -> Option<String> {
        self.scene.sim().channel(channel)?.peer.map(|peer| peer.as_str().to_owned())
    }
}
