//! A list of acts on a simulated engine with a module beside it, under virtual time. The same acts and the same seed
//! give the same record.

mod deeds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};
use jiff::Timestamp;

use super::act::Trouble;
use super::record::{Event, Noted, Snapshot, Stand};
use super::scene::{CALLERS, Scene};
use super::{Chance, Trial};
use crate::assist::{Assist, Input, Output, Role};
use crate::moment::Moment;
use crate::sim::{ChannelId, ConnectionId, Mishap, Sim};
use crate::store::{Kept, Problem, Reply, Request};
use crate::wire::{EngineLine, MAX_LINE_LIMIT, Message, ModuleLine};

/// How many lines a trial may have before it is taken to have no end.
const ENDLESS: usize = 200_000;

/// How long it takes to connect again when the engine has closed a connection.
const BACK_AFTER: Duration = Duration::from_millis(300);

/// How long somebody takes to be there after a call.
const SETTING_UP: Duration = Duration::from_millis(50);

/// The priority of who handles what nobody else has.
const LAST: u32 = 200;

/// A line on its way.
#[derive(Debug)]
enum Underway {
    /// To the module.
    Down(Vec<u8>),
    /// To the engine, on the connection that it was said on.
    Up(ConnectionId, Vec<u8>),
}

/// A trial that is being run.
pub(super) struct Rig<'s> {
    scene: &'s Scene,
    sim: Sim,
    assist: Assist,
    epoch: Timestamp,
    connection: Option<ConnectionId>,
    /// When there is a connection again, and whether to a module that was started anew.
    back: Option<(Duration, bool)>,
    /// Somebody else who speaks to the engine.
    other: ConnectionId,
    others: usize,
    callers: Vec<Option<ChannelId>>,
    hung_up: HashSet<ChannelId>,
    underway: BTreeMap<(Duration, usize), Underway>,
    lines: usize,
    digits: Vec<(ChannelId, usize, Trouble)>,
    /// What is to go wrong with the engine's account on the next connection.
    accounts: Vec<Mishap>,
    slow: VecDeque<Duration>,
    stands: HashMap<BString, Stand>,
    peers: BTreeMap<String, Option<String>>,
    gone: BTreeSet<String>,
    record: Vec<Noted>,
}

/// Runs a trial.
pub(super) fn run(scene: &Scene, trial: &Trial) -> Vec<Noted> {
    let mut rig = Rig::new(scene, trial.seed);
    for (at, act) in trial.acts.iter().enumerate() {
        rig.note(Event::Act(at));
        rig.act(act);
        if rig.lines > ENDLESS {
            rig.note(Event::Endless);
            return rig.record;
        }
    }
    rig.end();
    rig.record
}

impl<'s> Rig<'s> {
    fn new(scene: &'s Scene, seed: u64) -> Self {
        let settings = scene.settings(&mut Chance::seeded(seed));
        let epoch = i64::try_from(settings.epoch).ok().and_then(|at| Timestamp::from_second(at).ok());
        let mut sim = Sim::new(settings);
        let other = sim.connect();
        sim.receive(other, b"%%>connect:global\n");
        for name in scene.asked_of_others() {
            let install =
                ModuleLine::Install { priority: Some(LAST), name: name.as_bytes().into(), filter: None };
            let mut line = Vec::new();
            if install.encode(MAX_LINE_LIMIT, &mut line).is_ok() {
                sim.receive(other, &line);
            }
        }
        let mut rig = Rig {
            scene,
            assist: Assist::new(scene.config.clone()),
            epoch: epoch.unwrap_or(Timestamp::UNIX_EPOCH),
            connection: None,
            back: None,
            other,
            others: 0,
            callers: vec![None; CALLERS],
            hung_up: HashSet::new(),
            underway: BTreeMap::new(),
            lines: 0,
            digits: Vec::new(),
            accounts: Vec::new(),
            slow: VecDeque::new(),
            stands: HashMap::new(),
            peers: BTreeMap::new(),
            gone: BTreeSet::new(),
            record: Vec::new(),
            sim,
        };
        rig.connect(true);
        rig.advance(SETTING_UP);
        rig
    }

    fn lose(&mut self) {
        if let Some(connection) = self.connection {
            self.sim.disconnect(connection);
            self.lost();
        }
    }

    /// There is no connection any more, whoever has closed it.
    fn lost(&mut self) {
        if self.connection.take().is_some() {
            self.underway.clear();
            self.note(Event::Lost);
            self.assist.handle_input(self.moment(), Input::Disconnected);
            self.drain();
        }
    }

