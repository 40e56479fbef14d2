//! What the brain believes when events come in another order than things happened, and answers come late.

mod common;

use std::time::Duration;

use common::brain::{Brain, conference, in_room};
use touchtone::assist::{Input, Report, Role};

const IN_ROOM: [&str; 3] = [
    "%%<message::true:call.execute::id=sip/2:answered=false:callto=conf/sampleroom:peerid=conf/5:room=conf/sampleroom",
    "%%<message::false:chan.connected::id=conf/5:module=conf:address=sampleroom:peerid=sip/2",
    "%%<message::false:chan.connected::id=sip/2:module=sip:peerid=conf/5",
];

fn participants(brain: &Brain) -> Vec<String> {
    let rooms = brain.assist.rooms();
    rooms.iter().flat_map(|room| room.participants.iter().map(|one| one.leg.to_string())).collect()
}

fn recording(brain: &Brain) -> bool {
    brain.assist.rooms().iter().any(|room| room.recording)
}

/// Keys a code and gives what is sent because of it, answers and sounds left out.
fn key(brain: &mut Brain, from: u32, keys: &str) -> Vec<String> {
    let mut sent = Vec::new();
    for (number, key) in (from..).zip(keys.chars()) {
        sent = brain.key("sip/2", "conf/5", number, &key.to_string());
    }
    sent.retain(|line| line.starts_with("%%>") && !line.contains("message=chan.attach"));
    sent
}

/// Waits past every answer that could be waited for.
fn give_up(brain: &mut Brain) -> Vec<String> {
    let patience = conference().yate.answer_timeout;
    brain.wait(patience + Duration::from_millis(1))
}

fn reasons(brain: &mut Brain) -> Vec<String> {
    let reason = |report| match report {
        Report::Failed { reason, .. } => Some(reason),
        _ => None,
    };
    brain.reports().into_iter().filter_map(reason).collect()
}

/// Every order of these.
fn orders(of: &[&'static str]) -> Vec<Vec<&'static str>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let rest: Vec<_> =
            of.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, &line)| line).collect();
        orders(&rest).into_iter().map(move |rest| [vec![of[at]], rest].concat())
    };
    (0..of.len()).flat_map(first).collect()
}

#[test]
fn a_participant_who_was_put_out_is_out_in_whatever_order_that_is_told() {
    let text = "[yate]\nconnect = \"stdio\"\n[[code]]\nname = \"held\"\nkeys = \"*2\"\nstate = \"hold\"\n\
                operation = \"message\"\nmessage = \"a.message\"\nmasquerade = false\n";
    let told = [
        "%%<message::false:chan.connected::id=sip/2:peerid=sip/9",
        "%%<message::true:call.execute::id=sip/2:answered=true:peerid=conf/5:lastpeerid=sip/9:room=conf/sampleroom",
        "%%<message::false:chan.connected::id=sip/2:peerid=conf/5:lastpeerid=sip/9",
        "%%<message::false:chan.connected::id=conf/5:module=conf:address=sampleroom:peerid=sip/2",
        "%%<message::false:chan.disconnected::id=sip/2:lastpeerid=conf/5",
        "%%<message::false:chan.notify::id=conf/5:lastpeerid=sip/2:targetid=touchtone:event=left:room=sampleroom:users=0",
    ];
    for order in orders(&told) {
        let mut brain = Brain::ready(common::brain::config(text));
        // Known from before, as every channel is that has called.
        brain.say("%%<message::false:chan.startup::id=sip/2:caller=alice");
        for line in &order {
            brain.say(line);
        }
        assert_eq!(participants(&brain), [""; 0], "{order:#?}");
        for (number, key) in [(1, "*"), (2, "2")] {
            brain.say(&format!("%%>message:d{number}:1:chan.dtmf::id=sip/2:text={key}:sequence={number}"));
        }
        let fired = common::brain::fired(&brain.reports());
        assert_eq!(fired, ["held"], "on hold, told in this order: {order:#?}");
    }
}

