//! Where another grammar file is (SRGS 2.2.2, 4.9.1): relative to the file that refers to it, and never outside the
//! grammar directory.

/// Why an address leads to no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    /// It has a scheme, as `http:` or `builtin:`, a host, a query, or begins at the file system's root.
    #[error("only files in the grammar directory are read")]
    Foreign,
    /// It goes up beyond the grammar directory.
    #[error("this is outside the grammar directory")]
    Outside,
    /// It names a directory.
    #[error("this is no file")]
    NoFile,
}

/// An address as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Up to the `#`.
    pub(super) path: &'a str,
    /// After the `#`: the name of a rule.
    pub(super) fragment: Option<String>,
}

impl<'a> Address<'a> {
    pub(super) fn parse(uri: &'a str) -> Self {
        match uri.split_once('#') {
            Some((path, fragment)) => Address { path, fragment: Some(decoded(fragment)) },
            None => Address { path: uri, fragment: None },
        }
    }
}

/// The name of the file at `path`, as seen from a file named `from` with that base: a path below the grammar
/// directory, its parts joined by `/`.
pub(super) fn resolve(from: &str, base: Option<&str>, path: &str) -> Result<String, AddressError> {
    let mut parts = directory(from);
    if let Some(base) = base {
        follow(&mut parts, base.rsplit_once('/').map_or("", |(directory, _)| directory))?;
    }
    follow(&mut parts, path)?;
    let named = path.rsplit('/').next().is_some_and(|last| !matches!(last, "" | "." | ".."));
    if named && !parts.is_empty() { Ok(parts.join("/")) } else { Err(AddressError::NoFile) }
}

fn directory(file: &str) -> Vec<String> {
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    directory.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Goes along a relative path.
fn follow(parts: &mut Vec<String>, path: &str) -> Result<(), AddressError> {
    let first = path.split('/').next().unwrap_or_default();
    if path.starts_with('/') || first.contains(':') || path.contains(['?', '\\', '\0']) {
        return Err(AddressError::Foreign);
    }
    for part in path.split('/') {
        match decoded(part).as_str() {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(AddressError::Outside)?;
            }
            part if part.contains(['/', '\\', '\0']) => return Err(AddressError::Foreign),
            part => parts.push(part.to_owned()),
        }
    }
    Ok(())
}

/// The text without `%XX` escapes; what is no escape, or gives no UTF-8, stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_is_looked_for_beside_the_one_that_refers_to_it() {
        assert_eq!(resolve("a.gram", None, "b.gram"), Ok("b.gram".into()));
        assert_eq!(resolve("x/a.gram", None, "./y/../b.gram"), Ok("x/b.gram".into()));
        assert_eq!(resolve("x/a.gram", None, "../b%2Dc.gram"), Ok("b-c.gram".into()));
        assert_eq!(resolve("x/a.gram", Some("./test/"), "b.gram"), Ok("x/test/b.gram".into()));
        assert_eq!(resolve("x/a.gram", Some("../"), "b.gram"), Ok("b.gram".into()));
        assert_eq!(resolve("x/a.gram", Some("y"), "b.gram"), Ok("x/b.gram".into()));
    }

    #[test]
    fn nothing_outside_the_grammar_directory_is_looked_for() {
        assert_eq!(resolve("a.gram", None, "../b.gram"), Err(AddressError::Outside));
        assert_eq!(resolve("a.gram", None, "%2e%2e/b.gram"), Err(AddressError::Outside));
        assert_eq!(resolve("x/a.gram", Some("../../"), "b.gram"), Err(AddressError::Outside));
        for foreign in
            ["/etc/passwd", "//host/a", "http://a/b", "builtin:boolean", "C:a", "a?b", "a\\b", "a%2Fb"]
        {
            assert_eq!(resolve("x/a.gram", None, foreign), Err(AddressError::Foreign), "{foreign}");
        }
        assert_eq!(resolve("x/a.gram", Some("http://a/"), "b.gram"), Err(AddressError::Foreign));
        for no_file in ["", ".", "..", "a/", "a/.."] {
            assert_eq!(resolve("x/a.gram", None, no_file), Err(AddressError::NoFile), "{no_file}");
        }
    }

    #[test]
    fn a_fragment_names_a_rule() {
        let address = Address::parse("a.gram#r%C3%A9sum%C3%A9");
        assert_eq!((address.path, address.fragment.as_deref()), ("a.gram", Some("résumé")));
        assert_eq!(Address::parse("a.gram"), Address { path: "a.gram", fragment: None });
    }

    proptest! {
        #[test]
        fn no_address_leads_out(from in "([a-z]/){0,2}[a-z]", base in prop::option::of("[./a%2e]{0,8}"), path in "[./a%2eEfF:\\\\]{0,12}") {
            if let Ok(name) = resolve(&from, base.as_deref(), &path) {
                prop_assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }
}
