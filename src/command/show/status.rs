//! How the daemon is.

use anstyle::Style;
use comfy_table::{Cell, Color};

use super::{Paper, colored};
use crate::command::terminal::plain;
use crate::control::protocol::Status;

/// How the daemon is, for people.
pub(in crate::command) fn text(paper: &Paper, is: &Status) -> String {
    let engine = match (is.engine.as_str(), is.run.as_str()) {
        ("", _) => "the engine".to_owned(),
        (engine, "") => format!("engine {}", plain(engine)),
        (engine, run) => format!("engine {}, run {}", plain(engine), plain(run)),
    };
    let (ready, color) = match is.ready {
        true => (format!("connected to {engine}"), Color::Green),
        false => ("not connected to an engine, or its account is not in yet".to_owned(), Color::Red),
    };
    let (store, store_color) = match is.store {
        Some(true) => ("is written", Color::Green),
        Some(false) => ("cannot be written; the log says why", Color::Red),
        None => ("none", Color::Reset),
    };
    let number = |name: &str, number: usize| vec![Cell::new(name), Cell::new(number)];
    let rows = vec![
        vec![Cell::new("engine"), colored(ready, color)],
        number("rooms", is.rooms),
        number("conferences", is.conferences),
        number("channels", is.channels),
        number("legs", is.legs),
        number("unanswered", is.unanswered),
        vec![Cell::new("store"), colored(store, store_color)],
    ];
    let title = paper.text(0, &format!("touchtone {}", plain(&is.version)), Style::new().bold());
    format!("{title}\n{}", paper.table(&[], &[0], rows))
}