#[test]
fn digits_keyed_before_a_caller_was_put_in_a_room_do_not_take_the_caller_out_again() {
    let mut brain = Brain::ready(conference());
    brain.say("%%<message::false:chan.startup::id=sip/2:caller=alice");
    brain.say("%%<message::false:chan.connected::id=sip/2:peerid=sip/9");
    brain.say("%%<message::false:chan.disconnected::id=sip/2:lastpeerid=sip/9");
    for line in IN_ROOM {
        brain.say(line);
    }
    brain.key("sip/2", "sip/9", 1, "1");
    assert!(key(&mut brain, 2, "*6")[0].contains("chan.control"), "in the room all the while");
}

#[test]
fn a_leg_that_goes_over_to_another_channel_stays_in_its_room() {
    let moved = [
        "%%<message::false:chan.disconnected::id=conf/5:address=sampleroom:lastpeerid=sip/2",
        "%%<message::false:chan.connected::id=conf/5:address=sampleroom:peerid=sip/4",
    ];
    for order in [[0, 1], [1, 0]] {
        let mut brain = in_room();
        for at in order {
            brain.say(moved[at]);
        }
        brain.say("%%<message::false:chan.hangup::id=sip/2:lastpeerid=conf/5");
        assert_eq!(participants(&brain), ["conf/5"], "{order:?}");
        assert_eq!(brain.assist.rooms()[0].participants[0].channel, Some("sip/4".into()));
    }
}

#[test]
fn the_end_of_a_room_that_is_told_late_takes_nobody_out_of_the_next_of_that_name() {
    let mut brain = in_room();
    brain.say("%%<message::false:chan.notify::targetid=touchtone:event=destroyed:room=sampleroom");
    assert_eq!(participants(&brain), ["conf/5"], "it was made this very moment");
    brain.wait(Duration::from_secs(5));
    brain.say("%%<message::false:chan.notify::targetid=touchtone:event=destroyed:room=sampleroom");
    assert_eq!(participants(&brain), [""; 0]);
}

#[test]
fn a_mute_that_is_answered_too_late_is_so_all_the_same() {
    let mut brain = in_room();
    let sent = key(&mut brain, 1, "*6");
    give_up(&mut brain);
    assert_eq!(reasons(&mut brain), ["the engine did not answer in time"]);
    assert_eq!(brain.assist.rooms()[0].participants[0].muted, None, "nobody can know");
    brain.answer(&sent[0], true, "", ":id=sip/2:mute=true:peerid=conf/5");
    assert_eq!(brain.assist.rooms()[0].participants[0].muted, Some(true));
    assert!(key(&mut brain, 3, "*6")[0].ends_with("mute=false"));
}

#[test]
fn of_two_who_mute_and_unmute_at_once_the_engine_is_asked_who_was_last() {
    let mut brain = in_room();
    let sent = key(&mut brain, 1, "*6");
    brain.say("%%<message::true:chan.control::targetid=conf/5:mute=false");
    let asks = brain.answer(&sent[0], true, "", ":id=sip/2:mute=true:peerid=conf/5");
    let ask = asks.iter().find(|line| line.contains(":engine.status::module=conf/5")).expect("a question");
    brain.answer(ask, true, "name=conf/5,type=conf;peerid=sip/2,address=sampleroom,mute=false%M%J", "");
    assert_eq!(brain.assist.rooms()[0].participants[0].muted, Some(false));
}

#[test]
fn a_join_that_is_answered_too_late_is_so_all_the_same() {
    let mut brain = Brain::ready(conference());
    brain.say("%%<message::false:chan.connected::id=sip/2:peerid=sip/9");
    let mut sent = Vec::new();
    for (number, key) in (1..).zip("*3800#".chars()) {
        sent = brain.key("sip/2", "sip/9", number, &key.to_string());
    }
    let join = sent.into_iter().find(|line| line.contains("conf/800")).expect("a join");
    give_up(&mut brain);
    brain.answer(&join, true, "", ":id=sip/2:peerid=conf/7:room=conf/800");
    assert_eq!(participants(&brain), ["conf/7"]);
}

