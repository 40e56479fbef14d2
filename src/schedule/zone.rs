//! Time zones by name.

use jiff::tz::{self, TimeZone};

use super::windows;
use crate::suggest;

/// The zone of a name of the IANA database; upper and lower case are the same.
///
/// # Errors
/// That there is none, and which name was probably meant.
pub(crate) fn find(name: &str) -> Result<TimeZone, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err("there is no time zone: say one, as Europe/Bucharest".to_owned());
    }
    match TimeZone::get(name) {
        Ok(zone) if zone.iana_name().is_some_and(|name| name != "Etc/Unknown") => Ok(zone),
        _ => Err(unknown(name)),
    }
}

/// The zone that a calendar means: by its IANA name, also at the end of a longer one as `/example.org/Europe/Rome`, or
/// by the name that it has on Windows.
pub(super) fn of_calendar(name: &str) -> Result<TimeZone, String> {
    let name = name.trim().trim_matches('"');
    let found = find(name).or_else(|unknown| {
        let starts = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
        let inner = starts.filter(|end| end.contains('/')).find_map(|end| find(end).ok());
        inner.ok_or(unknown)
    });
    found.or_else(|unknown| windows::iana(name).map_or(Err(unknown), find))
}

/// The name of a zone that was found.
pub(super) fn name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn unknown(name: &str) -> String {
    if let Some(iana) = windows::iana(name) {
        return format!("\"{name}\" is what Windows calls a time zone: say {iana}");
    }
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    let names = || names.iter().map(String::as_str);
    let city = |zone: &'_ str| zone.rsplit('/').next().unwrap_or(zone).to_ascii_lowercase();
    let wanted = city(name);
    let same_city = names().find(|zone| city(zone) == wanted);
    match same_city.or_else(|| suggest::nearest(name, names())) {
        Some(meant) => format!("there is no time zone \"{name}\", did you mean {meant}?"),
        None => format!("there is no time zone \"{name}\": say an IANA name, as Europe/Bucharest or UTC"),
    }
}
