//! What the simulated engine promises to those who control conferences with it: handlers that refuse and redirect,
//! rooms that are kept open, people who are called, and prompts whose end is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::time::Duration;

use touchtone::sim::{CallRequest, Callee, ChannelId, ConnectionId, Settings, Sim};

const HELLO: &str = "wave/play//srv/hello.au";

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// An engine, the connection that has handlers, and what they are answered with.
struct Scene {
    sim: Sim,
    module: ConnectionId,
    /// Another connection: a module is not asked about what it sent itself.
    other: ConnectionId,
    /// For a value of `callto`, `room` or `called`: what a question that has it is answered with.
    rules: Vec<(&'static str, &'static str)>,
    heard: Vec<String>,
}

impl Scene {
    fn new(settings: Settings) -> Scene {
        let settings = Settings { play_time: ms(500), ..settings };
        let mut sim = Sim::new(settings);
        let (module, other) = (sim.connect(), sim.connect());
        sim.receive(module, b"%%>connect:global\n");
        sim.receive(other, b"%%>connect:global\n");
        let mut scene = Scene { sim, module, other, rules: Vec::new(), heard: Vec::new() };
        for line in [
            "%%>install:45:call.execute",
            "%%>install:140:call.conference",
            "%%>install:50:call.route",
            "%%>watch:call.execute",
            "%%>watch:call.answered",
            "%%>watch:call.ringing",
            "%%>watch:call.cdr",
            "%%>watch:chan.notify",
            "%%>watch:chan.dtmf",
            "%%>watch:chan.disconnected",
            "%%>watch:chan.hangup",
        ] {
            scene.say(line);
        }
        scene.heard.clear();
        scene
    }

    fn say(&mut self, line: &str) {
        self.sim.receive(self.module, format!("{line}\n").as_bytes());
        self.pass(ms(20));
    }

    fn other_says(&mut self, line: &str) -> String {
        self.sim.transmit(self.other);
        self.sim.receive(self.other, format!("{line}\n").as_bytes());
        self.pass(ms(60));
        String::from_utf8(self.sim.transmit(self.other)).unwrap()
    }

    /// Lets time pass, and answers by the rules what the module is asked meanwhile.
    fn pass(&mut self, span: Duration) {
        let until = self.sim.now() + span;
        loop {
            let at = self.sim.next_event().map_or(until, |at| at.min(until));
            self.sim.advance(at);
            self.listen();
            if at >= until && self.sim.next_event().is_none_or(|next| next > until) {
                return;
            }
        }
    }

    fn listen(&mut self) {
        let said = String::from_utf8(self.sim.transmit(self.module)).unwrap();
        for line in said.lines() {
            if let Some(question) = line.strip_prefix("%%>message:") {
                let id = question.split(':').next().unwrap();
                let named =
                    if question.contains(":call.route:") { ["called", "called"] } else { ["callto", "room"] };
                let is_for = |value: &str| {
                    let fields = named.map(|name| format!("{name}={value}"));
                    question.split(':').any(|part| fields.iter().any(|field| field == part))
                };
                let rule = self.rules.iter().find(|(value, _)| is_for(value));
                let answer = rule.map_or("false::", |(_, answer)| *answer);
                self.sim.receive(self.module, format!("%%<message:{id}:{answer}\n").as_bytes());
            }
            self.heard.push(line.to_owned());
        }
    }

    fn calls(&mut self, caller: &str, called: &str) -> ChannelId {
        let channel = self.sim.call(&CallRequest::new(caller, called, "127.0.0.1:7001"));
        self.pass(ms(50));
        channel
    }

    fn moves(&mut self, channel: &ChannelId, what: &str) -> String {
        self.other_says(&format!("%%>message:m:0:chan.masquerade::id={channel}:message={what}"))
    }

    /// A parameter of the first message heard of that name that has all of `with`.
    fn told(&self, name: &str, with: &[&str], parameter: &str) -> Option<String> {
        let mut lines = self.heard.iter().filter(|line| {
            line.starts_with("%%<message:")
                && line.split(':').nth(3) == Some(name)
                && with.iter().all(|field| line.split(':').any(|part| part == *field))
        });
        let line = lines.next()?;
        let value = line.split(':').find_map(|part| part.strip_prefix(&format!("{parameter}=")));
        Some(value.unwrap_or_default().to_owned())
    }

