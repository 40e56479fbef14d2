//! `[…]`

use super::Bytes;

/// Reads what follows a `[`, up to and with its `]`; gives the bytes and how long that was.
pub(super) fn read(text: &[u8]) -> Result<(Bytes, usize), String> {
    let negated = text.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let first = at;
    let mut bytes = Bytes::default();
    loop {
        match text.get(at..).unwrap_or_default() {
            [] => return Err("a \"[\" without its \"]\"".to_owned()),
            [b']', ..] if at > first => {
                at += 1;
                break;
            }
            rest => at += item(rest, &mut bytes)?,
        }
    }
    let mut bytes = if negated { bytes.complement() } else { bytes };
    if negated {
        bytes = Bytes::of(|byte| byte != 0 && bytes.contains(byte));
    }
    Ok((bytes, at))
}

/// Reads a class, a range or one byte; gives how long it was.
fn item(text: &[u8], bytes: &mut Bytes) -> Result<usize, String> {
    if text.starts_with(b"[:") {
        let (name, length) = named(text, b":]")?;
        bytes.extend(&class(&name).ok_or_else(|| format!("there is no class {name:?}"))?);
        return Ok(length);
    }
    let (low, length) = element(text)?;
    let after = text.get(length..).unwrap_or_default();
    match after {
        [b'-', end, ..] if *end != b']' => {
            let (high, further) = element(&after[1..])?;
            if high < low {
                return Err("a range that goes down".to_owned());
            }
            bytes.extend(&Bytes::of(|byte| (low..=high).contains(&byte)));
            Ok(length + 1 + further)
        }
        _ => {
            bytes.insert(low);
            Ok(length)
        }
    }
}

/// Reads one byte, which may be written `[.x.]` or `[=x=]`.
fn element(text: &[u8]) -> Result<(u8, usize), String> {
    for (begin, end) in [(b"[.", b".]"), (b"[=", b"=]")] {
        if text.starts_with(begin) {
            let (name, length) = named(text, end)?;
            return match name.as_bytes() {
                [byte] => Ok((*byte, length)),
                _ => Err(format!("{name:?} is no single character")),
            };
        }
    }
    text.first().map(|&byte| (byte, 1)).ok_or_else(|| "a \"[\" without its \"]\"".to_owned())
}

fn named(text: &[u8], end: &[u8; 2]) -> Result<(String, usize), String> {
    let inside = text.get(2..).unwrap_or_default();
    let length = inside.windows(2).position(|pair| pair == end);
    let length = length.ok_or_else(|| "a \"[\" without its \"]\"".to_owned())?;
    Ok((String::from_utf8_lossy(&inside[..length]).into_owned(), length + 4))
}

fn class(name: &str) -> Option<Bytes> {
    let holds: fn(&u8) -> bool = match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| b" \t".contains(byte),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| byte.is_ascii_whitespace() || *byte == 0x0b,
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    Some(Bytes::of(|byte| holds(&byte)))
}
