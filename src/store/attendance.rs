//! Who was in which room, from when until when.

use jiff::Timestamp;
use sqlx::{FromRow, SqliteConnection};

use super::problem::{Outcome, Trouble};
use super::{Attendance, AttendanceKey, stamp};

/// How many participations are told at once.
const MAX_TOLD: usize = 50_000;

/// Writes down that somebody came. Said again it changes nothing of what is known, and fills in what was not: who calls,
/// their role, the conference.
pub(super) async fn joined(db: &mut SqliteConnection, who: &Attendance) -> Outcome<()> {
    sqlx::query(
        "INSERT INTO attendance (run, leg, room, conference, channel, caller, role, billid, joined_at, left_at, seconds,
         reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (run, leg) DO UPDATE SET
         conference = COALESCE(attendance.conference, excluded.conference),
         channel = CASE attendance.channel WHEN '' THEN excluded.channel ELSE attendance.channel END,
         caller = CASE attendance.caller WHEN '' THEN excluded.caller ELSE attendance.caller END,
         role = CASE attendance.role WHEN '' THEN excluded.role ELSE attendance.role END,
         billid = CASE attendance.billid WHEN '' THEN excluded.billid ELSE attendance.billid END",
    )
    .bind(&who.key.run)
    .bind(&who.key.leg)
    .bind(&who.room)
    .bind(who.conference)
    .bind(&who.channel)
    .bind(&who.caller)
    .bind(&who.role)
    .bind(&who.billid)
    .bind(stamp::moment(who.joined))
    .bind(who.left.map(stamp::moment))
    .bind(who.seconds)
    .bind(&who.reason)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down that somebody left; what was written first holds.
pub(super) async fn left(
    db: &mut SqliteConnection,
    key: &AttendanceKey,
    left: Timestamp,
    reason: &str,
) -> Outcome<()> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM attendance WHERE run = $1 AND leg = $2")
        .bind(&key.run)
        .bind(&key.leg)
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else {
        return Err(Trouble::none_such(&format!(
            "participation {} of the engine's run {}",
            key.leg, key.run
        )));
    };
    let who = Attendance::try_from(row)?;
    // Who has left before they came has left at once.
    let left = left.max(who.joined);
    sqlx::query(
        "UPDATE attendance SET left_at = $3, seconds = $4, reason = $5
         WHERE run = $1 AND leg = $2 AND left_at IS NULL",
    )
    .bind(&key.run)
    .bind(&key.leg)
    .bind(stamp::moment(left))
    .bind(who.lasted(left))
    .bind(reason)
    .execute(db)
    .await?;
    Ok(())
}

/// Who has not left.
pub(super) async fn open(db: &mut SqliteConnection) -> Outcome<Vec<Attendance>> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM attendance WHERE left_at IS NULL ORDER BY joined_at, run, leg")
            .fetch_all(db)
            .await?;
    rows.into_iter().map(Attendance::try_from).collect()
}

/// Who was in a room, or in any, of those who came from `from` until `to`.
pub(super) async fn list(
    db: &mut SqliteConnection,
    room: Option<&str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Outcome<Vec<Attendance>> {
    let room = room.map(|room| room.strip_prefix("conf/").unwrap_or(room));
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM attendance
         WHERE ($1 IS NULL OR room = $1) AND ($2 IS NULL OR joined_at >= $2) AND ($3 IS NULL OR joined_at < $3)
         ORDER BY joined_at, run, leg LIMIT $4",
    )
    .bind(room)
    .bind(from.map(stamp::moment))
    .bind(to.map(stamp::moment))
    .bind(i64::try_from(MAX_TOLD).unwrap_or(i64::MAX).saturating_add(1))
    .fetch_all(db)
    .await?;
    if rows.len() > MAX_TOLD {
        let way_out = "ask for one room, or for a shorter time with from and to";
        return Err(Trouble::Yours(format!("there are more than {MAX_TOLD} participations: {way_out}")));
    }
    rows.into_iter().map(Attendance::try_from).collect()
}

#[derive(FromRow)]
struct Row {
    run: String,
    leg: String,
    room: String,
    conference: Option<i64>,
    channel: String,
    caller: String,
    role: String,
    billid: String,
    joined_at: String,
    left_at: Option<String>,
    seconds: Option<f64>,
    reason: String,
}

impl TryFrom<Row> for Attendance {
    type Error = Trouble;

    fn try_from(row: Row) -> Outcome<Self> {
        Ok(Attendance {
            key: AttendanceKey { run: row.run, leg: row.leg },
            room: row.room,
            conference: row.conference,
            channel: row.channel,
            caller: row.caller,
            role: row.role,
            billid: row.billid,
            joined: stamp::read_moment(&row.joined_at)?,
            left: row.left_at.map(|left| stamp::read_moment(&left)).transpose()?,
            seconds: row.seconds,
            reason: row.reason,
        })
    }
}
