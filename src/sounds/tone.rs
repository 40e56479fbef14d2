//! Tones in place of words, where there is no voice: numbers are beeps to be counted, phrases a few notes.

use std::time::Duration;

use super::Phrase;
use super::inventory::key_name;

/// One note and the rest after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// Its pitch.
    pub hz: u32,
    /// How long it sounds, in milliseconds; the engine knows steps of 20.
    pub sounds: u32,
    /// How long nothing sounds after it, in milliseconds.
    pub rests: u32,
}

impl Tone {
    /// What the engine plays. It plays it once, and sounds as long as the name says.
    #[must_use]
    pub fn resource(self) -> String {
        format!("tone/{}/{}", self.hz, self.sounds)
    }

    /// How long it is until the next may begin.
    #[must_use]
    pub fn lasts(self) -> Duration {
        Duration::from_millis(u64::from(self.sounds + self.rests))
    }
}

// Each is one pitch alone and none that of a keypad, so that no detector takes them for a key.
const LOW: u32 = 440;
const HIGH: u32 = 880;
/// What warns of a recording has this pitch everywhere.
const RECORDER: u32 = 1400;
/// Between beeps of one digit, and after the last of it.
const REST: u32 = 140;
const AFTER: u32 = 400;

/// A word that only goes with a number.
pub(super) const TICK: Tone = note(1200, 40, 160);

/// Of a telephone number nobody can count more beeps than this many digits have.
const LAST_DIGITS: usize = 4;

const fn note(hz: u32, sounds: u32, rests: u32) -> Tone {
    Tone { hz, sounds, rests }
}

/// A number: a low beep for each ten, a high one for each unit; one long low beep is zero. Of a hundred and more the
/// digits are told one by one.
#[must_use]
pub fn number(number: u32) -> Vec<Tone> {
    if number > 99 {
        return one_by_one(&number.to_string());
    }
    let mut tones = beeps(LOW, number / 10);
    tones.extend(beeps(HIGH, number % 10));
    if tones.is_empty() {
        tones.push(note(LOW, 500, AFTER));
    }
    tones
}

/// Digits one by one: as many high beeps as each says, and a long low one for zero. Of long numbers they are the last
/// four: more cannot be counted, and take longer than anybody listens.
#[must_use]
pub fn digits(digits: &str) -> Vec<Tone> {
    let keys: Vec<char> = digits.chars().filter(|&key| key_name(key).is_some()).collect();
    one_by_one(&keys[keys.len().saturating_sub(LAST_DIGITS)..].iter().collect::<String>())
}

fn one_by_one(keys: &str) -> Vec<Tone> {
    keys.chars()
        .flat_map(|key| match key {
            '0'..='9' => number(u32::from(key) - u32::from('0')),
            '+' => vec![note(1000, 60, AFTER)],
            '*' => vec![note(1000, 60, 60), note(1000, 60, AFTER)],
            '#' => vec![note(1000, 60, 60), note(1000, 60, 60), note(1000, 60, AFTER)],
            letter => {
                let mut tones = beeps(HIGH, u32::from(letter.to_ascii_uppercase()) - u32::from('A') + 1);
                tones.insert(0, note(1000, 60, REST));
                tones
            }
        })
        .collect()
}

fn beeps(hz: u32, count: u32) -> Vec<Tone> {
    (1..=count).map(|nth| note(hz, 160, if nth == count { AFTER } else { REST })).collect()
}

/// A phrase: what was opened rises high, what was shut rises low, what went wrong falls; a question has three notes.
#[must_use]
pub fn phrase(phrase: Phrase) -> Vec<Tone> {
    use Phrase as P;
    let pair = |first, second| vec![note(first, 120, 0), note(second, 160, 240)];
    match phrase {
        P::Unmuted | P::AllUnmuted | P::RoomUnlocked | P::HasJoined | P::Extended => pair(660, HIGH),
        P::Muted | P::OthersMuted | P::RoomLocked | P::NotRecording | P::Kicked => pair(330, LOW),
        P::HasLeft | P::YouAreKicked | P::Ended => pair(HIGH, 660),
        P::Busy
        | P::NoAnswer
        | P::Unreachable
        | P::Missing
        | P::WrongPin
        | P::TooManyTries
        | P::NoConference
        | P::Locked
        | P::Full
        | P::NotAllowed
        | P::NobodyThere
        | P::NotInRoom
        | P::Failed => pair(LOW, 294),
        P::EnterPin | P::EnterRoom => vec![note(660, 100, 60), note(660, 100, 60), note(HIGH, 260, 240)],
        P::Recording => vec![note(RECORDER, 240, 240)],
        P::Calling | P::EndsSoon | P::WaitForOrganizer => vec![note(550, 240, 240)],
        P::Participants | P::Seat | P::Talking => vec![TICK],
        P::OneParticipant => number(1),
        P::NobodyTalks => number(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(tones: &[Tone], hz: u32) -> usize {
        tones.iter().filter(|tone| tone.hz == hz && tone.sounds == 160).count()
    }

    #[test]
    fn beeps_can_be_counted() {
        for value in 1..=99 {
            let tones = number(value);
            assert_eq!(counted(&tones, LOW) * 10 + counted(&tones, HIGH), value as usize);
            assert!(tones.iter().all(|tone| tone.rests >= REST));
        }
        assert_eq!(number(0), [note(LOW, 500, AFTER)]);
        assert_eq!(number(305), [number(3), number(0), number(5)].concat());
    }

    #[test]
    fn a_telephone_number_is_told_by_its_last_digits() {
        assert_eq!(digits("+49 30 1234"), one_by_one("1234"));
        assert_eq!(digits("2x1"), [number(2), number(1)].concat());
        assert_eq!(digits("no key"), []);
    }

    #[test]
    fn signs_and_letters_differ_from_each_other_and_from_digits() {
        let keys: Vec<Vec<Tone>> = "0123456789*#+ABCD".chars().map(|key| digits(&key.to_string())).collect();
        for (place, one) in keys.iter().enumerate() {
            assert!(!one.is_empty() && !keys[..place].contains(one), "{place}");
        }
        assert_eq!(digits("a"), digits("A"));
    }

    #[test]
    fn what_went_wrong_falls_and_what_went_well_rises() {
        for &good in &[Phrase::Muted, Phrase::Unmuted, Phrase::RoomLocked, Phrase::RoomUnlocked] {
            assert!(matches!(phrase(good)[..], [first, second] if first.hz < second.hz), "{good:?}");
        }
        for &bad in &[Phrase::Locked, Phrase::Full, Phrase::Failed, Phrase::NotAllowed, Phrase::WrongPin] {
            assert!(matches!(phrase(bad)[..], [first, second] if first.hz > second.hz), "{bad:?}");
        }
        assert_ne!(phrase(Phrase::Muted), phrase(Phrase::Unmuted));
    }

    #[test]
    fn no_phrase_takes_longer_than_a_second_and_every_note_is_whole_in_the_engine() {
        for &one in Phrase::ALL {
            let tones = phrase(one);
            assert!(
                tones.iter().map(|tone| tone.lasts()).sum::<Duration>() <= Duration::from_secs(1),
                "{one:?}"
            );
            assert!(!tones.is_empty() && tones.iter().all(|tone| tone.sounds.is_multiple_of(20)), "{one:?}");
        }
    }
}
