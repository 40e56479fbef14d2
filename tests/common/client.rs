//! A small external module, for tests that talk to an engine themselves.
#![allow(clippy::disallowed_methods)] // It says when things were said.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use touchtone::config::Address;
use touchtone::link::{self, Reader, Writer};
use touchtone::wire::{Answer, EngineLine, Framer, MAX_LINE_LIMIT, Message, ModuleLine, Params, answer_into};

const PATIENCE: Duration = Duration::from_secs(15);

/// A message that the engine said something about.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) at: Instant,
    pub(crate) processed: bool,
    pub(crate) name: String,
    pub(crate) retvalue: String,
    pub(crate) params: Params<'static>,
}

impl Said {
    pub(crate) fn get(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.params.get(name).unwrap_or_default()).into_owned()
    }
}

/// What a connection hears.
enum Heard {
    Answer(String, Said),
    Watched(Said),
    Asked(Said),
    Confirmed(bool),
}

/// A connection to an engine. What the engine asks on it is answered as handled, at once.
pub(crate) struct Client {
    lines: Option<UnboundedSender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
    heard: Receiver<Heard>,
    answers: HashMap<String, Said>,
    watched: Vec<Said>,
    asked: Vec<Said>,
    confirmed: Vec<bool>,
    last: u32,
}

