//! Locking a room: the engine knows no such thing, so it is at the way in that it holds.

use crate::assist::Assist;
use crate::assist::job::Job;
use crate::assist::outcome::{Cause, in_no_room, said};
use crate::config::Switch;
use crate::moment::Moment;
use crate::sounds::Phrase;

impl Assist {
    /// It is so at once: nothing is asked of the engine.
    pub(in crate::assist) fn lock(&mut self, now: Moment, job: Job, switch: Switch) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let Some(room) = self.rooms.get_mut(name.as_ref()).filter(|room| !room.legs.is_empty()) else {
            return self.finish(
                now,
                job,
                Err(Cause::NobodyThere.because(format!("there is no room {name}"))),
            );
        };
        room.locked = match switch {
            Switch::On => true,
            Switch::Off => false,
            Switch::Toggle => !room.locked,
        };
        let locked = room.locked;
        self.lock_is_said(&name);
        let outcome =
            if locked { said("locked", Phrase::RoomLocked) } else { said("unlocked", Phrase::RoomUnlocked) };
        self.finish(now, job, outcome);
    }
}
