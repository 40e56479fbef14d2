//! Grammar files: W3C Speech Recognition Grammar Specification 1.0 (SRGS), ABNF Form.
//!
//! A file is [loaded](load) with all the files that it refers to. Everything that is wrong is said at once; what
//! remains is a [`Grammar`], whose rules can be had as patterns. Every reference to a rule becomes a capture by that
//! rule's name; the special rules do not.
//!
//! What the specification leaves to a processor is settled so:
//! - Encodings: UTF-8, UTF-16, ISO-8859-1 and US-ASCII are read. A file that names none is UTF-8, or UTF-16 if it
//!   begins as that does; if it is neither, there may be other letters in its comments, and before its rules.
//! - A token without quotes may hold any character that has no meaning of its own, `#` and `'` among them.
//! - Words are compared as they are written. White space in a quoted token is like that between tokens.
//! - `$GARBAGE` takes any words or keys, as many as lead to a match, or none.
//! - A rule may end in a reference to itself, or rules in references to each other; other recursion is refused.
//! - Languages, lexicons, weights and probabilities are read, and decide nothing.

mod address;
mod alphabet;
mod encoding;
mod expansion;
mod graph;
mod lex;
mod load;
mod lower;
mod measure;
mod parse;
mod syntax;

use std::fmt;
use std::ops::Range;

use super::ast::Node;
use super::limits::Limits;
use super::problem::Problem;
use crate::suggest::nearest;
pub use alphabet::Alphabet;
pub(crate) use lex::is_name_char;
use load::Files;
use lower::Lowering;
use measure::Cycles;
pub use syntax::Mode;

/// A file of a grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path below the grammar directory, parts joined by `/`.
    pub name: String,
    /// Its text, without a byte order mark; whatever its encoding was, places are in this.
    pub text: String,
}

/// A problem in one of the files of a grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Which file: a place among [`Refused::files`].
    pub file: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// Why a grammar is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Every file that was read, the one that was asked for first.
    pub files: Vec<SourceFile>,
    /// What is wrong, in order of file and place.
    pub problems: Vec<FileProblem>,
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, FileProblem { file, problem }) in self.problems.iter().enumerate() {
            let name = self.files.get(*file).map_or("", |file| &file.name);
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{name}: {problem}")?;
        }
        Ok(())
    }
}

/// A grammar that is legal, with every file it refers to.
#[derive(Debug)]
pub struct Grammar {
    files: Files,
    cycles: Cycles,
    alphabet: Alphabet,
}

/// A rule of the file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo<'a> {
    /// Its name, without the `$`.
    pub name: &'a str,
    /// Whether others may refer to it (SRGS 3.2).
    pub public: bool,
    /// Where its name stands.
    pub span: Range<usize>,
}

/// Why a rule cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There is no such rule.
    #[error("there is no rule ${name}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The rule that is spelled most alike.
        near: Option<String>,
    },
    /// It is private, and not the root.
    #[error("the rule ${name} is private")]
    Private {
        /// The name that was asked for.
        name: String,
    },
}

/// Reads a grammar: the file named, and every file that it refers to.
///
/// Names are paths below the grammar directory, parts joined by `/`; none leads out of it. `loader` gives the bytes
/// of such a file, or the reason why there are none; it has to see to it that no symbolic link leads out either.
///
/// # Errors
/// [`Refused`] with everything that makes the grammar illegal, or that is beyond a limit.
pub fn load(
    name: &str,
    limits: &Limits,
    mut loader: impl FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Grammar, Refused> {
    let mut files = load::load(name, limits, &mut loader);
    if files.problems.is_empty() {
        let cycles = measure::measure(&mut files, limits);
        if files.problems.is_empty() {
            let mode = files.documents.first().map_or(Mode::Voice, syntax::Document::mode);
            let tokens = files.documents.iter().flat_map(|document| &document.tokens);
            let alphabet =
                Alphabet::new(mode, tokens.flat_map(|token| token.words.iter().map(String::as_str)));
            return Ok(Grammar { files, cycles, alphabet });
        }
    }
    Err(Refused { files: files.sources, problems: files.problems })
}

impl Grammar {
    /// What the grammar is for.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.document().mode()
    }

    /// The name of the root rule, if one is declared (SRGS 4.7).
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.document().root.as_ref().map(|root| root.value.as_str())
    }

    /// Names and contents of the file's `meta` and `http-equiv` declarations, in order.
    pub fn meta(&self) -> impl Iterator<Item = (&str, &str)> {
        self.document().meta.iter().map(|(name, content)| (name.as_str(), content.as_str()))
    }

    /// The rules of the file that was asked for, in order.
    pub fn rules(&self) -> impl Iterator<Item = RuleInfo<'_>> {
        self.document().rules.iter().map(|rule| RuleInfo {
            name: &rule.name.value,
            public: rule.public,
            span: rule.name.span.clone(),
        })
    }

    /// Every file, the one that was asked for first.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files.sources
    }

    /// The symbols that its patterns are over.
    #[must_use]
    pub fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// A rule as a pattern over [`alphabet`](Self::alphabet): a public one, or the root.
    ///
    /// # Errors
    /// [`RuleError`] if there is none of that name, or it is private.
    pub fn rule(&self, name: &str) -> Result<Node, RuleError> {
        let number = self.files.rule(0, name).ok_or_else(|| {
            let public = self.rules().filter(|rule| rule.public).map(|rule| rule.name);
            let near = nearest(name, public).map(str::to_owned);
            RuleError::Unknown { name: name.to_owned(), near }
        })?;
        let (_, place) = self.files.rules[number];
        if !self.document().rules[place].public && self.root() != Some(name) {
            return Err(RuleError::Private { name: name.to_owned() });
        }
        Ok(Lowering { files: &self.files, cycles: &self.cycles, alphabet: &self.alphabet }.rule(number))
    }

    /// The rules of the file that was asked for to which none of these leads, and which are none of them.
    #[must_use]
    pub fn unused(&self, used: &[&str]) -> Vec<RuleInfo<'_>> {
        let mut reached = vec![false; self.files.rules.len()];
        let mut rest: Vec<usize> = used.iter().filter_map(|name| self.files.rule(0, name)).collect();
        while let Some(rule) = rest.pop() {
            if std::mem::replace(&mut reached[rule], true) {
                continue;
            }
            let (file, place) = self.files.rules[rule];
            let references = self.files.documents[file].rules[place].references.clone();
            rest.extend(self.files.targets[file][references].iter().flatten());
        }
        self.rules().zip(reached).filter(|(_, reached)| !reached).map(|(rule, _)| rule).collect()
    }

    /// The file that was asked for: a grammar has at least that.
    fn document(&self) -> &syntax::Document {
        &self.files.documents[0]
    }
}
