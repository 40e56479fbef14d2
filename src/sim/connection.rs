//! The engine's side of a module's connection: its lines, its handlers, what it watches.

use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};
use memchr::memchr2;

use super::Sim;
use super::agenda::Event;
use super::dispatch::Who;
use super::locals::Locals;
use super::message::{Msg, Origin};
use super::mishap::{Amiss, Kind};
use crate::wire::{Answer, EngineLine, Message, ModuleLine};

/// One connection of a module with the engine; never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(super) u64);

/// A message that a module has been asked about.
#[derive(Debug)]
struct Question {
    id: BString,
    task: u64,
    asked: Duration,
    /// When it must have answered; None if the engine waits for ever.
    deadline: Option<Duration>,
}

/// What the engine knows of a connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) open: bool,
    /// Started by the engine, on its standard input and output.
    pub(super) scripted: bool,
    /// It has said what it is.
    connected: bool,
    ended: bool,
    inbox: Vec<u8>,
    pub(super) outbox: Vec<u8>,
    reading: bool,
    last_read: Duration,
    pub(super) locals: Locals,
    watched: Vec<BString>,
    questions: Vec<Question>,
    /// When the engine next looks whether an answer is overdue.
    overdue_at: Option<Duration>,
    pub(super) amiss: Amiss,
}

impl Sim {
    pub(super) fn open_connection(&mut self, scripted: bool) -> ConnectionId {
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let connection = Connection {
            open: true,
            scripted,
            connected: scripted,
            ended: false,
            inbox: Vec::new(),
            outbox: Vec::new(),
            reading: false,
            last_read: self.now,
            locals: Locals::new(&self.settings),
            watched: Vec::new(),
            questions: Vec::new(),
            overdue_at: None,
            amiss: Amiss::default(),
        };
        self.connections.insert(id, connection);
        id
    }

    pub(super) fn connections_open(&self) -> usize {
        self.connections.values().filter(|connection| connection.open).count()
    }

    /// Bytes have come, or the end of them: they are read when the reading thread next wakes.
    pub(super) fn arrived(&mut self, id: ConnectionId, bytes: &[u8], ended: bool) {
        let (now, idle) = (self.now, self.settings.read_idle);
        let alive = |connection: &&mut Connection| connection.open && !connection.ended;
        let Some(connection) = self.connections.get_mut(&id).filter(alive) else { return };
        let (read, closes) = connection.amiss.reads(bytes.len());
        connection.inbox.extend_from_slice(&bytes[..read]);
        connection.ended |= ended || closes;
        if std::mem::replace(&mut connection.reading, true) {
            return;
        }
        let mut at = now;
        if !idle.is_zero() {
            let asleep = (now - connection.last_read).as_nanos() % idle.as_nanos();
            let left = if asleep == 0 { 0 } else { idle.as_nanos() - asleep };
            at += Duration::from_nanos(u64::try_from(left).unwrap_or_default());
        }
        self.agenda.put(at, Event::Read(id));
    }

