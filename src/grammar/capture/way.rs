//! The way of a pattern through symbols.

use std::sync::Arc;

use super::{Captured, Captures, Step};
use crate::grammar::compile::{Instruction, Program};

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
pub(in crate::grammar) fn run(program: &Program, pattern: usize, symbols: &[usize]) -> Option<Captures> {
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
        let around = || self.open.iter().filter_map(|open| open.1);
        let (depth, inner) =
            (around().count(), around().any(|outer| self.done.captured[outer].name == *name));
        self.open.push((by, Some(self.done.captured.len())));
        self.done.captured.push(Captured { name: Arc::clone(name), range: at..at, depth, inner });
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
