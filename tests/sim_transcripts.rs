//! The simulated engine is held to transcripts of a running one: given the same lines and the same calls at the same
//! times, it says the same. What may differ is normalised away: the ids of messages, dates, and what SIP makes up
//! (call ids and tags). Lines between one stimulus and the next may come in any order, as they do from an engine
//! with several threads; everything else, down to the order of parameters, must be equal.

use std::path::PathBuf;
use std::time::Duration;

use touchtone::key::Keys;
use touchtone::sim::{CallRequest, ChannelId, ConnectionId, Settings, Sim};

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq)]
enum Line {
    Module(String),
    Engine(String),
    Closed,
}

/// Something done to the engine from outside.
type Act = Box<dyn Fn(&mut World)>;

struct World {
    sim: Sim,
    module: ConnectionId,
    /// Another module, by which the transcript's calls were made and its digits keyed.
    other: ConnectionId,
    /// A third that takes the digits which the first one leaves, as one did when the transcript was made.
    third: ConnectionId,
    /// Ids of questions, in the transcript and in the simulation.
    questions: Vec<(String, String)>,
    expected: Vec<String>,
    actual: Vec<String>,
}

struct Scenario {
    file: &'static str,
    settings: Settings,
    /// Done before the transcript begins.
    before: Vec<Act>,
    acts: Vec<(u64, Act)>,
    /// What marks a line that is left over from what went on before the transcript began.
    leftover: Option<&'static str>,
}

