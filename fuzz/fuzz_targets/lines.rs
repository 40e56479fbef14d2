//! Any bytes as lines of either side: nothing panics, memory is bounded, and what is read is written back with the
//! same meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use touchtone::wire::{EngineLine, Framer, ModuleLine};

const LIMIT: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    let mut framer = Framer::new(LIMIT);
    for piece in bytes.chunks(97) {
        framer.push(piece);
        while let Some(line) = framer.next_line() {
            let Ok(line) = line else { continue };
            assert!(line.len() <= LIMIT);
            engine_line(line);
            module_line(line);
        }
        assert!(framer.pending() <= LIMIT + 97 + 1);
    }
});

fn engine_line(line: &[u8]) {
    if let Ok(read) = EngineLine::parse(line) {
        let mut written = Vec::new();
        read.encode(&mut written);
        assert_eq!(written.pop(), Some(b'\n'));
        assert_eq!(EngineLine::parse(&written).as_ref(), Ok(&read));
    }
}

fn module_line(line: &[u8]) {
    if let Ok(read) = ModuleLine::parse(line) {
        let mut written = Vec::new();
        if read.encode(usize::MAX, &mut written).is_ok() {
            assert_eq!(written.pop(), Some(b'\n'));
            assert_eq!(ModuleLine::parse(&written).as_ref(), Ok(&read));
        }
    }
}
