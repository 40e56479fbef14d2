//! The configuration as text.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use super::Fates;
use super::code::{Code, Operation, Params};
use super::fate::Fate;
use super::ini::Section;
use super::operation::ASK;
use super::plan::Plan;

/// How long lines of comments are.
const WIDTH: usize = 116;

/// The text, and where the codes of each section are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) toml: String,
    /// Sections by their places, with the bytes of their codes.
    pub(super) spans: Vec<(usize, Range<usize>)>,
}

struct Writer<'w> {
    plan: &'w Plan<'w>,
    fates: &'w Fates,
    /// The state in which all keys go on.
    pass_through: &'w str,
    out: String,
}

impl Written {
    pub(super) fn new(plan: &Plan<'_>, fates: &Fates, pass_through: &str, path: &Path) -> Self {
        let mut writer = Writer { plan, fates, pass_through, out: String::new() };
        writer.head(path);
        writer.settings();
        writer.states();
        let mut spans = Vec::new();
        for (at, fate) in fates {
            let from = writer.out.len();
            writer.section(&plan.ini.sections[*at], fate);
            spans.push((*at, from..writer.out.len()));
        }
        writer.retake();
        Written { toml: writer.out, spans }
    }
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.out += line.trim_end();
        self.out.push('\n');
    }

    /// A comment, in lines that are not too long.
    fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split_whitespace() {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line += &shown(word);
        }
        self.line(&line);
    }

    /// Lines as they were, in a comment.
    fn quoted(&mut self, lines: &[String]) {
        for line in lines.iter().flat_map(|line| line.lines()) {
            self.line(&format!("#     {}", shown(line)));
        }
    }

    fn codes(&self) -> impl Iterator<Item = &Code> {
        self.fates.iter().flat_map(|(_, fate)| match fate {
            Fate::Codes { codes, .. } => codes.as_slice(),
            _ => &[],
        })
    }

    fn passes_through(&self) -> bool {
        self.codes().any(|code| code.operation == Operation::SetState(self.pass_through.to_owned()))
    }

    fn head(&mut self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.comment(&format!("Carried over from {name}, the configuration of the engine's own pbxassist."));
        for remark in self.plan.general.remarks.clone() {
            self.comment(&remark);
        }
        let asks = |code: &Code| match &code.operation {
            Operation::Message { name, params, .. } => {
                name == ASK || params.iter().any(|(name, value)| name == "message" && value == ASK)
            }
            _ => false,
        };
        if self.codes().any(asks) {
            self.line("#");
            self.comment(
                "What is asked with a message `chan.operation` here is still done by pbxassist. It has to stay in the \
                 engine for that, and to leave the keys alone, with this pbxassist.conf:",
            );
            let mut lines =
                ["[general]", "enabled=yes", "dtmfpass=yes", "retake="].map(str::to_owned).to_vec();
            lines.extend(self.plan.general.stay.iter().cloned());
            self.quoted(&lines);
        } else {
            self.comment("Nothing here needs pbxassist any more: leave it out of the engine.");
        }
        self.line("#");
        self.comment(
            "Not quite the same: keys that lead to no code stay in pbxassist's buffer until they are old, and may be in \
             the way of the next code; here they are given up at once. What routing says with `pbxassist`, `pbxguest` \
             and `dtmfpass` is not heard here, and messages do not have `pbxstate`.",
        );
    }

    fn settings(&mut self) {
        let general = self.plan.general;
        self.line("\n[yate]");
        self.line("connect = \"unix:/run/yate-touchtone.sock\"");
        self.lost_setting("priority");
        self.line(&format!("priority = {}", general.priority.clamp(1, 1_000)));
        for name in ["default", "incoming", "filter", "dtmfpass", "lang"] {
            self.lost_setting(name);
        }
        self.line("\n[keypad]");
        self.lost_setting("timeout");
        self.line(&format!("interdigit = \"{}\"", time(general.timeout.min(60_000))));
        self.lost_setting("maxlen");
        self.line(&format!("max-digits = {}", general.most.clamp(1, 128)));
        self.lost_setting("retake");
        for note in general.lost.clone() {
            if note.text.ends_with("pbxassist does not know it") {
                self.comment(&format!("Not carried: {}.", note.text));
            }
        }
    }

    /// The comments of a setting, and what is lost of it.
    fn lost_setting(&mut self, name: &str) {
        let general = self.plan.general;
        let comments = general.comments.iter().find(|(known, _)| *known == name);
        for comment in comments.map(|(_, lines)| lines.clone()).unwrap_or_default() {
            self.comment(&comment);
        }
        for note in general.lost.clone() {
            if note.text.split('=').next() == Some(name) && !note.text.ends_with("does not know it") {
                self.comment(&format!("Not carried: {}.", note.text));
            }
        }
    }

    fn states(&mut self) {
        let passing: Vec<String> = self
            .fates
            .iter()
            .flat_map(|(_, fate)| match fate {
                Fate::Passes { states, .. } => states.clone(),
                _ => Vec::new(),
            })
            .collect();
        let names: Vec<String> = self.plan.state_names().map(str::to_owned).collect();
        self.line("");
        self.comment("Keys that no code wants go nowhere, unless a section said `transparent`.");
        for (at, name) in names.iter().enumerate() {
            let unmatched = if passing.contains(name) { "pass" } else { "drop" };
            self.line(&format!("{}[states.{}]", if at == 0 { "" } else { "\n" }, key(name)));
            self.line(&format!("unmatched = \"{unmatched}\""));
        }
        if self.passes_through() {
            self.line("");
            self.comment(
                "All keys go on as they come, until `retake` or until the call is connected elsewhere.",
            );
            self.line(&format!("[states.{}]\npass-through = true", key(self.pass_through)));
        }
    }

    fn section(&mut self, section: &Section, fate: &Fate) {
        self.line("");
        match fate {
            Fate::Codes { codes, lost } => {
                self.comments_of(section);
                for (at, code) in codes.iter().enumerate() {
                    if at > 0 {
                        self.line("");
                    }
                    code.comments.iter().for_each(|comment| self.comment(comment));
                    if at == 0 {
                        lost.iter().for_each(|lost| self.comment(&format!("Not carried: {lost}.")));
                    }
                    self.code(code);
                }
            }
            Fate::Needless(why) => self.left_out(section, &format!("needs no code: {why}.")),
            Fate::Passes { states, why } => {
                self.comments_of(section);
                let text =
                    format!("[{}] needs no code: in the states {}, {why}.", section.name, states.join(", "));
                self.comment(&text);
            }
            Fate::Idle(why) => self.left_out(section, &format!("does nothing in pbxassist either: {why}.")),
            Fate::Lost(why) => self.left_out(section, &format!("is not carried: {why}.")),
        }
    }

    fn comments_of(&mut self, section: &Section) {
        let all = section.comments.iter().chain(section.params.iter().flat_map(|param| &param.comments));
        for comment in all {
            self.line(&format!("# {}", shown(comment)));
        }
    }

    fn left_out(&mut self, section: &Section, why: &str) {
        self.comments_of(section);
        self.comment(&format!("[{}] {why}", section.name));
        self.quoted(&[format!("[{}]", section.name)]);
        for param in &section.params {
            self.quoted(&param.lines);
        }
    }

    fn code(&mut self, code: &Code) {
        self.line("[[code]]");
        self.line(&format!("name = {}", text(&code.name)));
        if !code.keys.is_empty() {
            self.line(&format!("keys = {}", texts(&code.keys)));
            self.state_line(&code.states);
        }
        match &code.operation {
            Operation::SetState(to) => {
                self.line("operation = \"set-state\"");
                self.line(&format!("to = {}", text(to)));
            }
            Operation::Join { room, params } => {
                self.line("operation = \"join\"");
                self.line(&format!("room = {}", text(room)));
                self.params(params);
            }
            Operation::Message { name, masquerade, params } => {
                self.line("operation = \"message\"");
                self.line(&format!("message = {}", text(name)));
                if !masquerade {
                    self.line("masquerade = false");
                }
                self.params(params);
            }
        }
        if !code.then.is_empty() {
            self.line(&format!("then = {}", texts(&code.then)));
        }
        for (name, sound) in [("on-success", &code.on_success), ("on-failure", &code.on_failure)] {
            if let Some(sound) = sound {
                self.line(&format!("{name} = {}", text(sound)));
            }
        }
    }

    fn state_line(&mut self, states: &[String]) {
        let all = !self.passes_through()
            && self.plan.state_names().all(|name| states.iter().any(|state| state == name));
        if !states.is_empty() && !all {
            self.line(&format!("state = {}", texts(states)));
        }
    }

    fn params(&mut self, params: &Params) {
        if !params.is_empty() {
            let params: Vec<_> =
                params.iter().map(|(name, value)| format!("{} = {}", key(name), text(value))).collect();
            self.line(&format!("params = {{ {} }}", params.join(", ")));
        }
    }

    fn retake(&mut self) {
        let Some(keys) = self.plan.general.retake.clone().filter(|_| self.passes_through()) else { return };
        self.line("");
        self.comment("retake: keys are taken again, and the caller hears that.");
        let mut code = Code::new("retake", Operation::SetState("auto".to_owned()));
        code.keys.push(keys.symbols());
        code.states.push(self.pass_through.to_owned());
        let error = &self.plan.general.error;
        code.on_success = Some(super::value::literal(error)).filter(|sound| sound.contains('/'));
        self.code(&code);
    }
}

