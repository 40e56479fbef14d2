//! What both notations are read into: a pattern over numbered symbols.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A pattern over the symbols of an alphabet, which are numbers from 0 on.
///
/// Where one text can be matched in several ways, the way is fixed: of [alternatives](Node::Alternatives) the first
/// that leads to a match, of a [repeat](Node::Repeat) as many rounds as lead to one. A round of an open-ended
/// repeat, beyond those it must make, is only made if it takes at least one symbol; and parts of a
/// [loop](Node::Loop) that go to each other without taking one never come to the same place twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Matches nothing at all, which is always there (`$NULL`, `()`).
    Empty,
    /// Never matches (`$VOID`).
    Void,
    /// Any one of these symbols; never matches if there are none.
    Symbols(SymbolSet),
    /// Any symbols, as many as there are (`$GARBAGE`).
    Garbage,
    /// One after the other.
    Sequence(Vec<Node>),
    /// One of these; never matches if there are none.
    Alternatives(Vec<Node>),
    /// Again and again.
    Repeat {
        /// What is repeated.
        node: Box<Node>,
        /// How often at least.
        min: usize,
        /// How often at most, if there is an end to it; never matches if it is less than `min`.
        max: Option<usize>,
    },
    /// What matched here is wanted by this name.
    Capture {
        /// The name, which many nodes may share.
        name: Arc<str>,
        /// What is captured.
        node: Box<Node>,
    },
    /// Text that is handed out when a match passes here (`{tag}`).
    Tag(Arc<str>),
    /// Parts that can go to each other with [`Again`](Node::Again), beginning with the first: how rules that end in
    /// themselves, or in each other, are written here.
    Loop {
        /// What `Again` calls it; the innermost loop of that label is meant.
        label: usize,
        /// The parts. Never matches if there are none.
        parts: Vec<Node>,
    },
    /// To the beginning of a part of the loop with this label. It must be the last thing in the part that it stands
    /// in: in no repeat, and with nothing after it. Captures that it leaves open end where the loop ends.
    Again {
        /// The label of the loop.
        label: usize,
        /// Which of its parts, from 0 on.
        part: usize,
    },
}

impl Node {
    /// Exactly this symbol.
    #[must_use]
    pub fn symbol(symbol: usize) -> Node {
        // Most nodes are this: no more room than it takes.
        Node::Symbols(SymbolSet { ranges: vec![(symbol, symbol)] })
    }

    /// This node again and again; without a `max` there is no end to it.
    #[must_use]
    pub fn repeated(self, min: usize, max: Option<usize>) -> Node {
        Node::Repeat { node: Box::new(self), min, max }
    }

    /// This node, captured by a name.
    #[must_use]
    pub fn captured(self, name: impl Into<Arc<str>>) -> Node {
        Node::Capture { name: name.into(), node: Box::new(self) }
    }

    /// How many nodes there are in it, itself included.
    #[must_use]
    pub fn parts(&self) -> usize {
        let (mut count, mut rest) = (0, vec![self]);
        while let Some(node) = rest.pop() {
            count += 1;
            rest.extend(node.within());
        }
        count
    }

    /// What it is made of.
    fn within(&self) -> &[Node] {
        match self {
            Node::Sequence(nodes) | Node::Alternatives(nodes) | Node::Loop { parts: nodes, .. } => nodes,
            Node::Repeat { node, .. } | Node::Capture { node, .. } => std::slice::from_ref(node),
            Node::Empty
            | Node::Void
            | Node::Symbols(_)
            | Node::Garbage
            | Node::Tag(_)
            | Node::Again { .. } => &[],
        }
    }

    /// The names that are captured somewhere in it, in order, a repeated one once.
    #[must_use]
    pub fn capture_names(&self) -> Vec<&str> {
        let (mut names, mut known) = (Vec::new(), HashSet::new());
        let mut rest = vec![self];
        while let Some(node) = rest.pop() {
            if let Node::Capture { name, .. } = node
                && known.insert(&**name)
            {
                names.push(&**name);
            }
            rest.extend(node.within().iter().rev());
        }
        names
    }
}

