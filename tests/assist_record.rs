//! Recordings, seen from the engine's side of the line.

mod common;

use common::brain::{Brain, conference, config, ended, in_room, in_room_with};
use touchtone::assist::{Input, Role};

const ALONE: &str =
    "name=conf/sampleroom,type=conference;module=conf,room=sampleroom,lonely=false,users=1%M%J";
const TWO: &str = "name=conf/sampleroom,type=conference;module=conf,room=sampleroom,lonely=false,users=2%M%J";

/// A recording of conf/sampleroom was begun on dumb/11, conf/15.
fn begin(brain: &mut Brain) {
    let sent = key_record(brain, 1);
    let sent = brain.answer(&sent[0], true, "", ":id=dumb/11:peerid=conf/15");
    brain.answer(&sent[0], true, "", "");
}

/// The question whether a leg may go from the room.
fn may_go(sent: &[String]) -> &String {
    sent.iter().find(|line| line.ends_with("engine.status::module=conf/sampleroom")).expect("a question")
}

/// sip/2 is in conf/sampleroom, which records itself on conf/6.
fn in_room_that_records_itself() -> Brain {
    let text = include_str!("../config/conference.toml").replace("[record]\n", "[record]\nby = \"room\"\n");
    let mut brain = in_room_with(config(&text));
    brain.say("%%<message::false:chan.connected::id=conf/6:module=conf:status=incoming:address=sampleroom:peerid=wave/1:direction=incoming");
    brain.say("%%<message::false:chan.connected::id=wave/1:module=wave:status=incoming:peerid=conf/6:direction=incoming");
    brain
}

fn key_record(brain: &mut Brain, sequence: u32) -> Vec<String> {
    brain.key("sip/2", "conf/5", sequence, "*");
    let mut sent = brain.key("sip/2", "conf/5", sequence + 1, "9");
    sent.remove(0);
    sent
}

#[test]
fn a_recording_is_made_on_a_leg_of_our_own_and_ends_with_it() {
    let mut brain = in_room();
    brain.key("sip/2", "conf/5", 1, "*");
    let sent = brain.key("sip/2", "conf/5", 2, "9");
    let open = "call.execute::callto=dumb/touchtone-record-sampleroom:target=record:direct=conf/sampleroom:utility=true:existing=true:copyparams=utility,existing";
    assert!(sent[1].ends_with(open), "{sent:?}");
    let sent = brain.answer(&sent[1], true, "", ":id=dumb/11:peerid=conf/15");
    let start =
        "chan.masquerade::id=conf/15:message=chan.record:call=wave/record//var/spool/yate/sampleroom-";
    assert!(sent[0].contains(start), "{sent:?}");
    brain.answer(&sent[0], true, "", "");
    assert_eq!(ended(&brain.reports()), ["recording"]);
    assert!(brain.assist.rooms()[0].recording);
    assert_eq!(brain.assist.rooms()[0].participants.len(), 1, "our leg is no participant");
    brain.key("sip/2", "conf/5", 3, "*");
    let sent = brain.key("sip/2", "conf/5", 4, "9");
    assert!(
        sent[1].ends_with("chan.masquerade::id=conf/15:message=chan.record:call=-:single=yes"),
        "{sent:?}"
    );
    let sent = brain.answer(&sent[1], true, "", "");
    let account = "name=conf/sampleroom,type=conference;module=conf,room=sampleroom,lonely=true,users=1%M%J";
    let sent = brain.answer(may_go(&sent), true, account, "");
    assert!(sent[0].ends_with("call.drop::id=dumb/11"), "{sent:?}");
    brain.answer(&sent[0], true, "", "");
    assert_eq!(ended(&brain.reports()), ["not recording"]);
    assert!(!brain.assist.rooms()[0].recording);
}

