//! Falling behind: where the engine may have given up waiting for us, digits go on as they come. It passes on by itself
//! what it gave up, and a code that fired from such digits would have been heard too.

use std::time::Duration;

use bstr::BStr;

use super::digits::read;
use super::{Assist, Report};
use crate::keypad::Order;
use crate::moment::Moment;
use crate::wire::Message;

/// How long a message may wait for us before the engine goes on without, as we ask it to. An answer takes microseconds;
/// if we are stuck, calls must not be.
pub(super) const USUAL_PATIENCE: Duration = Duration::from_millis(2000);

/// How far behind we are, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// How long what the engine says may have waited for us.
    waited: Duration,
    /// Whether somebody was told, and how many digits went on since.
    told: Option<u64>,
    /// How many digits have gone on in all.
    passed: u64,
}

/// How late a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lateness {
    /// The engine waits for the answer still.
    InTime,
    /// It may give up before it has the answer.
    Late,
    /// It has given up, or is about to.
    TooLate,
}

impl Assist {
    /// How many digits have gone on as they came because they had waited for us too long.
    #[must_use]
    pub fn passed_behind(&self) -> u64 {
        self.behind.passed
    }

    /// What the engine says from now on may have waited for us that long.
    pub(super) fn has_waited(&mut self, waited: Duration) {
        self.behind.waited = waited;
        let caught_up = self.engine.patience.is_none_or(|patience| waited < patience / 4);
        if let Some(passed) = self.behind.told.take_if(|_| caught_up) {
            let text =
                format!("touchtone has caught up: {passed} digits went on as they came, without codes");
            self.outbox.report(Report::Trouble { text });
        }
    }

    /// How late what the engine says is by the time it reaches us.
    pub(super) fn lateness(&self) -> Lateness {
        match self.engine.patience {
            Some(patience) if self.behind.waited >= patience * 3 / 4 => Lateness::TooLate,
            Some(patience) if self.behind.waited >= patience / 2 => Lateness::Late,
            _ => Lateness::InTime,
        }
    }

    /// Digits that have waited too long: no code is looked for in them. What was keyed before goes before them, as long
    /// as that is for us to say.
    pub(super) fn handle_digits_behind(&mut self, now: Moment, message: &Message<'_>) {
        let [id, text, sequence, duplicate] = message.params.pick(["id", "text", "sequence", "duplicate"]);
        let id = id.unwrap_or_default();
        let id = BStr::new(id.as_ref());
        let Some(digits) = read(text, sequence, duplicate) else {
            return self.outbox.answer(&message.id, false);
        };
        let at = self.calls.obtain(id, self.places.call, Order::default);
        let secret = self.is_secret(now, at);
        let keys = digits.keys.clone();
        let count = keys.len() as u64;
        self.counts.digits.keyed += count;
        self.outbox.tell(|| Report::Keyed { channel: id.to_owned(), keys: keys.clone(), secret });
        if let Some(at) = at {
            self.let_go_of(now, at);
            if self.is_repeated(now, at, &digits) {
                self.counts.digits.repeated += count;
                self.outbox.tell(|| Report::Repeated { channel: id.to_owned(), keys, secret });
                return self.outbox.answer(&message.id, true);
            }
        }
        self.note_passed(keys.len());
        let in_time = self.lateness() == Lateness::Late;
        self.pass_on(now, message, at.filter(|_| in_time), keys, secret);
    }

    fn note_passed(&mut self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.behind.passed = self.behind.passed.saturating_add(count);
        if self.behind.told.is_none() {
            let text = format!(
                "touchtone has fallen behind: what the engine asks may have waited {} ms, so digits go on as they come, \
                 without codes, until it has caught up",
                self.behind.waited.as_millis()
            );
            self.outbox.report(Report::Trouble { text });
        }
        *self.behind.told.get_or_insert(0) += count;
    }
}
