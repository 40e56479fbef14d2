//! What is kept of calls and rooms: it is told again as it was said, of one life of the engine, and of no other.

mod common;

use common::records::Records;
use common::times::at;
use touchtone::store::{Keep, Kept, KeptChannel, KeptEntry, KeptRoom, KeptSeat, KeptWanted, Reply, Request};

const RUN: &str = "1700000000";

fn channel() -> KeptChannel {
    KeptChannel {
        role: Some("organizer".to_owned()),
        role_for: Some("800".to_owned()),
        proven: Some(("801".to_owned(), true)),
        outgoing: true,
        username: "user101".to_owned(),
        state: Some("menu".to_owned()),
        state_in: Some("conference".to_owned()),
        entry: Some(KeptEntry {
            wanted: KeptWanted::Pin("802".to_owned()),
            tries: 2,
            parked: true,
            code: Some("join".to_owned()),
            with_peer: Some(true),
        }),
        inviter: Some("sip/9".to_owned()),
    }
}

fn room() -> KeptRoom {
    let seat =
        |number, leg: &str, channel: &str| KeptSeat { number, leg: leg.into(), channel: channel.into() };
    KeptRoom {
        locked: true,
        since: Some(at("2026-12-01T07:30:01.25Z")),
        highest: 7,
        seats: vec![seat(2, "conf/5", "sip/4"), seat(7, "conf/6", "sip/1")],
    }
}

fn keep(run: &str) -> Keep {
    let waits = |wanted| KeptEntry { wanted, tries: 0, parked: true, code: None, with_peer: None };
    let with_entry = |wanted| KeptChannel { entry: Some(waits(wanted)), ..KeptChannel::default() };
    Keep {
        run: run.to_owned(),
        anew: false,
        channels: vec![
            ("sip/1".to_owned(), Some(channel())),
            ("sip/2".to_owned(), Some(with_entry(KeptWanted::Room))),
            ("sip/3".to_owned(), Some(with_entry(KeptWanted::Organizer("800".to_owned())))),
        ],
        rooms: vec![("800".to_owned(), Some(room())), ("801".to_owned(), Some(KeptRoom::default()))],
    }
}

/// What is there when all of that was kept.
fn all(keep: Keep) -> Kept {
    let some = |kept: Vec<(String, Option<_>)>| kept.into_iter().filter_map(|(id, kept)| Some((id, kept?)));
    let rooms = keep.rooms.into_iter().filter_map(|(name, kept)| Some((name, kept?))).collect();
    Kept { run: keep.run, channels: some(keep.channels).collect(), rooms }
}

async fn kept(records: &Records, run: &str) -> Kept {
    match records.ask(Request::Kept { run: run.to_owned() }).await {
        Reply::Kept(kept) => *kept,
        other => panic!("{other:?}"),
    }
}

async fn write(records: &Records, keep: Keep) {
    assert_eq!(records.ask(Request::Keep(Box::new(keep))).await, Reply::Done);
}

#[tokio::test]
async fn what_is_kept_is_told_again_after_the_store_was_opened_anew() {
    let records = Records::open().await;
    assert_eq!(kept(&records, RUN).await, Kept { run: RUN.to_owned(), ..Kept::default() });
    write(&records, keep(RUN)).await;
    let records = records.again().await;
    assert_eq!(kept(&records, RUN).await, all(keep(RUN)));
}

#[tokio::test]
async fn what_changes_takes_the_place_of_what_was_and_what_is_gone_leaves_nothing() {
    let records = Records::open().await;
    write(&records, keep(RUN)).await;
    let moved = KeptRoom { seats: vec![room().seats.remove(1)], locked: false, ..room() };
    let changes = Keep {
        run: RUN.to_owned(),
        anew: false,
        channels: vec![("sip/1".to_owned(), None), ("sip/2".to_owned(), Some(channel()))],
        rooms: vec![("800".to_owned(), Some(moved.clone())), ("801".to_owned(), None)],
    };
    write(&records, changes).await;
    let now = kept(&records, RUN).await;
    let channels: Vec<&str> = now.channels.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(channels, ["sip/2", "sip/3"]);
    assert_eq!(now.channels[0].1, channel());
    assert_eq!(now.rooms, [("800".to_owned(), moved)]);
}

#[tokio::test]
async fn all_anew_is_all_that_there_is() {
    let records = Records::open().await;
    write(&records, keep(RUN)).await;
    let anew =
        Keep { anew: true, rooms: Vec::new(), channels: vec![keep(RUN).channels.remove(2)], ..keep(RUN) };
    write(&records, anew.clone()).await;
    assert_eq!(kept(&records, RUN).await, all(anew));
}

#[tokio::test]
async fn of_another_life_of_the_engine_nothing_is_told_and_nothing_is_left() {
    let records = Records::open().await;
    write(&records, keep(RUN)).await;
    assert_eq!(kept(&records, "1800000000").await.channels, []);
    assert_eq!(kept(&records, "1800000000").await.rooms, []);
    write(&records, Keep { run: "1800000000".to_owned(), ..Keep::default() }).await;
    let old = kept(&records, RUN).await;
    assert_eq!((old.channels.len(), old.rooms.len()), (0, 0));
    let mut intruder = records.intruder().await;
    let seats = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM kept_seats").fetch_one(&mut intruder);
    assert_eq!(seats.await.expect("a count"), 0, "nor does a seat of it stay");
}

#[tokio::test]
async fn what_another_touchtone_wrote_that_means_nothing_here_is_left_out_and_the_rest_told() {
    let records = Records::open().await;
    write(&records, keep(RUN)).await;
    let mut intruder = records.intruder().await;
    for change in [
        "UPDATE kept_channels SET wanted = 'a-song' WHERE channel = 'sip/1'",
        "UPDATE kept_rooms SET open_since = 'once', highest = -1 WHERE room = '800'",
    ] {
        sqlx::query(change).execute(&mut intruder).await.expect("a change");
    }
    let now = kept(&records, RUN).await;
    assert_eq!(now.channels[0].1, KeptChannel { entry: None, ..channel() });
    assert_eq!(now.rooms[0].1, KeptRoom { since: None, highest: 0, ..room() });
    assert_eq!(now.channels.len(), 3);
}
