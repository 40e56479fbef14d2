//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

use crate::config::schema::OPERATIONS;
use crate::control::figures::{Digits, Ends, Figures, Latency, Waiting};
use crate::control::protocol::Status;

/// What the format is called in HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of metrics. Each name stands on it once, with all of its values.
#[derive(Debug, Default)]
pub(super) struct Page(String);

/// The labels of a value: names and what they say.
type Labels<'l> = &'l [(&'l str, &'l str)];

impl Page {
    /// What goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.value(name, &[], value);
    }

    /// What only goes up.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "counter");
        self.value(name, &[], value);
    }

    /// How long things took.
    fn histogram(&mut self, name: &str, help: &str, latency: &Latency) {
        self.head(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        for at in &latency.buckets {
            self.value(&bucket, &[("le", &at.le.to_string())], at.count);
        }
        self.value(&bucket, &[("le", "+Inf")], latency.count);
        self.value(&format!("{name}_sum"), &[], latency.sum);
        self.value(&format!("{name}_count"), &[], latency.count);
    }

    /// What stands before the values of a name.
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn value(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(label, says)| format!("{label}=\"{}\"", escaped(says))).collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A String takes whatever is written.
        writeln!(self.0, "{line}").ok();
    }
}

/// How a label says it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// All that a daemon tells of itself, and the system of its process.
#[must_use]
pub fn page(is: &Status) -> String {
    let mut page = Page::default();
    state(&mut page, is);
    digits(&mut page, &is.figures);
    operations(&mut page, &is.figures);
    let Figures { answers, latency, .. } = &is.figures;
    page.counter("touchtone_answers_total", "Messages of the engine's that were answered.", answers);
    page.histogram(
        "touchtone_answer_seconds",
        "How long the engine waited for answers, from the read of a message to the write of its answer.",
        latency,
    );
    waiting(&mut page, is);
    let name = "touchtone_limits_reached_total";
    page.head(name, "How often limits were reached.", "counter");
    for (limit, times) in &is.figures.limits {
        page.value(name, &[("limit", limit)], times);
    }
    page.counter(
        "touchtone_log_lines_lost_total",
        "Lines that were lost because nobody read the log in time.",
        is.figures.log_lines_lost,
    );
    super::process::add(&mut page);
    page.0
}

fn state(page: &mut Page, is: &Status) {
    page.head("touchtone_build_info", "The release of touchtone, and the engine's as it told it.", "gauge");
    page.value("touchtone_build_info", &[("version", &is.version), ("engine", &is.engine)], 1);
    page.gauge(
        "touchtone_engine_ready",
        "1 if there is an engine and its account is in, else 0.",
        u8::from(is.ready),
    );
    page.counter(
        "touchtone_engine_connections_total",
        "Connections to an engine that there were.",
        is.figures.connections,
    );
    page.gauge("touchtone_channels", "Channels that are known.", is.channels);
    page.gauge("touchtone_rooms", "Rooms that are known.", is.rooms);
    page.gauge("touchtone_legs", "Conference legs that are known, touchtone's own too.", is.legs);
    page.gauge("touchtone_talkers", "Who is talking, in all rooms together.", is.figures.talkers);
    page.gauge(
        "touchtone_conferences",
        "Conferences on record that are being held, or soon will be.",
        is.conferences,
    );
    page.gauge("touchtone_calls_out", "Calls out that are under way.", is.figures.calls_out);
    if let Some(store) = is.store {
        page.gauge("touchtone_store_up", "1 if what is to last is written, else 0.", u8::from(store));
    }
    page.counter(
        "touchtone_store_failures_total",
        "What the store was asked and did not do, though it should have.",
        is.figures.store_failures,
    );
}

fn digits(page: &mut Page, figures: &Figures) {
    let Digits { keyed, fired, refused, passed, released, dropped, repeated } = figures.digits;
    page.counter("touchtone_digits_keyed_total", "Digits that the engine told of.", keyed);
    let name = "touchtone_digits_total";
    page.head(name, "What became of digits; those that are held are in none yet.", "counter");
    for (fate, count) in [
        ("fired", fired),
        ("refused", refused),
        ("passed", passed),
        ("released", released),
        ("dropped", dropped),
        ("repeated", repeated),
    ] {
        page.value(name, &[("fate", fate)], count);
    }
    page.counter(
        "touchtone_digits_behind_total",
        "Digits in which no code was looked for, because the engine may have given up waiting for them.",
        figures.behind,
    );
    let name = "touchtone_fires_total";
    page.head(name, "How often codes fired.", "counter");
    for (code, fires) in &figures.fires {
        page.value(name, &[("code", code)], fires);
    }
}

fn operations(page: &mut Page, figures: &Figures) {
    let name = "touchtone_operations_total";
    page.head(name, "How operations ended.", "counter");
    for operation in OPERATIONS {
        let Ends { done, failed } = figures.operations.get(operation.name).copied().unwrap_or_default();
        for (result, count) in [("done", done), ("failed", failed)] {
            page.value(name, &[("operation", operation.name), ("result", result)], count);
        }
    }
}

fn waiting(page: &mut Page, is: &Status) {
    let Waiting { operations, bytes, store, control } = is.figures.waiting;
    page.gauge(
        "touchtone_engine_unanswered",
        "Messages to the engine that it has not answered.",
        is.unanswered,
    );
    page.gauge("touchtone_engine_unread_bytes", "Bytes that the engine has not read yet.", bytes);
    page.gauge("touchtone_operations_waiting", "Operations that wait for others to end.", operations);
    page.gauge("touchtone_store_waiting", "Questions that the store has not answered.", store);
    page.gauge("touchtone_control_waiting", "Requests on the control socket that are not answered.", control);
}
