//! What is said to a whole room, through a utility leg that nobody counts or hears of.
//!
//! One sound is played at a time; the engine tells the end of a file, and what waits follows. The leg is made when there is
//! something to say and goes when nothing is left, unless the room's rules hold it.

use std::collections::VecDeque;
use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::flight::{Purpose, Reply, accepted};
use super::limits::Limit;
use super::operation::own_leg;
use super::room::OwnLeg;
use super::rooms::{VOICE_LEG, prefixed};
use super::speech::LONGEST;
use super::timers::Timer;
use crate::config::Utility;
use crate::moment::Moment;
use crate::sounds::{self, Phrase, Sound, Word};
use crate::wire::Params;

/// What the ids begin with to which the engine tells the end of a sound for a room.
const ANNOUNCING: &str = "touchtone.announce.";

/// How we speak in a room.
#[derive(Debug, Default)]
pub(super) struct Voice {
    leg: VoiceLeg,
    queue: VecDeque<Sound>,
    /// Which sound is being played.
    playing: Option<u64>,
    /// When it is over at the latest.
    due: Option<Duration>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum VoiceLeg {
    #[default]
    None,
    /// The engine was asked for one.
    Opening,
    Open(OwnLeg),
}

impl Voice {
    /// The leg we speak on.
    pub(super) fn leg(&self) -> Option<&OwnLeg> {
        match &self.leg {
            VoiceLeg::Open(leg) => Some(leg),
            VoiceLeg::None | VoiceLeg::Opening => None,
        }
    }

    /// Whether nothing is being said, and nothing is to be.
    pub(super) fn is_idle(&self) -> bool {
        self.leg != VoiceLeg::Opening && self.queue.is_empty() && self.playing.is_none()
    }

    /// Whether the engine was asked for a leg and has not said.
    pub(super) fn is_opening(&self) -> bool {
        self.leg == VoiceLeg::Opening
    }

    /// A leg is gone; if it is ours there is none.
    pub(super) fn leg_gone(&mut self, leg: &BStr) {
        if self.leg().is_some_and(|own| own.leg == leg) {
            self.leg = VoiceLeg::None;
        }
    }
}

/// The number of a sound, from the id that its end is told to.
pub(super) fn announcement_of(target: &[u8]) -> Option<u64> {
    std::str::from_utf8(target.strip_prefix(ANNOUNCING.as_bytes())?).ok()?.parse().ok()
}

impl Assist {
    /// Says a phrase to a whole room.
    pub(super) fn say_to_room(&mut self, now: Moment, name: &BString, words: &[Word]) {
        let language = self.config.room(name).and_then(|rules| rules.language.as_deref());
        let sounds = sounds::resources(&self.config.sounds, language, words);
        self.announce_in(now, name, sounds);
    }

    /// Says a phrase to a whole room.
    pub(super) fn phrase_to_room(&mut self, now: Moment, name: &BString, phrase: Phrase) {
        self.say_to_room(now, name, &[Word::Phrase(phrase)]);
    }

    /// Plays sounds in a room, behind those that wait; gives how many found room in the queue.
    pub(super) fn announce_in(&mut self, now: Moment, name: &BString, sounds: Vec<Sound>) -> usize {
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return 0 };
        let free = self.config.bounds.prompts.saturating_sub(room.voice.queue.len());
        let taken = sounds.len().min(free);
        let all = taken == sounds.len();
        room.voice.queue.extend(sounds.into_iter().take(taken));
        if !all {
            self.limit_reached(now, Limit::Prompts, 1);
        }
        self.announce_next(now, name);
        taken
    }

    /// Has the leg of a room there that its rules want, before there is anything to say.
    pub(super) fn hold_voice(&mut self, now: Moment, name: &BString) {
        if self.utility_of(name) != Utility::None {
            self.open_voice(now, name);
        }
    }

    fn utility_of(&self, name: &BString) -> Utility {
        self.config.room(name).map_or(Utility::None, |rules| rules.utility)
    }

    fn open_voice(&mut self, now: Moment, name: &BString) {
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        if room.voice.leg != VoiceLeg::None {
            return;
        }
        if let Some(at) = room.spare.iter().position(|spare| spare.spoke && !spare.dropped) {
            room.voice.leg = VoiceLeg::Open(room.spare.remove(at).recorder);
            return self.announce_next(now, name);
        }
        room.voice.leg = VoiceLeg::Opening;
        let counted = self.utility_of(name) == Utility::KeepsOpen;
        let params = Params::new()
            .with("callto", [b"dumb/", VOICE_LEG.as_bytes(), name].concat())
            .with("target", "announce")
            .with("direct", prefixed(name))
            .with("utility", "true")
            .with("counted", if counted { "true" } else { "false" })
            .with("existing", "true")
            .with("copyparams", "utility,counted,existing");
        if !self.send_aside(now, Purpose::OpenVoice(name.clone()), "call.execute", params)
            && let Some(room) = self.rooms.get_mut(name.as_ref())
        {
            room.voice = Voice::default();
        }
    }

