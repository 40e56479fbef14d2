//! What is said to one caller: sounds one after the other, over what the call lets them hear.
//!
//! The engine tells the end of a file (`chan.notify` with `reason=eof`, to the id that the message gave), so that the next
//! can begin; of a tone, which ends by itself, it is known how long it lasts.

use std::collections::VecDeque;
use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::flight::{Purpose, Reply, accepted};
use super::job::Job;
use super::limits::Limit;
use super::outcome::Outcome;
use super::timers::Timer;
use crate::moment::Moment;
use crate::sounds::{self, Phrase, Sound, Word};
use crate::wire::Params;

/// What the ids begin with to which the engine tells the end of a sound for a caller.
pub(super) const SAYING: &str = "touchtone.say.";

/// How long a file may take whose end the engine does not tell: it tells that of every file that it can play.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// How long until a sound is tried again on a call that has no sound yet, and how often.
const TRY_AGAIN: Duration = Duration::from_millis(200);
const TRIES: u32 = 15;

/// What a caller still hears.
#[derive(Debug)]
pub(super) struct Speech {
    queue: VecDeque<Sound>,
    /// Which sound is being played, if another follows.
    number: u64,
    /// The last sound that was begun.
    sound: Option<Sound>,
    /// When it is over at the latest.
    due: Option<Duration>,
    /// Whether the engine has played anything to the caller.
    heard: bool,
    /// How often it was tried in vain before it had.
    tries: u32,
}

impl Assist {
    /// Says how an operation ended, where no sound of the code's own does.
    pub(super) fn say_outcome(&mut self, now: Moment, job: &Job, outcome: &Outcome) {
        let failed;
        let words: &[Word] = match outcome {
            Ok(done) => &done.say,
            Err(failure) => {
                failed = [Word::Phrase(failure.cause.phrase())];
                &failed
            }
        };
        // Without a directory of sounds, only what cannot be known otherwise is told, by tones.
        let tells = |word: &Word| matches!(word, Word::Number(_) | Word::Digits(_));
        if self.config.sounds.dir.is_some() || words.iter().any(tells) {
            self.say(now, &job.channel, words);
        }
    }

    /// Says something to a caller, in place of whatever is being said.
    pub(super) fn say(&mut self, now: Moment, channel: &BString, words: &[Word]) {
        let language = self.language_of(channel);
        let sounds = sounds::resources(&self.config.sounds, language.as_deref(), words);
        self.play(now, channel, sounds);
    }

    /// Says a phrase to a caller.
    pub(super) fn say_phrase(&mut self, now: Moment, channel: &BString, phrase: Phrase) {
        self.say(now, channel, &[Word::Phrase(phrase)]);
    }

    /// The language of the room that a caller is in, or is to come into.
    fn language_of(&self, channel: &BString) -> Option<String> {
        let room = self
            .room_of(channel)
            .or_else(|| self.calls.by_id(channel.as_ref())?.rare.entry.as_ref()?.room())?;
        self.config.room(room)?.language.clone()
    }

    /// A file that says a phrase, as where a call goes to be ended by it; `None` where there are no words.
    pub(super) fn last_words(&self, room: &BString, phrase: Phrase) -> Option<String> {
        self.config.sounds.dir.as_ref()?;
        let language = self.config.room(room).and_then(|rules| rules.language.as_deref());
        let sounds = sounds::resources(&self.config.sounds, language, &[Word::Phrase(phrase)]);
        sounds.into_iter().next().map(|sound| sound.resource)
    }

    /// Plays sounds to a caller, in place of whatever they hear.
    pub(super) fn play(&mut self, now: Moment, channel: &BString, sounds: Vec<Sound>) {
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        self.hush(at);
        let most = self.config.bounds.prompts;
        if sounds.len() > most {
            self.limit_reached(now, Limit::Prompts, 1);
        }
        if let Some(call) = self.calls.get_mut(at) {
            call.rare.speech.queue.extend(sounds.into_iter().take(most));
        }
        self.speak(now, at);
    }

    /// Begins the next sound.
    fn speak(&mut self, now: Moment, at: usize) {
        let number = self.next_saying();
        let Some(call) = self.calls.get_mut(at) else { return };
        let Some(sound) = call.rare.speech.queue.pop_front() else { return };
        let channel = call.id.clone();
        let follows = !call.rare.speech.queue.is_empty();
        call.rare.speech.number = number;
        call.rare.speech.sound = Some(sound.clone());
        let mut params = Params::new()
            .with("id", &channel)
            .with("message", "chan.attach")
            .with("override", &sound.resource)
            .with("single", "yes");
        if follows {
            params.push("notify", format!("{SAYING}{at}.{number}"));
            self.expect_silence(at, Some(now.steady + sound.lasts.unwrap_or(LONGEST)));
        }
        if !self.send_aside(now, Purpose::Say { channel, number }, "chan.masquerade", params) {
            self.hush(at);
        }
    }

