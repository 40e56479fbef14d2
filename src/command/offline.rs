//! The schedule and who attended, when no daemon runs.

use super::Failure;
use super::daemon::{Daemon, failure};
use crate::control::client::Problem;
use crate::store::{Manage, Managed};

/// What is answered where no daemon is: nothing, because the store is the daemon's.
#[allow(clippy::needless_pass_by_value)] // It takes what asking the store takes.
pub(super) fn offline(_daemon: &Daemon, _manage: Manage, problem: &Problem) -> Result<Managed, Failure> {
    match failure(problem) {
        Failure::Refused(text) => {
            Err(Failure::Refused(format!("{text}\nno daemon is running; start it first")))
        }
        other => Err(other),
    }
}