    pub(super) fn voice_open(&mut self, now: Moment, name: &BString, reply: Reply<'_, '_>) {
        let opened = accepted(reply).ok().and_then(|answer| own_leg(&answer.params));
        let Some(own) = opened else {
            if let Some(room) = self.rooms.get_mut(name.as_ref()) {
                room.voice = Voice::default();
            }
            self.trouble(format!("nothing can be announced in conf/{name}: the engine made no leg for it"));
            return self.tidy_room(now, name.as_ref());
        };
        self.rooms.is_utility(own.channel.as_ref());
        self.rooms.occupied(now.steady, own.leg.as_ref(), name.as_ref(), own.channel.as_ref());
        self.recheck.hears(own.leg.as_ref());
        let here = self.rooms.leg(own.leg.as_ref()).is_some();
        if !here && !self.rooms.is_gone(own.leg.as_ref()) {
            // There are too many legs to know this one: another would be no better.
            if let Some(room) = self.rooms.get_mut(name.as_ref()) {
                room.voice = Voice::default();
            }
            let failure = self.refusal(now, Limit::Channels);
            self.trouble(format!("nothing can be announced in conf/{name}: {}", failure.reason));
            return self.drop_channel(now, &own.channel, "busy");
        }
        if let Some(room) = self.rooms.get_mut(name.as_ref()) {
            room.voice.leg = if here { VoiceLeg::Open(own) } else { VoiceLeg::None };
        }
        self.announce_next(now, name);
    }

    /// Plays what waits, or lets the leg go.
    pub(super) fn announce_next(&mut self, now: Moment, name: &BString) {
        let held = self.utility_of(name) != Utility::None;
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        if room.voice.playing.is_some() || room.voice.leg == VoiceLeg::Opening {
            return;
        }
        if room.legs.is_empty() {
            room.voice = Voice::default();
            return;
        }
        let Some(own) = room.voice.leg().cloned() else {
            if !room.voice.queue.is_empty() {
                self.open_voice(now, name);
            }
            return;
        };
        let Some(sound) = room.voice.queue.pop_front() else {
            if !held {
                room.voice.leg = VoiceLeg::None;
                room.spare.push(super::room::Spare::new(own, true));
                self.tidy_room(now, name.as_ref());
            }
            return;
        };
        self.announcements += 1;
        let number = self.announcements;
        self.announcing.insert(number, name.clone());
        let due = now.steady + sound.lasts.unwrap_or(LONGEST);
        if let Some(room) = self.rooms.get_mut(name.as_ref()) {
            (room.voice.playing, room.voice.due) = (Some(number), Some(due));
        }
        self.timers.change(Timer::Announcement(number), None, Some(due));
        // On the leg, as if somebody spoke there: a `source` of our channel takes files and not every tone.
        let params = Params::new()
            .with("id", &own.leg)
            .with("message", "chan.attach")
            .with("override", &sound.resource)
            .with("single", "yes")
            .with("notify", format!("{ANNOUNCING}{number}"));
        self.send_aside(now, Purpose::Announce(number), "chan.masquerade", params);
    }

    /// The engine plays a sound, or cannot.
    pub(super) fn announcement_taken(&mut self, now: Moment, number: u64, reply: Reply<'_, '_>) {
        let Err(failure) = accepted(reply) else { return };
        let Some(name) = self.announcing.get(&number).cloned() else { return };
        self.trouble(format!("a sound was not played in conf/{name}: {}", failure.reason));
        if reply.is_some_and(super::flight::says_gone)
            && let Some(room) = self.rooms.get_mut(name.as_ref())
        {
            room.voice.leg = VoiceLeg::None;
        }
        self.announced(now, number);
    }

    /// A sound is over: the engine told, or it took too long.
    pub(super) fn announced(&mut self, now: Moment, number: u64) {
        let Some(name) = self.announcing.remove(&number) else { return };
        if let Some(room) = self.rooms.get_mut(name.as_ref())
            && room.voice.playing == Some(number)
        {
            room.voice.playing = None;
            let due = room.voice.due.take();
            self.timers.change(Timer::Announcement(number), due, None);
        }
        self.announce_next(now, &name);
        self.tidy_room(now, name.as_ref());
    }

    /// A leg of ours from before, by its name: it goes, unless the room's rules hold it.
    pub(super) fn adopt_voice(&mut self, now: Moment, name: &BStr, own: OwnLeg) {
        let name = name.to_owned();
        self.rooms.is_utility(own.channel.as_ref());
        self.rooms.occupied(now.steady, own.leg.as_ref(), name.as_ref(), own.channel.as_ref());
        if self.rooms.leg(own.leg.as_ref()).is_none() {
            return;
        }
        let held = self.utility_of(&name) != Utility::None;
        let room = self.rooms.room_mut(name.as_ref());
        if room.is_machine(&own.leg) {
            return;
        }
        if held && room.voice.leg == VoiceLeg::None {
            room.voice.leg = VoiceLeg::Open(own);
        } else {
            room.spare.push(super::room::Spare::new(own, true));
        }
        self.tidy_room(now, name.as_ref());
    }
}