    /// The reading thread is awake: it reads every line that is there.
    pub(super) fn read(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        (connection.reading, connection.last_read) = (false, self.now);
        loop {
            let Some(connection) = self.connections.get_mut(&id).filter(|connection| connection.open) else {
                return;
            };
            let room = connection.locals.buffer - 1;
            let Some(end) = memchr2(b'\n', 0, &connection.inbox) else {
                let (overflow, ended) = (connection.inbox.len() >= room, connection.ended);
                if overflow {
                    self.note("extmodule", "overflow reading in buffer, closing");
                }
                if overflow || ended {
                    self.close(id);
                }
                return;
            };
            if end >= room {
                self.note("extmodule", "overflow reading in buffer, closing");
                return self.close(id);
            }
            let line: Vec<u8> = connection.inbox.drain(..=end).collect();
            let line = &line[..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() && self.line(id, line) {
                return self.close(id);
            }
            self.disturb_reading(id);
        }
    }

    /// Handles one line; true if the connection is to be closed.
    fn line(&mut self, id: ConnectionId, line: &[u8]) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return true };
        if !connection.connected {
            let known = matches!(ModuleLine::parse(line), Ok(ModuleLine::Connect { role, .. }) if *role == *b"global");
            connection.connected = known;
            return !known;
        }
        if line.starts_with(b"%%<message:") {
            self.answered(id, line);
            return false;
        }
        match ModuleLine::parse(line) {
            Ok(ModuleLine::Message(message)) if readable(line) => self.sent(id, &message),
            Ok(ModuleLine::Install { priority, name, filter }) => {
                let filter = filter.filter(|(key, _)| !key.is_empty());
                let filter = filter.map(|(key, value)| (key.as_ref().into(), value.as_ref().into()));
                self.install(id, priority.unwrap_or(100), &name, filter);
            }
            Ok(ModuleLine::Uninstall(name)) => {
                let priority = self.handlers.uninstall(&name, id);
                let success = priority.is_some();
                self.say(id, &EngineLine::Uninstalled { priority: priority.unwrap_or(0), name, success });
            }
            Ok(ModuleLine::Watch(name)) => {
                let success = self.watch(id, &name);
                self.say(id, &EngineLine::Watched { name, success });
            }
            Ok(ModuleLine::Unwatch(name)) => {
                let success = self.unwatch(id, &name);
                self.say(id, &EngineLine::Unwatched { name, success });
            }
            Ok(ModuleLine::SetLocal { name, value }) => self.set_local(id, &name, &value),
            Ok(ModuleLine::Output(text)) => self.note("output", text.trim().to_str_lossy()),
            Ok(ModuleLine::Debug { level, text }) => {
                self.note(&format!("debug:{level}"), text.to_str_lossy());
            }
            Ok(ModuleLine::Quit) => {
                self.say(id, &EngineLine::Quit);
                return true;
            }
            _ => self.say(id, &EngineLine::ErrorIn(line.into())),
        }
        false
    }

    pub(super) fn say(&mut self, id: ConnectionId, line: &EngineLine<'_>) {
        if let Some(connection) = self.connections.get_mut(&id) {
            line.encode(&mut connection.outbox);
        }
    }

    /// A module sends a message: it goes into the queue like any other.
    fn sent(&mut self, id: ConnectionId, message: &Message<'_>) {
        let mut msg = Msg::new("", self.now);
        msg.apply(&message.name, &message.retvalue, &message.params);
        if message.time > self.settings.epoch {
            msg.time = Duration::from_secs(message.time - self.settings.epoch);
        }
        // Without an id nothing ties the message to its sender, who then may be asked about it.
        if !message.id.is_empty() {
            msg.origin = Some(Origin { connection: id, id: message.id.as_ref().into() });
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.amiss.asked(BStr::new(&message.id));
            }
        }
        self.enqueue(msg);
    }

    fn install(&mut self, id: ConnectionId, priority: u32, name: &[u8], filter: Option<(BString, BString)>) {
        let Some(connection) = self.connections.get(&id) else { return };
        let track = Some(connection.locals.track.clone()).filter(|track| !track.is_empty());
        let success = !name.is_empty() && !self.handlers.has(name, id);
        if success {
            self.handlers.install(name, priority, Who::Connection(id), track, filter);
        }
        self.say(id, &EngineLine::Installed { priority, name: name.into(), success });
    }

    fn watch(&mut self, id: ConnectionId, name: &[u8]) -> bool {
        if !self.watchers.contains(&id) {
            self.watchers.push(id);
        }
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        let fresh = !connection.watched.iter().any(|watched| watched == name);
        if fresh {
            connection.watched.push(name.into());
        }
        fresh
    }

    fn unwatch(&mut self, id: ConnectionId, name: &[u8]) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        let before = connection.watched.len();
        connection.watched.retain(|watched| watched != name);
        connection.watched.len() < before
    }

    /// Asks a module about a message; false if it is not to be asked.
    pub(super) fn ask(&mut self, id: ConnectionId, msg: &Msg, task: u64) -> bool {
        let seconds = self.settings.epoch + msg.time.as_secs();
        let question =
            BString::from(format!("0x7f35{:08x}.{}", task % 0x1000_0000, self.random.below(1 << 31)));
        let Some(connection) = self.connections.get_mut(&id).filter(|connection| connection.open) else {
            return false;
        };
        let own = msg.origin.as_ref().is_some_and(|origin| origin.connection == id);
        if own && !connection.locals.reenter {
            return false;
        }
        if connection.locals.max_queue > 0 && connection.questions.len() >= connection.locals.max_queue {
            self.note("extmodule", "too many queued messages");
            return false;
        }
        msg.encode_question(&question, seconds, &mut connection.outbox);
        let deadline = connection.locals.timeout.map(|timeout| self.now + timeout);
        connection.questions.push(Question { id: question, task, asked: self.now, deadline });
        self.watch_deadlines(id);
        true
    }

    fn watch_deadlines(&mut self, id: ConnectionId) {
        let Some(connection) =
            self.connections.get_mut(&id).filter(|connection| connection.overdue_at.is_none())
        else {
            return;
        };
        connection.overdue_at = connection.questions.iter().filter_map(|question| question.deadline).min();
        if let Some(at) = connection.overdue_at {
            self.agenda.put(at, Event::AnswerOverdue(id));
        }
    }

    /// A module answers. What matches no question is noted and forgotten.
    fn answered(&mut self, id: ConnectionId, line: &[u8]) {
        // The engine takes an answer that ends after its truth, too.
        let longer = [line, b":"].concat();
        let answer = match (ModuleLine::parse(line), ModuleLine::parse(&longer)) {
            (Ok(ModuleLine::Answer(answer)), _) | (Err(_), Ok(ModuleLine::Answer(answer))) => Some(answer),
            _ => None,
        };
        let answer = answer.filter(|_| readable(line));
        let Some((task, answer)) = answer.and_then(|answer| Some((self.take_question(id, &answer)?, answer)))
        else {
            return self.note("extmodule", format!("unmatched message: {}", BStr::new(line)));
        };
        self.resume(task, |msg| {
            msg.apply(&answer.name, &answer.retvalue, &answer.params);
            answer.processed
        });
    }

    fn take_question(&mut self, id: ConnectionId, answer: &Answer<'_>) -> Option<u64> {
        let questions = &mut self.connections.get_mut(&id)?.questions;
        let at = questions.iter().position(|question| question.id == answer.id.as_ref())?;
        let question = questions.remove(at);
        self.waited(&question);
        Some(question.task)
    }

    fn waited(&mut self, question: &Question) {
        self.longest_wait = self.longest_wait.max(self.now.saturating_sub(question.asked));
    }

    /// What a module has not answered in time goes on without it.
    pub(super) fn overdue(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.overdue_at = None;
        let bomb = connection.locals.timebomb;
        let late = |question: &mut Question| question.deadline.is_some_and(|deadline| deadline <= now);
        let late: Vec<Question> = connection.questions.extract_if(.., late).collect();
        let any = !late.is_empty();
        for question in late {
            self.waited(&question);
            self.note("extmodule", "message did not return in time");
            self.resume(question.task, |_| false);
        }
        if bomb && any {
            self.close(id);
        } else {
            self.watch_deadlines(id);
        }
    }

    /// Shows a message that has been dispatched to those who watch it.
    pub(super) fn show(&mut self, msg: &Msg, handled: bool) {
        for at in 0..self.watchers.len() {
            let id = self.watchers[at];
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            let own = msg.origin.as_ref().is_some_and(|origin| origin.connection == id);
            let watched = connection.watched.iter().any(|name| name.is_empty() || *name == msg.name);
            if watched && (!own || connection.locals.selfwatch) {
                let from = connection.outbox.len();
                msg.encode_answer(b"", handled, &mut connection.outbox);
                self.disturb(id, Kind::Event, from);
            }
        }
    }

    pub(super) fn answer_sender(&mut self, origin: &Origin, msg: &Msg, handled: bool) {
        if let Some(connection) =
            self.connections.get_mut(&origin.connection).filter(|connection| connection.open)
        {
            connection.amiss.answered(origin.id.as_ref());
            let from = connection.outbox.len();
            msg.encode_answer(&origin.id, handled, &mut connection.outbox);
            let kind = if msg.name == "engine.status" { Kind::Account } else { Kind::Answer };
            self.disturb(origin.connection, kind, from);
        }
    }

    /// The end of a connection: its handlers and watches go, and what waited for it goes on.
    pub(super) fn close(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if !std::mem::replace(&mut connection.open, false) {
            return;
        }
        connection.inbox = Vec::new();
        let questions = std::mem::take(&mut connection.questions);
        self.watchers.retain(|watcher| *watcher != id);
        self.handlers.uninstall_all(id);
        for question in questions {
            self.waited(&question);
            self.resume(question.task, |_| false);
        }
    }
}

/// Whether the engine can read every escape of a line; it knows fewer than it could.
fn readable(line: &[u8]) -> bool {
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        let good = match byte {
            b'%' => matches!(bytes.next(), Some(b'%' | b'A'..=b'_' | b'z')),
            byte => byte >= b' ',
        };
        if !good {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn only_the_engines_own_escapes_are_readable() {
        assert!(readable(b"%%>message:1:0:a::b=%zc%%d%J%_"));
        for bad in ["a%@", "a%}", "a%", "a%a", "a\tb"] {
            assert!(!readable(bad.as_bytes()), "{bad}");
        }
    }
}
