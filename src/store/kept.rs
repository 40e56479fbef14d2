//! What touchtone alone knows of the calls and rooms that an engine has, so that it is known again after a restart.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{FromRow, SqliteConnection};

use super::problem::Outcome;
use super::stamp;

/// Changes of what is kept, of one life of the engine. They are written together, and what is there of other lives is
/// forgotten with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Keep {
    /// The engine's `runid`.
    pub run: String,
    /// Whether this is all that there is: what was kept before is forgotten.
    pub anew: bool,
    /// Channels, each with what is kept of it from now on; `None` for nothing.
    pub channels: Vec<(String, Option<KeptChannel>)>,
    /// Rooms by their names without the prefix, each with what is kept of it from now on; `None` for nothing.
    pub rooms: Vec<(String, Option<KeptRoom>)>,
}

/// What is kept, of one life of the engine.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// The engine's `runid`.
    pub run: String,
    /// What is kept of which channel.
    pub channels: Vec<(String, KeptChannel)>,
    /// What is kept of which room, by its name without the prefix.
    pub rooms: Vec<(String, KeptRoom)>,
}

/// What is kept of a channel. Roles, states and codes are named, rooms have no prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeptChannel {
    /// The role that routing gave.
    pub role: Option<String>,
    /// The room that it was given on the way to.
    pub role_for: Option<String>,
    /// The room whose PIN was keyed, or that they were called into, and whether as an organizer.
    pub proven: Option<(String, bool)>,
    /// Whether the engine called this party, and not they us.
    pub outgoing: bool,
    /// By which the engine knows them; may be empty.
    pub username: String,
    /// The state that a code set.
    pub state: Option<String>,
    /// The state that the engine had led to then.
    pub state_in: Option<String>,
    /// What is wanted before they are let in.
    pub entry: Option<KeptEntry>,
    /// The channel of who wants this call, if it is one of ours to somebody.
    pub inviter: Option<String>,
}

/// What a caller has yet to do before they are let in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeptEntry {
    /// What.
    pub wanted: KeptWanted,
    /// How often it was done wrong, or not at all.
    pub tries: u32,
    /// Whether they were put aside for it, and are with nobody.
    pub parked: bool,
    /// The code by which they wanted to join.
    pub code: Option<String>,
    /// Whether they wanted to join with the other party of their call; `None` for who was sent by routing.
    pub with_peer: Option<bool>,
}

/// What is wanted of a caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeptWanted {
    /// The number of a room.
    Room,
    /// A PIN of this room.
    Pin(String),
    /// To wait for an organizer of this room.
    Organizer(String),
}

/// What is kept of a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeptRoom {
    /// Whether only organizers are let in.
    pub locked: bool,
    /// Since when somebody is there, if it was seen to begin.
    pub since: Option<Timestamp>,
    /// The highest seat that was given.
    pub highest: u32,
    /// Who sits where.
    pub seats: Vec<KeptSeat>,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeptSeat {
    /// Their number.
    pub number: u32,
    /// Their leg, as `conf/5`.
    pub leg: String,
    /// Their channel, as `sip/4`.
    pub channel: String,
}

impl KeptWanted {
    const fn word(&self) -> &'static str {
        match self {
            KeptWanted::Room => "room",
            KeptWanted::Pin(_) => "pin",
            KeptWanted::Organizer(_) => "organizer",
        }
    }

    fn room(&self) -> &str {
        match self {
            KeptWanted::Room => "",
            KeptWanted::Pin(room) | KeptWanted::Organizer(room) => room,
        }
    }

    fn read(word: &str, room: String) -> Option<Self> {
        match word {
            "room" => Some(KeptWanted::Room),
            "pin" => Some(KeptWanted::Pin(room)),
            "organizer" => Some(KeptWanted::Organizer(room)),
            _ => None,
        }
    }
}

/// Writes changes.
pub(super) async fn keep(db: &mut SqliteConnection, keep: &Keep) -> Outcome<()> {
    let run = &keep.run;
    // Two ranges are found by the index; for `<>` all of this run would be read, each time.
    for others in [
        "DELETE FROM kept_channels WHERE run < $1 OR run > $1",
        "DELETE FROM kept_rooms WHERE run < $1 OR run > $1",
    ] {
        sqlx::query(others).bind(run).execute(&mut *db).await?;
    }
    if keep.anew {
        for all in ["DELETE FROM kept_channels", "DELETE FROM kept_rooms"] {
            sqlx::query(all).execute(&mut *db).await?;
        }
    }
    for (channel, kept) in &keep.channels {
        let forget = "DELETE FROM kept_channels WHERE run = $1 AND channel = $2";
        sqlx::query(forget).bind(run).bind(channel).execute(&mut *db).await?;
        if let Some(kept) = kept {
            write_channel(db, run, channel, kept).await?;
        }
    }
    for (room, kept) in &keep.rooms {
        let forget = "DELETE FROM kept_rooms WHERE run = $1 AND room = $2";
        sqlx::query(forget).bind(run).bind(room).execute(&mut *db).await?;
        if let Some(kept) = kept {
            write_room(db, run, room, kept).await?;
        }
    }
    Ok(())
}