    fn status(&mut self, module: &str) -> String {
        self.other_says(&format!("%%>message:s:0:engine.status::module={module}"))
    }

    fn peer(&self, channel: &ChannelId) -> String {
        self.sim.channel(channel).and_then(|view| view.peer).map(|peer| peer.to_string()).unwrap_or_default()
    }
}

const ROOM: &str = "false:::lonely=true:notify=tt/board:maxusers=3:speakers=2:interval=1000:billing=true";

#[test]
fn a_room_is_made_as_the_handler_of_its_first_call_says() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", ROOM)];
    scene.calls("bob", "801");
    let room = scene.sim.room("plain").unwrap();
    assert_eq!((room.max_users, room.notify.as_deref(), room.lonely), (3, Some("tt/board"), true));
    assert_eq!(scene.told("chan.notify", &["event=created"], "caller").as_deref(), Some("bob"));
}

#[test]
fn a_refused_caller_is_told_why_and_a_redirected_one_is_answered() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", "false:::callto=:error=forbidden:reason=The room is locked")];
    let bob = scene.calls("bob", "801");
    assert!(scene.sim.channel(&bob).is_none() && scene.sim.room("plain").is_none());
    assert_eq!(
        scene.told("chan.hangup", &["status=rejected"], "reason").as_deref(),
        Some("The room is locked")
    );
    assert!(scene.sim.log().any(|line| line.text == format!("{bob} is refused: 403 The room is locked")));

    scene.rules = vec![("conf/plain", "false:::callto=tone/busy:reason=locked")];
    let eve = scene.calls("eve", "801");
    assert!(scene.sim.channel(&eve).unwrap().answered);
    assert_eq!(scene.peer(&eve), "tone/1");
    scene.sim.key(&eve, &"5".parse().unwrap());
    scene.pass(ms(60_000));
    assert_eq!(scene.told("chan.dtmf", &["text=5"], "peerid").as_deref(), Some("tone/1"));
    assert!(scene.sim.channel(&eve).is_some(), "a tone has no end");

    scene.rules = vec![("conf/plain", "false:::callto=tone/busy:autoanswer=false:autoprogress=true")];
    let dan = scene.calls("dan", "801");
    let view = scene.sim.channel(&dan).unwrap();
    assert_eq!((view.answered, view.status.as_str()), (false, "progressing"));
    scene.sim.hangup(&dan);
    scene.pass(ms(20));
    let told = scene.told("chan.disconnected", &["lastpeerid=sip/3"], "reason");
    assert_eq!(told.as_deref(), Some("Cancelled"));
}

#[test]
fn a_file_that_was_called_ends_the_call_unless_it_is_repeated() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", "false:::callto=wave/play//srv/hello.au")];
    let bob = scene.calls("bob", "801");
    assert!(scene.sim.channel(&bob).unwrap().answered);
    scene.pass(ms(600));
    assert!(scene.sim.channel(&bob).is_none());
    assert_eq!(scene.told("chan.hangup", &["id=sip/1"], "reason").as_deref(), Some(""));

    scene.rules = vec![("conf/plain", "false:::callto=wave/play//srv/hello.au:autorepeat=true")];
    let eve = scene.calls("eve", "801");
    scene.pass(ms(60_000));
    assert_eq!(scene.peer(&eve), "wave/2");
}

#[test]
fn somebody_who_waits_is_moved_and_one_who_may_not_enter_stays_where_he_is() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", "false:::callto=tone/silence"), ("conf/board", ROOM)];
    let bob = scene.calls("bob", "801");
    let answer = scene.moves(&bob, "call.execute:callto=conf/board");
    assert!(answer.contains(":true:call.execute:") && scene.sim.room("board").is_some());
    assert!(scene.told("chan.hangup", &[], "id").is_none(), "somebody was hung up");

    scene.rules = vec![("conf/secret", "false:::callto=:error=forbidden:reason=locked")];
    let answer = scene.moves(&bob, "call.execute:callto=conf/secret");
    assert!(answer.contains(":false:call.execute:"));
    let answer = scene.moves(&bob, "call.execute:callto=conf/nosuch:existing=true");
    assert!(answer.contains(":false:call.execute:"));
    assert_eq!(scene.sim.channel(&bob).unwrap().room.as_deref(), Some("board"));

    scene.moves(&bob, "call.execute:callto=tone/dial");
    assert_eq!(scene.peer(&bob), "tone/2");
    assert!(scene.sim.room("board").is_none());
}

