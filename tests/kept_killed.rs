//! The daemon killed as it stands, with its store: what only it knew is so again in the next one.

mod common;

use common::house::{ENTRY, engine};
use common::site::{Site, until};
use jiff::Timestamp;
use touchtone::sim::{Route, Settings};
use touchtone::store::{Kept, Pin, Reply, Request, Store, hash_pin};

const RULES: &str = r#"
[states.menu]
[rooms."80*"]
lonely = true
[rooms."81*"]
lonely = true
waiting = "wave/play//srv/wait.au"
[[code]]
name = "lock"
keys = "*5"
state = "conference"
allow = "organizer"
operation = "lock-toggle"
[[code]]
name = "menu"
keys = "*0"
state = "conference"
operation = "set-state"
to = "menu"
[[code]]
name = "mute"
keys = "6"
state = "menu"
operation = "mute-toggle"
"#;

fn settings() -> Settings {
    let mut settings = engine(&[]);
    for (called, room) in [("810", "conf/810"), ("820", "conf/820")] {
        settings.routes.push(Route::new(called, room));
    }
    for (called, room) in [("900", "conf/800"), ("910", "conf/810")] {
        settings.routes.push(Route::new(called, room).with("touchtone_role", "organizer"));
    }
    settings
}

/// What the store has, by another program.
fn kept(site: &Site) -> Kept {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let run = site.engine.with(|sim| sim.settings().run_id.clone());
    runtime.block_on(async {
        let store = Store::open(&site.places().store()).await.expect("a store");
        let reply = store.perform(Timestamp::UNIX_EPOCH, Request::Kept { run }).await;
        store.close().await;
        match reply {
            Reply::Kept(kept) => *kept,
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn a_killed_daemon_has_forgotten_nothing_when_it_is_back() {
    let hash = hash_pin(&Pin::new("4711")).expect("a hash");
    let pin = format!("[rooms.820]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", hash.as_str());
    let mut site = Site::new(&format!("{RULES}{ENTRY}{pin}"), settings());
    let first = site.enter("first", "800", "800");
    let alice = site.enter("alice", "900", "800");
    let bob = site.enter("bob", "801", "801");
    let waits = site.call("walt", "810");
    let asked = site.call("pam", "820");
    until("she is asked", || !site.heard(&asked).is_empty());
    let heard = site.heard(&asked).len();
    site.engine.hangup(&first);
    until("the first is gone", || site.callers("800") == ["alice"]);
    site.key(&alice, "*5");
    until("the room is locked", || site.room("800").is_some_and(|room| room.locked));
    site.key(&bob, "*0");
    until("all of it is on disk", || {
        let kept = kept(&site);
        let menu = kept.channels.iter().any(|(_, kept)| kept.state.is_some());
        let asked = kept.channels.iter().filter(|(_, kept)| kept.entry.is_some()).count();
        menu && asked == 2 && kept.rooms.iter().any(|(_, kept)| kept.locked)
    });
    for _ in 0..2 {
        site.kill();
        site.start();
    }
    let room = site.room("800").expect("the room");
    assert!(room.locked);
    let shown: Vec<_> =
        room.seats.iter().map(|seat| (seat.seat, seat.caller.as_str(), seat.role.as_str())).collect();
    assert_eq!(shown, [(2, "alice", "organizer")]);
    let late = site.call("late", "800");
    assert!(site.engine_room("800").is_some_and(|room| room.member(&late).is_none()), "it is locked");
    site.key(&bob, "6");
    until("bob is muted: he is in the menu", || site.seats("801")[0].muted == Some(true));
    until("pam is asked again", || site.heard(&asked).len() > heard);
    assert!(site.engine_room("820").is_none(), "and not let in");
    site.key(&asked, "4711#");
    site.shows_in("820", &asked);
    assert!(site.engine_room("810").is_none());
    site.enter("orla", "910", "810");
    site.shows_in("810", &waits);
    site.key(&alice, "*5");
    until("she is an organizer still", || site.room("800").is_some_and(|room| !room.locked));
    site.daemon.leave();
}
