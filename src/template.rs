//! Values that messages are built from: text with `${name}` in it.

use std::fmt;
use std::ops::Range;

/// Text with names in it that are filled in when a code fires, as `conf/${room}`.
///
/// `$${` stands for a plain `${`. What is filled in is never looked at again: a value that holds `${` stays as it
/// is, so nothing that a caller controls can reach another name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

/// What is wrong with the text of a template, with its place in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` is never closed.
    #[error("\"${{\" without its \"}}\"")]
    Unclosed {
        /// From the `${` to the end.
        span: Range<usize>,
    },
    /// What stands between the braces is no name.
    #[error("{name:?} is no name: a name is letters, digits, '-', '_' and '.'")]
    NotAName {
        /// What stands there.
        name: String,
        /// The name's place.
        span: Range<usize>,
    },
}

impl Template {
    /// Reads the text of a template.
    ///
    /// # Errors
    /// [`TemplateError`] for the first `${` that is not closed or holds no name.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let before = &rest[..at];
            if let Some(escaped) = before.strip_suffix('$') {
                plain.push_str(escaped);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            let from = text.len() - rest.len() + at;
            let after = &rest[at + 2..];
            let Some(end) = after.find('}') else {
                return Err(TemplateError::Unclosed { span: from..text.len() });
            };
            let name = &after[..end];
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
                let span = from + 2..from + 2 + end;
                return Err(TemplateError::NotAName { name: name.to_owned(), span });
            }
            plain.push_str(before);
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Template { parts })
    }

    /// The names in it, in order, a repeated one repeatedly.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Fills the names in. A name that `value_of` does not know becomes nothing; the configuration is checked for
    /// names that can never be known when it is loaded.
    pub fn render<'v>(
        &self,
        mut value_of: impl FnMut(&str) -> Option<std::borrow::Cow<'v, [u8]>>,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Name(name) => out.extend_from_slice(&value_of(name).unwrap_or_default()),
            }
        }
        out
    }
}

impl std::str::FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Template::parse(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(&text.replace("${", "$${"))?,
                Part::Name(name) => write!(f, "${{{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        let template = Template::parse(text).unwrap();
        assert_eq!(Template::parse(&template.to_string()).unwrap(), template);
        let value = |name: &str| (name == "room").then(|| b"8${x}".as_slice().into());
        String::from_utf8(template.render(value)).unwrap()
    }

    #[test]
    fn names_are_filled_in_once() {
        assert_eq!(rendered("conf/${room}"), "conf/8${x}");
        assert_eq!(rendered("a$${room}b$"), "a${room}b$");
        assert_eq!(rendered("<${unknown}>"), "<>");
    }

    #[test]
    fn mistakes_are_pointed_at() {
        assert_eq!(Template::parse("ab${x"), Err(TemplateError::Unclosed { span: 2..5 }));
        let not_a_name = TemplateError::NotAName { name: "a b".into(), span: 4..7 };
        assert_eq!(Template::parse("ab${a b}"), Err(not_a_name));
    }
}
