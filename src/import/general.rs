//! `[general]`: what holds for all keys.

use super::ini::{Ini, Section, boolean, integer};
use super::note::Note;
use crate::key::Keys;

/// What `[general]` says, and what is the case where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct General {
    /// The comments above settings that are carried.
    pub(super) comments: Vec<(&'static str, Vec<String>)>,
    pub(super) priority: i64,
    /// How many keys there must be before anything is looked at.
    pub(super) least: usize,
    /// How many keys are kept.
    pub(super) most: usize,
    /// How long keys are kept, in milliseconds.
    pub(super) timeout: i64,
    /// The keys that end pass-through; `None` if there are none that can be keyed.
    pub(super) retake: Option<Keys>,
    /// What is played when something cannot be done.
    pub(super) error: String,
    /// The lines that stay with pbxassist.
    pub(super) stay: Vec<String>,
    /// What is not as it was; `None` in place of a note is for the reader of the file only.
    pub(super) lost: Vec<Note>,
    /// What is good to know.
    pub(super) remarks: Vec<String>,
}

/// What belongs to the operations of pbxassist itself.
const STAYS: [&str; 10] = [
    "default",
    "incoming",
    "filter",
    "dialheld",
    "diversion",
    "dropconfhangup",
    "confowner",
    "lonelytimeout",
    "onhold",
    "error",
];

/// What else can be said in `[general]`.
const OWN: [&str; 8] = ["enabled", "priority", "dtmfpass", "minlen", "maxlen", "timeout", "retake", "lang"];

pub(super) fn read(ini: &Ini) -> General {
    let section = ini.sections.iter().find(|section| section.name == "general");
    let reader = Reader { section };
    let mut general = General {
        comments: ["priority", "maxlen", "timeout"].map(|name| (name, reader.comments(name))).to_vec(),
        priority: reader.integer("priority", 15),
        least: usize::try_from(reader.integer("minlen", 2).clamp(1, 1_000)).unwrap_or(1),
        most: 0,
        timeout: reader.integer("timeout", 30_000).clamp(1_000, 1_800_000),
        retake: reader.text("retake", "###").parse().ok().filter(|keys: &Keys| !keys.is_empty()),
        error: reader.text("error", "tone/outoforder"),
        stay: Vec::new(),
        lost: Vec::new(),
        remarks: Vec::new(),
    };
    let most = usize::try_from(reader.integer("maxlen", 20).clamp(0, 1_000_000)).unwrap_or_default();
    general.most = most.max(general.least);
    if let Some(section) = section {
        general.stay_with_pbxassist(section);
        general.lose(section);
    }
    if !reader.boolean("enabled", false) {
        general.remarks.push(
            "There pbxassist is not enabled, so that none of this is done today: [general] does not say enabled=yes."
                .to_owned(),
        );
    }
    general
}

impl General {
    fn stay_with_pbxassist(&mut self, section: &Section) {
        let staying = section.params.iter().filter(|param| STAYS.contains(&param.name.as_str()));
        self.stay = staying.chain(section.param("lang")).map(|param| param.lines.join("\n")).collect();
    }

    fn lose(&mut self, section: &Section) {
        for param in &section.params {
            let known = STAYS.contains(&param.name.as_str()) || OWN.contains(&param.name.as_str());
            let is = |wanted| boolean(&param.value) == Some(wanted);
            let text = match param.name.as_str() {
                "default" | "incoming" if is(false) => WHOM,
                "filter" if !param.value.is_empty() => WHOM,
                "dtmfpass" if is(true) => {
                    "keys are taken from the beginning of a call, not after `retake` only; write [states.call] with \
                     pass-through = true, and a code that leads from there to a state of your own with the codes"
                }
                "lang" if !param.value.is_empty() => "what is played to callers is played without `lang`",
                "timeout" if self.timeout > 60_000 => "keys wait for others for a minute at most",
                "priority" if !(1..=1_000).contains(&self.priority) => "a priority is from 1 to 1000",
                "maxlen" if self.most > 128 => "no more than 128 keys are held",
                "retake" if self.retake.is_none() && !param.value.is_empty() => {
                    "`retake` has something that is on no key, so that it is never keyed"
                }
                _ if known || section.param("trigger").is_some() => continue,
                _ => "pbxassist does not know it",
            };
            let text = format!("{}={}: {text}", param.name, param.value);
            self.lost.push(Note { place: param.place.clone(), text });
        }
    }
}

const WHOM: &str = "touchtone takes the keys of every call; to keep codes from some, give them `allow` with a role, and \
                    the role in routing (`touchtone_role`)";

struct Reader<'i> {
    section: Option<&'i Section>,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.section?.param(name).map(|param| param.value.as_str())
    }

    fn comments(&self, name: &str) -> Vec<String> {
        let param = self.section.and_then(|section| section.param(name));
        param.map(|param| param.comments.clone()).unwrap_or_default()
    }

    fn integer(&self, name: &str, default: i64) -> i64 {
        self.value(name).and_then(integer).unwrap_or(default)
    }

    fn boolean(&self, name: &str, default: bool) -> bool {
        self.value(name).and_then(boolean).unwrap_or(default)
    }

    fn text(&self, name: &str, default: &str) -> String {
        self.value(name).unwrap_or(default).to_owned()
    }
}
