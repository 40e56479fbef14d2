//! What the simulated engine promises beyond what the transcripts show.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::time::Duration;

use touchtone::key::Keys;
use touchtone::sim::{CallRequest, Callee, ChannelId, ConnectionId, Detector, Jitter, Route, Settings, Sim};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn engine(settings: Settings) -> (Sim, ConnectionId) {
    let mut sim = Sim::new(settings);
    let module = sim.connect();
    sim.receive(module, b"%%>connect:global\n");
    (sim, module)
}

fn settle(sim: &mut Sim) {
    sim.advance(sim.now() + ms(20));
}

fn say(sim: &mut Sim, module: ConnectionId, line: &str) {
    sim.receive(module, format!("{line}\n").as_bytes());
    settle(sim);
}

fn heard(sim: &mut Sim, module: ConnectionId) -> Vec<String> {
    String::from_utf8(sim.transmit(module)).unwrap().lines().map(str::to_owned).collect()
}

/// What was asked, as the id of the question and a parameter of it.
fn asked(lines: &[String], name: &str) -> Vec<(String, String)> {
    let question = |line: &String| {
        let rest = line.strip_prefix("%%>message:")?;
        let value = rest.split(':').find_map(|field| field.strip_prefix(&format!("{name}=")))?;
        Some((rest.split(':').next()?.to_owned(), value.to_owned()))
    };
    lines.iter().filter_map(question).collect()
}

fn call(sim: &mut Sim, caller: &str, called: &str) -> ChannelId {
    let channel = sim.call(&CallRequest::new(caller, called, "127.0.0.1:7001"));
    settle(sim);
    channel
}

fn press(sim: &mut Sim, channel: &ChannelId, keys: &str) {
    sim.key(channel, &keys.parse::<Keys>().unwrap());
}

#[test]
fn unanswered_digits_stop_the_calls_of_others() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "800");
    press(&mut sim, &alice, "0123456789");
    settle(&mut sim);
    assert_eq!(sim.waiting(), 10);
    let bob = call(&mut sim, "bob", "7010");
    sim.advance(sim.now() + ms(1000));
    assert!(!sim.channel(&bob).unwrap().answered, "a call got through though every thread was stuck");
    assert!(sim.queued() > 0);

    let questions = asked(&heard(&mut sim, module), "text");
    for (id, _) in &questions {
        say(&mut sim, module, &format!("%%<message:{id}:true::"));
    }
    assert!(sim.channel(&bob).unwrap().answered, "a call did not get through though every thread was free");
    assert_eq!((sim.waiting(), sim.queued()), (0, 0));
}

#[test]
fn an_engine_as_installed_has_one_thread_and_makes_more_when_stuck() {
    let (mut sim, module) = engine(Settings { workers_at_start: 1, ..Settings::default() });
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "800");
    press(&mut sim, &alice, "0123456789");
    settle(&mut sim);
    assert_eq!(sim.waiting(), 1);
    sim.advance(sim.now() + ms(4500));
    assert_eq!(sim.waiting(), 3);
}

#[test]
fn an_unanswered_digit_is_released_after_the_time_out() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>setlocal:timeout:2000");
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "7010");
    let callee = sim.channel(&alice).unwrap().peer.unwrap();
    press(&mut sim, &alice, "5");
    let from = sim.now();
    sim.advance(from + ms(1999));
    assert_eq!((sim.waiting(), sim.channel(&callee).unwrap().received.as_str()), (1, ""));
    sim.advance(from + ms(2010));
    assert_eq!((sim.waiting(), sim.channel(&callee).unwrap().received.as_str()), (0, "5"));
    assert!(sim.log().any(|line| line.text.contains("did not return")));
}

#[test]
fn a_lost_module_releases_what_waits_for_it() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "7010");
    let callee = sim.channel(&alice).unwrap().peer.unwrap();
    press(&mut sim, &alice, "12");
    settle(&mut sim);
    assert_eq!(sim.waiting(), 2);
    sim.disconnect(module);
    settle(&mut sim);
    assert!(!sim.is_open(module));
    assert_eq!(sim.waiting(), 0);
    press(&mut sim, &alice, "3");
    settle(&mut sim);
    assert_eq!(sim.channel(&callee).unwrap().received, "123");
}

