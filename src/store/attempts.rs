//! Calls to participants: begun at most once each.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::problem::{Outcome, Trouble};
use super::{Attempt, AttemptKey, AttemptState, OccurrenceKey, stamp};

/// Writes down that a call is begun; `false` if it was before.
pub(super) async fn begin(db: &mut SqliteConnection, now: Timestamp, key: &AttemptKey) -> Outcome<bool> {
    let theirs = "SELECT id FROM participants WHERE id = $1 AND conference = $2";
    let theirs = sqlx::query_scalar::<_, i64>(theirs).bind(key.participant).bind(key.occurrence.conference);
    if theirs.fetch_optional(&mut *db).await?.is_none() {
        let conference = key.occurrence.conference;
        return Err(Trouble::none_such(&format!(
            "participant {} of conference {conference}",
            key.participant
        )));
    }
    let done = sqlx::query(
        "INSERT INTO attempts (conference, starts_at, participant, number, begun_at, state)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(key.occurrence.conference)
    .bind(stamp::moment(key.occurrence.starts))
    .bind(key.participant)
    .bind(i64::from(key.number))
    .bind(stamp::moment(now))
    .bind(word(AttemptState::Calling))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what came of a call.
pub(super) async fn end(db: &mut SqliteConnection, key: &AttemptKey, state: AttemptState) -> Outcome<()> {
    let done = sqlx::query(
        "UPDATE attempts SET state = $5
         WHERE conference = $1 AND starts_at = $2 AND participant = $3 AND number = $4",
    )
    .bind(key.occurrence.conference)
    .bind(stamp::moment(key.occurrence.starts))
    .bind(key.participant)
    .bind(i64::from(key.number))
    .bind(word(state))
    .execute(db)
    .await?;
    match done.rows_affected() {
        0 => Err(Trouble::none_such(&format!("call {} to participant {}", key.number, key.participant))),
        _ => Ok(()),
    }
}

/// The calls of one occurrence, in the order in which they were begun.
pub(super) async fn of(db: &mut SqliteConnection, key: &OccurrenceKey) -> Outcome<Vec<Attempt>> {
    let rows: Vec<(i64, String, i64, String, String)> = sqlx::query_as(
        "SELECT participant, participants.number, attempts.number, begun_at, state
         FROM attempts JOIN participants ON participants.id = participant
         WHERE attempts.conference = $1 AND starts_at = $2 ORDER BY begun_at, participant, attempts.number",
    )
    .bind(key.conference)
    .bind(stamp::moment(key.starts))
    .fetch_all(db)
    .await?;
    rows.into_iter().map(attempt).collect()
}

/// When the conference was held last, of the times at which somebody was called.
pub(super) async fn last(db: &mut SqliteConnection, conference: i64) -> Outcome<Option<OccurrenceKey>> {
    let last = "SELECT MAX(starts_at) FROM attempts WHERE conference = $1";
    let last = sqlx::query_scalar::<_, Option<String>>(last).bind(conference).fetch_one(db).await?;
    let starts = last.map(|last| stamp::read_moment(&last)).transpose()?;
    Ok(starts.map(|starts| OccurrenceKey { conference, starts }))
}

fn attempt(
    (participant, called, number, begun, state): (i64, String, i64, String, String),
) -> Outcome<Attempt> {
    Ok(Attempt {
        participant,
        called,
        number: u32::try_from(number)
            .map_err(|_| Trouble::Damaged(format!("{number} is the number of no call")))?,
        begun: stamp::read_moment(&begun)?,
        state: STATES
            .into_iter()
            .find(|known| word(*known) == state)
            .ok_or_else(|| Trouble::Damaged(format!("{state:?} is the state of no call")))?,
    })
}

const STATES: [AttemptState; 6] = [
    AttemptState::Calling,
    AttemptState::Joined,
    AttemptState::Busy,
    AttemptState::NoAnswer,
    AttemptState::Failed,
    AttemptState::Unknown,
];

const fn word(state: AttemptState) -> &'static str {
    match state {
        AttemptState::Calling => "calling",
        AttemptState::Joined => "joined",
        AttemptState::Busy => "busy",
        AttemptState::NoAnswer => "no-answer",
        AttemptState::Failed => "failed",
        AttemptState::Unknown => "unknown",
    }
}
