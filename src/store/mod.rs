//! What outlasts the process: conferences and those who take part, whom we called when, and who was in which room.
//!
//! The brain asks by [`Request`] and is answered by [`Reply`]; it never waits. What
//! is slow besides, as looking whether a PIN is right, is done beside it.

mod model;

pub use model::{
    Attempt, AttemptKey, AttemptState, Attendance, AttendanceKey, ConferenceInfo, Manage, Managed,
    NewConference, NewParticipant, Occurrence, OccurrenceKey, Participant, Pin, PinHash, Problem, Reply,
    Request,
};
