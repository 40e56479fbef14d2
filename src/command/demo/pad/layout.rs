//! Where everything is on the screen; for drawing, and for knowing what the mouse is on.

use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::desk::Command;
use crate::command::demo::cast::Person;
use crate::key::Key;

/// The smallest screen that shows everything.
pub(super) const SMALLEST: (u16, u16) = (40, 15);

/// The smallest screen on which keys have room to be keys.
const ROOMY: (u16, u16) = (64, 23);

/// The keys as they are on a telephone.
const ROWS: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) callers: Rect,
    pub(super) pad: Rect,
    pub(super) state: Rect,
    pub(super) rooms: Rect,
    pub(super) log: Rect,
    pub(super) advice: Rect,
    pub(super) help: Rect,
    /// Whether keys are drawn with borders of their own.
    pub(super) roomy: bool,
}

impl Areas {
    /// The parts of a screen; `None` if it is too small for them.
    pub(super) fn of(screen: Rect) -> Option<Areas> {
        let has = |(width, height)| screen.width >= width && screen.height >= height;
        if !has(SMALLEST) {
            return None;
        }
        let roomy = has(ROOMY);
        let (width, pad_height, rooms_height, advice_height) =
            if roomy { (26, 14, 6, 1) } else { (20, 6, 5, 2) };
        let [middle, help] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(screen);
        let columns = [Constraint::Length(width), Constraint::Min(0)];
        let [left, right] = Layout::horizontal(columns).areas(middle);
        let parts = [6, pad_height, 2].map(Constraint::Length);
        let [callers, pad, state] = Layout::vertical(parts).areas(left);
        let parts = [Constraint::Length(rooms_height), Constraint::Min(0), Constraint::Length(advice_height)];
        let [rooms, log, advice] = Layout::vertical(parts).areas(right);
        let advice = Rect { x: advice.x + 1, width: advice.width - 1, ..advice };
        Some(Areas { callers, pad, state, rooms, log, advice, help, roomy })
    }

    /// The keys, and where each is.
    pub(super) fn keys(&self) -> Vec<(Key, Rect)> {
        let (width, height) = if self.roomy { (6, 3) } else { (4, 1) };
        let (left, top) = (self.pad.x + 1, self.pad.y + 1);
        let mut keys = Vec::new();
        for (row, symbols) in (0..).zip(ROWS) {
            for (column, symbol) in (0..).zip(symbols) {
                let place = Rect::new(left + column * width, top + row * height, width, height);
                keys.extend(Key::from_symbol(*symbol).map(|key| (key, place.intersection(self.pad))));
            }
        }
        keys
    }

    /// The callers, and where each is.
    pub(super) fn people(&self) -> Vec<(Person, Rect)> {
        let inner = Rect { x: self.callers.x, y: self.callers.y + 1, width: self.callers.width, height: 1 };
        let place = |(row, person)| (person, Rect { y: inner.y + row, ..inner }.intersection(self.callers));
        (0..).zip(Person::ALL).map(place).collect()
    }

    /// What a click there means.
    pub(super) fn clicked(&self, column: u16, row: u16) -> Option<Command> {
        let at = Position::new(column, row);
        let key = self.keys().into_iter().find(|(_, place)| place.contains(at));
        let person = || self.people().into_iter().find(|(_, place)| place.contains(at));
        key.map(|(key, _)| Command::Key(key)).or_else(|| Some(Command::Choose(person()?.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn areas(width: u16, height: u16) -> Option<Areas> {
        Areas::of(Rect::new(0, 0, width, height))
    }

    #[test]
    fn every_part_has_room_on_every_screen_that_is_large_enough() {
        assert_eq!((areas(39, 15), areas(40, 14)), (None, None));
        for (width, height) in [(40, 15), (64, 22), (63, 30), (64, 23), (80, 24), (200, 80)] {
            let areas = areas(width, height).expect("a screen");
            let screen = Rect::new(0, 0, width, height);
            let Areas { callers, pad, state, rooms, log, advice, help, .. } = areas;
            for part in [callers, pad, state, rooms, log, advice, help] {
                assert!(!part.is_empty() && screen.intersection(part) == part, "{width}x{height}: {part:?}");
            }
            let keys = areas.keys();
            let inside = keys.iter().filter(|(_, place)| pad.intersection(*place) == *place);
            assert_eq!(inside.count(), 16);
            assert!(keys.iter().all(|(_, place)| !place.is_empty()));
        }
    }

    #[test]
    fn a_click_is_on_the_key_or_the_caller_that_is_there() {
        for (width, height) in [(80, 24), (40, 15)] {
            let areas = areas(width, height).expect("a screen");
            for (key, place) in areas.keys() {
                let (right, below) = (place.right() - 1, place.bottom() - 1);
                assert_eq!(areas.clicked(place.x, place.y), Some(Command::Key(key)));
                assert_eq!(areas.clicked(right, below), Some(Command::Key(key)));
            }
            for (person, place) in areas.people() {
                assert_eq!(areas.clicked(place.x + 3, place.y), Some(Command::Choose(person)));
            }
            assert_eq!(areas.clicked(width - 1, height - 1), None);
        }
    }
}
