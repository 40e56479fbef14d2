//! The demo in a person's hands: a key pad in the terminal, the room beside it.
//!
//! `desk` is what can be done and seen, `input` and `layout` what keys and clicks mean, `draw` the picture. Here is the
//! terminal itself, and the clock.

mod desk;
mod draw;
mod input;
mod layout;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;
use ratatui::layout::Rect;

use crate::command::Failure;
use crate::command::leave::told_to_leave;
use crate::config::Config;
use desk::{Command, Desk};

/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(50);

/// Lets a person be the callers until they have enough.
pub(super) fn run(config: Arc<Config>, seed: u64) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "error: --interactive needs a terminal, for the keys and for the screen\n\
             `touchtone demo` alone shows the same without one"
                .to_owned(),
        ));
    }
    let mut desk = Desk::new(config, seed);
    let mut screen = Screen::open()?;
    screen.play(&mut desk)?;
    Ok(screen.close()?)
}

/// The terminal, as it was again when this is gone: at the end, after an error, in a panic, when told to leave.
struct Screen {
    terminal: DefaultTerminal,
    open: bool,
    told_to_leave: Arc<AtomicBool>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        let told_to_leave = told_to_leave(restore)?;
        // This has a panic restore the terminal before it says what it has to say.
        let terminal = ratatui::try_init()?;
        let screen = Screen { terminal, open: true, told_to_leave };
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = execute!(io::stdout(), DisableMouseCapture);
            told(panic);
        }));
        execute!(io::stdout(), EnableMouseCapture)?;
        Ok(screen)
    }

    /// As dropping it, but an error is told.
    fn close(mut self) -> io::Result<()> {
        self.open = false;
        restore()
    }

    #[allow(clippy::disallowed_methods)] // The edge: real time drives the scene's.
    fn play(&mut self, desk: &mut Desk) -> io::Result<()> {
        let mut last = Instant::now();
        while !desk.ended() && !self.told_to_leave.load(Ordering::Relaxed) {
            self.terminal.draw(|frame| draw::draw(frame, desk))?;
            if event::poll(FRAME)? {
                let size = self.terminal.size()?;
                let command = input::command(&event::read()?, Rect::from((Default::default(), size)));
                if command == Some(Command::Redraw) {
                    self.terminal.clear()?;
                }
                command.into_iter().for_each(|command| desk.command(command));
            }
            let now = Instant::now();
            desk.advance(now - last);
            last = now;
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // After a panic it is restored already, and its message is on the screen.
        if self.open && !std::thread::panicking() {
            // The error on the way is the one that counts.
            let _ = restore();
        }
    }
}

fn restore() -> io::Result<()> {
    let mouse = execute!(io::stdout(), DisableMouseCapture);
    ratatui::try_restore().and(mouse)
}
