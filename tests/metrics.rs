//! Metrics: what is shown is what happened and what `touchtone status` says, whoever looks hurts nobody, and nobody else
//! sees it.
#![allow(clippy::disallowed_methods)] // Time is real.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use common::exposition::Exposition;
use common::house::engine;
use common::process::{Daemon, PATIENCE};
use common::site::{Places, Site, until};
use touchtone::control::protocol::Status;
use touchtone::metrics::text;

const CODES: &str = r#"
[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"

[[code]]
name = "organizers-only"
keys = "*7"
state = "conference"
allow = "organizer"
operation = "lock"

[[code]]
name = "sounds"
keys = "*8"
state = "call"
operation = "set-state"
to = "menu"

[states.menu]
"#;

/// An address that nobody listens on.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn with_metrics(address: SocketAddr) -> String {
    format!("[metrics]\nlisten = \"{address}\"\n{CODES}")
}

fn site(address: SocketAddr) -> Site {
    Site::new(&with_metrics(address), engine(&[]))
}

/// Somebody who looks, and may say anything.
fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

/// What is answered to these bytes: the head and the body.
fn ask(address: SocketAddr, request: &[u8]) -> (String, String) {
    let mut stream = client(address);
    stream.write_all(request).expect("it is read");
    stream.shutdown(Shutdown::Write).expect("an end");
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("an answer");
    let said = String::from_utf8(said).expect("text");
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {said:?}"));
    (head.to_ascii_lowercase(), body.to_owned())
}

