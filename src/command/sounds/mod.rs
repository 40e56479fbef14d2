//! `touchtone sounds`

mod espeak;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Failure;
use crate::sounds::audio::{self, RATE};
use crate::sounds::{Recording, has_words, is_code, recordings};

/// Write the files of what callers are told, for one language.
///
/// Files that are there are kept, so that what somebody has recorded stays.
#[derive(Debug, Args)]
#[command(after_help = "Example: touchtone sounds /usr/local/share/touchtone --language en\n\
    docs/sounds.md tells how to record them oneself.")]
pub(super) struct Sounds {
    /// The directory of all languages. It has to be there; that of the language is made in it.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The language by its code: en and de are known; of others there are tones, to be replaced by recordings.
    #[arg(long, short, value_name = "CODE", default_value = "en")]
    language: String,
    /// Who speaks.
    #[arg(long, value_enum, default_value = "auto")]
    voice: Voice,
    /// Write files anew that are there.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Voice {
    /// espeak-ng, if it is installed and the language is known; otherwise tones.
    Auto,
    /// espeak-ng, which has to be on the PATH.
    EspeakNg,
    /// Tones in place of words.
    Tones,
}

impl Sounds {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        if !is_code(&self.language) {
            let why = format!("error: {:?} is no code of a language, such as en or pt-BR", self.language);
            return Err(Failure::Usage(why));
        }
        let voice = self.voice()?;
        let dir = self.directory()?;
        let (mut written, mut kept) = (0, 0);
        for recording in recordings(&self.language) {
            let file = dir.join(format!("{}.au", recording.name));
            // A link that leads nowhere is somebody's too.
            if !self.force && file.symlink_metadata().is_ok() {
                kept += 1;
                continue;
            }
            let samples = self.spoken(voice, &recording)?;
            write(&file, &audio::au(&samples))
                .map_err(|error| refused(&file, "cannot be written", &error))?;
            written += 1;
            let seconds = samples.len() as f64 / f64::from(RATE);
            writeln!(out, "{:<22} {seconds:>4.1} s  {}", format!("{}.au", recording.name), recording.words)?;
        }
        self.conclude(out, &dir, voice, written, kept)
    }

    /// Who is to speak, known before anything is written.
    fn voice(&self) -> Result<Voice, Failure> {
        let known = has_words(&self.language);
        match self.voice {
            Voice::Auto if known && espeak::is_there() => Ok(Voice::EspeakNg),
            Voice::Auto | Voice::Tones => Ok(Voice::Tones),
            Voice::EspeakNg if !known => Err(Failure::Refused(format!(
                "error: the words of the language {} are not known, only those of en and de\n\
                 --voice tones writes a set of tones, of which each can be replaced by a recording",
                self.language
            ))),
            Voice::EspeakNg if !espeak::is_there() => Err(Failure::Refused(
                "error: there is no espeak-ng on the PATH\n\
                 install it, or write tones in place of words with --voice tones"
                    .to_owned(),
            )),
            Voice::EspeakNg => Ok(Voice::EspeakNg),
        }
    }

    /// The directory of the language, as the engine is to name it.
    fn directory(&self) -> Result<PathBuf, Failure> {
        let all = &self.dir;
        let found = fs::metadata(all).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::Refused(format!(
                "error: there is no directory {}\nmake it first: mkdir -p {0}",
                all.display()
            )),
            _ => refused(all, "cannot be looked at", &error),
        })?;
        if !found.is_dir() {
            return Err(Failure::Refused(format!("error: {} is no directory", all.display())));
        }
        // The engine may have another working directory.
        let dir = std::path::absolute(all)
            .map_err(|error| refused(all, "cannot be found", &error))?
            .join(&self.language);
        match fs::create_dir(&dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(refused(&dir, "cannot be made", &error))
            }
            _ if !dir.is_dir() => Err(Failure::Refused(format!("error: {} is no directory", dir.display()))),
            _ => Ok(dir),
        }
    }

    fn spoken(&self, voice: Voice, recording: &Recording) -> Result<Vec<i16>, Failure> {
        if voice == Voice::EspeakNg {
            espeak::say(recording.words, &self.language).map_err(|why| {
                Failure::Refused(format!(
                    "error: {why}\nwhat was written before is kept; --voice tones needs no voice"
                ))
            })
        } else {
            Ok(audio::tones(&recording.meaning.tones()))
        }
    }

    fn conclude(
        &self,
        out: &mut impl Write,
        dir: &Path,
        voice: Voice,
        written: usize,
        kept: usize,
    ) -> Result<(), Failure> {
        let by = if voice == Voice::EspeakNg { "spoken by espeak-ng" } else { "tones in place of words" };
        writeln!(out, "{written} written to {}, {by}; {kept} kept that were there", dir.display())?;
        if kept > 0 && !self.force {
            writeln!(out, "(--force writes those anew)")?;
        }
        let all = dir.parent().unwrap_or(dir).display().to_string();
        let quoted = |text: &str| toml::Value::from(text).to_string();
        writeln!(out, "\nFor the configuration, if the engine sees the directory there too:\n")?;
        writeln!(out, "[sounds]\ndir = {}\nlanguage = {}", quoted(&all), quoted(&self.language))?;
        Ok(out.flush()?)
    }
}

/// Writes a file whole or not at all: the engine may be about to play it.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = file.with_extension(format!("au.part{}", std::process::id()));
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, file));
    if written.is_err() {
        // It may never have come to be.
        let _ = fs::remove_file(&part);
    }
    written
}

fn refused(path: &Path, what: &str, error: &io::Error) -> Failure {
    Failure::Refused(format!("error: {} {what}: {error}", path.display()))
}
