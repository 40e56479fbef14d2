//! `touchtone run`

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::{ConfigArg, Failure, config_file, log};
use crate::config::{Address, Config};
use crate::link;

/// Run beside an engine until told to leave (SIGTERM, or Ctrl-C); SIGHUP has the configuration read again.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    config: ConfigArg,
    /// Where the engine listens, instead of what the configuration says: unix:PATH, tcp:HOST:PORT or stdio.
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<Address>,
}

impl Run {
    pub(super) fn run(self, log: log::Format) -> Result<(), Failure> {
        let _log = log::start_aside(log)?;
        let config = self.config.load()?;
        let address = self.connect.clone().unwrap_or_else(|| config.yate.connect.clone());
        talk(self.config.path()?, config, &address)
    }
}

/// As the engine starts us: the file is the only argument, and the log is as usual.
pub(super) fn on_stdio(file: &Path) -> Result<(), Failure> {
    let _log = log::start_aside(log::Format::Text)?;
    talk(file, config_file::load(file)?, &Address::Stdio)
}

fn talk(file: &Path, config: Arc<Config>, address: &Address) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let program = std::env::current_exe().ok();
    let outcome = runtime.block_on(link::run(file, config, address, program.as_deref()));
    // A read of standard input cannot be cancelled, and nothing else is left.
    runtime.shutdown_background();
    Ok(outcome?)
}
