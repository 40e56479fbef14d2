//! A grammar file as it is written.

use std::ops::Range;
use std::sync::Arc;

/// How what a grammar is matched against was entered (SRGS 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Words.
    Voice,
    /// Keys.
    Dtmf,
}

/// Something with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One file: its declarations and rules, as far as they could be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub(super) base: Option<Spanned<String>>,
    pub(super) language: Option<Spanned<String>>,
    pub(super) mode: Option<Spanned<Mode>>,
    pub(super) root: Option<Spanned<String>>,
    pub(super) tag_format: Option<Spanned<String>>,
    /// Names and contents of `meta` and `http-equiv`, in order.
    pub(super) meta: Vec<(String, String)>,
    pub(super) rules: Vec<Rule>,
    /// Everything that a rule refers to, in order; an [`Expansion::Reference`] is a place in here.
    pub(super) references: Vec<Reference>,
    /// Every token, in order; an [`Expansion::Token`] is a place in here.
    pub(super) tokens: Vec<Token>,
    /// Names of rules that were begun, but could not be read.
    pub(super) broken: Vec<String>,
    /// Whether a declaration could not be read, so that of what is not declared nothing can be said.
    pub(super) is_lacking: bool,
}

/// One rule (SRGS 3.1).
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: Spanned<Arc<str>>,
    pub(super) public: bool,
    pub(super) expansion: Expansion,
    /// The places in [`Document::references`] of what it refers to.
    pub(super) references: Range<usize>,
    /// How deep groups are nested in it.
    pub(super) depth: usize,
}

/// What a rule stands for (SRGS 2). Weights, probabilities and languages decide nothing of what is accepted, and are
/// not kept.
#[derive(Debug, Clone)]
pub(super) enum Expansion {
    /// `$NULL` and `()`.
    Null,
    Void,
    Garbage,
    Token(usize),
    Reference(usize),
    Tag(Arc<str>),
    Sequence(Vec<Expansion>),
    Alternatives(Vec<Expansion>),
    Repeat {
        expansion: Box<Expansion>,
        min: usize,
        max: Option<usize>,
    },
}

/// A token: the words it is made of, more than one if it is quoted and has spaces in it (SRGS 2.1).
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) words: Vec<String>,
}

/// A reference to a rule (SRGS 2.2).
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) target: Target,
    pub(super) span: Range<usize>,
    /// How many groups it is within.
    pub(super) depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    /// `$name`
    Local(String),
    /// `$<uri>`, with the media type of `$<uri>~<type>`.
    External { uri: String, media_type: Option<Spanned<String>> },
}

impl Document {
    /// A file that does not say is for voice.
    pub(super) fn mode(&self) -> Mode {
        self.mode.as_ref().map_or(Mode::Voice, |mode| mode.value)
    }

    /// The mode, if that can be said.
    pub(super) fn known_mode(&self) -> Option<Mode> {
        (self.mode.is_some() || !self.is_lacking).then(|| self.mode())
    }

    /// What references are relative to: declared, or else given by a `meta` of that name (SRGS 4.9).
    pub(super) fn base(&self) -> Option<&str> {
        let declared = self.base.as_ref().map(|base| base.value.as_str());
        declared.or_else(|| self.meta.iter().find(|meta| meta.0 == "base").map(|meta| meta.1.as_str()))
    }
}

impl Expansion {
    /// Whether it matches nothing keyed or said, and says nothing: it can be left out.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Expansion::Null | Expansion::Repeat { max: Some(0), .. } => true,
            Expansion::Sequence(parts) | Expansion::Alternatives(parts) => {
                parts.iter().all(Expansion::is_nothing)
            }
            Expansion::Repeat { expansion, .. } => expansion.is_nothing(),
            Expansion::Void
            | Expansion::Garbage
            | Expansion::Tag(_)
            | Expansion::Token(_)
            | Expansion::Reference(_) => false,
        }
    }
}
