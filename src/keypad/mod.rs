//! The digits of one channel: put in order, collected, held, released.

mod collector;
mod keymap;
mod order;
mod waits;

pub use collector::{Collector, Outcome, Rules};
pub use keymap::{Beginning, Clash, CodeKeys, Holder, Keymap, Keymaps};
pub use order::{Arrival, Order};
pub use waits::Waits;
