//! The names that a template may use, besides the captures of its code.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A name, what it stands for, and its meaning in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<V: 'static> {
    /// As it is written between `${` and `}`.
    pub name: &'static str,
    /// What it stands for.
    pub value: V,
    /// Its meaning.
    pub meaning: &'static str,
}

/// What is known of the call when a code fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallValue {
    /// `channel`
    Channel,
    /// `peer`
    Peer,
    /// `caller`
    Caller,
    /// `called`
    Called,
    /// `billid`
    BillId,
    /// `room`
    Room,
    /// `date`
    Date,
    /// `code`
    Code,
    /// `keys`
    Keys,
}

/// What is known of a recording when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordValue {
    /// `room`
    Room,
    /// `date`
    Date,
    /// `channel`
    Channel,
    /// `caller`
    Caller,
}

/// What is known when somebody is called in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallingValue {
    /// `number`
    Number,
    /// `room`
    Room,
}

/// The names in the values of a code. A capture of the same name wins; what is not known of a call is empty.
pub const CALL: &[Name<CallValue>] = &[
    name("channel", CallValue::Channel, "the channel that keyed, as `sip/4`"),
    name("peer", CallValue::Peer, "what that channel is connected to, as `conf/12` or `sip/5`"),
    name("caller", CallValue::Caller, "the number of who keyed"),
    name("called", CallValue::Called, "the number that was called"),
    name("billid", CallValue::BillId, "the billing identifier of the call"),
    name("room", CallValue::Room, "the room the caller is in, without its prefix, as `800`"),
    name("date", CallValue::Date, "the date and time in UTC, as `20261123-101500`"),
    name("code", CallValue::Code, "the name of the code"),
    name("keys", CallValue::Keys, "the keys that fired it, as `*3800#`"),
];

/// Whether a name is also known in the prompts of a state, where no code has fired.
#[must_use]
pub fn is_of_state(value: CallValue) -> bool {
    value != CallValue::Code
}

/// Whether a name is also known in the room of a route, when nothing but the numbers is known of the call.
#[must_use]
pub fn is_of_route(value: CallValue) -> bool {
    matches!(value, CallValue::Caller | CallValue::Called)
}

/// Whether a caller, or the caller's telephone, says what a name stands for.
#[must_use]
pub fn is_of_caller(value: CallValue) -> bool {
    matches!(value, CallValue::Caller | CallValue::Called)
}

/// Whether callers, or whoever routes them, have a say in what a name stands for.
#[must_use]
pub fn is_of_others(value: CallValue) -> bool {
    is_of_caller(value) || matches!(value, CallValue::Room | CallValue::BillId)
}

/// The names in `file` and `warn` of `[record]`. Every value is made [safe for a file name](file_safe).
pub const RECORD: &[Name<RecordValue>] = &[
    name("room", RecordValue::Room, "the room without its prefix, as `800`"),
    name("date", RecordValue::Date, "the date and time in UTC, as `20261123-101500`"),
    name("channel", RecordValue::Channel, "the channel that started the recording, as `sip_4`"),
    name("caller", RecordValue::Caller, "the number of who started it"),
];

/// The names in `direct` and `caller` of `[calling]`.
pub const CALLING: &[Name<CallingValue>] = &[
    name("number", CallingValue::Number, "the number that is called"),
    name("room", CallingValue::Room, "the room without its prefix, as `800`"),
];

const fn name<V>(name: &'static str, value: V, meaning: &'static str) -> Name<V> {
    Name { name, value, meaning }
}

/// What a name stands for in the values of a code.
#[must_use]
pub fn call_value(name: &str) -> Option<CallValue> {
    CALL.iter().find(|known| known.name == name).map(|known| known.value)
}

/// What a name stands for in `[record]`.
#[must_use]
pub fn record_value(name: &str) -> Option<RecordValue> {
    RECORD.iter().find(|known| known.name == name).map(|known| known.value)
}

/// What a name stands for in `[calling]`.
#[must_use]
pub fn calling_value(name: &str) -> Option<CallingValue> {
    CALLING.iter().find(|known| known.name == name).map(|known| known.value)
}

/// A moment as `${date}` has it.
#[must_use]
pub fn date(moment: Timestamp) -> String {
    let utc = moment.to_zoned(TimeZone::UTC);
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        utc.year(),
        utc.month(),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    )
}

/// A value that cannot leave the directory it is put in, nor surprise who lists it: whatever is not an ASCII letter,
/// a digit, `-`, `+`, `@` or a dot that follows one of these becomes `_`; at most 64 bytes.
#[must_use]
pub fn file_safe(value: &[u8]) -> Vec<u8> {
    let mut safe = Vec::with_capacity(value.len().min(64));
    for &byte in value.iter().take(64) {
        let plain = byte.is_ascii_alphanumeric() || b"-+@".contains(&byte);
        let inner_dot = byte == b'.' && safe.last().is_some_and(|&before| before != b'.' && before != b'_');
        safe.push(if plain || inner_dot { byte } else { b'_' });
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_utc_to_the_second() {
        let moment: Timestamp = "2026-11-23T12:15:00.9+02:00".parse().unwrap();
        assert_eq!(date(moment), "20261123-101500");
    }

    #[test]
    fn a_value_stays_in_its_directory() {
        assert_eq!(file_safe(b"../../etc/passwd"), b"______etc_passwd");
        assert_eq!(file_safe(b"sip/4"), b"sip_4");
        assert_eq!(file_safe(b"a.b..c\n\xff"), b"a.b._c__");
        assert_eq!(file_safe(&[b'a'; 200]).len(), 64);
    }
}