#[test]
fn after_a_restart_a_recording_is_known_by_its_leg() {
    let mut brain = Brain::new(conference());
    let sent = brain.input(Input::Connected(Role::Socket));
    let question = |module: &str| {
        sent.iter()
            .find(|line| line.ends_with(&format!("engine.status::module={module}")))
            .expect("a question")
            .clone()
    };
    let conf = "name=conf,type=misc,format=Status|Address|Peer;chans=2;conf/14=outgoing|studio|sip/1,conf/15=outgoing|studio|dumb/11%M%J";
    brain.answer(&question("conf"), true, conf, "");
    let dumb = "name=dumb,type=misc,format=Status|Address|Peer;chans=1;dumb/11=answered|touchtone-record-studio|conf/15%M%J";
    brain.answer(&question("dumb"), true, dumb, "");
    brain.answer(
        &question("cdrbuild"),
        true,
        "name=cdrbuild,type=cdr,format=x;cdrs=1;sip/1=answered|alice|800|7-1|12%M%J",
        "",
    );
    let room = &brain.assist.rooms()[0];
    assert!(room.recording);
    assert_eq!(room.participants.len(), 1);
    brain.key("sip/1", "conf/14", 9, "*");
    let sent = brain.key("sip/1", "conf/14", 10, "9");
    assert!(sent[1].ends_with("id=conf/15:message=chan.record:call=-:single=yes"), "{sent:?}");
}

#[test]
fn stopping_a_recording_hangs_nobody_up_who_is_alone_with_it() {
    let mut brain = in_room();
    begin(&mut brain);
    let sent = key_record(&mut brain, 3);
    let sent = brain.answer(&sent[0], true, "", "");
    let sent = brain.answer(may_go(&sent), true, ALONE, "");
    assert!(!sent.iter().any(|line| line.contains("call.drop")), "the leg keeps its company: {sent:?}");
    assert!(!brain.assist.rooms()[0].recording);
    assert_eq!(brain.assist.rooms()[0].participants.len(), 1, "and is no participant");
    let sent = brain.say("%%<message::false:chan.notify::id=conf/16:event=joined:room=sampleroom:users=2");
    let sent = brain.answer(may_go(&sent), true, TWO, "");
    assert!(sent[0].ends_with("call.drop::id=dumb/11"), "nobody is alone any more: {sent:?}");
}

#[test]
fn a_leg_that_stayed_is_recorded_on_again() {
    let mut brain = in_room();
    begin(&mut brain);
    let sent = key_record(&mut brain, 3);
    let sent = brain.answer(&sent[0], true, "", "");
    brain.answer(may_go(&sent), true, ALONE, "");
    let sent = key_record(&mut brain, 5);
    assert!(sent[0].contains("id=conf/15:message=chan.record:call=wave/record"), "{sent:?}");
    brain.answer(&sent[0], true, "", "");
    assert!(brain.assist.rooms()[0].recording);
}

#[test]
fn nobody_waits_for_ever_behind_one_who_hung_up_while_waiting_for_the_room() {
    let mut brain = in_room();
    for (caller, leg) in [("sip/3", "conf/6"), ("sip/4", "conf/7")] {
        brain.say(&format!("%%<message::true:call.execute::id={caller}:peerid={leg}:room=conf/sampleroom"));
    }
    let first = key_record(&mut brain, 1);
    for (caller, leg) in [("sip/3", "conf/6"), ("sip/4", "conf/7")] {
        brain.key(caller, leg, 1, "*");
        brain.key(caller, leg, 2, "9");
    }
    brain.say("%%<message::false:chan.hangup::id=sip/3:lastpeerid=conf/6");
    let sent = brain.answer(&first[0], false, "", "");
    assert!(sent.iter().any(|line| line.contains("callto=dumb/touchtone-record-sampleroom")), "{sent:?}");
    assert_eq!(ended(&brain.reports()), ["failed: the engine refused", "failed: the caller is in no room"]);
}

#[test]
fn a_room_that_records_itself_is_known_to_though_it_notifies_nobody() {
    let brain = in_room_that_records_itself();
    let room = &brain.assist.rooms()[0];
    assert!(room.recording);
    assert_eq!(room.participants.len(), 1, "the recorder is no participant: {room:?}");
}

#[test]
fn stopping_the_rooms_own_recorder_hangs_nobody_up_who_is_alone_with_it() {
    let mut brain = in_room_that_records_itself();
    let account = "name=conf/sampleroom,type=conference;module=conf,room=sampleroom,lonely=false,users=1%M%J";
    let sent = key_record(&mut brain, 1);
    assert!(sent[0].ends_with("engine.status::module=conf/sampleroom"), "may one stay alone? {sent:?}");
    let sent = brain.answer(&sent[0], true, account, "");
    assert!(!sent.iter().any(|line| line.contains("record=-")), "{sent:?}");
    assert_eq!(
        ended(&brain.reports()),
        ["failed: with the recorder the engine would hang up who is alone with it"]
    );
    let sent = key_record(&mut brain, 3);
    let sent = brain.answer(&sent[0], true, &account.replace("lonely=false", "lonely=true"), "");
    assert!(sent[0].ends_with("call.conference::room=conf/sampleroom:record=-"), "{sent:?}");
    brain.answer(&sent[0], true, "", "");
    assert_eq!(ended(&brain.reports()), ["not recording"]);
}

