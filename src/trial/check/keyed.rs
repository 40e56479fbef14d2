//! The digits that the module takes, in the order in which it must look at them.

use std::collections::HashMap;

use bstr::{BString, ByteSlice};

use super::{Checked, Group, text};
use crate::assist::Report;
use crate::key::{Key, Keys};
use crate::trial::model::Line;
use crate::trial::record::Event;
use crate::trial::scene::Scene;
use crate::wire::{EngineLine, Params};

/// What is known of every channel's digits.
pub(super) struct Keyed<'s> {
    scene: &'s Scene,
    lines: HashMap<BString, Line<Keys>>,
}

/// What comes of one thing that happened.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// The digits whose turn it is, by channel.
    pub(super) ready: HashMap<BString, Vec<Key>>,
    /// The channel that the digits of this message were not taken of.
    pub(super) passed_by: Option<BString>,
    /// The channels whose digits end here, early ones and all.
    pub(super) ended: Vec<BString>,
}

impl<'s> Keyed<'s> {
    pub(super) fn new(scene: &'s Scene) -> Self {
        Keyed { scene, lines: HashMap::new() }
    }

    /// Whether digits wait for others.
    pub(super) fn waits(&self) -> bool {
        self.lines.values().any(|line| line.due().is_some())
    }

    pub(super) fn take(&mut self, group: &Group<'_>) -> Checked<Fresh> {
        let mut fresh = Fresh::default();
        for (channel, line) in &mut self.lines {
            let mut out = Vec::new();
            line.time(group.at, &mut out);
            add(&mut fresh, channel, &out);
        }
        match group.head {
            Event::Heard(line) => match EngineLine::parse(line) {
                Ok(EngineLine::Message(message)) if message.name.as_ref() == b"chan.dtmf" => {
                    self.digits(group, &text(&message.params, "id"), &message.params, &mut fresh)?;
                }
                Ok(EngineLine::Answer(answer)) => match (answer.is_watched(), answer.name.as_ref()) {
                    (true, b"chan.dtmf") => {
                        self.digits(group, &text(&answer.params, "id"), &answer.params, &mut fresh)?;
                    }
                    (true, b"chan.notify") => {
                        self.digits(group, &text(&answer.params, "peerid"), &answer.params, &mut fresh)?;
                    }
                    (true, b"chan.hangup") => self.end(&text(&answer.params, "id"), &mut fresh),
                    (true, b"chan.startup") => self.known(&text(&answer.params, "id"), true),
                    (true, b"call.execute") => {
                        let set_up = !answer.params.is_true("answered");
                        self.known(&text(&answer.params, "id"), set_up);
                    }
                    (false, b"engine.status") => self.accounted(&answer.retvalue),
                    (false, b"chan.masquerade") if !answer.processed => self.said_gone(group, &mut fresh),
                    _ => {}
                },
                _ => {}
            },
            Event::Lost | Event::Connected { .. } => {
                let channels: Vec<_> = self.lines.keys().cloned().collect();
                channels.iter().for_each(|channel| self.end(channel, &mut fresh));
            }
            _ => {}
        }
        Ok(fresh)
    }

    fn known(&mut self, channel: &BString, from_start: bool) {
        let patience = self.scene.config.keypad.reorder;
        self.lines.entry(channel.clone()).or_insert_with(|| Line::new(patience, from_start));
    }

    /// Channels that the engine has told of when it was asked have keyed nobody knows how often.
    fn accounted(&mut self, account: &[u8]) {
        for word in account.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'/') {
            if word.starts_with(b"sip/") {
                self.known(&word.into(), false);
            }
        }
    }

    /// The engine says that a channel is no more by not knowing in whose name to do something.
    fn said_gone(&mut self, group: &Group<'_>, fresh: &mut Fresh) {
        for noted in group.rest {
            if let Event::Stands(stand) = &noted.event
                && stand.place.is_none()
            {
                self.end(&stand.channel, fresh);
            }
        }
    }

    fn end(&mut self, channel: &BString, fresh: &mut Fresh) {
        if let Some(mut line) = self.lines.remove(channel) {
            let mut out = Vec::new();
            line.flush(&mut out);
            add(fresh, channel, &out);
        }
        fresh.ended.push(channel.clone());
    }

    fn digits(
        &mut self,
        group: &Group<'_>,
        channel: &BString,
        params: &Params<'_>,
        fresh: &mut Fresh,
    ) -> Checked {
        let told = |wanted: fn(&Report) -> Option<&BString>| {
            group.rest.iter().any(|noted| match &noted.event {
                Event::Told(report) => wanted(report) == Some(channel),
                _ => false,
            })
        };
        let Ok(keys) = text(params, "text").to_str_lossy().parse::<Keys>() else { return Ok(()) };
        let keyed =
            told(|report| if let Report::Keyed { channel, .. } = report { Some(channel) } else { None });
        if !keyed {
            fresh.passed_by = Some(channel.clone());
            return Ok(());
        }
        let repeated =
            told(|report| if let Report::Repeated { channel, .. } = report { Some(channel) } else { None });
        self.known(channel, false);
        let Some(line) = self.lines.get_mut(channel) else { return Ok(()) };
        let number = text(params, "sequence").to_str_lossy().parse::<u32>().ok();
        let mut out = Vec::new();
        let is_new = !params.is_true("duplicate")
            && match number {
                Some(number) => line.arrives(group.at, number, keys.clone(), &mut out),
                None => {
                    out.push(keys.clone());
                    true
                }
            };
        if is_new == repeated {
            let taken = if repeated { "ignored as if it had come before" } else { "taken twice" };
            return Err((group.at, format!("{keys} of {channel} is {taken}")));
        }
        add(fresh, channel, &out);
        Ok(())
    }
}

fn add(fresh: &mut Fresh, channel: &BString, out: &[Keys]) {
    if !out.is_empty() {
        let ready = fresh.ready.entry(channel.clone()).or_default();
        ready.extend(out.iter().flat_map(|keys| keys.iter().copied()));
    }
}
