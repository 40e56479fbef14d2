//! Answers that come after an operation was given up: what the engine did then is so all the same.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::flight::{Account, Flight, Purpose, Reply, accepted};
use super::job::{Job, Step};
use super::legs::Tellings;
use super::operation::own_leg;
use super::room::{OwnLeg, Recording};
use super::rooms::UnderWay;
use super::timers::Timer;
use super::watch::text;
use crate::config::{Operation, Switch};
use crate::moment::Moment;

/// How long an answer is still listened for after it was given up.
const STILL_HEARD: Duration = Duration::from_secs(60);

/// What a late answer still tells.
#[derive(Debug)]
pub(super) enum Late {
    Joined {
        channel: BString,
    },
    Muted {
        on: bool,
        leg: BString,
        sent: Tellings,
    },
    RecordLegOpen {
        room: BString,
    },
    RecordLegStarted {
        room: BString,
        job: Job,
        recorder: OwnLeg,
        changed: u64,
    },
    RecordLegStopped {
        room: BString,
        job: Job,
        recorder: OwnLeg,
        changed: u64,
    },
    RoomRecorder {
        room: BString,
        on: bool,
        changed: u64,
    },
    /// A call that nobody waits for any more, or a leg.
    Unwanted,
    Account(Account),
}

impl Late {
    /// What the answer to a message would still tell, if anything.
    pub(super) fn of(purpose: &Purpose) -> Option<Late> {
        Some(match purpose {
            Purpose::Step(job, step) => return Late::of_step(job, step),
            Purpose::Account { of, .. } => Late::Account(*of),
            Purpose::OpenVoice(_) => Late::Unwanted,
            Purpose::Release(_)
            | Purpose::Prompt { .. }
            | Purpose::DropLeg(_)
            | Purpose::AskMayGo { .. }
            | Purpose::RecordAgain { .. }
            | Purpose::StopAgain { .. }
            | Purpose::StopSpare
            | Purpose::AskLeg { .. }
            | Purpose::Recheck(_)
            | Purpose::IsThere(_)
            | Purpose::Say { .. }
            | Purpose::Announce(_)
            | Purpose::SeeOff(_)
            | Purpose::BringIn(_)
            | Purpose::Late(_) => return None,
        })
    }

    fn of_step(job: &Job, step: &Step) -> Option<Late> {
        let room = job.room.clone();
        Some(match step {
            Step::Join { .. } => Late::Joined { channel: job.channel.clone() },
            Step::SetMuted { on, leg, sent } => Late::Muted { on: *on, leg: leg.clone(), sent: *sent },
            Step::OpenRecordLeg => Late::RecordLegOpen { room: room? },
            Step::StartRecordLeg(recorder) => {
                let (job, recorder) = (job.clone(), recorder.clone());
                Late::RecordLegStarted { room: room?, job, recorder, changed: 0 }
            }
            Step::StopRecordLeg(recorder) => Late::RecordLegStopped {
                room: room?,
                job: job.clone(),
                recorder: recorder.clone(),
                changed: 0,
            },
            Step::StartRoomRecorder { .. } => Late::RoomRecorder { room: room?, on: true, changed: 0 },
            Step::StopRoomRecorder { .. } => Late::RoomRecorder { room: room?, on: false, changed: 0 },
            Step::Leave
            | Step::End
            | Step::Kick { .. }
            | Step::Message
            | Step::AskLeg { .. }
            | Step::AskMayStop
            | Step::Wait { .. } => return None,
            Step::Dial(_) => Late::Unwanted,
        })
    }
}

impl Assist {
    /// Goes on listening for an answer that was given up.
    pub(super) fn listen_on(&mut self, now: Moment, number: u64, mut late: Late) {
        if let Late::RecordLegStarted { room, changed, .. }
        | Late::RecordLegStopped { room, changed, .. }
        | Late::RoomRecorder { room, changed, .. } = &mut late
        {
            *changed = self.rooms.recording_changed(BStr::new(room));
        }
        let due = now.steady + STILL_HEARD;
        self.timers.change(Timer::Flight(number), None, Some(due));
        self.flights.insert(number, Flight { purpose: Purpose::Late(late), due });
    }

