//! Reading the engine's own account of itself.
//!
//! `engine.status` answers with a line `head;body`, where the head is `name=…,type=…,format=A|B|C;counters` for a
//! module and the body lists channels as `ID=A|B|C`, separated by `,`. For one channel or room all is `key=value`.
//!
//! In lists the engine writes `,`, `|`, `;`, `%` and control bytes as `%` and two hexadecimal digits; for one channel
//! or room it escapes nothing. Some modules are answered `false` with everything said: what counts is the text.

use bstr::{BStr, BString, ByteSlice};

/// The channels that `engine.status` of a module lists: name, and the values in the order of its `format`.
pub(super) fn channels(retvalue: &[u8]) -> impl Iterator<Item = (BString, Vec<BString>)> {
    let body = retvalue.trim_end().splitn_str(3, ";").nth(2).unwrap_or_default();
    body.split_str(",").filter_map(|entry| {
        let (id, values) = entry.split_once_str("=")?;
        Some((unescape(id), values.split_str("|").map(unescape).collect()))
    })
}

fn unescape(value: &[u8]) -> BString {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| hexadecimal(after.get(..2)?)).flatten();
        plain.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    BString::from(plain)
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(digits.to_str().ok()?, 16).ok()
}

/// One value of `engine.status` of a channel or a room: the last of that name, for nothing is escaped there.
pub(super) fn value<'a>(retvalue: &'a [u8], key: &str) -> Option<&'a BStr> {
    let fields: Vec<_> = retvalue.trim_end().split(|&byte| byte == b';' || byte == b',').collect();
    // What a caller can name comes before what the engine knows.
    fields
        .into_iter()
        .filter_map(|field| field.split_once_str("="))
        .rfind(|(name, _)| name == &key.as_bytes())
        .map(|(_, v)| v.as_bstr())
}

/// The `type` of what an account is of: it stands in the head, where a leg has nothing that a caller can name.
pub(super) fn kind(retvalue: &[u8]) -> Option<&BStr> {
    value(retvalue.split(|&byte| byte == b';').next()?, "type")
}

/// The `peerid` of a channel: it stands before the `address`, which a caller can name.
pub(super) fn peer(retvalue: &[u8]) -> Option<&BStr> {
    let before = retvalue.find(b",address=").map_or(retvalue, |end| &retvalue[..end]);
    value(before, "peerid")
}

/// The `address` of a channel, as of a leg its room: whatever it holds, it stands between the first `address=` and the
/// last `billid=`.
pub(super) fn address(retvalue: &[u8]) -> Option<&BStr> {
    let (_, rest) = retvalue.trim_end().split_once_str(",address=")?;
    let end = rest.rfind(b",billid=").or_else(|| rest.find_byte(b',')).unwrap_or(rest.len());
    Some(rest[..end].as_bstr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channels_of_a_module_are_listed() {
        let account =
            b"name=conf,type=misc,format=Status|Address|Peer;routed=0,routing=0,total=8,chans=2,rooms=1;\
            conf/7=outgoing|adhoc|dumb/4,conf/8=outgoing|adhoc|sip/3\r\n";
        let seen: Vec<_> = channels(account).collect();
        assert_eq!(seen[0], ("conf/7".into(), vec!["outgoing".into(), "adhoc".into(), "dumb/4".into()]));
        assert_eq!(seen[1].0, "conf/8");
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn what_is_escaped_in_a_list_is_read_as_it_was() {
        let account = b"name=dumb,type=misc,format=Status|Address|Peer;chans=1;dumb/1=answered|a%2cb%7cc%25%zz|conf/2\r\n";
        let seen: Vec<_> = channels(account).collect();
        assert_eq!(seen[0].1[1], "a,b|c%%zz");
    }

    #[test]
    fn a_module_without_channels_lists_none() {
        assert_eq!(channels(b"name=conf,type=misc;routed=0,rooms=0;\r\n").count(), 0);
        assert_eq!(channels(b"").count(), 0);
    }

    #[test]
    fn one_value_is_found() {
        let account = b"name=conf/15,type=conf;peerid=dumb/11,address=exp1,mute=true,signal=false\r\n";
        assert_eq!(value(account, "mute"), Some("true".into()));
        assert_eq!(value(account, "signal"), Some("false".into()));
        assert_eq!(value(account, "nosuch"), None);
    }

    #[test]
    fn an_address_is_told_whole() {
        let account =
            b"name=conf/5,type=channel;module=conf,peerid=sip/2,address=a,address=b,billid=7-5,mute=true";
        assert_eq!(address(account), Some("a,address=b".into()));
        assert_eq!(address(b"name=conf/5,type=conf;peerid=sip/2,address=a,mute=true"), Some("a".into()));
    }

    #[test]
    fn a_rooms_name_cannot_say_who_is_on_a_leg_of_it_nor_what_it_is() {
        let account = b"name=conf/5,type=channel;module=conf,peerid=sip/2,status=outgoing,\
            address=x,peerid=sip/9,type=conference;type=conference,billid=7-5,mute=true";
        assert_eq!(peer(account), Some("sip/2".into()));
        assert_eq!(kind(account), Some("channel".into()));
        assert_eq!(kind(b"name=conf/5,type=conference;module=conf,room=5"), Some("conference".into()));
        assert_eq!(peer(b"name=conf/5,type=channel;module=conf"), None);
    }

    #[test]
    fn a_rooms_name_cannot_say_how_the_room_is() {
        let account = b"name=conf/x,lonely=true,type=conference;module=conf,room=x,lonely=true,maxusers=10,lonely=false";
        assert_eq!(value(account, "lonely"), Some("false".into()));
    }
}
