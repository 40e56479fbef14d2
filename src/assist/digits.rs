//! Digits: from the engine's message to what becomes of them.

use std::borrow::Cow;
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice};

use super::calls::Place;
use super::job::{Asker, Job, Keyed};
use super::limits::{Limit, May};
use super::place::STILL_SECRET;
use super::timers::Timer;
use super::{Assist, Report};
use crate::config::{Config, State, Unmatched};
use crate::key::Keys;
use crate::keypad::{Arrival, Collector, Order, Outcome, Rules};
use crate::moment::Moment;
use crate::wire::{Message, Params};

/// The value of a parameter, if it is there.
type Value<'v> = Option<Cow<'v, [u8]>>;

/// What a message with digits says.
pub(super) struct Digits {
    pub(super) keys: Keys,
    /// The engine's count.
    sequence: Option<u32>,
    duplicate: bool,
}

/// Why digits are scanned.
#[derive(Debug, Clone, Copy)]
enum Cause {
    Key,
    Time,
    /// The call is elsewhere: nobody is to be told that these were no code.
    MovedOn,
}

/// The digits of one message, on their way to the collector.
#[derive(Debug, Clone)]
pub(super) struct Strokes {
    pub(super) keys: Keys,
    /// Whether the engine was told that we took them; if not they have gone on as they came.
    pub(super) swallowed: bool,
}

/// Memory that each digit uses anew.
#[derive(Debug, Default)]
pub(super) struct SpareMemory {
    strokes: Vec<Strokes>,
    outcomes: Vec<Outcome>,
}

impl Assist {
    /// Digits that the engine waits with. What the answer is follows from the configuration and from what is held, so
    /// it is known at once; the outbox puts it before everything else.
    pub(super) fn handle_digits(&mut self, now: Moment, message: &Message<'_>) {
        let processed = self.take_digits(now, &message.params);
        self.outbox.answer(&message.id, processed);
    }

    /// Digits that are only watched: whatever a code leaves of them has gone on already.
    pub(super) fn watch_digits(&mut self, now: Moment, params: &Params<'_>) {
        self.take_digits(now, params);
    }

    /// Digits that come when we no longer look for codes: they go on, but not ahead of others.
    pub(super) fn handle_late_digits(&mut self, now: Moment, message: &Message<'_>) {
        let [id, text, sequence, duplicate] = message.params.pick(["id", "text", "sequence", "duplicate"]);
        let id = id.unwrap_or_default();
        let Some(Digits { keys, .. }) = read(text, sequence, duplicate) else {
            return self.outbox.answer(&message.id, false);
        };
        let id = BStr::new(id.as_ref());
        let at = self.calls.find(id);
        let secret = self.is_secret(now, at);
        self.counts.digits.keyed += keys.len() as u64;
        self.outbox.tell(|| Report::Keyed { channel: id.to_owned(), keys: keys.clone(), secret });
        self.pass_on(now, message, at, keys, secret);
    }

    /// Digits in which no code is looked for go on: behind others of that channel that are on their way, or as they came.
    pub(super) fn pass_on(
        &mut self,
        now: Moment,
        message: &Message<'_>,
        at: Option<usize>,
        keys: Keys,
        secret: bool,
    ) {
        let under_way = |&at: &usize| self.calls.get(at).is_some_and(|call| call.rare.release.under_way);
        let at = at.filter(under_way);
        self.outbox.answer(&message.id, at.is_some());
        match at {
            Some(at) => self.queue_release(now, at, keys, secret),
            None => {
                self.counts.digits.passed += keys.len() as u64;
                let channel = || BString::from(message.params.get("id").unwrap_or_default().into_owned());
                self.outbox.tell(|| Report::Passed { channel: channel(), keys, secret });
            }
        }
    }

