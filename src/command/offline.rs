//! The schedule and who attended, when no daemon runs: the store is asked itself.
#![allow(clippy::disallowed_methods)] // The edge: the store is told what time it is.

use std::path::Path;

use jiff::Timestamp;

use super::Failure;
use super::daemon::{Daemon, beside_the_point, failure};
use super::terminal::lines;
use crate::control::client::Problem;
use crate::store::{Manage, Managed, Reply, Request, Store};

/// Asks the store that the daemon would; `problem` is why the daemon could not be asked.
pub(super) fn offline(daemon: &Daemon, manage: Manage, problem: &Problem) -> Result<Managed, Failure> {
    let Some(path) = daemon.store()? else {
        return Err(match failure(problem) {
            Failure::Refused(text) => Failure::Refused(format!(
                "{text}\nwithout one, --config FILE says where the store is, if its [store] does"
            )),
            other => other,
        });
    };
    self::manage(&path, manage)
}

/// Asks that store. What only reads makes none: it would be whose who looks, and not the daemon's.
pub(super) fn manage(path: &Path, manage: Manage) -> Result<Managed, Failure> {
    if !path.exists() {
        match manage {
            Manage::List => {
                return Ok(Managed::Conferences { conferences: Vec::new(), notes: Vec::new() });
            }
            Manage::Attendance { .. } => return Ok(Managed::Attendance { attendance: Vec::new() }),
            _ => {}
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reply = runtime.block_on(async {
        let store = match Store::open(path).await {
            Ok(store) => store,
            Err(problem) => return Reply::Failed(problem),
        };
        let reply = store.perform(Timestamp::now(), Request::Manage(manage)).await;
        store.close().await;
        reply
    });
    match reply {
        Reply::Managed(managed) => Ok(*managed),
        Reply::Failed(problem) => Err(Failure::Refused(format!("error: {}", lines(&problem.message)))),
        other => Err(beside_the_point(&other)),
    }
}
