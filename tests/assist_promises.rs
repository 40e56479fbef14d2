//! What the brain promises, seen from the engine's side of the line.

mod common;

use std::time::Duration;

use common::brain::{Brain, conference, config, ended, fired, in_room};
use touchtone::assist::{Input, Role};
use touchtone::control::protocol::{Answer, Command, Outcome};

const MUTE: &str = "%%>message:touchtone.4:0:chan.masquerade::id=sip/2:message=chan.control:mute=true";

/// The prompts that only answer a code are not what these tests look at.
fn without_prompts(sent: Vec<String>) -> Vec<String> {
    sent.into_iter().filter(|line| !line.contains("message=chan.attach")).collect()
}

/// Keys `*6` and answers what the brain asks first; gives what it wants done.
fn key_mute(brain: &mut Brain, sequence: u32, muted_now: Option<bool>) -> String {
    brain.key("sip/2", "conf/5", sequence, "*");
    let mut sent = brain.key("sip/2", "conf/5", sequence + 1, "6");
    assert_eq!(sent.remove(0), format!("%%<message:d{}:true::", sequence + 1), "the answer comes first");
    if let Some(muted) = muted_now {
        assert!(sent[0].contains(":engine.status::module=conf/5"), "{sent:?}");
        sent = brain.answer(
            &sent[0],
            true,
            &format!("name=conf/5,type=conf;peerid=sip/2,address=sampleroom,mute={muted},signal=false%M%J"),
            "",
        );
    }
    sent.remove(0)
}

#[test]
fn the_engine_is_asked_for_its_account_after_everything_is_watched() {
    let mut brain = Brain::new(conference());
    let sent = brain.input(Input::Connected(Role::Socket));
    assert_eq!(sent[0], "%%>connect:global");
    assert!(sent.contains(&"%%>setlocal:bufsize:65536".to_owned()));
    assert!(sent.contains(&"%%>setlocal:trackparam:touchtone".to_owned()));
    assert!(sent.contains(&"%%>install:15:chan.dtmf".to_owned()));
    let last_watch = sent.iter().rposition(|line| line.starts_with("%%>watch:")).unwrap();
    let first_question = sent.iter().position(|line| line.contains("engine.status")).unwrap();
    assert!(last_watch < first_question);
}

#[test]
fn started_by_the_engine_it_does_not_introduce_itself_and_asks_to_be_restarted() {
    let sent = Brain::new(conference()).input(Input::Connected(Role::Script));
    assert!(!sent.iter().any(|line| line.starts_with("%%>connect")));
    assert!(sent.contains(&"%%>setlocal:restart:true".to_owned()));
}

#[test]
fn a_code_mutes_and_the_same_code_unmutes() {
    let mut brain = in_room();
    let sent = key_mute(&mut brain, 1, None);
    assert_eq!(sent, MUTE);
    brain.answer(&sent, true, "", ":id=sip/2:mute=true:peerid=conf/5");
    assert_eq!(ended(&brain.reports()), ["muted"]);
    let sent = key_mute(&mut brain, 3, None);
    assert!(sent.ends_with(":mute=false"), "{sent}");
    brain.answer(&sent, true, "", ":id=sip/2:mute=false:peerid=conf/5");
    assert_eq!(ended(&brain.reports()), ["unmuted"]);
}

#[test]
fn a_toggle_flips_what_is_so_in_the_engine_not_what_was_sent_last() {
    let mut brain = Brain::ready(conference());
    let sent = key_mute(&mut brain, 1, Some(true));
    assert!(sent.ends_with(":mute=false"), "muted before we came: {sent}");
    brain.answer(&sent, true, "", ":id=sip/2:mute=false:peerid=conf/5");
    brain.wait(Duration::from_secs(5));
    brain.say("%%<message::true:chan.control::targetid=conf/5:mute=true");
    let sent = key_mute(&mut brain, 3, None);
    assert!(sent.ends_with(":mute=false"), "muted by somebody else meanwhile: {sent}");
}

#[test]
fn a_mute_that_is_told_before_the_leg_is_known_is_not_forgotten() {
    let mut brain = Brain::ready(conference());
    brain.say("%%<message::true:chan.control::id=sip/2:mute=true:peerid=conf/5");
    brain.say("%%<message::true:call.execute::id=sip/2:answered=false:peerid=conf/5:room=conf/sampleroom");
    brain.say("%%<message::false:chan.notify::id=conf/5:event=joined:room=sampleroom:users=1");
    let sent = key_mute(&mut brain, 1, None);
    assert!(sent.ends_with(":mute=false"), "{sent}");
}

