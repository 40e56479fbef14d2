//! Conference rooms.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Sim;
use super::channel::{Chan, Driver};
use super::message::{Fields, Msg, number, truth};

/// The most speakers that a room tells of.
pub(super) const MAX_SPEAKERS: usize = 8;
const USUAL_SPEAKERS: usize = 3;
const USUAL_USERS: i64 = 10;
const USUAL_RATE: i64 = 8000;
const SHORTEST_INTERVAL: i64 = 1000;
const USUAL_INTERVAL: i64 = 3000;

/// One conference room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: BString,
    pub(super) members: Vec<Chan>,
    /// Legs that exist still, members or not; the room lasts as long as one does.
    pub(super) legs: usize,
    pub(super) owners: Vec<BString>,
    pub(super) notify: BString,
    pub(super) player: BString,
    pub(super) lonely: bool,
    pub(super) lonely_limit: Duration,
    pub(super) expires: Option<Duration>,
    /// Nobody has been told yet that it is new.
    pub(super) fresh: bool,
    pub(super) recorder: Option<Chan>,
    pub(super) rate: i64,
    pub(super) users: i64,
    pub(super) max_users: i64,
    pub(super) speaking: Speaking,
}

/// What a room tells of who speaks.
#[derive(Debug, Default)]
pub(super) struct Speaking {
    /// How many speakers are told of.
    pub(super) track: usize,
    /// The least time between two reports.
    pub(super) interval: Duration,
    pub(super) last: [Option<Chan>; MAX_SPEAKERS],
    pub(super) not_before: Duration,
    pub(super) repeat_at: Duration,
    /// The look that is on the agenda; earlier ones count no more.
    pub(super) look: u64,
}

impl Room {
    fn new(name: &BStr, fields: &Fields) -> Self {
        let asked = fields.number("speakers", 0);
        let track = match usize::try_from(asked).unwrap_or_default() {
            0 if asked == 0 && fields.truth("speakers", false) => USUAL_SPEAKERS,
            count => count.min(MAX_SPEAKERS),
        };
        let interval = match fields.number("interval", USUAL_INTERVAL) {
            ms if ms <= 0 => 0,
            ms => ms.max(SHORTEST_INTERVAL),
        };
        let interval = Duration::from_millis(interval.unsigned_abs());
        Room {
            name: name.into(),
            members: Vec::new(),
            legs: 0,
            owners: Vec::new(),
            notify: fields.text("notify").into(),
            player: BString::default(),
            lonely: false,
            lonely_limit: Duration::ZERO,
            expires: None,
            fresh: true,
            recorder: None,
            rate: fields.number("rate", USUAL_RATE).clamp(8000, 48000),
            users: 0,
            max_users: fields.number("maxusers", USUAL_USERS),
            speaking: Speaking { track, interval, ..Speaking::default() },
        }
    }

    pub(super) fn full(&self) -> bool {
        self.users >= self.max_users
    }
}

impl Sim {
    /// The room of that name, made with these parameters if there is none.
    pub(super) fn enter_room(&mut self, name: &BStr, fields: &Fields) {
        if self.rooms.contains_key(name) {
            self.set_lonely_if_given(name, fields);
            return;
        }
        let room = Room::new(name, fields);
        let created = (!room.notify.is_empty()).then(|| self.created(&room, fields));
        self.rooms.insert(name.into(), room);
        self.set_lonely(name, fields.text("lonely"));
        self.set_recording(name, fields);
        if let Some(created) = created {
            self.enqueue(created);
        }
    }

    fn created(&self, room: &Room, fields: &Fields) -> Msg {
        let mut msg = self.room_event(room, "created");
        msg.fields.add("rate", room.rate.to_string());
        msg.fields.add("maxusers", room.max_users.to_string());
        for name in ["caller", "called", "billid", "username"] {
            msg.fields.add(name, fields.text(name));
        }
        msg
    }

    /// The beginning of every event about the room itself.
    pub(super) fn room_event(&self, room: &Room, event: &str) -> Msg {
        let mut msg = Msg::new("chan.notify", self.now);
        msg.fields.add("targetid", room.notify.clone());
        msg.fields.add("event", event);
        msg.fields.add("room", room.name.clone());
        msg
    }

    /// A leg is made in a room that exists.
    pub(super) fn join_room(&mut self, name: &BStr, chan: Chan, player: bool) {
        let id = self.id_of(chan);
        let Some((counted, utility)) =
            self.channels.get(&chan).and_then(|c| c.leg()).map(|leg| (leg.counted, leg.utility))
        else {
            return;
        };
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.members.push(chan);
        room.legs += 1;
        if player {
            room.player = id;
        }
        if counted {
            room.users += 1;
            self.set_expiry(name);
        }
        if !utility {
            self.say_member_event(name, chan, "joined");
        }
    }

