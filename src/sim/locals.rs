//! What a module can set for its own connection (`setlocal`).

use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::connection::ConnectionId;
use super::message::{number, truth};
use super::settings::Settings;
use crate::wire::{DEFAULT_LINE_LIMIT, EngineLine, MAX_LINE_LIMIT};

/// The least line buffer that the engine grants.
const MIN_LINE_LIMIT: usize = 1024;
/// The most messages that may wait for one module.
const MAX_QUEUE: i64 = 10_000;
const MODULES: [&str; 12] = [
    "extmodule",
    "conference",
    "dumbchan",
    "tonegen",
    "wavefile",
    "regexroute",
    "rmanager",
    "ysipchan",
    "yrtpchan",
    "cdrbuild",
    "cdrfile",
    "pbx",
];

/// The local parameters of one connection.
#[derive(Debug)]
pub(super) struct Locals {
    /// None waits for ever.
    pub(super) timeout: Option<Duration>,
    pub(super) max_queue: usize,
    pub(super) buffer: usize,
    pub(super) reenter: bool,
    pub(super) selfwatch: bool,
    pub(super) timebomb: bool,
    pub(super) restart: bool,
    pub(super) track: BString,
    reason: BString,
    setdata: bool,
    settime: bool,
}

impl Locals {
    pub(super) fn new(settings: &Settings) -> Self {
        Locals {
            timeout: Some(settings.answer_timeout).filter(|timeout| !timeout.is_zero()),
            max_queue: settings.queue_limit,
            buffer: DEFAULT_LINE_LIMIT,
            reenter: false,
            selfwatch: false,
            timebomb: false,
            restart: false,
            track: BString::default(),
            reason: BString::default(),
            setdata: true,
            settime: false,
        }
    }

    fn set_timeout(&mut self, value: &BStr) -> i64 {
        if let Some(ms) = number(value) {
            self.timeout = u64::try_from(ms).ok().filter(|ms| *ms > 0).map(Duration::from_millis);
        }
        self.timeout.map_or(0, |timeout| i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX))
    }

    fn set_queue(&mut self, value: &BStr) -> usize {
        if let Some(count) = number(value) {
            self.max_queue = usize::try_from(count.clamp(0, MAX_QUEUE)).unwrap_or_default();
        }
        self.max_queue
    }

    fn set_buffer(&mut self, value: &BStr) -> usize {
        if let Some(length) = number(value) {
            self.buffer = usize::try_from(length).unwrap_or_default().clamp(MIN_LINE_LIMIT, MAX_LINE_LIMIT);
        }
        self.buffer
    }
}

fn flag(field: &mut bool, value: &BStr) -> BString {
    *field = truth(value).unwrap_or(*field);
    field.to_string().into()
}

impl Sim {
    /// `setlocal`: its answer says what the value is now.
    pub(super) fn set_local(&mut self, id: ConnectionId, name: &[u8], value: &[u8]) {
        let value = BStr::new(value.trim());
        let (value, success) = match self.local(id, BStr::new(name), value) {
            Some(value) => (value, true),
            None => match self.fixed_local(BStr::new(name)) {
                Some(fixed) => (fixed, value.is_empty()),
                None => (value.into(), false),
            },
        };
        let value = value.as_slice().into();
        self.say(id, &EngineLine::LocalSet { name: name.into(), value, success });
    }

    fn local(&mut self, id: ConnectionId, name: &BStr, value: &BStr) -> Option<BString> {
        let connection = self.connections.get_mut(&id)?;
        let locals = &mut connection.locals;
        let now = match name.as_bytes() {
            b"trackparam" if value.is_empty() => locals.track.clone(),
            b"trackparam" => {
                locals.track = value.into();
                value.into()
            }
            b"reason" => {
                locals.reason = value.into();
                value.into()
            }
            b"timeout" => locals.set_timeout(value).to_string().into(),
            b"maxqueue" => locals.set_queue(value).to_string().into(),
            b"bufsize" => locals.set_buffer(value).to_string().into(),
            b"timebomb" => flag(&mut locals.timebomb, value),
            b"restart" => {
                locals.restart = connection.scripted && truth(value).unwrap_or(locals.restart);
                locals.restart.to_string().into()
            }
            b"reenter" => flag(&mut locals.reenter, value),
            b"selfwatch" => flag(&mut locals.selfwatch, value),
            b"setdata" => flag(&mut locals.setdata, value),
            b"settime" => flag(&mut locals.settime, value),
            b"debuglevel" => {
                if value.is_empty() {
                    "9".into()
                } else {
                    value.into()
                }
            }
            b"debugname" => value.into(),
            _ => return None,
        };
        Some(now)
    }

    /// What can be asked for and not set.
    fn fixed_local(&self, name: &BStr) -> Option<BString> {
        if let Some(module) = name.strip_prefix(b"loaded.") {
            return Some(MODULES.iter().any(|known| known.as_bytes() == module).to_string().into());
        }
        let settings = &self.settings;
        let value = match name.as_bytes() {
            b"engine.version" => settings.version.clone(),
            b"engine.nodename" => settings.node_name.clone(),
            b"engine.runid" | b"runid" => settings.run_id.clone(),
            b"engine.maxworkers" => settings.workers.to_string(),
            b"engine.minworkers" => settings.workers_at_start.to_string(),
            b"engine.addworkers" => "1".into(),
            b"engine.configname" => "yate".into(),
            b"engine.clientmode" | b"engine.supervised" => "false".into(),
            _ => return None,
        };
        Some(value.into())
    }
}
