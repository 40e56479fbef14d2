//! Messages through the handlers, on as many threads as the engine has.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bstr::BString;

use super::Sim;
use super::agenda::Event;
use super::channel::Chan;
use super::connection::ConnectionId;
use super::handlers::{BUILT_IN, Builtin, Module};
use super::message::Msg;

/// How long all threads must be stuck before there is one more.
const GROW_AFTER: Duration = Duration::from_secs(2);

/// The place of a handler among those of one message: priority, then order of installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) priority: u32,
    pub(super) order: u64,
}

/// Who handles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Engine(Builtin, Module),
    Connection(ConnectionId),
}

/// An installed handler.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    pub(super) place: Place,
    pub(super) who: Who,
    /// What it adds to `handlers=`, without the priority.
    pub(super) track: Option<BString>,
    pub(super) filter: Option<(BString, BString)>,
}

/// Every handler, by the message it is for, in order.
#[derive(Debug)]
pub(super) struct Handlers {
    by_name: HashMap<BString, Vec<Handler>>,
    installed: u64,
}

/// What a handler of the engine's own came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Done(bool),
    /// It has another message dispatched first; [`Then`] says how it goes on.
    Nested(Box<Msg>, Then),
}

/// How something goes on when a message has been through the handlers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Then {
    /// It was only said.
    Nothing,
    /// A `dumb` channel was to be routed; with its call's message next.
    DumbRouted(Chan),
    /// A `dumb` channel's call was executed.
    DumbExecuted(Chan),
    /// An incoming call was prepared for routing.
    Prerouted(Chan),
    /// An incoming call was routed.
    Routed(Chan),
    /// An incoming call was executed.
    Executed(Chan),
    /// An incoming call could not be connected, and somebody could take it over still.
    Refused { chan: Chan, error: BString, reason: BString },
}

/// What comes after a nested message.
#[derive(Debug)]
pub(super) enum Onward {
    Result(bool),
    Again(Box<Msg>, Then),
}

#[derive(Debug)]
struct Frame {
    msg: Box<Msg>,
    passed: Option<Place>,
    handled: bool,
    then: Then,
}

/// A thread's work: a message, and those that its handlers have dispatched in turn.
#[derive(Debug)]
pub(super) struct Task {
    frames: Vec<Frame>,
    /// One of the dispatching threads; calls are routed on threads of their own.
    worker: bool,
}

/// The dispatching threads.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// How many there are.
    pub(super) count: usize,
    pub(super) busy: usize,
    pub(super) queue: VecDeque<Box<Msg>>,
    /// Those that wait for a module, by number.
    pub(super) waiting: HashMap<u64, Task>,
    last_task: u64,
    growing: bool,
}

impl Threads {
    pub(super) fn new(count: usize) -> Self {
        Threads { count: count.max(1), ..Threads::default() }
    }
}

impl Default for Handlers {
    fn default() -> Self {
        let mut handlers = Handlers { by_name: HashMap::new(), installed: 0 };
        for built_in in BUILT_IN {
            let who = Who::Engine(built_in.what, built_in.module);
            handlers.install(
                built_in.message,
                built_in.priority,
                who,
                Some(built_in.module.name().into()),
                None,
            );
        }
        handlers
    }
}

impl Handlers {
    pub(super) fn install(
        &mut self,
        name: impl Into<BString>,
        priority: u32,
        who: Who,
        track: Option<BString>,
        filter: Option<(BString, BString)>,
    ) {
        self.installed += 1;
        let place = Place { priority, order: self.installed };
        let list = self.by_name.entry(name.into()).or_default();
        let at = list.partition_point(|handler| handler.place < place);
        list.insert(at, Handler { place, who, track, filter });
    }

    /// Removes a connection's handler; its priority if there was one.
    pub(super) fn uninstall(&mut self, name: &[u8], connection: ConnectionId) -> Option<u32> {
        let list = self.by_name.get_mut(bstr::BStr::new(name))?;
        let at = list.iter().position(|handler| handler.who == Who::Connection(connection))?;
        Some(list.remove(at).place.priority)
    }

    /// Whether a connection has a handler for that message.
    pub(super) fn has(&self, name: &[u8], connection: ConnectionId) -> bool {
        let list = self.by_name.get(bstr::BStr::new(name));
        list.is_some_and(|list| list.iter().any(|handler| handler.who == Who::Connection(connection)))
    }

    pub(super) fn uninstall_all(&mut self, connection: ConnectionId) {
        for list in self.by_name.values_mut() {
            list.retain(|handler| handler.who != Who::Connection(connection));
        }
    }

    pub(super) fn count(&self) -> usize {
        self.by_name.values().map(Vec::len).sum()
    }

    /// The next handler for a message that has passed those up to `passed`.
    fn next(&self, msg: &Msg, passed: Option<Place>) -> Option<&Handler> {
        let list = self.by_name.get(&msg.name)?;
        let from = passed.map_or(0, |place| list.partition_point(|handler| handler.place <= place));
        list[from..].iter().find(|handler| match &handler.filter {
            Some((name, value)) => msg.fields.iter().any(|(key, is)| key == name && is == value),
            None => true,
        })
    }
}

