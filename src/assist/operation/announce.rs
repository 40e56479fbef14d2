//! Playing something into a room, or to one who is there, because somebody asks for it.

use bstr::ByteSlice;

use crate::assist::Assist;
use crate::assist::job::{Asker, Job};
use crate::assist::limits::Limit;
use crate::assist::outcome::{Cause, done, in_no_room};
use crate::moment::Moment;
use crate::sounds::Sound;
use crate::template::Template;

impl Assist {
    /// Behind what is being played there. By a command it may be to one participant alone.
    pub(in crate::assist) fn announce(&mut self, now: Moment, job: Job, sound: &Template) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        if self.rooms.get(name.as_ref()).is_none_or(|room| room.seats.is_empty()) {
            return self.finish(
                now,
                job,
                Err(Cause::NobodyThere.because(format!("nobody is in room {name}"))),
            );
        }
        let resource = self.render_file(now, &job, sound).to_str_lossy().into_owned();
        if !matches!(job.asker, Asker::Code(_)) && !job.channel.is_empty() {
            self.play(now, &job.channel, vec![Sound::new(resource)]);
            return self.finish(now, job, done("announced"));
        }
        let taken = self.announce_in(now, &name, vec![Sound::new(resource)]);
        let outcome = match taken {
            0 => Err(Cause::Busy.because(Limit::Prompts.reason(&self.config))),
            _ => done("announced"),
        };
        self.finish(now, job, outcome);
    }
}