fn scrape(address: SocketAddr) -> Exposition {
    let (head, body) = ask(address, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    read(&body)
}

fn read(page: &str) -> Exposition {
    Exposition::read(page).unwrap_or_else(|problem| panic!("{problem}\n{page}"))
}

/// Waits until so many digits are counted.
fn keyed(address: SocketAddr, count: f64) {
    until(&format!("{count} digits are counted"), || {
        scrape(address).value("touchtone_digits_keyed_total", &[]) == count
    });
}

#[test]
fn what_was_keyed_is_what_is_shown_and_what_the_status_says() {
    let address = free();
    let site = site(address);
    let alice = site.enter("1001", "800", "800");
    site.key(&alice, "*65*6*6*");
    keyed(address, 8.0);
    until("operations are done", || {
        let done = [("operation", "mute-toggle"), ("result", "done")];
        scrape(address).value("touchtone_operations_total", &done) == 3.0
    });
    until("the store has answered", || !scrape(address).labels("touchtone_store_up").is_empty());
    let page = scrape(address);
    let fate = |fate| page.value("touchtone_digits_total", &[("fate", fate)]);
    assert_eq!(
        ["fired", "refused", "passed", "released", "dropped", "repeated"].map(fate),
        [6.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    );
    assert_eq!(page.value("touchtone_fires_total", &[("code", "mute")]), 3.0);
    assert_eq!(
        page.value("touchtone_fires_total", &[("code", "organizers-only")]),
        0.0,
        "a code that never fired"
    );
    assert_eq!(
        page.value("touchtone_operations_total", &[("operation", "mute-toggle"), ("result", "failed")]),
        0.0
    );
    for (name, value) in [
        ("touchtone_engine_ready", 1.0),
        ("touchtone_engine_connections_total", 1.0),
        ("touchtone_channels", 1.0),
        ("touchtone_rooms", 1.0),
        ("touchtone_legs", 1.0),
        ("touchtone_store_up", 1.0),
        ("touchtone_store_failures_total", 0.0),
    ] {
        assert_eq!(page.value(name, &[]), value, "{name}");
    }
    // Every answer was measured, the eight to digits among them.
    let answers = page.value("touchtone_answers_total", &[]);
    assert!(answers >= 8.0, "{answers}");
    assert_eq!(page.value("touchtone_answer_seconds_count", &[]), answers);
    assert!(page.value("touchtone_answer_seconds_sum", &[]) > 0.0);
    // A status is shown in the same words, and says the same.
    until("what is shown is what the status says", || {
        let status = site.status().expect("a status");
        let said = text::page(&status);
        read(&said).without("process_") == scrape(address).without("process_")
    });
    let said = site.done("status");
    for (name, value) in [("keyed", "8"), ("fired", "6"), ("dropped", "1"), ("held", "1"), ("mute", "3")] {
        let line = said.lines().find(|line| line.split_whitespace().next() == Some(name));
        let shown = line.unwrap_or_else(|| panic!("no {name} in {said}")).split_whitespace().nth(1);
        assert_eq!(shown, Some(value), "{said}");
    }
    assert!(said.contains("p99.9"), "{said}");
}

#[test]
fn what_the_system_knows_of_the_process_is_shown() {
    let address = free();
    let site = site(address);
    let page = scrape(address);
    assert!(page.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(page.value("process_cpu_seconds_total", &[]) >= 0.0);
    assert!(page.value("process_max_fds", &[]) > 10.0);
    let began = page.value("process_start_time_seconds", &[]);
    let now = jiff::Timestamp::now().as_second() as f64;
    assert!((now - 600.0..=now + 2.0).contains(&began), "{began} is not within ten minutes before {now}");
    // Somebody who stays is one more descriptor.
    let open = || scrape(address).value("process_open_fds", &[]);
    let before = open();
    let stays = client(address);
    until("another descriptor is counted", || open() > before);
    drop(stays);
    drop(site);
}

#[test]
fn who_keys_too_many_codes_reaches_a_limit_that_is_counted() {
    let address = free();
    let site = Site::new(&format!("{}[limits]\ncodes-per-second = 1\n", with_metrics(address)), engine(&[]));
    let alice = site.enter("1001", "800", "800");
    site.key(&alice, "*6*6*6*6*6*6");
    keyed(address, 12.0);
    until("all codes are done with", || {
        let page = scrape(address);
        let fate = |fate| page.value("touchtone_digits_total", &[("fate", fate)]);
        fate("refused") > 0.0 && fate("fired") + fate("refused") == 12.0
    });
    let page = scrape(address);
    let refused = page.value("touchtone_digits_total", &[("fate", "refused")]) / 2.0;
    let reached = |limit| page.value("touchtone_limits_reached_total", &[("limit", limit)]);
    assert_eq!((reached("codes-per-second"), reached("line")), (refused, 0.0));
    assert!(site.done("status").contains("codes-per-second"), "{}", site.done("status"));
}

#[test]
fn a_connection_that_is_lost_and_had_again_is_counted() {
    let address = free();
    let site = site(address);
    let alice = site.enter("1001", "800", "800");
    site.key(&alice, "5");
    keyed(address, 1.0);
    site.engine.close_connections();
    until("there is another connection", || {
        let page = scrape(address);
        page.value("touchtone_engine_connections_total", &[]) == 2.0
            && page.value("touchtone_engine_ready", &[]) == 1.0
    });
    assert_eq!(scrape(address).value("touchtone_digits_keyed_total", &[]), 1.0, "what was counted stays");
    assert!(site.done("status").contains("reconnected"), "{}", site.done("status"));
}

#[test]
fn whoever_looks_without_an_engine_sees_that_there_is_none() {
    let address = free();
    let folder = tempfile::tempdir().expect("a folder");
    let places = Places(folder.path());
    places.write(&with_metrics(address));
    let daemon = Daemon::start(&places.config(), &places.engine());
    daemon.log.wait_for(&["no connection to the engine"]);
    let page = scrape(address);
    assert_eq!(page.value("touchtone_engine_ready", &[]), 0.0);
    assert_eq!(page.value("touchtone_answer_seconds_count", &[]), 0.0);
    assert_eq!(page.labels("touchtone_store_up").len(), 0, "whether it works is not known yet");
    let said = places.run(&["status"]).done();
    assert!(said.contains("not known yet"), "{said}");
}

#[test]
fn only_a_look_at_the_metrics_shows_them() {
    let address = free();
    let _site = site(address);
    for (request, wanted) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("GET /metrics/../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b", "405"),
        ("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("GET /metrics HTTP/1.0\r\n\r\n", "200"),
        ("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
        ("GET /metrics?name[]=up HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
    ] {
        let (head, body) = ask(address, request.as_bytes());
        assert!(head.split(' ').nth(1) == Some(wanted), "{request:?}: {head}");
        assert_eq!(
            body.contains("touchtone_"),
            wanted == "200" && request.starts_with("GET"),
            "{request:?}: {body}"
        );
    }
}

#[test]
fn who_comes_by_a_name_that_leads_here_sees_nothing() {
    let address = free();
    let _site = site(address);
    let request = |host: &str| format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for host in ["localhost", "LOCALHOST:9464", "127.0.0.1", "127.8.0.1:80", "[::1]:9464"] {
        let (head, _) = ask(address, request(host).as_bytes());
        assert!(head.starts_with("http/1.1 200 "), "{host}: {head}");
    }
    for host in [
        "evil.example:9464",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.1",
        "[2001:db8::1]",
        "",
    ] {
        let (head, body) = ask(address, request(host).as_bytes());
        assert!(head.starts_with("http/1.1 403 "), "{host}: {head}");
        assert!(!body.contains("touchtone_"), "{host}: {body}");
    }
    let (head, _) = ask(address, request("localhost\r\nHost: evil.example").as_bytes());
    assert!(!head.starts_with("http/1.1 200 "), "{head}");
}

/// Says something, or nothing, and stays.
type Nuisance = fn(&mut TcpStream);

const NUISANCES: [(&str, Nuisance); 7] = [
    ("says nothing", |_| {}),
    ("says half a request", |stream| drop(stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: lo"))),
    ("says what is no request", |stream| {
        drop(stream.write_all(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\n\n\r\n\r\n"));
    }),
    ("wants another protocol", |stream| drop(stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))),
    ("has a head without end", |stream| {
        let line = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(1_000_000));
        drop(stream.write_all(line.as_bytes()));
    }),
    ("has fields without end", |stream| {
        let fields = "X-Field: x\r\n".repeat(50_000);
        drop(stream.write_all(format!("GET /metrics HTTP/1.1\r\n{fields}").as_bytes()));
    }),
    ("sends a body without end", |stream| {
        drop(stream.write_all(
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ));
    }),
];

/// Whether the other side has closed.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn whoever_looks_strangely_is_left_and_no_digit_waits_for_them() {
    let address = free();
    let site = site(address);
    let alice = site.enter("1001", "800", "800");
    // More of each than are served at a time.
    let mut strange: Vec<(&str, TcpStream)> = Vec::new();
    for _ in 0..4 {
        for (name, act) in NUISANCES {
            let mut stream = client(address);
            stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a limit");
            act(&mut stream);
            strange.push((name, stream));
        }
    }
    for round in 1..=5 {
        site.key(&alice, "*6");
        site.engine_has("the key has done its work", |sim| {
            let member = sim.room("800").and_then(|room| room.member(&alice).map(|member| member.muted));
            member == Some(round % 2 == 1)
        });
    }
    for (name, stream) in &mut strange {
        assert!(is_closed(stream), "who {name} is left");
    }
    assert_eq!(scrape(address).value("touchtone_digits_keyed_total", &[]), 10.0);
}

#[test]
fn who_looks_all_the_time_is_shown_what_was_asked_for_once() {
    let address = free();
    let site = site(address);
    let alice = site.enter("1001", "800", "800");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(scrape(address))));
        }
        site.key(&alice, "*6*6*6");
    });
    keyed(address, 6.0);
}

/// The ports on which a process listens.
fn listens(daemon: &Daemon) -> Vec<u16> {
    let folder = format!("/proc/{}", daemon.id());
    let sockets: Vec<String> = std::fs::read_dir(format!("{folder}/fd"))
        .expect("descriptors")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .collect();
    let mut ports = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(format!("{folder}/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let own = sockets.contains(&format!("socket:[{}]", fields[9]));
            if own && fields[3] == "0A" {
                let port = fields[1].rsplit_once(':').expect("a port").1;
                ports.push(u16::from_str_radix(port, 16).expect("a port"));
            }
        }
    }
    ports
}

#[test]
fn nothing_is_shown_unless_it_is_wanted() {
    let address = free();
    assert_eq!(listens(&site(address).daemon), [address.port()]);
    assert_eq!(listens(&Site::new(CODES, engine(&[])).daemon), [0; 0]);
}

#[test]
fn an_address_that_is_taken_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let places = Places(folder.path());
    places.write(&with_metrics(address));
    let mut daemon = Daemon::start(&places.config(), &places.engine());
    assert_eq!(daemon.wait().code(), Some(1));
    let said = daemon.log.rest().join("\n");
    assert!(
        said.contains(&format!("metrics cannot be shown on {address}")) && said.contains("[metrics]"),
        "{said}"
    );
}

