//! Digits that go on to the other party after they were held.

use bstr::BStr;

use super::flight::{Purpose, Reply};
use super::limits::Limit;
use super::{Assist, Report};
use crate::key::Keys;
use crate::moment::Moment;
use crate::wire::Params;

/// Digits on their way to the other party. One message is under way at a time: the engine dispatches on several
/// threads, and two could overtake each other.
#[derive(Debug, Default)]
pub(super) struct Release {
    pub(super) under_way: bool,
    pub(super) waiting: Keys,
    /// Whether there are some among those that wait that nobody is to read.
    pub(super) secret: bool,
}

impl Assist {
    /// Digits go on behind those that wait already. Where too many wait the engine does not take them any more.
    pub(super) fn queue_release(&mut self, now: Moment, at: usize, keys: Keys, secret: bool) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let waiting = call.rare.release.waiting.len();
        if waiting > 0 && waiting + keys.len() > self.config.bounds.waiting_digits {
            self.counts.digits.dropped += keys.len() as u64;
            let channel = call.id.clone();
            self.limit_reached(now, Limit::WaitingDigits, 1);
            return self.outbox.tell(|| Report::Dropped { channel, keys, secret });
        }
        call.rare.release.secret |= secret;
        call.rare.release.waiting.extend(keys.iter());
        self.release(now, at);
    }

    /// Sends the digits on that wait, unless others are still on their way.
    fn release(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.rare.release.under_way || call.rare.release.waiting.is_empty() {
            return;
        }
        let keys = std::mem::take(&mut call.rare.release.waiting);
        let secret = std::mem::take(&mut call.rare.release.secret);
        let channel = call.id.clone();
        // Number 0 leaves the engine's own count of the digits that the channel keyed alone.
        let params = Params::new()
            .with("id", &channel)
            .with("message", "chan.dtmf")
            .with("text", keys.symbols())
            .with("sequence", "0");
        let sent = self.send_aside(now, Purpose::Release(channel.clone()), "chan.masquerade", params);
        if let Some(call) = self.calls.get_mut(at) {
            call.rare.release.under_way = sent;
        }
        let count = if sent { &mut self.counts.digits.released } else { &mut self.counts.digits.dropped };
        *count += keys.len() as u64;
        self.outbox.tell(|| {
            if sent {
                Report::Released { channel, keys, secret }
            } else {
                Report::Dropped { channel, keys, secret }
            }
        });
    }

    /// Digits have gone on; those that came meanwhile follow.
    pub(super) fn release_ended(&mut self, now: Moment, channel: &BStr, reply: Reply<'_, '_>) {
        let Some(at) = self.calls.find(channel) else { return };
        if reply.is_none() {
            let text = format!(
                "digits of {channel:?} may not have reached the other party: the engine did not answer in time"
            );
            self.outbox.report(Report::Trouble { text });
        }
        if let Some(call) = self.calls.get_mut(at) {
            call.rare.release.under_way = false;
        }
        self.release(now, at);
    }
}
