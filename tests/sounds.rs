//! What callers are told: the files that are asked for, and those that `touchtone sounds` writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use proptest::prelude::*;
use touchtone::config;
use touchtone::sounds::{Phrase, Sound, Word, inventory, resources};

fn spoken(language: &str) -> config::Sounds {
    config::Sounds { dir: Some("/snd".to_owned()), language: language.to_owned() }
}

fn toned() -> config::Sounds {
    config::Sounds { dir: None, language: "en".to_owned() }
}

/// The names of the files, blank between them.
fn files(language: &str, words: &[Word]) -> String {
    let all = resources(&spoken(language), None, words);
    let name = |sound: &Sound| {
        assert_eq!(sound.lasts, None, "the engine tells the end of a file");
        let name = sound.resource.strip_prefix(&format!("wave/play//snd/{language}/"));
        name.and_then(|name| name.strip_suffix(".au")).expect("a file").to_owned()
    };
    all.iter().map(name).collect::<Vec<String>>().join(" ")
}

const ENGLISH: &[(u32, &str)] = &[
    (0, "0"),
    (1, "1"),
    (10, "10"),
    (11, "11"),
    (13, "13"),
    (20, "20"),
    (21, "20 1"),
    (30, "30"),
    (99, "90 9"),
    (100, "1 hundred"),
    (101, "1 hundred and 1"),
    (110, "1 hundred and 10"),
    (121, "1 hundred and 20 1"),
    (123, "1 hundred and 20 3"),
    (999, "9 hundred and 90 9"),
    (1000, "1 thousand"),
    (1001, "1 thousand and 1"),
    (1100, "1 thousand 1 hundred"),
    (12345, "12 thousand 3 hundred and 40 5"),
    (100_000, "1 hundred thousand"),
    (999_999, "9 hundred and 90 9 thousand 9 hundred and 90 9"),
    (1_000_000, "1 0 0 0 0 0 0"),
];

const GERMAN: &[(u32, &str)] = &[
    (0, "0"),
    (1, "1"),
    (10, "10"),
    (11, "11"),
    (13, "13"),
    (20, "20"),
    (21, "ein und 20"),
    (30, "30"),
    (99, "9 und 90"),
    (100, "ein hundert"),
    (101, "ein hundert 1"),
    (110, "ein hundert 10"),
    (121, "ein hundert ein und 20"),
    (999, "9 hundert 9 und 90"),
    (1000, "ein tausend"),
    (1001, "ein tausend 1"),
    (12345, "12 tausend 3 hundert 5 und 40"),
    (101_000, "ein hundert ein tausend"),
    (999_999, "9 hundert 9 und 90 tausend 9 hundert 9 und 90"),
    (u32::MAX, "4 2 9 4 9 6 7 2 9 5"),
];

#[test]
fn numbers_are_spoken_as_each_language_does() {
    for (language, table) in [("en", ENGLISH), ("de", GERMAN), ("en-GB", ENGLISH), ("de_AT", GERMAN)] {
        for (number, expected) in table {
            assert_eq!(files(language, &[Word::Number(*number)]), *expected, "{language} {number}");
        }
    }
    assert_eq!(files("xx", &[Word::Number(120)]), "1 2 0", "one by one where the rules are not known");
}

/// The number that English files say, read back by what the words mean.
fn heard(names: &str) -> u32 {
    let (mut whole, mut part) = (0, 0);
    for name in names.split(' ') {
        match name {
            "and" => {}
            "hundred" => part *= 100,
            "thousand" => whole = std::mem::take(&mut part) * 1000,
            number => part += number.parse::<u32>().expect("a number"),
        }
    }
    whole + part
}

#[test]
fn every_number_is_heard_as_what_it_is() {
    for number in (0..2000).chain((2000..1_000_000).step_by(97)) {
        assert_eq!(heard(&files("en", &[Word::Number(number)])), number);
    }
}

#[test]
fn digits_are_spoken_one_by_one_and_what_is_no_key_is_left_out() {
    let digits = |text: &str| files("en", &[Word::Digits(text.to_owned())]);
    assert_eq!(digits("+49 (30) 12"), "plus 4 9 3 0 1 2");
    assert_eq!(digits("*0#"), "star 0 pound");
    assert_eq!(digits("ABCDabcd"), "a b c d a b c d");
    assert_eq!(digits("sip:ex@mple/../"), "");
}

