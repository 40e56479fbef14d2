//! The brain: what channels, rooms, digits and operations there are, and what is to be done about them. It does no
//! I/O and reads no clock.
//!
//! The contract, for whoever drives it:
//! 1. Give it what happens with [`Assist::handle_input`], as soon as it happens.
//! 2. Then call [`Assist::poll_output`] until it gives `None`, and do what it says in that order. Answers to the
//!    engine's messages always come first.
//! 3. Then wait for input, or until [`Assist::poll_timeout`], and call [`Assist::handle_timeout`] then.
//!
//! Nothing else is needed, and calling any of them at other times does no harm. Time must not go back between calls.

mod admission;
mod again;
mod announce;
mod ask;
mod behind;
mod calling;
mod calls;
mod commands;
mod counts;
mod digits;
mod entry;
mod facts;
mod flight;
mod gate;
mod gone;
mod held;
mod identity;
mod interface;
mod job;
mod kept;
mod late;
mod legs;
mod limits;
mod names;
mod operation;
mod outbox;
mod outcome;
mod participants;
mod peers;
mod pins;
mod place;
mod questions;
mod rare;
mod recheck;
mod release;
mod reload;
mod report;
mod room;
mod rooms;
mod seats;
mod session;
mod setup;
mod spare;
mod speech;
mod status;
mod sync;
mod table;
mod timers;
mod turn;
mod view;
mod watch;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

pub use counts::Counts;
pub use interface::{Input, Output};
pub use limits::Limit;
pub use recheck::RECHECKED_EVERY;
pub use report::{Report, Telling};
pub use session::Role;
pub use view::{HeldView, Load, Participant, PlaceView, RoomView};

use self::behind::{Behind, Lateness, USUAL_PATIENCE};
use self::calling::{Early, Outgoing, Pace};
use self::calls::Calls;
use self::flight::Flight;
use self::held::Schedule;
use self::kept::Keeper;
use self::operation::Whole;
use self::outbox::Outbox;
use self::outcome::Cause;
use self::pins::Pins;
use self::questions::Questions;
use self::recheck::Recheck;
use self::reload::Former;
use self::rooms::Rooms;
use self::session::{NOTIFY_ID, Phase};
use self::table::Table;
use self::timers::{Timer, Timers};
use crate::config::{
    Config, ROLE_ORGANIZER, STATE_CALL, STATE_CONFERENCE, STATE_DIAL, STATE_HOLD, STATE_LOBBY, STATE_PIN,
    STATE_WAITING,
};
use crate::moment::Moment;
use crate::wire::{self, Answer, EngineLine, Message};

/// How much is shown of a line that cannot be read, in bytes.
const LINE_SHOWN: usize = 200;

/// What is known of the engine.
#[derive(Debug, Clone)]
struct Engine {
    version: String,
    run: String,
    /// How it is connected.
    role: Option<Role>,
    workers: Option<u32>,
    /// How long it waits for an answer of ours; `None` if it does without end.
    patience: Option<Duration>,
}

impl Default for Engine {
    fn default() -> Self {
        let (version, run) = (String::new(), String::new());
        Engine { version, run, role: None, workers: None, patience: Some(USUAL_PATIENCE) }
    }
}

/// The states that the engine's events lead to, as places in the configuration.
#[derive(Debug, Clone, Copy)]
struct Places {
    call: usize,
    conference: usize,
    dial: usize,
    hold: usize,
    lobby: usize,
    pin: usize,
    waiting: usize,
}

impl Places {
    fn of(config: &Config) -> Self {
        let place = |name| config.state(name).unwrap_or_default();
        Places {
            call: place(STATE_CALL),
            conference: place(STATE_CONFERENCE),
            dial: place(STATE_DIAL),
            hold: place(STATE_HOLD),
            lobby: place(STATE_LOBBY),
            pin: place(STATE_PIN),
            waiting: place(STATE_WAITING),
        }
    }
}