#[test]
fn a_conference_of_two_can_be_refused_without_harm() {
    let mut scene = Scene::new(Settings::default());
    let bob = scene.calls("bob", "7010");
    let before = scene.peer(&bob);
    scene.rules = vec![("conf/board", "false:::room=locked")];
    assert!(scene.moves(&bob, "call.conference:room=conf/board").contains(":false:call.conference:"));
    scene.rules = vec![("conf/board", "true:::reason=locked")];
    assert!(scene.moves(&bob, "call.conference:room=conf/board").contains(":true:call.conference:"));
    assert_eq!((scene.peer(&bob), scene.sim.room("board").is_none()), (before, true));
    scene.rules = vec![("conf/board", ROOM)];
    scene.moves(&bob, "call.conference:room=conf/board");
    let room = scene.sim.room("board").unwrap();
    assert_eq!((room.users, room.max_users), (2, 3));
}

/// Whether a room is still there when its only caller has left, and a utility leg has not.
fn outlasts(lonely: &'static str, counted: bool) -> bool {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", lonely)];
    let bob = scene.calls("bob", "801");
    let counts = if counted { ":counted=true:copyparams=utility,counted" } else { ":copyparams=utility" };
    scene.other_says(&format!(
        "%%>message:u:0:call.execute::callto=dumb/keeper:target=x:direct=conf/plain:utility=true{counts}"
    ));
    assert_eq!(scene.sim.room("plain").unwrap().users, 1 + usize::from(counted));
    assert_eq!(scene.heard.iter().filter(|line| line.contains("event=joined")).count(), 1);
    scene.sim.hangup(&bob);
    scene.pass(ms(50));
    assert_eq!(
        scene.told("chan.hangup", &["id=dumb/1"], "reason").is_some(),
        scene.sim.room("plain").is_none()
    );
    scene.sim.room("plain").is_some()
}

#[test]
fn only_a_utility_leg_that_counts_keeps_a_lonely_room_open() {
    assert!(outlasts("false:::lonely=true:notify=tt/board", true));
    assert!(!outlasts("false:::lonely=true:notify=tt/board", false));
    assert!(!outlasts("false:::lonely=false:notify=tt/board", true));
    assert!(!outlasts("false:::lonely=false:notify=tt/board", false));
}

#[test]
fn a_full_room_takes_only_what_does_not_count() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", "false:::maxusers=1")];
    scene.calls("bob", "801");
    let eve = scene.calls("eve", "801");
    assert!(scene.sim.channel(&eve).is_none());
    let told = scene.told("chan.disconnected", &["id=sip/2"], "error");
    assert_eq!(told.as_deref(), Some("noconn"));
    assert!(scene.sim.log().any(|line| line.text == "sip/2 is refused: 503 Could not connect to target"));
    let leg = "%%>message:u:0:call.execute::callto=dumb/x:target=x:direct=conf/plain";
    assert!(scene.other_says(leg).contains(":false:call.execute:"));
    assert!(
        scene.other_says(&format!("{leg}:utility=true:copyparams=utility")).contains(":true:call.execute:")
    );
}

/// Calls somebody out, lets `span` pass; what is told of the end: by `chan.disconnected` and by the status of the
/// leg that called.
fn call_ends(callee: Callee, more: &str, span: Duration) -> (Option<String>, Option<String>) {
    let callees = vec![("carol".to_owned(), callee)];
    let mut scene = Scene::new(Settings { callees, ..Settings::default() });
    let call = "%%>message:c:0:call.execute::callto=dumb/out:target=x:direct=sip/sip%zcarol@127.0.0.1%z7011";
    let answer = scene.other_says(&format!("{call}{more}"));
    assert!(answer.contains(":true:call.execute:"), "{answer}");
    scene.pass(span);
    let reason = scene.told("chan.disconnected", &["id=dumb/1"], "reason");
    (reason, scene.told("chan.hangup", &["id=dumb/1"], "status"))
}