#[test]
fn an_operation_believes_itself_only_when_the_engine_has_answered() {
    let mut brain = in_room();
    let sent = key_mute(&mut brain, 1, None);
    brain.answer(&sent, false, "", "");
    assert_eq!(ended(&brain.reports()), ["failed: the engine refused"]);
    let sent = key_mute(&mut brain, 3, None);
    assert!(sent.ends_with(":mute=true"), "it was not muted: {sent}");
    brain.wait(Duration::from_secs(30));
    assert_eq!(ended(&brain.reports()), ["failed: the engine did not answer in time"]);
    key_mute(&mut brain, 5, Some(true));
}

#[test]
fn two_toggles_keyed_at_once_are_done_one_after_the_other() {
    let mut brain = in_room();
    let first = key_mute(&mut brain, 1, None);
    for (at, key) in ["*", "6"].into_iter().enumerate() {
        let sent = brain.key("sip/2", "conf/5", 3 + at as u32, key);
        assert_eq!(sent.len(), 1, "only the answer: {sent:?}");
    }
    let sent = without_prompts(brain.answer(&first, true, "", ":mute=true:peerid=conf/5"));
    assert!(sent[0].ends_with(":mute=false"), "{sent:?}");
}

#[test]
fn digits_that_no_code_wants_go_on_in_order_and_nothing_overtakes_them() {
    let mut brain = Brain::ready(conference());
    assert_eq!(
        brain.key("sip/3", "sip/4", 1, "7"),
        ["%%<message:d1:false::"],
        "nothing before it: it goes on"
    );
    assert_eq!(brain.key("sip/3", "sip/4", 2, "*"), ["%%<message:d2:true::"]);
    let sent = brain.key("sip/3", "sip/4", 3, "5");
    assert_eq!(sent[0], "%%<message:d3:true::");
    assert!(sent[1].ends_with(":chan.masquerade::id=sip/3:message=chan.dtmf:text=*5:sequence=0"), "{sent:?}");
    assert_eq!(brain.key("sip/3", "sip/4", 4, "8"), ["%%<message:d4:true::"]);
    assert_eq!(brain.key("sip/3", "sip/4", 5, "9"), ["%%<message:d5:true::"]);
    let after = brain.answer(&sent[1], true, "", "");
    assert!(after[0].ends_with(":text=89:sequence=0"), "{after:?}");
    brain.answer(&after[0], true, "", "");
    assert_eq!(
        brain.key("sip/3", "sip/4", 6, "1"),
        ["%%<message:d6:false::"],
        "nothing is under way any more"
    );
}

#[test]
fn digits_that_arrive_out_of_order_are_put_in_order() {
    let mut brain = in_room();
    brain.say("%%<message::false:chan.startup::id=sip/9:answered=false:caller=dave");
    assert_eq!(brain.key("sip/9", "conf/6", 2, "6"), ["%%<message:d2:true::"]);
    let sent = brain.key("sip/9", "conf/6", 1, "*");
    assert_eq!(sent[0], "%%<message:d1:true::");
    assert_eq!(fired(&brain.reports()), ["mute"]);
}

#[test]
fn a_digit_found_twice_fires_nothing_twice() {
    let mut brain = in_room();
    key_mute(&mut brain, 1, None);
    let again = "%%>message:x:1:chan.dtmf::id=sip/2:peerid=conf/5:text=6:sequence=3:duplicate=true";
    assert_eq!(brain.say(again), ["%%<message:x:true::"]);
    assert_eq!(brain.key("sip/2", "conf/5", 2, "6"), ["%%<message:d2:true::"], "the same sequence again");
    assert_eq!(fired(&brain.reports()), ["mute"]);
}

#[test]
fn what_is_on_no_key_is_left_alone() {
    let mut brain = in_room();
    assert_eq!(brain.key("sip/2", "conf/5", 1, "F"), ["%%<message:d1:false::"]);
    assert_eq!(brain.say("%%>message:x:1:chan.dtmf::text=1"), ["%%<message:x:false::"]);
    assert_eq!(brain.say("%%>message:y:1:call.route::caller=1"), ["%%<message:y:false::"]);
}

#[test]
fn a_code_fires_only_in_its_state() {
    let mut brain = Brain::ready(conference());
    brain.key("sip/3", "sip/4", 1, "*");
    brain.key("sip/3", "sip/4", 2, "6");
    assert_eq!(fired(&brain.reports()), [""; 0]);
    brain.say(
        "%%<message::true:call.execute::id=sip/3:answered=true:callto=conf/900:peerid=conf/8:room=conf/900",
    );
    brain.key("sip/3", "conf/8", 3, "*");
    brain.key("sip/3", "conf/8", 4, "6");
    assert_eq!(fired(&brain.reports()), ["mute"]);
}

