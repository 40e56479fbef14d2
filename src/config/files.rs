//! Where the files of a configuration come from.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Gives the files that a configuration is made of: the configuration itself, and grammars.
pub(super) trait Files {
    /// The bytes of a file; of one that is longer than `most`, at least one more than that.
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>>;

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
    fn read(&self, path: &Path, _: usize) -> io::Result<Vec<u8>> {
        (self.0)(path).map(Into::into)
    }

    fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

/// The file system.
pub(super) struct Disk;

impl Files for Disk {
    /// A device is not read, as what it gives may have no end; a pipe is, as standard input often is one.
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let kind = fs::metadata(path)?.file_type();
        if !kind.is_file() && !kind.is_fifo() {
            let what = if kind.is_dir() { "it is a directory" } else { "it is no file" };
            return Err(io::Error::other(what));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}