    /// The engine plays a sound, or does not: then the next is to be heard all the same.
    pub(super) fn saying(&mut self, now: Moment, channel: &BString, number: u64, reply: Reply<'_, '_>) {
        let found = self.calls.find(channel.as_ref()).and_then(|at| Some((at, self.calls.get_mut(at)?)));
        let Some((at, call)) = found.filter(|(_, call)| call.rare.speech.number == number) else { return };
        let Err(failure) = accepted(reply) else {
            call.rare.speech.heard = true;
            return;
        };
        if let Some(sound) = call
            .rare
            .speech
            .sound
            .take()
            .filter(|_| !call.rare.speech.heard && call.rare.speech.tries < TRIES)
        {
            // A call that was answered a moment ago has no sound yet.
            call.rare.speech.tries += 1;
            call.rare.speech.queue.push_front(sound);
            return self.expect_silence(at, Some(now.steady + TRY_AGAIN));
        }
        self.trouble(format!("a sound was not played to {channel:?}: {}", failure.reason));
        self.expect_silence(at, None);
        self.speak(now, at);
    }

    /// The engine tells the end of a sound; what is `displaced` by somebody else's makes way for that.
    pub(super) fn said(&mut self, now: Moment, (at, number): (usize, u64), displaced: bool) {
        if !self.calls.get(at).is_some_and(|call| call.rare.speech.is_saying(number)) {
            return;
        }
        if displaced {
            return self.hush(at);
        }
        self.expect_silence(at, None);
        self.speak(now, at);
    }

    /// A sound is over, though the engine did not tell.
    pub(super) fn speech_timeout(&mut self, now: Moment, at: usize) {
        if let Some(call) = self.calls.get_mut(at) {
            call.rare.speech.due = None;
        }
        self.speak(now, at);
    }

    /// Nothing more is said to a caller.
    pub(super) fn hush(&mut self, at: usize) {
        self.expect_silence(at, None);
        if let Some(call) = self.calls.get_mut(at).filter(|call| call.rare.is_known()) {
            call.rare.speech.queue.clear();
            call.rare.speech.sound = None;
        }
    }

    fn expect_silence(&mut self, at: usize, due: Option<Duration>) {
        if let Some(call) = self.calls.get_mut(at).filter(|call| call.rare.speech.due != due) {
            self.timers.change(Timer::Speech(at), call.rare.speech.due, due);
            call.rare.speech.due = due;
        }
    }

    /// Who begins to key what they are asked for has heard enough.
    pub(super) fn barge_in(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        if !call.rare.entry_mut().is_some_and(super::entry::Entry::is_heard) {
            return;
        }
        let channel = call.id.clone();
        self.hush(at);
        let number = self.next_saying();
        let params = Params::new()
            .with("id", &channel)
            .with("message", "chan.attach")
            .with("override", "-")
            .with("single", "yes");
        self.send_aside(now, Purpose::Say { channel, number }, "chan.masquerade", params);
    }

    fn next_saying(&mut self) -> u64 {
        self.sayings += 1;
        self.sayings
    }

    /// A sound of a code's or a state's own: it comes in place of what is being said.
    pub(super) fn prompt_sent(&mut self, channel: &BStr) {
        if let Some(at) = self.calls.find(channel) {
            self.hush(at);
        }
    }
}

impl Speech {
    /// Nothing is said.
    pub(super) const SILENCE: Speech =
        Speech { queue: VecDeque::new(), number: 0, sound: None, due: None, heard: false, tries: 0 };

    /// Whether that sound is being played and another follows.
    pub(super) fn is_saying(&self, number: u64) -> bool {
        self.number == number && self.due.is_some()
    }
}

/// The place of a call and the number of a sound said to it, from the id that its end is told to.
pub(super) fn saying_of(target: &[u8]) -> Option<(usize, u64)> {
    let (at, number) = std::str::from_utf8(target.strip_prefix(SAYING.as_bytes())?).ok()?.split_once('.')?;
    Some((at.parse().ok()?, number.parse().ok()?))
}