/// The role of organizers, as a place in the configuration's, if anything names it.
fn organizer_of(config: &Config) -> Option<usize> {
    config.role(ROLE_ORGANIZER)
}

/// The brain. See the module's documentation for how it is driven.
#[derive(Debug)]
pub struct Assist {
    config: Arc<Config>,
    places: Places,
    /// What holds for digits that were held when another configuration came.
    former: Former,
    phase: Phase,
    /// The messages that the engine was told we handle, on this connection, and at which priority.
    handlers: Vec<(&'static str, u32)>,
    /// How many the engine has yet to say that it removed.
    uninstalling: usize,
    engine: Engine,
    behind: Behind,
    calls: Calls,
    rooms: Rooms,
    flights: Table<u64, Flight>,
    /// How many of them are steps of operations.
    steps: usize,
    timers: Timers,
    outbox: Outbox,
    /// Whether it was said that somebody else does what we do.
    warned_of_another: bool,
    /// The role of organizers, as a place in the configuration's, if anything names it.
    organizer: Option<usize>,
    /// How many sounds were said to callers, and to rooms: each has its number.
    sayings: u64,
    announcements: u64,
    /// The rooms of the sounds that are being played in one.
    announcing: HashMap<u64, BString>,
    /// Rooms that their last organizer has left a moment ago.
    ending: HashMap<u64, BString>,
    endings: u64,
    /// How many connections there were.
    connections: u64,
    /// The role that routing gave last of those that nothing names.
    warned_of_role: Option<BString>,
    /// Operations on many, whose parts are under way.
    wholes: HashMap<u64, Whole>,
    wholes_made: u64,
    pins: Pins,
    /// Calls to others, by our own channel.
    outgoing: HashMap<BString, Outgoing>,
    /// Those that were under way when a connection was lost.
    outgoing_before: HashMap<BString, Outgoing>,
    /// Those that were answered before the engine's account was in.
    answered_early: BTreeSet<BString>,
    /// Our channels of calls by the number of their timers.
    ringing_of: HashMap<u64, BString>,
    ringings: u64,
    early: Early,
    pace: Pace,
    schedule: Schedule,
    questions: Questions,
    spare_memory: digits::SpareMemory,
    keeper: Keeper,
    recheck: Recheck,
    /// Whether the store did what was last asked of it.
    store_ok: Option<bool>,
    store_was_bad: bool,
    /// Whether it failed to write.
    store_is_full: bool,
    limits: limits::Counters,
    counts: Counts,
    /// How many operations wait for others of their channels.
    queued: usize,
}

impl Assist {
    /// A brain that knows nothing yet.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        let mut assist = Assist {
            places: Places::of(&config),
            organizer: organizer_of(&config),
            former: Former::default(),
            handlers: Vec::new(),
            uninstalling: 0,
            config,
            phase: Phase::Down,
            engine: Engine::default(),
            behind: Behind::default(),
            calls: Calls::default(),
            rooms: Rooms::default(),
            flights: Table::default(),
            steps: 0,
            timers: Timers::default(),
            outbox: Outbox::new(),
            warned_of_another: false,
            sayings: 0,
            announcements: 0,
            announcing: HashMap::new(),
            ending: HashMap::new(),
            endings: 0,
            connections: 0,
            warned_of_role: None,
            wholes: HashMap::new(),
            wholes_made: 0,
            pins: Pins::default(),
            outgoing: HashMap::new(),
            outgoing_before: HashMap::new(),
            answered_early: BTreeSet::new(),
            ringing_of: HashMap::new(),
            ringings: 0,
            early: Early::default(),
            pace: Pace::default(),
            schedule: Schedule::default(),
            questions: Questions::default(),
            spare_memory: digits::SpareMemory::default(),
            keeper: Keeper::default(),
            recheck: Recheck::default(),
            store_ok: None,
            store_was_bad: false,
            store_is_full: false,
            limits: limits::Counters::default(),
            counts: Counts::default(),
            queued: 0,
        };
        assist.apply_limits();
        assist
    }

    /// How much to report; what becomes of every digit, unless told otherwise.
    pub fn tell(&mut self, telling: Telling) {
        self.outbox.set_telling(telling);
    }

    /// Whether the engine has given its account of what is so.
    #[must_use]
    pub fn is_connected_and_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// Something happened at `now`.
    pub fn handle_input(&mut self, now: Moment, input: Input<'_>) {
        self.handle_timeout(now);
        match input {
            Input::Connected(role) => self.connected(now, role),
            Input::Line(line) => self.line(now, line),
            Input::Unreadable { line, problem } => self.unreadable(line, &problem),
            Input::Waited(waited) => self.has_waited(waited),
            Input::Disconnected => self.lost(now),
            Input::Stored { number, reply } => self.stored(now, number, reply),
            Input::Command { number, command } => self.command(now, number, command),
            Input::Reload(config) => self.reload(now, config),
            Input::Leave => self.say_goodbye(now),
        }
        self.settle_rooms(now);
        self.write_kept(now);
        self.count_unknown(now);
    }

    /// Does what is due at `now`; nothing if nothing is.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(timer) = self.timers.pop(now.steady) {
            match timer {
                Timer::Keypad(at) => self.keypad_timeout(now, at),
                Timer::Order(at) => self.order_timeout(now, at),
                Timer::FirstKey(at) => self.first_key_timeout(now, at),
                Timer::Flight(number) => self.answered(now, number, None),
                Timer::Speech(at) => self.speech_timeout(now, at),
                Timer::Announcement(number) => self.announced(now, number),
                Timer::Pin(number) => self.look_at_pin(now, number),
                Timer::Ring(number) => self.rung(now, number),
                Timer::Ending(number) => self.organizer_left(now, number),
                Timer::Schedule => self.schedule_timeout(now),
                Timer::Kept => self.kept_timeout(now),
                Timer::Keep => self.keep_timeout(now),
                Timer::Recheck => self.recheck_timeout(now),
                Timer::Session => self.session_timeout(now),
            }
            self.settle_rooms(now);
            self.write_kept(now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Takes back the bytes of an [`Output::Send`] that were sent, so that their memory serves again. Who does not give
    /// them back loses nothing but time.
    pub fn reuse(&mut self, sent: Vec<u8>) {
        self.outbox.reuse(sent);
    }

    /// The next thing to do, or `None` if all is said.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.poll()
    }

    fn line(&mut self, now: Moment, line: EngineLine<'_>) {
        match line {
            EngineLine::Message(message) => self.asked(now, &message),
            EngineLine::Answer(answer) if answer.is_watched() => self.watched(now, &answer),
            EngineLine::Answer(answer) => self.answer(now, &answer),
            EngineLine::LocalSet { name, value, success } => self.local_set(now, &name, &value, success),
            EngineLine::Installed { name, success, .. } => self.installed(&name, success),
            EngineLine::Watched { name, success } if !success => {
                let text = format!("the engine refused to let us watch {}", BStr::new(&name));
                self.outbox.report(Report::Trouble { text });
            }
            EngineLine::Quit => {
                self.set_phase(Phase::Down);
                self.outbox.leave();
            }
            EngineLine::ErrorIn(line) => {
                let text = format!("the engine could not read our line {:?}", BStr::new(&line));
                self.outbox.report(Report::Trouble { text });
            }
            EngineLine::Uninstalled { .. } => self.uninstalled(now),
            EngineLine::Watched { .. } | EngineLine::Unwatched { .. } => {}
        }
    }

    fn unreadable(&mut self, line: &[u8], problem: &str) {
        if let Some(id) = wire::waiting_id(line) {
            self.outbox.answer(&id, false);
        }
        // What a message says may be secret; what message it is, is not.
        let told = line.find(b"::").unwrap_or(line.len()).min(LINE_SHOWN);
        let line = BStr::new(&line[..told]);
        let text = format!("the engine said something that cannot be read: {problem}: {line:?}");
        self.outbox.report(Report::Trouble { text });
    }

    /// A message that waits for us: every one is answered.
    fn asked(&mut self, now: Moment, message: &Message<'_>) {
        match (message.name.as_ref(), self.phase) {
            (b"chan.dtmf", Phase::Starting { .. } | Phase::Ready) => match self.lateness() {
                Lateness::InTime => self.handle_digits(now, message),
                Lateness::Late | Lateness::TooLate => self.handle_digits_behind(now, message),
            },
            (b"chan.dtmf", Phase::Uninstalling { .. } | Phase::Lingering { .. }) => {
                self.handle_late_digits(now, message);
            }
            (b"call.route", Phase::Starting { .. } | Phase::Ready) => self.route(now, message),
            (b"call.execute", Phase::Starting { .. } | Phase::Ready) => self.executing(now, message),
            (b"call.conference", Phase::Starting { .. } | Phase::Ready) => self.conferencing(now, message),
            _ => self.outbox.answer(&message.id, false),
        }
    }

    fn answer(&mut self, now: Moment, answer: &Answer<'_>) {
        if let Some(number) = outbox::number_of(&answer.id) {
            self.answered(now, number, Some(answer));
        }
    }

    /// What was under way is lost with the connection. Digits that were held were answered already and can reach
    /// nobody; what was so in the engine is asked for again when there is a connection.
    fn lost(&mut self, now: Moment) {
        for at in self.calls.places() {
            self.drop_digits(at);
        }
        self.phase = Phase::Down;
        let under_way = self.recordings_under_way();
        self.fail_all_jobs(now, "the connection to the engine was lost");
        self.fail_questions(now, "the connection to the engine was lost");
        self.announcing.clear();
        self.ending.clear();
        self.let_calls_be();
        self.lose_keeper();
        self.schedule.stop();
        self.timers.clear();
        self.flights.clear();
        self.steps = 0;
        self.recheck = Recheck::default();
        self.outbox.connection_lost();
        self.calls.begin_again();
        self.rooms.begin_again(under_way);
    }

    /// A channel hung up: what it held and what it still wanted ends with it.
    fn forget_call(&mut self, now: Moment, id: &BStr) {
        if let Some(at) = self.calls.find(id) {
            self.drop_digits(at);
            self.expect_first_key(at, None);
            self.hush(at);
        }
        let forgotten = self.calls.remove(id);
        self.keep_no_channel(id);
        if let Some((_, mut call)) = forgotten {
            self.queued -= call.rare.jobs.len();
            self.entry_over(now, call.rare.take_entry(), "the caller has hung up");
            for job in call.rare.take_jobs() {
                self.conclude(now, &job, Err(Cause::NobodyThere.because("the caller has hung up")));
            }
        }
    }

    /// The leg of a channel, if it is in a room.
    fn leg_of(&self, channel: &BString) -> Option<&BString> {
        self.calls.by_id(channel.as_ref())?.peers.current().filter(|peer| calls::is_leg(peer))
    }

    /// Tells people what needs an eye.
    fn trouble(&mut self, text: impl Into<String>) {
        self.outbox.report(Report::Trouble { text: text.into() });
    }

    /// The room that an operation is about, without its prefix.
    fn room_of_job(&self, job: &job::Job) -> Option<BString> {
        job.place.as_ref().or_else(|| self.room_of(&job.channel)).cloned()
    }

    /// The room of a channel, without its prefix.
    fn room_of(&self, channel: &BString) -> Option<&BString> {
        let leg = self.leg_of(channel)?;
        Some(&self.rooms.leg(leg.as_ref())?.room)
    }
}
