//! The legs of conference rooms, and who says that one is muted.

use std::time::Duration;

use bstr::BString;

use super::peers::RACE;

/// One leg `conf/N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    /// The room's name without its prefix.
    pub(super) room: BString,
    pub(super) peer: Option<BString>,
    /// When it was first heard of.
    pub(super) since: Duration,
    pub(super) mute: Mute,
    /// Whether it is that of the room's own recorder.
    pub(super) records: bool,
}

/// Whether a leg is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Muted {
    /// The engine has not said. A leg that was just made is not muted.
    #[default]
    Untold,
    /// What was said may be overtaken.
    Doubtful,
    /// As the engine says.
    Is(bool),
}

/// What was told of a leg's mute, and when. Two who mute at once are told of in any order: where what was told last
/// may not be what was done last, the engine is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mute {
    told: Muted,
    tellings: Tellings,
    /// When one of them was last told.
    last: Option<Duration>,
}

/// How often something was told of a leg's mute. What was sent or asked when it stood otherwise may be overtaken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tellings(u32);

/// Whether the engine is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Certainty {
    Sure,
    Ask,
}

impl Mute {
    /// Whether the leg is muted, where that is known.
    pub(super) fn known(self) -> Option<bool> {
        match self.told {
            Muted::Is(muted) => Some(muted),
            Muted::Untold | Muted::Doubtful => None,
        }
    }

    /// The leg was just made: nobody can have muted it before.
    pub(super) fn made(&mut self) {
        if self.told == Muted::Untold {
            self.told = Muted::Is(false);
        }
    }

    /// Something was done that the engine did not answer.
    pub(super) fn doubt(&mut self) {
        self.told = Muted::Doubtful;
    }

    /// How often something was told so far.
    pub(super) fn tellings(&self) -> Tellings {
        self.tellings
    }

    /// The engine tells what somebody else did.
    pub(super) fn done_by_others(&mut self, now: Duration, told: Muted) -> Certainty {
        let races = self.last.is_some_and(|at| now <= at + RACE);
        self.tell(now);
        self.believe(told, races)
    }

    /// The engine answers that it did as we said when that much had been told, if that is known.
    pub(super) fn done_by_us(&mut self, now: Duration, sent: Option<Tellings>, on: bool) -> Certainty {
        let races = sent != Some(self.tellings);
        self.tell(now);
        self.believe(Muted::Is(on), races)
    }

    /// The engine answers what we asked when that much had been told.
    pub(super) fn accounted(&mut self, asked: Tellings, on: bool) -> Certainty {
        self.believe(Muted::Is(on), self.tellings != asked)
    }

    fn tell(&mut self, now: Duration) {
        self.tellings.0 = self.tellings.0.wrapping_add(1);
        self.last = Some(now);
    }

    fn believe(&mut self, told: Muted, races: bool) -> Certainty {
        let overtaken = races && told != self.told;
        self.told = if overtaken { Muted::Doubtful } else { told };
        if self.told == Muted::Doubtful { Certainty::Ask } else { Certainty::Sure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Certainty::{Ask, Sure};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_the_engine_says_is_believed() {
        let mut mute = Mute::default();
        assert_eq!(mute.known(), None);
        mute.made();
        assert_eq!(mute.known(), Some(false));
        assert_eq!(mute.done_by_us(ms(10), Some(mute.tellings()), true), Sure);
        assert_eq!(
            mute.done_by_us(ms(10), Some(mute.tellings()), false),
            Sure,
            "sent when the first was answered"
        );
        assert_eq!(mute.done_by_others(ms(5000), Muted::Is(true)), Sure);
        assert_eq!(mute.known(), Some(true));
    }

    #[test]
    fn who_was_last_of_two_at_once_is_asked() {
        let mut mute = Mute::default();
        mute.made();
        let sent = mute.tellings();
        assert_eq!(mute.done_by_others(ms(10), Muted::Is(false)), Sure);
        assert_eq!(
            mute.done_by_us(ms(12), Some(sent), true),
            Ask,
            "theirs was told while ours was under way"
        );
        assert_eq!(mute.known(), None);
        let asked = mute.tellings();
        assert_eq!(mute.accounted(asked, true), Sure);
        assert_eq!(mute.done_by_others(ms(20), Muted::Is(false)), Ask, "it may have been done before ours");
        assert_eq!(mute.accounted(asked, true), Ask, "asked before that was told");
        assert_eq!(mute.accounted(mute.tellings(), true), Sure);
    }

    #[test]
    fn an_answer_that_comes_after_a_later_one_is_no_last_word() {
        let mut mute = Mute::default();
        mute.made();
        let first = mute.tellings();
        mute.doubt();
        assert_eq!(mute.done_by_us(ms(300), Some(mute.tellings()), false), Sure);
        assert_eq!(mute.done_by_us(ms(400), Some(first), true), Ask);
    }
}
