//! Sets of bytes.

/// Some of the 256 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes([u64; 4]);

impl Bytes {
    /// Those for which this holds.
    pub fn of(holds: impl Fn(u8) -> bool) -> Self {
        let mut bytes = Bytes::default();
        (0..=u8::MAX).filter(|&byte| holds(byte)).for_each(|byte| bytes.insert(byte));
        bytes
    }

    /// Adds one.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: &Bytes) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
    }

    /// Those that are not in here.
    #[must_use]
    pub fn complement(self) -> Self {
        Bytes(self.0.map(|part| !part))
    }

    /// Whether it is in here.
    #[must_use]
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }
}
