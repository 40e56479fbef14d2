//! Any bytes as a configuration of pbxassist that includes itself: it is refused, or carried over into one that loads,
//! and what is said of it is about its lines.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use touchtone::config;
use touchtone::import::import;

fuzz_target!(|bytes: &[u8]| {
    let Ok(imported) = import(Path::new("pbxassist.conf"), &|_| Ok(bytes.to_vec())) else { return };
    if let Err(refused) = config::load(Path::new("touchtone.toml"), |_| Ok(imported.toml.as_str())) {
        panic!("{refused}\n{}", imported.toml);
    }
    for note in imported.notes {
        assert!((1..=bytes.len()).contains(&note.place.line), "{note}");
    }
});
