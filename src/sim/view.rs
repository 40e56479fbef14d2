//! What can be seen of the engine from outside, for tests and for showing it to people.

use std::fmt;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::channel::{Chan, Driver};
use super::room::Room;

/// The name of a channel, as `sip/4`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(String);

/// A channel as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// Its name.
    pub id: ChannelId,
    /// `incoming`, `ringing`, `answered`, …
    pub status: String,
    /// Whether the engine made it to reach somebody; false for one by which somebody called in.
    pub outgoing: bool,
    /// Whether it was ever answered.
    pub answered: bool,
    /// Where the party is, or what the channel was called for.
    pub address: String,
    /// Who called, for a SIP channel.
    pub caller: String,
    /// Who was called, for a SIP channel.
    pub called: String,
    /// The bill that its call is on.
    pub billid: String,
    /// The channel that it is connected to.
    pub peer: Option<ChannelId>,
    /// The room, for a conference leg or a channel connected to one.
    pub room: Option<String>,
    /// Whether the room hears it; false for a channel in no room.
    pub muted: bool,
    /// How loud its party speaks; 0 is silence.
    pub energy: u32,
    /// The digits that reached the party at this end, in the order in which they did.
    pub received: String,
    /// What was played to the party instead of its peer, from the first on.
    pub heard: Vec<String>,
    /// What is being played to the party now.
    pub hearing: Option<String>,
    /// What the channel plays to its peer, where it is no person.
    pub playing: Option<String>,
    /// The resource that the channel is recorded to.
    pub recording: Option<String>,
}

/// Somebody or something in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView {
    /// The leg, as `conf/7`.
    pub leg: ChannelId,
    /// The channel that the leg is of.
    pub peer: Option<ChannelId>,
    /// Whether the room does not hear it.
    pub muted: bool,
    /// How loud its party speaks, muted or not; 0 is silence.
    pub energy: u32,
    /// Made for a task, and not announced.
    pub utility: bool,
    /// Counts as a user.
    pub counted: bool,
    /// The resource that the leg is recorded to.
    pub recording: Option<String>,
    /// What plays into the room from here.
    pub playing: Option<String>,
}

/// A conference room as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    /// Its name, without `conf/`.
    pub name: String,
    /// Who is told what happens in it, if anybody.
    pub notify: Option<String>,
    /// Those in it, from the first on.
    pub members: Vec<MemberView>,
    /// How many of them count.
    pub users: usize,
    /// How many may.
    pub max_users: usize,
    /// Whether one alone may stay.
    pub lonely: bool,
    /// What it is recorded to by its own recorder.
    pub recorder: Option<String>,
}

/// A line of the engine's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written.
    pub at: Duration,
    /// By what: `output` and `debug:LEVEL` are a module's own.
    pub from: String,
    /// What it says.
    pub text: String,
}

impl ChannelId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ChannelId {
    fn from(id: &str) -> Self {
        ChannelId(id.into())
    }
}

