//! What goes wrong with the store, in words that say the way out.

use std::io;
use std::path::Path;

use sqlx::migrate::MigrateError;

use super::Problem;

/// Why something could not be done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is for who asked to mend.
    Yours(String),
    /// The database did not do it.
    Sql(sqlx::Error),
    /// The file cannot be had.
    File(io::Error),
    /// The tables are not as we know them.
    Schema(MigrateError),
    /// What is on record cannot be read.
    Damaged(String),
    /// There was nobody to do it.
    Aside(String),
}

pub(super) type Outcome<T> = Result<T, Trouble>;

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Trouble::Sql(error)
    }
}

impl Trouble {
    /// There is no such thing on record.
    pub(super) fn none_such(what: &str) -> Self {
        Trouble::Yours(format!("there is no {what} on record"))
    }

    /// Whether the file is to be opened anew before anything else is asked of it.
    pub(super) const fn is_of_the_file(&self) -> bool {
        matches!(self, Trouble::Sql(_) | Trouble::File(_) | Trouble::Schema(_))
    }

    /// What is told of it.
    pub(super) fn told(self, path: &Path) -> Problem {
        let store = format!("the store {}", path.display());
        let message = match self {
            Trouble::Yours(message) => return Problem { yours: true, message },
            Trouble::Sql(error) | Trouble::Schema(MigrateError::Execute(error)) => {
                format!("{store} {}", sql(&error))
            }
            Trouble::Schema(MigrateError::ExecuteMigration(error, _)) => format!("{store} {}", sql(&error)),
            Trouble::File(error) => format!("{store} {}", file(path, &error)),
            Trouble::Schema(MigrateError::VersionMissing(version)) => format!(
                "{store} was written by a newer touchtone (schema {version}): run that one, or say another file"
            ),
            Trouble::Schema(error) => {
                format!(
                    "{store} was written by another touchtone ({error}): run that one, or say another file"
                )
            }
            Trouble::Damaged(what) => {
                format!("{store} is damaged ({what}): put a copy from before in its place")
            }
            Trouble::Aside(what) => format!("it was not done ({what}): ask again"),
        };
        Problem { yours: false, message }
    }
}

fn file(path: &Path, error: &io::Error) -> String {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("cannot be had: there is no directory {dir}; make it"),
        io::ErrorKind::PermissionDenied => {
            format!("cannot be had: {dir} has to be writable for the user that touchtone runs as")
        }
        _ => format!("cannot be had: {error}"),
    }
}

fn sql(error: &sqlx::Error) -> String {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    // The low byte of what SQLite says is the kind of its result codes.
    let (what, way_out) = match code.map(|code| code & 0xff) {
        Some(5 | 6) => ("is locked", "end the other program that writes to it, and ask again"),
        Some(8) => (
            "cannot be written",
            "let the file, and the directory that it is in, be writable for touchtone's user",
        ),
        Some(10) => ("cannot be written or read", "look at the disk, or whether the file is still there"),
        Some(11) => ("is damaged", "put a copy from before in its place"),
        Some(13) => ("has no room", "the disk is full: make room"),
        Some(14) => ("cannot be opened", "let its directory be there and be writable for touchtone's user"),
        Some(26) => {
            ("is another kind of file", "say the path of a store, or of a file that is not there yet")
        }
        _ => ("did not do it", "look at the file, and ask again"),
    };
    format!("{what} ({error}): {way_out}")
}
