//! Where the files of a configuration come from.

use std::io;
use std::path::{Path, PathBuf};

/// Gives the files that a configuration is made of: the configuration itself, and grammars.
pub(super) trait Files {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Where a file really is, when all symbolic links are followed.
    fn follow(&self, path: &Path) -> io::Result<PathBuf>;
}

/// Files that a function gives; there are no links among them.
pub(super) struct Given<F>(pub(super) F);

impl<F, T> Files for Given<F>
where
    F: Fn(&Path) -> io::Result<T>,
    T: Into<Vec<u8>>,
{
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        (self.0)(path).map(Into::into)
    }

    fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

/// The file system.
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}
