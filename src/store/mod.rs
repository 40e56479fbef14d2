//! What outlasts the process: conferences and those who take part, whom we called when, who was in which room, and what we
//! alone know of calls and rooms.
//!
//! The brain asks by [`Request`] and is answered by [`Reply`]; it never waits. What
//! is slow besides, as looking whether a PIN is right, is done beside it.
//!
//! - [`Store`]: the file, an SQLite database, and what is asked of it.
//! - [`worker`]: the task that owns it in a daemon.
//! - [`export`]: attendance for other programs.
//! - [`hash_pin`], [`verify_pin`], [`check_hash`]: PINs.

mod attempts;
mod attendance;
mod conferences;
pub mod export;
mod file;
mod kept;
mod manage;
mod model;
mod occurrences;
mod pin;
mod problem;
mod stamp;
pub mod worker;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tracing::warn;

pub use kept::{Keep, Kept, KeptChannel, KeptEntry, KeptRoom, KeptSeat, KeptWanted};
pub use model::{
    Attempt, AttemptKey, AttemptState, Attendance, AttendanceKey, ConferenceInfo, Manage, Managed,
    NewConference, NewParticipant, Occurrence, OccurrenceKey, Participant, Pin, PinHash, Problem, Reply,
    Request,
};
pub use pin::{check_hash, hash_pin, verify_pin};

use self::file::File;
use self::problem::{Outcome, Trouble};

/// What is on record, in a file.
///
/// A request is done wholly or not at all, and what was answered is on disk. When something goes wrong with the file the
/// request is answered with a [`Problem`], and the file is opened anew for the next one: it works again when the cause is
/// gone. A file that was taken away is noticed, so that nothing is written where nobody finds it.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// None after something went wrong, until it is opened anew.
    file: Mutex<Option<File>>,
}

impl Store {
    /// Opens a store, and makes it where there is none.
    ///
    /// # Errors
    /// Why it cannot be had, and the way out.
    pub async fn open(path: &Path) -> Result<Self, Problem> {
        let file = File::open(path).await.map_err(|trouble| trouble.told(path))?;
        Ok(Store { path: path.to_owned(), file: Mutex::new(Some(file)) })
    }

    /// Does what is asked.
    pub async fn perform(&self, now: Timestamp, request: Request) -> Reply {
        match self.answer(now, request).await {
            Ok(reply) => reply,
            Err(trouble) => {
                if trouble.is_of_the_file() {
                    close(self.file.lock().await.take()).await;
                }
                Reply::Failed(trouble.told(&self.path))
            }
        }
    }

    /// Closes the file.
    pub async fn close(self) {
        close(self.file.into_inner()).await;
    }

    async fn answer(&self, now: Timestamp, request: Request) -> Outcome<Reply> {
        match request {
            Request::Occurrences { from, to } => self.occurrences(from, to).await,
            Request::Extend { key, ends } => self.extend(key, ends).await,
            Request::VerifyPin { pin, hashes } => {
                Ok(Reply::Verified(aside(move || verify_pin(&pin, &hashes)).await?))
            }
            Request::Manage(manage) => {
                Ok(Reply::Managed(Box::new(manage::perform(self, now, manage).await?)))
            }
            Request::OpenAttendance => {
                let mut file = self.file().await?;
                let mut work = file.read().await?;
                let open = attendance::open(&mut work).await?;
                work.commit().await?;
                Ok(Reply::OpenAttendance(open))
            }
            Request::Kept { run } => {
                let mut file = self.file().await?;
                let mut work = file.read().await?;
                let kept = kept::kept(&mut work, &run).await?;
                work.commit().await?;
                Ok(Reply::Kept(Box::new(kept)))
            }
            Request::BeginAttempt(_)
            | Request::EndAttempt { .. }
            | Request::Keep(_)
            | Request::Joined(_)
            | Request::Left { .. } => self.write(now, &request).await,
        }
    }

    /// What is written in one step.
    async fn write(&self, now: Timestamp, request: &Request) -> Outcome<Reply> {
        let mut file = self.file().await?;
        let mut work = file.write().await?;
        let mut reply = Reply::Done;
        match request {
            Request::BeginAttempt(key) => reply = Reply::Begun(attempts::begin(&mut work, now, key).await?),
            Request::EndAttempt { key, state } => attempts::end(&mut work, key, *state).await?,
            Request::Keep(changes) => kept::keep(&mut work, changes).await?,
            Request::Joined(who) => attendance::joined(&mut work, who).await?,
            Request::Left { key, left, reason } => attendance::left(&mut work, key, *left, reason).await?,
            _ => {}
        }
        work.commit().await?;
        Ok(reply)
    }

    async fn occurrences(&self, from: Timestamp, to: Timestamp) -> Outcome<Reply> {
        let (records, extensions) = {
            let mut file = self.file().await?;
            let mut work = file.read().await?;
            let records = conferences::held_after(&mut work, from).await?;
            let extensions = occurrences::extensions(&mut work, from).await?;
            work.commit().await?;
            (records, extensions)
        };
        let (records, held) = aside(move || {
            let held = occurrences::all_held(&records, &extensions, from, to);
            (records, held)
        })
        .await?;
        let mut file = self.file().await?;
        let mut work = file.read().await?;
        let mut told = Vec::with_capacity(held.len());
        for (key, ends) in held {
            let Some(record) = records.iter().find(|record| record.id == key.conference) else { continue };
            told.extend(occurrences::occurrence(&mut work, record, key, ends).await?);
        }
        work.commit().await?;
        Ok(Reply::Occurrences(told))
    }

    async fn extend(&self, key: OccurrenceKey, ends: Timestamp) -> Outcome<Reply> {
        let mut file = self.file().await?;
        let mut work = file.write().await?;
        let record = conferences::find(&mut work, key.conference).await?;
        occurrences::check(&record, key, ends)?;
        occurrences::extend(&mut work, key, ends).await?;
        work.commit().await?;
        Ok(Reply::Done)
    }

    /// The file, opened anew if it has to be.
    async fn file(&self) -> Outcome<MappedMutexGuard<'_, File>> {
        let mut slot = self.file.lock().await;
        if slot.as_ref().is_some_and(|file| !file.is_at(&self.path)) {
            warn!(store = %self.path.display(), "the store was taken away or replaced: it is opened anew");
            close(slot.take()).await;
        }
        if slot.is_none() {
            *slot = Some(File::open(&self.path).await?);
        }
        let missing = || Trouble::Aside("the store is not open".to_owned());
        MutexGuard::try_map(slot, Option::as_mut).map_err(|_| missing())
    }
}

async fn close(file: Option<File>) {
    if let Some(file) = file {
        file.close().await;
    }
}

/// Does what takes long where nobody else waits for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Outcome<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Trouble::Aside(error.to_string()))
}