#[test]
fn a_leg_to_record_on_that_comes_too_late_is_let_go() {
    let mut brain = in_room();
    brain.say("%%<message::false:chan.notify::id=conf/6:targetid=touchtone:event=joined:room=sampleroom");
    let open = key(&mut brain, 1, "*9");
    give_up(&mut brain);
    let sent = brain.answer(&open[0], true, "", ":id=dumb/1:peerid=conf/8:room=conf/sampleroom");
    let sent = brain.answer(&sent[0], true, "name=x,type=conference;lonely=false,users=2%M%J", "");
    assert!(sent.iter().any(|line| line.contains(":call.drop::id=dumb/1")), "{sent:?}");
    assert!(!recording(&brain));
}

#[test]
fn a_recording_that_is_refused_too_late_is_known_not_to_be_made() {
    let mut brain = in_room();
    let open = key(&mut brain, 1, "*9");
    let start = brain.answer(&open[0], true, "", ":id=dumb/1:peerid=conf/8:room=conf/sampleroom");
    give_up(&mut brain);
    assert!(recording(&brain), "it may be: nobody said that it is not");
    brain.answer(&start[0], false, "", "");
    assert!(!recording(&brain));
}

#[test]
fn a_state_that_asks_for_a_key_ends_with_its_call() {
    let text = "[yate]\nconnect = \"stdio\"\n[states.pin]\nfirst-key = \"5s\"\n[[code]]\nname = \"ask\"\nkeys = \"*1\"\n\
                operation = \"set-state\"\nto = \"pin\"\n";
    let mut brain = Brain::ready(common::brain::config(text));
    brain.key("sip/2", "sip/9", 1, "*");
    brain.key("sip/2", "sip/9", 2, "1");
    brain.say("%%<message::false:chan.hangup::id=sip/2:lastpeerid=sip/9");
    assert!(!brain.assist.load().timers);
}

#[test]
fn what_was_keyed_before_the_call_moved_on_is_not_done_where_it_means_something_else() {
    let text = "[yate]\nconnect = \"stdio\"\n[[code]]\nname = \"join\"\nkeys = \"*3\"\nstate = \"call\"\n\
                operation = \"join\"\nroom = \"conf/800\"\n[[code]]\nname = \"transfer\"\nkeys = \"*7\"\n\
                state = \"call\"\noperation = \"message\"\nmessage = \"a.transfer\"\nmasquerade = false\n";
    let mut brain = Brain::ready(common::brain::config(text));
    let sent =
        brain.say("%%>message:k:1:chan.dtmf::id=sip/2:peerid=sip/9:text=*3*7:detected=sip-info").remove(1);
    let sent = brain.answer(&sent, true, "", ":id=sip/2:peerid=conf/5:room=conf/800");
    assert!(!sent.iter().any(|line| line.contains("a.transfer")), "{sent:?}");
    assert_eq!(reasons(&mut brain), ["the call has moved on since it was keyed"]);
}

#[test]
fn somebody_elses_recorder_beside_ours_is_no_participant() {
    let mut brain = in_room();
    let open = key(&mut brain, 1, "*9");
    let start = brain.answer(&open[0], true, "", ":id=dumb/1:peerid=conf/8:room=conf/sampleroom");
    brain.answer(&start[0], true, "", "");
    brain.say("%%<message::false:chan.connected::id=conf/9:status=incoming:address=sampleroom:peerid=wave/1");
    assert_eq!(participants(&brain), ["conf/5"]);
}

