//! Call records.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Sim;
use super::message::{Fields, Msg};

/// For how long the engine remembers a call that has ended, so as not to begin its record again.
const GUARD: Duration = Duration::from_secs(5);
/// What a record takes from messages, and whether a later value takes an earlier one's place.
const TAKEN: [(&str, bool); 7] = [
    ("billid", true),
    ("reason", true),
    ("address", false),
    ("caller", false),
    ("called", false),
    ("calledfull", false),
    ("username", false),
];

/// The record of one channel.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) chan: BString,
    number: u64,
    direction: BString,
    pub(super) status: BString,
    pub(super) start: Option<Duration>,
    call: Option<Duration>,
    ringing: Option<Duration>,
    answer: Option<Duration>,
    hangup: Option<Duration>,
    first: bool,
    pub(super) fields: Fields,
}

/// Every record that is open, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) open: Vec<Record>,
    /// Channels that have ended a short while ago, and whether their record is still to be seen.
    ended: Vec<(BString, Duration, bool)>,
    last: u64,
}

impl Records {
    fn place(&self, chan: &[u8]) -> Option<usize> {
        self.open.iter().position(|record| record.chan == chan)
    }

    /// Forgets those that ended long ago; how many are left.
    pub(super) fn ended(&mut self, now: Duration) -> usize {
        self.ended.retain(|(_, at, _)| *at + GUARD > now);
        self.ended.len()
    }

    fn begin(&mut self, chan: &BStr) -> usize {
        self.last += 1;
        self.open.push(Record {
            chan: chan.into(),
            number: self.last,
            direction: "unknown".into(),
            status: "unknown".into(),
            start: None,
            call: None,
            ringing: None,
            answer: None,
            hangup: None,
            first: true,
            fields: Fields::default(),
        });
        self.open.len() - 1
    }
}

impl Record {
    fn take(&mut self, msg: &Msg) {
        for (name, value) in msg.fields.iter().filter(|(_, value)| !value.is_empty()) {
            if name == "status" {
                self.status = value.into();
                if value == "incoming" || value == "outgoing" {
                    self.direction = value.into();
                }
            } else if name == "direction" {
                self.direction = value.into();
            } else if let Some((name, overwrite)) = TAKEN.iter().find(|(taken, _)| name == *taken)
                && (*overwrite || !self.fields.has(name))
            {
                self.fields.set(name, value);
            }
        }
    }

    fn mark(&mut self, kind: &[u8], at: Duration) {
        match kind {
            b"chan.startup" => self.start = self.start.or(Some(at)),
            b"call.execute" => self.call = Some(at),
            b"call.progress" | b"call.ringing" => self.ringing = self.ringing.or(Some(at)),
            b"call.answered" => self.answer = self.answer.or(Some(at)),
            b"chan.hangup" => self.hangup = Some(at),
            _ => {}
        }
    }
}

impl Sim {
    /// A message that call records are made from.
    pub(super) fn cdr(&mut self, msg: &Msg) -> bool {
        let kind = msg.name.as_slice();
        let tracked = kind != b"call.update"
            || msg.fields.get("operation").is_none_or(|operation| operation == "cdrbuild");
        let id = msg.fields.text("id");
        let ringing = kind != b"call.progress"
            || msg.fields.truth("earlymedia", false)
            || msg.fields.truth("ringing", false);
        if !msg.fields.truth("cdrtrack", tracked) || id.is_empty() || !ringing {
            return false;
        }
        self.cdr_of(kind, id, msg);
        if matches!(kind, b"call.ringing" | b"call.progress" | b"call.answered") {
            self.cdr_of_peer(kind, msg);
        }
        false
    }

