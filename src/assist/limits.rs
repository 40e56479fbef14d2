//! The limits of the configuration: which were reached and how often, and how fast one caller may fire codes.

use std::time::Duration;

use super::Assist;
use super::outcome::{Cause, Failure};
use crate::config::{Bounds, Config};
use crate::moment::Moment;

/// How long it is at least between two words in the log on one limit.
const QUIET: Duration = Duration::from_secs(60);

/// Something that there may be only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// How long a line is.
    Line,
    /// What waits for an engine that does not read.
    PendingBytes,
    /// Channels that are known, and legs in rooms.
    Channels,
    /// Rooms that are known.
    Rooms,
    /// Digits of one call that wait for others.
    WaitingDigits,
    /// How fast a caller fires codes.
    CodesPerSecond,
    /// Messages of operations that wait for the engine.
    Operations,
    /// Operations of one caller that wait for others.
    OperationsPerCaller,
    /// Sounds that wait for a caller, or in a room.
    Prompts,
    /// Calls to others that are under way.
    Calls,
    /// Calls to others that are begun in a minute.
    CallsPerMinute,
    /// Questions that wait for the store.
    StoreQuestions,
    /// Clients of the control socket.
    ControlClients,
    /// Requests of theirs that wait.
    ControlRequests,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Limit; 14] = [
        Limit::Line,
        Limit::PendingBytes,
        Limit::Channels,
        Limit::Rooms,
        Limit::WaitingDigits,
        Limit::CodesPerSecond,
        Limit::Operations,
        Limit::OperationsPerCaller,
        Limit::Prompts,
        Limit::Calls,
        Limit::CallsPerMinute,
        Limit::StoreQuestions,
        Limit::ControlClients,
        Limit::ControlRequests,
    ];

    /// Its name, which never changes: that of its key in `[limits]`, but for `calls-per-minute`, which is `per-minute` of
    /// `[calling]`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Limit::Line => "line",
            Limit::PendingBytes => "pending-bytes",
            Limit::Channels => "channels",
            Limit::Rooms => "rooms",
            Limit::WaitingDigits => "waiting-digits",
            Limit::CodesPerSecond => "codes-per-second",
            Limit::Operations => "operations",
            Limit::OperationsPerCaller => "operations-per-caller",
            Limit::Prompts => "prompts",
            Limit::Calls => "calls",
            Limit::CallsPerMinute => "calls-per-minute",
            Limit::StoreQuestions => "store-questions",
            Limit::ControlClients => "control-clients",
            Limit::ControlRequests => "control-requests",
        }
    }

    /// What a configuration sets it to.
    #[must_use]
    pub const fn allows(self, config: &Config) -> usize {
        match self {
            Limit::Line => config.bounds.line,
            Limit::PendingBytes => config.bounds.pending_bytes,
            Limit::Channels => config.bounds.channels,
            Limit::Rooms => config.bounds.rooms,
            Limit::WaitingDigits => config.bounds.waiting_digits,
            Limit::CodesPerSecond => config.bounds.codes_per_second as usize,
            Limit::Operations => config.bounds.operations,
            Limit::OperationsPerCaller => config.bounds.operations_per_caller,
            Limit::Prompts => config.bounds.prompts,
            Limit::Calls => config.bounds.calls,
            Limit::CallsPerMinute => config.calling.per_minute as usize,
            Limit::StoreQuestions => config.bounds.store_questions,
            Limit::ControlClients => config.bounds.control_clients,
            Limit::ControlRequests => config.bounds.control_requests,
        }
    }

    /// What whoever reaches it is told.
    pub(super) fn reason(self, config: &Config) -> String {
        format!("the limit {:?} is reached ({})", self.name(), self.allows(config))
    }
}

/// How often one limit was reached.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    times: u64,
    /// When that was last said, and how often it was reached then.
    said: Option<(Duration, u64)>,
}

/// How often each limit was reached, by its place in [`Limit::ALL`].
#[derive(Debug, Default)]
pub(super) struct Counters([Reached; Limit::ALL.len()]);

impl Counters {
    /// Counts; if it is time to say so, gives how often it was reached since that was said last, 0 for the first time.
    fn reached(&mut self, now: Duration, limit: Limit, times: u64) -> Option<u64> {
        let reached = &mut self.0[limit as usize];
        reached.times = reached.times.saturating_add(times);
        let said = reached.said;
        if said.is_some_and(|(at, _)| now < at + QUIET) {
            return None;
        }
        reached.said = Some((now, reached.times));
        Some(said.map_or(0, |(_, said)| reached.times - said))
    }
}

/// How far a caller has used up what codes they may fire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Firing {
    /// When they would have fired nothing too much, in microseconds of the steady time.
    due: u64,
    /// Whether the caller was told that it is too much.
    told: bool,
}

/// Whether a caller may fire a code now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    Fire,
    /// Not now, and whether they are to be told.
    Not {
        tell: bool,
    },
}

impl Firing {
    /// They have fired none.
    pub(super) const NEVER: Firing = Firing { due: 0, told: false };

