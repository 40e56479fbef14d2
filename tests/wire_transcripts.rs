//! What a live engine and a module really said is read, and written back with the same meaning.

mod common;

use touchtone::wire::{EngineLine, ModuleLine};

/// Lines in the handshake transcript that are malformed on purpose, to see the engine refuse them.
const MALFORMED: [&str; 2] = ["%%>message:bad", "nonsense"];

fn check(side: &str, line: &str) -> Result<(), String> {
    let mut written = Vec::new();
    let same = match side {
        "E" => {
            let read = EngineLine::parse(line.as_bytes()).map_err(|problem| problem.to_string())?;
            read.encode(&mut written);
            written.pop();
            EngineLine::parse(&written).as_ref() == Ok(&read)
        }
        "A" if MALFORMED.contains(&line) => ModuleLine::parse(line.as_bytes()).is_err(),
        "A" => {
            let read = ModuleLine::parse(line.as_bytes()).map_err(|problem| problem.to_string())?;
            read.encode(8192, &mut written).map_err(|problem| problem.to_string())?;
            written.pop();
            ModuleLine::parse(&written).as_ref() == Ok(&read)
        }
        other => return Err(format!("a line of neither side: {other}")),
    };
    if same { Ok(()) } else { Err(format!("written back as {}", String::from_utf8_lossy(&written))) }
}

#[test]
fn every_line_of_every_transcript_is_read_and_written_back() {
    let mut lines = 0;
    for (name, text) in common::transcripts() {
        for (at, entry) in text.lines().enumerate().filter(|(_, entry)| !entry.starts_with('#')) {
            let mut parts = entry.splitn(3, ' ');
            let (Some(_), Some(side @ ("A" | "E")), Some(line)) = (parts.next(), parts.next(), parts.next())
            else {
                assert!(entry.contains(" X "), "{name}:{}: {entry}", at + 1);
                continue;
            };
            check(side, line).unwrap_or_else(|why| panic!("{name}:{}: {why}: {line}", at + 1));
            lines += 1;
        }
    }
    eprintln!("{lines} lines");
}
