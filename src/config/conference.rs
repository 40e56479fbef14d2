//! The settings of the conference server: `[entry]`, `[calling]`, `[schedule]`, `[sounds]`, `[store]`,
//! `[control]` and `[metrics]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

use super::address::LONGEST_SOCKET_PATH;
use super::params::{self, Own};
use super::read::{Findings, Table};
use super::rooms;
use super::schema::{CALLING, CONTROL, ENTRY, METRICS, SCHEDULE, SOUNDS, STORE};
use super::templates::{self, Scope};
use super::{Calling, Control, Entry, Schedule, Sounds};

/// What of a call that goes out touchtone says itself.
const OWN: [Own; 9] = [
    ("id", None),
    ("callto", None),
    ("target", None),
    ("copyparams", None),
    ("utility", None),
    ("direct", Some("direct")),
    ("caller", Some("caller")),
    ("timeout", Some("ring")),
    ("maxcall", Some("ring")),
];

pub(super) fn entry(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Entry {
    let table = root.table("entry", &ENTRY, found);
    let (wait, longest) = (table.duration("wait", found), table.duration("longest-wait", found));
    if wait > longest {
        let message = "the first wait after a wrong PIN is longer than the longest";
        let span = table.span_of("wait").or(table.span_of("longest-wait")).unwrap_or(table.span.clone());
        let help = "write the shorter time as `wait`, and the longer as `longest-wait`";
        found.push(found.error("out-of-range", message, span).help(help));
    }
    Entry { tries: u32::try_from(table.integer("tries", found)).unwrap_or(u32::MAX), wait, longest }
}

pub(super) fn calling(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Option<Calling> {
    let table = root.table("calling", &CALLING, found);
    let direct = table.text("direct", found).map(|text| templates::resource(&text, &Scope::Calling, found));
    let caller = match table.text("caller", found) {
        Some(text) => templates::read(&text, &Scope::Calling, found),
        None => CALLING.key("caller").and_then(|key| key.default?.parse().ok()),
    };
    let ring = table.duration("ring", found);
    let per_minute = u32::try_from(table.integer("per-minute", found)).unwrap_or(u32::MAX);
    let params = params::engine(&table, &OWN, found);
    let direct = match direct {
        Some(direct) => Some(direct?),
        None => None,
    };
    Some(Calling { direct, caller: caller?, ring, per_minute, params })
}

pub(super) fn schedule(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Schedule {
    let table = root.table("schedule", &SCHEDULE, found);
    let ends = table.boolean("ends", found);
    let warn_before = table.duration_or_none("warn-before", found);
    if let (false, Some(_), Some(span)) = (ends, warn_before, table.span_of("warn-before")) {
        let message = "the end is said in the room before it, and no room is ended";
        let warning = Diagnostic::warning("no-effect", message, found.place(span));
        found.push(warning.help("remove it, or `ends = false`"));
    }
    Schedule {
        early: table.duration("early", found),
        retries: u32::try_from(table.integer("retries", found)).unwrap_or(u32::MAX),
        retry_after: table.duration("retry-after", found),
        ends,
        warn_before,
    }
}

pub(super) fn sounds(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Sounds {
    let table = root.table("sounds", &SOUNDS, found);
    let dir = table.text("dir", found).filter(|dir| {
        let whole = dir.value.starts_with('/') && !dir.value.contains('\0');
        if !whole {
            let message = format!("{:?} is no directory from `/` on", dir.value);
            let help =
                "write the whole path as the engine's machine has it, as \"/usr/share/touchtone/sounds\"";
            found.push(found.error("bad-path", message, dir.span.clone()).help(help));
        }
        whole
    });
    let language = rooms::language(&table, found).map(|text| text.value);
    let default = || SOUNDS.key("language").and_then(|key| key.default).unwrap_or_default().to_owned();
    Sounds { dir: dir.map(|text| text.value), language: language.unwrap_or_else(default) }
}

/// The file of the store, which is relative to the configuration's own.
pub(super) fn store(root: &Table<'_, '_>, config: &Path, found: &mut Findings<'_>) -> Option<PathBuf> {
    root.span_of("store")?;
    path(&root.table("store", &STORE, found), "file", config, found)
}

/// The socket for commands, which is relative to the configuration's own.
pub(super) fn control(root: &Table<'_, '_>, config: &Path, found: &mut Findings<'_>) -> Option<Control> {
    root.span_of("control")?;
    let table = root.table("control", &CONTROL, found);
    let socket = path(&table, "socket", config, found);
    let mode = mode(&table, found);
    let socket = socket?;
    if socket.as_os_str().len() > LONGEST_SOCKET_PATH
        && let Some(span) = table.span_of("socket")
    {
        let message = format!("the path of a socket has at most {LONGEST_SOCKET_PATH} bytes");
        found
            .push(found.error("bad-path", message, span).help("put it into a directory with a shorter name"));
    }
    Some(Control { socket, mode })
}

/// Where metrics are shown. Nobody is asked there who they are, so only this machine may see it.
pub(super) fn metrics(root: &Table<'_, '_>, found: &mut Findings<'_>) -> Option<SocketAddr> {
    root.span_of("metrics")?;
    let table = root.table("metrics", &METRICS, found);
    let text = table.text("listen", found)?;
    let refuse = |why: &str, help: &str| {
        let message = format!("`listen` cannot be {:?}: {why}", text.value);
        found.error("bad-address", message, text.span.clone()).help(help)
    };
    let refusal = match text.value.parse::<SocketAddr>() {
        Ok(address) if address.port() == 0 => {
            refuse("0 is no port", "write a number from 1 to 65535, as `listen = \"127.0.0.1:9464\"`")
        }
        Ok(address) if address.ip().to_canonical().is_loopback() => return Some(address),
        Ok(_) => refuse(
            "others than this machine would see what is shown, and nobody is asked there who they are",
            "write `listen = \"127.0.0.1:9464\"`; for other machines, put a web server before it that asks",
        ),
        Err(_) => refuse(
            "it is no address in numbers with a port",
            "write `listen = \"127.0.0.1:9464\"` or `listen = \"[::1]:9464\"`",
        ),
    };
    found.push(refusal);
    None
}

/// The path of a file, relative to that of the configuration.
fn path(table: &Table<'_, '_>, key: &str, config: &Path, found: &mut Findings<'_>) -> Option<PathBuf> {
    let text = table.text(key, found)?;
    if text.value.is_empty() || text.value.ends_with('/') || text.value.contains('\0') {
        let message = format!("{:?} is no path of a file", text.value);
        let example = table.section.key(key).map_or("", |key| key.example);
        let help = format!("write `{key} = {example}`");
        found.push(found.error("bad-path", message, text.span).help(help));
        return None;
    }
    Some(config.parent().unwrap_or(Path::new("")).join(text.value))
}

/// Who may use the socket. Who may do anything with it may command everything.
fn mode(table: &Table<'_, '_>, found: &mut Findings<'_>) -> u32 {
    let default =
        || CONTROL.key("mode").and_then(|key| u32::from_str_radix(key.default?, 8).ok()).unwrap_or(0);
    let Some(text) = table.text("mode", found) else { return default() };
    let octal = !text.value.is_empty() && text.value.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let mode = u32::from_str_radix(&text.value, 8).ok().filter(|mode| octal && *mode <= 0o777);
    let Some(mode) = mode else {
        let message = format!("{:?} is no mode of a file", text.value);
        let help = "write it in octal digits: \"0600\" is for the owner alone, \"0660\" for the group too";
        found.push(found.error("bad-mode", message, text.span).help(help));
        return default();
    };
    if mode & 0o002 != 0 {
        let message = "everybody on this machine may command the conferences";
        let warning = Diagnostic::warning("open-control", message, found.place(text.span));
        found.push(warning.help("write \"0600\" for the owner alone, or \"0660\" for the group too"));
    }
    mode
}
