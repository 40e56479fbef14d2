//! POSIX basic regular expressions, as the engine's C library reads them: with `\+`, `\?` and `\|` besides.
//!
//! | text | matches |
//! |---|---|
//! | `.` `[…]` `[^…]` | any byte, one of these, one that is not of these |
//! | `…*` `…\+` `…\?` `…\{m,n\}` | what stands before it, again and again |
//! | `\(…\)` | what is within; what it matches is `\1` to `\9` |
//! | `…\|…` | either |
//! | `^` `$` | the beginning and the end, where they can be; elsewhere themselves |
//! | `\w` `\W` `\s` `\S` | a letter, digit or `_`; a blank; and what is neither |

mod bracket;
mod bytes;
mod matching;
mod parse;

use std::ops::Range;

pub use bytes::Bytes;
pub use parse::parse;

/// An expression, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it is written, in bytes.
    pub span: Range<usize>,
}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any one of these bytes.
    Bytes(Bytes),
    /// One after the other; nothing at all if there are none.
    Sequence(Vec<Node>),
    /// One of these.
    Alternatives(Vec<Node>),
    /// Again and again.
    Repeat {
        /// What is repeated.
        node: Box<Node>,
        /// How often at least.
        min: usize,
        /// How often at most, if there is an end to it.
        max: Option<usize>,
    },
    /// `\(…\)`, by its number from 1 on.
    Group {
        /// Its number.
        number: usize,
        /// What is within.
        node: Box<Node>,
    },
    /// The beginning of the text.
    Begin,
    /// The end of the text.
    End,
    /// The same text again that a group has matched.
    Again(usize),
    /// Where a word begins, ends, or does not.
    WordEdge,
}

/// Why a text is no expression: nothing is ever matched by it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
}

impl Node {
    fn is_anchor(&self) -> bool {
        matches!(self.kind, Kind::Begin | Kind::End | Kind::WordEdge)
    }

    fn new(kind: Kind, span: Range<usize>) -> Self {
        Node { kind, span }
    }
}