#[test]
fn a_line_longer_than_the_buffer_closes_the_connection() {
    let line = |length: usize| format!("%%>output:{}\n", "x".repeat(length - 11));
    for (buffer, length, open) in
        [(8192, 8191, true), (8192, 8192, false), (65536, 65535, true), (65536, 65536, false)]
    {
        let (mut sim, module) = engine(Settings::default());
        say(&mut sim, module, &format!("%%>setlocal:bufsize:{buffer}"));
        sim.receive(module, line(length).as_bytes());
        settle(&mut sim);
        assert_eq!(sim.is_open(module), open, "{length} bytes in a buffer of {buffer}");
    }
    // It need not end.
    let (mut sim, module) = engine(Settings::default());
    for _ in 0..9 {
        sim.receive(module, &[b'x'; 1000]);
        settle(&mut sim);
    }
    assert!(!sim.is_open(module));
}

#[test]
fn what_is_no_handshake_closes_the_connection() {
    let mut sim = Sim::new(Settings::default());
    let module = sim.connect();
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    assert!(!sim.is_open(module));
    assert!(heard(&mut sim, module).is_empty());
}

#[test]
fn a_module_that_the_engine_started_needs_no_handshake_and_may_be_restarted() {
    let mut sim = Sim::new(Settings::default());
    let module = sim.connect_script();
    say(&mut sim, module, "%%>connect:global");
    say(&mut sim, module, "%%>setlocal:restart:true");
    assert_eq!(heard(&mut sim, module), ["Error in: %%>connect:global", "%%<setlocal:restart:true:true"]);
    assert!(sim.restarts(module));
}

/// Keys fast on a channel; in which order the module is asked, by sequence number.
fn order_of_fast_digits(seed: u64, gap: Duration) -> Vec<u64> {
    let (mut sim, module) = engine(Settings { seed, jitter: Jitter::lifelike(), ..Settings::default() });
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "800");
    heard(&mut sim, module);
    let mut order = Vec::new();
    for digit in "0123456789".repeat(20).chars() {
        press(&mut sim, &alice, &digit.to_string());
        sim.advance(sim.now() + gap);
        let questions = heard(&mut sim, module);
        order.extend(
            asked(&questions, "sequence").iter().map(|(_, sequence)| sequence.parse::<u64>().unwrap()),
        );
        for (id, _) in asked(&questions, "sequence") {
            sim.receive(module, format!("%%<message:{id}:true::\n").as_bytes());
        }
    }
    sim.advance(sim.now() + ms(5000));
    order.extend(asked(&heard(&mut sim, module), "sequence").iter().map(|(_, s)| s.parse::<u64>().unwrap()));
    order
}

#[test]
fn digits_keyed_fast_come_out_of_order_and_their_numbers_restore_it() {
    let count_swapped = |order: &[u64]| order.windows(2).filter(|pair| pair[0] > pair[1]).count();
    let fast = order_of_fast_digits(1, ms(2));
    assert!((1..20).contains(&count_swapped(&fast)), "{} of 200 swapped", count_swapped(&fast));
    let mut sorted = fast;
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=200).collect::<Vec<u64>>());
    assert_eq!(count_swapped(&order_of_fast_digits(1, ms(20))), 0);
}

#[test]
fn a_seed_says_all() {
    let run = |seed| {
        let (mut sim, module) = engine(Settings { seed, jitter: Jitter::lifelike(), ..Settings::default() });
        for name in ["chan.dtmf", "chan.notify", "call.execute", "chan.hangup", "call.cdr"] {
            say(&mut sim, module, &format!("%%>watch:{name}"));
        }
        say(&mut sim, module, "%%>install:15:chan.dtmf");
        let alice = call(&mut sim, "alice", "800");
        let bob = call(&mut sim, "bob", "800");
        press(&mut sim, &alice, "01234567890123456789");
        press(&mut sim, &bob, "*6");
        sim.advance(sim.now() + ms(30_000));
        sim.hangup(&alice);
        sim.hangup(&bob);
        settle(&mut sim);
        heard(&mut sim, module)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn a_digit_is_counted_once_however_many_detectors_hear_it() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "800");
    heard(&mut sim, module);
    for detector in [Detector::SipInfo, Detector::Inband, Detector::Rfc2833] {
        sim.key_heard(&alice, &"5".parse().unwrap(), detector);
        settle(&mut sim);
    }
    assert_eq!(asked(&heard(&mut sim, module), "sequence").len(), 1);
}

