//! Who may come in.

use super::{GRACE, Model};
use crate::trial::rooms::Promise;

impl Model<'_> {
    pub(super) fn entered(&mut self, name: &str, leg: &str, channel: &str) {
        self.legs.insert(leg.to_owned(), (name.to_owned(), true));
        let now = self.now;
        let of_late = move |at: Option<std::time::Duration>| at.is_some_and(|at| at + GRACE >= now);
        let organizer = self.may_as_organizer(channel, name);
        let (called, known) = (self.was_called(channel, name), self.is_known(channel, name));
        let organizers = self.rooms.get(name).is_some_and(|room| of_late(room.organized))
            || self
                .rooms
                .get(name)
                .is_some_and(|room| room.inside.values().any(|there| self.may_as_organizer(there, name)));
        let room = self.room(name);
        let locked = room.locked == Some(true) && room.since + GRACE < now;
        let open = !room.inside.is_empty() || of_late(room.occupied);
        room.inside.insert(leg.to_owned(), channel.to_owned());
        let count = room.inside.len();
        if organizer {
            self.room(name).organized = Some(now);
        }
        let rules = self.house.rules(name).cloned();
        if locked && !organizer && !called {
            self.broke(Promise::Locked, format!("{channel} came into {name}, which is locked"));
        }
        if self.house.asks_for_pin(name) && !known && !organizer && !called {
            self.broke(Promise::Pins, format!("{channel} came into {name} without a PIN"));
        }
        let Some(rules) = rules else { return };
        if rules.max_users.is_some_and(|most| count > most as usize) {
            self.broke(Promise::Full, format!("{count} are in {name}"));
        }
        if rules.waiting.is_some() && !organizer && !called && !organizers {
            self.broke(Promise::Waits, format!("{channel} came into {name} before an organizer"));
        }
        if !rules.participant.may_open && !organizer && !called && !open {
            self.broke(Promise::Opens, format!("{channel} opened {name}"));
        }
    }

    pub(super) fn gone(&mut self, name: &str, leg: &str) {
        self.legs.insert(leg.to_owned(), (name.to_owned(), false));
        let now = self.now;
        let organizer = |channel: &String| self.may_as_organizer(channel, name);
        let was = self.rooms.get(name).and_then(|room| room.inside.get(leg)).is_some_and(organizer);
        let room = self.room(name);
        room.inside.remove(leg);
        room.occupied = Some(now);
        if was {
            room.organized = Some(now);
        }
    }

    /// Whoever is in a call with somebody who may comes in with them.
    fn or_partner(&self, channel: &str, may: impl Fn(&str) -> bool) -> bool {
        let partners = self.people.get(channel).map(|person| &person.partners);
        may(channel) || partners.into_iter().flatten().any(|partner| may(partner))
    }

    fn may_as_organizer(&self, channel: &str, name: &str) -> bool {
        self.or_partner(channel, |who| {
            let rights = self.people.get(who).is_some_and(|person| self.has_organizers_rights(person, name));
            rights || self.is_organizer(who, name)
        })
    }

    fn was_called(&self, channel: &str, name: &str) -> bool {
        self.or_partner(channel, |who| {
            let Some(person) = self.people.get(who).filter(|person| person.outgoing) else { return false };
            self.invited.iter().any(|(room, number, _)| room == name && *number == person.number)
        })
    }

    /// Whether nobody needs to ask them for a PIN.
    fn is_known(&self, channel: &str, name: &str) -> bool {
        self.or_partner(channel, |who| {
            self.people.get(who).is_some_and(|person| {
                let proven = person.proofs.iter().any(|(room, _)| room == name);
                let told = person.told.as_ref().is_some_and(|(_, told_for)| told_for == name);
                proven || told || self.house.identity(name, &person.number).is_some()
            })
        })
    }
}
