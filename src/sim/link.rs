//! Connecting channels to each other, and parting them.

use bstr::{BStr, BString};

use super::Sim;
use super::channel::{Chan, Driver};
use super::message::Fields;

impl Sim {
    /// Makes two channels each other's peer, parting them from whoever they had. With `notify` those hear of it.
    pub(super) fn connect_channels(
        &mut self,
        one: Chan,
        other: Chan,
        reason: Option<&BStr>,
        notify: bool,
    ) -> bool {
        let exist = self.channels.contains_key(&one) && self.channels.contains_key(&other);
        if one == other || !exist {
            return false;
        }
        if self.peer_of(one) == Some(other) {
            return true;
        }
        self.hold(one);
        self.hold(other);
        self.part(one, reason, notify, None);
        self.part(other, reason, notify, None);
        self.set_peer(one, other);
        self.set_peer(other, one);
        self.connected(other, reason);
        self.connected(one, reason);
        self.begin_playing(other);
        self.begin_playing(one);
        self.release(other);
        self.release(one);
        true
    }

    fn set_peer(&mut self, chan: Chan, peer: Chan) {
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.peer = Some(peer);
            channel.parting.clear();
        }
    }

    fn connected(&mut self, chan: Chan, reason: Option<&BStr>) {
        let Some(peer) = self.peer_of(chan).and_then(|peer| self.channels.get(&peer)) else { return };
        let (peer_id, peer_billid) = (peer.id.clone(), peer.billid.clone());
        if let Some(channel) = self.channels.get_mut(&chan)
            && channel.billid.is_empty()
        {
            channel.billid = peer_billid;
        }
        let mut msg = self.message("chan.connected", chan, false);
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.last_peer = peer_id;
        }
        if let Some(reason) = reason {
            msg.fields.set("reason", reason);
        }
        self.set_chan(&mut msg, chan);
        self.enqueue(msg);
    }

    /// Parts a channel from its peer. With `notify` the peer hears of it, with `parting` as parameters. The channel
    /// itself is left to its holder: see [`Sim::end_if_unused`].
    pub(super) fn part(&mut self, chan: Chan, reason: Option<&BStr>, notify: bool, parting: Option<&Fields>) {
        let Some(peer) = self.channels.get_mut(&chan).and_then(|channel| channel.peer.take()) else { return };
        self.hold(peer);
        if let Some(channel) = self.channels.get_mut(&peer) {
            channel.peer = None;
            if notify {
                channel.parting = parting.cloned().unwrap_or_default();
                self.disconnected(peer, reason);
            }
        }
        self.release(peer);
    }

    fn disconnected(&mut self, chan: Chan, reason: Option<&BStr>) {
        if let Some(reason) = reason
            && self.channels.get(&chan).is_some_and(|channel| channel.driver == Driver::Sip)
        {
            self.sip_reason(chan, reason);
        }
        let mut msg = super::message::Msg::new("chan.disconnected", self.now);
        if let Some(channel) = self.channels.get(&chan) {
            msg.fields.copy_all(&channel.parting);
        }
        msg.fields.remove(b"handlers");
        self.complete(chan, &mut msg, false);
        if let Some(reason) = reason {
            msg.fields.set("reason", reason);
        }
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.target = BString::default();
            channel.parting.clear();
        }
        self.set_chan(&mut msg, chan);
        self.enqueue(msg);
    }
}
