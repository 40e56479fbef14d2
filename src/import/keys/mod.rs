//! From basic expressions over a buffer of keys to what is keyed for a code.
//!
//! An expression is written out as [`Branch`]es, because a digit expression has no alternatives within. As it is
//! looked at again with every key, only the shortest keys that match ever do anything: [`trim`](Branch::trim) leaves
//! those.

mod expand;
mod subtract;
mod trim;
mod write;

use std::ops::Range;

use crate::grammar::ast::{Node, SymbolSet};
use crate::key::{KEY_COUNT, Key};

pub(super) use expand::expand;
pub(super) use subtract::without;
pub(super) use write::Names;

/// Why an expression cannot be written as digit expressions, and where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) message: String,
    pub(super) span: Range<usize>,
}

/// Some of the sixteen keys; a bit a key, as [`Key::index`] numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KeySet(pub(super) u16);

impl KeySet {
    pub(super) fn of(holds: impl Fn(Key) -> bool) -> Self {
        let bits = Key::all().filter(|&key| holds(key)).map(|key| 1u16 << key.index());
        KeySet(bits.fold(0, |all, bit| all | bit))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has(self, index: usize) -> bool {
        index < KEY_COUNT && self.0 & (1 << index) != 0
    }

    pub(super) fn keys(self) -> impl Iterator<Item = Key> {
        Key::all().filter(move |key| self.has(key.index()))
    }
}

/// One way to key what an expression matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Branch {
    /// Whether nothing may stand before it in the buffer.
    pub(super) begin: bool,
    /// Whether nothing may stand after it.
    pub(super) end: bool,
    pub(super) items: Vec<Item>,
}

/// A part of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// One key of these.
    Set(KeySet),
    /// Again and again.
    Repeat { items: Vec<Item>, min: usize, max: Option<usize> },
    /// One of these; within a repeat only, and no digit expression can say it.
    Either(Vec<Vec<Item>>),
    /// What is keyed here is wanted by this number.
    Group { number: usize, items: Vec<Item> },
}

impl Item {
    /// How many keys it takes at least.
    pub(super) fn shortest(&self) -> usize {
        match self {
            Item::Set(_) => 1,
            Item::Either(ways) => ways.iter().map(|way| shortest(way)).min().unwrap_or_default(),
            Item::Repeat { items, min, .. } => shortest(items).saturating_mul(*min),
            Item::Group { items, .. } => shortest(items),
        }
    }

    /// How many keys it takes at most; `None` if there is no end to it.
    pub(super) fn longest(&self) -> Option<usize> {
        match self {
            Item::Set(_) => Some(1),
            Item::Either(ways) => {
                let longest = ways.iter().map(|way| longest(way)).collect::<Option<Vec<_>>>()?;
                longest.into_iter().max()
            }
            Item::Repeat { items, max, .. } => match longest(items)? {
                0 => Some(0),
                longest => Some(longest.saturating_mul((*max)?)),
            },
            Item::Group { items, .. } => longest(items),
        }
    }

    fn node(&self) -> Node {
        match self {
            Item::Set(set) => Node::Symbols(set.keys().map(Key::index).collect::<SymbolSet>()),
            Item::Either(ways) => Node::Alternatives(ways.iter().map(|way| node(way)).collect()),
            Item::Repeat { items, min, max } => node(items).repeated(*min, *max),
            Item::Group { items, .. } => node(items),
        }
    }
}

pub(super) fn shortest(items: &[Item]) -> usize {
    items.iter().fold(0, |sum: usize, item| sum.saturating_add(item.shortest()))
}

pub(super) fn longest(items: &[Item]) -> Option<usize> {
    items.iter().try_fold(0, |sum: usize, item| Some(sum.saturating_add(item.longest()?)))
}

fn node(items: &[Item]) -> Node {
    Node::Sequence(items.iter().map(Item::node).collect())
}

/// Whether a digit expression can say it.
fn can_be_said(items: &[Item]) -> bool {
    items.iter().all(|item| match item {
        Item::Set(_) => true,
        Item::Either(_) => false,
        Item::Repeat { items, .. } | Item::Group { items, .. } => can_be_said(items),
    })
}

impl Branch {
    /// Whether a digit expression can say it.
    pub(super) fn can_be_said(&self) -> bool {
        can_be_said(&self.items)
    }

    /// Every buffer that it matches.
    pub(super) fn buffers(&self) -> Node {
        let open = |closed: bool| if closed { Node::Empty } else { Node::Garbage };
        Node::Sequence(vec![open(self.begin), node(&self.items), open(self.end)])
    }
}
