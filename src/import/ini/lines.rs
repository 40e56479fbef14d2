//! The lines of a file.

/// A line without its end and the blanks it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1 on.
    pub(super) number: usize,
    pub(super) text: String,
    /// Whether all of it was text.
    pub(super) is_text: bool,
}

/// The lines of a file. A line ends with a line feed, a carriage return, both, or a NUL.
pub(super) fn lines(bytes: &[u8]) -> Vec<Line> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| b"\n\r\0".contains(byte)).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        let ending = if after.starts_with(b"\r\n") { 2 } else { after.len().min(1) };
        rest = &after[ending..];
        let blanks = line.iter().take_while(|byte| is_blank(**byte)).count();
        let text = String::from_utf8_lossy(&line[blanks..]);
        found.push(Line {
            number: found.len() + 1,
            is_text: std::str::from_utf8(line).is_ok(),
            text: text.into_owned(),
        });
    }
    found
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Without blanks at either end.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
