//! Recording a room: on a utility leg of our own, or by the room's own recorder.

use bstr::{BStr, BString};

use crate::assist::job::{Job, Purpose, Reply, Step, accepted};
use crate::assist::rooms::{RECORD_LEG, Recording};
use crate::assist::{Assist, Report, status};
use crate::config::{RecordBy, Switch};
use crate::moment::Moment;
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
        let recording = self.rooms.room_mut(name.as_ref()).recording.clone();
        match (switch, recording) {
            (Switch::On, Recording::Leg { .. } | Recording::Room { .. }) => {
                self.finish(now, job, Ok("recording already"));
            }
            (Switch::Off, Recording::Off | Recording::Idle { .. }) => {
                self.finish(now, job, Ok("not recording"));
            }
            (Switch::Off | Switch::Toggle, Recording::Leg { channel, leg }) => {
                self.stop_record_leg(now, job, channel, leg);
            }
            (Switch::Off | Switch::Toggle, Recording::Room { .. }) => {
                self.stop_room_recorder(now, job, &name);
            }
            (Switch::On | Switch::Toggle, Recording::Idle { channel, leg }) => {
                self.start_record_leg(now, job, channel, leg);
            }
            (Switch::On | Switch::Toggle, Recording::Off) => match self.config.record.by {
                RecordBy::Leg => self.open_record_leg(now, job, &name),
                RecordBy::Room => self.start_room_recorder(now, job, &name),
            },
        }
    }

    fn open_record_leg(&mut self, now: Moment, job: Job, name: &BString) {
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
            record_leg(&answer.params).ok_or_else(|| "the engine made no leg to record on".to_owned())
        });
        let (channel, leg) = match opened {
            Ok(opened) => opened,
            Err(reason) => return self.finish(now, job, Err(reason)),
        };
        if let Some(name) = &job.room {
            self.rooms.occupied(now.steady, leg.as_ref(), name.as_ref(), channel.as_ref());
        }
        self.start_record_leg(now, job, channel, leg);
    }

    fn start_record_leg(&mut self, now: Moment, job: Job, channel: BString, leg: BString) {
        let file = self.render_record(now, &job);
        let params = Params::new().with("id", &leg).with("message", "chan.record").with("call", file);
        self.send_step(now, job, Step::StartRecordLeg { channel, leg }, "chan.masquerade", params);
    }

    pub(in crate::assist) fn record_leg_started(
        &mut self,
        now: Moment,
        job: Job,
        channel: BString,
        leg: BString,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).map(|_| "recording");
        if let Some(name) = &job.room {
            let gone = self.rooms.leg(leg.as_ref()).is_none();
            let refused = reply.is_some() && outcome.is_err();
            self.rooms.room_mut(name.as_ref()).recording = match (gone, refused) {
                (true, _) => Recording::Off,
                // It goes as soon as nobody is left alone by that.
                (false, true) => Recording::Idle { channel, leg },
                (false, false) => Recording::Leg { channel, leg },
            };
        }
        self.finish(now, job, outcome);
    }

    fn stop_record_leg(&mut self, now: Moment, job: Job, channel: BString, leg: BString) {
        let params = Params::new().with("id", &leg).with("message", "chan.record").with("call", "-");
        self.send_step(now, job, Step::StopRecordLeg { channel, leg }, "chan.masquerade", params);
    }

    /// The engine answers `false` and has stopped. What is left is the leg, and whom it keeps company.
    pub(in crate::assist) fn record_leg_stopped(
        &mut self,
        now: Moment,
        job: Job,
        channel: BString,
        leg: BString,
        reply: Reply<'_, '_>,
    ) {
        let name = match (&job.room, reply) {
            (Some(name), Some(_)) => name.clone(),
            _ => return self.finish(now, job, accepted(reply).map(|_| "not recording")),
        };
        let room = self.rooms.room_mut(name.as_ref());
        if room.recording != Recording::Off {
            room.recording = Recording::Idle { channel: channel.clone(), leg };
        }
        if self.rooms.others(name.as_ref()) >= 2 {
            return self.drop_record_leg(now, job, channel);
        }
        let params = Params::new().with("module", prefixed(&name));
        self.send_step(now, job, Step::AskLonely { channel }, "engine.status", params);
    }

    pub(in crate::assist) fn lonely_known(
        &mut self,
        now: Moment,
        job: Job,
        channel: BString,
        reply: Reply<'_, '_>,
    ) {
        if may_be_lonely(reply) {
            self.drop_record_leg(now, job, channel);
        } else {
            self.finish(now, job, Ok("not recording"));
        }
    }

    fn drop_record_leg(&mut self, now: Moment, job: Job, channel: BString) {
        let params = Params::new().with("id", &channel);
        self.send_step(now, job, Step::DropRecordLeg { channel }, "call.drop", params);
    }

    pub(in crate::assist) fn record_leg_dropped(
        &mut self,
        now: Moment,
        job: Job,
        channel: &BString,
        reply: Reply<'_, '_>,
    ) {
        if accepted(reply).is_ok() {
            self.end_recording(&job);
        } else {
            let text =
                format!("the leg {channel:?} of ours, which records nothing any more, was not dropped");
            self.outbox.report(Report::Trouble { text });
        }
        self.finish(now, job, Ok("not recording"));
    }

    fn start_room_recorder(&mut self, now: Moment, job: Job, name: &BString) {
        let file = self.render_record(now, &job);
        let mut params = Params::new().with("room", prefixed(name)).with("record", file);
        if let Some(warn) = self.config.record.warn.clone() {
            params.push("recordwarn", self.render(now, &job, &warn));
        }
        self.send_step(now, job, Step::StartRoomRecorder, "call.conference", params);
    }

    pub(in crate::assist) fn room_recorder_started(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).map(|_| {
            if let Some(name) = &job.room {
                let recording = &mut self.rooms.room_mut(name.as_ref()).recording;
                if *recording == Recording::Off {
                    *recording = Recording::Room { leg: None };
                }
            }
            "recording"
        });
        self.finish(now, job, outcome);
    }

    /// With the recorder's leg the engine hangs up who is left alone in a room that does not let one stay alone.
    fn stop_room_recorder(&mut self, now: Moment, job: Job, name: &BString) {
        if self.rooms.others(name.as_ref()) >= 2 {
            return self.send_stop(now, job, name);
        }
        let params = Params::new().with("module", prefixed(name));
        self.send_step(now, job, Step::AskMayStop, "engine.status", params);
    }

    pub(in crate::assist) fn may_stop_known(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        match job.room.clone() {
            Some(name) if may_be_lonely(reply) => self.send_stop(now, job, &name),
            _ => {
                let reason = "with the recorder the engine would hang up who is alone with it";
                self.finish(now, job, Err(reason.to_owned()));
            }
        }
    }

    fn send_stop(&mut self, now: Moment, job: Job, name: &BString) {
        let params = Params::new().with("room", prefixed(name)).with("record", "-");
        self.send_step(now, job, Step::StopRoomRecorder, "call.conference", params);
    }

    pub(in crate::assist) fn room_recorder_stopped(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).map(|_| {
            self.end_recording(&job);
            "not recording"
        });
        self.finish(now, job, outcome);
    }

    fn end_recording(&mut self, job: &Job) {
        if let Some(name) = &job.room {
            self.rooms.room_mut(name.as_ref()).recording = Recording::Off;
        }
    }

    /// A utility leg keeps a room open for ever: ours goes when everybody else has gone.
    pub(in crate::assist) fn drop_lone_recorder(&mut self, now: Moment, name: &BStr) {
        if let Some(channel) = self.rooms.lone_recorder(name).cloned() {
            self.drop_leg(now, channel);
            self.rooms.room_mut(name).recording = Recording::Off;
        }
    }

    /// Our leg that records nothing goes as soon as nobody is left alone by that.
    pub(in crate::assist) fn drop_idle_leg(&mut self, now: Moment, name: &BStr) {
        if let Some(channel) = self.rooms.idle_leg(name).cloned() {
            self.rooms.room_mut(name).recording = Recording::Off;
            self.drop_leg(now, channel);
        }
    }

    pub(in crate::assist) fn drop_leg(&mut self, now: Moment, channel: BString) {
        let params = Params::new().with("id", &channel);
        self.send_aside(now, Purpose::DropLeg(channel), "call.drop", params);
    }

    pub(in crate::assist) fn leg_dropped(&mut self, channel: &BString, reply: Reply<'_, '_>) {
        if reply.is_none() {
            let text = format!("the engine did not say that the leg {channel:?} of ours is gone");
            self.outbox.report(Report::Trouble { text });
        }
    }

    fn render_record(&self, now: Moment, job: &Job) -> Vec<u8> {
        self.render_file(now, job, &self.config.record.file)
    }
}

/// The channel and the leg that the engine made for us to record on.
pub(in crate::assist) fn record_leg(params: &Params<'_>) -> Option<(BString, BString)> {
    let id = |name| params.get(name).map(|id| BString::from(id.into_owned()));
    id("id").zip(id("peerid"))
}

/// Whether the engine says that one may stay alone in the room.
fn may_be_lonely(reply: Reply<'_, '_>) -> bool {
    let account = reply.map(|answer| answer.retvalue.as_ref()).unwrap_or_default();
    status::value(account, "lonely").is_some_and(|lonely| lonely == "true")
}

/// A room's name as the engine's messages have it.
fn prefixed(name: &BString) -> Vec<u8> {
    [b"conf/".as_slice(), name.as_slice()].concat()
}