#[test]
fn words_follow_each_other_in_the_language_of_the_room() {
    let words = [Word::Phrase(Phrase::Seat), Word::Number(21), Word::Phrase(Phrase::Talking)];
    assert_eq!(files("en", &words), "seat 20 1 talking");
    let german = resources(&spoken("en"), Some("de"), &words);
    assert_eq!(german[1].resource, "wave/play//snd/de/ein.au");
    let slash = config::Sounds { dir: Some("snd/".to_owned()), ..spoken("en") };
    assert_eq!(resources(&slash, None, &words)[0].resource, "wave/play/snd/en/seat.au");
}

fn any_word() -> impl Strategy<Value = Word> {
    prop_oneof![
        prop::sample::select(Phrase::ALL).prop_map(Word::Phrase),
        (0..1_000_000u32).prop_map(Word::Number),
        any::<u32>().prop_map(Word::Number),
        "[0-9*#+A-Da-d]{0,20}".prop_map(Word::Digits),
        any::<String>().prop_map(Word::Digits),
    ]
}

proptest! {
    #[test]
    fn every_file_that_is_asked_for_is_in_the_inventory(
        language in prop::sample::select(vec!["en", "de", "en-US", "fr"]),
        words in prop::collection::vec(any_word(), 0..8),
    ) {
        let listed: BTreeSet<String> = inventory(language).into_iter().map(|(name, _)| name).collect();
        for sound in resources(&spoken("en"), Some(language), &words) {
            let name = sound.resource.strip_prefix(&format!("wave/play//snd/{language}/")).expect("its directory");
            prop_assert!(listed.contains(name), "{name}");
        }
    }

    #[test]
    fn tones_are_such_as_the_engine_plays_and_are_known_to_end(words in prop::collection::vec(any_word(), 0..8)) {
        for Sound { resource, lasts } in resources(&toned(), None, &words) {
            let (hz, length) = resource.strip_prefix("tone/").and_then(|rest| rest.split_once('/')).expect("a tone");
            let (hz, length): (u32, u64) = (hz.parse().expect("a pitch"), length.parse().expect("a length"));
            prop_assert!((200..3400).contains(&hz));
            prop_assert!(length.is_multiple_of(20) && lasts.is_some_and(|lasts| lasts >= Duration::from_millis(length)));
        }
    }
}

/// Every file of the inventory is asked for by something: nobody records in vain.
#[test]
fn nothing_in_the_inventory_is_never_asked_for() {
    for language in ["en", "de", "fr"] {
        let mut asked = BTreeSet::new();
        let words = Phrase::ALL.iter().map(|&phrase| Word::Phrase(phrase));
        let words = words.chain((0..2000).map(Word::Number)).chain([Word::Digits("*#+ABCD".to_owned())]);
        for sound in resources(&spoken(language), None, &words.collect::<Vec<Word>>()) {
            asked.insert(sound.resource.rsplit('/').next().expect("a name").to_owned());
        }
        let listed: BTreeSet<String> = inventory(language).into_iter().map(|(name, _)| name).collect();
        assert_eq!(asked, listed, "{language}");
    }
}

