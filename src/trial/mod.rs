//! Random trials: whatever callers key, and whatever the engine does with it, the promises hold.
//!
//! A [`Trial`] is a list of [acts](act) that a seed [draws](draw) for a configuration. The rig runs it on a simulated
//! engine and keeps a [record]; the [checks](check) hold the record to the promises, each against a model that is too
//! simple to be wrong. What breaks one is [shrunk](shrink) to the few acts that matter.
//!
//! - [`naive`] and [`model`] say what keys match and what becomes of digits.
//! - [`reach`] says which codes can fire at all, and by which keys.
//! - [`rooms`] is the same for a conference server: who may do what to its rooms.

pub mod act;
pub mod chance;
pub mod check;
pub mod draw;
pub mod model;
pub mod naive;
pub mod reach;
pub mod record;
mod rig;
pub mod rooms;
pub mod scene;
pub mod shrink;

pub use act::Act;
pub use chance::Chance;
pub use check::{Broken, Promise};
pub use record::{Event, Noted};
pub use scene::{Faults, Scene};

/// What is done, and the seed of the engine that it is done on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The engine's chance depends on it.
    pub seed: u64,
    /// What happens.
    pub acts: Vec<Act>,
}

impl Trial {
    /// The trial of a seed.
    #[must_use]
    pub fn of_seed(scene: &Scene, seed: u64) -> Self {
        Trial { seed, acts: draw::acts(scene, &mut Chance::seeded(seed)) }
    }

    /// The trial that bytes make.
    #[must_use]
    pub fn of_bytes(scene: &Scene, bytes: &[u8]) -> Self {
        let mut chance = Chance::given(bytes);
        Trial { seed: chance.below(1 << 16) as u64, acts: draw::acts(scene, &mut chance) }
    }

    /// Runs it.
    #[must_use]
    pub fn run(&self, scene: &Scene) -> Vec<Noted> {
        rig::run(scene, self)
    }

    /// Runs it and holds it to the promises.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn hold(&self, scene: &Scene) -> Result<Vec<Noted>, Broken> {
        let record = self.run(scene);
        check::all(scene, self, &record)?;
        Ok(record)
    }
}
