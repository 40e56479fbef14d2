//! Any text as a configuration: it is refused with places in the text, or it loads; and then whatever is keyed is
//! answered, nothing is lost, and codes fire for their keys alone.
#![no_main]

use std::io;
use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use touchtone::config;
use touchtone::trial::{Faults, Promise, Scene, Trial, check};

/// The promises that hold for any configuration. What is believed does not, where a code sends any message there is.
const PROMISES: [Promise; 4] = [Promise::Answered, Promise::Conserved, Promise::Fires, Promise::Ends];

/// The grammars that a configuration can name; any other name means the first.
const GRAMMARS: [(&str, &str); 3] = [
    ("conference", include_str!("../../grammars/conference.gram")),
    ("pbx", include_str!("../../grammars/pbx.gram")),
    ("pin", include_str!("../../grammars/pin.gram")),
];

/// The bytes that make the trial stand before the text.
const ACTS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let (acts, text) = bytes.split_at(bytes.len().min(ACTS));
    let read = |path: &Path| match path.extension() {
        Some(end) if end == "toml" => Ok(text.to_vec()),
        Some(end) if end == "gram" => Ok(grammar(path).as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    match config::load(Path::new("config/fuzz.toml"), read) {
        Err(refused) => {
            assert!(!refused.diagnostics.is_empty());
            assert!(!refused.to_string().is_empty());
        }
        Ok(loaded) => {
            let scene = Scene::new(Arc::new(loaded.config), Faults::ALL);
            let trial = Trial::of_bytes(&scene, acts);
            let record = trial.run(&scene);
            for promise in PROMISES {
                if let Err(broken) = check::one(promise, &scene, &trial, &record) {
                    let acts: Vec<_> = trial.acts.iter().map(|act| scene.tell(act)).collect();
                    panic!("{broken:?}\n{}", acts.join("\n"));
                }
            }
        }
    }
});

fn grammar(path: &Path) -> &'static str {
    let known = GRAMMARS.iter().find(|(name, _)| path.file_stem().is_some_and(|stem| stem == *name));
    known.unwrap_or(&GRAMMARS[0]).1
}
