//! The file of a store: made, opened, brought up to date, and noticed when it is taken away.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, Sqlite, SqliteConnection, Transaction};

use super::problem::{Outcome, Trouble};

/// How long another program may hold the file before we give up.
const BUSY: Duration = Duration::from_secs(2);

/// What brings a file up to date, by version.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "conferences", include_str!("../../migrations/0001_conferences.sql")),
    (2, "kept", include_str!("../../migrations/0002_kept.sql")),
];

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    connection: SqliteConnection,
    /// Which file it is, wherever it was moved.
    identity: (u64, u64),
}

impl File {
    /// Opens a store, and makes it where there is none: only its owner may read it, for it has numbers and PINs.
    pub(super) async fn open(path: &Path) -> Outcome<Self> {
        make(path).map_err(Trouble::File)?;
        let identity = identity(path).map_err(Trouble::File)?;
        align(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered is on disk, even if the machine stops at once.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            // What is taken out is no longer in the file.
            .pragma("secure_delete", "on")
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        // As `run` does it, of which the future cannot be sent to another thread.
        migrator().run_direct(None, &mut connection, false).await.map_err(Trouble::Schema)?;
        Ok(File { connection, identity })
    }

    /// Whether it is still what is found at that path.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        identity(path).is_ok_and(|identity| identity == self.identity)
    }

    /// Begins to read; all is as of one moment.
    pub(super) async fn read(&mut self) -> Outcome<Transaction<'_, Sqlite>> {
        Ok(self.connection.begin().await?)
    }

    /// Begins to write; all of it comes to be, or nothing. (`BEGIN` alone is what PostgreSQL would want: here it would
    /// have us wait for a lock only when something is written, which can fail in the middle.)
    pub(super) async fn write(&mut self) -> Outcome<Transaction<'_, Sqlite>> {
        Ok(self.connection.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(super) async fn close(self) {
        // What was written is on disk already.
        let _ = self.connection.close().await;
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.into_iter().map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Makes the file if it is not there.
fn make(path: &Path) -> io::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

/// SQLite's files beside the store have its permissions from when they were made. Where those were changed since, the
/// store could not be written, for no reason that anybody sees.
fn align(path: &Path) {
    let Ok(permissions) = fs::metadata(path).map(|file| file.permissions()) else { return };
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        if fs::metadata(&beside).is_ok_and(|file| file.permissions() != permissions) {
            // If they are not ours, what is then said of the store stays true.
            let _ = fs::set_permissions(&beside, permissions.clone());
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::metadata(path)?;
    if file.is_dir() {
        return Err(io::Error::other("this is a directory: say the path of a file in it"));
    }
    Ok((file.dev(), file.ino()))
}
