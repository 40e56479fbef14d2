//! The voice of `espeak-ng`, where it is installed.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::sounds::audio;

const PROGRAM: &str = "espeak-ng";
/// One phrase takes some milliseconds; what takes as long as this hangs.
const LONGEST: Duration = Duration::from_secs(20);

/// Whether it is on the path.
pub(super) fn is_there() -> bool {
    let asked = Command::new(PROGRAM)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    asked.is_ok_and(|mut child| ended(&mut child).is_ok_and(|well| well))
}

/// The words as samples to be played.
pub(super) fn say(words: &str, language: &str) -> Result<Vec<i16>, String> {
    let failed = |why: &str| format!("{PROGRAM} cannot say \"{words}\" in {language}: {why}");
    let mut child = Command::new(PROGRAM)
        .args(["-v", &language.to_ascii_lowercase().replace('_', "-"), "--stdout", "--", words])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error.to_string()))?;
    let (spoken, told) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let well = ended(&mut child).map_err(|error| failed(&error.to_string()))?;
    let told = told.join().unwrap_or_default();
    if !well {
        let told = String::from_utf8_lossy(&told);
        return Err(failed(told.lines().next().unwrap_or("it failed and does not say why")));
    }
    let (rate, samples) = audio::wav(&spoken.join().unwrap_or_default()).map_err(failed)?;
    audio::speech(&samples, rate).ok_or_else(|| failed("it is silent"))
}

/// Reads all of a pipe beside the process that fills it, or it would wait for us when the pipe is full.
fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error shows what is wrong.
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

/// Waits for the end of a process, and ends it if that takes too long. Whether it went well.
#[allow(clippy::disallowed_methods, reason = "the edge: a process that hangs is ended by real time")]
fn ended(child: &mut Child) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("it did not end within {} s", LONGEST.as_secs())));
        }
        thread::sleep(Duration::from_millis(2));
    }
}