/// Text that is safe in a comment.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A string of TOML.
fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for symbol in value.chars() {
        match symbol {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\t' => out += "\\t",
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A string, or a list of them.
fn texts(values: &[String]) -> String {
    match values {
        [only] => text(only),
        _ => format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", ")),
    }
}

/// A key of TOML.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if bare { name.to_owned() } else { text(name) }
}

/// A time, in the largest unit in which it is whole.
fn time(ms: i64) -> String {
    match ms {
        _ if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        _ if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_those_of_toml() {
        assert_eq!(text("a\"b\\c\td\u{7}"), r#""a\"b\\c\td\u0007""#);
        assert_eq!((key("a-b_1"), key("a.b"), key("")), ("a-b_1".into(), "\"a.b\"".into(), "\"\"".into()));
        assert_eq!([time(4_000), time(1_500), time(60_000)], ["4s", "1500ms", "1m"]);
    }

    #[test]
    fn the_states_that_are_built_in_are_those_of_the_configuration_that_the_engine_leads_to() {
        let config = crate::config::load(Path::new("x.toml"), |_| Ok("")).unwrap().config;
        let names: Vec<_> = config.states.iter().map(|state| state.name.as_str()).collect();
        let built_in = super::super::trigger::BUILT_IN;
        assert_eq!(names[..built_in.len()], built_in);
    }
}
