//! Conferences at the times that they are held.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;
use tracing::warn;

use super::conferences::{self, Record};
use super::problem::{Outcome, Trouble};
use super::{Occurrence, OccurrenceKey, attempts, stamp};
use crate::schedule::Times;

/// How many occurrences of one conference, and of all, are told at once.
const MAX_OF_ONE: usize = 1_000;
const MAX_OF_ALL: usize = 10_000;

/// The latest that a conference can be made to end after it began.
const MAX_EXTENDED: SignedDuration = SignedDuration::from_hours(48);

/// What was said of ends: for those occurrences and not by the conference's length.
pub(super) type Extensions = HashMap<OccurrenceKey, Timestamp>;

/// When each is held, of those that are at some time from `from` until `to`, in the order in which they begin.
pub(super) fn held(
    records: &[Record],
    extensions: &Extensions,
    from: Timestamp,
    to: Timestamp,
    most: usize,
) -> Vec<(OccurrenceKey, Timestamp)> {
    let mut held: Vec<(OccurrenceKey, Timestamp)> = Vec::new();
    for record in records {
        let times = match Times::of(&record.conference) {
            Ok(times) => times,
            Err(problem) => {
                warn!(conference = record.id, problem, "a conference on record cannot be held");
                continue;
            }
        };
        let key = |starts| OccurrenceKey { conference: record.id, starts };
        let usual = times.between(from, to, most).into_iter();
        let usual = usual.filter(|starts| !extensions.contains_key(&key(*starts)));
        held.extend(usual.map(|starts| (key(starts), times.ends(starts))));
    }
    let told = extensions.iter().filter(|(key, ends)| key.starts < to && **ends > from);
    let told = told.filter(|(key, _)| records.iter().any(|record| record.id == key.conference));
    held.extend(told.map(|(key, ends)| (*key, *ends)));
    held.sort_unstable_by_key(|(key, _)| (key.starts, key.conference));
    held
}

/// When each is held, bounded as all at once are.
pub(super) fn all_held(
    records: &[Record],
    extensions: &Extensions,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(OccurrenceKey, Timestamp)> {
    let mut held = held(records, extensions, from, to, MAX_OF_ONE);
    if held.len() > MAX_OF_ALL {
        warn!(
            held = held.len(),
            told = MAX_OF_ALL,
            "too many conferences at once: the later ones are not told"
        );
        held.truncate(MAX_OF_ALL);
    }
    held
}

/// What is to be known of an occurrence; `None` if the conference was forgotten meanwhile.
pub(super) async fn occurrence(
    db: &mut SqliteConnection,
    record: &Record,
    key: OccurrenceKey,
    ends: Timestamp,
) -> Outcome<Option<Occurrence>> {
    let known = sqlx::query_scalar::<_, i64>("SELECT id FROM conferences WHERE id = $1").bind(key.conference);
    if known.fetch_optional(&mut *db).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(Occurrence {
        key,
        room: record.conference.room.clone(),
        title: record.conference.title.clone(),
        ends,
        organizer_pin: record.organizer_pin.clone(),
        pin: record.pin.clone(),
        participants: conferences::participants(db, key.conference).await?,
        attempts: attempts::of(db, &key).await?,
    }))
}

/// The occurrences that end at another time than usual, of those that could be held after `from`.
pub(super) async fn extensions(db: &mut SqliteConnection, from: Timestamp) -> Outcome<Extensions> {
    let since = from.saturating_sub(MAX_EXTENDED).unwrap_or(Timestamp::MIN);
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT conference, starts_at, ends_at FROM extensions WHERE starts_at > $1")
            .bind(stamp::moment(since))
            .fetch_all(db)
            .await?;
    let extensions = rows.into_iter().map(|(conference, starts, ends)| {
        let starts = stamp::read_moment(&starts)?;
        Ok((OccurrenceKey { conference, starts }, stamp::read_moment(&ends)?))
    });
    extensions.collect()
}

/// Whether an occurrence can end at that time.
pub(super) fn check(record: &Record, key: OccurrenceKey, ends: Timestamp) -> Outcome<()> {
    let times = Times::of(&record.conference).map_err(Trouble::Damaged)?;
    let after = key.starts.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX);
    if !times.between(key.starts, after, usize::MAX).contains(&key.starts) {
        return Err(Trouble::none_such(&format!(
            "conference {} that begins at {}",
            key.conference, key.starts
        )));
    }
    let length = ends.duration_since(key.starts);
    if length <= SignedDuration::ZERO || length > MAX_EXTENDED {
        let hours = MAX_EXTENDED.as_hours();
        let way_out = format!("say a time after it, and within {hours} hours");
        return Err(Trouble::Yours(format!(
            "a conference that begins at {} cannot end at {ends}: {way_out}",
            key.starts
        )));
    }
    Ok(())
}

/// Writes down when an occurrence ends.
pub(super) async fn extend(db: &mut SqliteConnection, key: OccurrenceKey, ends: Timestamp) -> Outcome<()> {
    sqlx::query(
        "INSERT INTO extensions (conference, starts_at, ends_at) VALUES ($1, $2, $3)
         ON CONFLICT (conference, starts_at) DO UPDATE SET ends_at = excluded.ends_at",
    )
    .bind(key.conference)
    .bind(stamp::moment(key.starts))
    .bind(stamp::moment(ends))
    .execute(db)
    .await?;
    Ok(())
}
