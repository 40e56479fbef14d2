//! `touchtone replay`

use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use bstr::ByteSlice;
use clap::Args;
use jiff::Timestamp;

use super::{ConfigArg, Failure};
use crate::assist::{Assist, Input, Output, Role};
use crate::moment::Moment;
use crate::wire::{Answer, EngineLine, Message, ModuleLine, Params};

/// Play the engine's side of a recorded transcript in, and print what touchtone would send.
#[derive(Debug, Args)]
#[command(after_help = "A transcript has a line an event: MILLISECONDS E LINE for what the engine said, \
    MILLISECONDS A LINE for what the module said. Lines that begin with # are comments.\n\
    Where the recorded module sent the same request, the engine's answer to it is given to touchtone as its own.")]
pub(super) struct Replay {
    #[command(flatten)]
    config: ConfigArg,
    /// The transcript.
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,
}

impl Replay {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let config = self.config.load()?;
        let path = self.transcript.display();
        let text = std::fs::read(&self.transcript)
            .map_err(|error| Failure::Refused(format!("error: {path} cannot be read: {error}")))?;
        let mut answers = Answers::default();
        for line in text.lines() {
            if let Ok(Some(Entry { said: Said::ByModule(line), .. })) = entry(line)
                && let Ok(ModuleLine::Message(message)) = ModuleLine::parse(line)
            {
                answers.recorded(&message);
            }
        }
        let mut player =
            Player { assist: Assist::new(config), answers, refused: Vec::new(), out, now: Duration::ZERO };
        player.handle(Input::Connected(Role::Socket))?;
        for (at, line) in text.lines().enumerate() {
            if let Some(entry) =
                entry(line).map_err(|what| Failure::Refused(format!("error: {path}:{}: {what}", at + 1)))?
            {
                player.play(&entry)?;
            }
        }
        player.wait_out()?;
        Ok(out.flush()?)
    }
}

struct Entry<'t> {
    at: Duration,
    said: Said<'t>,
}

enum Said<'t> {
    ByEngine(&'t [u8]),
    ByModule(&'t [u8]),
}

/// Reads one line of a transcript; `None` for comments and what is neither side's.
fn entry(line: &[u8]) -> Result<Option<Entry<'_>>, String> {
    if line.starts_with(b"#") || line.trim().is_empty() {
        return Ok(None);
    }
    let mut parts = line.splitn_str(3, " ");
    let at = parts.next().and_then(|number| number.to_str().ok()?.parse().ok()).map(Duration::from_millis);
    let at = at.ok_or("a line must begin with its milliseconds")?;
    let said = match (parts.next(), parts.next()) {
        (Some(b"E"), Some(said)) => Said::ByEngine(said),
        (Some(b"A"), Some(said)) => Said::ByModule(said),
        (Some(b"X"), _) => return Ok(None),
        _ => return Err("after the milliseconds comes E or A, and what was said".to_owned()),
    };
    Ok(Some(Entry { at, said }))
}

struct Player<'o, W> {
    assist: Assist,
    answers: Answers,
    /// Messages of ours that are to be answered with a refusal.
    refused: Vec<Vec<u8>>,
    out: &'o mut W,
    now: Duration,
}

impl<W: Write> Player<'_, W> {
    fn play(&mut self, entry: &Entry<'_>) -> Result<(), Failure> {
        self.wait_until(entry.at)?;
        self.now = self.now.max(entry.at);
        match entry.said {
            Said::ByModule(_) => Ok(()),
            Said::ByEngine(line) => match EngineLine::parse(line) {
                Ok(EngineLine::Answer(answer)) if !answer.is_watched() => match self.answers.claim(answer) {
                    Some(answer) => self.handle(Input::Line(EngineLine::Answer(answer))),
                    None => Ok(()),
                },
                Ok(line) => self.handle(Input::Line(line)),
                Err(problem) => Err(Failure::Refused(format!("error: {problem}: {}", line.as_bstr()))),
            },
        }
    }

    fn handle(&mut self, input: Input<'_>) -> Result<(), Failure> {
        self.assist.handle_input(Moment::at(self.now, Timestamp::UNIX_EPOCH), input);
        self.print()?;
        while let Some(id) = self.refused.pop() {
            let params = Params::new();
            let name = b"engine.status".into();
            let refusal = Answer { id: id.into(), processed: false, name, retvalue: b"".into(), params };
            self.assist.handle_input(
                Moment::at(self.now, Timestamp::UNIX_EPOCH),
                Input::Line(EngineLine::Answer(refusal)),
            );
            self.print()?;
        }
        Ok(())
    }

    fn wait_until(&mut self, until: Duration) -> Result<(), Failure> {
        while let Some(due) = self.assist.poll_timeout().filter(|&due| due < until) {
            self.due(due)?;
        }
        Ok(())
    }

    /// Waits for every timer that ends; the engine is asked now and then for ever.
    fn wait_out(&mut self) -> Result<(), Failure> {
        while let Some(due) = self.assist.poll_timeout().filter(|_| self.assist.load().timers) {
            self.due(due)?;
        }
        Ok(())
    }

    fn due(&mut self, due: Duration) -> Result<(), Failure> {
        self.now = self.now.max(due);
        self.assist.handle_timeout(Moment::at(self.now, Timestamp::UNIX_EPOCH));
        self.print()
    }

    /// What the recorded module never asked of the engine's account is refused, as by an engine that gives none.
    fn sent(&mut self, message: &Message<'_>) {
        if message.name.as_ref() == b"engine.status" && !self.answers.has(message) {
            self.refused.push(message.id.to_vec());
        } else {
            self.answers.sent(message);
        }
    }

    fn print(&mut self) -> Result<(), Failure> {
        while let Some(output) = self.assist.poll_output() {
            let Output::Send(lines) = output else { continue };
            for line in lines.lines() {
                if let Ok(ModuleLine::Message(message)) = ModuleLine::parse(line) {
                    self.sent(&message);
                }
                write!(self.out, "{} A ", self.now.as_millis())?;
                self.out.write_all(line)?;
                writeln!(self.out)?;
            }
        }
        Ok(())
    }
}

/// What two requests must share to be the same one.
type Request = (Vec<u8>, Vec<u8>, Vec<u8>);

fn request(message: &Message<'_>) -> Request {
    let param = |name| message.params.get(name).unwrap_or_default().into_owned();
    (message.name.to_vec(), param("message"), param("module"))
}

/// Which of the recorded answers are answers to what we sent.
#[derive(Debug, Default)]
struct Answers {
    recorded: HashMap<Vec<u8>, Request>,
    sent: HashMap<Request, VecDeque<Vec<u8>>>,
}

impl Answers {
    /// Whether the recorded module asked this too, at any time.
    fn has(&self, message: &Message<'_>) -> bool {
        let wanted = request(message);
        self.recorded.values().any(|recorded| *recorded == wanted)
    }

    fn recorded(&mut self, message: &Message<'_>) {
        self.recorded.insert(message.id.to_vec(), request(message));
    }

    fn sent(&mut self, message: &Message<'_>) {
        self.sent.entry(request(message)).or_default().push_back(message.id.to_vec());
    }

    fn claim<'a>(&mut self, mut answer: Answer<'a>) -> Option<Answer<'a>> {
        let request = self.recorded.get(answer.id.as_ref())?;
        answer.id = self.sent.get_mut(request)?.pop_front()?.into();
        Some(answer)
    }
}