    fn cdr_of(&mut self, kind: &[u8], id: &BStr, msg: &Msg) {
        let mut kind = kind;
        let mut place = self.records.place(id);
        if place.is_none() {
            self.records.ended(self.now);
            let ended = self.records.ended.iter_mut().find(|(chan, _, _)| chan == id);
            match kind {
                b"chan.startup" | b"call.execute" | b"call.answered" => {
                    if let Some((_, _, unseen)) = ended {
                        if !std::mem::take(unseen) {
                            return;
                        }
                        kind = b"chan.hangup";
                    }
                    place = Some(self.records.begin(id));
                }
                b"chan.hangup" if ended.is_none() => self.records.ended.push((id.into(), self.now, true)),
                _ => {}
            }
        }
        let Some(at) = place else { return };
        let record = &mut self.records.open[at];
        record.take(msg);
        record.mark(kind, msg.time);
        if kind == b"chan.hangup" {
            self.close_record(at);
        } else {
            self.say_record(at, None);
        }
    }

    fn cdr_of_peer(&mut self, kind: &[u8], msg: &Msg) {
        let peer = msg.fields.text("peerid");
        let other = if peer.is_empty() { msg.fields.text("targetid") } else { peer };
        let Some(at) = self.records.place(other) else { return };
        let record = &mut self.records.open[at];
        record.mark(kind, msg.time);
        if let Some(status) = msg.fields.get("status").filter(|status| !status.is_empty()) {
            record.status = status.into();
        }
        self.say_record(at, None);
    }

    fn close_record(&mut self, at: usize) {
        self.say_record(at, Some("finalize"));
        let record = self.records.open.remove(at);
        if !self.records.ended.iter().any(|(chan, _, _)| *chan == record.chan) {
            self.records.ended.push((record.chan, self.now, false));
        }
    }

    fn say_record(&mut self, at: usize, operation: Option<&str>) {
        let (epoch, now) = (Duration::from_secs(self.settings.epoch), self.now);
        let run_id = self.settings.run_id.clone();
        let record = &mut self.records.open[at];
        let end = record.hangup.unwrap_or(now);
        let start = *record.start.get_or_insert(record.call.unwrap_or(end));
        let answer = record.answer.unwrap_or(end).min(end);
        let ringing = record.ringing.unwrap_or(answer).min(answer);
        let operation = operation.unwrap_or(if record.first { "initialize" } else { "update" });
        record.first = false;
        let external = match record.direction.as_slice() {
            b"incoming" => record.fields.get("caller"),
            b"outgoing" => record.fields.get("called"),
            _ => None,
        };
        let seconds = |span: Duration| format!("{:.3}", span.as_secs_f64());
        let mut msg = Msg::new("call.cdr", now);
        msg.broadcast = true;
        msg.fields.add("time", seconds(epoch + start));
        msg.fields.add("chan", record.chan.clone());
        msg.fields.add("cdrid", record.number.to_string());
        msg.fields.add("runid", run_id);
        msg.fields.add("operation", operation);
        msg.fields.add("direction", record.direction.clone());
        msg.fields.add("duration", seconds(end.saturating_sub(start)));
        msg.fields.add("billtime", seconds(end.saturating_sub(answer)));
        msg.fields.add("ringtime", seconds(answer.saturating_sub(ringing)));
        msg.fields.add("status", record.status.clone());
        if let Some(external) = external {
            msg.fields.add("external", external);
        }
        msg.fields.add("cdrwrite", "true");
        for (name, value) in record.fields.iter() {
            msg.fields.add_foreign(name, value);
        }
        self.enqueue(msg);
    }

    /// `call.drop` of `cdrbuild/CHANNEL`: its record ends though the call does not.
    pub(super) fn cdr_gone(&mut self, msg: &Msg) -> bool {
        let id = msg.fields.text("id");
        let Some(at) = id.strip_prefix(b"cdrbuild/").and_then(|chan| self.records.place(chan)) else {
            return false;
        };
        let reason = BString::from(msg.fields.get("reason").unwrap_or(BStr::new("CDR dropped")));
        self.records.open[at].fields.set("reason", reason);
        self.say_record(at, Some("finalize"));
        self.records.open.remove(at);
        true
    }
}