#[test]
fn a_muted_caller_is_muted_in_every_account() {
    let (mut sim, module) = engine(Settings::default());
    let alice = call(&mut sim, "alice", "800");
    say(
        &mut sim,
        module,
        &format!("%%>message:1:0:chan.masquerade::id={alice}:message=chan.control:mute=true"),
    );
    let room = sim.room("sampleroom").unwrap();
    assert!(room.member(&alice).unwrap().muted);
    assert!(sim.channel(&alice).unwrap().muted);
    let leg = room.members[0].leg.clone();
    heard(&mut sim, module);
    say(&mut sim, module, &format!("%%>message:2:0:engine.status::module={leg}"));
    assert!(heard(&mut sim, module)[0].contains(",mute=true,signal=false"));
}

#[test]
fn a_room_can_be_full_and_must_exist_if_asked_to() {
    let route = Route::new("802", "conf/small").with("maxusers", "1").with("lonely", "true");
    let existing = Route::new("803", "conf/nosuch").with("existing", "true");
    let (mut sim, _) = engine(Settings { routes: vec![route, existing], ..Settings::default() });
    let alice = call(&mut sim, "alice", "802");
    let bob = call(&mut sim, "bob", "802");
    let carol = call(&mut sim, "carol", "803");
    assert_eq!(sim.room("small").unwrap().users, 1);
    assert!(sim.channel(&alice).is_some());
    assert!(sim.channel(&bob).is_none() && sim.channel(&carol).is_none());
}

#[test]
fn a_room_that_is_not_for_the_lonely_ends_with_the_last_but_one() {
    let (mut sim, _) =
        engine(Settings { routes: vec![Route::new("804", "conf/pair")], ..Settings::default() });
    let alice = call(&mut sim, "alice", "804");
    let bob = call(&mut sim, "bob", "804");
    assert_eq!(sim.room("pair").unwrap().users, 2);
    sim.hangup(&alice);
    settle(&mut sim);
    assert!(sim.room("pair").is_none());
    assert!(sim.channel(&bob).is_none());
}

#[test]
fn those_who_are_called_do_as_they_are_told_to() {
    let callees = [
        ("7001", Callee::Rings { answers_after: ms(500) }),
        ("7002", Callee::Busy),
        ("7003", Callee::NoAnswer),
    ];
    let callees = callees.map(|(who, callee)| (who.to_owned(), callee)).to_vec();
    let (mut sim, _) = engine(Settings { callees, ..Settings::default() });
    let rung = call(&mut sim, "a", "7001");
    let busy = call(&mut sim, "b", "7002");
    let nobody = call(&mut sim, "c", "7003");
    assert_eq!(sim.channel(&rung).unwrap().status, "ringing");
    assert!(sim.channel(&busy).is_none());
    sim.advance(sim.now() + ms(600));
    assert_eq!(sim.channel(&rung).unwrap().status, "answered");
    assert_eq!(sim.channel(&nobody).unwrap().status, "ringing");
}

#[test]
fn a_room_lasts_while_its_recorder_is_replaced() {
    let route = Route::new("802", "conf/closed").with("notify", "monitor/closed");
    let (mut sim, module) = engine(Settings { routes: vec![route], ..Settings::default() });
    say(&mut sim, module, "%%>watch:chan.notify");
    call(&mut sim, "alice", "802");
    for file in ["one", "two"] {
        say(
            &mut sim,
            module,
            &format!("%%>message:{file}:0:call.conference::room=conf/closed:record=wave/record//{file}"),
        );
    }
    let room = sim.room("closed").expect("the room lasts for the recorder's new leg");
    assert_eq!(
        (room.recorder.as_deref(), room.users),
        (Some("wave/record//two"), 0),
        "alice was alone with the old one"
    );
    assert!(!heard(&mut sim, module).iter().any(|line| line.contains("event=destroyed")));
}

