//! A string of the file, and where each byte of its value stands.

use std::ops::Range;

/// A string of the file.
#[derive(Debug, Clone)]
pub(in crate::config) struct Text {
    pub(in crate::config) value: String,
    /// Where it stands, with its quotes.
    pub(in crate::config) span: Range<usize>,
}

/// Where each byte of a string's value stands in the file, and where the value ends; `None` if that cannot be told.
pub(super) fn raw_offsets(file: &str, text: &Text) -> Option<Vec<usize>> {
    let raw = file.get(text.span.clone())?;
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| raw.starts_with(quote))?;
    let mut body = raw.get(quote.len()..raw.len().checked_sub(quote.len())?)?;
    let mut at = text.span.start + quote.len();
    if quote.len() == 3 {
        let newline = body.len() - body.trim_start_matches('\r').strip_prefix('\n').unwrap_or(body).len();
        body = &body[newline..];
        at += newline;
    }
    let offsets = if quote.starts_with('\'') { plain(body, at) } else { escaped(body, at)? };
    (offsets.len() == text.value.len() + 1).then_some(offsets)
}

fn plain(body: &str, at: usize) -> Vec<usize> {
    (at..=at + body.len()).collect()
}

fn escaped(body: &str, mut at: usize) -> Option<Vec<usize>> {
    let mut offsets = Vec::with_capacity(body.len() + 1);
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let (raw_len, value_len) =
            if first == '\\' { escape(rest)? } else { (first.len_utf8(), first.len_utf8()) };
        let whole = raw_len == value_len;
        offsets.extend((0..value_len).map(|i| if whole { at + i } else { at }));
        at += raw_len;
        rest = rest.get(raw_len..)?;
    }
    offsets.push(at);
    Some(offsets)
}

/// The length of the escape that `rest` begins with, as written and as it is read.
fn escape(rest: &str) -> Option<(usize, usize)> {
    let digits = match rest.as_bytes().get(1)? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        b' ' | b'\t' | b'\r' | b'\n' => return Some((1 + rest[1..].len() - rest[1..].trim_start().len(), 0)),
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    /// The raw text of the `${x}` in the value of `a`.
    fn raw_of_name(file: &str) -> &str {
        let table = DeTable::parse(file).unwrap();
        let value = table.get_ref().get("a").unwrap();
        let text = Text { value: value.get_ref().as_str().unwrap().to_owned(), span: value.span() };
        let inner = text.value.find("${x}").unwrap();
        let offsets = raw_offsets(file, &text).unwrap();
        &file[offsets[inner]..offsets[inner + 4]]
    }

    #[test]
    fn escapes_move_what_follows_them() {
        for file in [
            r#"a = "1${x}2""#,
            r#"a = '\1${x}2'"#,
            r#"a = "\t\"\\ü\u00e9\U0001F600\xe9${x}\n""#,
            "a = \"\"\"\n  1 \\\n   2${x}\"\"\"",
            "a = '''\n${x}'''",
            "a = \"\"\"\r\n\\  \r\n ${x}\"\"\"",
        ] {
            assert_eq!(raw_of_name(file), "${x}", "{file}");
        }
        assert_eq!(raw_of_name(r#"a = "\u0024{x}""#), r"\u0024{x}");
    }
}
