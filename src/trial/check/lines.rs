//! No line is malformed, longer than the engine takes, or about a channel that has nothing to do with who keyed.

use std::collections::HashSet;

use bstr::{BString, ByteSlice};

use super::{Checked, text};
use crate::trial::record::{Event, Noted};
use crate::trial::scene::Scene;
use crate::wire::{DEFAULT_LINE_LIMIT, EngineLine, ModuleLine, Params};

/// Who may be spoken of.
#[derive(Debug, Default)]
struct Known {
    /// Who keyed, and what they are or were connected to.
    concerned: HashSet<BString>,
    peers: Vec<(String, String)>,
    limit: Option<usize>,
}

pub(super) fn check(scene: &Scene, record: &[Noted]) -> Checked {
    let mut known = Known::default();
    known.concerned.extend(scene.named().into_iter().map(BString::from));
    for Noted { at, event } in record {
        let result = match event {
            Event::Heard(line) => known.hear(line),
            Event::Said(line) => known.said(line),
            Event::Connected { .. } => {
                known.limit = None;
                Ok(())
            }
            Event::Peer { channel, peer: Some(peer) } => {
                known.peers.push((channel.clone(), peer.clone()));
                Ok(())
            }
            _ => Ok(()),
        };
        result.map_err(|what| (*at, what))?;
    }
    Ok(())
}

impl Known {
    fn hear(&mut self, line: &[u8]) -> Result<(), String> {
        match EngineLine::parse(line) {
            Ok(EngineLine::ErrorIn(line)) => Err(format!("the engine cannot read {}", line.as_bstr())),
            Ok(EngineLine::LocalSet { name, value, success: true }) if name.as_ref() == b"bufsize" => {
                self.limit = value.to_str().ok().and_then(|value| value.parse().ok());
                Ok(())
            }
            Ok(EngineLine::Message(message)) => {
                self.concerned.insert(text(&message.params, "id"));
                Ok(())
            }
            Ok(EngineLine::Answer(answer)) if answer.is_watched() => {
                match answer.name.as_ref() {
                    b"chan.dtmf" => self.concerned.insert(text(&answer.params, "id")),
                    b"chan.notify" => self.concerned.insert(text(&answer.params, "peerid")),
                    _ => false,
                };
                if text(&answer.params, "address").starts_with_str("touchtone-record-") {
                    self.concerned.extend(["id", "peerid"].map(|name| text(&answer.params, name)));
                }
                Ok(())
            }
            // Legs of the module's own, by which it records.
            Ok(EngineLine::Answer(answer)) => {
                if answer.name.as_ref() == b"call.execute" {
                    self.concerned.extend(["id", "peerid"].map(|name| text(&answer.params, name)));
                }
                if answer.name.as_ref() == b"engine.status" {
                    self.own_legs(&answer.retvalue);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `dumb/11=answered|touchtone-record-studio|conf/15`
    fn own_legs(&mut self, account: &[u8]) {
        let entries = account
            .split(|byte| b",;".contains(byte))
            .filter(|entry| entry.contains_str("touchtone-record-"));
        for entry in entries {
            let ids = entry.split(|byte| b"=|".contains(byte)).filter(|word| word.contains(&b'/'));
            self.concerned.extend(ids.map(|id| BString::from(id.trim())));
        }
    }

    fn said(&self, line: &[u8]) -> Result<(), String> {
        let longest = self.limit.unwrap_or(DEFAULT_LINE_LIMIT);
        if line.len() + 1 >= longest {
            return Err(format!("a line of {} bytes, where {longest} are too many", line.len()));
        }
        match ModuleLine::parse(line) {
            Err(problem) => Err(format!("{problem}: {}", line.as_bstr())),
            Ok(ModuleLine::Message(message)) if message.name.as_ref() != b"engine.status" => self
                .about(&message.params)
                .map_err(|id| format!("{id} is spoken of, who has not keyed: {}", line.as_bstr())),
            Ok(_) => Ok(()),
        }
    }

    fn about(&self, params: &Params<'_>) -> Result<(), BString> {
        for name in ["id", "targetid"] {
            let id = text(params, name);
            let is_channel = ["sip/", "dumb/"].iter().any(|kind| id.starts_with_str(kind));
            let is_leg =
                id.strip_prefix(b"conf/").is_some_and(|number| number.iter().all(u8::is_ascii_digit));
            let is = |other: &str| other.as_bytes() == id.as_slice();
            let concerned = |other: &str| self.concerned.contains(other.as_bytes().as_bstr());
            let with =
                |(one, other): &(String, String)| is(one) && concerned(other) || is(other) && concerned(one);
            let of_room = is_leg && !self.peers.iter().any(|(_, peer)| peer.as_bytes() == id.as_slice());
            if (is_channel || is_leg)
                && !of_room
                && !self.concerned.contains(&id)
                && !self.peers.iter().any(with)
            {
                return Err(id);
            }
        }
        Ok(())
    }
}