#[test]
fn a_call_out_ends_as_the_one_who_is_called_has_it() {
    let told = |reason: &str, status: &str| (Some(reason.to_owned()), Some(status.to_owned()));
    let soon = ms(100);
    assert_eq!(call_ends(Callee::Busy, "", soon), told("busy", "accepted"));
    assert_eq!(call_ends(Callee::Declines, "", soon), told("forbidden", "accepted"));
    assert_eq!(call_ends(Callee::Unknown, "", soon), told("noroute", "accepted"));
    assert_eq!(call_ends(Callee::Silent, "", ms(31_000)), (None, None));
    assert_eq!(call_ends(Callee::Silent, "", ms(33_000)), told("noconn", "accepted"));
    // The leg that called is dropped by the clock: its own end is all that is told of it.
    let late = (None, Some("noanswer".to_owned()));
    assert_eq!(call_ends(Callee::NoAnswer, ":maxcall=2000", ms(1900)), (None, None));
    assert_eq!(call_ends(Callee::NoAnswer, ":maxcall=2000", ms(3100)), late);
    assert_eq!(call_ends(Callee::Silent, ":maxcall=2000", ms(3100)), late);
    let answers = Callee::Rings { answers_after: ms(1500) };
    assert_eq!(call_ends(answers, ":maxcall=2000", ms(9000)), (None, None));
}

#[test]
fn a_call_out_is_seen_to_ring_and_can_be_cancelled() {
    let callees = vec![("carol".to_owned(), Callee::NoAnswer)];
    let mut scene = Scene::new(Settings { callees, ..Settings::default() });
    scene.other_says(
        "%%>message:c:0:call.execute::callto=dumb/out-7:target=x:direct=sip/sip%zcarol@127.0.0.1%z7011",
    );
    assert!(scene.status("dumb").contains("dumb/1=ringing|out-7|sip/1"));
    scene.other_says("%%>message:d:0:call.drop::id=dumb/1:reason=cancelled");
    assert_eq!(scene.told("chan.disconnected", &["id=sip/1"], "reason").as_deref(), Some("cancelled"));
    assert_eq!(scene.told("chan.hangup", &["id=dumb/1"], "status").as_deref(), Some("cancelled"));
    assert_eq!(scene.sim.channels().count(), 0);
}

#[test]
fn a_call_can_be_routed_or_refused_before_the_engine_looks_at_it() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![
        ("555", "true::conf/board:lonely=true:notify=tt/board:maxusers=4"),
        ("557", "true::-:error=forbidden:reason=closed"),
    ];
    scene.calls("bob", "555");
    assert_eq!(scene.sim.room("board").unwrap().max_users, 4);
    let eve = scene.calls("eve", "557");
    assert!(scene.sim.log().any(|line| line.text == format!("{eve} is refused: 403 closed")));
    let dan = scene.calls("dan", "900");
    assert_eq!(scene.peer(&dan), "tone/1");
    // So is a call that a dumb leg makes.
    scene.other_says("%%>message:c:0:call.execute::callto=dumb/x:target=555");
    assert_eq!(scene.sim.room("board").unwrap().users, 2);
}

#[test]
fn the_end_of_what_is_played_is_told_once_however_it_ends() {
    let mut scene = Scene::new(Settings::default());
    let bob = scene.calls("bob", "801");
    let play = |scene: &mut Scene, resource: &str, notify: &str, more: &str| {
        scene.moves(&bob, &format!("chan.attach:override={resource}:notify={notify}:single=yes{more}"));
    };
    let reason = |scene: &Scene, notify: &str| {
        let told = scene.heard.iter().filter(|line| line.contains(&format!(":targetid={notify}:"))).count();
        assert!(told <= 1, "{notify} was told {told} times");
        scene.told("chan.notify", &[&format!("targetid={notify}")], "reason")
    };
    play(&mut scene, HELLO, "one", "");
    scene.pass(ms(600));
    assert_eq!(reason(&scene, "one").as_deref(), Some("eof"));
    play(&mut scene, HELLO, "two", "");
    play(&mut scene, "tone/busy", "three", "");
    assert_eq!(reason(&scene, "two").as_deref(), Some("replaced"));
    play(&mut scene, HELLO, "four", ":autorepeat=true");
    scene.pass(ms(10_000));
    assert_eq!((reason(&scene, "three"), reason(&scene, "four")), (None, None));
    // It goes where the caller goes.
    scene.moves(&bob, "call.execute:callto=tone/dial");
    assert_eq!(scene.sim.channel(&bob).unwrap().hearing.as_deref(), Some(HELLO));
    assert_eq!(reason(&scene, "four"), None);
    scene.sim.hangup(&bob);
    scene.pass(ms(50));
    assert_eq!(reason(&scene, "four").as_deref(), Some("replaced"));
}