    /// A bucket that holds twice what flows in in a second, and is full at first.
    pub(super) fn ask(&mut self, now: Duration, per_second: u32) -> May {
        if per_second == 0 {
            return May::Fire;
        }
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let each = 1_000_000 / u64::from(per_second);
        let due = self.due.max(now);
        if due - now > each * (2 * u64::from(per_second) - 1) {
            return May::Not { tell: !std::mem::replace(&mut self.told, true) };
        }
        *self = Firing { due: due.saturating_add(each), told: false };
        May::Fire
    }
}

impl Assist {
    /// How often each limit was reached since the start.
    pub fn limits_reached(&self) -> impl Iterator<Item = (Limit, u64)> {
        Limit::ALL.into_iter().map(|limit| (limit, self.limits.0[limit as usize].times))
    }

    /// How much there may be of what.
    #[must_use]
    pub fn bounds(&self) -> &Bounds {
        &self.config.bounds
    }

    /// A limit was reached, so many times: it is counted, and said from time to time. For what is limited outside the
    /// brain, too.
    pub fn limit_reached(&mut self, now: Moment, limit: Limit, times: u64) {
        if let Some(since) = self.limits.reached(now.steady, limit, times) {
            let reason = limit.reason(&self.config);
            self.trouble(match since {
                0 => reason,
                times => format!("{reason}, {times} times since this was said last"),
            });
        }
    }

    /// Whether a code may be done that a channel fires now.
    pub(super) fn may_fire(&mut self, now: Moment, at: usize) -> May {
        let rate = self.config.bounds.codes_per_second;
        self.calls.get_mut(at).map_or(May::Fire, |call| call.rare.firing.ask(now.steady, rate))
    }

    /// Why somebody who reaches a limit does not get what they want.
    pub(super) fn refusal(&mut self, now: Moment, limit: Limit) -> Failure {
        self.limit_reached(now, limit, 1);
        Cause::Busy.because(limit.reason(&self.config))
    }

    /// Counts what found no place among the channels and rooms that are known.
    pub(super) fn count_unknown(&mut self, now: Moment) {
        let (rooms, legs) = self.rooms.take_refused();
        for (limit, times) in [(Limit::Channels, self.calls.take_refused() + legs), (Limit::Rooms, rooms)] {
            if times > 0 {
                self.limit_reached(now, limit, times);
            }
        }
    }

    /// Has the limits of the configuration hold for channels and rooms from now on.
    pub(super) fn apply_limits(&mut self) {
        self.calls.set_most(self.config.bounds.channels);
        self.rooms.set_most(self.config.bounds.rooms, self.config.bounds.channels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn fired(firing: &mut Firing, at: u64, times: usize, per_second: u32) -> usize {
        (0..times).filter(|_| firing.ask(ms(at), per_second) == May::Fire).count()
    }

    #[test]
    fn twice_as_many_at_once_as_in_a_second_and_so_many_in_each_second_after() {
        let mut firing = Firing::NEVER;
        assert_eq!(fired(&mut firing, 5_000, 100, 5), 10);
        assert_eq!(fired(&mut firing, 5_199, 100, 5), 0);
        assert_eq!(fired(&mut firing, 5_200, 100, 5), 1);
        assert_eq!(fired(&mut firing, 6_200, 100, 5), 5);
        assert_eq!(fired(&mut firing, 60_000, 100, 5), 10, "no more is saved up");
    }

    #[test]
    fn one_in_a_second_is_two_at_once() {
        let mut firing = Firing::NEVER;
        assert_eq!(fired(&mut firing, 0, 9, 1), 2);
        assert_eq!(fired(&mut firing, 999, 9, 1), 0);
        assert_eq!(fired(&mut firing, 1_000, 9, 1), 1);
    }

    #[test]
    fn a_caller_is_told_once_until_they_may_fire_again() {
        let mut firing = Firing::NEVER;
        let asked: Vec<May> = (0..5).map(|_| firing.ask(ms(0), 1)).collect();
        let told = May::Not { tell: true };
        let silent = May::Not { tell: false };
        assert_eq!(asked, [May::Fire, May::Fire, told, silent, silent]);
        assert_eq!(firing.ask(ms(1_000), 1), May::Fire);
        assert_eq!(firing.ask(ms(1_000), 1), told);
    }

    #[test]
    fn none_is_no_limit() {
        let mut firing = Firing::NEVER;
        assert_eq!(fired(&mut firing, 0, 100_000, 0), 100_000);
    }

    #[test]
    fn a_limit_is_spoken_of_at_once_and_then_once_a_minute() {
        let mut counters = Counters::default();
        let said: Vec<_> =
            (0..180).filter_map(|second| counters.reached(ms(second * 1_000), Limit::Rooms, 2)).collect();
        assert_eq!(said, [0, 120, 120]);
        assert_eq!(counters.reached(ms(0), Limit::Line, 1), Some(0), "each on its own");
    }

    #[test]
    fn every_limit_stands_in_its_place_under_a_name_of_its_own() {
        let mut names: Vec<_> = Limit::ALL.into_iter().map(Limit::name).collect();
        assert!(Limit::ALL.into_iter().enumerate().all(|(at, limit)| limit as usize == at));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Limit::ALL.len());
    }
}
