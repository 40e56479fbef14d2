//! The worker at the store, and PINs: one request after the other, and none waits for a PIN that is looked at.

mod common;

use common::records::came;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::SignedDuration;
use touchtone::store::{Pin, PinHash, Reply, Request, worker};

#[tokio::test]
async fn the_worker_keeps_the_order_and_lets_no_pin_hold_up_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worker = worker::start(Some(folder.path().join("touchtone.db")), 64);
    let hash = touchtone::store::hash_pin(&Pin::new("4711")).expect("a hash");
    let verify = |pin: &str| Request::VerifyPin { pin: Pin::new(pin), hashes: vec![hash.clone(); 20] };
    worker.requests.send((1, verify("4711"))).await.expect("sent");
    for n in 0..20 {
        let leg = format!("conf/{n}");
        let left = came(&leg).joined + SignedDuration::from_secs(n);
        let leave = Request::Left { key: came(&leg).key, left, reason: String::new() };
        worker
            .requests
            .send((10 + 2 * n.unsigned_abs(), Request::Joined(Box::new(came(&leg)))))
            .await
            .expect("sent");
        worker.requests.send((11 + 2 * n.unsigned_abs(), leave)).await.expect("sent");
    }
    drop(worker.requests);
    let mut numbers = Vec::new();
    while let Some((number, reply)) = worker.replies.recv().await {
        let verified = reply == Reply::Verified(Some(0));
        assert!(if number == 1 { verified } else { reply == Reply::Done }, "{number}: {reply:?}");
        numbers.push(number);
    }
    worker.task.await.expect("an end");
    assert_ne!(numbers.first(), Some(&1), "others did not wait for the PIN");
    numbers.retain(|number| *number != 1);
    assert_eq!(numbers, (10..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn pins_are_looked_at_without_any_store_and_no_more_than_are_bounded() {
    let mut worker = worker::start(None, 256);
    let hash = touchtone::store::hash_pin(&Pin::new("4711")).expect("a hash");
    let verify = || Request::VerifyPin { pin: Pin::new("4711"), hashes: vec![hash.clone()] };
    for number in 0..200 {
        worker.requests.send((number, verify())).await.expect("sent");
    }
    worker.requests.send((200, Request::OpenAttendance)).await.expect("sent");
    drop(worker.requests);
    let (mut verified, mut refused) = (0, 0);
    while let Some((number, reply)) = worker.replies.recv().await {
        match reply {
            Reply::Verified(found) => {
                assert_eq!(found, Some(0));
                verified += 1;
            }
            Reply::Failed(problem) if number == 200 => {
                assert!(problem.message.contains("no store"), "{problem:?}");
            }
            Reply::Failed(problem) => {
                assert!(problem.message.contains("too many PINs"), "{problem:?}");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(verified + refused, 200);
    assert!(verified >= 64 && refused > 0, "{verified} {refused}");
}

#[tokio::test]
async fn a_worker_without_its_store_tries_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("later");
    let mut worker = worker::start(Some(inner.join("touchtone.db")), 8);
    worker.requests.send((1, Request::OpenAttendance)).await.expect("sent");
    let Some((1, Reply::Failed(problem))) = worker.replies.recv().await else { panic!("there is no store") };
    assert!(!problem.yours && problem.message.contains("there is no directory"), "{problem:?}");
    fs::create_dir(&inner).expect("a folder");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    worker.requests.send((2, Request::OpenAttendance)).await.expect("sent");
    assert_eq!(worker.replies.recv().await, Some((2, Reply::OpenAttendance(vec![]))));
    drop(worker.requests);
    worker.task.await.expect("an end");
}

/// What `touchtone hash-pin` prints and says for what is on its standard input.
fn hash_pin(input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    let piped = command.arg("hash-pin").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the command");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_pin_is_hashed_for_the_configuration_and_never_shown() {
    let (code, hash, said) = hash_pin("4711\n");
    assert_eq!((code, &*said), (Some(0), ""));
    let hash = PinHash::new(hash.trim_end());
    assert_eq!(touchtone::store::check_hash(&hash), Ok(()));
    assert_eq!(touchtone::store::verify_pin(&Pin::new("4711"), &[hash]), Some(0));
    let refused = "error: the PIN is not of 4 to 12 digits\n".to_owned();
    assert_eq!(hash_pin("471x\n"), (Some(1), String::new(), refused));
    let (code, _, said) = hash_pin("");
    assert!(code == Some(2) && said.contains("run `touchtone hash-pin` and key it"), "{said}");
}

#[test]
#[allow(clippy::disallowed_methods)] // What is waited for happens in another thread.
fn the_store_works_while_whoever_asks_is_busy_with_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let guard = runtime.enter();
    let mut worker = worker::start(Some(folder.path().join("touchtone.db")), 8);
    drop(guard);
    worker.requests.try_send((1, Request::OpenAttendance)).expect("there is room");
    // Nothing of this runtime runs meanwhile.
    let answered = (0..2000).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        worker.replies.try_recv().ok()
    });
    assert!(matches!(answered, Some((1, Reply::OpenAttendance(_)))), "{answered:?}");
    drop(worker.requests);
    runtime.block_on(worker.task).expect("an end");
}
