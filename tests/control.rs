//! The control socket: who may use it, and that nobody who does can hurt the daemon or another.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::control::{fake, fake_at};
use touchtone::assist::Limit;
use touchtone::config::{Bounds, Control};
use touchtone::control::client::{Client, PATIENCE, Problem};
use touchtone::control::figures::Figures;
use touchtone::control::protocol::{
    Answer, Command, MAX_LINE, Outcome, RefusalCode, Request, Response, Switch, VERSION,
};
use touchtone::control::{BindProblem, Server};

/// A client that may say anything.
struct Raw(BufReader<UnixStream>);

impl Raw {
    fn new(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a limit");
        Raw(BufReader::new(stream))
    }

    fn say(&mut self, text: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(text.as_ref()).expect("it is read");
    }

    fn hear(&mut self) -> Response {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn refusal(&mut self) -> (RefusalCode, String) {
        match self.hear().outcome {
            Outcome::Error(refusal) => (refusal.code, refusal.message),
            Outcome::Ok(answer) => panic!("{:.200}", format!("{answer:?}")),
        }
    }

    fn is_closed(&mut self) -> bool {
        // What was said and not read any more makes it a reset, and that is as closed as the end.
        match self.0.read_to_end(&mut Vec::new()) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn is_served(&mut self) -> bool {
        self.say(lock("800", 99));
        done(&self.hear()) == "800"
    }
}

fn lock(room: &str, id: u64) -> String {
    format!("{{\"v\":1,\"id\":{id},\"command\":\"lock\",\"room\":\"{room}\",\"to\":\"on\"}}\n")
}

fn done(response: &Response) -> &str {
    match &response.outcome {
        Outcome::Ok(Answer::Done(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[allow(clippy::disallowed_methods)] // What is waited for happens in another thread.
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

/// What a daemon does that answers with the room.
fn echo(command: &Command) -> Option<Outcome> {
    match command {
        Command::Lock { room, .. } => Some(Outcome::Ok(Answer::Done(room.clone()))),
        Command::End { .. } => None,
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("a file").permissions().mode() & 0o777
}

fn bind(socket: &Path, mode: u32) -> Result<Server, BindProblem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Server::bind(&Control { socket: socket.to_owned(), mode }, &Bounds::default()))
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("touchtone.sock");
    (folder, path)
}

#[test]
fn the_socket_is_its_owners_alone_and_is_gone_after_a_clean_end_with_all_that_was_beside_it() {
    for wanted in [0o600, 0o660, 0o666, 0o200] {
        let (folder, path) = folder();
        let server = bind(&path, wanted).expect("a socket");
        assert_eq!(mode(&path), wanted);
        let there: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(there.len(), 1, "{there:?}");
        drop(server);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}

#[test]
fn a_request_is_answered_and_many_in_one_breath_are_answered_in_order() {
    let daemon = fake(echo);
    let mut client = Raw::new(&daemon.path);
    let all: String = (0..500).map(|id| lock(&format!("room{id}"), id)).collect();
    client.say(all);
    for id in 0..500 {
        let response = client.hear();
        assert_eq!((response.v, response.id), (VERSION, Some(id)));
        assert_eq!(done(&response), format!("room{id}"));
    }
}

#[test]
fn many_clients_at_once_get_their_own_answers() {
    let daemon = fake(echo);
    std::thread::scope(|scope| {
        for client in 0..16 {
            let path = &daemon.path;
            scope.spawn(move || {
                let mut connection = Client::connect(path, PATIENCE).expect("a connection");
                for number in 0..50 {
                    let room = format!("{client}-{number}");
                    let to = Switch::Off;
                    let outcome = connection.ask(Command::Lock { room: room.clone(), to });
                    assert_eq!(outcome.expect("an answer"), Outcome::Ok(Answer::Done(room)));
                }
            });
        }
    });
}

#[test]
fn one_client_too_many_is_told_so_and_gets_in_when_another_has_gone() {
    let daemon = fake(echo);
    let mut clients: Vec<Raw> =
        (0..Bounds::default().control_clients).map(|_| Raw::new(&daemon.path)).collect();
    assert!(clients.iter_mut().all(Raw::is_served));
    let mut late = Raw::new(&daemon.path);
    assert_eq!(late.refusal().0, RefusalCode::Busy);
    assert!(late.is_closed());
    let refused = Client::connect(&daemon.path, PATIENCE).expect("a connection").ask(Command::Status);
    assert!(matches!(refused, Ok(Outcome::Error(refusal)) if refusal.code == RefusalCode::Busy));
    clients.pop();
    let served = (0..200).any(|_| {
        pause();
        let mut next = Raw::new(&daemon.path);
        next.0.get_mut().write_all(lock("800", 1).as_bytes()).is_ok()
            && matches!(next.hear().outcome, Outcome::Ok(_))
    });
    assert!(served, "the place is free again");
    assert!(clients.iter_mut().all(Raw::is_served));
}

#[test]
fn as_many_clients_are_served_as_the_configuration_says_and_those_turned_away_are_counted() {
    let (_folder, path) = folder();
    let bounds = Bounds { control_clients: 2, ..Bounds::default() };
    let control = Control { socket: path.clone(), mode: 0o600 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = runtime.block_on(Server::bind(&control, &bounds)).expect("a socket");
    let _served: Vec<Raw> = (0..2).map(|_| Raw::new(&path)).collect();
    let mut late = Raw::new(&path);
    let (code, message) = late.refusal();
    assert_eq!(code, RefusalCode::Busy);
    assert!(message.starts_with("2 clients are connected already"), "{message}");
    assert!(late.is_closed());
    assert_eq!(server.take_refused(), [(Limit::ControlClients, 1), (Limit::ControlRequests, 0)]);
    assert_eq!(server.take_refused(), [(Limit::ControlClients, 0), (Limit::ControlRequests, 0)]);
}

#[test]
fn garbage_is_answered_with_what_is_wrong_and_the_connection_goes_on() {
    let daemon = fake(echo);
    let mut client = Raw::new(&daemon.path);
    for garbage in
        ["GET / HTTP/1.1\n", "\0\u{1}\u{2}\n", "{}\n", "[]\n", "\"status\"\n", "{\"v\":1}\n", "nul\n"]
    {
        client.say(garbage);
        assert_eq!(client.refusal().0, RefusalCode::BadRequest, "{garbage:?}");
    }
    client.say([0xff, 0xfe, b'\n']);
    assert_eq!(client.refusal().0, RefusalCode::BadRequest);
    client.say(format!("{}\n", "[".repeat(100_000)));
    assert_eq!(client.refusal().0, RefusalCode::BadRequest, "nor is its depth a danger");
    client.say("{\"v\":1,\"id\":5,\"command\":\"lokc\",\"room\":\"800\",\"to\":\"on\"}\n");
    let response = client.hear();
    assert_eq!(response.id, Some(5));
    assert!(
        matches!(response.outcome, Outcome::Error(refusal) if refusal.message.contains("did you mean lock"))
    );
    client.say("\n\r\n  \n");
    assert!(client.is_served(), "empty lines are nothing");
}

#[test]
fn another_version_is_refused_by_its_number() {
    let daemon = fake(echo);
    let mut client = Raw::new(&daemon.path);
    client.say("{\"v\":2,\"id\":1,\"command\":\"status\"}\n");
    assert_eq!(
        client.refusal(),
        (RefusalCode::BadRequest, "v: version 2 is not spoken here, but 1".to_owned())
    );
    assert!(client.is_served());
}

#[test]
fn a_line_may_come_in_pieces_and_the_last_one_without_its_end() {
    let daemon = fake(echo);
    let mut slow = Raw::new(&daemon.path);
    let mut other = Raw::new(&daemon.path);
    for byte in lock("800", 1).bytes() {
        slow.say([byte]);
    }
    assert_eq!(done(&slow.hear()), "800");
    slow.say("{\"v\":1,");
    assert!(other.is_served(), "half a line of one client does not keep another waiting");
    slow.say(lock("801", 2)[7..].trim_end());
    slow.0.get_ref().shutdown(std::net::Shutdown::Write).expect("the end");
    assert_eq!(done(&slow.hear()), "801");
    assert!(slow.is_closed());
}

#[test]
fn a_line_as_long_as_may_be_is_read_and_a_longer_one_ends_the_connection() {
    let daemon = fake(echo);
    let mut client = Raw::new(&daemon.path);
    let rest = lock("", 1).trim_end().len();
    let room = "8".repeat(MAX_LINE - rest);
    client.say(lock(&room, 1));
    assert!(done(&client.hear()) == room, "all of it");

    let mut giant = Raw::new(&daemon.path);
    // It may be closed before all of it is written.
    let written = giant.0.get_mut().write_all(&vec![b'8'; 4 * MAX_LINE]);
    assert!(written.is_err(), "no more is read than shows that it is too long");
    let (code, message) = giant.refusal();
    assert_eq!(code, RefusalCode::BadRequest);
    assert!(message.contains("1048576 bytes"), "{message}");
    assert!(giant.is_closed());
    assert!(client.is_served(), "others go on");
}

#[test]
fn an_answer_that_is_longer_than_a_line_may_be_is_replaced_by_the_way_out() {
    let daemon = fake(|_| Some(Outcome::Ok(Answer::Done("8".repeat(MAX_LINE)))));
    let mut client = Raw::new(&daemon.path);
    client.say(lock("800", 1));
    let (code, message) = client.refusal();
    assert_eq!(code, RefusalCode::Refused);
    assert!(message.contains("ask for less"), "{message}");
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let daemon = fake(echo);
    let mut deaf = UnixStream::connect(&daemon.path).expect("a connection");
    deaf.set_write_timeout(Some(Duration::from_millis(500))).expect("a limit");
    let large = lock(&"8".repeat(100_000), 1);
    let mut taken = 0;
    while taken < 1000 && deaf.write_all(large.as_bytes()).is_ok() {
        taken += 1;
    }
    assert!(taken < 100, "it takes no more of a client that does not read: {taken}");
    let mut other = Raw::new(&daemon.path);
    assert!((0..100).all(|_| other.is_served()));
}

#[test]
fn a_connection_that_is_cut_before_the_answer_hurts_nobody() {
    let daemon = fake(echo);
    for _ in 0..200 {
        let mut client = Raw::new(&daemon.path);
        client.say(lock("800", 1));
        drop(client);
        let mut half = Raw::new(&daemon.path);
        half.say("{\"v\":1,\"comm");
        drop(half);
    }
    // It may take a moment to see that all of them are gone.
    let served = || {
        pause();
        let mut client = Raw::new(&daemon.path);
        client.say(lock("800", 99));
        matches!(client.hear().outcome, Outcome::Ok(_))
    };
    assert!((0..100).any(|_| served()));
}

#[test]
fn what_the_daemon_has_no_time_for_is_told_to_be_too_much() {
    let (_folder, path) = folder();
    let server = bind(&path, 0o600).expect("a socket"); // nobody asks it what is asked
    let mut clients: Vec<Raw> = (0..Bounds::default().control_clients).map(|_| Raw::new(&path)).collect();
    for client in &mut clients {
        client.say(lock("800", 1));
    }
    let mut refused = 0;
    for _ in 0..200 {
        pause();
        for client in &mut clients {
            client.0.get_ref().set_nonblocking(true).expect("a mode");
            let mut line = String::new();
            if client.0.read_line(&mut line).is_ok() {
                assert!(line.contains("\"busy\""), "{line}");
                refused += 1;
            }
        }
    }
    let Bounds { control_clients, control_requests, .. } = Bounds::default();
    assert_eq!(refused, control_clients - control_requests, "the others wait");
    let turned = u64::try_from(refused).expect("a count");
    assert_eq!(server.take_refused(), [(Limit::ControlClients, 0), (Limit::ControlRequests, turned)]);
}

#[test]
fn an_answer_to_nobody_is_nothing_and_waiting_for_a_request_can_be_given_up() {
    let (_folder, path) = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let control = Control { socket: path.clone(), mode: 0o600 };
        let mut server = Server::bind(&control, &Bounds::default()).await.expect("a socket");
        server.respond(17, Outcome::Ok(Answer::Done("nobody".to_owned())));
        let asking = std::thread::spawn(move || {
            let mut client = Raw::new(&path);
            client.say((0..50).map(|id| lock(&id.to_string(), id)).collect::<String>());
            (0..50).map(|_| done(&client.hear()).to_owned()).collect::<Vec<_>>()
        });
        let mut answered = 0;
        while answered < 50 {
            // Given up again and again, as in a loop that has other things to do.
            tokio::select! {
                biased;
                (number, command) = server.next() => {
                    server.respond(number, echo(&command).expect("an answer"));
                    server.respond(number, Outcome::Ok(Answer::Done("twice".to_owned())));
                    answered += 1;
                }
                () = tokio::task::yield_now() => {}
            }
        }
        let heard = asking.join().expect("answers");
        assert_eq!(heard, (0..50).map(|id| id.to_string()).collect::<Vec<_>>());
    });
}

#[test]
fn a_daemon_that_leaves_says_so_to_those_who_wait() {
    let daemon = fake(echo);
    let mut waiting = Raw::new(&daemon.path);
    let mut idle = Raw::new(&daemon.path);
    waiting.say("{\"v\":1,\"id\":1,\"command\":\"end\",\"room\":\"800\"}\n");
    daemon.has_been_asked();
    let path = daemon.path.clone();
    let folder = daemon.leave();
    assert_eq!(waiting.refusal(), (RefusalCode::Refused, "touchtone is leaving".to_owned()));
    assert!(waiting.is_closed() && idle.is_closed());
    assert!(!path.exists());
    drop(folder);
}

#[test]
fn a_socket_that_a_dead_daemon_left_is_replaced() {
    let (_folder, path) = folder();
    drop(UnixListener::bind(&path).expect("a socket"));
    assert!(std::fs::symlink_metadata(&path).expect("it is left").file_type().is_socket());
    let daemon = fake_at(&path, echo);
    assert_eq!(mode(&path), 0o600);
    assert!(Raw::new(&path).is_served());
    drop(daemon);
}

#[test]
fn a_socket_on_which_somebody_listens_is_left_to_them() {
    let daemon = fake(echo);
    let problem = bind(&daemon.path, 0o600).expect_err("it is taken");
    assert!(matches!(&problem, BindProblem::Taken(path) if *path == daemon.path), "{problem:?}");
    assert!(problem.to_string().starts_with("another touchtone runs: it listens on "), "{problem}");
    assert!(Raw::new(&daemon.path).is_served());
}

#[test]
fn of_many_that_start_at_once_one_gets_the_socket() {
    let (_folder, path) = folder();
    drop(UnixListener::bind(&path).expect("a socket that is left"));
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || bind(&path, 0o600))
        })
        .collect();
    let started: Vec<_> = starting.into_iter().map(|one| one.join().expect("an outcome")).collect();
    assert_eq!(started.iter().filter(|one| one.is_ok()).count(), 1, "{started:?}");
    assert!(UnixStream::connect(&path).is_ok());
}

#[test]
fn what_is_no_socket_is_never_removed() {
    let (folder, path) = folder();
    std::fs::write(&path, "precious").expect("a file");
    let problem = bind(&path, 0o600).expect_err("it is no socket");
    assert!(matches!(problem, BindProblem::NoSocket(_)), "{problem}");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "precious");
    let link = folder.path().join("link.sock");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    assert!(matches!(bind(&link, 0o600), Err(BindProblem::NoSocket(_))));
    assert!(matches!(bind(folder.path(), 0o600), Err(BindProblem::NoSocket(_))));
    let nowhere = bind(&folder.path().join("no/such.sock"), 0o600).expect_err("no folder");
    assert!(nowhere.to_string().contains("No such file"), "{nowhere}");
}

#[test]
fn a_daemon_does_not_remove_what_another_put_in_its_place() {
    let (_folder, path) = folder();
    let first = bind(&path, 0o600).expect("a socket");
    std::fs::remove_file(&path).expect("somebody tidies up");
    let second = bind(&path, 0o600).expect("another");
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

#[test]
fn a_client_is_told_what_is_the_matter() {
    let (_folder, path) = folder();
    let problem = Client::connect(&path, PATIENCE).expect_err("nobody is there").to_string();
    assert!(problem.starts_with("no touchtone listens on ") && problem.contains("[control]?"), "{problem}");
    drop(UnixListener::bind(&path).expect("a socket that is left"));
    assert!(matches!(Client::connect(&path, PATIENCE), Err(Problem::NotRunning(_))));
    std::fs::remove_file(&path).expect("it is removed");

    let listener = UnixListener::bind(&path).expect("a socket");
    let ask = |patience| Client::connect(&path, patience).expect("a connection").ask(Command::Status);
    let short = Duration::from_millis(100);
    assert!(matches!(ask(short), Err(Problem::Late(late)) if late == short));
    listener.accept().expect("the one that was late");
    for (said, wanted) in [
        ("", "touchtone closed the connection"),
        ("{\"v\":1,\"id\":1,\"ok\":", "touchtone closed the connection"),
        ("{\"v\":2,\"id\":1,\"ok\":{}}\n", "the daemon speaks version 2"),
        ("HTTP/1.1 400 Bad Request\n", "what was answered cannot be understood"),
        ("{\"v\":1,\"id\":9,\"ok\":{\"done\":\"muted\"}}\n", "what was answered cannot be understood"),
        ("{\"v\":1,\"id\":1,\"ok\":{\"sung\":1}}\n", "what was answered cannot be understood"),
    ] {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().expect("a client");
                let mut asked = String::new();
                BufReader::new(&stream).read_line(&mut asked).expect("a request");
                stream.write_all(said.as_bytes()).expect("it is read");
            });
            let problem = ask(PATIENCE).expect_err("no answer").to_string();
            assert!(problem.starts_with(wanted), "{said:?}: {problem}");
        });
    }
}

