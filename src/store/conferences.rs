//! Conferences and their participants on record.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{FromRow, SqliteConnection};

use super::problem::{Outcome, Trouble};
use super::{ConferenceInfo, NewConference, NewParticipant, Participant, PinHash, stamp};

/// A conference that can be written: checked, and its PINs hashed.
#[derive(Debug)]
pub(super) struct Ready {
    /// By which a calendar knows it.
    pub(super) uid: Option<String>,
    /// What it is, without PINs.
    pub(super) conference: NewConference,
    pub(super) organizer_pin: Option<PinHash>,
    pub(super) pin: Option<PinHash>,
    /// After which it is not held any more; `None` if it goes on for ever.
    pub(super) over: Option<Timestamp>,
}

/// A conference on record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: i64,
    pub(super) conference: NewConference,
    pub(super) organizer_pin: Option<PinHash>,
    pub(super) pin: Option<PinHash>,
}

impl Record {
    /// What is told of it.
    pub(super) fn info(self, next: Vec<Timestamp>) -> ConferenceInfo {
        ConferenceInfo {
            id: self.id,
            has_organizer_pin: self.organizer_pin.is_some(),
            has_pin: self.pin.is_some(),
            conference: self.conference,
            next,
            attempts: Vec::new(),
        }
    }
}

/// Writes a conference, and gives its number.
pub(super) async fn add(db: &mut SqliteConnection, now: Timestamp, ready: &Ready) -> Outcome<i64> {
    let conference = &ready.conference;
    let id = sqlx::query_scalar::<_, i64>(
        "INSERT INTO conferences (uid, room, title, first_start, time_zone, minutes, rrule, organizer_pin, pin, over_at,
         added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
    )
    .bind(&ready.uid)
    .bind(&conference.room)
    .bind(&conference.title)
    .bind(stamp::wall(conference.start))
    .bind(&conference.time_zone)
    .bind(i64::from(conference.minutes))
    .bind(&conference.rrule)
    .bind(ready.organizer_pin.as_ref().map(PinHash::as_str))
    .bind(ready.pin.as_ref().map(PinHash::as_str))
    .bind(ready.over.map(stamp::moment))
    .bind(stamp::moment(now))
    .fetch_one(&mut *db)
    .await?;
    for except in &conference.except {
        sqlx::query("INSERT INTO exceptions (conference, start) VALUES ($1, $2)")
            .bind(id)
            .bind(stamp::wall(*except))
            .execute(&mut *db)
            .await?;
    }
    for who in &conference.participants {
        sqlx::query(
            "INSERT INTO participants (conference, number, username, name, is_organizer, is_called)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(&who.number)
        .bind(&who.username)
        .bind(&who.name)
        .bind(who.organizer)
        .bind(who.call)
        .execute(&mut *db)
        .await?;
    }
    Ok(id)
}

/// All conferences, or one, by number.
pub(super) async fn list(db: &mut SqliteConnection, id: Option<i64>) -> Outcome<Vec<Record>> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM conferences WHERE ($1 IS NULL OR id = $1) ORDER BY id")
            .bind(id)
            .fetch_all(&mut *db)
            .await?;
    let mut except = exceptions(db, id).await?;
    let mut participants: HashMap<i64, Vec<NewParticipant>> = HashMap::new();
    for (conference, participant) in participants_of(db, id).await? {
        participants.entry(conference).or_default().push(participant.who);
    }
    let records = rows.into_iter().map(|row| {
        let mut record = Record::try_from(row)?;
        record.conference.except = except.remove(&record.id).unwrap_or_default();
        record.conference.participants = participants.remove(&record.id).unwrap_or_default();
        Ok(record)
    });
    records.collect()
}

/// One conference.
pub(super) async fn find(db: &mut SqliteConnection, id: i64) -> Outcome<Record> {
    list(db, Some(id)).await?.pop().ok_or_else(|| Trouble::none_such(&format!("conference {id}")))
}