    /// `joined` and `left`
    fn say_member_event(&mut self, name: &BStr, chan: Chan, event: &str) {
        let (Some(room), Some(channel)) = (self.rooms.get(name), self.channels.get(&chan)) else { return };
        let Some(leg) = channel.leg().filter(|_| !room.notify.is_empty()) else { return };
        let mut msg = Msg::new("chan.notify", self.now);
        let fields = &mut msg.fields;
        fields.add("id", channel.id.clone());
        fields.add("targetid", room.notify.clone());
        leg.populate(&channel.address, fields);
        fields.add("event", event);
        fields.add("maxusers", room.max_users.to_string());
        fields.add("users", room.users.to_string());
        if event == "left" && room.lonely {
            fields.add("lonely", if room.users == 1 { "true" } else { "false" });
        }
        if !room.player.is_empty() {
            fields.add("player", room.player.clone());
        }
        if !channel.last_peer.is_empty() {
            fields.set("lastpeerid", channel.last_peer.clone());
        }
        self.enqueue(msg);
    }

    /// A leg ends; when nobody is left who counts, the others go too.
    pub(super) fn leave_room(&mut self, name: &BStr, chan: Chan) {
        let id = self.id_of(chan);
        let leg = self.channels.get(&chan).and_then(|channel| channel.leg());
        let (counted, utility) = leg.map_or((false, true), |leg| (leg.counted, leg.utility));
        let Some(room) = self.rooms.get_mut(name) else { return };
        if room.recorder == Some(chan) {
            room.recorder = None;
        }
        if room.player == id {
            room.player.clear();
        }
        let before = room.members.len();
        room.members.retain(|member| *member != chan);
        if counted && room.members.len() < before {
            room.users -= 1;
            self.set_expiry(name);
        }
        let owned = self.is_owned(name);
        if !utility {
            self.say_member_event(name, chan, "left");
        }
        if !owned {
            self.drop_room(name, Some(BStr::new("hangup")));
        }
        self.look_at_speakers(name);
    }

