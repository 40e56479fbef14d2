//! The parameters of a message.

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, ByteSlice};
use memchr::memchr;

use super::escape::{self, BadEscape};

/// Named parameters, in order, kept as they stand on the wire (`key=value:key=value`).
///
/// A name may occur twice. A name without `=`, in the answer to a message, asks the engine to remove that
/// parameter; it is kept apart from an empty value. Looking one up unescapes that one only, and writing all of
/// them out again is a copy.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Params<'a> {
    wire: Cow<'a, [u8]>,
}

impl<'a> Params<'a> {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Params { wire: Cow::Borrowed(&[]) }
    }

    /// Takes the wire form as it is, once its escapes are known to be good.
    pub(super) fn from_wire(wire: &'a [u8]) -> Result<Self, BadEscape> {
        escape::check(wire)?;
        Ok(Params { wire: Cow::Borrowed(wire) })
    }

    /// The wire form: fields joined by `:`, without a leading one.
    #[must_use]
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// Adds a parameter at the end.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let out = self.next_field();
        escape::escape_name_into(name.as_ref(), out);
        out.push(b'=');
        escape::escape_into(value.as_ref(), out);
    }

    /// Adds a parameter at the end; for building in one expression.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a name without a value: in an answer, the engine removes that parameter.
    pub fn push_removal(&mut self, name: impl AsRef<[u8]>) {
        escape::escape_name_into(name.as_ref(), self.next_field());
    }

    fn next_field(&mut self) -> &mut Vec<u8> {
        let wire = self.wire.to_mut();
        if !wire.is_empty() {
            wire.push(b':');
        }
        wire
    }

    /// The value of the first parameter of that name, unescaped; `None` if absent or without a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.raw_fields().find_map(|(key, value)| {
            let hit = if memchr(b'%', key).is_some() {
                unescaped(key) == name.as_bytes()
            } else {
                key == name.as_bytes()
            };
            if hit { value.map(unescaped) } else { None }
        })
    }

    /// Whether the first parameter of that name is `true`, as the engine writes it.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.as_ref() == b"true")
    }

    /// Every parameter in order, unescaped.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, [u8]>, Option<Cow<'_, [u8]>>)> {
        self.raw_fields().map(|(key, value)| (unescaped(key), value.map(unescaped)))
    }

    /// The same parameters without what they borrow.
    #[must_use]
    pub fn into_owned(self) -> Params<'static> {
        Params { wire: Cow::Owned(self.wire.into_owned()) }
    }

    /// Names and values as they stand on the wire; empty fields are passed over, as the engine does.
    pub(super) fn raw_fields(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        Fields { rest: Some(&self.wire) }.filter(|field| !field.is_empty()).map(|field| {
            match memchr(b'=', field) {
                Some(at) => (&field[..at], Some(&field[at + 1..])),
                None => (field, None),
            }
        })
    }
}

/// The escapes were checked when the parameters were made, so undoing them cannot fail.
fn unescaped(field: &[u8]) -> Cow<'_, [u8]> {
    escape::unescape(field).unwrap_or(Cow::Borrowed(field))
}

struct Fields<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match memchr(b':', rest) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(&rest[..at])
            }
            None => self.rest.take(),
        }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Params<'static> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        fields.into_iter().fold(Params::new(), |params, (name, value)| params.with(name, value))
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            map.key(&name.as_bstr());
            match &value {
                Some(value) => map.value(&BStr::new(value.as_ref())),
                None => map.value(&format_args!("removed")),
            };
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_found_again() {
        let params = Params::new().with("id", "sip/1").with("address", "127.0.0.1:7001").with("odd=key", "%");
        assert_eq!(params.as_wire(), b"id=sip/1:address=127.0.0.1%z7001:odd%}key=%%");
        assert_eq!(params.get("address").unwrap().as_ref(), b"127.0.0.1:7001");
        assert_eq!(params.get("odd=key").unwrap().as_ref(), b"%");
        assert_eq!(params.get("nosuch"), None);
    }

    #[test]
    fn a_name_twice_gives_the_first_and_iterates_both() {
        let params = Params::from_wire(b"id=conf/6:module=conf:id=conf/7").unwrap();
        assert_eq!(params.get("id").unwrap().as_ref(), b"conf/6");
        assert_eq!(params.iter().filter(|(name, _)| name.as_ref() == b"id").count(), 2);
    }

    #[test]
    fn a_name_without_a_value_is_not_an_empty_value() {
        let mut params = Params::new().with("empty", "");
        params.push_removal("gone");
        let seen: Vec<_> = params.iter().map(|(_, value)| value.is_some()).collect();
        assert_eq!(seen, [true, false]);
        assert_eq!(params.get("gone"), None);
    }
}