#[test]
fn a_recording_on_a_utility_leg_ends_with_the_leg() {
    let (mut sim, module) = engine(Settings::default());
    call(&mut sim, "alice", "800");
    let leg = "%%>message:1:0:call.execute::callto=dumb/rec:target=x:direct=conf/sampleroom:utility=true:copyparams=utility";
    say(&mut sim, module, leg);
    let utility = sim.room("sampleroom").unwrap().members.into_iter().find(|member| member.utility).unwrap();
    assert_eq!(sim.room("sampleroom").unwrap().users, 1);
    let file = "wave/record//srv/x.au";
    say(
        &mut sim,
        module,
        &format!("%%>message:2:0:chan.masquerade::id={}:message=chan.record:call={file}", utility.leg),
    );
    assert_eq!(sim.room("sampleroom").unwrap().recordings(), [file]);
    say(&mut sim, module, &format!("%%>message:3:0:call.drop::id={}", utility.peer.unwrap()));
    assert!(sim.room("sampleroom").unwrap().recordings().is_empty());
    assert_eq!(sim.recordings().collect::<Vec<_>>(), [file]);
}

#[test]
fn prompts_are_heard_by_the_caller_they_are_for() {
    let (mut sim, module) = engine(Settings { play_time: ms(300), ..Settings::default() });
    let alice = call(&mut sim, "alice", "800");
    let prompt = "wave/play//srv/muted.au";
    let line = format!("id={alice}:message=chan.attach:override={prompt}:single=yes");
    say(&mut sim, module, &format!("%%>message:1:0:chan.masquerade::{line}"));
    let answer = heard(&mut sim, module).pop().unwrap();
    assert!(answer.starts_with("%%<message:1:true:chan.attach:"), "{answer}");
    assert_eq!(sim.channel(&alice).unwrap().hearing.as_deref(), Some(prompt));
    sim.advance(sim.now() + ms(400));
    let view = sim.channel(&alice).unwrap();
    assert_eq!((view.hearing, view.heard), (None, vec![prompt.to_owned()]));
}

#[test]
fn a_dumb_channel_hears_prompts_once_a_file_listens_at_its_end() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>message:c:0:call.execute::callto=dumb/alice:target=x:direct=conf/x");
    let prompt = "chan.masquerade::id=dumb/1:message=chan.attach:override=tone/callwaiting:single=yes";
    say(&mut sim, module, &format!("%%>message:deaf:0:{prompt}"));
    let ears = "chan.masquerade::id=dumb/1:message=chan.attach:consumer=wave/record//srv/alice.au";
    say(&mut sim, module, &format!("%%>message:ears:0:{ears}"));
    say(&mut sim, module, &format!("%%>message:prompt:0:{prompt}"));
    let heard = heard(&mut sim, module);
    let refused = |line: &&String| line.starts_with("%%<message:deaf:false:chan.attach:");
    assert!(heard.iter().any(|line| refused(&line)), "{heard:?}");
    let played = |line: &&String| line.starts_with("%%<message:prompt:true:chan.attach:");
    assert!(heard.iter().any(|line| played(&line)), "{heard:?}");
    assert_eq!(sim.channel(&"dumb/1".into()).unwrap().heard, ["tone/callwaiting"]);
}

#[test]
fn a_handler_below_the_rooms_own_can_lock_a_room() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:50:call.execute:callto:conf/sampleroom");
    let alice = sim.call(&CallRequest::new("alice", "800", "127.0.0.1:7001"));
    settle(&mut sim);
    let (id, _) = asked(&heard(&mut sim, module), "callto").pop().unwrap();
    say(&mut sim, module, &format!("%%<message:{id}:false:::callto=tone/busy:reason=locked"));
    let view = sim.channel(&alice).unwrap();
    assert_eq!(view.peer.unwrap().as_str(), "tone/1");
    assert!(sim.room("sampleroom").is_none());
}

