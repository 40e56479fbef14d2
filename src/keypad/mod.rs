//! The digits of one channel: put in order, collected, held, released.

mod keymap;

pub use keymap::{Beginning, Clash, CodeKeys, Holder, Keymap, Keymaps};
