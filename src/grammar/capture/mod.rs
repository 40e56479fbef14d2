//! Which part of the symbols was what.

mod always;
mod way;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use super::ast::Node;
use super::compile::{self, CompileError, Program};
use super::limits::Limits;
pub(super) use way::run;

/// What a match captured, and the tags it passed.
///
/// Which way a pattern took through the symbols is fixed where there are several: see [`Node`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captures {
    steps: Vec<Step>,
    captured: Vec<Captured>,
}

/// One thing that a match did on its way, at a place between two symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A capture begins before the symbol at `at`.
    Open {
        /// Its name.
        name: Arc<str>,
        /// How many symbols were taken before.
        at: usize,
    },
    /// The capture that began last, of those that have not ended, ends.
    Close {
        /// How many symbols were taken before.
        at: usize,
    },
    /// A tag was passed.
    Tag {
        /// Its text.
        text: Arc<str>,
        /// How many symbols were taken before.
        at: usize,
    },
}

/// One captured stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// By which name.
    pub name: Arc<str>,
    /// From and to, in symbols of the match.
    pub range: Range<usize>,
    /// How many captures it is within.
    pub depth: usize,
    /// Whether one of those has the same name.
    pub inner: bool,
}

impl Captures {
    /// Every captured stretch in the order in which they begin, an outer one before those in it; a capture that is
    /// in a repeat is there once a round.
    pub fn iter(&self) -> impl Iterator<Item = &Captured> {
        self.captured.iter()
    }

    /// The stretch captured by a name: of several within each other, as where a rule ends in itself, the outermost,
    /// and of several beside each other, as in a repeat, the last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Range<usize>> {
        self.outermost().rfind(|captured| &*captured.name == name).map(|captured| captured.range.clone())
    }

    /// What is captured by each name, as [`get`](Self::get) has it, in the order in which the names begin.
    #[must_use]
    pub fn named(&self) -> Vec<(&str, Range<usize>)> {
        let mut named: Vec<(&str, Range<usize>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for Captured { name, range, .. } in self.outermost() {
            match places.entry(&**name) {
                Entry::Occupied(place) => named[*place.get()].1 = range.clone(),
                Entry::Vacant(place) => {
                    place.insert(named.len());
                    named.push((name, range.clone()));
                }
            }
        }
        named
    }

    fn outermost(&self) -> impl DoubleEndedIterator<Item = &Captured> {
        self.captured.iter().filter(|captured| !captured.inner)
    }

    /// The tags that were passed, in order.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Tag { text, .. } => Some(&**text),
            Step::Open { .. } | Step::Close { .. } => None,
        })
    }

    /// Everything in order: the tree of captures and tags as it was walked.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

/// One pattern by itself, without an automaton: says whether it matches the whole of some symbols, and how.
///
/// It costs time and memory in proportion to the pattern's size times the number of symbols.
#[derive(Debug, Clone)]
pub struct Matcher {
    program: Program,
}

impl Matcher {
    /// Prepares a pattern over an alphabet of this size.
    ///
    /// # Errors
    /// [`CompileError`] if the pattern is beyond a limit, or recursive other than at its end.
    pub fn new(node: &Node, alphabet_size: usize, limits: &Limits) -> Result<Self, CompileError> {
        compile::program(node, alphabet_size, limits).map(|program| Matcher { program })
    }

