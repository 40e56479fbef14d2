//! The socket's file: made so that nobody else gets at it, and removed when it is ours.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum BindProblem {
    /// Another daemon has it.
    #[error("another touchtone runs: it listens on {}. Stop it, or give this one another socket in [control]", .0.display())]
    Taken(PathBuf),
    /// Something else is in its place.
    #[error("{} is there and is no socket; it is left as it is. Give another path in [control]", .0.display())]
    NoSocket(PathBuf),
    /// The path has no name at its end.
    #[error("{:?} is no path of a file", .0.display())]
    NoName(PathBuf),
    /// The system refuses.
    #[error("no socket can be made at {}: {error}", .path.display())]
    System {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// How long somebody who listens may take to show it.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// How often it is tried to be alone in the folder, and how long between.
const LOCK_TRIES: u32 = 50;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// How many names are tried for the folder in which the socket is made.
const FOLDER_TRIES: u32 = 100;

/// A socket's file that we made.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// What it is on its device: another daemon may have put its own there since.
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens at `path`, which only those may use whom `mode` lets, from its first moment on.
    pub(super) async fn bind(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), BindProblem> {
        let refused = |error| BindProblem::System { path: path.to_owned(), error };
        let name = path.file_name().ok_or_else(|| BindProblem::NoName(path.to_owned()))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Two that start at once would else take each other's new socket for an old one.
        let _alone = alone_in(folder).await.map_err(refused)?;
        make_way(path).await?;
        // A socket is there with the mode of the day until its mode is set; so it is made where nobody else can go.
        let nook = Nook::new(folder).map_err(refused)?;
        let made = nook.path.join("s");
        let listener = UnixListener::bind(&made).map_err(refused)?;
        fs::set_permissions(&made, Permissions::from_mode(mode & 0o777)).map_err(refused)?;
        let path = folder.join(name);
        // Unlike a renaming, a link takes nothing's place.
        fs::hard_link(&made, &path).map_err(refused)?;
        let identity = identity(&fs::symlink_metadata(&made).map_err(refused)?);
        listener.set_nonblocking(true).map_err(refused)?;
        Ok((listener, SocketFile { path, identity }))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            // A file that cannot be removed is one on which nobody listens: the next daemon replaces it.
            fs::remove_file(&self.path).ok();
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// A lock of the folder itself, which leaves no file behind; it ends with the returned file. Who holds it for longer is
/// no touchtone, and is not waited for.
async fn alone_in(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    for _ in 0..LOCK_TRIES {
        if folder.try_lock().is_ok() {
            break;
        }
        sleep(LOCK_WAIT).await;
    }
    Ok(folder)
}

/// Removes a socket on which nobody listens any more.
async fn make_way(path: &Path) -> Result<(), BindProblem> {
    let refused = |error| BindProblem::System { path: path.to_owned(), error };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(error)),
    };
    if !found.file_type().is_socket() {
        return Err(BindProblem::NoSocket(path.to_owned()));
    }
    match timeout(PROBE_TIME, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(refused)
        }
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(Err(error)) if error.kind() == ErrorKind::PermissionDenied => Err(refused(error)),
        // Whoever is too busy to be connected to is there.
        Ok(_) | Err(_) => Err(BindProblem::Taken(path.to_owned())),
    }
}

/// A folder that only we can look into, removed with what is in it.
struct Nook {
    path: PathBuf,
}

impl Nook {
    fn new(beside: &Path) -> io::Result<Self> {
        let process = std::process::id();
        let mut last = ErrorKind::AlreadyExists.into();
        for number in 0..FOLDER_TRIES {
            // Short, because the path of a socket may have about a hundred bytes only.
            let path = beside.join(format!(".t{process}-{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Nook { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

impl Drop for Nook {
    fn drop(&mut self) {
        // What is left behind is an empty name that hurts nobody.
        fs::remove_file(self.path.join("s")).ok();
        fs::remove_dir(&self.path).ok();
    }
}