/// Those that may be held after `from`, without participants.
pub(super) async fn held_after(db: &mut SqliteConnection, from: Timestamp) -> Outcome<Vec<Record>> {
    let from = stamp::moment(from);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM conferences WHERE over_at IS NULL OR over_at > $1
         OR id IN (SELECT conference FROM extensions WHERE ends_at > $1) ORDER BY id",
    )
    .bind(from)
    .fetch_all(&mut *db)
    .await?;
    let mut except = exceptions(db, None).await?;
    let records = rows.into_iter().map(|row| {
        let mut record = Record::try_from(row)?;
        record.conference.except = except.remove(&record.id).unwrap_or_default();
        Ok(record)
    });
    records.collect()
}

/// Who takes part in a conference, with their numbers on record.
pub(super) async fn participants(db: &mut SqliteConnection, id: i64) -> Outcome<Vec<Participant>> {
    Ok(participants_of(db, Some(id)).await?.into_iter().map(|(_, participant)| participant).collect())
}

/// Forgets a conference.
pub(super) async fn remove(db: &mut SqliteConnection, id: i64) -> Outcome<()> {
    let done = sqlx::query("DELETE FROM conferences WHERE id = $1").bind(id).execute(db).await?;
    match done.rows_affected() {
        0 => Err(Trouble::none_such(&format!("conference {id}"))),
        _ => Ok(()),
    }
}

/// The conference that a calendar's event is already.
pub(super) async fn of_uid(db: &mut SqliteConnection, uid: &str) -> Outcome<Option<i64>> {
    let known = sqlx::query_scalar("SELECT MIN(id) FROM conferences WHERE uid = $1").bind(uid);
    Ok(known.fetch_one(db).await?)
}

async fn exceptions(
    db: &mut SqliteConnection,
    id: Option<i64>,
) -> Outcome<HashMap<i64, Vec<jiff::civil::DateTime>>> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT conference, start FROM exceptions WHERE ($1 IS NULL OR conference = $1) ORDER BY conference, start",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    let mut except: HashMap<i64, Vec<_>> = HashMap::new();
    for (conference, start) in rows {
        except.entry(conference).or_default().push(stamp::read_wall(&start)?);
    }
    Ok(except)
}

async fn participants_of(db: &mut SqliteConnection, id: Option<i64>) -> Outcome<Vec<(i64, Participant)>> {
    let rows: Vec<ParticipantRow> = sqlx::query_as(
        "SELECT id, conference, number, username, name, is_organizer, is_called FROM participants
         WHERE ($1 IS NULL OR conference = $1) ORDER BY id",
    )
    .bind(id)
    .fetch_all(db)
    .await?;
    let participants = rows.into_iter().map(|row| {
        let who = NewParticipant {
            number: row.number,
            username: row.username,
            name: row.name,
            organizer: row.is_organizer,
            call: row.is_called,
        };
        (row.conference, Participant { id: row.id, who })
    });
    Ok(participants.collect())
}

#[derive(FromRow)]
struct ParticipantRow {
    id: i64,
    conference: i64,
    number: String,
    username: Option<String>,
    name: String,
    is_organizer: bool,
    is_called: bool,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    room: String,
    title: String,
    first_start: String,
    time_zone: String,
    minutes: i64,
    rrule: Option<String>,
    organizer_pin: Option<String>,
    pin: Option<String>,
}

impl TryFrom<Row> for Record {
    type Error = Trouble;

    fn try_from(row: Row) -> Outcome<Self> {
        let minutes = u32::try_from(row.minutes);
        let conference = NewConference {
            room: row.room,
            title: row.title,
            start: stamp::read_wall(&row.first_start)?,
            time_zone: row.time_zone,
            minutes: minutes
                .map_err(|_| Trouble::Damaged(format!("a conference of {} minutes", row.minutes)))?,
            rrule: row.rrule,
            except: Vec::new(),
            organizer_pin: None,
            pin: None,
            participants: Vec::new(),
        };
        Ok(Record {
            id: row.id,
            conference,
            organizer_pin: row.organizer_pin.map(PinHash::new),
            pin: row.pin.map(PinHash::new),
        })
    }
}