/// Some of the symbols of an alphabet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SymbolSet {
    /// From and to, both within; in order, and at least one symbol apart.
    ranges: Vec<(usize, usize)>,
}

impl SymbolSet {
    /// None of them.
    #[must_use]
    pub const fn new() -> Self {
        SymbolSet { ranges: Vec::new() }
    }

    /// All symbols of an alphabet of this size.
    #[must_use]
    pub fn all(alphabet_size: usize) -> Self {
        match alphabet_size.checked_sub(1) {
            Some(last) => SymbolSet { ranges: vec![(0, last)] },
            None => SymbolSet::new(),
        }
    }

    /// Adds the symbols of a range.
    pub fn insert(&mut self, symbols: RangeInclusive<usize>) {
        let (mut from, mut to) = symbols.into_inner();
        if from > to {
            return;
        }
        let touches =
            |range: &(usize, usize)| range.0 <= to.saturating_add(1) && from <= range.1.saturating_add(1);
        let first = self.ranges.iter().position(touches);
        let at = first.unwrap_or_else(|| self.ranges.partition_point(|range| range.1 < from));
        let end = at + self.ranges[at..].iter().take_while(|range| touches(range)).count();
        if let (Some(low), Some(high)) = (self.ranges[at..end].first(), self.ranges[at..end].last()) {
            (from, to) = (from.min(low.0), to.max(high.1));
        }
        self.ranges.splice(at..end, [(from, to)]);
    }

    /// The symbols of an alphabet of this size that are not in here.
    #[must_use]
    pub fn complement(&self, alphabet_size: usize) -> Self {
        let mut ranges = Vec::new();
        let mut next = 0;
        for &(from, to) in self.ranges.iter().filter(|range| range.0 < alphabet_size) {
            if next < from {
                ranges.push((next, from - 1));
            }
            next = to.saturating_add(1);
        }
        if next < alphabet_size {
            ranges.push((next, alphabet_size - 1));
        }
        SymbolSet { ranges }
    }

    /// Whether the symbol is in here.
    #[must_use]
    pub fn contains(&self, symbol: usize) -> bool {
        let at = self.ranges.partition_point(|range| range.1 < symbol);
        self.ranges.get(at).is_some_and(|range| range.0 <= symbol)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The symbols in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.ranges.iter().flat_map(|&(from, to)| from..=to)
    }

    /// The symbols as ranges, first and last within, in order and apart.
    pub(super) fn ranges(&self) -> &[(usize, usize)] {
        &self.ranges
    }
}

impl FromIterator<usize> for SymbolSet {
    fn from_iter<I: IntoIterator<Item = usize>>(symbols: I) -> Self {
        let mut set = SymbolSet::new();
        symbols.into_iter().for_each(|symbol| set.insert(symbol..=symbol));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_in_the_order_they_are_written() {
        let inner = Node::Sequence(vec![Node::symbol(1).captured("b"), Node::Empty.captured("a")]);
        let node = Node::Sequence(vec![inner.repeated(0, None).captured("a"), Node::Void.captured("c")]);
        assert_eq!(node.capture_names(), ["a", "b", "c"]);
    }

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in(ranges in prop::collection::vec((0usize..20, 0usize..6), 0..8)) {
            let mut set = SymbolSet::new();
            let mut members = std::collections::BTreeSet::new();
            for (from, length) in ranges {
                set.insert(from..=from + length);
                members.extend(from..=from + length);
            }
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), members.iter().copied().collect::<Vec<_>>());
            prop_assert!(set.ranges().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            let rest = set.complement(22);
            for symbol in 0..22 {
                prop_assert_eq!(set.contains(symbol), members.contains(&symbol));
                prop_assert_eq!(rest.contains(symbol), !members.contains(&symbol));
            }
        }
    }
}