#[test]
fn told_to_leave_it_waits_for_nobody_who_looks() {
    let address = free();
    let mut site = site(address);
    let _stays = client(address);
    let before = scrape(address);
    assert_eq!(before.value("touchtone_engine_ready", &[]), 1.0);
    site.daemon.leave();
    assert_eq!(
        TcpStream::connect(address).map_err(|error| error.kind()).err(),
        Some(ErrorKind::ConnectionRefused)
    );
}

/// A status as an engine could have it that says anything.
fn status(engine: &str) -> Status {
    serde_json::from_value(serde_json::json!({
        "version": "0.1.0", "ready": false, "engine": engine, "run": "", "channels": 0, "rooms": 0, "legs": 0,
        "unanswered": 0, "store": null, "conferences": 0
    }))
    .expect("a status of a release that counts nothing")
}

#[test]
fn what_an_engine_says_of_itself_cannot_be_taken_for_metrics() {
    for engine in ["6.4.1\"} 1\ntouchtone_channels 7\n# TYPE x gauge", "\\", "\\n\"", "a,b=\"c\"", "ü\u{7}"]
    {
        let page = read(&text::page(&status(engine)));
        let [labels] = page.labels("touchtone_build_info")[..] else { panic!("{page:?}") };
        assert_eq!(labels["engine"], engine);
        assert_eq!(page.value("touchtone_channels", &[]), 0.0);
    }
}