    /// Whether the digits are taken; if not they go on as they came.
    fn take_digits(&mut self, now: Moment, params: &Params<'_>) -> bool {
        let [id, peer, text, sequence, duplicate] =
            params.pick(["id", "peerid", "text", "sequence", "duplicate"]);
        let (Some(id), Some(digits)) = (id, read(text, sequence, duplicate)) else { return false };
        let count = digits.keys.len() as u64;
        self.counts.digits.keyed += count;
        if digits.keys.len() > self.config.bounds.waiting_digits {
            self.limit_reached(now, Limit::WaitingDigits, 1);
            self.counts.digits.passed += count;
            return false;
        }
        let id = BStr::new(id.as_ref());
        let Some(at) = self.calls.obtain(id, self.places.call, Order::default) else {
            self.counts.digits.passed += count;
            return false;
        };
        self.keyed_to(now, at, peer.as_deref().map(BStr::new));
        let Some(call) = self.calls.get(at) else { return false };
        let (config, place) = self.former.of(at).unwrap_or((&self.config, call.place));
        let state = place.state();
        let swallowed = config.holds_back(state);
        let secret = self.is_secret(now, Some(at));
        if let Some(call) = self.calls.get_mut(at)
            && let Some(until) = call.rare.hides_until
        {
            call.rare.hides_until = (until > now.steady).then_some(now.steady + STILL_SECRET);
        }
        self.barge_in(now, at);
        self.outbox.tell(|| Report::Keyed { channel: id.to_owned(), keys: digits.keys.clone(), secret });
        let mut ready = std::mem::take(&mut self.spare_memory.strokes);
        ready.clear();
        match self.put_in_order(now, at, &digits, swallowed, &mut ready) {
            Arrival::Repeated => {
                self.spare_memory.strokes = ready;
                self.counts.digits.repeated += count;
                self.outbox.tell(|| Report::Repeated { channel: id.to_owned(), keys: digits.keys, secret });
                return true;
            }
            Arrival::Early => {
                self.spare_memory.strokes = ready;
                return swallowed;
            }
            Arrival::Ready => {}
        }
        if swallowed && ready.len() == 1 && self.may_pass(at, &digits.keys) {
            self.spare_memory.strokes = ready;
            self.counts.digits.passed += count;
            self.outbox.tell(|| Report::Passed { channel: id.to_owned(), keys: digits.keys.clone(), secret });
            let config = self.config.clone();
            self.prompt_of_state(now, at, &config.states[state], &digits.keys, false);
            self.await_key(now, at);
            return false;
        }
        self.collect(now, at, ready);
        swallowed
    }

    fn put_in_order(
        &mut self,
        now: Moment,
        at: usize,
        digits: &Digits,
        swallowed: bool,
        ready: &mut Vec<Strokes>,
    ) -> Arrival {
        if digits.duplicate {
            return Arrival::Repeated;
        }
        let strokes = Strokes { keys: digits.keys.clone(), swallowed };
        let Some(sequence) = digits.sequence else {
            ready.extend(self.flush_order(at));
            ready.push(strokes);
            return Arrival::Ready;
        };
        let patience = self.config.keypad.reorder;
        let Some(call) = self.calls.get_mut(at) else { return Arrival::Repeated };
        let before = call.order.poll_timeout();
        let arrival = call.order.accept(now.steady, sequence, strokes, patience, ready);
        let waiting = call.order.waiting();
        self.timers.change(Timer::Order(at), before, call.order.poll_timeout());
        if waiting > self.config.bounds.waiting_digits {
            // Late is better than lost.
            self.limit_reached(now, Limit::WaitingDigits, 1);
            ready.extend(self.flush_order(at));
            return Arrival::Ready;
        }
        arrival
    }

    /// What waits for earlier digits need not wait any more.
    pub(super) fn flush_order(&mut self, at: usize) -> Vec<Strokes> {
        let mut ready = Vec::new();
        if let Some(call) = self.calls.get_mut(at) {
            self.timers.change(Timer::Order(at), call.order.poll_timeout(), None);
            call.order.flush(&mut ready);
        }
        ready
    }

    /// Digits can go on as they came if no code wants them and nothing is on its way ahead of them.
    fn may_pass(&self, at: usize, keys: &Keys) -> bool {
        let Some(call) = self.calls.get(at) else { return true };
        let (state, role) = (call.place.state(), call.place.role());
        self.config.states[state].unmatched == Unmatched::Pass
            && !call.rare.release.under_way
            && call.collector.wants_none(keys, self.config.rules(state, role))
    }

    /// A timer of digits that wait for earlier ones ran out.
    pub(super) fn order_timeout(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let mut ready = Vec::new();
        call.order.handle_timeout(now.steady, &mut ready);
        self.timers.change(Timer::Order(at), None, call.order.poll_timeout());
        self.collect(now, at, ready);
    }

    /// A timer of held digits ran out.
    pub(super) fn keypad_timeout(&mut self, now: Moment, at: usize) {
        self.scan(now, at, Cause::Time, |collector, rules, out| {
            collector.handle_timeout(now.steady, rules, out);
        });
        self.await_key(now, at);
    }

    fn collect(&mut self, now: Moment, at: usize, mut ready: Vec<Strokes>) {
        for Strokes { keys, swallowed } in ready.drain(..) {
            for &key in keys.iter() {
                if let Some(call) = self.calls.get_mut(at) {
                    call.swallowed.push(swallowed);
                }
                self.scan(now, at, Cause::Key, |collector, rules, out| {
                    collector.handle_key(now.steady, key, rules, out);
                });
            }
        }
        self.spare_memory.strokes = ready;
        self.await_key(now, at);
    }

