//! The simulated engine is held to transcripts of a running one: given the same lines and the same calls at the same
//! times, it says the same. What may differ is normalised away: the ids of messages, dates, and what SIP makes up
//! (call ids and tags). Lines between one stimulus and the next may come in any order, as they do from an engine
//! with several threads; everything else, down to the order of parameters, must be equal.

#![allow(dead_code)] // Each test uses its part.

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
pub(crate) type Act = Box<dyn Fn(&mut World)>;

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) module: ConnectionId,
    /// Another module, by which the transcript's calls were made and its digits keyed.
    other: ConnectionId,
    /// A third that takes the digits which the first one leaves, as one did when the transcript was made.
    third: ConnectionId,
    /// Ids of questions, in the transcript and in the simulation.
    questions: Vec<(String, String)>,
    expected: Vec<String>,
    actual: Vec<String>,
}

pub(crate) struct Scenario {
    pub(crate) file: &'static str,
    pub(crate) settings: Settings,
    /// Done before the transcript begins.
    pub(crate) before: Vec<Act>,
    pub(crate) acts: Vec<(u64, Act)>,
    /// What marks a line that is left over from what went on before the transcript began.
    pub(crate) leftover: Option<&'static str>,
}

fn transcript(file: &str) -> Option<Vec<(u64, Line)>> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("TOUCHTONE_SHARED").map(PathBuf::from);
    let folders = [here.join("tests")].into_iter().chain(shared).chain([here.join("../shared")]);
    let paths = folders.map(|folder| folder.join("transcripts").join(file));
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
        // How many packets went each way is a matter of milliseconds.
        if field.starts_with("rtp_stats=") {
            *field = "rtp_stats=#".into();
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
    pub(crate) fn settle(&mut self) {
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

    pub(crate) fn other_says(&mut self, line: &str) {
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
        let normal =
            |lines: &[(String, String)]| lines.iter().map(|(line, _)| line.clone()).collect::<Vec<_>>();
        assert_eq!(normal(&expected), normal(&actual), "{file}, before {at} ms: not as often");
        for ((_, theirs), (_, ours)) in expected.iter().zip(&actual) {
            if let (Some(theirs), Some(ours)) = (id_of_question(theirs), id_of_question(ours)) {
                self.questions.push((theirs.into(), ours.into()));
            }
        }
        self.expected.clear();
        self.actual.clear();
    }
}

pub(crate) fn replay(scenario: Scenario) {
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
    assert!(acts.next().is_none(), "{file}: it ends before everything was done");
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

pub(crate) fn settings(history: &[(&str, u64)]) -> Settings {
    Settings {
        node_name: "vm".into(),
        workers_at_start: 1,
        read_idle: Duration::ZERO,
        history: history.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        ..Settings::default()
    }
}

pub(crate) fn other_says(line: &'static str) -> Act {
    Box::new(move |world| world.other_says(line))
}

pub(crate) fn third_takes_digits() -> Act {
    Box::new(|world| {
        world.sim.receive(world.third, b"%%>install:50:chan.dtmf\n");
        world.settle();
    })
}

pub(crate) fn keys(channel: &'static str, keys: &'static str) -> Act {
    Box::new(move |world| {
        world.sim.key(&ChannelId::from(channel), &keys.parse::<Keys>().unwrap());
        world.settle();
    })
}

pub(crate) fn talk(energies: &'static [(&'static str, u32)]) -> Act {
    Box::new(move |world| {
        for (channel, energy) in energies {
            world.sim.talk(&ChannelId::from(*channel), *energy);
        }
        world.settle();
    })
}

/// Somebody calls from a port, whose media is a hundred ports on.
pub(crate) fn calls(caller: &'static str, called: &'static str, port: u16, call_id: &'static str) -> Act {
    Box::new(move |world| {
        let sip = world.sim.settings().sip_address.clone();
        let request = CallRequest::new(caller, called, format!("127.0.0.1:{port}"))
            .with("rtp_port", (port + 100).to_string())
            .with("sip_callid", call_id)
            .with("sip_uri", format!("sip:{called}@{sip}"))
            .with("sip_to", format!("<sip:{called}@{sip}>"));
        world.sim.call(&request);
        world.settle();
    })
}

pub(crate) fn hangs_up(channel: &'static str) -> Act {
    Box::new(move |world| {
        world.sim.hangup_saying(&channel.into(), &[("rtp_stats", "PS=50,OS=8000,PR=0,OR=0,PL=0")]);
        world.settle();
    })
}

/// A caller hangs up before anybody answers.
pub(crate) fn gives_up(channel: &'static str) -> Act {
    Box::new(move |world| {
        world.sim.hangup(&channel.into());
        world.settle();
    })
}
