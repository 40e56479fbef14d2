//! A store whose file cannot be written, is gone, is held by others, or is none: it is said, and nothing is lost.

mod common;

use common::records::{NOW, Records, came, weekly};
use common::times::at;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::Connection;
use touchtone::store::{Manage, Reply, Request, Store};

#[tokio::test]
async fn only_its_owner_reads_the_file() {
    let room = Records::open().await;
    room.add(weekly()).await;
    for entry in fs::read_dir(room.folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("a mode").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}

/// SQLite writes no file of which the header says that it is of a version to come (byte 18), whoever asks.
fn let_write(path: &Path, writable: bool) {
    let mut bytes = fs::read(path).expect("bytes");
    bytes[18] = if writable { 2 } else { 3 };
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_says_so_and_works_again_when_it_can() {
    let Records { folder, store } = Records::open().await;
    let path = folder.path().join("touchtone.db");
    store.close().await;
    let_write(&path, false);
    let store = Store::open(&path).await.expect("it can be read");
    let add = || Request::Manage(Manage::Add { conference: Box::new(weekly()) });
    let Reply::Failed(problem) = store.perform(at(NOW), add()).await else { panic!("it was written") };
    assert!(!problem.yours && problem.message.contains("cannot be written"), "{problem:?}");
    assert!(problem.message.contains(path.to_str().expect("a path")), "{problem:?}");
    let list = store.perform(at(NOW), Request::Manage(Manage::List)).await;
    assert!(matches!(list, Reply::Managed(_)), "it can be read: {list:?}");
    let_write(&path, true);
    // Others may be at it: it is opened anew after a failure at the latest.
    let first = store.perform(at(NOW), add()).await;
    let second = store.perform(at(NOW), add()).await;
    assert!(matches!(second, Reply::Managed(_)), "{first:?} {second:?}");
}

/// Permissions hold nobody up who is root.
#[tokio::test]
async fn a_file_that_may_not_be_written_is_told() {
    let room = Records::open().await;
    let path = room.path();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        eprintln!("skipped: whoever runs this may write everything");
        return;
    }
    let room = room.again().await;
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let problem = room.problem(joined()).await;
    assert!(!problem.yours && problem.message.contains("be writable for touchtone's user"), "{problem:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(room.ask(joined()).await, Reply::Done);
}

/// On a small file system, as of `mount -t tmpfs -o size=500k tmpfs DIRECTORY`.
#[tokio::test]
async fn a_full_disk_is_told_and_is_no_matter_when_there_is_room_again() {
    let Some(disk) = std::env::var_os("TOUCHTONE_SMALL_DISK").map(PathBuf::from) else {
        eprintln!("skipped: TOUCHTONE_SMALL_DISK does not say where a small disk is");
        return;
    };
    let (path, ballast) = (disk.join("touchtone.db"), disk.join("ballast"));
    fs::write(&ballast, vec![1; 200_000]).expect("ballast");
    let store = Store::open(&path).await.expect("a store");
    let joined = |leg: u32| Request::Joined(Box::new(came(&format!("conf/{leg}"))));
    let mut leg = 0;
    let problem = loop {
        match store.perform(at(NOW), joined(leg)).await {
            Reply::Done => leg += 1,
            Reply::Failed(problem) => break problem,
            other => panic!("{other:?}"),
        }
        assert!(leg < 10_000, "this is no small disk");
    };
    eprintln!("{} after {leg}", problem.message);
    assert!(!problem.yours && problem.message.contains("make room"), "{problem:?}");
    fs::remove_file(&ballast).expect("room");
    assert_eq!(store.perform(at(NOW), joined(leg)).await, Reply::Done);
    let Reply::OpenAttendance(open) = store.perform(at(NOW), Request::OpenAttendance).await else { panic!() };
    assert_eq!(open.len(), leg as usize + 1, "what was answered is there");
}

#[tokio::test]
async fn a_store_that_another_program_holds_is_tried_and_said() {
    let room = Records::open().await;
    let mut intruder = room.intruder().await;
    let held = intruder.begin_with("BEGIN IMMEDIATE").await.expect("a lock");
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let problem = room.problem(joined()).await;
    assert!(!problem.yours && problem.message.contains("is locked"), "{problem:?}");
    held.rollback().await.expect("let go");
    assert_eq!(room.ask(joined()).await, Reply::Done);
}

#[tokio::test]
async fn a_store_that_was_taken_away_is_not_written_where_nobody_finds_it() {
    let room = Records::open().await;
    let away = room.folder.path().join("away");
    fs::create_dir(room.folder.path().join("inner")).expect("a folder");
    let inner = room.folder.path().join("inner");
    let path = inner.join("touchtone.db");
    let store = Store::open(&path).await.expect("a store");
    fs::rename(&inner, &away).expect("moved");
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let Reply::Failed(problem) = store.perform(at(NOW), joined()).await else { panic!("it was written") };
    assert!(!problem.yours && problem.message.contains("there is no directory"), "{problem:?}");
    fs::rename(&away, &inner).expect("moved back");
    assert_eq!(store.perform(at(NOW), joined()).await, Reply::Done);
    fs::remove_dir_all(&inner).expect("removed");
    assert!(matches!(store.perform(at(NOW), joined()).await, Reply::Failed(_)));
    fs::create_dir(&inner).expect("a folder");
    assert_eq!(store.perform(at(NOW), joined()).await, Reply::Done, "a new one is made");
}

#[tokio::test]
async fn what_is_no_store_or_a_newer_one_is_refused() {
    let room = Records::open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9, 'to come', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut room.intruder().await).await.expect("a newer schema");
    let problem = Store::open(&room.path()).await.expect_err("a newer schema");
    assert!(!problem.yours && problem.message.contains("newer touchtone (schema 9)"), "{problem:?}");
    let text = room.folder.path().join("notes.txt");
    fs::write(&text, "a shopping list, and long enough to have a header: ".repeat(40)).expect("written");
    let problem = Store::open(&text).await.expect_err("no store");
    assert!(problem.message.contains("another kind of file"), "{problem:?}");
    assert!(fs::read_to_string(&text).expect("text").starts_with("a shopping list"), "and is left as it is");
    let problem = Store::open(room.folder.path()).await.expect_err("a directory");
    assert!(problem.message.contains("directory"), "{problem:?}");
    let problem = Store::open(&room.folder.path().join("none/x.db")).await.expect_err("no directory");
    assert!(problem.message.contains("make it"), "{problem:?}");
}