#[test]
fn an_answer_without_end_is_not_read_without_end() {
    let (_folder, path) = folder();
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    let problem = Client::connect(&path, PATIENCE).expect("a connection").ask(Command::Status);
    assert!(matches!(problem, Err(Problem::NotUnderstood(_))), "{problem:?}");
}

/// The lines of JSON in the document.
fn documented() -> Vec<&'static str> {
    let mut inside = false;
    let text = include_str!("../docs/control.md").lines();
    let lines = text.filter(|line| {
        let fence = line.starts_with("```");
        inside = if fence { *line == "```json" } else { inside };
        inside && !fence
    });
    lines.collect()
}

#[test]
fn what_a_daemon_of_an_older_release_does_not_count_is_nothing() {
    let said = r#"{"v":1,"ok":{"status":{"version":"0.1.0","ready":true,"engine":"6.4.0","run":"1","channels":12,"rooms":2,"legs":7,"unanswered":0,"store":true,"conferences":1}}}"#;
    let response: Response = serde_json::from_str(said).expect("a status");
    let Outcome::Ok(Answer::Status(status)) = response.outcome else { panic!("{response:?}") };
    assert_eq!((status.channels, status.figures), (12, Figures::default()));
}

#[test]
fn every_line_of_the_document_is_what_is_said() {
    let mut said = BTreeSet::new();
    for line in documented() {
        let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let written = if let Some(command) = object["command"].as_str() {
            said.insert(command.to_owned());
            said.extend(object["manage"]["what"].as_str().map(|what| format!("schedule {what}")));
            serde_json::to_string(&serde_json::from_str::<Request>(line).expect("a request"))
        } else {
            let kind =
                if object["ok"].is_object() { object["ok"].clone() } else { object["error"]["code"].clone() };
            said.insert(match &kind {
                serde_json::Value::Object(ok) => format!("ok {}", ok.keys().next().expect("an answer")),
                code => format!("error {}", code.as_str().expect("a code")),
            });
            serde_json::to_string(&serde_json::from_str::<Response>(line).expect("a response"))
        };
        assert_eq!(written.expect("JSON"), line);
    }
    let said: Vec<_> = said.iter().map(String::as_str).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    announce
    end
    error bad-request
    error busy
    error engine
    error not-found
    error refused
    error store
    extend
    invite
    kick
    lock
    mute
    ok done
    ok reloaded
    ok rooms
    ok schedule
    ok status
    record
    reload
    rooms
    schedule
    schedule add
    schedule attendance
    schedule import
    schedule list
    schedule remove
    schedule show
    status
    ");
}

#[test]
fn every_request_of_the_document_is_taken_by_the_daemon() {
    let daemon = fake(|_| Some(Outcome::Ok(Answer::Done("read".to_owned()))));
    let mut client = Raw::new(&daemon.path);
    for line in documented().into_iter().filter(|line| line.contains("\"command\":")) {
        client.say(format!("{line}\n"));
        assert_eq!(done(&client.hear()), "read", "{line}");
    }
}

#[test]
fn the_commands_that_are_told_to_who_mistakes_one_are_those_there_are() {
    let daemon = fake(|_| Some(Outcome::Ok(Answer::Done("read".to_owned()))));
    let mut client = Raw::new(&daemon.path);
    client.say("{\"v\":1,\"command\":\"?\"}\n");
    let (_, told) = client.refusal();
    // What serde itself says there is.
    let request = serde_json::from_str::<Request>("{\"v\":1,\"command\":\"?\"}");
    let known = request.expect_err("there is none").to_string().replace('`', "");
    let known = known.split_once("expected one of ").expect("a list").1;
    assert!(
        told.ends_with(&format!("there are: {}", known.split(" at line").next().expect("a list"))),
        "{told}"
    );
}