    fn connect(&mut self, anew: bool) {
        if anew {
            self.assist = Assist::new(self.scene.config.clone());
            self.stands.clear();
        }
        let connection = self.sim.connect();
        for mishap in self.accounts.drain(..) {
            self.sim.mishap(connection, mishap);
        }
        self.connection = Some(connection);
        self.note(Event::Connected { anew });
        self.assist.handle_input(self.moment(), Input::Connected(Role::Socket));
        self.drain();
    }

    /// Lets time pass, with everything that happens in it.
    fn advance(&mut self, time: Duration) {
        let until = self.sim.now() + time;
        self.settle();
        while let Some(next) = self.next_event().filter(|&next| next <= until) {
            self.sim.advance(next);
            if let Some((_, anew)) = self.back.take_if(|(at, _)| *at <= next) {
                self.connect(anew);
            }
            while let Some(entry) = self.underway.first_entry().filter(|entry| entry.key().0 <= next) {
                match entry.remove() {
                    Underway::Down(line) => self.hear(&line),
                    Underway::Up(connection, line) => self.sim.receive(connection, &line),
                }
            }
            if self.assist.poll_timeout().is_some_and(|due| due <= next) {
                self.note(Event::Due);
                self.assist.handle_timeout(self.moment());
                self.drain();
            }
            self.settle();
            if self.lines > ENDLESS {
                return;
            }
        }
        self.sim.advance(until);
        self.settle();
    }

    fn next_event(&self) -> Option<Duration> {
        let underway = self.underway.keys().next().map(|&(at, _)| at);
        let back = self.back.map(|(at, _)| at);
        let times = [self.sim.next_event(), self.assist.poll_timeout(), underway, back];
        times.into_iter().flatten().min().map(|next| next.max(self.sim.now()))
    }

    /// Passes lines to and fro until neither has anything to say now.
    fn settle(&mut self) {
        loop {
            self.sim.advance(self.sim.now());
            self.others_answer();
            self.look_at_peers();
            let Some(connection) = self.connection else { return };
            let said = self.sim.transmit(connection);
            // What ends without a newline is no line: the connection has ended in it.
            for line in said.lines_with_terminator().filter_map(|line| line.strip_suffix(b"\n")) {
                self.lines += 1;
                self.pass(line);
            }
            if !self.sim.is_open(connection) {
                self.lost();
                self.back = self.back.or(Some((self.sim.now() + BACK_AFTER, false)));
            } else if said.is_empty() || self.lines > ENDLESS {
                return;
            }
        }
    }

    /// A line of the engine's comes, or is held up on its way.
    fn pass(&mut self, line: &[u8]) {
        match EngineLine::parse(line) {
            Ok(EngineLine::Message(message)) if message.name.as_ref() == b"chan.dtmf" => {
                match self.trouble_of(&message) {
                    None => self.hear(line),
                    Some(Trouble::Late(by)) => self.later(by, Underway::Down(line.to_vec())),
                    Some(Trouble::Never) => {
                        let mut answer = Vec::new();
                        crate::wire::answer_into(&message.id, true, &mut answer);
                        self.up(&answer);
                    }
                    Some(Trouble::Twice { after, marked }) => {
                        self.hear(line);
                        self.later(after, Underway::Down(again(&message, marked)));
                    }
                }
            }
            _ => self.hear(line),
        }
    }

    fn trouble_of(&mut self, message: &Message<'_>) -> Option<Trouble> {
        let id = message.params.get("id")?;
        let at = self.digits.iter().position(|(channel, ..)| channel.as_str().as_bytes() == id.as_ref())?;
        if self.digits[at].1 > 0 {
            self.digits[at].1 -= 1;
            return None;
        }
        Some(self.digits.remove(at).2)
    }

    fn later(&mut self, by: Duration, what: Underway) {
        self.lines += 1;
        self.underway.insert((self.sim.now() + by, self.lines), what);
    }