#[test]
fn a_flood_is_answered_to_the_last_digit() {
    let (mut sim, module) = engine(Settings { read_idle: Duration::ZERO, ..Settings::default() });
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "7010");
    let callee = sim.channel(&alice).unwrap().peer.unwrap();
    heard(&mut sim, module);
    let keys: Keys = "0123456789".parse().unwrap();
    let mut answered = 0;
    for _ in 0..2_000 {
        sim.key(&alice, &keys);
        sim.advance(sim.now());
        let questions = asked(&heard(&mut sim, module), "text");
        answered += questions.len();
        let answers: String = questions.iter().map(|(id, _)| format!("%%<message:{id}:false::\n")).collect();
        sim.receive(module, answers.as_bytes());
        sim.advance(sim.now());
    }
    assert_eq!(answered, 20_000);
    assert_eq!((sim.waiting(), sim.queued()), (0, 0));
    assert_eq!(sim.channel(&callee).unwrap().received.len(), 20_000);
}

#[test]
fn no_bytes_that_a_module_sends_do_harm() {
    use proptest::prelude::*;
    let line = prop_oneof![
        "%%[<>](message|install|watch|setlocal|connect|debug|output|quit|uninstall):[a-z:=%0-9./*-]{0,40}",
        "%%>message:1:0:(chan.masquerade|call.execute|call.conference|call.drop|chan.attach|chan.record|chan.connect)\
         ::(id=(sip/1|conf/1|conf/sampleroom|sip/2|dumb/1|sip|):)?\
         (message=(call.execute|call.conference|chan.attach|chan.dtmf|chan.masquerade):)?\
         (room=conf/[ab]?:)?(record=(-|wave/record//x):)?(callto=(conf/[ab]?|dumb/x|tone/busy|wave/play//x|sip/sip%zx@y):)?\
         (target=(800|x):)?(direct=conf/a:)?(targetid=(sip/1|sip/2|conf/1):)?(override=(-|tone/dial|wave/play/x/y):)?z=1",
        ".{0,40}",
    ];
    proptest!(|(lines in prop::collection::vec(line, 1..12))| {
        let (mut sim, module) = engine(Settings::default());
        call(&mut sim, "alice", "800");
        call(&mut sim, "bob", "7010");
        for line in &lines {
            say(&mut sim, module, line);
            heard(&mut sim, module);
        }
        sim.advance(sim.now() + ms(20_000));
        sim.disconnect(module);
        sim.advance(sim.now() + ms(100));
        for view in sim.channels().collect::<Vec<_>>() {
            if let Some(peer) = view.peer {
                let back = sim.channel(&peer).and_then(|peer| peer.peer);
                prop_assert_eq!(back, Some(view.id), "a channel's peer knows nothing of it");
            }
        }
        prop_assert_eq!(sim.waiting(), 0);
    });
}

#[test]
fn a_module_hears_of_its_own_messages_only_if_it_asks_to() {
    let send = "%%>message:7:0:chan.text::text=x";
    for (set, lines) in [
        ("%%>setlocal:reenter:", vec!["%%<message:7:false:chan.text:"]),
        ("%%>setlocal:selfwatch:true", vec!["%%<message::false:chan.text:", "%%<message:7:false:chan.text:"]),
        ("%%>setlocal:reenter:true", vec!["%%>message:"]),
    ] {
        let (mut sim, module) = engine(Settings::default());
        for line in ["%%>install:15:chan.text", "%%>watch:chan.text", set] {
            say(&mut sim, module, line);
        }
        heard(&mut sim, module);
        say(&mut sim, module, send);
        let said = heard(&mut sim, module);
        assert_eq!(said.len(), lines.len(), "{set}: {said:?}");
        assert!(said.iter().zip(lines).all(|(said, line)| said.starts_with(line)), "{set}: {said:?}");
    }
}

#[test]
fn an_answer_may_change_a_message_and_remove_parameters() {
    let (mut sim, module) = engine(Settings::default());
    let other = sim.connect();
    say(&mut sim, other, "%%>connect:global");
    for line in ["%%>setlocal:trackparam:touchtone", "%%>install:15:chan.text:text:x", "%%>watch:renamed"] {
        say(&mut sim, module, line);
    }
    heard(&mut sim, module);
    say(&mut sim, other, "%%>message:1:0:chan.text::text=y");
    assert!(heard(&mut sim, module).is_empty(), "the filter let through what it is not for");
    say(&mut sim, other, "%%>message:2:0:chan.text::text=x:gone=1:kept=2");
    let (id, handlers) = asked(&heard(&mut sim, module), "handlers").pop().unwrap();
    assert_eq!(handlers, "touchtone%z15");
    say(&mut sim, module, &format!("%%<message:{id}:true:renamed:value:gone:kept=3:new=4"));
    let expected = "%%<message::true:renamed:value:text=x:kept=3:handlers=touchtone%z15:new=4";
    assert_eq!(heard(&mut sim, module), [expected]);
}