impl From<String> for ChannelId {
    fn from(id: String) -> Self {
        ChannelId(id)
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RoomView {
    /// The member that a channel is, by its own name or by its leg's.
    #[must_use]
    pub fn member(&self, channel: &ChannelId) -> Option<&MemberView> {
        self.members.iter().find(|member| member.leg == *channel || member.peer.as_ref() == Some(channel))
    }

    /// What the room is recorded to: by its own recorder or on the leg of a member.
    #[must_use]
    pub fn recordings(&self) -> Vec<&str> {
        let legs = self.members.iter().filter_map(|member| member.recording.as_deref());
        self.recorder.as_deref().into_iter().chain(legs).collect()
    }
}

fn text(value: &BString) -> String {
    value.to_str_lossy().into_owned()
}

impl Sim {
    pub(super) fn public_id(&self, chan: Chan) -> ChannelId {
        ChannelId(text(&self.id_of(chan)))
    }

    /// Every channel that there is, from the oldest on.
    pub fn channels(&self) -> impl Iterator<Item = ChannelView> {
        self.channels.keys().filter_map(|chan| self.view(*chan))
    }

    /// Every channel with what it is connected to, from the oldest on.
    pub fn peers(&self) -> impl Iterator<Item = (ChannelId, Option<ChannelId>)> {
        self.channels
            .iter()
            .map(|(chan, channel)| (self.public_id(*chan), channel.peer.map(|peer| self.public_id(peer))))
    }

    /// One channel, while it lasts.
    #[must_use]
    pub fn channel(&self, id: &ChannelId) -> Option<ChannelView> {
        self.view(self.find(id.as_str().as_bytes())?)
    }

    fn view(&self, chan: Chan) -> Option<ChannelView> {
        let channel = self.channels.get(&chan)?;
        let peer = channel.peer.and_then(|peer| self.channels.get(&peer));
        let leg = channel.leg().or_else(|| peer.and_then(|peer| peer.leg()));
        let media = &channel.media;
        Some(ChannelView {
            id: self.public_id(chan),
            status: text(&channel.status),
            outgoing: channel.outgoing,
            answered: channel.answered,
            address: text(&channel.address),
            caller: text(&channel.caller),
            called: text(&channel.called),
            billid: text(&channel.billid),
            peer: channel.peer.map(|peer| self.public_id(peer)),
            room: leg.map(|leg| text(&leg.room)),
            muted: leg.is_some_and(|leg| leg.muted),
            energy: media.energy,
            received: text(&channel.digits.received),
            heard: media.heard.iter().map(text).collect(),
            hearing: media.over.as_ref().map(|playing| text(&playing.resource)),
            playing: media.source.as_ref().map(|playing| text(&playing.resource)),
            recording: media.call_record.as_ref().or(media.recorder.as_ref()).map(text),
        })
    }

    /// The names of the rooms that there are, without `conf/`.
    pub fn rooms(&self) -> impl Iterator<Item = String> {
        self.rooms.keys().map(text)
    }

    /// A room by its name, without `conf/`.
    #[must_use]
    pub fn room(&self, name: &str) -> Option<RoomView> {
        let room = self.rooms.get(BStr::new(name))?;
        Some(RoomView {
            name: text(&room.name),
            notify: Some(text(&room.notify)).filter(|notify| !notify.is_empty()),
            members: room.members.iter().filter_map(|member| self.member(*member)).collect(),
            users: usize::try_from(room.users).unwrap_or_default(),
            max_users: usize::try_from(room.max_users).unwrap_or_default(),
            lonely: room.lonely,
            recorder: self.recorder_of(room),
        })
    }

    fn member(&self, chan: Chan) -> Option<MemberView> {
        let channel = self.channels.get(&chan)?;
        let leg = channel.leg()?;
        let peer = channel.peer.and_then(|peer| self.channels.get(&peer));
        let source = peer.and_then(|peer| peer.media.source.as_ref());
        Some(MemberView {
            leg: self.public_id(chan),
            peer: channel.peer.map(|peer| self.public_id(peer)),
            muted: leg.muted,
            energy: peer.map_or(0, |peer| peer.media.energy),
            utility: leg.utility,
            counted: leg.counted,
            recording: channel.media.call_record.as_ref().map(text),
            playing: channel.media.over.as_ref().or(source).map(|playing| text(&playing.resource)),
        })
    }

    fn recorder_of(&self, room: &Room) -> Option<String> {
        let leg = self.channels.get(&room.recorder?)?;
        let wave = self.channels.get(&leg.peer?).filter(|peer| peer.driver == Driver::Wave)?;
        wave.media.recorder.as_ref().map(text)
    }

    /// What has been recorded to the end lately, in the order in which it ended.
    pub fn recordings(&self) -> impl Iterator<Item = String> {
        self.recordings.iter().map(text)
    }

    /// The engine's log, from the oldest line that it still has.
    pub fn log(&self) -> impl Iterator<Item = &LogLine> {
        self.log.iter()
    }

    /// Threads that wait for a module's answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.threads.waiting.len()
    }

    /// The longest that a thread has ever waited for a module, until it answered, took too long or went away.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.longest_wait
    }

    /// Messages that wait for a thread.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.threads.queue.len()
    }

    pub(super) fn note(&mut self, from: &str, line: impl Into<String>) {
        if self.log.len() >= self.settings.log_limit {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at: self.now, from: from.to_owned(), text: line.into() });
    }
}
