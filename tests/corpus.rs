//! Every case of `tests/corpus/` on every stage that digits pass through.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use common::brain::Brain;
use common::process::touchtone;
use serde::Deserialize;
use touchtone::assist::Report;
use touchtone::config;

/// How far apart keys are pressed.
const PACE: Duration = Duration::from_millis(200);

#[derive(Debug, Deserialize)]
struct Corpus {
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    codes: Vec<toml::Table>,
    grammar: Option<String>,
    #[serde(default)]
    keypad: toml::Table,
    #[serde(default)]
    states: toml::Table,
    #[serde(default = "call")]
    state: String,
    keys: String,
    events: Vec<String>,
    /// What the brain tells instead: of a digit that goes on as it comes it tells one thing, that a code came of it, or
    /// that it went on.
    told: Option<Vec<String>>,
}

fn call() -> String {
    "call".to_owned()
}

impl Case {
    /// The configuration as an admin would write it.
    fn config(&self) -> String {
        let mut keypad = self.keypad.clone();
        if self.grammar.is_some() {
            keypad.insert("grammar".to_owned(), "case.gram".into());
        }
        let mut text = format!("[yate]\nconnect = \"stdio\"\n[keypad]\n{keypad}\n");
        for (name, state) in &self.states {
            text += &format!("[states.{name}]\n{}", state.as_table().expect("a state"));
        }
        for code in &self.codes {
            let mut code = code.clone();
            if !code.contains_key("operation") {
                let does = [("operation", "message"), ("message", "a.message")];
                code.extend(does.map(|(key, value)| (key.to_owned(), value.into())));
                code.insert("masquerade".to_owned(), false.into());
            }
            code.entry("state").or_insert(self.state.clone().into());
            text += &format!("[[code]]\n{code}");
        }
        text
    }
}

fn corpus() -> Vec<Case> {
    let text = include_str!("corpus/digits.toml");
    toml::from_str::<Corpus>(text).unwrap_or_else(|problem| panic!("{problem}")).case
}

/// One event as the corpus writes it.
fn event(
    at: Duration,
    kind: &str,
    code: Option<&str>,
    keys: &str,
    captures: &BTreeMap<String, String>,
) -> String {
    let mut event = format!("{} {kind} ", at.as_millis());
    event.extend(code.map(|code| format!("{code} ")));
    event += keys;
    event.extend(captures.iter().map(|(name, value)| format!(" {name}={value}")));
    event
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Step {
    event: String,
    at_ms: u64,
    keys: String,
    code: Option<String>,
    #[serde(default)]
    captures: BTreeMap<String, String>,
}

fn dialled(case: &Case) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("case.toml");
    std::fs::write(&path, case.config()).expect("a file");
    if let Some(grammar) = &case.grammar {
        std::fs::write(folder.path().join("case.gram"), grammar).expect("a file");
    }
    let mut dial = touchtone();
    dial.args(["dial", "--format", "json", "--state", &case.state, "--config"]).arg(&path).arg(&case.keys);
    let output = dial.output().expect("touchtone dial");
    assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("text");
    let step = |line: &str| {
        let step: Step = serde_json::from_str(line).expect("an event");
        let at = Duration::from_millis(step.at_ms);
        event(at, &step.event, step.code.as_deref(), &step.keys, &step.captures)
    };
    lines.lines().map(step).collect()
}

/// A brain with a caller, told by an engine what is keyed.
struct Play {
    brain: Brain,
    peer: &'static str,
    told: Vec<String>,
}

impl Play {
    fn new(case: &Case) -> Self {
        let loaded = config::load(Path::new("case.toml"), |path| {
            let is_grammar = path.extension().is_some_and(|end| end == "gram");
            Ok(if is_grammar { case.grammar.clone().unwrap_or_default() } else { case.config() })
        });
        let loaded = loaded.unwrap_or_else(|refused| panic!("{}: {refused}", case.name));
        let peer = if case.state == "conference" { "conf/5" } else { "sip/4" };
        Play { brain: Brain::ready(loaded.config.into()), peer, told: Vec::new() }
    }

    fn key(&mut self, number: u32, key: &str) {
        let sent = self.brain.key("sip/3", self.peer, number, key);
        self.heard(sent);
    }

    fn wait_until(&mut self, until: Duration) {
        while let Some(due) = self.brain.assist.poll_timeout().filter(|&due| due <= until) {
            let sent = self.brain.wait(due - self.brain.now);
            self.heard(sent);
        }
        let sent = self.brain.wait(until - self.brain.now);
        self.heard(sent);
    }

    fn wait_out(&mut self) {
        // The engine is asked now and then for ever.
        while let Some(due) = self.brain.assist.poll_timeout().filter(|_| self.brain.assist.load().timers) {
            self.wait_until(due);
        }
    }

    /// An engine that does all it is asked for at once.
    fn heard(&mut self, sent: Vec<String>) {
        let mut asked: Vec<String> =
            sent.into_iter().filter(|line| line.starts_with("%%>message:")).collect();
        while let Some(line) = asked.pop() {
            asked.extend(self.brain.answer(&line, true, "", ""));
        }
        let now = self.brain.now;
        for report in self.brain.reports() {
            let none = BTreeMap::new();
            self.told.extend(match report {
                Report::Held { keys, .. } => Some(event(now, "hold", None, &keys.symbols(), &none)),
                Report::Passed { keys, .. } => Some(event(now, "pass", None, &keys.symbols(), &none)),
                Report::Released { keys, .. } => Some(event(now, "release", None, &keys.symbols(), &none)),
                Report::Dropped { keys, .. } => Some(event(now, "drop", None, &keys.symbols(), &none)),
                Report::Fired { code, keys, captures, .. } => {
                    let captures = captures.into_iter().map(|(name, keys)| (name, keys.symbols())).collect();
                    Some(event(now, "fire", Some(&code), &keys.symbols(), &captures))
                }
                _ => None,
            });
        }
    }
}

fn played(case: &Case) -> Vec<String> {
    let mut play = Play::new(case);
    let (mut at, mut number) = (Duration::ZERO, 0);
    for key in case.keys.chars() {
        if key == ',' {
            play.wait_out();
            at = play.brain.now;
        } else {
            play.wait_until(at);
            number += 1;
            play.key(number, &key.to_string());
            at += PACE;
        }
    }
    play.told
}

#[test]
fn dial_tells_what_the_corpus_says() {
    for case in corpus() {
        assert_eq!(dialled(&case), case.events, "{}", case.name);
    }
}

#[test]
fn the_brain_does_what_the_corpus_says() {
    for case in corpus() {
        assert_eq!(&played(&case), case.told.as_ref().unwrap_or(&case.events), "{}", case.name);
    }
}
