//! Recording by the room's own recorder.

use bstr::BString;

use crate::assist::Assist;
use crate::assist::flight::{Reply, accepted};
use crate::assist::job::{Job, Step};
use crate::assist::operation::record::not_recording;
use crate::assist::outcome::{Cause, said};
use crate::assist::room::Recording;
use crate::assist::rooms::prefixed;
use crate::assist::spare::may_go;
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::wire::Params;

impl Assist {
    pub(in crate::assist) fn start_room_recorder(&mut self, now: Moment, job: Job, name: &BString) {
        let file = self.render_record(now, &job, |record| Some(&record.file)).unwrap_or_default();
        let mut params = Params::new().with("room", prefixed(name)).with("record", file);
        if let Some(warn) = self.render_record(now, &job, |record| record.warn.as_ref()) {
            params.push("recordwarn", warn);
        }
        let changed = self.rooms.recording_changed(name.as_ref());
        self.send_step(now, job, Step::StartRoomRecorder { changed }, "call.conference", params);
    }

    pub(in crate::assist) fn room_recorder_started(
        &mut self,
        now: Moment,
        job: Job,
        changed: u64,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).and_then(|_| {
            if let Some(name) = &job.room
                && *self.rooms.room_mut(name.as_ref()).recording() == Recording::Off
                && self.is_last(name, changed)
            {
                self.rooms.record(name.as_ref(), Recording::Room { leg: None });
            }
            said("recording", Phrase::Recording)
        });
        self.finish(now, job, outcome);
    }

    /// With the recorder's leg the engine hangs up who is left alone in a room that does not let one stay alone.
    pub(in crate::assist) fn stop_room_recorder(&mut self, now: Moment, job: Job, name: &BString) {
        let params = Params::new().with("module", prefixed(name));
        self.send_step(now, job, Step::AskMayStop, "engine.status", params);
    }

    pub(in crate::assist) fn may_stop_known(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        match job.room.clone() {
            Some(name) if may_go(reply) => {
                let params = Params::new().with("room", prefixed(&name)).with("record", "-");
                let changed = self.rooms.recording_changed(name.as_ref());
                self.send_step(now, job, Step::StopRoomRecorder { changed }, "call.conference", params);
            }
            _ => {
                let reason = "with the recorder the engine would hang up who is alone with it";
                let outcome = accepted(reply).and(Err(Cause::Other.because(reason)));
                self.finish(now, job, outcome);
            }
        }
    }

    pub(in crate::assist) fn room_recorder_stopped(
        &mut self,
        now: Moment,
        job: Job,
        changed: u64,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).and_then(|_| {
            if let Some(name) = &job.room
                && self.is_last(name, changed)
            {
                self.rooms.record(name.as_ref(), Recording::Off);
            }
            not_recording()
        });
        self.finish(now, job, outcome);
    }
}
