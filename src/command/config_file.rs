//! Reading the configuration that a command works with.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::{ConfigArg, Failure};
use crate::config::{self, Config, Loaded};
use crate::diagnostic::{Diagnostic, Sources, Style};

impl ConfigArg {
    /// The file's path.
    pub(super) fn path(&self) -> Result<&Path, Failure> {
        self.config.as_deref().ok_or_else(|| {
            Failure::Usage(
                "error: no configuration: say which with --config FILE\n\
                 `touchtone example > touchtone.toml` writes one to start from"
                    .to_owned(),
            )
        })
    }

    /// The checked configuration; warnings go to standard error.
    pub(super) fn load(&self) -> Result<Arc<Config>, Failure> {
        load(self.path()?)
    }
}

/// Loads a configuration; what is wrong with it is the failure's text, and warnings go to standard error.
pub(super) fn load(path: &Path) -> Result<Arc<Config>, Failure> {
    let Loaded { config, warnings, sources } =
        read(path).map_err(|refused| Failure::Refused(render(&refused.diagnostics, &refused.sources)))?;
    // Nobody may be there to read them; that is no reason not to run.
    io::stderr().write_all(render(&warnings, &sources).as_bytes()).ok();
    Ok(Arc::new(config))
}

/// Loads a configuration from the file system.
pub(super) fn read(path: &Path) -> Result<Loaded, config::Refused> {
    config::load_file(path)
}

/// What is found, for the terminal that standard error is.
pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    style().render_all(diagnostics, sources)
}

pub(super) fn style() -> Style {
    Style { color: io::stderr().is_terminal(), ..Style::default() }
}
