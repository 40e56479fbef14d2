//! Telling a caller how many are in the room, and who is talking.

use crate::assist::Assist;
use crate::assist::job::Job;
use crate::assist::outcome::{Done, in_no_room};
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};

impl Assist {
    /// How many are there.
    pub(in crate::assist) fn count(&mut self, now: Moment, job: Job) {
        let Some(room) = self.room_of_job(&job).and_then(|name| self.rooms.get(name.as_ref())) else {
            return self.finish(now, job, in_no_room());
        };
        let count = u32::try_from(room.seats.len()).unwrap_or(u32::MAX);
        let (told, say) = match count {
            1 => ("1 participant".to_owned(), vec![Phrase::OneParticipant.into(), Word::Number(1)]),
            _ => (format!("{count} participants"), vec![Word::Number(count), Phrase::Participants.into()]),
        };
        // Who is told that they are alone needs no number, unless there are no words.
        let say = match self.config.sounds.dir {
            Some(_) if count == 1 => say.into_iter().take(1).collect(),
            None if count == 1 => say.into_iter().skip(1).collect(),
            _ => say,
        };
        self.finish(now, job, Ok(Done::saying(told, say)));
    }

    /// Who is talking, by seat, the loudest first.
    pub(in crate::assist) fn talkers(&mut self, now: Moment, job: Job) {
        let Some(room) = self.room_of_job(&job).and_then(|name| self.rooms.get(name.as_ref())) else {
            return self.finish(now, job, in_no_room());
        };
        let mut talkers: Vec<(u32, u32)> = room
            .talkers
            .iter()
            .filter_map(|(leg, &energy)| Some((energy, room.seats.of_leg(leg.as_ref())?)))
            .collect();
        talkers.sort_by(|a, b| b.cmp(a));
        let seats: Vec<u32> = talkers.into_iter().map(|(_, seat)| seat).collect();
        let done = if seats.is_empty() {
            Done::saying("nobody is talking", [Phrase::NobodyTalks.into(), Word::Number(0)])
        } else {
            let told: Vec<String> = seats.iter().map(ToString::to_string).collect();
            let say: Vec<_> = seats
                .into_iter()
                .flat_map(|seat| [Phrase::Seat.into(), Word::Number(seat), Phrase::Talking.into()])
                .collect();
            Done::saying(format!("talking: seat {}", told.join(", ")), say)
        };
        let done = self.without_zero(done);
        self.finish(now, job, Ok(done));
    }

    /// With words, that nobody talks is said by them; without, by the tone of a zero.
    fn without_zero(&self, done: Done) -> Done {
        if self.config.sounds.dir.is_none() {
            return done;
        }
        let say: Vec<_> = done.say.into_iter().filter(|word| *word != Word::Number(0)).collect();
        Done { say, ..done }
    }
}
