//! Where a trial's choices come from.

use std::time::Duration;

use crate::sim::Random;

/// Choices that depend on a seed alone, or on bytes that somebody else chose.
#[derive(Debug, Clone)]
pub struct Chance(From);

#[derive(Debug, Clone)]
enum From {
    Seed(Random),
    Bytes(Vec<u8>),
}

impl Chance {
    /// The choices of a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Chance(From::Seed(Random::new(seed)))
    }

    /// The choices that bytes make, the last byte first; when they are used up every choice is the first.
    #[must_use]
    pub fn given(bytes: &[u8]) -> Self {
        Chance(From::Bytes(bytes.to_vec()))
    }

    /// A number below `bound`, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = match &mut self.0 {
            From::Seed(random) => random.next(),
            From::Bytes(bytes) => {
                let wanted = if bound > 256 { 4 } else { 1 };
                let from = bytes.len().saturating_sub(wanted);
                bytes.drain(from..).fold(0, |number, byte| number << 8 | u64::from(byte))
            }
        };
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(number % bound).unwrap_or_default()
    }

    /// From `low` to `high`, both within.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    /// One of these; there must be one.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// From nothing up to `span`, in milliseconds.
    pub fn within(&mut self, span: Duration) -> Duration {
        let most = usize::try_from(span.as_millis()).unwrap_or(usize::MAX - 1);
        Duration::from_millis(self.below(most + 1) as u64)
    }
}
