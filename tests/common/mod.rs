//! What the integration tests share.
#![allow(dead_code, unused_macros)] // Each test uses its part.

pub(crate) mod brain;
pub(crate) mod client;
pub(crate) mod control;
pub(crate) mod exposition;
pub(crate) mod hostile;
pub(crate) mod house;
pub(crate) mod lossy;
#[macro_use]
pub(crate) mod mistakes;
pub(crate) mod pbxassist;
pub(crate) mod process;
pub(crate) mod records;
pub(crate) mod scene;
pub(crate) mod site;
pub(crate) mod times;
pub(crate) mod turnstile;

use std::path::PathBuf;

/// A folder of recorded facts about a live engine, beside the checkout or where TOUCHTONE_SHARED says. Where it is
/// not to be had, the test that wants it says that it was skipped.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let root = std::env::var_os("TOUCHTONE_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let folder = root.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no {}", folder.display());
    None
}

/// Every transcript, those of the tree and those beside it: its name and its text.
pub(crate) fn transcripts() -> Vec<(String, String)> {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts"));
    let mut found: Vec<_> = std::iter::once(own)
        .chain(shared("transcripts"))
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder that can be read"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("text"))
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "a transcripts folder without transcripts");
    found
}
