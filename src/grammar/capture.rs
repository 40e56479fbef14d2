//! Which part of the symbols was what.

use std::ops::Range;
use std::sync::Arc;

use super::ast::Node;
use super::compile::{self, CompileError, Instruction, Program};
use super::limits::Limits;

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
}

impl Captures {
    /// Every captured stretch in the order in which they begin, an outer one before those in it; a capture that is
    /// in a repeat is there once a round.
    pub fn iter(&self) -> impl Iterator<Item = &Captured> {
        self.captured.iter()
    }

    /// The stretch captured by a name; of several, as in a repeat, the one that begins last.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Range<usize>> {
        self.captured
            .iter()
            .rev()
            .find(|captured| &*captured.name == name)
            .map(|captured| captured.range.clone())
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

    /// What the symbols capture; `None` if the pattern does not match the whole of them.
    #[must_use]
    pub fn captures(&self, symbols: &[usize]) -> Option<Captures> {
        run(&self.program, 0, symbols)
    }
}

/// An event of the way being tried: the instruction, and how many symbols were taken before it.
type Event = (u32, usize);

/// Where a way is.
#[derive(Clone, Copy)]
struct Place {
    /// The instruction that is next.
    instruction: usize,
    /// How many symbols are taken.
    taken: usize,
    /// The outermost of the repeats around here whose round has not taken a symbol yet, counted from 1; 0 if every
    /// round has. The rounds within an outer one began after it, so none of them has taken one either.
    hungry: usize,
}

/// A way not tried yet: where it goes on, and how many events belong to it.
struct Pending {
    place: Place,
    events: usize,
}

/// The places that were tried, a bit each.
struct Tried {
    bits: Vec<u64>,
    start: usize,
    symbols: usize,
    rounds: usize,
}

impl Tried {
    fn new(program: &Program, pattern: usize, symbols: usize) -> Option<Self> {
        let (extent, rounds) = (program.extent(pattern), program.rounds(pattern));
        let places = extent.len().checked_mul(rounds + 1)?.checked_mul(symbols + 1)?;
        Some(Tried { bits: vec![0; places.div_ceil(64)], start: extent.start, symbols, rounds })
    }

    /// Whether the place was not tried yet.
    fn insert(&mut self, place: Place) -> bool {
        let row = (place.instruction - self.start) * (self.rounds + 1) + place.hungry;
        let index = row * (self.symbols + 1) + place.taken;
        let (word, bit) = (&mut self.bits[index / 64], 1 << (index % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

/// Finds the way of a pattern through all the symbols: the first in the order that [`Node`] gives.
///
/// A place that was tried once is never tried again: it led nowhere then and would now. That bounds the work.
pub(super) fn run(program: &Program, pattern: usize, symbols: &[usize]) -> Option<Captures> {
    let mut tried = Tried::new(program, pattern, symbols.len())?;
    let mut events: Vec<Event> = Vec::new();
    let mut pending = Vec::new();
    if pattern < program.patterns() {
        let place = Place { instruction: program.extent(pattern).start, taken: 0, hungry: 0 };
        pending.push(Pending { place, events: 0 });
    }
    while let Some(way) = pending.pop() {
        events.truncate(way.events);
        let mut next = Some(way.place);
        while let Some(place) = next.filter(|&place| tried.insert(place)) {
            let Place { instruction, taken, hungry } = place;
            let after = Place { instruction: instruction + 1, ..place };
            next = match program.instructions[instruction] {
                Instruction::Take { from, to } => {
                    let symbol = symbols.get(taken).and_then(|&symbol| u32::try_from(symbol).ok());
                    let fits = symbol.is_some_and(|symbol| program.takes(from, to, symbol));
                    fits.then_some(Place { taken: taken + 1, hungry: 0, ..after })
                }
                Instruction::Split { first, second } => {
                    let place = Place { instruction: second as usize, ..place };
                    pending.push(Pending { place, events: events.len() });
                    Some(Place { instruction: first as usize, ..place })
                }
                Instruction::Jump(to) => Some(Place { instruction: to as usize, ..place }),
                Instruction::Open(_) | Instruction::Enter | Instruction::Close(_) | Instruction::Tag(_) => {
                    events.push((instruction as u32, taken));
                    Some(after)
                }
                Instruction::Round(round) => {
                    let hungry = if hungry == 0 { round as usize } else { hungry.min(round as usize) };
                    Some(Place { hungry, ..after })
                }
                Instruction::Taken(round) => (hungry == 0 || hungry > round as usize).then_some(after),
                Instruction::Match(_) if taken == symbols.len() => {
                    return Some(replay(program, &events, taken));
                }
                Instruction::Match(_) | Instruction::Fail => None,
            };
        }
    }
    None
}

/// Turns the events of a way into captures. What was left open ends with what it is in.
fn replay(program: &Program, events: &[Event], end: usize) -> Captures {
    let mut replay = Replay { done: Captures { steps: Vec::new(), captured: Vec::new() }, open: Vec::new() };
    for &(instruction, at) in events {
        match program.instructions[instruction as usize] {
            Instruction::Open(name) => replay.open(instruction, &program.names[name as usize], at),
            Instruction::Enter => replay.open.push((instruction, None)),
            Instruction::Close(opened) => while replay.close(at).is_some_and(|by| by != opened) {},
            Instruction::Tag(tag) => {
                replay.done.steps.push(Step::Tag { text: Arc::clone(&program.tags[tag as usize]), at });
            }
            Instruction::Take { .. }
            | Instruction::Split { .. }
            | Instruction::Jump(_)
            | Instruction::Round(_)
            | Instruction::Taken(_)
            | Instruction::Match(_)
            | Instruction::Fail => {}
        }
    }
    while replay.close(end).is_some() {}
    replay.done
}

struct Replay {
    done: Captures,
    /// What has not ended: by which instruction each was begun, and its place among those captured, if it is one.
    open: Vec<(u32, Option<usize>)>,
}

impl Replay {
    fn open(&mut self, by: u32, name: &Arc<str>, at: usize) {
        self.done.steps.push(Step::Open { name: Arc::clone(name), at });
        let depth = self.open.iter().filter(|open| open.1.is_some()).count();
        self.open.push((by, Some(self.done.captured.len())));
        self.done.captured.push(Captured { name: Arc::clone(name), range: at..at, depth });
    }

    /// Ends what began last, and says by which instruction it was begun.
    fn close(&mut self, at: usize) -> Option<u32> {
        let (by, captured) = self.open.pop()?;
        if let Some(index) = captured {
            self.done.captured[index].range.end = at;
            self.done.steps.push(Step::Close { at });
        }
        Some(by)
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