#[test]
fn a_leg_that_recorded_nothing_when_the_connection_was_lost_records_nothing_after() {
    let mut brain = in_room();
    let open = key(&mut brain, 1, "*9");
    let start = brain.answer(&open[0], true, "", ":id=dumb/1:peerid=conf/8:room=conf/sampleroom");
    brain.answer(&start[0], true, "", "");
    let stop = key(&mut brain, 3, "*9");
    let sent = brain.answer(&stop[0], true, "", "");
    let ask = sent.iter().find(|line| line.contains("engine.status")).expect("may it go?");
    brain.answer(ask, true, "name=x,type=conference;lonely=false,users=1%M%J", "");
    brain.input(Input::Disconnected);
    let sent = brain.input(Input::Connected(Role::Socket));
    let legs = "conf/5=outgoing|sampleroom|sip/2,conf/8=outgoing|sampleroom|dumb/1";
    account(&mut brain, &sent, legs, "dumb/1=answered|touchtone-record-sampleroom|conf/8");
    assert!(!recording(&brain));
    assert_eq!(participants(&brain), ["conf/5"]);
}

#[test]
fn a_recording_of_which_nobody_heard_when_the_connection_was_lost_is_begun_again_or_ended_again() {
    let mut brain = in_room();
    let open = key(&mut brain, 1, "*9");
    let start = brain.answer(&open[0], true, "", ":id=dumb/1:peerid=conf/8:room=conf/sampleroom");
    assert!(start[0].contains(":message=chan.record:call=wave/record/"), "{start:?}");
    let again = |brain: &mut Brain| {
        give_up(brain);
        brain.input(Input::Disconnected);
        let sent = brain.input(Input::Connected(Role::Socket));
        let legs = "conf/5=outgoing|sampleroom|sip/2,conf/8=outgoing|sampleroom|dumb/1";
        account(brain, &sent, legs, "dumb/1=answered|touchtone-record-sampleroom|conf/8")
    };
    let sent = again(&mut brain);
    let record = sent.iter().find(|line| line.contains("id=conf/8:message=chan.record:call=wave/record/"));
    brain.answer(record.unwrap_or_else(|| panic!("it may not have begun: {sent:?}")), true, "", "");
    assert!(recording(&brain));
    let stop = key(&mut brain, 3, "*9");
    assert!(stop[0].ends_with(":message=chan.record:call=-:single=yes"), "{stop:?}");
    let sent = again(&mut brain);
    assert!(sent.iter().any(|line| line.ends_with(":message=chan.record:call=-:single=yes")), "{sent:?}");
    assert!(!recording(&brain));
}

/// The engine's account of itself, as it answers it to a new connection.
fn account(brain: &mut Brain, sent: &[String], legs: &str, own: &str) -> Vec<String> {
    let modules = [("conf", legs), ("dumb", own), ("cdrbuild", "")];
    let answers = modules.into_iter().map(|(module, account)| {
        let ask = sent.iter().find(|line| line.ends_with(&format!("module={module}"))).expect("a question");
        brain.answer(ask, true, &format!("name={module},type=misc;chans=1;{account}%M%J"), "")
    });
    answers.flatten().collect()
}

#[test]
fn a_digit_of_a_channel_that_had_hung_up_before_the_connection_was_lost_brings_nothing_back() {
    let mut brain = in_room();
    brain.say("%%<setlocal:engine.runid:1795420044:true");
    brain.say("%%<message::false:chan.hangup::id=sip/2:lastpeerid=conf/5");
    brain.input(Input::Disconnected);
    let sent = brain.input(Input::Connected(Role::Socket));
    brain.say("%%<setlocal:engine.runid:1795420044:true");
    account(&mut brain, &sent, "", "");
    assert_eq!(brain.key("sip/2", "conf/5", 1, "*"), ["%%<message:d1:false::"]);
    brain.input(Input::Disconnected);
    let sent = brain.input(Input::Connected(Role::Socket));
    brain.say("%%<setlocal:engine.runid:1795429999:true");
    account(&mut brain, &sent, "", "");
    assert_eq!(brain.key("sip/2", "conf/5", 1, "*"), ["%%<message:d1:true::"], "another engine counts anew");
}