    /// The last of what kept a room in being is gone.
    pub(super) fn leg_gone(&mut self, name: &BStr) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.legs = room.legs.saturating_sub(1);
        if room.legs > 0 {
            return;
        }
        if let Some(room) = self.rooms.remove(name)
            && !room.notify.is_empty()
        {
            let mut msg = self.room_event(&room, "destroyed");
            msg.fields.add("maxusers", room.max_users.to_string());
            self.enqueue(msg);
        }
    }

    /// Whether somebody keeps the room open.
    fn is_owned(&self, name: &BStr) -> bool {
        let Some(room) = self.rooms.get(name) else { return false };
        if room.users == 0 {
            return false;
        }
        if room.lonely || room.users > 1 {
            return true;
        }
        let [owner] = room.owners.as_slice() else { return !room.owners.is_empty() };
        let legs = || room.members.iter().filter_map(|member| self.channels.get(member));
        let counted = legs().find(|channel| channel.leg().is_some_and(|leg| leg.counted));
        match counted.map(|channel| channel.peer) {
            Some(Some(peer)) => self.id_of(peer) != *owner,
            Some(None) => false,
            None => true,
        }
    }

    /// Parts every leg from its caller.
    pub(super) fn drop_room(&mut self, name: &BStr, reason: Option<&BStr>) {
        let members = self.rooms.get(name).map(|room| room.members.clone()).unwrap_or_default();
        for member in members {
            self.part(member, reason, true, None);
            self.end_if_unused(member);
        }
    }

    fn set_lonely_if_given(&mut self, name: &BStr, fields: &Fields) {
        if let Some(value) = fields.get("lonely") {
            self.set_lonely(name, value);
        }
    }

    fn set_lonely(&mut self, name: &BStr, value: &BStr) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let interval = number(value).unwrap_or(-1);
        if room.users == 0 {
            room.lonely = truth(value).unwrap_or(interval >= 0);
        }
        let Ok(limit) = u64::try_from(interval) else { return };
        let limit = Duration::from_millis(if limit == 0 { 0 } else { limit.max(1000) });
        if room.lonely && room.lonely_limit != limit {
            room.lonely_limit = limit;
            self.set_expiry(name);
        }
    }

    /// A room with `lonely=MILLISECONDS` says in its status for how long somebody may be alone. The engine drops
    /// nobody by it: such a room counts as owned.
    fn set_expiry(&mut self, name: &BStr) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(name).filter(|room| room.lonely) else { return };
        let alone = room.users == 1 && !room.lonely_limit.is_zero();
        room.expires = alone.then(|| now + room.lonely_limit);
    }

    /// Answers a request about a room with what it is, and takes an owner from it.
    pub(super) fn room_params(&mut self, name: &BStr, fields: &mut Fields) -> bool {
        let Some(room) = self.rooms.get_mut(name) else { return false };
        fields.set("newroom", if std::mem::take(&mut room.fresh) { "true" } else { "false" });
        fields.set("users", room.users.to_string());
        let owner = BString::from(fields.text("confowner"));
        if owner.is_empty() {
            return false;
        }
        match truth(BStr::new(&owner)) {
            None => add_owner(room, owner),
            Some(on) => match (fields.get("id").map(BString::from), on) {
                (Some(id), true) => add_owner(room, id),
                (Some(id), false) => self.remove_owner(name, &id),
                (None, _) => {}
            },
        }
        true
    }

    fn remove_owner(&mut self, name: &BStr, id: &BString) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let before = room.owners.len();
        room.owners.retain(|owner| owner != id);
        if room.owners.len() < before && !self.is_owned(name) {
            self.drop_room(name, Some(BStr::new("hangup")));
        }
    }

    /// `chan.hangup` of an owner.
    pub(super) fn owner_gone(&mut self, msg: &Msg) -> bool {
        let id = BString::from(msg.fields.text("id"));
        let names: Vec<BString> = self.rooms.keys().cloned().collect();
        for name in names {
            self.remove_owner(BStr::new(&name), &id);
        }
        false
    }

    /// Starts or stops the room's own recorder, if `record` is given.
    pub(super) fn set_recording(&mut self, name: &BStr, fields: &Fields) -> bool {
        let Some(record) = fields.get("record").map(BString::from) else { return false };
        // The room lasts meanwhile, though the recorder may have been the last that somebody was in it with.
        let held = self.rooms.get_mut(name).filter(|room| room.legs > 0).map(|room| room.legs += 1).is_some();
        if let Some(old) = self.rooms.get_mut(name).and_then(|room| room.recorder.take()) {
            let reason = BString::from(fields.get("reason").unwrap_or(BStr::new("hangup")));
            self.part(old, Some(BStr::new(&reason)), true, None);
            self.end_if_unused(old);
        }
        if !record.is_empty() && record != "-" && truth(BStr::new(&record)).unwrap_or(true) {
            self.start_recorder(name, &record, fields);
        }
        if held {
            self.leg_gone(name);
        }
        true
    }

    fn start_recorder(&mut self, name: &BStr, record: &BString, fields: &Fields) {
        let warn = BString::from(fields.text("recordwarn"));
        let chan = self.recorder_leg(name, !warn.is_empty());
        self.count_channel(Driver::Conf);
        let notify = self.rooms.get(name).map(|room| room.notify.clone()).unwrap_or_default();
        let mut call = self.message("call.execute", chan, false);
        self.set_chan(&mut call, chan);
        call.fields.set("callto", record.clone());
        call.fields.set("cdrtrack", "false");
        for field in ["caller", "called", "billid", "username", "maxlen", "notify"] {
            call.fields.set(field, fields.text(field));
        }
        call.fields.add("room", name);
        if !notify.is_empty() {
            call.fields.set("targetid", notify);
        }
        self.enqueue(call);
        if !warn.is_empty() {
            let mut attach = self.message("chan.attach", chan, true);
            self.set_chan(&mut attach, chan);
            attach.fields.add("override", warn);
            attach.fields.add("single", "true");
            attach.fields.add("room", name);
            self.enqueue(attach);
        }
        self.say_recording(name, chan, record);
        if let Some(room) = self.rooms.get_mut(name) {
            room.recorder = Some(chan);
        }
        self.release(chan);
    }

    fn say_recording(&mut self, name: &BStr, chan: Chan, record: &BString) {
        let mut msg = self.message("chan.notify", chan, true);
        let (Some(room), Some(channel)) = (self.rooms.get(name), self.channels.get(&chan)) else { return };
        let Some(leg) = channel.leg().filter(|_| !room.notify.is_empty()) else { return };
        let fields = &mut msg.fields;
        fields.add("id", channel.id.clone());
        fields.add("targetid", room.notify.clone());
        leg.populate(&channel.address, fields);
        fields.add("event", "recording");
        fields.add("maxusers", room.max_users.to_string());
        fields.add("users", room.users.to_string());
        fields.add("record", record.clone());
        self.set_chan(&mut msg, chan);
        self.enqueue(msg);
    }
}

fn add_owner(room: &mut Room, id: BString) {
    if !room.owners.contains(&id) {
        room.owners.push(id);
    }
}
