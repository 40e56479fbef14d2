//! Who sits where in a room: by their number participants are thrown out, and told apart.

use std::collections::{BTreeMap, HashMap};

use bstr::{BStr, BString};
use jiff::Timestamp;

use super::table::Table;

/// The highest number that is given while a lower one is free: two keys are enough for it.
const TWO_KEYS: u32 = 99;

/// The participants of a room, by seat.
///
/// A seat is its participant's as long as they are there. One that became free is not given again while a number of two
/// digits was never given: who is thrown out is not somebody who came a moment ago.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: BTreeMap<u32, Seat>,
    by_leg: Table<BString, u32>,
    highest: u32,
    /// By their legs, the channels and seats of those who sat there before a restart of ours, if they come again.
    before: HashMap<BString, (BString, u32)>,
}

/// A participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) leg: BString,
    pub(super) channel: BString,
    /// When they came, if we saw it.
    pub(super) since: Option<Timestamp>,
    /// What their participation is written down by: the leg, and who is on it now if somebody else was before.
    pub(super) row: String,
    /// Whether they are an organizer. Who was one when they sat down stays one.
    pub(super) organizer: bool,
    /// Why they go, if we know before they are gone.
    pub(super) parting: Option<&'static str>,
}

impl Seats {
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &Seat)> {
        self.taken.iter().map(|(&number, seat)| (number, seat))
    }

    pub(super) fn get(&self, number: u32) -> Option<&Seat> {
        self.taken.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Seat> {
        self.taken.get_mut(&number)
    }

    /// The seat of a leg.
    pub(super) fn of_leg(&self, leg: &BStr) -> Option<u32> {
        self.by_leg.get(leg).copied()
    }

    /// The seat of who sits on that channel, or on that leg.
    pub(super) fn of(&self, id: &BStr) -> Option<u32> {
        let on_channel = || self.iter().find(|(_, seat)| seat.channel == id).map(|(number, _)| number);
        self.of_leg(id).or_else(on_channel)
    }

    /// Seats as they were given before a restart of ours, by the legs of those who had them with their channels; nobody sits
    /// there yet.
    pub(super) fn restored(highest: u32, before: HashMap<BString, (BString, u32)>) -> Self {
        let highest = before.values().map(|&(_, number)| number).fold(highest, u32::max);
        Seats { highest, before, ..Seats::default() }
    }

    /// Takes over what is not known yet: who sat where, and which numbers were given.
    pub(super) fn take_over(&mut self, seats: Seats) {
        self.highest = self.highest.max(seats.highest);
        self.before = seats.before;
    }

    /// Whoever sat there before and did not come again does not come any more.
    pub(super) fn are_given(&mut self) {
        self.before.clear();
    }

    /// The highest number that was given.
    pub(super) const fn highest(&self) -> u32 {
        self.highest
    }

    /// The legs of those who sit there, or did.
    pub(super) fn legs(&self) -> impl Iterator<Item = &BString> {
        self.taken.values().map(|seat| &seat.leg).chain(self.before.keys())
    }

    /// Gives a seat: the one that they had, if they are known again.
    pub(super) fn take(&mut self, seat: Seat) -> u32 {
        let free = |number: &u32| !self.taken.contains_key(number);
        let before = self.before.remove(&seat.leg).filter(|(channel, _)| *channel == seat.channel);
        let had = before.map(|(_, number)| number).filter(free);
        let number = had.unwrap_or_else(|| match self.highest + 1 {
            // What looks free may be had by somebody who comes again.
            next if next <= TWO_KEYS || !self.before.is_empty() => next,
            next => (1..next).find(free).unwrap_or(next),
        });
        self.highest = self.highest.max(number);
        self.by_leg.insert(seat.leg.clone(), number);
        self.taken.insert(number, seat);
        number
    }

    /// Frees a seat.
    pub(super) fn free(&mut self, number: u32) -> Option<Seat> {
        let seat = self.taken.remove(&number)?;
        if self.of_leg(seat.leg.as_ref()) == Some(number) {
            self.by_leg.remove(&seat.leg);
        }
        Some(seat)
    }

    /// Everybody goes for this reason, or stays.
    pub(super) fn part(&mut self, reason: Option<&'static str>) {
        self.taken.values_mut().for_each(|seat| seat.parting = reason);
    }

    /// Whether an organizer is there.
    pub(super) fn has_organizer(&self) -> bool {
        self.taken.values().any(|seat| seat.organizer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(leg: u32) -> Seat {
        let (leg, channel) = (format!("conf/{leg}"), format!("sip/{leg}").into());
        Seat { row: leg.clone(), leg: leg.into(), channel, since: None, organizer: false, parting: None }
    }

    #[test]
    fn a_seat_that_became_free_is_not_given_to_who_comes_next() {
        let mut seats = Seats::default();
        assert_eq!((seats.take(seat(1)), seats.take(seat(2)), seats.take(seat(3))), (1, 2, 3));
        assert_eq!(seats.free(2).map(|seat| seat.leg), Some("conf/2".into()));
        assert_eq!(seats.take(seat(4)), 4);
        assert_eq!(seats.of_leg(BStr::new("conf/4")), Some(4));
        assert_eq!(seats.of(BStr::new("sip/3")), Some(3));
    }

    #[test]
    fn who_had_a_seat_before_has_it_again_and_nobody_else() {
        let had = |number: u32, leg: u32| {
            (BString::from(format!("conf/{leg}")), (BString::from(format!("sip/{leg}")), number))
        };
        let mut seats = Seats::restored(7, HashMap::from([had(3, 1), had(5, 2), had(6, 4)]));
        assert!(seats.is_empty(), "nobody has come yet");
        assert_eq!((seats.take(seat(3)), seats.take(seat(2))), (8, 5));
        let other = Seat { channel: "sip/9".into(), ..seat(4) };
        assert_eq!((seats.take(other), seats.take(seat(1))), (9, 3), "another one on that leg is not them");
        seats.are_given();
        assert_eq!((seats.take(seat(6)), seats.highest()), (10, 10));
    }

    #[test]
    fn two_keys_are_enough_for_a_seat_while_one_of_two_digits_is_free() {
        let mut seats = Seats::default();
        (1..=99).for_each(|leg| assert_eq!(seats.take(seat(leg)), leg));
        assert_eq!(seats.take(seat(100)), 100, "all are taken");
        seats.free(7);
        assert_eq!(seats.take(seat(101)), 7);
        assert_eq!(seats.take(seat(102)), 101);
    }
}
