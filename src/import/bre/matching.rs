//! Whether an expression matches a short text somewhere, as the name of a state.

use super::{Kind, Node};

/// How long the texts are at most that can be looked at.
const LENGTH: usize = 63;
/// How many steps a look may take; beyond, nothing matches.
const STEPS: usize = 100_000;

impl Node {
    /// Whether it matches somewhere in a text of at most 63 bytes; in a longer one it does not. What it cannot know of
    /// ([`Kind::Again`], [`Kind::WordEdge`]) matches nothing.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let text = text.as_bytes();
        text.len() <= LENGTH && Look { text, steps: 0 }.ends(self, u64::MAX >> (LENGTH - text.len())) != 0
    }
}

struct Look<'t> {
    text: &'t [u8],
    steps: usize,
}

impl Look<'_> {
    /// Where a part can end if it begins at one of these places; a bit a place.
    fn ends(&mut self, node: &Node, from: u64) -> u64 {
        self.steps += 1;
        if from == 0 || self.steps > STEPS {
            return 0;
        }
        match &node.kind {
            Kind::Bytes(bytes) => {
                let fits = |at: &usize| from & (1 << at) != 0 && bytes.contains(self.text[*at]);
                (0..self.text.len()).filter(fits).fold(0, |ends, at| ends | (1 << (at + 1)))
            }
            Kind::Sequence(nodes) => nodes.iter().fold(from, |ends, node| self.ends(node, ends)),
            Kind::Alternatives(nodes) => nodes.iter().fold(0, |ends, node| ends | self.ends(node, from)),
            Kind::Repeat { node, min, max } => self.repeated(node, *min, *max, from),
            Kind::Group { node, .. } => self.ends(node, from),
            Kind::Begin => from & 1,
            Kind::End => from & (1 << self.text.len()),
            Kind::Again(_) | Kind::WordEdge => 0,
        }
    }

    fn repeated(&mut self, node: &Node, min: usize, max: Option<usize>, from: u64) -> u64 {
        let rounds = self.text.len() + 1;
        let mut ends = from;
        // After as many rounds as there are places, what is still possible takes nothing a round.
        for _ in 0..min.min(rounds) {
            ends = self.ends(node, ends);
        }
        let mut new = ends;
        for _ in 0..max.map_or(rounds, |max| max.saturating_sub(min).min(rounds)) {
            new = self.ends(node, new) & !ends;
            if new == 0 {
                break;
            }
            ends |= new;
        }
        ends
    }
}