    /// How large it is: how many steps it takes to look at all of it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.program.instructions.len() * (self.program.rounds(0) + 1)
    }

    /// Whether something is captured by a name whatever is matched: what [`Captures::get`] gives is always there, and
    /// never empty. It is judged by every way through the pattern, taken or not.
    #[must_use]
    pub fn always_captures(&self, name: &str) -> bool {
        always::captures(&self.program, name)
    }

    /// What the symbols capture; `None` if the pattern does not match the whole of them.
    #[must_use]
    pub fn captures(&self, symbols: &[usize]) -> Option<Captures> {
        run(&self.program, 0, symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(node: &Node) -> Matcher {
        Matcher::new(node, 16, &Limits::default()).unwrap()
    }

    fn seen(node: &Node, symbols: &[usize]) -> Vec<(Arc<str>, Range<usize>)> {
        let captures = matcher(node).captures(symbols).unwrap();
        captures.iter().map(|captured| (Arc::clone(&captured.name), captured.range.clone())).collect()
    }

    fn digit() -> Node {
        Node::Symbols((0..10).collect())
    }

    #[test]
    fn a_repeat_takes_as_much_as_leads_to_a_match() {
        let first = digit().repeated(1, None).captured("first");
        let second = digit().repeated(2, Some(3)).captured("second");
        let node = Node::Sequence(vec![first, second]);
        assert_eq!(seen(&node, &[1, 2, 3, 4, 5]), [("first".into(), 0..3), ("second".into(), 3..5)]);
        assert_eq!(matcher(&node).captures(&[1, 2]), None);
    }

    #[test]
    fn of_alternatives_the_first_that_leads_to_a_match_is_taken() {
        let node = Node::Alternatives(vec![
            Node::Sequence(vec![digit().captured("one"), Node::symbol(10)]),
            digit().captured("two"),
            digit().captured("three"),
        ]);
        assert_eq!(seen(&node, &[7]), [("two".into(), 0..1)]);
        assert_eq!(seen(&node, &[7, 10]), [("one".into(), 0..1)]);
    }

    #[test]
    fn captures_nest_and_repeat() {
        let pair = Node::Sequence(vec![digit().captured("digit"), Node::Tag("t".into())]);
        let node = pair.repeated(2, Some(2)).captured("all");
        let captures = matcher(&node).captures(&[4, 5]).unwrap();
        let depths: Vec<_> = captures.iter().map(|captured| (&*captured.name, captured.depth)).collect();
        assert_eq!(depths, [("all", 0), ("digit", 1), ("digit", 1)]);
        assert_eq!(captures.get("digit"), Some(1..2));
        assert_eq!(captures.get("none"), None);
        assert_eq!(captures.tags().collect::<Vec<_>>(), ["t", "t"]);
    }

    #[test]
    fn of_captures_within_each_other_the_outermost_counts_and_of_those_side_by_side_the_last() {
        let again = Node::Again { label: 0, part: 0 }.captured("number").repeated(0, Some(1));
        let body = Node::Sequence(vec![digit().captured("digit"), again]);
        let number = Node::Loop { label: 0, parts: vec![body] }.captured("number");
        let node = Node::Sequence(vec![digit().captured("number"), Node::symbol(10), number]);
        let captures = matcher(&node).captures(&[7, 10, 2, 0, 1]).unwrap();
        assert_eq!((captures.get("number"), captures.get("digit")), (Some(2..5), Some(4..5)));
        assert_eq!(captures.named(), [("number", 2..5), ("digit", 4..5)]);
        assert_eq!(captures.iter().filter(|captured| captured.inner).count(), 2);
    }

    #[test]
    fn a_loop_leaves_captures_open_until_the_end() {
        let again = Node::Again { label: 0, part: 0 }.captured("more");
        let more = Node::Sequence(vec![Node::symbol(1), again]).captured("step");
        let body = Node::Alternatives(vec![more, Node::symbol(1)]);
        let node = Node::Loop { label: 0, parts: vec![body] }.captured("all");
        let expected = [("all", 0..3), ("step", 0..3), ("more", 1..3), ("step", 1..3), ("more", 2..3)];
        assert_eq!(seen(&node, &[1, 1, 1]), expected.map(|(name, range)| (name.into(), range)));
    }

    #[test]
    fn the_parts_of_a_loop_go_to_each_other() {
        let to = |part| Node::Again { label: 7, part };
        let even = Node::Alternatives(vec![Node::Empty, Node::Sequence(vec![Node::symbol(1), to(1)])]);
        let odd = Node::Sequence(vec![Node::symbol(2), to(0)]);
        let matcher = matcher(&Node::Loop { label: 7, parts: vec![even, odd] });
        assert!(matcher.captures(&[1, 2, 1, 2]).is_some());
        assert!(matcher.captures(&[1, 2, 1]).is_none());
    }

    #[test]
    fn a_loop_is_gone_back_to_at_its_end_only() {
        let again = Node::Again { label: 0, part: 0 };
        let refused = |node: Node| Matcher::new(&node, 16, &Limits::default()).err();
        let recursion = Some(CompileError::Recursion { pattern: 0 });
        let inside = |node| Node::Loop { label: 0, parts: vec![node] };
        assert_eq!(refused(inside(Node::Sequence(vec![again.clone(), Node::symbol(1)]))), recursion);
        assert_eq!(refused(inside(again.clone().repeated(0, Some(2)))), recursion);
        assert_eq!(refused(again.clone()), recursion);
        assert_eq!(refused(inside(again.repeated(0, Some(1)))), None);
    }

    #[test]
    fn a_round_that_takes_nothing_is_not_made() {
        let maybe = Node::Alternatives(vec![Node::Empty, Node::symbol(1)]);
        let node = Node::Sequence(vec![maybe, Node::Tag("round".into())]).repeated(0, None);
        let captures = matcher(&node).captures(&[1, 1]).unwrap();
        assert_eq!(captures.tags().count(), 2);
        assert_eq!(matcher(&node).captures(&[]).unwrap().tags().count(), 0);
        let forever = Node::Loop { label: 0, parts: vec![Node::Again { label: 0, part: 0 }] };
        assert_eq!(matcher(&forever).captures(&[]), None);
    }

    #[test]
    fn a_new_round_is_told_from_going_round_for_nothing() {
        let round =
            vec![Node::symbol(1).repeated(0, None), Node::Alternatives(vec![Node::Empty, Node::symbol(2)])];
        let node = Node::Sequence(round).captured("round").repeated(0, None);
        assert_eq!(seen(&node, &[1, 2]), [("round".into(), 0..1), ("round".into(), 1..2)]);
    }

    #[test]
    fn what_would_take_for_ever_by_trying_all_ways_is_found_at_once() {
        let node = digit().repeated(0, None).repeated(0, None).repeated(0, None);
        let node = Node::Sequence(vec![node, Node::symbol(11)]);
        assert_eq!(matcher(&node).captures(&[1; 2_000]), None);
    }
}
