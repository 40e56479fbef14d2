//! What answers for the store: it knows the PINs and one conference, and keeps of what it is told only who is called, how
//! long the conference is, and who is in a room.

use jiff::{SignedDuration, Timestamp};

use super::house::{KnownPin, PINS, SCHEDULED};
use crate::config::Config;
use crate::store::{
    Attendance, Kept, NewParticipant, Occurrence, OccurrenceKey, Participant, Pin, PinHash, Problem, Reply,
    Request,
};

/// What is on record.
#[derive(Debug)]
pub(super) struct Shelf {
    occurrence: Occurrence,
    /// The hashes and what they are of.
    hashes: Vec<(PinHash, KnownPin)>,
    begun: Vec<crate::store::AttemptKey>,
    /// Participations that were not said to have ended.
    open: Vec<Attendance>,
    /// Whether nothing can be written.
    pub(super) full: bool,
}

impl Shelf {
    pub(super) fn new(config: &Config, epoch: Timestamp) -> Self {
        let around = |hours: i64| epoch.checked_add(SignedDuration::from_hours(hours)).unwrap_or(epoch);
        let who = |id: i64, number: &str, organizer: bool, call: bool| Participant {
            id,
            who: NewParticipant {
                number: number.to_owned(),
                username: None,
                name: String::new(),
                organizer,
                call,
            },
        };
        let hash_of = |pin: &KnownPin| {
            let rules = config.room(pin.room.as_bytes());
            let of_rules = rules.and_then(|rules| {
                if pin.organizer { rules.organizer.pin.clone() } else { rules.participant.pin.clone() }
            });
            of_rules.unwrap_or_else(|| PinHash::new(format!("of {}", pin.digits)))
        };
        let hashes: Vec<_> = PINS.iter().map(|pin| (hash_of(pin), *pin)).collect();
        let scheduled = |organizer: bool| {
            let of = |(_, pin): &&(PinHash, KnownPin)| pin.room == SCHEDULED && pin.organizer == organizer;
            hashes.iter().find(of).map(|(hash, _)| hash.clone())
        };
        let occurrence = Occurrence {
            key: OccurrenceKey { conference: 1, starts: around(-1) },
            room: SCHEDULED.to_owned(),
            title: "Board".to_owned(),
            ends: around(24),
            organizer_pin: scheduled(true),
            pin: scheduled(false),
            participants: vec![
                who(1, "301", true, false),
                who(2, "302", false, false),
                who(3, "205", false, true),
            ],
            attempts: Vec::new(),
        };
        Shelf { occurrence, hashes, begun: Vec::new(), open: Vec::new(), full: false }
    }

    pub(super) fn reply(&mut self, request: &Request) -> Reply {
        let reads = matches!(
            request,
            Request::Occurrences { .. }
                | Request::OpenAttendance
                | Request::Kept { .. }
                | Request::VerifyPin { .. }
        );
        if self.full && !reads {
            return Reply::Failed(Problem { yours: false, message: "the disk is full".to_owned() });
        }
        match request {
            Request::Joined(attendance) => {
                self.open.retain(|open| open.key != attendance.key);
                self.open.push(*attendance.clone());
                Reply::Done
            }
            Request::Left { key, .. } => {
                self.open.retain(|open| open.key != *key);
                Reply::Done
            }
            Request::Occurrences { .. } => Reply::Occurrences(vec![self.occurrence.clone()]),
            Request::BeginAttempt(key) => {
                let fresh = !self.begun.contains(key);
                self.begun.push(*key);
                Reply::Begun(fresh)
            }
            Request::Extend { ends, .. } => {
                self.occurrence.ends = *ends;
                Reply::Done
            }
            Request::OpenAttendance => Reply::OpenAttendance(self.open.clone()),
            Request::Kept { run } => Reply::Kept(Box::new(Kept { run: run.clone(), ..Kept::default() })),
            Request::VerifyPin { pin, hashes } => Reply::Verified(self.verify(pin, hashes)),
            Request::Manage(_) => {
                Reply::Failed(Problem { yours: true, message: "there is no file".to_owned() })
            }
            Request::EndAttempt { .. } | Request::Keep(_) => Reply::Done,
        }
    }

    fn verify(&self, pin: &Pin, hashes: &[PinHash]) -> Option<usize> {
        let of = |hash: &PinHash| self.hashes.iter().find(|(known, _)| known == hash);
        hashes.iter().position(|hash| of(hash).is_some_and(|(_, known)| Pin::new(known.digits) == *pin))
    }
}