    /// The module hears a line.
    fn hear(&mut self, line: &[u8]) {
        self.note(Event::Heard(line.to_vec()));
        if let Ok(line) = EngineLine::parse(line) {
            self.assist.handle_input(self.moment(), Input::Line(line));
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.assist.poll_output() {
            match output {
                Output::Report(report) => self.note(Event::Told(report)),
                // Nobody gives commands here.
                Output::Leave | Output::Answer { .. } => {}
                Output::Store { number, request } => {
                    let reply = answer(&request);
                    self.assist.handle_input(self.moment(), Input::Stored { number, reply });
                }
                Output::Send(lines) => {
                    for line in lines.lines_with_terminator() {
                        self.lines += 1;
                        self.note(Event::Said(line.trim_end_with(|c| c == '\n').to_vec()));
                        self.up(line);
                    }
                }
            }
        }
        self.look_at_stands();
    }

    /// A line of the module's goes to the engine, perhaps slowly. The ids that were made up here are nobody's.
    fn up(&mut self, line: &[u8]) {
        let Some(connection) = self.connection else { return };
        if line.starts_with(AGAIN_ANSWER) {
            return;
        }
        let is_message = line.starts_with(b"%%>message:") && !line.contains_str(b"engine.status");
        match self.slow.pop_front_if(|_| is_message) {
            Some(by) => self.later(by, Underway::Up(connection, line.to_vec())),
            None => self.sim.receive(connection, line),
        }
    }

    fn look_at_stands(&mut self) {
        let channels: Vec<BString> =
            self.peers.keys().map(|channel| BString::from(channel.as_str())).collect();
        for channel in channels {
            let id = BStr::new(&channel);
            let held = self.assist.held(id);
            let stand = Stand {
                place: self.assist.place(id),
                due: held.as_ref().map(|held| held.due),
                held: held.map(|held| held.keys.to_vec()).unwrap_or_default(),
                channel: channel.clone(),
            };
            if self.stands.get(&channel) != Some(&stand) {
                self.stands.insert(channel, stand.clone());
                self.note(Event::Stands(Box::new(stand)));
            }
        }
    }

    fn look_at_peers(&mut self) {
        let callers = self.sim.peers().filter(|(channel, _)| channel.as_str().starts_with("sip/"));
        let now: BTreeMap<String, Option<String>> =
            callers.map(|(channel, peer)| (channel.to_string(), peer.map(|peer| peer.to_string()))).collect();
        for (channel, peer) in &now {
            if self.peers.insert(channel.clone(), peer.clone()).as_ref() != Some(peer) {
                self.note(Event::Peer { channel: channel.clone(), peer: peer.clone() });
            }
        }
        let gone: Vec<String> =
            self.peers.keys().filter(|channel| !now.contains_key(*channel)).cloned().collect();
        for channel in
            gone.into_iter().filter(|channel| self.gone.insert(channel.clone())).collect::<Vec<_>>()
        {
            self.note(Event::Gone(channel));
        }
    }

    fn snapshot(&self) -> Box<Snapshot> {
        let channels: Vec<_> =
            self.sim.channels().filter(|channel| !channel.id.as_str().starts_with("conf/")).collect();
        Box::new(Snapshot {
            connected: self.connection.is_some(),
            believed: self.assist.rooms(),
            rooms: self.sim.rooms().filter_map(|name| self.sim.room(&name)).collect(),
            places: channels
                .iter()
                .map(|channel| self.assist.place(BStr::new(channel.id.as_str())))
                .collect(),
            channels,
            load: self.assist.load(),
            counts: self.assist.counts().clone(),
            queued: self.assist.operations_waiting(),
            waiting: self.sim.waiting() + self.sim.queued(),
        })
    }

    fn moment(&self) -> Moment {
        Moment::at(self.sim.now(), self.epoch)
    }

    fn note(&mut self, event: Event) {
        self.record.push(Noted { at: self.sim.now(), event });
    }
}

/// What the ids of messages begin with that the engine never sent.
const AGAIN: &str = "again.";
const AGAIN_ANSWER: &[u8] = b"%%<message:again.";

/// The same digit once more, as from another detector.
fn again(message: &Message<'_>, marked: bool) -> Vec<u8> {
    let params = message.params.iter().filter_map(|(name, value)| {
        let value = if marked && name.as_ref() == b"duplicate" { b"true".into() } else { value? };
        Some((name, value))
    });
    let id = [AGAIN.as_bytes(), &message.id].concat();
    let message = Message { id: id.into(), params: params.collect(), ..message.clone() };
    let mut line = Vec::new();
    EngineLine::Message(message).encode(&mut line);
    line.pop();
    line
}

/// What a store would answer that has nothing on record. Of PINs those are right whose last digit is even: there are some
/// of either kind in whatever is keyed.
fn answer(request: &Request) -> Reply {
    match request {
        Request::Occurrences { .. } => Reply::Occurrences(Vec::new()),
        Request::OpenAttendance => Reply::OpenAttendance(Vec::new()),
        Request::Kept { run } => Reply::Kept(Box::new(Kept { run: run.clone(), ..Kept::default() })),
        Request::BeginAttempt(_) => Reply::Begun(true),
        Request::VerifyPin { pin, hashes } => {
            let right = pin.reveal().bytes().last().is_some_and(|digit| digit % 2 == 0);
            Reply::Verified(hashes.len().checked_sub(1).filter(|_| right))
        }
        Request::EndAttempt { .. }
        | Request::Extend { .. }
        | Request::Joined(_)
        | Request::Left { .. }
        | Request::Keep(_) => Reply::Done,
        Request::Manage(_) => {
            Reply::Failed(Problem { yours: true, message: "there is nothing on record".to_owned() })
        }
    }
}