    /// What was asked of the engine about recordings, and not answered, also where nobody waits for it any more.
    pub(super) fn recordings_under_way(&self) -> UnderWay {
        let mut under_way = UnderWay::default();
        for flight in self.flights.values() {
            match &flight.purpose {
                Purpose::Step(job, Step::OpenRecordLeg) => under_way.opening.extend(job.room.clone()),
                Purpose::Late(Late::RecordLegOpen { room }) => under_way.opening.extend([room.clone()]),
                Purpose::Step(job, Step::StartRecordLeg(recorder)) => {
                    under_way.starting.insert(recorder.channel.clone(), job.clone());
                }
                Purpose::Late(Late::RecordLegStarted { room, job, recorder, changed })
                    if self.is_last(room, *changed) =>
                {
                    under_way.starting.insert(recorder.channel.clone(), job.clone());
                }
                Purpose::RecordAgain { room, recorder } => {
                    let record = Job::ruled(Operation::Record(Switch::On), BString::default());
                    under_way.starting.insert(recorder.channel.clone(), record.about(room.clone()));
                }
                Purpose::Step(_, Step::StopRecordLeg(recorder)) | Purpose::StopAgain { recorder, .. } => {
                    under_way.stopping.insert(recorder.channel.clone());
                }
                Purpose::Late(Late::RecordLegStopped { room, recorder, changed, .. })
                    if self.is_last(room, *changed) =>
                {
                    under_way.stopping.insert(recorder.channel.clone());
                }
                _ => {}
            }
        }
        under_way
    }

    /// The engine did it after all, or says now that it did not.
    pub(super) fn late(&mut self, now: Moment, late: Late, reply: Reply<'_, '_>) {
        let Some(answer) = reply else { return };
        let done = accepted(reply).is_ok();
        match late {
            Late::Joined { channel } if done => self.entered_by(now, &channel, &answer.params),
            Late::Muted { on, leg, sent } if done => self.muted_as_answered(now, answer, &leg, sent, on),
            Late::RecordLegOpen { room } if done => {
                if let Some(recorder) = own_leg(&answer.params) {
                    self.recheck.hears(recorder.leg.as_ref());
                    self.rooms.add_spare(now.steady, room.as_ref(), recorder);
                    self.tidy_room(now, room.as_ref());
                }
            }
            Late::RecordLegStarted { room, recorder, changed, .. } if self.is_last(&room, changed) => {
                self.leg_records(now, &room, &recorder, done);
            }
            // It may have begun after it was stopped.
            Late::RecordLegStarted { room, recorder, .. } if done => self.stop_spare(now, &room, &recorder),
            Late::RecordLegStopped { room, recorder, changed, .. }
                if done && self.is_last(&room, changed) =>
            {
                self.leg_records(now, &room, &recorder, false);
            }
            // It may have ended what was begun since.
            Late::RecordLegStopped { room, job, recorder, .. } if done => {
                self.record_again(now, &room, &job, recorder);
            }
            Late::RoomRecorder { room, on, changed } if done && self.is_last(&room, changed) => {
                self.room_records(now, &room, on);
            }
            Late::Unwanted if done => {
                let channel = text(&answer.params, "id");
                self.drop_channel(now, &channel, "late");
            }
            Late::Account(account) => self.account(now, account, reply),
            // It was not done, or something else was since.
            Late::Joined { .. }
            | Late::Muted { .. }
            | Late::Unwanted
            | Late::RecordLegOpen { .. }
            | Late::RecordLegStarted { .. }
            | Late::RecordLegStopped { .. }
            | Late::RoomRecorder { .. } => {}
        }
    }

    /// Whether nothing else became of a room's recording since.
    pub(super) fn is_last(&self, name: &BString, changed: u64) -> bool {
        self.rooms.recording_changed(name.as_ref()) == changed
    }

    /// Whether that leg of ours records is told after all.
    fn leg_records(&mut self, now: Moment, name: &BString, recorder: &OwnLeg, on: bool) {
        self.rooms.set_recording(name.as_ref(), recorder, on);
        self.tidy_room(now, name.as_ref());
    }

    fn room_records(&mut self, now: Moment, name: &BString, on: bool) {
        match self.rooms.room_mut(name.as_ref()).recording() {
            Recording::Off if on => self.rooms.record(name.as_ref(), Recording::Room { leg: None }),
            Recording::Room { .. } if !on => self.rooms.record(name.as_ref(), Recording::Off),
            Recording::Off | Recording::Room { .. } | Recording::Leg(_) => {}
        }
        self.tidy_room(now, name.as_ref());
    }
}
