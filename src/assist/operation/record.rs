//! Recording a room on a utility leg of our own.

use bstr::{BString, ByteSlice};

use crate::assist::flight::{Purpose, Reply, accepted};
use crate::assist::job::{Job, Step};
use crate::assist::limits::Limit;
use crate::assist::outcome::{Cause, Outcome, in_no_room, said};
use crate::assist::room::{OwnLeg, Recording};
use crate::assist::rooms::{RECORD_LEG, prefixed};
use crate::assist::{Assist, Report};
use crate::config::{RecordBy, Switch};
use crate::moment::Moment;
use crate::sounds::{Phrase, Sound};
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    pub(in crate::assist) fn record(&mut self, now: Moment, job: Job, switch: Switch) {
        let Some(name) = self.room_of_job(&job) else {
            return match self.leg_of(&job.channel).cloned() {
                Some(leg) => self.ask_leg(now, job, leg),
                None => self.finish(now, job, in_no_room()),
            };
        };
        if self.rooms.get(name.as_ref()).is_none_or(|room| room.legs.is_empty()) {
            return self.finish(
                now,
                job,
                Err(Cause::NobodyThere.because(format!("there is no room {name}"))),
            );
        }
        let Some(job) = self.claim_room(job, &name) else { return };
        let recording = self.rooms.room_mut(name.as_ref()).recording().clone();
        match (switch, recording) {
            (Switch::On, Recording::Leg(_) | Recording::Room { .. }) => {
                self.finish(now, job, said("recording already", Phrase::Recording));
            }
            (Switch::Off, Recording::Off) => self.finish(now, job, not_recording()),
            (Switch::Off | Switch::Toggle, Recording::Leg(recorder)) => {
                self.stop_record_leg(now, job, recorder);
            }
            (Switch::Off | Switch::Toggle, Recording::Room { .. }) => {
                self.stop_room_recorder(now, job, &name);
            }
            (Switch::On | Switch::Toggle, Recording::Off) => match self.config.record.by {
                RecordBy::Leg => self.start_on_leg(now, job, &name),
                RecordBy::Room => self.start_room_recorder(now, job, &name),
            },
        }
    }

    /// On a leg of ours that is there still, or on a new one.
    fn start_on_leg(&mut self, now: Moment, job: Job, name: &BString) {
        let spare =
            self.rooms.room_mut(name.as_ref()).spare.iter().find(|spare| !spare.dropped && !spare.spoke);
        if let Some(recorder) = spare.map(|spare| spare.recorder.clone()) {
            return self.start_record_leg(now, job, recorder);
        }
        let params = Params::new()
            .with("callto", [b"dumb/", RECORD_LEG.as_bytes(), name].concat())
            .with("target", "record")
            .with("direct", prefixed(name))
            .with("utility", "true")
            .with("existing", "true")
            .with("copyparams", "utility,existing");
        self.send_step(now, job, Step::OpenRecordLeg, "call.execute", params);
    }

    pub(in crate::assist) fn record_leg_open(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let opened = accepted(reply).and_then(|answer| {
            own_leg(&answer.params).ok_or(Cause::Engine.because("the engine made no leg to record on"))
        });
        let recorder = match opened {
            Ok(opened) => opened,
            Err(reason) => return self.finish(now, job, Err(reason)),
        };
        self.recheck.hears(recorder.leg.as_ref());
        if let Some(name) = &job.room {
            self.rooms.add_spare(now.steady, name.as_ref(), recorder.clone());
            let known = self.rooms.leg(recorder.leg.as_ref()).is_some();
            if !known && !self.rooms.is_gone(recorder.leg.as_ref()) {
                // What is recorded on a leg that is not known could never be stopped.
                self.drop_channel(now, &recorder.channel, "busy");
                let failure = self.refusal(now, Limit::Channels);
                return self.finish(now, job, Err(failure));
            }
        }
        self.start_record_leg(now, job, recorder);
    }

    fn start_record_leg(&mut self, now: Moment, job: Job, recorder: OwnLeg) {
        let file = self.render_record(now, &job, |record| Some(&record.file)).unwrap_or_default();
        let params =
            Params::new().with("id", &recorder.leg).with("message", "chan.record").with("call", file);
        self.send_step(now, job, Step::StartRecordLeg(recorder), "chan.masquerade", params);
    }

    pub(in crate::assist) fn record_leg_started(
        &mut self,
        now: Moment,
        job: Job,
        recorder: &OwnLeg,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).and_then(|_| said("recording", Phrase::Recording));
        let refused = reply.is_some() && outcome.is_err();
        if let Some(name) = &job.room {
            // Where nothing is answered it may record, and can be stopped.
            self.rooms.set_recording(name.as_ref(), recorder, !refused);
        }
        if let Some(name) = job.room.clone().filter(|_| outcome.is_ok()) {
            self.warn_of_recording(now, &job, &name);
        }
        self.finish(now, job, outcome);
    }

    /// Makes sure that what is believed to be recorded is.
    pub(in crate::assist) fn record_again(
        &mut self,
        now: Moment,
        name: &BString,
        job: &Job,
        recorder: OwnLeg,
    ) {
        if !self.rooms.is_recording_on(name.as_ref(), &recorder) {
            return;
        }
        let file = self.render_record(now, job, |record| Some(&record.file)).unwrap_or_default();
        let params =
            Params::new().with("id", &recorder.leg).with("message", "chan.record").with("call", file);
        let purpose = Purpose::RecordAgain { room: name.clone(), recorder };
        self.send_aside(now, purpose, "chan.masquerade", params);
    }

    pub(in crate::assist) fn recorded_again(
        &mut self,
        name: &BString,
        recorder: &OwnLeg,
        reply: Reply<'_, '_>,
    ) {
        // Where nothing is answered it may record, and can be stopped.
        if let (Some(_), Err(failure)) = (reply, accepted(reply)) {
            self.rooms.set_recording(name.as_ref(), recorder, false);
            let text = format!("the recording of conf/{name} ended too early: {}", failure.reason);
            self.outbox.report(Report::Trouble { text });
        }
    }

    fn stop_record_leg(&mut self, now: Moment, job: Job, recorder: OwnLeg) {
        let params = stop_recording(&recorder.leg);
        self.send_step(now, job, Step::StopRecordLeg(recorder), "chan.masquerade", params);
    }

    /// The leg goes when nobody is left alone by that.
    pub(in crate::assist) fn record_leg_stopped(
        &mut self,
        now: Moment,
        job: Job,
        recorder: &OwnLeg,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).and_then(|_| {
            if let Some(name) = &job.room {
                self.rooms.set_recording(name.as_ref(), recorder, false);
            }
            not_recording()
        });
        if reply.is_none()
            && let Some(name) = &job.room
        {
            self.stop_again(now, name, recorder);
        }
        self.finish(now, job, outcome);
    }

    /// Whether a recording was stopped was not answered. To stop it once more does no harm, and tells.
    fn stop_again(&mut self, now: Moment, name: &BString, recorder: &OwnLeg) {
        if self.rooms.is_recording_on(name.as_ref(), recorder) {
            let purpose = Purpose::StopAgain { room: name.clone(), recorder: recorder.clone() };
            self.send_aside(now, purpose, "chan.masquerade", stop_recording(&recorder.leg));
        }
    }

    pub(in crate::assist) fn stopped_again(
        &mut self,
        now: Moment,
        name: &BString,
        recorder: &OwnLeg,
        reply: Reply<'_, '_>,
    ) {
        match reply {
            Some(_) if accepted(reply).is_ok() => {
                self.rooms.set_recording(name.as_ref(), recorder, false);
                self.tidy_room(now, name.as_ref());
            }
            Some(_) => {}
            None => self.stop_again(now, name, recorder),
        }
    }

    /// Lets those in a room hear that it is recorded now; the room's own recorder does that by itself.
    fn warn_of_recording(&mut self, now: Moment, job: &Job, name: &BString) {
        if let Some(warn) = self.render_record(now, job, |record| record.warn.as_ref()) {
            let resource = warn.to_str_lossy().into_owned();
            self.announce_in(now, name, vec![Sound::new(resource)]);
        }
    }

    /// What the configuration's part on recording says, for this room.
    pub(in crate::assist) fn render_record(
        &self,
        now: Moment,
        job: &Job,
        of: impl Fn(&crate::config::Record) -> Option<&Template>,
    ) -> Option<Vec<u8>> {
        of(&self.config.record).map(|template| self.render_file(now, job, template))
    }
}

/// A room is not recorded.
pub(in crate::assist) fn not_recording() -> Outcome {
    said("not recording", Phrase::NotRecording)
}

/// The channel and the leg that the engine made for us.
pub(in crate::assist) fn own_leg(params: &Params<'_>) -> Option<OwnLeg> {
    let id = |name| params.get(name).map(|id| BString::from(id.into_owned()));
    let (channel, leg) = id("id").zip(id("peerid"))?;
    crate::assist::calls::is_leg(&leg).then_some(OwnLeg { channel, leg })
}

/// Stops what is recorded on a leg. Without `single` the engine stops and answers `false`, as it does where nobody can
/// stop it.
pub(in crate::assist) fn stop_recording(leg: &BString) -> Params<'static> {
    Params::new().with("id", leg).with("message", "chan.record").with("call", "-").with("single", "yes")
}
