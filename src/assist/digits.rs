//! Digits: from the engine's message to what becomes of them.

use bstr::{BStr, ByteSlice};

use super::job::{Job, Purpose, Reply, accepted};
use super::timers::Timer;
use super::{Assist, Report};
use crate::config::Unmatched;
use crate::key::{Key, Keys};
use crate::keypad::{Arrival, Order, Outcome, Rules, pass_as_they_came};
use crate::moment::Moment;
use crate::wire::{Message, Params};

/// How many digits wait at most for those before them to have reached the other party.
const RELEASE_LIMIT: usize = 256;

/// What a message with digits says.
struct Digits {
    keys: Keys,
    sequence: Option<u32>,
    duplicate: bool,
}

impl Assist {
    /// Digits that the engine waits with: answered before anything else is done about them.
    pub(super) fn handle_digits(&mut self, now: Moment, message: &Message<'_>) {
        let processed = self.take_digits(now, &message.params);
        self.outbox.answer(&message.id, processed);
    }

    /// Digits that are only watched: whatever a code leaves of them has gone on already.
    pub(super) fn watch_digits(&mut self, now: Moment, params: &Params<'_>) {
        self.take_digits(now, params);
    }

    /// Whether the digits are taken; if not they go on as they came.
    fn take_digits(&mut self, now: Moment, params: &Params<'_>) -> bool {
        let Some(id) = params.get("id") else { return false };
        let Some(digits) = read(params) else { return false };
        let id = BStr::new(id.as_ref());
        let Some(at) = self.calls.obtain(id, self.places.call, Order::default) else { return false };
        if let Some(peer) = params.get("peerid") {
            self.keyed_to(now, at, peer.as_bstr());
        }
        self.outbox.report(Report::Keyed { channel: id.to_owned(), keys: digits.keys.clone() });
        let mut ready = Vec::new();
        let arrival = self.put_in_order(now, at, &digits, &mut ready);
        if arrival == Arrival::Repeated {
            self.outbox.report(Report::Repeated { channel: id.to_owned(), keys: digits.keys });
            return true;
        }
        self.expect_first_key(at, None);
        let ready: Vec<Key> = ready.iter().flat_map(|keys| keys.iter().copied()).collect();
        let held_back = self.calls.get(at).is_some_and(|call| self.holds_back(call.place.state()));
        let (outcomes, taken) = self.collect(now, at, &ready);
        if held_back && taken == ready.len() && self.may_pass(at, &digits.keys, &outcomes) {
            self.outbox.report(Report::Passed { channel: id.to_owned(), keys: digits.keys });
            self.prompt_unmatched(now, at, &outcomes, false);
            return false;
        }
        self.prompt_unmatched(now, at, &outcomes, false);
        self.act_on(now, at, outcomes, held_back);
        self.collect_all(now, at, &ready[taken..]);
        held_back
    }

    fn put_in_order(&mut self, now: Moment, at: usize, digits: &Digits, ready: &mut Vec<Keys>) -> Arrival {
        if digits.duplicate {
            return Arrival::Repeated;
        }
        let patience = self.config.keypad.reorder;
        let Some(call) = self.calls.get_mut(at) else { return Arrival::Repeated };
        let Some(sequence) = digits.sequence else {
            ready.push(digits.keys.clone());
            return Arrival::Ready;
        };
        let before = call.order.poll_timeout();
        let arrival = call.order.accept(now.steady, sequence, digits.keys.clone(), patience, ready);
        self.timers.change(Timer::Order(at), before, call.order.poll_timeout());
        arrival
    }

