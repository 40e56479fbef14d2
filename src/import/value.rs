//! Values of parameters: `\1` and `${name}` as templates of touchtone.

use std::collections::BTreeSet;

use super::keys::Names;

/// What is known of a call there and here: names of the engine's message with keys, and of templates.
const KNOWN: [(&str, &str); 3] = [("id", "channel"), ("peerid", "peer"), ("billid", "billid")];

/// The name by which a template has all keys that fired a code.
const KEYS: &str = "keys";

/// Names that captures cannot have, because templates may name what is known of a call by them.
pub(super) const TAKEN: [&str; 6] = ["channel", "peer", "billid", KEYS, "code", "date"];

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

/// The groups that a value speaks of, other than the whole match.
pub(super) fn groups(value: &str) -> BTreeSet<usize> {
    let group = |piece| match piece {
        Piece::Group(number) if number > 0 => Some(number),
        _ => None,
    };
    pieces(value).into_iter().filter_map(group).collect()
}

/// Whether a value speaks of what was matched.
pub(super) fn speaks_of_match(value: &str) -> bool {
    pieces(value).iter().any(|piece| matches!(piece, Piece::Group(_)))
}

/// Whether a value is all that was matched.
pub(super) fn is_whole_match(value: &str) -> bool {
    pieces(value) == [Piece::Group(0)]
}

/// The text of a value in which nothing is to be filled in.
pub(super) fn constant(value: &str) -> Option<String> {
    match pieces(value).as_slice() {
        [] => Some(String::new()),
        [Piece::Text(text)] if !text.contains("${") => Some(text.clone()),
        _ => None,
    }
}

/// The template of a value; a group without a name is empty.
pub(super) fn template(value: &str, names: &Names) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(value) {
        match piece {
            Piece::Text(text) => texts(&text, &mut out)?,
            Piece::Group(0) => name(KEYS, &mut out)?,
            Piece::Group(number) => {
                if let Some(captured) = names.get(&number) {
                    name(captured, &mut out)?;
                }
            }
        }
    }
    Ok(out)
}

/// Text that is text and nothing else, as a template.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

fn name(name: &str, out: &mut String) -> Result<(), String> {
    if out.ends_with('$') {
        return Err("a `$` right before what is filled in cannot be written here".to_owned());
    }
    *out += &format!("${{{name}}}");
    Ok(())
}

/// Text in which parameters of the engine's message are named.
fn texts(text: &str, out: &mut String) -> Result<(), String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((wanted, after)) = after.split_once('}') else {
            return Err(format!("`${{{after}` has no end"));
        };
        *out += before;
        let wanted = wanted.split_once('$').map_or(wanted, |(name, _)| name).trim();
        match KNOWN.iter().find(|(there, _)| *there == wanted) {
            Some((_, here)) => name(here, out)?,
            None => return Err(unknown(wanted)),
        }
        rest = after;
    }
    *out += rest;
    Ok(())
}

fn unknown(name: &str) -> String {
    match name {
        "text" => {
            "`${text}` is the last key alone, which touchtone has no name for; `${keys}` are all".to_owned()
        }
        _ => format!(
            "`${{{name}}}` comes with the key in the engine and is not known here: that are `${{id}}`, `${{peerid}}` \
             and `${{billid}}`"
        ),
    }
}

fn pieces(value: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(symbol) = rest.next() {
        if symbol != '\\' {
            text.push(symbol);
            continue;
        }
        match rest.next() {
            Some(digit @ '0'..='9') => {
                if !text.is_empty() {
                    found.push(Piece::Text(std::mem::take(&mut text)));
                }
                found.push(Piece::Group(usize::from(digit as u8 - b'0')));
            }
            Some('\\') | None => text.push('\\'),
            Some(other) => text.extend(['\\', other]),
        }
    }
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_what_is_known_are_named() {
        let names = Names::from([(1, "target".to_owned())]);
        let carried = |value| template(value, &names);
        assert_eq!(carried(r"conf/\1-\0-\2\\x\y"), Ok(r"conf/${target}-${keys}-\x\y".to_owned()));
        assert_eq!(carried("${id}/${ peerid $none}"), Ok("${channel}/${peer}".to_owned()));
        assert_eq!(carried("100%$"), Ok("100%$".to_owned()));
        assert!(carried("${address}").unwrap_err().contains("not known here"));
        assert!(carried("${text}").unwrap_err().contains("the last key"));
        assert!(carried(r"${a\1}").is_err() && carried(r"$\1").is_err() && carried("${id").is_err());
    }

    #[test]
    fn constants_are_known() {
        assert_eq!(constant(r"a\\b"), Some(r"a\b".to_owned()));
        assert_eq!(constant(""), Some(String::new()));
        assert_eq!((constant(r"\1"), constant("${id}")), (None, None));
        assert!(is_whole_match(r"\0") && !is_whole_match(r"\0x"));
        assert_eq!(groups(r"\1\0\3\1"), BTreeSet::from([1, 3]));
        assert_eq!(literal("${id}"), "$${id}");
    }
}
