//! The names of channels of ours that call somebody: what has to be known of them after a restart.

use bstr::{BStr, BString, ByteSlice};
use jiff::Timestamp;

use super::Outgoing;
use crate::store::{AttemptKey, OccurrenceKey};

/// The name that a channel of ours is called by which calls somebody begins with this; a number of the conference, of the
/// participant and of the try follow, and the room.
pub(in crate::assist) const CALL_LEG: &str = "touchtone-call-";

/// The name that the channel of a call is called by: what has to be known of it after a restart of ours.
pub(super) fn name_of(outgoing: &Outgoing) -> Vec<u8> {
    let (conference, starts, participant, number) = match outgoing.attempt {
        Some(key) => {
            let AttemptKey { occurrence, participant, number } = key;
            (occurrence.conference, occurrence.starts.as_second(), participant, number)
        }
        None => (0, 0, 0, 0),
    };
    let head = format!("{CALL_LEG}{conference}-{starts}-{participant}-{number}-");
    [head.as_bytes(), &outgoing.room].concat()
}

pub(super) fn read_name(name: &BStr) -> Option<(Option<AttemptKey>, BString)> {
    let rest = name.strip_prefix(CALL_LEG.as_bytes())?;
    let mut parts = rest.splitn_str(5, "-");
    let mut number = || parts.next()?.to_str().ok()?.parse::<i64>().ok();
    let (conference, starts, participant, count) = (number()?, number()?, number()?, number()?);
    let room = BString::from(parts.next().filter(|room| !room.is_empty())?);
    let occurrence = OccurrenceKey { conference, starts: Timestamp::from_second(starts).ok()? };
    let key = AttemptKey { occurrence, participant, number: u32::try_from(count).ok()? };
    Some(((conference != 0).then_some(key), room))
}

/// A room's name in an address: nothing in it leads the call elsewhere.
pub(super) fn in_address(room: &[u8]) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+*#".contains(&byte);
    room.iter().map(|&byte| if plain(byte) { byte } else { b'_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_name_leads_no_call_elsewhere() {
        assert_eq!(in_address(b"a-b.800"), b"a-b.800");
        assert_eq!(in_address(b"8@evil;x=\n\xff"), b"8_evil_x___");
    }

    #[test]
    fn a_call_is_known_again_by_the_name_of_its_channel() {
        let mut outgoing = Outgoing::new("a-b-800".into(), "700".into(), None);
        assert_eq!(read_name(BStr::new(&name_of(&outgoing))), Some((None, "a-b-800".into())));
        let occurrence =
            OccurrenceKey { conference: 3, starts: Timestamp::from_second(1_795_420_044).expect("a time") };
        outgoing.attempt = Some(AttemptKey { occurrence, participant: 7, number: 2 });
        assert_eq!(read_name(BStr::new(&name_of(&outgoing))), Some((outgoing.attempt, "a-b-800".into())));
        assert_eq!(read_name(BStr::new("touchtone-call-x")), None);
    }
}