    /// Has the collector do something, by the codes that hold where the call is; what is behind a code that fires is
    /// scanned by those that hold then.
    fn scan(
        &mut self,
        now: Moment,
        at: usize,
        cause: Cause,
        begin: impl FnOnce(&mut Collector, Rules<'_>, &mut Vec<Outcome>),
    ) {
        let Some(place) = self.calls.get(at).map(|call| call.place) else { return };
        self.scan_in(now, at, place, cause, begin);
    }

    fn scan_in(
        &mut self,
        now: Moment,
        at: usize,
        place: Place,
        cause: Cause,
        begin: impl FnOnce(&mut Collector, Rules<'_>, &mut Vec<Outcome>),
    ) {
        self.scan_once(now, at, place, cause, begin);
        while let Some(call) = self.calls.get(at).filter(|call| call.collector.goes_on()) {
            let place = call.place;
            self.scan_once(now, at, place, cause, |collector, rules, out| {
                collector.go_on(now.steady, rules, out);
            });
        }
    }

    fn scan_once(
        &mut self,
        now: Moment,
        at: usize,
        place: Place,
        cause: Cause,
        work: impl FnOnce(&mut Collector, Rules<'_>, &mut Vec<Outcome>),
    ) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let mut outcomes = std::mem::take(&mut self.spare_memory.outcomes);
        let before = call.collector.poll_timeout();
        let (config, place) = self.former.of(at).unwrap_or((&self.config, place));
        let config = config.clone();
        work(&mut call.collector, config.rules(place.state(), place.role()), &mut outcomes);
        self.timers.change(Timer::Keypad(at), before, call.collector.poll_timeout());
        if call.collector.held().is_empty() {
            self.former.over(at);
        }
        for outcome in outcomes.drain(..) {
            self.act_on(now, at, &config, place, cause, outcome);
        }
        self.spare_memory.outcomes = outcomes;
    }

    fn act_on(
        &mut self,
        now: Moment,
        at: usize,
        config: &Arc<Config>,
        place: Place,
        cause: Cause,
        outcome: Outcome,
    ) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let state = &config.states[place.state()];
        match outcome {
            Outcome::Hold(key) => {
                let keys = Keys::from([key].as_slice());
                let secret = state.hides_digits || call.is_secret_still(now);
                self.outbox.tell(|| Report::Held { channel: call.id.clone(), keys, secret });
            }
            Outcome::GiveUp(keys) => {
                match cause {
                    Cause::Key => self.prompt_of_state(now, at, state, &keys, false),
                    Cause::Time => self.prompt_of_state(now, at, state, &keys, true),
                    Cause::MovedOn => {}
                }
                self.give_up(now, at, state, &keys);
            }
            Outcome::Fire { pattern, keys, enter } => {
                let spent = keys.len() + usize::from(enter.is_some());
                call.swallowed.drain(..spent.min(call.swallowed.len()));
                self.fire(now, at, config, place, (pattern, keys, spent));
            }
        }
    }

    /// No code wants these digits. Those that have gone on already are where they belong.
    fn give_up(&mut self, now: Moment, at: usize, state: &State, keys: &Keys) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let channel = call.id.clone();
        let secret = state.hides_digits || call.is_secret_still(now);
        let (mut gone_on, mut taken) = (Keys::default(), Keys::default());
        for &key in keys.iter() {
            let swallowed = call.swallowed.is_empty() || call.swallowed.remove(0);
            if swallowed { taken.push(key) } else { gone_on.push(key) }
        }
        if !gone_on.is_empty() {
            self.counts.digits.passed += gone_on.len() as u64;
            self.outbox.tell(|| Report::Passed { channel: channel.clone(), keys: gone_on, secret });
        }
        if taken.is_empty() {
            return;
        }
        match state.unmatched {
            Unmatched::Drop => {
                self.counts.digits.dropped += taken.len() as u64;
                self.outbox.tell(|| Report::Dropped { channel, keys: taken, secret });
            }
            Unmatched::Pass => self.queue_release(now, at, taken, secret),
        }
    }