#[test]
fn every_metric_is_in_the_document_and_every_metric_of_the_document_is_shown() {
    let address = free();
    let site = site(address);
    let page = scrape(address);
    let shown = page.names();
    let documented: Vec<&str> = include_str!("../docs/metrics.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next())
        .collect();
    for name in &documented {
        let parts = ["", "_count"].map(|end| format!("{name}{end}"));
        assert!(parts.iter().any(|part| shown.contains(part.as_str())), "{name} is not shown");
    }
    for name in &shown {
        let whole =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(documented.contains(&whole), "{name} is not in the document");
    }
    drop(site);
}

#[test]
fn a_page_that_is_not_of_the_format_would_be_noticed() {
    let good = "# HELP a b\n# TYPE a gauge\na{x=\"1\"} 2\na 0.5\n";
    assert!(Exposition::read(good).is_ok());
    for bad in [
        "# HELP a b\n# TYPE a gauge\na 2",
        "a 2\n",
        "# TYPE a gauge\na 2\n",
        "# HELP a b\n# TYPE a gauge\nb 2\n",
        "# HELP a b\n# TYPE a gauge\na 2\na 3\n",
        "# HELP a b\n# TYPE a gauge\na{x=\"1} 2\n",
        "# HELP a b\n# TYPE a gauge\na{x=\"\\t\"} 2\n",
        "# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 2\n",
        "# HELP a b\n# TYPE a gauge\na two\n",
        "# HELP a b\n# TYPE a counter\na 2\n",
        "# HELP a_total b\n# TYPE a_total counter\na_total -2\n",
        "# HELP a b\n# TYPE a gauge\n\na 2\n",
        "# HELP a b\n# TYPE a gauge\na 2\n# HELP a b\n# TYPE a gauge\na{x=\"1\"} 2\n",
        "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_sum 1\na_count 2\n",
        "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
        "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 3\na_sum 1\na_count 2\n",
    ] {
        assert!(Exposition::read(bad).is_err(), "{bad}");
    }
}