impl Sim {
    /// Makes a message be about a channel, which it then keeps in being.
    pub(super) fn set_chan(&mut self, msg: &mut Msg, chan: Chan) {
        self.hold(chan);
        if let Some(old) = msg.chan.replace(chan) {
            self.release(old);
        }
    }

    /// Puts a message in the queue.
    pub(super) fn enqueue(&mut self, msg: Msg) {
        let jitter = self.settings.jitter;
        let mut at = self.now;
        if self.random.chance(jitter.probability) {
            at += self.random.within(jitter.span);
        }
        self.agenda.put(at, Event::Ready(Box::new(msg)));
    }

    /// A message is at the head of the queue.
    pub(super) fn ready(&mut self, msg: Box<Msg>) {
        self.threads.queue.push_back(msg);
        self.run_workers();
    }

    fn run_workers(&mut self) {
        while self.threads.busy < self.threads.count {
            let Some(msg) = self.threads.queue.pop_front() else { return };
            self.threads.busy += 1;
            self.start_task(msg, Then::Nothing, true);
        }
        if !self.threads.queue.is_empty()
            && self.threads.count < self.settings.workers
            && !self.threads.growing
        {
            self.threads.growing = true;
            self.agenda.put(self.now + GROW_AFTER, Event::Grow);
        }
    }

    /// One more thread, if all are still stuck.
    pub(super) fn grow(&mut self) {
        self.threads.growing = false;
        if self.threads.busy == self.threads.count && self.threads.count < self.settings.workers {
            self.threads.count += 1;
        }
        self.run_workers();
    }

    /// Dispatches on a thread of its own.
    pub(super) fn start_thread(&mut self, msg: Msg, then: Then) {
        self.start_task(Box::new(msg), then, false);
        self.run_workers();
    }

    fn start_task(&mut self, msg: Box<Msg>, then: Then, worker: bool) {
        let frame = Frame { msg, passed: None, handled: false, then };
        self.run(Task { frames: vec![frame], worker });
    }

    /// Goes on with a thread that a module's answer, or the lack of it, has set free.
    pub(super) fn resume(&mut self, task: u64, change: impl FnOnce(&mut Msg) -> bool) {
        let Some(mut task) = self.threads.waiting.remove(&task) else { return };
        if let Some(frame) = task.frames.last_mut() {
            frame.handled |= change(&mut frame.msg);
        }
        self.run(task);
        self.run_workers();
    }

    fn run(&mut self, mut task: Task) {
        while let Some(frame) = task.frames.last_mut() {
            let stop = frame.handled && !frame.msg.broadcast;
            let next = if stop { None } else { self.handlers.next(&frame.msg, frame.passed).cloned() };
            let Some(handler) = next else {
                self.finish_frame(&mut task);
                continue;
            };
            frame.passed = Some(handler.place);
            if let Some(track) = &handler.track {
                add_track(&mut frame.msg, track, handler.place.priority);
            }
            match handler.who {
                Who::Engine(what, module) => match self.handle(what, module, &mut frame.msg) {
                    Outcome::Done(handled) => frame.handled |= handled,
                    Outcome::Nested(msg, then) => {
                        task.frames.push(Frame { msg, passed: None, handled: false, then });
                    }
                },
                Who::Connection(connection) => {
                    let number = self.threads.last_task + 1;
                    if self.ask(connection, &frame.msg, number) {
                        self.threads.last_task = number;
                        self.threads.waiting.insert(number, task);
                        return;
                    }
                }
            }
        }
        if task.worker {
            self.threads.busy -= 1;
        }
    }

    /// A message is through: those who watch see it, and whoever dispatched it goes on.
    fn finish_frame(&mut self, task: &mut Task) {
        let Some(Frame { mut msg, handled, then, .. }) = task.frames.pop() else { return };
        self.show(&msg, handled);
        let mut nothing = Msg::new("", self.now);
        let has_outer = !task.frames.is_empty();
        let outer = task.frames.last_mut().map_or(&mut nothing, |frame| &mut *frame.msg);
        let onward = match then {
            Then::Nothing => Onward::Result(handled),
            then => self.go_on(then, &mut msg, handled, outer),
        };
        match onward {
            Onward::Result(result) => {
                if let (true, Some(frame)) = (has_outer, task.frames.last_mut()) {
                    frame.handled |= result;
                }
            }
            Onward::Again(msg, then) => task.frames.push(Frame { msg, passed: None, handled: false, then }),
        }
        if let Some(origin) = &msg.origin {
            self.answer_sender(origin, &msg, handled);
        }
        if let Some(chan) = msg.chan {
            self.release(chan);
        }
    }
}

fn add_track(msg: &mut Msg, track: &BString, priority: u32) {
    let mut handlers = BString::from(msg.fields.text("handlers"));
    if !handlers.is_empty() {
        handlers.push(b',');
    }
    handlers.extend_from_slice(track);
    handlers.extend_from_slice(format!(":{priority}").as_bytes());
    msg.fields.set("handlers", handlers);
}
