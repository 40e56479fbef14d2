//! When conferences are held: recurrence by RFC 5545, time zones, and calendars in files.
//!
//! - [`Times`]: the times at which one conference is held, on the wall and in UTC.
//! - [`check`]: whether a conference can be held as somebody wrote it.
//! - [`calendar`]: conferences from an `.ics` file.
//!
//! No clock is read here: who asks says what time it is. Time zones are those of the machine's database, or of the one
//! that is built in where the machine has none.

pub mod calendar;
mod check;
mod names;
mod rule;
mod times;
mod windows;
pub(crate) mod zone;

pub use check::check;
pub(crate) use check::pin as check_pin;
pub use names::room;
pub use rule::{MAX_COUNT, MAX_TIMES_A_DAY};
pub use times::Times;
