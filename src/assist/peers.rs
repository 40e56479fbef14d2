//! What a channel is connected to, by events that come in any order.
//!
//! The engine tells of each beginning what was before it (`lastpeerid`), and of most ends, but dispatches on several
//! threads: an end may be told before its beginning, and a beginning before the end of what was there. A digit names
//! the peer it was keyed to, which may be one that the channel has left since.

use std::time::Duration;

use bstr::{BStr, BString};

use super::calls::LEG_PREFIX;

/// How far apart two events may be told that the engine made in the other order. They race for some milliseconds;
/// what comes later than this is news.
pub(super) const RACE: Duration = Duration::from_secs(1);

/// How late a digit may come that was keyed to a peer which is there no more.
const LATE_DIGIT: Duration = Duration::from_secs(10);

/// How many peers are remembered, of those a channel has and of those it had.
const REMEMBERED: usize = 8;

/// What is at the other end of a connection, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A leg of a conference room.
    Leg,
    /// A tone of the engine's.
    Tone,
    /// A file that is played or recorded.
    File,
    /// A channel that somebody may be at.
    Party,
}

/// What an id is of: the engine's drivers begin theirs with their names.
pub(super) fn kind(id: &[u8]) -> Kind {
    let is = |prefix: &[u8]| id.starts_with(prefix);
    match () {
        () if is(LEG_PREFIX) => Kind::Leg,
        () if is(b"tone/") => Kind::Tone,
        () if is(b"wave/") => Kind::File,
        () => Kind::Party,
    }
}

/// The peers of one channel.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// Told as begun and not as ended. The last one counts.
    present: Vec<Present>,
    past: Vec<Past>,
    /// Nothing was told, but a digit named no peer.
    alone: bool,
}

#[derive(Debug)]
struct Present {
    peer: BString,
    /// Whether the engine told its beginning, or only a digit named it.
    told: bool,
    /// When that was.
    since: Duration,
    /// When it began anew before its end was told, which is to come yet.
    anew: Option<Duration>,
}

#[derive(Debug)]
struct Past {
    peer: BString,
    ended: Duration,
    /// Whether its beginning was told too.
    whole: bool,
    /// What the channel went over to, if that is how it ended.
    to: Option<BString>,
}

impl Peers {
    /// What the channel is connected to.
    pub(super) fn current(&self) -> Option<&BString> {
        self.present.last().map(|present| &present.peer)
    }

    /// Whether the engine told of any peer; a digit alone may be an old one.
    pub(super) fn is_told(&self) -> bool {
        self.present.iter().any(|known| known.told) || !self.past.is_empty()
    }

    /// Whether nothing is known of any peer.
    pub(super) fn is_untold(&self) -> bool {
        self.present.is_empty() && self.past.is_empty() && !self.alone
    }

    /// The engine tells that a connection began, and what was before it, empty if nothing was.
    pub(super) fn begun(&mut self, now: Duration, peer: &BStr, last: &BStr) {
        if !last.is_empty() && last != peer {
            self.end(now, last, Some(peer));
        }
        if let Some(known) = self.present.iter_mut().find(|known| known.peer == peer) {
            known.told = true;
            if last == peer {
                known.anew = Some(now);
            }
            return;
        }
        let earlier = self.past.iter().position(|past| past.peer == peer);
        if let Some(past) = earlier.map(|at| self.past.remove(at))
            && !past.whole
            // Who went from one to another and back is there again.
            && past.to.as_ref().is_none_or(|to| to != last)
            && now <= past.ended + RACE
        {
            return self.remember(Past { whole: true, ..past });
        }
        self.add(now, peer, true);
    }

    fn add(&mut self, now: Duration, peer: &BStr, told: bool) {
        if self.present.is_empty() {
            // Hardly a channel has more than one.
            self.present.reserve_exact(1);
        }
        self.present.push(Present { peer: peer.to_owned(), told, since: now, anew: None });
        if self.present.len() > REMEMBERED {
            self.present.remove(0);
        }
    }

    /// The engine tells that a connection ended.
    pub(super) fn ended(&mut self, now: Duration, peer: &BStr) {
        self.end(now, peer, None);
    }

