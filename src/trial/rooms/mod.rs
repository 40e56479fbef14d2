//! Random trials of a conference server: whoever does what to its rooms, by keys, commands or otherwise, the rules hold.
//!
//! A [`Trial`] is a list of [acts](act) that a seed or somebody's bytes draw: callers of every role come by routing, by a
//! code or called in, and key everybody's codes. The rig runs it on a simulated [engine](house) with a store that is
//! not there, and keeps a [record]. The [model] says, from the record alone, who is who and what may be; what the
//! module does besides is [`Broken`].

pub mod act;
mod draw;
pub mod house;
pub mod model;
pub mod record;
mod rig;
mod shelf;

use std::fmt;
use std::time::Duration;

pub use act::Act;
pub use house::House;
pub use record::{Event, Noted};

use super::Chance;

/// How often a trial is run again at most to make it shorter.
const RUNS: usize = 400;

/// What is done, and the seed of the engine that it is done on.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The engine's chance depends on it.
    pub seed: u64,
    /// What happens.
    pub acts: Vec<Act>,
}

/// A promise that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: Promise,
    /// When that was seen.
    pub at: Duration,
    /// How.
    pub what: String,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Promise {
    /// Nobody does what is for organizers who is none.
    Roles,
    /// Who is shown in a room is who is there, and in their role.
    Seats,
    /// A participant's number is theirs alone as long as they are there, and some time after.
    Numbers,
    /// A locked room lets in nobody but organizers and who was called in.
    Locked,
    /// A room never holds more than it takes.
    Full,
    /// Where participants wait for an organizer none is in before one was.
    Waits,
    /// Where a PIN is asked for nobody is in who is unknown and has keyed none.
    Pins,
    /// Who may not open a room does not.
    Opens,
    /// What is shown of a room is so.
    Shown,
    /// Every participation is written down once, and so is its end, when it ends.
    Attendance,
    /// Every command is answered once, and every code that fires comes to one end.
    Ends,
    /// Nothing is left when everybody has gone.
    NothingLeft,
}

impl Promise {
    /// All of them.
    pub const ALL: [Promise; 12] = [
        Promise::Roles,
        Promise::Seats,
        Promise::Numbers,
        Promise::Locked,
        Promise::Full,
        Promise::Waits,
        Promise::Pins,
        Promise::Opens,
        Promise::Shown,
        Promise::Attendance,
        Promise::Ends,
        Promise::NothingLeft,
    ];
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is broken at {:?}: {}", self.promise, self.at, self.what)
    }
}

impl Trial {
    /// The trial of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Trial { seed, acts: draw::acts(&mut Chance::seeded(seed)) }
    }

    /// The trial that bytes make.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut chance = Chance::given(bytes);
        Trial { seed: chance.below(1 << 16) as u64, acts: draw::acts(&mut chance) }
    }

    /// Runs it.
    #[must_use]
    pub fn run(&self, house: &House) -> Vec<Noted> {
        rig::run(house, self.seed, &self.acts)
    }

    /// Runs it and holds it to the promises.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn hold(&self, house: &House) -> Result<Vec<Noted>, Broken> {
        let record = self.run(house);
        match model::broken(house, &record).into_iter().next() {
            Some(broken) => Err(broken),
            None => Ok(record),
        }
    }

    /// Leaves out what is not needed for the same promise to be broken.
    #[must_use]
    pub fn shrink(mut self, house: &House, mut broken: Broken) -> (Self, Broken) {
        let (mut runs, mut size) = (0, self.acts.len().div_ceil(2));
        while size > 0 && runs < RUNS {
            let mut at = 0;
            while at < self.acts.len() && runs < RUNS {
                let mut less = self.clone();
                less.acts.drain(at..less.acts.len().min(at + size));
                runs += 1;
                match less.hold(house).err().filter(|other| other.promise == broken.promise) {
                    Some(still) => (self, broken) = (less, still),
                    None => at += size,
                }
            }
            size /= 2;
        }
        (self, broken)
    }
}
