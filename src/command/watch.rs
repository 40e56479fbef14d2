//! The rooms as they are now, again and again, on a screen of their own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::cursor::{Hide, MoveTo, Show};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate, size,
};
use ratatui::crossterm::{execute, queue};

use super::Failure;
use super::daemon::connect;
use super::leave::told_to_leave;
use super::show::{Paper, rooms};
use super::terminal::lines;
use crate::control::client::Client;
use crate::control::protocol::{Answer, Command, Outcome, Room};

/// How often the daemon is asked.
const EVERY: Duration = Duration::from_secs(1);

/// How long the daemon may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How soon what happens is seen.
const FRAME: Duration = Duration::from_millis(100);

/// The rooms, or why they are not known.
type News = Result<Vec<Room>, String>;

/// Shows the rooms until whoever looks has seen enough.
pub(super) fn watch(socket: PathBuf, command: &Command) -> Result<(), Failure> {
    let (sender, news) = sync_channel(1);
    let command = command.clone();
    // It ends with the process: a daemon that hangs does not keep anybody here.
    thread::Builder::new().spawn(move || ask(&socket, &command, &sender))?;
    let screen = Screen::open()?;
    screen.show(&news)?;
    Ok(screen.close()?)
}

/// Asks once a second, on one connection as long as it holds.
#[allow(clippy::disallowed_methods)] // For whoever watches.
fn ask(socket: &Path, command: &Command, sender: &SyncSender<News>) {
    let mut client = None;
    while sender.send(news(&mut client, socket, command)).is_ok() {
        thread::sleep(EVERY);
    }
}

fn news(client: &mut Option<Client>, socket: &Path, command: &Command) -> News {
    let asked = match client {
        Some(client) => client.ask(command.clone()),
        None => connect(socket, PATIENCE).and_then(|new| client.insert(new).ask(command.clone())),
    };
    let outcome = asked.map_err(|problem| {
        *client = None;
        problem.to_string()
    })?;
    match outcome {
        Outcome::Ok(Answer::Rooms(rooms)) => Ok(rooms),
        Outcome::Ok(_) => Err("the daemon's answer is none to what was asked".to_owned()),
        // Who was turned away has no connection any more.
        Outcome::Error(refusal) => {
            *client = None;
            Err(refusal.message)
        }
    }
}

/// What is shown.
#[derive(Debug, Default)]
struct View {
    rooms: Option<Vec<Room>>,
    /// Why what is shown is old.
    problem: Option<String>,
    /// How many lines are above the screen.
    above: usize,
}