#[test]
fn an_announcement_that_is_cut_off_says_so() {
    let mut scene =
        Scene::new(Settings { missing_files: vec!["wave/play//no".into()], ..Settings::default() });
    scene.calls("bob", "801");
    let leg = "callto=dumb/ann:target=x:direct=conf/plain:utility=true:copyparams=utility";
    scene.other_says(&format!("%%>message:c:0:call.execute::{leg}"));
    let dumb = ChannelId::from("dumb/1");
    scene.moves(&dumb, "chan.attach:source=wave/play//no:notify=none");
    assert_eq!(scene.told("chan.notify", &["targetid=none"], "reason").as_deref(), Some(""));
    scene.moves(&dumb, &format!("chan.attach:source={HELLO}:notify=whole"));
    scene.pass(ms(600));
    assert_eq!(scene.told("chan.notify", &["targetid=whole", "id=dumb/1"], "reason").as_deref(), Some("eof"));
    scene.moves(&dumb, &format!("chan.attach:source={HELLO}:notify=cut"));
    scene.other_says("%%>message:d:0:call.drop::id=dumb/1");
    assert_eq!(scene.told("chan.notify", &["targetid=cut"], "reason").as_deref(), Some("replaced"));
}

#[test]
fn a_bill_for_a_leg_is_for_the_time_in_the_room() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", "false:::callto=tone/dial"), ("conf/board", ROOM)];
    let bob = scene.calls("bob", "801");
    scene.pass(ms(5000));
    scene.moves(&bob, "call.execute:callto=conf/board:caller=bob");
    assert!(scene.status("cdrbuild").contains(",conf/1=outgoing|bob|"), "the bill is not seen to grow");
    let joined = scene.sim.now();
    scene.pass(ms(30_000));
    let there = scene.sim.now() - joined + ms(120);
    scene.sim.hangup(&bob);
    scene.pass(ms(50));
    let duration = |chan| scene.told("call.cdr", &["operation=finalize", chan], "duration").unwrap();
    let seconds = |chan| duration(chan).parse::<f64>().unwrap();
    assert!((seconds("chan=conf/1") - there.as_secs_f64()).abs() < 0.2, "{}", duration("chan=conf/1"));
    assert!(seconds("chan=sip/1") > 35.0);
}

#[test]
fn the_last_who_speaks_is_followed_by_nobody() {
    let mut scene = Scene::new(Settings::default());
    scene.rules = vec![("conf/plain", ROOM)];
    let bob = scene.calls("bob", "801");
    scene.sim.talk(&bob, 21);
    scene.pass(ms(2000));
    scene.sim.talk(&bob, 0);
    scene.pass(ms(20_000));
    let speaking = scene.heard.iter().filter(|line| line.contains("event=speaking"));
    let counts: Vec<_> =
        speaking.filter_map(|line| line.split(':').find_map(|part| part.strip_prefix("speakers="))).collect();
    assert_eq!(counts, ["1", "0"]);
}

#[test]
fn a_leg_is_muted_by_anybody_who_names_it_as_the_target() {
    let mut scene = Scene::new(Settings::default());
    let bob = scene.calls("bob", "801");
    assert!(
        scene.other_says("%%>message:m:0:chan.control::id=conf/1:mute=true").contains(":false:chan.control:")
    );
    assert!(!scene.sim.channel(&bob).unwrap().muted);
    assert!(
        scene
            .other_says("%%>message:m:0:chan.control::targetid=conf/1:mute=true")
            .contains(":true:chan.control:")
    );
    assert!(scene.sim.channel(&bob).unwrap().muted);
}
