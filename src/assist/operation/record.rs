//! Recording a room on a utility leg of our own.

use bstr::BString;

use crate::assist::job::{Job, Purpose, Reply, Step, accepted};
use crate::assist::rooms::{RECORD_LEG, Recorder, Recording, prefixed};
use crate::assist::{Assist, Report};
use crate::config::{RecordBy, Switch};
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    pub(in crate::assist) fn record(&mut self, now: Moment, job: Job, switch: Switch) {
        let Some(leg) = self.leg_of(&job.channel).cloned() else {
            return self.finish(now, job, Err("the caller is in no room".to_owned()));
        };
        let Some(name) = self.room_of(&job.channel).cloned() else {
            return self.ask_leg(now, job, leg);
        };
        let Some(job) = self.claim_room(job, &name) else { return };
        let recording = self.rooms.room_mut(name.as_ref()).recording().clone();
        match (switch, recording) {
            (Switch::On, Recording::Leg(_) | Recording::Room { .. }) => {
                self.finish(now, job, Ok("recording already"));
            }
            (Switch::Off, Recording::Off) => self.finish(now, job, Ok("not recording")),
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
        let spare = self.rooms.room_mut(name.as_ref()).spare.iter().find(|spare| !spare.dropped);
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
            recorder(&answer.params).ok_or_else(|| "the engine made no leg to record on".to_owned())
        });
        let recorder = match opened {
            Ok(opened) => opened,
            Err(reason) => return self.finish(now, job, Err(reason)),
        };
        if let Some(name) = &job.room {
            self.rooms.add_spare(now.steady, name.as_ref(), recorder.clone());
        }
        self.start_record_leg(now, job, recorder);
    }

    fn start_record_leg(&mut self, now: Moment, job: Job, recorder: Recorder) {
        let file = self.render_record(now, &job, |record| Some(&record.file)).unwrap_or_default();
        let params =
            Params::new().with("id", &recorder.leg).with("message", "chan.record").with("call", file);
        self.send_step(now, job, Step::StartRecordLeg(recorder), "chan.masquerade", params);
    }

    pub(in crate::assist) fn record_leg_started(
        &mut self,
        now: Moment,
        job: Job,
        recorder: &Recorder,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).map(|_| "recording");
        let refused = reply.is_some() && outcome.is_err();
        if let Some(name) = &job.room {
            // Where nothing is answered it may record, and can be stopped.
            self.rooms.set_recording(name.as_ref(), recorder, !refused);
        }
        self.finish(now, job, outcome);
    }

    /// Makes sure that what is believed to be recorded is.
    pub(in crate::assist) fn record_again(
        &mut self,
        now: Moment,
        name: &BString,
        job: &Job,
        recorder: Recorder,
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
        recorder: &Recorder,
        reply: Reply<'_, '_>,
    ) {
        // Where nothing is answered it may record, and can be stopped.
        if let (Some(_), Err(reason)) = (reply, accepted(reply)) {
            self.rooms.set_recording(name.as_ref(), recorder, false);
            let text = format!("the recording of conf/{name} ended too early: {reason}");
            self.outbox.report(Report::Trouble { text });
        }
    }

    fn stop_record_leg(&mut self, now: Moment, job: Job, recorder: Recorder) {
        let params = stop_recording(&recorder.leg);
        self.send_step(now, job, Step::StopRecordLeg(recorder), "chan.masquerade", params);
    }

    /// The leg goes when nobody is left alone by that.
    pub(in crate::assist) fn record_leg_stopped(
        &mut self,
        now: Moment,
        job: Job,
        recorder: &Recorder,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).map(|_| {
            if let Some(name) = &job.room {
                self.rooms.set_recording(name.as_ref(), recorder, false);
            }
            "not recording"
        });
        self.finish(now, job, outcome);
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

/// The channel and the leg that the engine made for us to record on.
pub(in crate::assist) fn recorder(params: &Params<'_>) -> Option<Recorder> {
    let id = |name| params.get(name).map(|id| BString::from(id.into_owned()));
    let (channel, leg) = id("id").zip(id("peerid"))?;
    crate::assist::calls::is_leg(&leg).then_some(Recorder { channel, leg })
}

/// Stops what is recorded on a leg. Without `single` the engine stops and answers `false`, as it does where nobody can
/// stop it.
pub(in crate::assist) fn stop_recording(leg: &BString) -> Params<'static> {
    Params::new().with("id", leg).with("message", "chan.record").with("call", "-").with("single", "yes")
}
