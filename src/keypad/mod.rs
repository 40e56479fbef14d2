//! The digits of one channel: put in order, collected, held, released.

mod collector;
mod keymap;
mod order;
mod waits;

pub use collector::{Collector, Outcome, Rules, given_up_as_they_came};
pub use keymap::{Beginning, Clash, CodeKeys, Holder, Keymap, Keymaps};
pub use order::{Arrival, Order};
pub use waits::Waits;