    /// Collects digits until a code fires, which may change what the others mean; says how many were taken.
    fn collect(&mut self, now: Moment, at: usize, ready: &[Key]) -> (Vec<Outcome>, usize) {
        let mut outcomes = Vec::new();
        let Some(call) = self.calls.get_mut(at) else { return (outcomes, ready.len()) };
        let rules = Rules::of(&self.config, call.place.state(), call.place.role());
        let before = call.collector.poll_timeout();
        let mut taken = 0;
        while taken < ready.len() && !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Fire { .. })) {
            call.collector.handle_key(now.steady, ready[taken], rules, &mut outcomes);
            taken += 1;
        }
        self.timers.change(Timer::Keypad(at), before, call.collector.poll_timeout());
        (outcomes, taken)
    }

    fn collect_all(&mut self, now: Moment, at: usize, mut ready: &[Key]) {
        while !ready.is_empty() {
            let held_back = self.calls.get(at).is_some_and(|call| self.holds_back(call.place.state()));
            let (outcomes, taken) = self.collect(now, at, ready);
            self.prompt_unmatched(now, at, &outcomes, false);
            self.act_on(now, at, outcomes, held_back);
            ready = &ready[taken..];
        }
    }

    /// Digits can go on as they came if nothing was held before them and nothing is on its way ahead of them.
    fn may_pass(&self, at: usize, keys: &Keys, outcomes: &[Outcome]) -> bool {
        let Some(call) = self.calls.get(at) else { return true };
        let behind_others = call.release.under_way && call.release.waiting.len() < RELEASE_LIMIT;
        let unmatched = self.config.states[call.place.state()].unmatched;
        !behind_others && pass_as_they_came(unmatched, keys, outcomes)
    }

    /// Lets the caller hear that digits were given up, once however many.
    fn prompt_unmatched(&mut self, now: Moment, at: usize, outcomes: &[Outcome], late: bool) {
        let given_up = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::GiveUp(keys) => Some(keys),
            Outcome::Hold(_) | Outcome::Fire { .. } => None,
        });
        if let Some(keys) = given_up {
            self.prompt_of_state(now, at, keys, late);
        }
    }

    /// A timer of digits that wait for earlier ones ran out.
    pub(super) fn order_timeout(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let mut ready = Vec::new();
        call.order.handle_timeout(now.steady, &mut ready);
        let ready: Vec<Key> = ready.iter().flat_map(|keys| keys.iter().copied()).collect();
        self.collect_all(now, at, &ready);
    }

    /// A timer of held digits ran out.
    pub(super) fn keypad_timeout(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let place = call.place;
        let rules = Rules::of(&self.config, place.state(), place.role());
        let mut outcomes = Vec::new();
        call.collector.handle_timeout(now.steady, rules, &mut outcomes);
        let next = call.collector.poll_timeout();
        self.timers.change(Timer::Keypad(at), None, next);
        self.prompt_unmatched(now, at, &outcomes, true);
        let held_back = self.holds_back(place.state());
        self.act_on(now, at, outcomes, held_back);
    }

    pub(super) fn act_on(&mut self, now: Moment, at: usize, outcomes: Vec<Outcome>, held_back: bool) {
        for outcome in outcomes {
            let Some(call) = self.calls.get_mut(at) else { return };
            let channel = call.id.clone();
            match outcome {
                Outcome::Hold(key) => {
                    let keys = Keys::from([key].as_slice());
                    self.outbox.report(Report::Held { channel, keys });
                }
                Outcome::GiveUp(keys) if !held_back => {
                    self.outbox.report(Report::Passed { channel, keys });
                }
                Outcome::GiveUp(keys) => match self.config.states[call.place.state()].unmatched {
                    Unmatched::Drop => self.outbox.report(Report::Dropped { channel, keys }),
                    Unmatched::Pass => {
                        call.release.waiting.extend(keys.iter());
                        self.outbox.report(Report::Released { channel, keys });
                        self.release(now, at);
                    }
                },
                Outcome::Fire { pattern, keys, .. } => self.fire(now, at, pattern, keys),
            }
        }
    }

    fn fire(&mut self, now: Moment, at: usize, pattern: usize, keys: Keys) {
        let Some(call) = self.calls.get(at) else { return };
        let channel = call.id.clone();
        let keymap = self.config.keymaps.get(call.place.state(), call.place.role());
        let (code, captures) = (keymap.codes[pattern], keymap.captures(pattern, &keys));
        self.outbox.report(Report::Fired {
            channel: channel.clone(),
            code: self.config.codes[code].name.clone(),
            keys: keys.clone(),
            captures: captures.clone(),
        });
        self.enqueue(now, Job { channel, code, keys, captures, room: None, asks: 0 });
    }

    /// Sends the digits on that wait, unless others are still on their way.
    fn release(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.release.under_way || call.release.waiting.is_empty() {
            return;
        }
        let keys = std::mem::take(&mut call.release.waiting);
        let channel = call.id.clone();
        call.release.under_way = true;
        // Number 0 leaves the engine's own count of the digits that the channel keyed alone.
        let params = Params::new()
            .with("id", &channel)
            .with("message", "chan.dtmf")
            .with("text", keys.symbols())
            .with("sequence", "0");
        if !self.send_aside(now, Purpose::Release(channel), "chan.masquerade", params)
            && let Some(call) = self.calls.get_mut(at)
        {
            call.release.under_way = false;
        }
    }

    /// Digits have gone on; those that came meanwhile follow.
    pub(super) fn release_ended(&mut self, now: Moment, channel: &BStr, reply: Reply<'_, '_>) {
        let Some(at) = self.calls.find(channel) else { return };
        if reply.is_none()
            && let Err(reason) = accepted(reply)
        {
            let text = format!("digits of {channel:?} may not have reached the other party: {reason}");
            self.outbox.report(Report::Trouble { text });
        }
        if let Some(call) = self.calls.get_mut(at) {
            call.release.under_way = false;
        }
        self.release(now, at);
    }

    /// What a channel holds can reach nobody any more.
    pub(super) fn drop_digits(&mut self, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let timers = [
            (Timer::Keypad(at), call.collector.poll_timeout()),
            (Timer::Order(at), call.order.poll_timeout()),
        ];
        let mut early = Vec::new();
        call.order.flush(&mut early);
        let held = call.collector.held().iter().chain(early.iter().flat_map(|keys| keys.iter())).copied();
        let keys: Keys = held.collect();
        let channel = call.id.clone();
        for (timer, due) in timers {
            self.timers.change(timer, due, None);
        }
        if !keys.is_empty() {
            self.outbox.report(Report::Dropped { channel, keys });
        }
    }

    /// Everything that is held goes where it would have gone, because we leave.
    pub(super) fn let_go(&mut self, now: Moment) {
        for at in self.calls.places() {
            let Some(call) = self.calls.get_mut(at) else { continue };
            let mut ready = Vec::new();
            call.order.flush(&mut ready);
            let ready: Vec<Key> = ready.iter().flat_map(|keys| keys.iter().copied()).collect();
            self.collect_all(now, at, &ready);
            let Some(call) = self.calls.get_mut(at) else { continue };
            let place = call.place;
            let mut outcomes = Vec::new();
            call.collector.give_up_all(Rules::of(&self.config, place.state(), place.role()), &mut outcomes);
            let held_back = self.holds_back(place.state());
            self.act_on(now, at, outcomes, held_back);
        }
    }
}

/// `None` if there is anything in `text` that is on no key: not ours to understand.
fn read(params: &Params<'_>) -> Option<Digits> {
    let keys: Keys = params.get("text")?.to_str().ok()?.parse().ok()?;
    let sequence = params.get("sequence").and_then(|number| number.to_str().ok()?.parse().ok());
    let duplicate = params.is_true("duplicate");
    (!keys.is_empty()).then_some(Digits { keys, sequence, duplicate })
}
