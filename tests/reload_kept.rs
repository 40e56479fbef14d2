//! Another configuration while calls go on, with a store: what is kept of a call that something was begun for by the
//! configuration before.

mod common;

use std::time::Duration;

use common::house::{ENTRY, House, engine};
use touchtone::control::protocol::Command;
use touchtone::sim::Callee;
use touchtone::store::{Kept, Pin, Reply, Request, hash_pin};

/// Codes in this order, then room 801 with PIN 4711.
fn text(codes: &[&str]) -> String {
    let pin = hash_pin(&Pin::new("4711")).expect("a hash");
    format!(
        "[control]\nsocket = \"touchtone.sock\"\n[calling]\ndirect = \"sip/sip:${{number}}@127.0.0.1:7000\"\n{}{ENTRY}\n\
         [rooms.801]\nlonely = true\nparticipant = {{ pin = {:?} }}\n[rooms.800]\nlonely = true\n",
        codes.concat(),
        pin.as_str()
    )
}

const JOIN: &str =
    "[[code]]\nname = \"join\"\nkeys = \"*3(room:x{3})#\"\noperation = \"join\"\nroom = \"conf/${room}\"\n";

const MUTE: &str =
    "[[code]]\nname = \"mute\"\nkeys = \"*6\"\nstate = \"conference\"\noperation = \"mute-toggle\"\n";

const MUTE_ON: &str =
    "[[code]]\nname = \"quiet\"\nkeys = \"*5\"\nstate = \"conference\"\noperation = \"mute\"\n";

const GUESTS: &str = "[roles.guest]\n";

fn kept(house: &mut House) -> Kept {
    let run = house.scene.sim().settings().run_id.clone();
    match house.ask(Request::Kept { run }) {
        Reply::Kept(kept) => *kept,
        other => panic!("{other:?}"),
    }
}

/// The code by which the one who is asked for something came.
fn code_kept(house: &mut House) -> Option<String> {
    kept(house).channels.into_iter().find_map(|(_, kept)| kept.entry)?.code
}

#[test]
fn the_code_by_which_somebody_asked_to_join_is_kept_by_its_name_whatever_codes_there_are_now() {
    // A place in the list before is none in that after, or one of another code.
    let variants: [(&[&str], &[&str]); 2] = [(&[MUTE, MUTE_ON, JOIN], &[]), (&[JOIN], &[MUTE, JOIN])];
    for (before, after) in variants {
        let mut house = House::new(&text(before), engine(&[]));
        let alice = house.call("alice", "7010");
        house.key(&alice, "*3801#");
        house.seconds(1);
        assert_eq!(code_kept(&mut house).as_deref(), Some("join"));
        house.reload_with(&text(after));
        house.key(&alice, "0000#");
        house.seconds(3);
        assert_eq!(code_kept(&mut house).as_deref(), Some("join"));
        house.key(&alice, "4711#");
        house.seconds(3);
        assert!(house.is_in("801", &alice));
    }
}

#[test]
fn who_is_being_called_as_an_organizer_comes_in_as_one_though_the_roles_are_others_meanwhile() {
    let slow = Callee::Rings { answers_after: Duration::from_secs(5) };
    let mut house = House::new(&text(&[MUTE]), engine(&[("201", slow)]));
    house.call("alice", "800");
    let invite = Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: true };
    house.done(invite);
    let called = |house: &mut House| kept(house).channels.into_iter().find(|(id, _)| id.starts_with("dumb/"));
    assert!(called(&mut house).is_some_and(|(_, kept)| kept.role.as_deref() == Some("organizer")));
    house.reload_with(&text(&[GUESTS, MUTE]));
    house.seconds(6);
    let seats = house.seats("800");
    assert_eq!(seats.last().map(|(_, _, role)| role.as_str()), Some("organizer"), "{seats:?}");
    assert_eq!(called(&mut house), None, "and nothing is kept of the call to them");
}