fn transcript(file: &str) -> Option<Vec<(u64, Line)>> {
    let shared = std::env::var_os("TOUCHTONE_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let paths = shared.into_iter().chain([beside]).map(|shared| shared.join("transcripts").join(file));
    let text = paths.filter_map(|path| std::fs::read_to_string(path).ok()).next()?;
    let line = |line: &str| {
        let (at, rest) = line.split_once(' ').unwrap();
        let (kind, text) = rest.split_once(' ').unwrap();
        let line = match kind {
            "A" => Line::Module(text.into()),
            "E" => Line::Engine(text.into()),
            _ => Line::Closed,
        };
        (at.parse().unwrap(), line)
    };
    Some(text.lines().filter(|text| !text.starts_with('#')).map(line).collect())
}

/// A value that SIP made up keeps its shape and loses its numbers.
fn without_numbers(value: &str) -> String {
    let mut parts: Vec<String> = value.split('/').map(str::to_owned).collect();
    for part in &mut parts {
        let digits = part.chars().take_while(char::is_ascii_digit).count();
        if digits > 5 {
            part.replace_range(..digits, "#");
        }
    }
    if let [_, _, _, tag] = parts.as_mut_slice()
        && !tag.is_empty()
    {
        *tag = "#".into();
    }
    parts.join("/")
}

fn normal(line: &str) -> String {
    let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
    if line.starts_with("%%>message:") {
        fields[1] = "ID".into();
        fields[2] = "TIME".into();
    }
    for field in &mut fields {
        if let Some((name @ ("callid" | "sip_callid"), value)) = field.clone().split_once('=') {
            *field = format!("{name}={}", without_numbers(value));
        }
    }
    fields.join(":")
}

fn id_of_question(line: &str) -> Option<&str> {
    line.strip_prefix("%%>message:")?.split(':').next()
}

impl World {
    fn new(settings: Settings) -> Self {
        let mut sim = Sim::new(settings);
        let (module, other, third) = (sim.connect(), sim.connect(), sim.connect());
        sim.receive(other, b"%%>connect:global\n");
        sim.receive(third, b"%%>connect:global\n");
        World { sim, module, other, third, questions: Vec::new(), expected: Vec::new(), actual: Vec::new() }
    }

    /// Lets everything happen that is due now.
    fn settle(&mut self) {
        self.sim.advance(self.sim.now());
        let said = String::from_utf8(self.sim.transmit(self.module)).unwrap();
        self.actual.extend(said.lines().map(str::to_owned));
        let asked = String::from_utf8(self.sim.transmit(self.third)).unwrap();
        let mut answered = false;
        for id in asked.lines().filter_map(id_of_question) {
            self.sim.receive(self.third, format!("%%<message:{id}:true::\n").as_bytes());
            answered = true;
        }
        if answered {
            self.settle();
        }
    }

    fn advance(&mut self, to: Duration) {
        while let Some(at) = self.sim.next_event().filter(|at| *at <= to) {
            self.sim.advance(at);
            self.settle();
        }
        self.sim.advance(to);
        self.settle();
    }

    fn module_says(&mut self, line: &str) {
        let mut line = line.to_owned();
        if let Some(rest) = line.clone().strip_prefix("%%<message:") {
            let id = rest.split(':').next().unwrap();
            let (_, ours) = self.questions.iter().find(|(theirs, _)| theirs == id).expect("no such question");
            line = line.replacen(id, ours, 1);
        }
        self.sim.receive(self.module, format!("{line}\n").as_bytes());
        self.settle();
    }

    fn other_says(&mut self, line: &str) {
        self.sim.receive(self.other, format!("{line}\n").as_bytes());
        self.settle();
    }

    /// Holds what was said since the last stimulus to the transcript.
    fn compare(&mut self, file: &str, at: u64) {
        let sorted = |lines: &[String]| {
            let mut lines: Vec<(String, String)> =
                lines.iter().map(|line| (normal(line), line.clone())).collect();
            lines.sort_by(|one, other| one.0.cmp(&other.0));
            lines
        };
        let (expected, actual) = (sorted(&self.expected), sorted(&self.actual));
        for (expected, _) in &expected {
            let hit = actual.iter().any(|(line, _)| line == expected);
            let all: Vec<_> = actual.iter().map(|(line, _)| line.as_str()).collect();
            assert!(hit, "{file}, before {at} ms: not said:\n  {expected}\nbut:\n  {}", all.join("\n  "));
        }
        for (actual, _) in &actual {
            let hit = expected.iter().any(|(line, _)| line == actual);
            assert!(hit, "{file}, before {at} ms: said besides:\n  {actual}");
        }
        assert_eq!(expected.len(), actual.len(), "{file}, before {at} ms: one line said more than once");
        for ((_, theirs), (_, ours)) in expected.iter().zip(&actual) {
            if let (Some(theirs), Some(ours)) = (id_of_question(theirs), id_of_question(ours)) {
                self.questions.push((theirs.into(), ours.into()));
            }
        }
        self.expected.clear();
        self.actual.clear();
    }
}

fn replay(scenario: Scenario) {
    let file = scenario.file;
    let Some(lines) = transcript(file) else {
        println!(
            "skipped: {file} is not here; TOUCHTONE_SHARED may name the directory that has transcripts/{file}"
        );
        return;
    };
    let mut world = World::new(scenario.settings);
    for act in &scenario.before {
        act(&mut world);
    }
    world.actual.clear();
    let start = world.sim.now();
    let mut acts = scenario.acts.into_iter().peekable();
    for (at, line) in lines {
        while let Some((when, act)) = acts.next_if(|(when, _)| *when <= at) {
            world.stimulus(file, when, start);
            act(&mut world);
        }
        match line {
            Line::Engine(text) if scenario.leftover.is_some_and(|mark| text.contains(mark)) => {}
            Line::Engine(text) => world.expected.push(text),
            Line::Module(text) => {
                world.stimulus(file, at, start);
                world.module_says(&text);
            }
            Line::Closed => assert!(!world.sim.is_open(world.module), "{file}: the connection is still open"),
        }
        if world.sim.now() < start + Duration::from_millis(at) {
            world.advance(start + Duration::from_millis(at));
        }
    }
    world.compare(file, u64::MAX);
}

impl World {
    fn stimulus(&mut self, file: &str, at: u64, start: Duration) {
        // An engine is not done in no time: what it says late belongs to what came before.
        if !self.expected.is_empty() {
            self.compare(file, at);
        }
        self.advance(start + Duration::from_millis(at));
    }
}

fn settings(history: &[(&str, u64)]) -> Settings {
    Settings {
        node_name: "vm".into(),
        workers_at_start: 1,
        read_idle: Duration::ZERO,
        history: history.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        ..Settings::default()
    }
}

fn other_says(line: &'static str) -> Act {
    Box::new(move |world| world.other_says(line))
}

fn third_takes_digits() -> Act {
    Box::new(|world| {
        world.sim.receive(world.third, b"%%>install:50:chan.dtmf\n");
        world.settle();
    })
}

fn keys(channel: &'static str, keys: &'static str) -> Act {
    Box::new(move |world| {
        world.sim.key(&ChannelId::from(channel), &keys.parse::<Keys>().unwrap());
        world.settle();
    })
}

fn talk(energies: &'static [(&'static str, u32)]) -> Act {
    Box::new(move |world| {
        for (channel, energy) in energies {
            world.sim.talk(&ChannelId::from(*channel), *energy);
        }
        world.settle();
    })
}

fn hangs_up(channel: &'static str) -> Act {
    Box::new(move |world| {
        world.sim.hangup_saying(&channel.into(), &[("rtp_stats", "PS=50,OS=8000,PR=0,OR=0,PL=0")]);
        world.settle();
    })
}

fn calls_800(caller: &'static str, port: u16, media_port: u16, call_id: &'static str) -> Act {
    Box::new(move |world| {
        let request = CallRequest::new(caller, "800", format!("127.0.0.1:{port}"));
        let mut params = request.params.clone();
        for (name, value) in &mut params {
            if name == "rtp_port" {
                *value = media_port.to_string();
            }
        }
        let device = params.iter().position(|(name, _)| name == "device").unwrap();
        params.insert(device, ("sip_callid".into(), call_id.into()));
        world.sim.call(&CallRequest { params, ..request });
        world.settle();
    })
}

#[test]
fn handshake() {
    replay(Scenario {
        file: "handshake.txt",
        settings: settings(&[]),
        before: vec![],
        acts: vec![],
        leftover: None,
    });
}