#[test]
fn a_channel_never_seen_before_is_placed_by_what_its_digit_says() {
    let mut brain = Brain::ready(conference());
    brain.key("sip/77", "conf/70", 41, "*");
    brain.key("sip/77", "conf/70", 42, "6");
    assert_eq!(fired(&brain.reports()), ["mute"]);
}

#[test]
fn a_join_puts_the_caller_in_the_room_that_was_keyed() {
    let mut brain = Brain::ready(conference());
    let mut sent = Vec::new();
    for (at, key) in ["*", "3", "8", "0", "0", "#"].into_iter().enumerate() {
        sent = brain.key("sip/3", "sip/4", 1 + at as u32, key);
    }
    let expected =
        ":chan.masquerade::id=sip/3:message=call.conference:room=conf/800:notify=touchtone:lonely=true";
    assert!(sent[1].ends_with(expected), "{sent:?}");
    brain.answer(&sent[1], true, "", ":id=sip/3:peerid=conf/7:room=conf/800");
    let rooms = brain.assist.rooms();
    assert_eq!(rooms.len(), 1);
    assert_eq!(rooms[0].name, "800");
    assert_eq!(rooms[0].participants[0].channel.as_ref().unwrap(), "sip/3");
}

#[test]
fn events_of_what_is_gone_do_not_bring_it_back() {
    let mut brain = in_room();
    brain.say("%%<message::false:chan.hangup::id=sip/2:lastpeerid=conf/5");
    brain.say("%%<message::false:chan.connected::id=conf/5:module=conf:address=sampleroom:peerid=sip/2");
    brain.say("%%<message::false:chan.notify::id=conf/5:event=joined:room=sampleroom:users=1");
    assert_eq!(brain.assist.rooms(), []);
    assert_eq!(brain.key("sip/2", "conf/5", 3, "*"), ["%%<message:d3:false::"], "nobody will key the rest");
}

#[test]
fn a_caller_who_hangs_up_in_the_middle_of_a_code_leaves_no_timer() {
    let mut brain = in_room();
    brain.key("sip/2", "conf/5", 1, "*");
    assert!(brain.assist.poll_timeout().is_some());
    brain.say("%%<message::false:chan.hangup::id=sip/2:lastpeerid=conf/5");
    assert!(!brain.assist.load().timers);
}

#[test]
fn what_is_keyed_before_the_engine_has_told_everything_waits_and_is_done_then() {
    let mut brain = Brain::new(conference());
    let sent = brain.input(Input::Connected(Role::Socket));
    let questions: Vec<_> = sent.into_iter().filter(|line| line.contains("engine.status")).collect();
    brain.key("sip/2", "conf/5", 1, "*");
    assert_eq!(brain.key("sip/2", "conf/5", 2, "6"), ["%%<message:d2:true::"]);
    let mut said = Vec::new();
    for question in &questions {
        said = brain.answer(question, true, "", "");
    }
    assert!(said[0].ends_with("engine.status::module=conf/5"), "{said:?}");
}

#[test]
fn leaving_gives_held_digits_back_and_leaves_nothing_in_the_engine() {
    let mut brain = Brain::ready(conference());
    brain.key("sip/3", "sip/4", 1, "*");
    let sent = brain.input(Input::Leave);
    assert!(sent[0].ends_with("message=chan.dtmf:text=*:sequence=0"), "{sent:?}");
    assert_eq!(sent[1], "%%>uninstall:chan.dtmf");
    assert_eq!(brain.key("sip/9", "sip/8", 1, "*"), ["%%<message:d1:false::"], "what still comes goes on");
    assert_eq!(brain.key("sip/3", "sip/4", 2, "*"), ["%%<message:d2:true::"], "but overtakes nothing");
    assert_eq!(brain.say("%%<uninstall:15:chan.dtmf:true"), [""; 0]);
    assert_eq!(
        brain.key("sip/9", "sip/8", 2, "*"),
        ["%%<message:d2:false::"],
        "what was on its way is answered"
    );
    let sent = brain.answer(&sent[0], true, "", "");
    assert!(
        sent[0].ends_with("message=chan.dtmf:text=*:sequence=0"),
        "what came behind goes behind: {sent:?}"
    );
    brain.answer(&sent[0], true, "", "");
    let sent = brain.wait(Duration::from_millis(50));
    assert_eq!(sent.last().unwrap(), "%%>quit");
    assert_eq!(brain.say("%%<quit"), ["(leaves)"]);
}