#[test]
fn a_module_can_route_a_call() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:50:call.route");
    say(&mut sim, module, "%%>watch:call.execute");
    heard(&mut sim, module);
    let alice = call(&mut sim, "alice", "1234");
    let (id, called) = asked(&heard(&mut sim, module), "called").pop().unwrap();
    assert_eq!(called, "1234");
    let answer = "conf/mine:lonely=true:maxusers=5:touchtone_role=organizer";
    say(&mut sim, module, &format!("%%<message:{id}:true::{answer}"));
    assert!(heard(&mut sim, module)[0].contains(":touchtone_role=organizer:callto=conf/mine:"));
    assert_eq!(sim.channel(&alice).unwrap().room.as_deref(), Some("mine"));
    assert_eq!(sim.room("mine").unwrap().max_users, 5);
}

#[test]
fn a_caller_nobody_routes_is_refused() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>watch:chan.hangup");
    heard(&mut sim, module);
    let alice = call(&mut sim, "alice", "nobody");
    assert!(sim.channel(&alice).is_none());
    assert!(heard(&mut sim, module)[0].contains("reason=No route to call target"));
}

#[test]
fn a_caller_who_hangs_up_while_being_routed_is_gone_for_good() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:50:call.route");
    let alice = call(&mut sim, "alice", "800");
    sim.hangup(&alice);
    settle(&mut sim);
    let (id, _) = asked(&heard(&mut sim, module), "called").pop().unwrap();
    say(&mut sim, module, &format!("%%<message:{id}:false::"));
    assert!(sim.channel(&alice).is_none());
    assert!(sim.room("sampleroom").is_none());
}

#[test]
fn a_billed_leg_has_a_record_with_its_duration() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>watch:call.cdr");
    let alice = call(&mut sim, "alice", "800");
    sim.advance(sim.now() + ms(12_480));
    sim.hangup(&alice);
    settle(&mut sim);
    let lines = heard(&mut sim, module);
    let last = lines.iter().rfind(|line| line.contains(":chan=conf/1:")).unwrap();
    for part in [
        ":operation=finalize:",
        ":duration=12.500:",
        ":caller=alice:",
        ":called=800:",
        ":billid=1795419992-1:",
    ] {
        assert!(last.contains(part), "{part} is not in {last}");
    }
}

#[test]
fn two_calls_can_be_joined_and_parted_again() {
    let (mut sim, module) = engine(Settings::default());
    let alice = call(&mut sim, "alice", "7010");
    let carol = sim.channel(&alice).unwrap().peer.unwrap();
    let join = format!("id={alice}:message=call.conference:room=conf/adhoc:lonely=true");
    say(&mut sim, module, &format!("%%>message:1:0:chan.masquerade::{join}"));
    assert_eq!(sim.room("adhoc").unwrap().users, 2);
    say(&mut sim, module, &format!("%%>message:2:0:chan.connect::id={alice}:targetid={carol}"));
    assert_eq!(sim.channel(&alice).unwrap().peer, Some(carol));
    assert!(sim.room("adhoc").is_none());
}

#[test]
fn released_digits_reach_the_other_party_in_order_and_not_the_module() {
    let (mut sim, module) = engine(Settings::default());
    say(&mut sim, module, "%%>install:15:chan.dtmf");
    let alice = call(&mut sim, "alice", "7010");
    let carol = sim.channel(&alice).unwrap().peer.unwrap();
    heard(&mut sim, module);
    say(&mut sim, module, &format!("%%>message:1:0:chan.masquerade::id={alice}:message=chan.dtmf:text=*55"));
    let said = heard(&mut sim, module);
    assert!(said.len() == 1 && said[0].starts_with("%%<message:1:true:chan.dtmf:"), "{said:?}");
    assert_eq!(sim.channel(&carol).unwrap().received, "*55");
}