    /// A code fires, which spends so many digits.
    fn fire(
        &mut self,
        now: Moment,
        at: usize,
        config: &Arc<Config>,
        place: Place,
        (pattern, keys, spent): (usize, Keys, usize),
    ) {
        let Some(call) = self.calls.get(at) else { return };
        let channel = call.id.clone();
        let keymap = config.keymaps.get(place.state(), place.role());
        let (code, captures) = (keymap.codes[pattern], keymap.captures(pattern, &keys));
        let secret =
            config.states[place.state()].secret || config.codes[code].secret || call.is_secret_still(now);
        let keyed_in = Some(place.natural);
        if let May::Not { tell } = self.may_fire(now, at) {
            self.counts.digits.refused += spent as u64;
            self.outbox.tell_code(|| Report::Refused {
                channel: channel.clone(),
                code: config.codes[code].name.clone(),
                keys: keys.clone(),
                secret,
            });
            let keyed = Keyed { config: config.clone(), code, keyed_in, keys, captures };
            return self.refuse_code(now, &Job::new(Asker::Code(keyed), channel), tell);
        }
        self.counts.fired(&config.codes[code].name, spent);
        self.outbox.tell_code(|| Report::Fired {
            channel: channel.clone(),
            code: config.codes[code].name.clone(),
            keys: keys.clone(),
            captures: captures.clone(),
            secret,
        });
        let keyed = Keyed { config: config.clone(), code, keyed_in, keys, captures };
        self.enqueue(now, Job::new(Asker::Code(keyed), channel));
    }

    /// The call moved on: what it holds ends by the codes of where it was.
    pub(super) fn end_digits(&mut self, now: Moment, at: usize, place: Place) {
        self.scan_in(now, at, place, Cause::MovedOn, |collector, rules, out| {
            collector.give_up_all(now.steady, rules, out);
        });
    }

    /// What a channel holds can reach nobody any more.
    pub(super) fn drop_digits(&mut self, at: usize) {
        let early = self.flush_order(at);
        let Some(call) = self.calls.get_mut(at) else { return };
        self.timers.change(Timer::Keypad(at), call.collector.poll_timeout(), None);
        let channel: BString = call.id.clone();
        let formerly = self.former.over(at);
        let secret = self.config.states[call.place.state()].hides_digits
            || formerly.is_some_and(|formerly| formerly.hides_digits())
            || call.rare.hides_until.is_some()
            || call.rare.release.secret;
        let held = std::mem::take(&mut call.collector);
        let swallowed = std::mem::take(&mut call.swallowed);
        let held = held.held().iter().copied().zip(swallowed);
        let early = early.iter().flat_map(|early| early.keys.iter().map(|&key| (key, early.swallowed)));
        let behind = call.rare.take_waiting();
        let behind = behind.iter().map(|&key| (key, true));
        let (taken, gone_on): (Vec<_>, Vec<_>) =
            behind.chain(held).chain(early).partition(|&(_, taken)| taken);
        let keys = |of: Vec<(_, bool)>| of.into_iter().map(|(key, _)| key).collect::<Keys>();
        self.counts.digits.passed += gone_on.len() as u64;
        self.counts.digits.dropped += taken.len() as u64;
        if !gone_on.is_empty() {
            self.outbox.tell(|| Report::Passed { channel: channel.clone(), keys: keys(gone_on), secret });
        }
        if !taken.is_empty() {
            self.outbox.tell(|| Report::Dropped { channel, keys: keys(taken), secret });
        }
    }

    /// Everything that is held goes where it would have gone, because we leave.
    pub(super) fn let_go(&mut self, now: Moment) {
        for at in self.calls.places() {
            self.let_go_of(now, at);
        }
    }

    /// What a channel holds goes where it would have gone.
    pub(super) fn let_go_of(&mut self, now: Moment, at: usize) {
        let ready = self.flush_order(at);
        self.collect(now, at, ready);
        if let Some(place) = self.calls.get(at).map(|call| call.place) {
            self.end_digits(now, at, place);
        }
    }

    /// Whether digits came before. They are known to have come, and nothing waits for them.
    pub(super) fn is_repeated(&mut self, now: Moment, at: usize, digits: &Digits) -> bool {
        let arrival = self.put_in_order(now, at, digits, false, &mut Vec::new());
        self.flush_order(at);
        arrival == Arrival::Repeated
    }
}

/// `None` if there is anything in `text` that is on no key: not ours to understand. Nor are digits that are not counted
/// among those keyed, as we send them on ourselves: after a reconnection they may come back to us.
pub(super) fn read(text: Value<'_>, sequence: Value<'_>, duplicate: Value<'_>) -> Option<Digits> {
    let keys = Keys::from_symbols(&text?)?;
    let sequence = sequence.and_then(|number| number.to_str().ok()?.parse().ok());
    let duplicate = duplicate.is_some_and(|duplicate| *duplicate == *b"true");
    let released = sequence == Some(0);
    (!keys.is_empty() && !released).then_some(Digits { keys, sequence, duplicate })
}