impl View {
    fn hear(&mut self, news: News) {
        match news {
            Ok(rooms) => *self = View { rooms: Some(rooms), problem: None, above: self.above },
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// The lines for a screen of so many.
    fn lines(&mut self, paper: &Paper, height: usize) -> Vec<String> {
        let head = match &self.problem {
            Some(problem) => {
                let problem = lines(problem.lines().next().unwrap_or_default());
                paper.alert(&format!("{problem}; trying again, q leaves"))
            }
            None => paper.hint("q leaves"),
        };
        let text = match &self.rooms {
            Some(all) => rooms::text(paper, all),
            None if self.problem.is_some() => String::new(),
            None => "asking ...".to_owned(),
        };
        let head: Vec<String> = head.lines().map(str::to_owned).collect();
        let body: Vec<&str> = text.lines().collect();
        let room = height.saturating_sub(head.len());
        self.above = self.above.min(body.len().saturating_sub(room));
        let body = body.into_iter().skip(self.above).take(room).map(str::to_owned);
        let mut shown: Vec<String> = head.into_iter().chain(body).collect();
        shown.truncate(height);
        shown
    }

    /// What a key means; `false` to leave.
    fn key(&mut self, key: KeyEvent, page: usize) -> bool {
        if key.kind == KeyEventKind::Release {
            return true;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => return false,
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Up => self.above = self.above.saturating_sub(1),
            KeyCode::Down => self.above = self.above.saturating_add(1),
            KeyCode::PageUp => self.above = self.above.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => self.above = self.above.saturating_add(page),
            KeyCode::Home => self.above = 0,
            KeyCode::End => self.above = usize::MAX,
            _ => {}
        }
        true
    }
}

/// The terminal, as it was again when this is gone: at the end, after an error, in a panic, when told to leave.
struct Screen {
    open: bool,
    told_to_leave: Arc<AtomicBool>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        let told_to_leave = told_to_leave(restore)?;
        // This has a panic restore the terminal before it says what it has to say.
        ratatui::try_init()?;
        let screen = Screen { open: true, told_to_leave };
        execute!(io::stdout(), Hide)?;
        Ok(screen)
    }

    /// As dropping it, but an error is told.
    fn close(mut self) -> io::Result<()> {
        self.open = false;
        restore()
    }

    fn show(&self, news: &Receiver<News>) -> io::Result<()> {
        let mut view = View::default();
        let mut stale = true;
        while !self.told_to_leave.load(Ordering::Relaxed) {
            for news in news.try_iter() {
                view.hear(news);
                stale = true;
            }
            if stale {
                draw(&mut view)?;
                stale = false;
            }
            if event::poll(FRAME)? {
                let page = usize::from(size()?.1);
                match event::read()? {
                    Event::Key(key) if !view.key(key, page) => return Ok(()),
                    _ => stale = true,
                }
            }
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // After a panic it is restored already, and its message is on the screen.
        if self.open && !thread::panicking() {
            // The error on the way is the one that counts.
            let _ = restore();
        }
    }
}

fn restore() -> io::Result<()> {
    let cursor = execute!(io::stdout(), Show);
    ratatui::try_restore().and(cursor)
}

/// Draws over what is there, so that nothing flickers.
fn draw(view: &mut View) -> io::Result<()> {
    let (_, height) = size()?;
    let lines = view.lines(&Paper::here(), usize::from(height));
    let mut out = io::stdout().lock();
    queue!(out, BeginSynchronizedUpdate, DisableLineWrap)?;
    let rows = 0..height;
    let mut lines = lines.into_iter();
    for row in rows {
        queue!(out, MoveTo(0, row), Print(lines.next().unwrap_or_default()), Clear(ClearType::UntilNewLine))?;
    }
    queue!(out, EnableLineWrap, EndSynchronizedUpdate)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::super::show;
    use super::*;

    fn room(name: &str) -> Room {
        Room {
            name: name.to_owned(),
            since: None,
            locked: false,
            recording: false,
            max_users: None,
            conference: None,
            seats: Vec::new(),
            waiting: 0,
        }
    }

    #[test]
    fn when_the_daemon_is_gone_it_says_so_over_what_was_last_and_recovers() {
        let paper = show::paper(60);
        let mut view = View::default();
        assert_eq!(view.lines(&paper, 10), ["q leaves", "asking ..."]);
        view.hear(Ok(vec![room("800")]));
        view.hear(Err("no touchtone listens on /run/\u{1b}x\nis it running?".to_owned()));
        let lines = view.lines(&paper, 10);
        assert!(lines[0].starts_with("no touchtone listens on /run/\\u{1b}x; trying again"), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("room 800")), "{lines:?}");
        view.hear(Ok(vec![room("801")]));
        assert!(view.lines(&paper, 10)[1].starts_with("room 801"));
    }

    #[test]
    fn it_never_shows_more_lines_than_the_screen_has_and_keys_move_over_the_rest() {
        let paper = show::paper(40);
        let mut view = View::default();
        view.hear(Ok((0..50).map(|name| room(&name.to_string())).collect()));
        let press = |code| KeyEvent::new(code, KeyModifiers::NONE);
        for height in [0, 1, 2, 5, 24] {
            assert!(view.lines(&paper, height).len() <= height);
        }
        assert!(view.key(press(KeyCode::End), 24));
        let end = view.lines(&paper, 24);
        assert!(end.len() == 24 && end.iter().any(|line| line == "room 49"), "{end:?}");
        assert!(view.key(press(KeyCode::Home), 24) && view.key(press(KeyCode::Down), 24));
        assert!(view.lines(&paper, 24).iter().all(|line| line != "room 0"));
        assert!(!view.key(press(KeyCode::Char('q')), 24));
        assert!(!view.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), 24));
    }
}