#[test]
fn the_rooms_own_recorder_is_stopped_where_two_users_are() {
    let mut brain = in_room_that_records_itself();
    let sent = key_record(&mut brain, 1);
    let sent = brain.answer(may_go(&sent), true, TWO, "");
    assert!(sent[0].ends_with("call.conference::room=conf/sampleroom:record=-"), "{sent:?}");
}

#[test]
fn a_room_whose_recorder_could_not_begin_is_not_recorded() {
    let text = include_str!("../config/conference.toml").replace("[record]\n", "[record]\nby = \"room\"\n");
    let mut brain = in_room_with(config(&text));
    let sent = key_record(&mut brain, 1);
    brain.answer(&sent[0], true, "", "");
    assert!(brain.assist.rooms()[0].recording);
    brain.say("%%<message::false:call.execute::id=conf/6:callto=wave/record//no/such/place:room=sampleroom");
    assert!(!brain.assist.rooms()[0].recording);
}

#[test]
fn a_recording_that_is_refused_hangs_nobody_up_either() {
    let mut brain = in_room();
    let sent = key_record(&mut brain, 1);
    let sent = brain.answer(&sent[0], true, "", ":id=dumb/11:peerid=conf/15");
    let sent = brain.answer(&sent[0], false, "", "");
    assert!(!sent.iter().any(|line| line.contains("call.drop")), "the leg keeps its company: {sent:?}");
    assert!(!brain.assist.rooms()[0].recording);
}

#[test]
fn a_recording_leg_that_is_gone_before_it_records_is_forgotten() {
    let mut brain = in_room();
    let sent = key_record(&mut brain, 1);
    let sent = brain.answer(&sent[0], true, "", ":id=dumb/11:peerid=conf/15");
    brain.say(
        "%%<message::false:chan.disconnected::id=conf/15:module=conf:address=sampleroom:lastpeerid=dumb/11",
    );
    brain.say(&format!("%%<message:{}:false:chan.masquerade:", sent[0].split(':').nth(1).expect("an id")));
    let sent = key_record(&mut brain, 3);
    assert!(
        sent[0].contains(":call.execute::callto=dumb/touchtone-record-sampleroom"),
        "a new leg: {sent:?}"
    );
}

#[test]
fn a_recording_that_nobody_could_stop_is_said_to_go_on() {
    let mut brain = in_room();
    begin(&mut brain);
    let sent = key_record(&mut brain, 3);
    brain.answer(&sent[0], false, "", "");
    assert!(brain.assist.rooms()[0].recording, "the module that stops it is not there");
    assert_eq!(ended(&brain.reports()), ["recording", "failed: the engine refused"]);
}

#[test]
fn where_the_engine_counts_nobody_our_leg_stays_lest_it_ends_the_room() {
    let mut brain = in_room();
    begin(&mut brain);
    let sent = key_record(&mut brain, 3);
    let sent = brain.answer(&sent[0], true, "", "");
    let account = "name=conf/sampleroom,type=conference;module=conf,room=sampleroom,lonely=true,users=0%M%J";
    let sent = brain.answer(may_go(&sent), true, account, "");
    assert!(!sent.iter().any(|line| line.contains("call.drop")), "{sent:?}");
}

#[test]
fn a_leg_that_another_touchtone_records_on_is_left_alone_and_said() {
    let mut brain = in_room();
    let name = "touchtone-record-sampleroom";
    let sent = brain.say(&format!(
        "%%<message::false:chan.connected::id=dumb/1:module=dumb:address={name}:peerid=conf/8"
    ));
    assert_eq!(sent, [""; 0]);
    let told = brain.reports();
    assert!(told.iter().any(|report| format!("{report:?}").contains("another touchtone")), "{told:?}");
}
