//! Cutting a stream of bytes into lines, however the bytes arrive.

use memchr::memchr;

/// Collects bytes and gives out the lines in them, one at a time.
///
/// A line ends with `\n`; a `\r` before it is not part of the line. Memory is bounded: of a line longer than the
/// limit nothing is kept, it is reported once, and the line after it is read as usual.
#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the bytes that were not given out yet begin.
    start: usize,
    /// How far, from `start`, no newline was found.
    scanned: usize,
    limit: usize,
    skipping: bool,
}

/// A line was longer than the limit and has been thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a line longer than {limit} bytes was thrown away")]
pub struct LineTooLong {
    /// The longest line that is accepted, in bytes without its newline.
    pub limit: usize,
    /// How it began.
    pub head: Vec<u8>,
}

/// How much is told of a line that is thrown away, in bytes.
const HEAD: usize = 256;

impl Framer {
    /// A framer that accepts lines of up to `limit` bytes, the newline not counted.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Framer { buffer: Vec::new(), start: 0, scanned: 0, limit, skipping: false }
    }

    /// Adds bytes as they came. Drain [`next_line`](Self::next_line) before adding more, so that what is kept
    /// stays within one line and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line, without its end, or `None` until more bytes are pushed.
    pub fn next_line(&mut self) -> Option<Result<&[u8], LineTooLong>> {
        loop {
            let pending = &self.buffer[self.start..];
            let Some(found) = memchr(b'\n', &pending[self.scanned..]) else {
                return self.no_newline().map(Err);
            };
            let end = self.scanned + found;
            let from = self.start;
            self.start += end + 1;
            self.scanned = 0;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let line = &self.buffer[from..from + end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.len() > self.limit {
                return Some(Err(too_long(self.limit, line)));
            }
            return Some(Ok(line));
        }
    }

    /// Bytes that wait for the rest of their line.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Forgets what is pending, as when a connection is lost.
    pub fn clear(&mut self) {
        self.buffer.clear();
        (self.start, self.scanned, self.skipping) = (0, 0, false);
    }

    fn no_newline(&mut self) -> Option<LineTooLong> {
        self.scanned = self.pending();
        // One byte more than the limit may still be the \r of a line that just fits.
        let overlong = self.scanned > self.limit + 1;
        let first = overlong && !self.skipping;
        let told = first.then(|| too_long(self.limit, &self.buffer[self.start..]));
        if self.skipping || overlong {
            self.start = self.buffer.len();
            self.scanned = 0;
            self.skipping = true;
        }
        told
    }

    fn compact(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer.clear();
        } else if self.start > 0 {
            self.buffer.drain(..self.start);
        }
        self.start = 0;
    }
}

fn too_long(limit: usize, line: &[u8]) -> LineTooLong {
    LineTooLong { limit, head: line[..HEAD.min(limit)].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(framer: &mut Framer) -> Vec<Result<Vec<u8>, LineTooLong>> {
        let mut lines = Vec::new();
        while let Some(line) = framer.next_line() {
            lines.push(line.map(<[u8]>::to_vec));
        }
        lines
    }

    #[test]
    fn a_line_may_come_in_any_pieces() {
        let mut framer = Framer::new(100);
        framer.push(b"%%<wat");
        assert_eq!(framer.next_line(), None);
        framer.push(b"ch:a:true\r");
        assert_eq!(framer.next_line(), None);
        framer.push(b"\n\nlast");
        assert_eq!(drain(&mut framer), [Ok(b"%%<watch:a:true".to_vec()), Ok(Vec::new())]);
        assert_eq!(framer.pending(), 4);
    }

    #[test]
    fn a_line_too_long_is_reported_once_and_the_next_one_is_read() {
        let mut framer = Framer::new(4);
        let mut seen = Vec::new();
        for _ in 0..1000 {
            framer.push(b"xxxxxxxxxx");
            seen.extend(drain(&mut framer));
            assert!(framer.pending() <= 10);
        }
        framer.push(b"\nnext\n");
        seen.extend(drain(&mut framer));
        assert_eq!(seen, [Err(too_long(4, b"xxxx")), Ok(b"next".to_vec())]);
    }

    #[test]
    fn a_line_of_just_the_limit_fits_with_either_end() {
        let mut framer = Framer::new(4);
        framer.push(b"1234\n1234\r");
        assert_eq!(drain(&mut framer), [Ok(b"1234".to_vec())]);
        framer.push(b"\n12345\n");
        assert_eq!(drain(&mut framer), [Ok(b"1234".to_vec()), Err(too_long(4, b"12345"))]);
    }

    proptest! {
        #[test]
        fn framing_does_not_depend_on_the_pieces(
            lines in prop::collection::vec("[a-c]{0,12}", 0..20),
            cuts in prop::collection::vec(1usize..9, 0..60),
        ) {
            let limit = 8;
            let bytes: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
            let mut framer = Framer::new(limit);
            let mut seen = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.into_iter().chain(std::iter::once(usize::MAX)) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                framer.push(piece);
                seen.extend(drain(&mut framer));
                rest = after;
            }
            let expected: Vec<_> = lines
                .iter()
                .map(|l| if l.len() > limit { Err(too_long(limit, l.as_bytes())) } else { Ok(l.clone().into_bytes()) })
                .collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
