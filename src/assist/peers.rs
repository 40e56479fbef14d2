//! What a channel is connected to, by events that come in any order.
//!
//! The engine tells each beginning and each end of a connection once, but dispatches on several threads: an end may
//! be told before its beginning, and a beginning before the end of what was there. A digit names the peer it was
//! keyed to, which may be one that the channel has left since.

use std::collections::VecDeque;
use std::time::Duration;

use bstr::{BStr, BString};

/// How far apart two events may be told that the engine made in the other order. They race for some milliseconds;
/// what comes later than this is news.
pub(super) const RACE: Duration = Duration::from_secs(1);

/// How many peers are remembered, of those a channel has and of those it had.
const REMEMBERED: usize = 8;

/// The peers of one channel.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// Told as begun and not as ended. The last one counts.
    present: VecDeque<BString>,
    past: VecDeque<Past>,
}

#[derive(Debug)]
struct Past {
    peer: BString,
    ended: Duration,
    /// Whether its beginning was told too.
    whole: bool,
}

impl Peers {
    /// What the channel is connected to.
    pub(super) fn current(&self) -> Option<&BString> {
        self.present.back()
    }

    /// Whether nothing is known of any peer.
    pub(super) fn is_untold(&self) -> bool {
        self.present.is_empty() && self.past.is_empty()
    }

    /// The engine tells that a connection began.
    pub(super) fn begun(&mut self, now: Duration, peer: &BStr) {
        if self.present.iter().any(|known| known == peer) {
            return;
        }
        let earlier = self.past.iter().position(|past| past.peer == peer);
        if let Some(past) = earlier.and_then(|at| self.past.remove(at))
            && !past.whole
            && now <= past.ended + RACE
        {
            return self.remember(Past { whole: true, ..past });
        }
        self.present.push_back(peer.to_owned());
        if self.present.len() > REMEMBERED {
            self.present.pop_front();
        }
    }

    /// The engine tells that a connection ended.
    pub(super) fn ended(&mut self, now: Duration, peer: &BStr) {
        let at = self.present.iter().position(|known| known == peer);
        let whole = at.and_then(|at| self.present.remove(at)).is_some();
        // Of an end that is told twice, or in two ways, the first says enough.
        if whole || !self.past.iter().any(|past| past.peer == peer) {
            self.past.retain(|past| past.peer != peer);
            self.remember(Past { peer: peer.to_owned(), ended: now, whole });
        }
    }

    /// A digit names the peer it was keyed to.
    pub(super) fn named(&mut self, now: Duration, peer: &BStr) {
        if !self.past.iter().any(|past| past.peer == peer) {
            self.begun(now, peer);
        }
    }

    fn remember(&mut self, past: Past) {
        self.past.push_back(past);
        if self.past.len() > REMEMBERED {
            self.past.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum Told {
        Begun(&'static str),
        Ended(&'static str),
        Named(&'static str),
    }
    use Told::{Begun, Ended, Named};

    fn after(told: &[Told]) -> Option<String> {
        let mut peers = Peers::default();
        for (ms, event) in (0..).zip(told) {
            let now = Duration::from_millis(ms);
            match event {
                Begun(peer) => peers.begun(now, (*peer).into()),
                Ended(peer) => peers.ended(now, (*peer).into()),
                Named(peer) => peers.named(now, (*peer).into()),
            }
        }
        peers.current().map(ToString::to_string)
    }

    proptest! {
        #[test]
        fn where_a_channel_is_does_not_depend_on_the_order_of_events(
            told in Just([Begun("sip/9"), Ended("sip/9"), Begun("conf/5"), Ended("conf/5"), Begun("sip/7")])
                .prop_shuffle(),
        ) {
            prop_assert_eq!(after(&told), Some("sip/7".to_owned()));
        }

        #[test]
        fn a_channel_on_its_own_is_that_in_whatever_order_it_is_told(
            told in Just([Begun("sip/9"), Ended("sip/9"), Begun("conf/5"), Ended("conf/5")]).prop_shuffle(),
        ) {
            prop_assert_eq!(after(&told), None);
        }
    }

    #[test]
    fn a_digit_that_was_keyed_to_an_old_peer_brings_nobody_back_there() {
        assert_eq!(
            after(&[Begun("sip/9"), Ended("sip/9"), Begun("conf/5"), Named("sip/9")]),
            Some("conf/5".into())
        );
        assert_eq!(after(&[Named("conf/5"), Ended("conf/5"), Named("conf/5")]), None);
    }

    #[test]
    fn a_channel_of_which_nothing_was_told_is_where_its_digit_says() {
        assert_eq!(after(&[Named("conf/5")]), Some("conf/5".into()));
        assert_eq!(after(&[Named("sip/9"), Begun("sip/9"), Ended("sip/9")]), None);
    }

    #[test]
    fn who_comes_back_to_an_old_peer_is_there_again() {
        let mut peers = Peers::default();
        let peer = BStr::new("sip/9");
        peers.ended(Duration::ZERO, peer);
        peers.begun(RACE * 2, peer);
        assert_eq!(
            peers.current(),
            Some(&BString::from("sip/9")),
            "that end is too long ago to be of this beginning"
        );
        peers.ended(RACE * 2, peer);
        peers.begun(RACE * 2, peer);
        assert_eq!(peers.current(), Some(&BString::from("sip/9")));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut peers = Peers::default();
        for number in 0..100 {
            let peer = BString::from(format!("sip/{number}"));
            peers.begun(Duration::ZERO, peer.as_ref());
            peers.ended(Duration::ZERO, BStr::new(&format!("sip/{}", number + 1000)));
        }
        assert!(peers.present.len() <= REMEMBERED && peers.past.len() <= REMEMBERED);
        assert_eq!(peers.current(), Some(&BString::from("sip/99")));
    }
}
