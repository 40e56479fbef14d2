//! Escaping of values inside a line.
//!
//! The engine writes `%` as `%%`, and every byte below 32, and `:`, as `%` followed by the byte plus 64; in the
//! name of a parameter also `=`. It accepts back `%%`, `%A` to `%_` and `%z`, and nothing else, so a NUL (`%@`)
//! or an escaped `=` (`%}`) must never be sent. Here every byte may arrive escaped.

use std::borrow::Cow;

use memchr::memchr;

/// An escape that means nothing: a `%` at the end, or before a byte that no escape ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a '%' at byte {at} begins no escape")]
pub struct BadEscape {
    /// Where the `%` stands, in bytes from the start of the text.
    pub at: usize,
}

const fn needs_escape(byte: u8) -> bool {
    byte < 32 || byte == b':' || byte == b'%'
}

/// Appends `plain` to `out` so that it can stand as one field of a line.
pub fn escape_into(plain: &[u8], out: &mut Vec<u8>) {
    let mut rest = plain;
    while let Some(at) = rest.iter().position(|&byte| needs_escape(byte)) {
        let byte = rest[at];
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'%', if byte == b'%' { b'%' } else { byte + 64 }]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Appends a parameter's name to `out`; unlike in a value, `=` is escaped too.
pub(super) fn escape_name_into(plain: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    escape_into(plain, out);
    while let Some(at) = memchr(b'=', &out[from..]) {
        out.splice(from + at..=from + at, *b"%}");
    }
}

/// Undoes the escaping of one field; borrows where there is none to undo.
///
/// # Errors
/// [`BadEscape`] where a `%` is followed by nothing, or by a byte below 64 that is not `%`.
pub fn unescape(field: &[u8]) -> Result<Cow<'_, [u8]>, BadEscape> {
    let Some(first) = memchr(b'%', field) else {
        return Ok(Cow::Borrowed(field));
    };
    let mut plain = Vec::with_capacity(field.len());
    let mut at = 0;
    let mut next = first;
    loop {
        plain.extend_from_slice(&field[at..next]);
        plain.push(escaped_byte(field, next)?);
        at = next + 2;
        match memchr(b'%', &field[at..]) {
            Some(more) => next = at + more,
            None => break,
        }
    }
    plain.extend_from_slice(&field[at..]);
    Ok(Cow::Owned(plain))
}

/// Checks every escape of a field, or of several fields at once, without undoing them.
pub(super) fn check(field: &[u8]) -> Result<(), BadEscape> {
    let mut at = 0;
    while let Some(more) = memchr(b'%', &field[at..]) {
        escaped_byte(field, at + more)?;
        at += more + 2;
    }
    Ok(())
}

/// The byte that the escape whose `%` stands at `at` means.
fn escaped_byte(field: &[u8], at: usize) -> Result<u8, BadEscape> {
    match field.get(at + 1) {
        Some(b'%') => Ok(b'%'),
        Some(&byte) if byte >= 64 => Ok(byte - 64),
        _ => Err(BadEscape { at }),
    }
}

/// Whether escaped text holds the escape `%` + `second`, looking at whole escapes only.
pub(super) fn holds_escape(escaped: &[u8], second: u8) -> bool {
    let mut at = 0;
    while let Some(more) = memchr(b'%', &escaped[at..]) {
        match escaped.get(at + more + 1) {
            Some(&byte) if byte == second => return true,
            Some(_) => at += more + 2,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        escape_into(plain, &mut out);
        out
    }

    #[test]
    fn percent_colon_and_control_bytes_are_escaped_as_the_engine_does() {
        assert_eq!(escaped(b"a:b%c\r\n\x1f "), b"a%zb%%c%M%J%_ ");
        assert_eq!(escaped("Zoë".as_bytes()), "Zoë".as_bytes());
    }

    #[test]
    fn any_byte_may_arrive_escaped() {
        assert_eq!(unescape(b"%}%z%@%_").unwrap().as_ref(), b"=:\0\x1f");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(unescape(b"sip/4").unwrap(), Cow::Borrowed(_)));
    }

    #[test]
    fn an_escape_that_means_nothing_is_refused_with_its_place() {
        assert_eq!(unescape(b"ab%"), Err(BadEscape { at: 2 }));
        assert_eq!(unescape(b"%z%1"), Err(BadEscape { at: 2 }));
        assert_eq!(check(b"%z%1"), Err(BadEscape { at: 2 }));
    }

    #[test]
    fn only_whole_escapes_count() {
        assert!(holds_escape(b"a%@", b'@'));
        assert!(!holds_escape(b"a%%@", b'@'));
    }

    proptest! {
        #[test]
        fn escaping_is_exact_both_ways(plain: Vec<u8>) {
            let wire = escaped(&plain);
            prop_assert!(!wire.iter().any(|&b| b < 32 || b == b':'));
            let back = unescape(&wire).unwrap();
            prop_assert_eq!(back.as_ref(), &plain[..]);
        }

        #[test]
        fn unescaping_and_checking_agree_on_any_bytes(bytes: Vec<u8>) {
            prop_assert_eq!(unescape(&bytes).map(|_| ()), check(&bytes));
        }
    }
}
