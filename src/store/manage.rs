//! What admins see and change.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::conferences::{self, Ready, Record};
use super::occurrences::{self, Extensions};
use super::problem::{Outcome, Trouble};
use super::{ConferenceInfo, Manage, Managed, NewConference, Store, attempts, attendance, pin};
use crate::schedule::calendar::{self, Defaults};
use crate::schedule::{self, Times};

/// How many times are told at which a conference is held next.
const NEXT: usize = 5;

pub(super) async fn perform(store: &Store, now: Timestamp, manage: Manage) -> Outcome<Managed> {
    match manage {
        Manage::Add { conference } => add(store, now, *conference).await,
        Manage::List => list(store, now).await,
        Manage::Show { id } => show(store, now, id).await,
        Manage::Remove { id } => remove(store, id).await,
        Manage::Import { text, room, call } => import(store, now, text, room, call).await,
        Manage::Attendance { room, from, to } => {
            let mut file = store.file().await?;
            let mut work = file.read().await?;
            let attendance = attendance::list(&mut work, room.as_deref(), from, to).await?;
            work.commit().await?;
            Ok(Managed::Attendance { attendance })
        }
    }
}

async fn add(store: &Store, now: Timestamp, conference: NewConference) -> Outcome<Managed> {
    let ready = super::aside(move || {
        let checked = schedule::check(&conference, now).map_err(Trouble::Yours)?;
        ready(None, checked)
    })
    .await??;
    let record = {
        let mut file = store.file().await?;
        let mut work = file.write().await?;
        let id = conferences::add(&mut work, now, &ready).await?;
        let record = conferences::find(&mut work, id).await?;
        work.commit().await?;
        record
    };
    let conferences = infos(vec![record], Extensions::new(), now).await?;
    Ok(Managed::Conferences { conferences, notes: Vec::new() })
}

/// A conference that was checked, with its PINs hashed.
fn ready(uid: Option<String>, mut conference: NewConference) -> Outcome<Ready> {
    let hashed =
        |pin: Option<super::Pin>| pin.map(|pin| pin::hash_pin(&pin)).transpose().map_err(Trouble::Aside);
    let organizer_pin = hashed(conference.organizer_pin.take())?;
    let pin = hashed(conference.pin.take())?;
    let over = Times::of(&conference).map_err(Trouble::Yours)?.over();
    Ok(Ready { uid, conference, organizer_pin, pin, over })
}

async fn list(store: &Store, now: Timestamp) -> Outcome<Managed> {
    let (records, extensions) = {
        let mut file = store.file().await?;
        let mut work = file.read().await?;
        let records = conferences::list(&mut work, None).await?;
        let extensions = occurrences::extensions(&mut work, now).await?;
        work.commit().await?;
        (records, extensions)
    };
    Ok(Managed::Conferences { conferences: infos(records, extensions, now).await?, notes: Vec::new() })
}

async fn show(store: &Store, now: Timestamp, id: i64) -> Outcome<Managed> {
    let (record, extensions, attempts) = {
        let mut file = store.file().await?;
        let mut work = file.read().await?;
        let record = conferences::find(&mut work, id).await?;
        let extensions = occurrences::extensions(&mut work, now).await?;
        let attempts = match attempts::last(&mut work, id).await? {
            Some(last) => attempts::of(&mut work, &last).await?,
            None => Vec::new(),
        };
        work.commit().await?;
        (record, extensions, attempts)
    };
    let mut conferences = infos(vec![record], extensions, now).await?;
    conferences.iter_mut().for_each(|info| info.attempts.clone_from(&attempts));
    Ok(Managed::Conferences { conferences, notes: Vec::new() })
}

/// What is told of conferences: when they are held next, and those that are being held, too.
async fn infos(records: Vec<Record>, extensions: Extensions, now: Timestamp) -> Outcome<Vec<ConferenceInfo>> {
    super::aside(move || records.into_iter().map(|record| next(record, &extensions, now)).collect()).await
}

fn next(record: Record, extensions: &Extensions, now: Timestamp) -> ConferenceInfo {
    // Those of which the end was moved to before now are not next, so that more are asked for.
    let most = NEXT + extensions.len();
    let usual = Times::of(&record.conference).map(|times| times.not_over(now, most)).unwrap_or_default();
    let moved = |starts: &Timestamp| {
        extensions.get(&super::OccurrenceKey { conference: record.id, starts: *starts }).copied()
    };
    let mut next: Vec<Timestamp> = usual.into_iter().filter(|starts| moved(starts).is_none()).collect();
    let of_this = extensions.iter().filter(|(key, ends)| key.conference == record.id && **ends > now);
    next.extend(of_this.map(|(key, _)| key.starts));
    next.sort_unstable();
    next.truncate(NEXT);
    record.info(next)
}

async fn remove(store: &Store, id: i64) -> Outcome<Managed> {
    let mut file = store.file().await?;
    let mut work = file.write().await?;
    conferences::remove(&mut work, id).await?;
    work.commit().await?;
    Ok(Managed::Removed { id })
}

async fn import(
    store: &Store,
    now: Timestamp,
    text: String,
    room: Option<String>,
    call: bool,
) -> Outcome<Managed> {
    let (found, mut notes) = super::aside(move || {
        let room = room.map(|room| schedule::room(&room)).transpose().map_err(Trouble::Yours)?;
        // The times that a calendar does not say a zone of are those of whoever is here.
        let time_zone = TimeZone::system().iana_name().map(str::to_owned);
        let defaults = Defaults { room, time_zone, call };
        let imported = calendar::read(&text, &defaults, now).map_err(Trouble::Yours)?;
        let found = imported.conferences.into_iter().map(|found| ready(found.uid, found.conference));
        Ok::<_, Trouble>((found.collect::<Outcome<Vec<_>>>()?, imported.notes))
    })
    .await??;
    let mut records = Vec::new();
    {
        let mut file = store.file().await?;
        let mut work = file.write().await?;
        for ready in &found {
            let known = match &ready.uid {
                Some(uid) => conferences::of_uid(&mut work, uid).await?,
                None => None,
            };
            if let Some(known) = known {
                let title = &ready.conference.title;
                notes.push(format!("{title:?} is conference {known} already: remove that to take it anew"));
                continue;
            }
            let id = conferences::add(&mut work, now, ready).await?;
            records.push(conferences::find(&mut work, id).await?);
        }
        work.commit().await?;
    }
    Ok(Managed::Conferences { conferences: infos(records, Extensions::new(), now).await?, notes })
}