impl Client {
    pub(crate) fn connect(address: &Address) -> Self {
        let (lines, to_write) = unbounded_channel();
        let (sender, heard) = channel();
        let address = address.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(talk(&address, to_write, &sender));
        });
        let mut client = Client {
            lines: Some(lines),
            thread: Some(thread),
            heard,
            answers: HashMap::new(),
            watched: Vec::new(),
            asked: Vec::new(),
            confirmed: Vec::new(),
            last: 0,
        };
        client.line(&ModuleLine::Connect { role: b"global".into(), id: None, kind: None });
        client
    }

    /// Sees what becomes of messages of that name.
    pub(crate) fn watch(&mut self, name: &str) {
        self.line(&ModuleLine::Watch(name.as_bytes().into()));
        assert!(self.confirmation(), "{name} is watched");
    }

    /// Handles messages of that name about that channel.
    pub(crate) fn install(&mut self, priority: u32, name: &str, channel: &str) {
        let filter = Some((b"id".into(), channel.as_bytes().into()));
        self.line(&ModuleLine::Install { priority: Some(priority), name: name.as_bytes().into(), filter });
        assert!(self.confirmation(), "{name} is handled");
    }

    /// Sends a message; its answer is had by the id.
    pub(crate) fn send(&mut self, name: &str, fields: &[(&str, &str)]) -> String {
        self.last += 1;
        let id = format!("test.{}", self.last);
        let params: Params<'static> = fields.iter().copied().collect();
        self.line(&ModuleLine::Message(Message::new(id.clone().into_bytes(), name, params)));
        id
    }

    pub(crate) fn answer(&mut self, id: &str) -> Said {
        self.hear_until(id, |client| client.answers.remove(id))
    }

    pub(crate) fn ask(&mut self, name: &str, fields: &[(&str, &str)]) -> Said {
        let id = self.send(name, fields);
        self.answer(&id)
    }

    /// Does something in a channel's name.
    pub(crate) fn masquerade(&mut self, channel: &str, message: &str, fields: &[(&str, &str)]) -> Said {
        let fields = [&[("id", channel), ("message", message)], fields].concat();
        self.ask("chan.masquerade", &fields)
    }

    /// The engine's own account of a module, a room or a channel; empty if there is no such thing.
    pub(crate) fn status(&mut self, of: &str) -> String {
        self.ask("engine.status", &[("module", of)]).retvalue
    }

    /// What was seen since the last time.
    pub(crate) fn take_watched(&mut self) -> Vec<Said> {
        self.hear();
        std::mem::take(&mut self.watched)
    }

    /// What was asked so far.
    pub(crate) fn asked(&mut self) -> &[Said] {
        self.hear();
        &self.asked
    }

    fn line(&mut self, line: &ModuleLine<'_>) {
        let mut bytes = Vec::new();
        line.encode(MAX_LINE_LIMIT, &mut bytes).expect("a line that can be sent");
        let sent = self.lines.as_ref().map(|lines| lines.send(bytes));
        assert!(sent.is_some_and(|sent| sent.is_ok()), "the connection is lost");
    }

    fn confirmation(&mut self) -> bool {
        self.hear_until("a confirmation", |client| client.confirmed.pop())
    }

    fn hear(&mut self) {
        while let Ok(heard) = self.heard.try_recv() {
            self.keep(heard);
        }
    }

    fn hear_until<T>(&mut self, what: &str, mut found: impl FnMut(&mut Self) -> Option<T>) -> T {
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            match self.heard.recv_timeout(PATIENCE) {
                Ok(heard) => self.keep(heard),
                Err(problem) => panic!("the engine does not say {what}: {problem}"),
            }
        }
    }

    fn keep(&mut self, heard: Heard) {
        match heard {
            Heard::Answer(id, said) => drop(self.answers.insert(id, said)),
            Heard::Watched(said) => self.watched.push(said),
            Heard::Asked(said) => self.asked.push(said),
            Heard::Confirmed(success) => self.confirmed.push(success),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.lines = None;
        // What went wrong there was said there.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Ends when the client is dropped or the engine closes.
async fn talk(address: &Address, mut to_write: UnboundedReceiver<Vec<u8>>, heard: &Sender<Heard>) {
    let (mut reader, mut writer) = link::connect(address).await.expect("an engine at TOUCHTONE_LIVE");
    let mut framer = Framer::new(4 * MAX_LINE_LIMIT);
    let mut buffer = vec![0; 65_536];
    loop {
        let mut answers = Vec::new();
        tokio::select! {
            line = to_write.recv() => match line {
                Some(line) => write_all(&mut writer, &line).await,
                None => return leave(reader, writer, buffer).await,
            },
            count = reader.read(&mut buffer) => {
                match count {
                    Ok(count) if count > 0 => framer.push(&buffer[..count]),
                    _ => return,
                }
                while let Some(line) = framer.next_line() {
                    let line = line.expect("a line of bearable length");
                    understand(line, &mut answers, heard);
                }
                write_all(&mut writer, &answers).await;
            }
        }
    }
}

/// Goes as the engine likes it: it complains of a connection that is closed with something unread.
async fn leave(mut reader: Reader, mut writer: Writer, mut buffer: Vec<u8>) {
    let mut quit = Vec::new();
    ModuleLine::Quit.encode(MAX_LINE_LIMIT, &mut quit).expect("a line that can be sent");
    if writer.write(&quit).await.is_ok() {
        while reader.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    }
}

async fn write_all(writer: &mut Writer, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        bytes = &bytes[writer.write(bytes).await.expect("the engine reads")..];
    }
}

fn understand(line: &[u8], answers: &mut Vec<u8>, heard: &Sender<Heard>) {
    let at = Instant::now();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = match EngineLine::parse(line).expect("a line of the protocol") {
        EngineLine::Message(Message { id, name, retvalue, params, .. }) => {
            answer_into(&id, true, answers);
            let (name, retvalue, params) = (text(&name), text(&retvalue), params.into_owned());
            Heard::Asked(Said { at, processed: true, name, retvalue, params })
        }
        EngineLine::Answer(answer) => {
            let (id, watched) = (text(&answer.id), answer.is_watched());
            let Answer { processed, name, retvalue, params, .. } = answer;
            let (name, retvalue, params) = (text(&name), text(&retvalue), params.into_owned());
            let said = Said { at, processed, name, retvalue, params };
            if watched { Heard::Watched(said) } else { Heard::Answer(id, said) }
        }
        EngineLine::Installed { success, .. } | EngineLine::Watched { success, .. } => {
            Heard::Confirmed(success)
        }
        other => panic!("the engine said {other:?}"),
    };
    // Nobody listens any more once the test is over.
    let _ = heard.send(said);
}
