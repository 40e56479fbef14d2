//! The schedule and who attended, when no daemon runs: the store is asked itself.
#![allow(clippy::disallowed_methods)] // The edge: the store is told what time it is.

use jiff::Timestamp;

use super::Failure;
use super::daemon::{Daemon, failure, lines};
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reply = runtime.block_on(async {
        let store = match Store::open(&path).await {
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
        other => {
            Err(Failure::Refused(format!("error: the store's answer is none to what was asked: {other:?}")))
        }
    }
}
