//! A message inside the engine.

use std::borrow::Cow;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::channel::Chan;
use super::connection::ConnectionId;
use crate::wire::{Answer, EngineLine, Message, Params};

/// The name of a parameter; most are known when this is compiled.
pub(super) type Name = Cow<'static, BStr>;

/// Named values in order; a name may occur twice, and then the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(Name, BString)>);

/// Who sent a message that came over a connection, and what they call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) connection: ConnectionId,
    pub(super) id: BString,
}

/// A message on its way through the handlers.
#[derive(Debug, Clone)]
pub(super) struct Msg {
    pub(super) name: BString,
    pub(super) retvalue: BString,
    pub(super) fields: Fields,
    /// When it was made.
    pub(super) time: Duration,
    /// The channel that it is about; it stays in being as long as the message does.
    pub(super) chan: Option<Chan>,
    pub(super) origin: Option<Origin>,
    /// Handlers after the one that handled it see it too.
    pub(super) broadcast: bool,
}

fn known(name: &'static str) -> Name {
    Cow::Borrowed(BStr::new(name))
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&BStr> {
        self.0.iter().find(|(key, _)| key.as_bytes() == name.as_bytes()).map(|(_, value)| value.as_bstr())
    }

    /// The value, or nothing where there is none.
    pub(super) fn text(&self, name: &str) -> &BStr {
        self.get(name).unwrap_or_default()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value as the engine reads truth, or `otherwise`.
    pub(super) fn truth(&self, name: &str, otherwise: bool) -> bool {
        self.get(name).and_then(truth).unwrap_or(otherwise)
    }

    /// The value as a whole number, or `otherwise`.
    pub(super) fn number(&self, name: &str, otherwise: i64) -> i64 {
        self.get(name).and_then(number).unwrap_or(otherwise)
    }

    /// Gives the first parameter of that name another value, or adds one at the end.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<BString>) {
        self.set_named(known(name), value.into());
    }

    fn set_named(&mut self, name: Name, value: BString) {
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds a parameter at the end, even if there is one of that name.
    pub(super) fn add(&mut self, name: &'static str, value: impl Into<BString>) {
        self.0.push((known(name), value.into()));
    }

    /// Adds a parameter whose name came from outside.
    pub(super) fn add_foreign(&mut self, name: &[u8], value: &[u8]) {
        self.0.push((Cow::Owned(name.into()), value.into()));
    }

    /// Sets a parameter whose name came from outside.
    pub(super) fn set_foreign(&mut self, name: &[u8], value: &[u8]) {
        self.set_named(Cow::Owned(name.into()), value.into());
    }

    pub(super) fn remove(&mut self, name: &[u8]) {
        self.0.retain(|(key, _)| key.as_bytes() != name);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&BStr, &BStr)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_bstr()))
    }

    /// Takes over every parameter of `from`.
    pub(super) fn copy_all(&mut self, from: &Fields) {
        for (name, value) in &from.0 {
            self.set_named(name.clone(), value.clone());
        }
    }

    /// Takes over those of the comma-separated `names` that `from` has; the others are removed here.
    pub(super) fn copy(&mut self, from: &Fields, names: &[u8]) {
        for name in names.split_str(b",").map(ByteSlice::trim).filter(|name| !name.is_empty()) {
            match from.0.iter().find(|(key, _)| key.as_bytes() == name) {
                Some((name, value)) => self.set_named(name.clone(), value.clone()),
                None => self.remove(name),
            }
        }
    }

    pub(super) fn to_wire(&self) -> Params<'static> {
        let mut params = Params::new();
        for (name, value) in &self.0 {
            params.push(name.as_ref(), value);
        }
        params
    }
}

/// Truth as the engine spells it; anything else is no truth at all.
pub(super) fn truth(value: &BStr) -> Option<bool> {
    match value.as_bytes() {
        b"true" | b"yes" | b"on" | b"enable" | b"t" => Some(true),
        b"false" | b"no" | b"off" | b"disable" | b"f" => Some(false),
        _ => None,
    }
}

/// A whole number in decimal.
pub(super) fn number(value: &BStr) -> Option<i64> {
    value.to_str().ok()?.parse().ok()
}

impl Msg {
    pub(super) fn new(name: &str, now: Duration) -> Self {
        Msg {
            name: name.into(),
            retvalue: BString::default(),
            fields: Fields::default(),
            time: now,
            chan: None,
            origin: None,
            broadcast: false,
        }
    }

    /// As a module is asked about it.
    pub(super) fn encode_question(&self, id: &[u8], seconds: u64, out: &mut Vec<u8>) {
        let line = EngineLine::Message(Message {
            id: id.into(),
            time: seconds,
            name: self.name.as_slice().into(),
            retvalue: self.retvalue.as_slice().into(),
            params: self.fields.to_wire(),
        });
        line.encode(out);
    }

    /// As its sender is answered, or, with an empty id, as a watcher sees it.
    pub(super) fn encode_answer(&self, id: &[u8], processed: bool, out: &mut Vec<u8>) {
        let line = EngineLine::Answer(Answer {
            id: id.into(),
            processed,
            name: self.name.as_slice().into(),
            retvalue: self.retvalue.as_slice().into(),
            params: self.fields.to_wire(),
        });
        line.encode(out);
    }

    /// What a module's line changes: a parameter without a value is removed.
    pub(super) fn apply(&mut self, name: &[u8], retvalue: &[u8], params: &Params<'_>) {
        if !name.is_empty() {
            self.name = name.into();
        }
        self.retvalue = retvalue.into();
        for (name, value) in params.iter() {
            match value {
                Some(value) => self.fields.set_foreign(&name, &value),
                None => self.fields.remove(&name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_keeps_the_place_and_adding_goes_to_the_end() {
        let mut fields = Fields::default();
        fields.add("id", "conf/6");
        fields.add("module", "conf");
        fields.add("id", "conf/6");
        fields.set("id", "conf/7");
        let seen: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(seen, ["id=conf/7", "module=conf", "id=conf/6"]);
    }

    #[test]
    fn copying_names_that_are_not_there_removes_them() {
        let mut from = Fields::default();
        from.add("caller", "bob");
        let mut to = Fields::default();
        to.add("called", "800");
        to.copy(&from, b"caller, called");
        assert_eq!(to.iter().count(), 1);
        assert_eq!(to.text("caller"), "bob");
    }
}