#[test]
fn leaving_waits_for_digits_that_are_on_their_way_and_for_those_behind_them() {
    let mut brain = Brain::ready(conference());
    brain.key("sip/3", "sip/4", 1, "*");
    let released = brain.key("sip/3", "sip/4", 2, "5");
    assert_eq!(brain.key("sip/3", "sip/4", 3, "7"), ["%%<message:d3:true::"], "it waits for its turn");
    assert_eq!(brain.input(Input::Leave), ["%%>uninstall:chan.dtmf"]);
    brain.say("%%<uninstall:15:chan.dtmf:true");
    assert_eq!(
        brain.wait(Duration::from_millis(500)),
        [""; 0],
        "nothing is said before the engine has answered"
    );
    let sent = brain.answer(&released[1], true, "", "");
    assert!(sent[0].ends_with(":text=7:sequence=0"), "{sent:?}");
    brain.answer(&sent[0], true, "", "");
    assert_eq!(brain.wait(Duration::from_millis(100)).last().unwrap(), "%%>quit");
}

#[test]
fn leaving_does_not_wait_for_answers_for_ever() {
    let mut brain = Brain::ready(conference());
    brain.key("sip/3", "sip/4", 1, "*");
    brain.key("sip/3", "sip/4", 2, "5");
    brain.input(Input::Leave);
    brain.say("%%<uninstall:15:chan.dtmf:true");
    assert!(brain.wait(Duration::from_secs(3)).contains(&"%%>quit".to_owned()));
}

#[test]
fn an_engine_that_does_not_let_go_is_left_all_the_same() {
    let mut brain = Brain::ready(conference());
    brain.input(Input::Leave);
    assert_eq!(brain.wait(Duration::from_secs(10)).last().unwrap(), "(leaves)");
}

#[test]
fn an_admin_can_send_any_message_without_code() {
    let mut brain = Brain::ready(config(
        r##"
        [yate]
        connect = "stdio"
        [[code]]
        name = "hold"
        keys = "*7(who:x{2})"
        state = "call"
        operation = "message"
        message = "chan.attach"
        masquerade = true
        params = { source = "moh/${who}", caller = "${caller}" }
        [[code]]
        name = "note"
        keys = "*8"
        operation = "message"
        message = "custom.note"
        masquerade = false
        params = { text = "${channel} keyed ${keys}" }
        "##,
    ));
    brain.say("%%<message::false:chan.startup::id=sip/3:caller=a%zb=c%%%J");
    for (at, key) in ["*", "7", "4"].into_iter().enumerate() {
        brain.key("sip/3", "sip/4", 1 + at as u32, key);
    }
    let sent = brain.key("sip/3", "sip/4", 4, "2");
    let expected = "id=sip/3:message=chan.attach:caller=a%zb=c%%%J:source=moh/42";
    assert!(sent[1].ends_with(expected), "a caller's name cannot add a parameter or a line: {sent:?}");
    brain.answer(&sent[1], true, "", "");
    brain.key("sip/3", "sip/4", 5, "*");
    let sent = brain.key("sip/3", "sip/4", 6, "8");
    assert!(sent[1].ends_with(":custom.note::text=sip/3 keyed *8"), "{sent:?}");
}

#[test]
fn a_look_at_more_rooms_than_an_answer_has_costs_no_more_than_to_count_them() {
    let mut brain = Brain::ready(conference());
    for n in 0..6000 {
        brain.say(&format!(
            "%%<message::true:call.execute::id=sip/{n}:answered=false:caller=c{n}:called=8:callto=conf/r{n}:peerid=conf/{n}:room=conf/r{n}"
        ));
    }
    let rooms = |room: Option<&str>| Command::Rooms { room: room.map(str::to_owned) };
    brain.input(Input::Command { number: 1, command: rooms(None) });
    brain.input(Input::Command { number: 2, command: rooms(Some("r5999")) });
    let [(1, Outcome::Error(refusal)), (2, Outcome::Ok(Answer::Rooms(one)))] = &brain.answers[..] else {
        panic!("{:.300}", format!("{:?}", brain.answers));
    };
    assert!(
        refusal.message.ends_with("6000 rooms are more than an answer has; ask for one room"),
        "{refusal:?}"
    );
    assert_eq!(one[0].seats[0].caller, "c5999");
}
