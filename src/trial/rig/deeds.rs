//! What callers and others do in a trial.

use std::time::Duration;

use bstr::ByteSlice;

use super::{Rig, SETTING_UP};
use crate::key::Keys;
use crate::sim::{CallRequest, ChannelId, Kind, Mishap};
use crate::trial::act::{Act, Meddling, Party, Trouble};
use crate::trial::record::Event;
use crate::trial::scene::CALLERS;
use crate::wire::{EngineLine, MAX_LINE_LIMIT, Message, ModuleLine, Params};

impl Rig<'_> {
    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Call { who, to } => self.call(*who, *to),
            Act::Keys { who, keys, gap, trouble } => self.keys(*who, keys, *gap, *trouble),
            Act::Wait(time) => self.advance(*time),
            Act::Settle => {
                self.advance(self.scene.dust());
                self.all_goes_well();
                let seen = self.snapshot();
                self.note(Event::Settled(seen));
            }
            Act::HangUp(who) => {
                if let Some(channel) = self.channel(*who) {
                    self.sim.hangup(&channel);
                    self.hung_up.insert(channel);
                    self.advance(Duration::ZERO);
                }
            }
            Act::Meddle { who, what } => self.meddle(*who, *what),
            Act::Amiss(mishap) => {
                if let Mishap::Line(Kind::Account, _) = mishap {
                    self.accounts.push(*mishap);
                }
                if let Some(connection) = self.connection {
                    self.sim.mishap(connection, *mishap);
                }
            }
            Act::DoneLate(time) => self.slow.push_back(*time),
            Act::Lost { time, killed } => {
                self.lose();
                let back = self.back.map_or(*killed, |(_, anew)| anew || *killed);
                self.back = Some((self.sim.now() + *time, back));
            }
        }
    }

    /// Nothing more goes wrong.
    fn all_goes_well(&mut self) {
        self.sim.no_mishaps();
        self.accounts.clear();
        self.slow.clear();
    }

    /// Everybody hangs up; then nothing may be left.
    pub(super) fn end(&mut self) {
        self.all_goes_well();
        self.advance(self.scene.dust());
        let seen = self.snapshot();
        self.note(Event::Settled(seen));
        let left: Vec<_> =
            self.sim.channels().filter(|channel| !channel.id.as_str().starts_with("conf/")).collect();
        for channel in left {
            self.sim.hangup(&channel.id);
            self.advance(SETTING_UP);
        }
        self.advance(self.scene.end());
        // The engine may just be asked again what is so.
        for _ in 0..100 {
            if self.assist.load().flights > 0 {
                self.advance(SETTING_UP);
            }
        }
        let seen = self.snapshot();
        self.note(Event::Ended(seen));
    }

    fn call(&mut self, who: usize, to: usize) {
        let Some(caller) = self.callers.get(who) else { return };
        let to = self.scene.destination(to);
        if caller.as_ref().is_some_and(|channel| self.sim.channel(channel).is_some()) {
            return;
        }
        let request =
            CallRequest::new(format!("caller{who}"), &to.number, format!("127.0.0.1:{}", 7100 + who));
        self.callers[who] = Some(self.sim.call(&request));
        self.advance(SETTING_UP);
    }

    /// The channel of somebody who is there.
    fn channel(&self, who: Party) -> Option<ChannelId> {
        let near = self.callers.get(who.caller)?.as_ref()?;
        let near = self.sim.channel(near)?;
        let id = if who.far { near.peer.filter(|peer| peer.as_str().starts_with("sip/"))? } else { near.id };
        // What waits about it keeps a channel in being after that, and nobody is there.
        (!self.hung_up.contains(&id)).then_some(id)
    }

    fn keys(&mut self, who: Party, keys: &Keys, gap: Option<Duration>, trouble: Option<(usize, Trouble)>) {
        let Some(channel) = self.channel(who) else { return };
        if let Some((at, trouble)) = trouble {
            self.digits.push((
                channel.clone(),
                if gap.is_some() { at % keys.len().max(1) } else { 0 },
                trouble,
            ));
        }
        match gap {
            None => {
                let params = Params::new().with("id", channel.as_str()).with("message", "chan.dtmf");
                self.other("chan.masquerade", params.with("text", keys.symbols()));
            }
            Some(gap) => {
                for &key in keys.iter() {
                    self.sim.key(&channel, &Keys::from([key].as_slice()));
                    self.advance(gap);
                }
            }
        }
    }

    fn meddle(&mut self, who: Party, what: Meddling) {
        let Some(channel) = self.channel(who) else { return };
        let Some(view) = self.sim.channel(&channel) else { return };
        let id = channel.as_str();
        let room = view.room.map(|room| format!("conf/{room}"));
        let masked = |message: &str| Params::new().with("id", id).with("message", message);
        match (what, room, view.peer) {
            (Meddling::Mute(on), Some(_), Some(leg)) => {
                let on = if on { "true" } else { "false" };
                self.other("chan.control", Params::new().with("targetid", leg.as_str()).with("mute", on));
            }
            (Meddling::Kick, ..) => {
                self.other("call.drop", Params::new().with("id", id).with("reason", "kicked"));
            }
            (Meddling::EndRoom, Some(room), _) => self.other("call.drop", Params::new().with("id", room)),
            (Meddling::Record(on), Some(room), _) => {
                let file = if on { "wave/record//var/spool/yate/other.au" } else { "-" };
                self.other("call.conference", Params::new().with("room", room).with("record", file));
            }
            (Meddling::Join(to), ..) => {
                let params = masked("call.conference").with("room", &self.scene.room(to).target);
                self.other("chan.masquerade", params.with("lonely", "true"));
            }
            (Meddling::Tone, ..) => {
                self.other("chan.masquerade", masked("call.execute").with("callto", "tone/dial"));
            }
            (Meddling::Connect(other), ..) => {
                if let Some(other) =
                    self.channel(Party { caller: other % CALLERS, far: false }).filter(|o| *o != channel)
                {
                    self.other("chan.connect", Params::new().with("id", id).with("targetid", other.as_str()));
                }
            }
            (Meddling::Mute(_) | Meddling::EndRoom | Meddling::Record(_), ..) => {}
        }
        self.advance(Duration::ZERO);
    }

    /// Somebody else sends a message.
    fn other(&mut self, name: &str, params: Params<'_>) {
        self.others += 1;
        let id = format!("other.{}", self.others).into_bytes();
        let mut line = Vec::new();
        if ModuleLine::Message(Message::new(id, name, params)).encode(MAX_LINE_LIMIT, &mut line).is_ok() {
            self.sim.receive(self.other, &line);
            self.advance(Duration::ZERO);
        }
    }

    /// What the configuration asks of modules that are not simulated is done, most of the time.
    pub(super) fn others_answer(&mut self) {
        let said = self.sim.transmit(self.other);
        for line in said.lines() {
            if let Ok(EngineLine::Message(message)) = EngineLine::parse(line) {
                self.others += 1;
                let mut answer = Vec::new();
                crate::wire::answer_into(&message.id, !self.others.is_multiple_of(4), &mut answer);
                self.sim.receive(self.other, &answer);
            }
        }
    }
}