    fn end(&mut self, now: Duration, peer: &BStr, to: Option<&BStr>) {
        let at = self.present.iter().position(|known| known.peer == peer);
        if let Some(known) = at.and_then(|at| self.present.get_mut(at))
            && known.anew.take().is_some_and(|anew| now <= anew + RACE)
        {
            return;
        }
        let known = at.map(|at| self.present.remove(at));
        let whole = known.as_ref().is_some_and(|known| known.told);
        // Of an end that is told twice, or in two ways, the first says enough.
        if known.is_some() || !self.past.iter().any(|past| past.peer == peer) {
            self.past.retain(|past| past.peer != peer);
            let to = to.map(BStr::to_owned);
            self.remember(Past { peer: peer.to_owned(), ended: now, whole, to });
        }
    }

    /// The engine says, when it is asked, what the channel is connected to; whatever was told otherwise is older.
    pub(super) fn accounted(&mut self, now: Duration, peer: &BStr) {
        let others: Vec<BString> =
            self.present.iter().filter(|known| known.peer != peer).map(|known| known.peer.clone()).collect();
        for other in others {
            self.end(now, other.as_ref(), Some(peer));
        }
        // What began anew just now is at its end all the same.
        self.present.retain(|known| known.peer == peer);
        self.past.retain(|past| past.peer != peer);
        match self.present.last_mut() {
            Some(known) => known.told = true,
            None => self.add(now, peer, true),
        }
    }

    /// A digit names the peer it was keyed to; it names none if there was none.
    pub(super) fn named(&mut self, now: Duration, peer: Option<&BStr>) {
        let ended_just_now = |past: &Past, peer| past.peer == peer && now <= past.ended + LATE_DIGIT;
        match peer {
            None => self.alone |= self.is_untold(),
            Some(peer) if self.past.iter().any(|past| ended_just_now(past, peer)) => {}
            Some(peer) if self.present.iter().any(|known| known.peer == peer) => {}
            // Nor does it count against what was told just now.
            Some(_)
                if self.present.last().is_some_and(|known| known.told && now <= known.since + LATE_DIGIT) => {
            }
            Some(peer) => self.add(now, peer, false),
        }
    }