fn command(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    command.arg("sounds").arg(dir).args(arguments).output().expect("the command")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// The samples of a file, of which every field of the header is looked at.
fn samples(file: &Path) -> Vec<i16> {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let field = |nth: usize| u32::from_be_bytes(bytes[nth * 4..nth * 4 + 4].try_into().expect("four"));
    assert_eq!(&bytes[..4], b".snd");
    assert_eq!((field(3), field(4), field(5)), (3, 8000, 1), "16 bits, 8000 Hz, one channel");
    let sound = &bytes[field(1) as usize..];
    assert_eq!(field(2) as usize, sound.len(), "the header tells the length");
    sound.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn assert_plays(file: &Path) {
    let samples = samples(file);
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    assert!((2000..30_000).contains(&peak), "{}: neither silent nor clipped, but {peak}", file.display());
    assert!(
        (320..8 * 8000).contains(&samples.len()) && samples.len().is_multiple_of(160),
        "{}",
        file.display()
    );
}

#[test]
fn a_whole_set_of_tones_is_written_where_no_voice_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for language in ["en", "de", "fr"] {
        let done = command(folder.path(), &["--language", language, "--voice", "tones"]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        let mut found: Vec<String> = fs::read_dir(folder.path().join(language))
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        let mut listed: Vec<String> = inventory(language).into_iter().map(|(name, _)| name).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
        for name in found {
            assert_plays(&folder.path().join(language).join(name));
        }
        let lines = format!("[sounds]\ndir = \"{}\"\nlanguage = \"{language}\"\n", folder.path().display());
        assert!(text(&done.stdout).ends_with(&lines), "{}", text(&done.stdout));
    }
    // Three beeps of 160 ms and two rests of 140 between them.
    assert_eq!(samples(&folder.path().join("en/3.au")).len(), 8 * (3 * 160 + 2 * 140));
}

#[test]
fn what_somebody_recorded_stays_unless_it_is_forced() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("en/muted.au");
    fs::create_dir(folder.path().join("en")).expect("a folder");
    fs::write(&own, "mine").expect("a file");
    let done = command(folder.path(), &["--voice", "tones"]);
    assert!(text(&done.stdout).contains("1 kept that were there"), "{}", text(&done.stdout));
    assert_eq!(fs::read(&own).expect("a file"), b"mine");
    let again = command(folder.path(), &["--voice", "tones"]);
    assert!(text(&again.stdout).starts_with("0 written"), "{}", text(&again.stdout));
    assert_eq!(command(folder.path(), &["--voice", "tones", "--force"]).status.code(), Some(0));
    assert_plays(&own);
}

#[test]
fn what_cannot_be_done_is_told_with_a_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let missing = folder.path().join("missing");
    let refused = |dir: &Path, arguments: &[&str], code, why: &str| {
        let done = command(dir, arguments);
        let told = text(&done.stderr).replace(folder.path().to_str().expect("a path"), "…");
        assert!(told.contains(why), "{told}");
        assert_eq!(done.status.code(), Some(code), "{told}");
    };
    refused(
        &missing,
        &["--voice", "tones"],
        1,
        "there is no directory …/missing\nmake it first: mkdir -p …/missing",
    );
    refused(&file, &["--voice", "tones"], 1, "error: …/file is no directory");
    refused(folder.path(), &["--language", "../x"], 2, "is no code of a language");
    refused(folder.path(), &["--language", "fr", "--voice", "espeak-ng"], 1, "--voice tones");
    refused(folder.path(), &["--voice", "tones", "--language", "file"], 1, "is no directory");
}

/// A voice that is there by name only: each misbehaves in its own way, and is told of.
#[cfg(unix)]
#[test]
fn a_voice_that_fails_leaves_no_half_a_file() {
    use std::os::unix::fs::PermissionsExt;
    for (script, why) in [
        ("echo no such voice >&2; exit 1", "no such voice"),
        ("exit 1", "it failed and does not say why"),
        ("echo hello", "it is no WAV file"),
        ("kill -9 $$", "it failed"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("espeak-ng");
        fs::write(&program, format!("#!/bin/sh\n[ \"$1\" = --version ] && exit 0\n{script}\n"))
            .expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
        let done = Command::new(env!("CARGO_BIN_EXE_touchtone"))
            .args(["sounds", "--voice", "auto"])
            .arg(folder.path())
            .env("PATH", folder.path())
            .output()
            .expect("the command");
        assert_eq!(done.status.code(), Some(1));
        let told = text(&done.stderr);
        assert!(told.contains(why) && told.contains("You are muted."), "{told}");
        assert_eq!(fs::read_dir(folder.path().join("en")).expect("a directory").count(), 0);
    }
}

/// Without espeak-ng on the PATH, `auto` writes tones and `espeak-ng` says what is missing.
#[test]
fn without_a_voice_on_the_path_there_are_tones() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |voice: &str| {
        Command::new(env!("CARGO_BIN_EXE_touchtone"))
            .args(["sounds", "--voice", voice])
            .arg(folder.path())
            .env("PATH", folder.path())
            .output()
            .expect("the command")
    };
    let refused = run("espeak-ng");
    assert!(text(&refused.stderr).contains("there is no espeak-ng on the PATH"));
    assert!(!folder.path().join("en").exists(), "nothing is begun that cannot be done");
    let done = run("auto");
    assert!(text(&done.stdout).contains("tones in place of words"), "{}", text(&done.stdout));
    assert_plays(&folder.path().join("en/enter-pin.au"));
}

/// Where espeak-ng is installed it is tried for real.
#[test]
fn a_voice_speaks_every_file_of_a_known_language() {
    if Command::new("espeak-ng").arg("--version").output().is_err() {
        eprintln!("skipped: there is no espeak-ng");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for language in ["en", "de"] {
        let done = command(folder.path(), &["--language", language, "--voice", "espeak-ng"]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        for (name, _) in inventory(language) {
            assert_plays(&folder.path().join(language).join(name));
        }
    }
}
