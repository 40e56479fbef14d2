//! What a person's keys and clicks mean.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use ratatui::layout::Rect;

use super::desk::Command;
use super::layout::Areas;
use crate::command::demo::cast::Person;
use crate::key::Key;

/// What an event on that screen asks for, if anything.
pub(super) fn command(event: &Event, screen: Rect) -> Option<Command> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => keyed(*key),
        Event::Mouse(mouse) if mouse.kind == MouseEventKind::Down(MouseButton::Left) => {
            Areas::of(screen)?.clicked(mouse.column, mouse.row)
        }
        Event::Resize(..) => Some(Command::Redraw),
        _ => None,
    }
}

fn keyed(KeyEvent { code, modifiers, .. }: KeyEvent) -> Option<Command> {
    let control = modifiers.contains(KeyModifiers::CONTROL);
    match code {
        KeyCode::Char('c' | 'd') if control => Some(Command::Quit),
        KeyCode::Char('l') if control => Some(Command::Redraw),
        KeyCode::Char(_) if control || modifiers.contains(KeyModifiers::ALT) => None,
        KeyCode::Char('q') | KeyCode::Esc => Some(Command::Quit),
        KeyCode::Char('c') => Some(Command::Call),
        KeyCode::Char('h') => Some(Command::HangUp),
        KeyCode::Char(symbol) if !symbol.is_ascii_lowercase() => {
            u8::try_from(symbol).ok().and_then(Key::from_symbol).map(Command::Key)
        }
        KeyCode::Tab | KeyCode::Right | KeyCode::Down => Some(Command::Next),
        KeyCode::BackTab | KeyCode::Left | KeyCode::Up => Some(Command::Previous),
        KeyCode::F(number) => {
            let person = Person::ALL.get(usize::from(number.checked_sub(1)?))?;
            Some(Command::Choose(*person))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Option<Command> {
        command(&Event::Key(KeyEvent::new(code, modifiers)), Rect::new(0, 0, 80, 24))
    }

    #[test]
    fn every_key_of_a_telephone_is_on_the_keyboard() {
        for key in Key::all() {
            let code = KeyCode::Char(char::from(key.symbol()));
            assert_eq!(press(code, KeyModifiers::NONE), Some(Command::Key(key)));
            assert_eq!(press(code, KeyModifiers::SHIFT), Some(Command::Key(key)), "on any layout");
        }
    }

    #[test]
    fn letters_and_named_keys_choose_call_hang_up_and_quit() {
        let plain = |code| press(code, KeyModifiers::NONE);
        assert_eq!(plain(KeyCode::Char('c')), Some(Command::Call));
        assert_eq!(plain(KeyCode::Char('h')), Some(Command::HangUp));
        assert_eq!(plain(KeyCode::Char('q')), Some(Command::Quit));
        assert_eq!(plain(KeyCode::Esc), Some(Command::Quit));
        assert_eq!(plain(KeyCode::F(4)), Some(Command::Choose(Person::Dave)));
        assert_eq!((plain(KeyCode::F(5)), plain(KeyCode::F(0))), (None, None));
        assert_eq!(plain(KeyCode::Tab), Some(Command::Next));
        assert_eq!((plain(KeyCode::Char('a')), plain(KeyCode::Char('é'))), (None, None));
    }

    #[test]
    fn control_c_quits_and_is_no_call() {
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Command::Quit));
        assert_eq!(press(KeyCode::Char('5'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn a_key_that_is_let_go_means_nothing() {
        let mut key = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(command(&Event::Key(key), Rect::new(0, 0, 80, 24)), None);
    }
}
