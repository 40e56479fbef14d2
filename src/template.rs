//! Values that messages are built from: text with `${name}` in it.

use std::fmt;
use std::ops::Range;

use crate::grammar::srgs::is_name_char;

/// Text with names in it that are filled in when a code fires, as `conf/${room}`.
///
/// `$${` stands for a plain `${`. What is filled in is never looked at again: a value that holds `${` stays as it
/// is, so nothing that a caller controls can reach another name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// A name in the text of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedName<'t> {
    /// The name.
    pub name: &'t str,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
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
    /// A text in which nothing is filled in.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Template { parts: vec![Part::Text(text.to_owned())] }
    }

    /// Reads the text of a template.
    ///
    /// # Errors
    /// [`TemplateError`] for the first `${` that is not closed or holds no name.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Template::parse_placed(text).map(|(template, _)| template)
    }

    /// Reads the text of a template, and gives the names in it with their places, in order, a repeated one
    /// repeatedly.
    ///
    /// # Errors
    /// [`TemplateError`], as for [`parse`](Self::parse).
    pub fn parse_placed(text: &str) -> Result<(Self, Vec<PlacedName<'_>>), TemplateError> {
        let (mut parts, mut names) = (Vec::new(), Vec::new());
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
            let (name, span) = (&after[..end], from + 2..from + 2 + end);
            if name.is_empty() || name.contains(':') || !name.chars().all(is_name_char) {
                return Err(TemplateError::NotAName { name: name.to_owned(), span });
            }
            plain.push_str(before);
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Name(name.to_owned()));
            names.push(PlacedName { name, span });
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok((Template { parts }, names))
    }

    /// Whether it is the same whatever is filled in.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// Whether it begins with that text, whatever is filled in.
    #[must_use]
    pub fn begins_with(&self, text: &str) -> bool {
        matches!(self.parts.first(), Some(Part::Text(first)) if first.starts_with(text))
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
    fn every_name_that_a_rule_can_have_can_be_filled_in() {
        let (template, names) = Template::parse_placed("a$${b}${salle_réunion}").unwrap();
        assert_eq!(names, [PlacedName { name: "salle_réunion", span: 8..22 }]);
        let value = |name: &str| (name == "salle_réunion").then(|| b"8".as_slice().into());
        assert_eq!(template.render(value), b"a${b}8");
        assert!(Template::parse("${a:b}").is_err());
    }

    #[test]
    fn mistakes_are_pointed_at() {
        assert_eq!(Template::parse("ab${x"), Err(TemplateError::Unclosed { span: 2..5 }));
        let not_a_name = TemplateError::NotAName { name: "a b".into(), span: 4..7 };
        assert_eq!(Template::parse("ab${a b}"), Err(not_a_name));
    }
}