async fn write_channel(
    db: &mut SqliteConnection,
    run: &str,
    channel: &str,
    kept: &KeptChannel,
) -> Outcome<()> {
    let (proven, entry) = (kept.proven.as_ref(), kept.entry.as_ref());
    sqlx::query(
        "INSERT INTO kept_channels (run, channel, role, role_for, proven_room, proven_organizer, is_outgoing, username,
         state, state_in, wanted, wanted_room, tries, is_put_aside, code, with_peer, inviter)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(run)
    .bind(channel)
    .bind(&kept.role)
    .bind(&kept.role_for)
    .bind(proven.map(|(room, _)| room))
    .bind(proven.is_some_and(|&(_, organizer)| organizer))
    .bind(kept.outgoing)
    .bind(&kept.username)
    .bind(&kept.state)
    .bind(&kept.state_in)
    .bind(entry.map(|entry| entry.wanted.word()))
    .bind(entry.map(|entry| entry.wanted.room()).unwrap_or_default())
    .bind(entry.map(|entry| i64::from(entry.tries)).unwrap_or_default())
    .bind(entry.is_some_and(|entry| entry.parked))
    .bind(entry.and_then(|entry| entry.code.as_ref()))
    .bind(entry.and_then(|entry| entry.with_peer))
    .bind(&kept.inviter)
    .execute(db)
    .await?;
    Ok(())
}

async fn write_room(db: &mut SqliteConnection, run: &str, room: &str, kept: &KeptRoom) -> Outcome<()> {
    sqlx::query(
        "INSERT INTO kept_rooms (run, room, is_locked, open_since, highest) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(run)
    .bind(room)
    .bind(kept.locked)
    .bind(kept.since.map(stamp::moment))
    .bind(i64::from(kept.highest))
    .execute(&mut *db)
    .await?;
    for seat in &kept.seats {
        sqlx::query("INSERT INTO kept_seats (run, room, number, leg, channel) VALUES ($1, $2, $3, $4, $5)")
            .bind(run)
            .bind(room)
            .bind(i64::from(seat.number))
            .bind(&seat.leg)
            .bind(&seat.channel)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// What is kept of one life of the engine. What cannot be read is left out: it is better forgotten than all of it.
pub(super) async fn kept(db: &mut SqliteConnection, run: &str) -> Outcome<Kept> {
    let channels: Vec<ChannelRow> =
        sqlx::query_as("SELECT * FROM kept_channels WHERE run = $1 ORDER BY channel")
            .bind(run)
            .fetch_all(&mut *db)
            .await?;
    let rooms: Vec<(String, bool, Option<String>, i64)> = sqlx::query_as(
        "SELECT room, is_locked, open_since, highest FROM kept_rooms WHERE run = $1 ORDER BY room",
    )
    .bind(run)
    .fetch_all(&mut *db)
    .await?;
    let seats: Vec<(String, i64, String, String)> = sqlx::query_as(
        "SELECT room, number, leg, channel FROM kept_seats WHERE run = $1 ORDER BY room, number",
    )
    .bind(run)
    .fetch_all(&mut *db)
    .await?;
    let mut seats_of: HashMap<String, Vec<KeptSeat>> = HashMap::new();
    for (room, number, leg, channel) in seats {
        let Ok(number) = u32::try_from(number) else { continue };
        seats_of.entry(room).or_default().push(KeptSeat { number, leg, channel });
    }
    let rooms = rooms.into_iter().map(|(room, locked, since, highest)| {
        let seats = seats_of.remove(&room).unwrap_or_default();
        let since = since.and_then(|since| stamp::read_moment(&since).ok());
        let kept = KeptRoom { locked, since, highest: u32::try_from(highest).unwrap_or_default(), seats };
        (room, kept)
    });
    let rooms = rooms.collect();
    let channels = channels.into_iter().map(|row| (row.channel.clone(), row.into())).collect();
    Ok(Kept { run: run.to_owned(), channels, rooms })
}

#[derive(FromRow)]
struct ChannelRow {
    channel: String,
    role: Option<String>,
    role_for: Option<String>,
    proven_room: Option<String>,
    proven_organizer: bool,
    is_outgoing: bool,
    username: String,
    state: Option<String>,
    state_in: Option<String>,
    wanted: Option<String>,
    wanted_room: String,
    tries: i64,
    is_put_aside: bool,
    code: Option<String>,
    with_peer: Option<bool>,
    inviter: Option<String>,
}

impl From<ChannelRow> for KeptChannel {
    fn from(row: ChannelRow) -> Self {
        let wanted = row.wanted.and_then(|word| KeptWanted::read(&word, row.wanted_room));
        let entry = wanted.map(|wanted| KeptEntry {
            wanted,
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            parked: row.is_put_aside,
            code: row.code,
            with_peer: row.with_peer,
        });
        KeptChannel {
            role: row.role,
            role_for: row.role_for,
            proven: row.proven_room.map(|room| (room, row.proven_organizer)),
            outgoing: row.is_outgoing,
            username: row.username,
            state: row.state,
            state_in: row.state_in,
            entry,
            inviter: row.inviter,
        }
    }
}