#[test]
fn call_to_conference() {
    replay(Scenario {
        file: "call-to-conference.txt",
        settings: settings(&[("dumb", 3), ("sip", 2), ("conf", 6), ("bill", 7)]),
        before: vec![third_takes_digits()],
        acts: vec![
            (
                300,
                other_says(
                    "%%>message:1:0:call.execute::callto=dumb/alice:target=carol:\
                     direct=sip/sip%zcarol@127.0.0.1%z7010:caller=alice:copyparams=media:media=no",
                ),
            ),
            (
                705,
                other_says(
                    "%%>message:2:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=5:detected=rfc2833",
                ),
            ),
            (
                862,
                other_says(
                    "%%>message:3:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=*:detected=rfc2833",
                ),
            ),
            (
                1020,
                other_says(
                    "%%>message:4:0:chan.masquerade::id=dumb/4:message=chan.dtmf:text=3:detected=rfc2833",
                ),
            ),
        ],
        leftover: None,
    });
}

#[test]
fn conference_sip() {
    replay(Scenario {
        file: "conference-sip.txt",
        settings: settings(&[("conf", 3), ("bill", 3)]),
        before: vec![],
        acts: vec![
            (455, calls_800("bob", 7001, 7101, "1-19971@127.0.0.1")),
            (893, calls_800("alice", 7002, 7102, "1-19976@127.0.0.1")),
            (1710, keys("sip/2", "*")),
            (2010, keys("sip/2", "6")),
            (3730, keys("sip/2", "*")),
            (4034, keys("sip/2", "6")),
            (5754, keys("sip/2", "*")),
            (6054, keys("sip/2", "9")),
            (7776, keys("sip/2", "*")),
            (8078, keys("sip/2", "9")),
            (8800, hangs_up("sip/2")),
            (12306, hangs_up("sip/1")),
        ],
        leftover: None,
    });
}

#[test]
fn dial_out_and_announce() {
    let mut settings = settings(&[("dumb", 4), ("sip", 3), ("conf", 8), ("bill", 8)]);
    settings.files = vec![("wave/play//var/spool/yate/hello.au".into(), Duration::from_millis(680))];
    replay(Scenario {
        file: "dial-out-and-announce.txt",
        settings,
        before: vec![],
        acts: vec![],
        leftover: None,
    });
}

#[test]
fn record_on_utility_leg() {
    replay(Scenario {
        file: "record-on-utility-leg.txt",
        settings: settings(&[("dumb", 9), ("conf", 13), ("bill", 13)]),
        before: vec![],
        acts: vec![
            (
                204,
                other_says(
                    "%%>message:1:0:call.execute::callto=dumb/alice:target=x:direct=conf/studio:\
                     copyparams=lonely,notify:lonely=true:notify=monitor/studio",
                ),
            ),
            (2714, other_says("%%>message:2:0:call.drop::id=dumb/10")),
        ],
        leftover: Some("id=dumb/9:"),
    });
}

#[test]
fn speaking() {
    const A: &str = "%%>message:1:0:call.execute::callto=dumb/a:target=x:direct=conf/talk:\
         copyparams=lonely,notify,speakers,interval:lonely=true:notify=monitor/talk:speakers=3:interval=1000";
    replay(Scenario {
        file: "speaking.txt",
        settings: settings(&[("dumb", 6), ("conf", 10), ("bill", 10)]),
        before: vec![],
        acts: vec![
            (206, other_says(A)),
            (293, other_says("%%>message:2:0:call.execute::callto=dumb/b:target=x:direct=conf/talk")),
            (660, talk(&[("dumb/7", 21)])),
            (2894, talk(&[("dumb/7", 25), ("dumb/8", 21)])),
            (5204, talk(&[("dumb/7", 24), ("dumb/8", 25)])),
            (7341, talk(&[("dumb/7", 0)])),
            (7570, other_says("%%>message:3:0:call.drop::id=dumb/7")),
            (7616, other_says("%%>message:4:0:call.drop::id=dumb/8")),
        ],
        leftover: None,
    });
}

#[test]
fn reordered_digits() {
    let in_a_room: Act = Box::new(|world| {
        world.sim.receive(world.module, b"%%>connect:global\n%%>install:15:chan.dtmf\n");
        world.other_says("%%>message:1:0:call.execute::callto=dumb/fast:target=x:direct=conf/fast");
    });
    let all_at_once: Act = Box::new(|world| {
        let channel = ChannelId::from("dumb/9");
        world.sim.key(&channel, &"0123456789".repeat(20).parse::<Keys>().unwrap());
        world.settle();
    });
    // The module read one line at a time, so what a second thread said is not seen before the first was answered.
    let mut settings = settings(&[("dumb", 8), ("conf", 12), ("bill", 12)]);
    settings.workers = 1;
    replay(Scenario {
        file: "reordered-digits.txt",
        settings,
        before: vec![in_a_room],
        acts: vec![(0, all_at_once)],
        leftover: None,
    });
}