    fn remember(&mut self, past: Past) {
        self.past.push(past);
        if self.past.len() > REMEMBERED {
            self.past.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy)]
    enum Told {
        /// What began, and what was before.
        Begun(&'static str, &'static str),
        Ended(&'static str),
        Named(Option<&'static str>),
    }
    use Told::{Begun, Ended, Named};

    fn after(told: &[Told]) -> Option<String> {
        let mut peers = Peers::default();
        for (ms, event) in (0..).zip(told) {
            let now = Duration::from_millis(ms);
            match event {
                Begun(peer, last) => peers.begun(now, (*peer).into(), (*last).into()),
                Ended(peer) => peers.ended(now, (*peer).into()),
                Named(peer) => peers.named(now, peer.map(BStr::new)),
            }
        }
        peers.current().map(ToString::to_string)
    }

    proptest! {
        #[test]
        fn where_a_channel_is_does_not_depend_on_the_order_of_events(
            told in Just([Begun("sip/9", ""), Ended("sip/9"), Begun("conf/5", "sip/9"), Begun("sip/7", "conf/5")])
                .prop_shuffle(),
        ) {
            prop_assert_eq!(after(&told), Some("sip/7".to_owned()));
        }

        #[test]
        fn a_channel_on_its_own_is_that_in_whatever_order_it_is_told(
            told in Just([Begun("sip/9", ""), Begun("conf/5", "sip/9"), Ended("conf/5")]).prop_shuffle(),
        ) {
            prop_assert_eq!(after(&told), None);
        }
    }

    #[test]
    fn an_end_that_the_engine_does_not_tell_is_that_of_what_was_before() {
        let told = [Begun("sip/3", ""), Begun("conf/7", "sip/3"), Ended("conf/7")];
        assert_eq!(after(&told), None, "as when both parties of a call are taken into a room");
    }

    #[test]
    fn a_digit_that_was_keyed_to_an_old_peer_brings_nobody_back_there() {
        let told = [Begun("sip/9", ""), Begun("conf/5", "sip/9"), Named(Some("sip/9"))];
        assert_eq!(after(&told), Some("conf/5".into()));
        assert_eq!(after(&[Named(Some("conf/5")), Ended("conf/5"), Named(Some("conf/5"))]), None);
    }

    #[test]
    fn a_channel_of_which_nothing_was_told_is_where_its_digit_says() {
        assert_eq!(after(&[Named(Some("conf/5"))]), Some("conf/5".into()));
        assert_eq!(after(&[Named(Some("sip/9")), Begun("sip/9", ""), Ended("sip/9")]), None);
        let mut peers = Peers::default();
        assert!(peers.is_untold());
        peers.named(Duration::ZERO, None);
        assert!(!peers.is_untold(), "it is connected to nothing, and that is known");
    }

    #[test]
    fn what_a_digit_named_has_ended_though_its_beginning_is_told_last() {
        let told =
            [Named(Some("tone/1")), Ended("tone/1"), Begun("conf/4", "tone/1"), Begun("tone/1", "conf/2")];
        assert_eq!(after(&told), Some("conf/4".into()));
    }

    #[test]
    fn who_comes_back_to_an_old_peer_is_there_again() {
        let told = [Begun("sip/9", ""), Begun("conf/5", "sip/9"), Begun("sip/9", "conf/5")];
        assert_eq!(after(&told), Some("sip/9".into()));
        assert_eq!(after(&told[1..]), Some("sip/9".into()), "nor if the first of it was never told");
        let mut peers = Peers::default();
        let peer = BStr::new("sip/9");
        peers.ended(Duration::ZERO, peer);
        peers.begun(RACE * 2, peer, BStr::new(""));
        assert_eq!(
            peers.current(),
            Some(&BString::from("sip/9")),
            "that end is too long ago to be of this beginning"
        );
    }

    #[test]
    fn what_digits_say_all_the_while_is_believed_in_the_end() {
        let mut peers = Peers::default();
        let peer = BStr::new("sip/9");
        peers.begun(Duration::ZERO, peer, BStr::new(""));
        peers.ended(Duration::ZERO, peer);
        peers.named(LATE_DIGIT, Some(peer));
        assert_eq!(peers.current(), None, "it may have been keyed before");
        peers.named(LATE_DIGIT * 2, Some(peer));
        assert_eq!(peers.current(), Some(&BString::from("sip/9")));
    }

    #[test]
    fn who_was_connected_to_the_same_again_is_there_though_the_end_before_is_told_last() {
        let told = [Begun("sip/9", ""), Begun("sip/9", "sip/9"), Ended("sip/9")];
        assert_eq!(after(&told), Some("sip/9".into()));
        assert_eq!(after(&[&told[..], &[Ended("sip/9")]].concat()), None);
    }

    #[test]
    fn what_the_engine_says_when_it_is_asked_is_newer_than_what_was_told() {
        let mut peers = Peers::default();
        let (room, tone) = (BStr::new("conf/3"), BStr::new("tone/1"));
        peers.begun(Duration::ZERO, room, BStr::new(""));
        peers.begun(Duration::ZERO, tone, BStr::new("conf/2"));
        assert_eq!(peers.current(), Some(&BString::from("tone/1")), "an event from before");
        peers.accounted(RACE, room);
        assert_eq!(peers.current(), Some(&BString::from("conf/3")));
        peers.ended(RACE, room);
        assert_eq!(peers.current(), None);
        peers.accounted(RACE, tone);
        assert_eq!(peers.current(), Some(&BString::from("tone/1")));
    }

    #[test]
    fn what_the_engine_says_ends_even_what_began_anew_just_now() {
        let mut peers = Peers::default();
        let (room, party) = (BStr::new("conf/3"), BStr::new("sip/9"));
        peers.begun(Duration::ZERO, party, BStr::new(""));
        peers.begun(Duration::ZERO, party, party);
        peers.accounted(Duration::ZERO, room);
        assert_eq!(peers.current(), Some(&BString::from("conf/3")));
        peers.accounted(RACE, party);
        assert_eq!(peers.current(), Some(&BString::from("sip/9")));
    }

    #[test]
    fn an_old_digit_says_nothing_against_what_was_told_just_now() {
        assert_eq!(after(&[Begun("conf/5", ""), Named(Some("tone/1"))]), Some("conf/5".into()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut peers = Peers::default();
        for number in 0..100 {
            let peer = BString::from(format!("sip/{number}"));
            peers.begun(Duration::ZERO, peer.as_ref(), BStr::new(""));
            peers.ended(Duration::ZERO, BStr::new(&format!("sip/{}", number + 1000)));
        }
        assert!(peers.present.len() <= REMEMBERED && peers.past.len() <= REMEMBERED);
        assert_eq!(peers.current(), Some(&BString::from("sip/99")));
    }
}
