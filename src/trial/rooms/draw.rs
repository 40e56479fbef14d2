//! Acts, drawn so that callers meet in the same few rooms, and key codes of their own role and of others.

use std::time::Duration;

use super::act::{Act, Deed, Who};
use super::house::{CALLERS, House, NUMBERS, PINS, ROOMS};
use crate::control::protocol::{Command, Switch, Who as Whom};
use crate::key::Keys;
use crate::sim::{Fate, Kind, Mishap};
use crate::trial::Chance;

/// How many bytes go to and fro at most before a connection ends among them.
const MOST_BYTES: usize = 6_000;

/// The acts of one trial.
pub(super) fn acts(chance: &mut Chance) -> Vec<Act> {
    let mut draw = Draw { rooms: Vec::new(), chance };
    let rooms = draw.chance.between(1, 2);
    draw.rooms = (0..rooms).map(|_| *draw.chance.pick(&ROOMS)).collect();
    let callers = draw.chance.between(2, 4);
    let mut acts: Vec<Act> = (0..callers)
        .map(|who| {
            let deed = Deed::Call { who, called: draw.number() };
            draw.then_pause(deed)
        })
        .collect();
    let count = draw.chance.between(4, 40);
    for _ in 0..count {
        let deed = draw.deed();
        acts.push(draw.then_pause(deed));
    }
    acts
}

struct Draw<'d> {
    /// The rooms that this trial is about, most of the time.
    rooms: Vec<&'static str>,
    chance: &'d mut Chance,
}

impl Draw<'_> {
    fn then_pause(&mut self, deed: Deed) -> Act {
        let pause = match self.chance.below(4) {
            0 => Some(self.chance.within(Duration::from_millis(120))),
            _ => None,
        };
        Act { deed, pause }
    }

    fn deed(&mut self) -> Deed {
        match self.chance.below(32) {
            0..6 => Deed::Call { who: self.chance.below(CALLERS.len()), called: self.number() },
            6..20 => self.key(),
            20 | 21 => Deed::HangUp(self.who()),
            22 => Deed::Drop(self.who()),
            23 => Deed::Mute { who: self.who(), on: self.chance.once_in(2) },
            24 => Deed::Send { who: self.who(), room: self.room() },
            25 if self.chance.once_in(3) => Deed::EndRoom(self.room()),
            25 => self.fault(),
            26 if self.chance.once_in(3) => Deed::Nothing,
            _ => Deed::Command(self.command()),
        }
    }

    /// Something goes wrong.
    fn fault(&mut self) -> Deed {
        match self.chance.below(8) {
            0 => Deed::Lost(self.chance.within(Duration::from_secs(3))),
            1 => Deed::Clock(self.chance.between(0, 7_200) as i64 - 3_600),
            2 | 3 => Deed::Disk { full: self.chance.once_in(2) },
            4 => Deed::Amiss(Mishap::ClosesSaying(self.chance.below(MOST_BYTES))),
            5 => Deed::Amiss(Mishap::ClosesReading(self.chance.below(MOST_BYTES))),
            _ => Deed::Amiss(self.mishap()),
        }
    }

    fn mishap(&mut self) -> Mishap {
        let kind = *self.chance.pick(&[Kind::Answer, Kind::Event, Kind::Event, Kind::Account]);
        let by = self.chance.within(Duration::from_secs(12));
        let fate = match (self.chance.below(6), kind) {
            (0, _) => Fate::Late(by),
            (1, _) => Fate::Never,
            (2, _) => Fate::Twice(by),
            (3, Kind::Answer) => Fate::Confused,
            (3, Kind::Account) => Fate::Cut(u8::try_from(self.chance.below(100)).unwrap_or_default()),
            (4, Kind::Answer) => Fate::Misnamed,
            _ => Fate::Overtaken,
        };
        Mishap::Line(kind, fate)
    }

    fn who(&mut self) -> Who {
        Who(self.chance.below(8))
    }

    fn room(&mut self) -> String {
        let room =
            if self.chance.once_in(8) { *self.chance.pick(&ROOMS) } else { *self.chance.pick(&self.rooms) };
        room.to_owned()
    }

    fn number(&mut self) -> String {
        match self.chance.below(12) {
            0 => "7000".to_owned(),
            1 | 2 => (*self.chance.pick(&["7010", "7020"])).to_owned(),
            3 => self.chance.pick(&House::numbers()).clone(),
            _ => {
                let kind = *self.chance.pick(&["", "9", "6", "7", "9"]);
                format!("{kind}{}", self.room())
            }
        }
    }

    fn key(&mut self) -> Deed {
        let who = self.who();
        let text = self.code();
        let gap = Duration::from_millis(*self.chance.pick(&[100, 20, 0]));
        Deed::Key { who, keys: text.parse().unwrap_or_else(|_| Keys::new()), gap }
    }

    fn code(&mut self) -> String {
        let plain =
            ["*6", "*80", "*81", "*0", "*5", "*5", "*70", "*71", "*4*", "*82", "*9", "*11", "*83", "*83"];
        match self.chance.below(24) {
            0..4 => format!("{}#", self.pin()),
            4 => format!("**{}#", self.pin()),
            5..8 => format!("*3{}#", self.room()),
            8 => format!("{}#", self.room()),
            9 | 10 => format!("*4{}#", self.chance.between(1, 4)),
            11 | 12 => format!("*2{}#", self.chance.pick(&NUMBERS)),
            13 => "#".to_owned(),
            _ => (*self.chance.pick(&plain)).to_owned(),
        }
    }

    fn pin(&mut self) -> &'static str {
        let of_rooms: Vec<_> = PINS.iter().filter(|pin| self.rooms.contains(&pin.room)).collect();
        match of_rooms.is_empty() || self.chance.once_in(4) {
            true if self.chance.once_in(2) => "0000",
            true => self.chance.pick(&PINS).digits,
            false => self.chance.pick(&of_rooms).digits,
        }
    }

    fn command(&mut self) -> Command {
        let room = self.room();
        let to = *self.chance.pick(&[Switch::Toggle, Switch::On, Switch::Off]);
        let who = match self.chance.below(6) {
            0 => Whom::All,
            1 => Whom::Last,
            _ => Whom::Seat(u32::try_from(self.chance.between(1, 5)).unwrap_or(1)),
        };
        match self.chance.below(12) {
            0 | 1 => Command::Mute { room, who, to },
            2 => Command::Kick { room, who },
            3..6 => Command::Lock { room, to },
            6 => Command::Record { room, to },
            7 => Command::Announce { room, sound: "/srv/closing.au".to_owned(), who: None },
            8 | 9 => {
                let number = (*self.chance.pick(&NUMBERS)).to_owned();
                Command::Invite { room, number, organizer: self.chance.once_in(3) }
            }
            10 => Command::Extend { room, minutes: 5 },
            _ if self.chance.once_in(3) => Command::End { room },
            _ => Command::Status,
        }
    }
}