#[test]
fn a_mute_that_is_answered_for_a_leg_the_caller_has_left_says_nothing_of_the_new_one() {
    let mut brain = in_room();
    let mute = key(&mut brain, 1, "*6");
    brain.say("%%<message::true:call.execute::id=sip/2:peerid=conf/9:lastpeerid=conf/5:room=conf/other");
    brain.say("%%<message::false:chan.connected::id=sip/2:peerid=conf/9:lastpeerid=conf/5");
    let sent = brain.answer(&mute[0], true, "", ":id=sip/2:mute=true:peerid=conf/9");
    let rooms = brain.assist.rooms();
    let other = rooms.iter().find(|room| room.name == "other").expect("the new room");
    assert_eq!(other.participants[0].muted, None, "it was sent for another leg");
    assert!(
        sent.iter().any(|line| line.contains("engine.status::module=conf/9")),
        "so it is asked: {sent:?}"
    );
}

#[test]
fn a_late_answer_about_a_recording_overrules_nothing_that_was_done_since() {
    let text = include_str!("../config/conference.toml").replace("[record]\n", "[record]\nby = \"room\"\n");
    let mut brain = common::brain::in_room_with(common::brain::config(&text));
    let start = key(&mut brain, 1, "*9");
    give_up(&mut brain);
    brain.say("%%<message::false:chan.connected::id=conf/6:status=incoming:address=sampleroom:peerid=wave/1");
    brain.say("%%<message::false:chan.disconnected::id=conf/6:address=sampleroom:lastpeerid=wave/1");
    brain.answer(&start[0], true, "", "");
    assert!(!recording(&brain), "it began and ended, and then the answer came");
}

#[test]
fn a_leg_to_record_on_that_is_made_after_the_connection_was_lost_is_let_go() {
    let mut brain = in_room();
    key(&mut brain, 1, "*9");
    brain.input(Input::Disconnected);
    let sent = brain.input(Input::Connected(Role::Socket));
    account(&mut brain, &sent, "conf/5=outgoing|sampleroom|sip/2", "");
    brain.say("%%<message::false:chan.connected::id=conf/8:address=sampleroom:peerid=dumb/1");
    let name = "touchtone-record-sampleroom";
    let sent = brain.say(&format!(
        "%%<message::false:chan.connected::id=dumb/1:module=dumb:address={name}:peerid=conf/8"
    ));
    assert_eq!(participants(&brain), ["conf/5"]);
    assert!(!recording(&brain));
    let ask =
        sent.iter().find(|line| line.contains("engine.status::module=conf/sampleroom")).expect("a question");
    let sent = brain.answer(ask, true, "name=x,type=conference;lonely=false,users=2%M%J", "");
    assert!(sent.iter().any(|line| line.contains(":call.drop::id=dumb/1")), "{sent:?}");
}

#[test]
fn a_channel_that_the_engine_says_is_gone_is_gone() {
    let mut brain = in_room();
    let mute = key(&mut brain, 1, "*6");
    let id = mute[0].split(':').nth(1).expect("an id");
    brain.say(&format!("%%<message:{id}:false:chan.masquerade:"));
    assert_eq!(reasons(&mut brain), ["the channel is gone"]);
    assert_eq!(brain.key("sip/2", "conf/5", 3, "*"), ["%%<message:d3:false::"], "nothing is held for it");
}

#[test]
fn a_recorder_that_began_and_ended_before_the_engine_answered_has_ended() {
    let text = include_str!("../config/conference.toml").replace("[record]\n", "[record]\nby = \"room\"\n");
    let mut brain = common::brain::in_room_with(common::brain::config(&text));
    let start = key(&mut brain, 1, "*9");
    brain.say("%%<message::false:chan.connected::id=conf/6:status=incoming:address=sampleroom:peerid=wave/1");
    brain.say("%%<message::false:chan.disconnected::id=conf/6:address=sampleroom:lastpeerid=wave/1");
    brain.answer(&start[0], true, "", "");
    assert!(!recording(&brain));
}
