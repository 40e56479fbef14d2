//! Answers that come after an operation was given up: what the engine did then is so all the same.

use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::Assist;
use super::job::{Account, Flight, Job, Purpose, Reply, Step, accepted};
use super::legs::Tellings;
use super::operation::recorder;
use super::rooms::{Recorder, Recording};
use super::timers::Timer;
use crate::moment::Moment;

/// How long an answer is still listened for after it was given up.
const STILL_HEARD: Duration = Duration::from_secs(60);

/// What a late answer still tells.
#[derive(Debug)]
pub(super) enum Late {
    Joined { channel: BString },
    Muted { on: bool, sent: Tellings },
    RecordLegOpen { room: BString },
    RecordLegStarted { room: BString, recorder: Recorder },
    RecordLegStopped { room: BString, recorder: Recorder },
    RoomRecorder { room: BString, on: bool },
    Account(Account),
}

impl Late {
    /// What the answer to a message would still tell, if anything.
    pub(super) fn of(purpose: &Purpose) -> Option<Late> {
        Some(match purpose {
            Purpose::Step(job, step) => return Late::of_step(job, step),
            Purpose::Account(account) => Late::Account(*account),
            Purpose::Release(_)
            | Purpose::Prompt { .. }
            | Purpose::DropLeg(_)
            | Purpose::AskMayGo { .. }
            | Purpose::AskLeg { .. }
            | Purpose::Late(_) => return None,
        })
    }

    fn of_step(job: &Job, step: &Step) -> Option<Late> {
        let room = job.room.clone();
        Some(match step {
            Step::Join => Late::Joined { channel: job.channel.clone() },
            &Step::SetMuted { on, sent } => Late::Muted { on, sent },
            Step::OpenRecordLeg => Late::RecordLegOpen { room: room? },
            Step::StartRecordLeg(recorder) => {
                Late::RecordLegStarted { room: room?, recorder: recorder.clone() }
            }
            Step::StopRecordLeg(recorder) => {
                Late::RecordLegStopped { room: room?, recorder: recorder.clone() }
            }
            Step::StartRoomRecorder => Late::RoomRecorder { room: room?, on: true },
            Step::StopRoomRecorder => Late::RoomRecorder { room: room?, on: false },
            Step::Leave | Step::Message | Step::AskLeg { .. } | Step::AskMayStop => return None,
        })
    }
}

impl Assist {
    /// Goes on listening for an answer that was given up.
    pub(super) fn listen_on(&mut self, now: Moment, number: u64, late: Late) {
        let due = now.steady + STILL_HEARD;
        self.timers.change(Timer::Flight(number), None, Some(due));
        self.flights.insert(number, Flight { purpose: Purpose::Late(late), due });
    }

    /// The engine did it after all, or says now that it did not.
    pub(super) fn late(&mut self, now: Moment, late: Late, reply: Reply<'_, '_>) {
        let Some(answer) = reply else { return };
        let done = accepted(reply).is_ok();
        match late {
            Late::Joined { channel } if done => self.entered_by(now, &channel, &answer.params),
            Late::Muted { on, sent } if done => {
                if let Some(leg) = answer.params.get("peerid") {
                    self.muted_by_us(now, leg.as_bstr(), sent, on);
                }
            }
            Late::RecordLegOpen { room } if done => {
                if let Some(recorder) = recorder(&answer.params) {
                    self.rooms.add_spare(now.steady, room.as_ref(), recorder);
                    self.tidy_room(now, room.as_ref());
                }
            }
            Late::RecordLegStarted { room, recorder } => self.leg_records(now, &room, &recorder, done),
            // The engine answers `false` and has stopped.
            Late::RecordLegStopped { room, recorder } => {
                self.leg_records(now, &room, &recorder, false);
            }
            Late::RoomRecorder { room, on } if done => self.room_records(now, &room, on),
            Late::Account(account) => self.account(now, account, reply),
            Late::Joined { .. }
            | Late::Muted { .. }
            | Late::RecordLegOpen { .. }
            | Late::RoomRecorder { .. } => {}
        }
    }

    /// Whether that leg of ours records is told after all.
    fn leg_records(&mut self, now: Moment, name: &BString, recorder: &Recorder, on: bool) {
        self.rooms.set_recording(name.as_ref(), recorder, on);
        self.tidy_room(now, name.as_ref());
    }

    fn room_records(&mut self, now: Moment, name: &BString, on: bool) {
        let recording = &mut self.rooms.room_mut(name.as_ref()).recording;
        match recording {
            Recording::Off if on => *recording = Recording::Room { leg: None },
            Recording::Room { .. } if !on => *recording = Recording::Off,
            Recording::Off | Recording::Room { .. } | Recording::Leg(_) => {}
        }
        self.tidy_room(now, name.as_ref());
    }
}
