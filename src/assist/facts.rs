//! What the engine tells of a call.

use bstr::{BStr, ByteSlice};

/// How much is kept of a number or a name, in bytes. Those on record are far shorter.
const LONGEST: usize = 1024;

/// What can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Caller,
    Called,
    BillId,
    Username,
}

impl Fact {
    /// How many there are.
    const COUNT: usize = 4;
    /// Each with the name of the parameter that tells it.
    pub(super) const TOLD: [(Fact, &'static str); Fact::COUNT] = [
        (Fact::Caller, "caller"),
        (Fact::Called, "called"),
        (Fact::BillId, "billid"),
        (Fact::Username, "username"),
    ];
}

/// What is known of a call: texts, one behind the other in one piece of memory, for there may be a million calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    texts: Box<[u8]>,
    ends: [u16; Fact::COUNT],
    /// Whether the engine called this party, and not they us.
    pub(super) outgoing: bool,
}

impl Facts {
    /// A text; empty if it was not told.
    pub(super) fn get(&self, fact: Fact) -> &BStr {
        self.texts[self.start(fact)..self.end(fact)].as_bstr()
    }

    /// Learns a text, and keeps no more of it than a caller needs: they may send any length.
    pub(super) fn set(&mut self, fact: Fact, text: &[u8]) {
        let text = &text[..text.len().min(LONGEST)];
        if self.get(fact) == text {
            return;
        }
        let (start, end) = (self.start(fact), self.end(fact));
        self.texts = [&self.texts[..start], text, &self.texts[end..]].concat().into();
        for later in &mut self.ends[fact as usize..] {
            // Four texts of that length are shorter than this can count.
            *later = u16::try_from(usize::from(*later) + text.len() - (end - start)).unwrap_or(u16::MAX);
        }
    }

    fn start(&self, fact: Fact) -> usize {
        (fact as usize).checked_sub(1).map_or(0, |before| usize::from(self.ends[before]))
    }

    fn end(&self, fact: Fact) -> usize {
        usize::from(self.ends[fact as usize])
    }

    pub(super) fn caller(&self) -> &BStr {
        self.get(Fact::Caller)
    }

    pub(super) fn called(&self) -> &BStr {
        self.get(Fact::Called)
    }

    pub(super) fn billid(&self) -> &BStr {
        self.get(Fact::BillId)
    }

    pub(super) fn username(&self) -> &BStr {
        self.get(Fact::Username)
    }

    /// Whom a participant is known by: the number that was called, for one who was called in.
    pub(super) fn number(&self) -> &BStr {
        if self.outgoing { self.called() } else { self.caller() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_text_is_what_was_told_last_and_no_longer_than_it_may_be(
            told in prop::collection::vec((0..4usize, prop::collection::vec(any::<u8>(), 0..40), 1..60usize), 0..30),
        ) {
            let (mut facts, mut model) = (Facts::default(), vec![Vec::new(); 4]);
            for (at, text, times) in told {
                let text = text.repeat(times);
                facts.set(Fact::TOLD[at].0, &text);
                model[at] = text[..text.len().min(LONGEST)].to_vec();
                for (known, (fact, _)) in model.iter().zip(Fact::TOLD) {
                    prop_assert_eq!(facts.get(fact), known.as_bstr());
                }
            }
        }
    }
}
