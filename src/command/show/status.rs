//! How the daemon is.

use anstyle::Style;
use comfy_table::{Attribute, Cell, Color};
use jiff::SignedDuration;

use super::{Paper, colored};
use crate::command::terminal::plain;
use crate::control::figures::{Digits, Figures, Latency};
use crate::control::protocol::Status;

/// The parts of all answers of which it is said how long they took at most.
const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

type Rows = Vec<Vec<Cell>>;

/// How the daemon is, for people.
pub(in crate::command) fn text(paper: &Paper, is: &Status) -> String {
    let version = plain(&is.version);
    let title = match running(is.figures.up) {
        Some(up) => format!("touchtone {version}, running for {up}"),
        None => format!("touchtone {version}"),
    };
    let title = paper.text(0, &title, Style::new().bold());
    let groups = [state(is), there(is), waiting(is), digits(&is.figures), answers(&is.figures)];
    let mut rows: Rows = Vec::new();
    for (name, group) in
        groups.into_iter().chain([fires(&is.figures), operations(&is.figures), limits(&is.figures)])
    {
        if group.is_empty() {
            continue;
        }
        if !name.is_empty() {
            rows.push(vec![Cell::new(" ")]);
            rows.push(vec![Cell::new(name).add_attribute(Attribute::Bold)]);
        }
        rows.extend(group);
    }
    format!("{title}\n{}", paper.table(&[], &[0], rows))
}

fn row(name: &str, says: impl ToString) -> Vec<Cell> {
    vec![Cell::new(plain(name)), Cell::new(says)]
}

fn state(is: &Status) -> (&'static str, Rows) {
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
        None if is.store_untried => ("not known yet: nothing was asked of it", Color::Reset),
        None => ("none", Color::Reset),
    };
    let mut rows = vec![vec![Cell::new("engine"), colored(ready, color)]];
    if is.figures.connections > 1 {
        rows.push(row("reconnected", times(is.figures.connections - 1)));
    }
    rows.push(vec![Cell::new("store"), colored(store, store_color)]);
    if is.figures.store_failures > 0 {
        rows.push(row("store failed", times(is.figures.store_failures)));
    }
    ("", rows)
}

fn there(is: &Status) -> (&'static str, Rows) {
    let rows = vec![
        row("rooms", is.rooms),
        row("talkers", is.figures.talkers),
        row("conferences", is.conferences),
        row("channels", is.channels),
        row("legs", is.legs),
        row("calls out", is.figures.calls_out),
    ];
    ("there are", rows)
}

fn waiting(is: &Status) -> (&'static str, Rows) {
    let waiting = is.figures.waiting;
    let rows = vec![
        row("unanswered", is.unanswered),
        row("unread bytes", waiting.bytes),
        row("operations", waiting.operations),
        row("for the store", waiting.store),
        row("commands", waiting.control),
    ];
    ("waiting", rows)
}

fn digits(figures: &Figures) -> (&'static str, Rows) {
    let Digits { keyed, fired, refused, passed, released, dropped, repeated } = figures.digits;
    let ended = fired + refused + passed + released + dropped + repeated;
    let rows = vec![
        row("keyed", keyed),
        row("fired", fired),
        row("refused", refused),
        row("passed", passed),
        row("released", released),
        row("dropped", dropped),
        row("repeated", repeated),
        row("held", keyed.saturating_sub(ended)),
        row("behind", figures.behind),
    ];
    ("digits", rows)
}

fn answers(figures: &Figures) -> (&'static str, Rows) {
    let Figures { answers, latency, .. } = figures;
    let quantiles = SHARES.into_iter().filter_map(|(name, share)| {
        Some(row(name, format!("about {}", took(latency, latency.quantile(share)?))))
    });
    ("answers", [row("answered", answers)].into_iter().chain(quantiles).collect())
}

fn fires(figures: &Figures) -> (&'static str, Rows) {
    ("codes fired", figures.fires.iter().map(|(code, fires)| row(code, fires)).collect())
}

fn operations(figures: &Figures) -> (&'static str, Rows) {
    let ended = figures.operations.iter().map(|(operation, ends)| {
        let failed = if ends.failed > 0 { format!(", {} failed", ends.failed) } else { String::new() };
        row(operation, format!("{} done{failed}", ends.done))
    });
    ("operations", ended.collect())
}

/// Those limits that were reached.
fn limits(figures: &Figures) -> (&'static str, Rows) {
    let lost = Some(("log lines lost", figures.log_lines_lost));
    let reached = figures.limits.iter().map(|(limit, &times)| (limit.as_str(), times)).chain(lost);
    let rows = reached.filter(|&(_, count)| count > 0).map(|(limit, count)| row(limit, times(count)));
    ("limits reached", rows.collect())
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// How long the daemon has been running, as `3h 20m 5s`; `None` if it does not say, or has just begun.
fn running(seconds: f64) -> Option<String> {
    let up = SignedDuration::try_from_secs_f64(seconds.floor()).ok().filter(SignedDuration::is_positive)?;
    Some(format!("{up:#}"))
}

/// A time of a latency, as people say it.
fn took(latency: &Latency, seconds: f64) -> String {
    match seconds {
        longer if longer.is_infinite() => {
            let longest = latency.buckets.last().map_or(0.0, |bucket| bucket.le);
            format!("more than {longest} s")
        }
        short if short < 1e-3 => format!("{:.0} µs", short * 1e6),
        short if short < 1.0 => format!("{:.1} ms", short * 1e3),
        long => format!("{long:.1} s"),
    }
}
