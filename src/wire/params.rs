//! The parameters of a message.

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, ByteSlice};
use memchr::memchr_iter;

use super::escape::{self, BadEscape};

/// How many bytes the parameters of most messages take.
const USUAL: usize = 128;

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
        if wire.is_empty() {
            wire.reserve(USUAL);
        } else {
            wire.push(b':');
        }
        wire
    }

    /// The value of the first parameter of that name, unescaped; `None` if absent or without a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let [value] = self.pick([name]);
        value
    }

    /// The values of several parameters, each as [`get`](Self::get) has it, in one pass over the line.
    #[must_use]
    pub fn pick<const N: usize>(&self, names: [&str; N]) -> [Option<Cow<'_, [u8]>>; N] {
        let mut values = [const { None }; N];
        for (key, value) in self.raw_fields() {
            let Some(value) = value else { continue };
            // Hardly a name is escaped; where one is, it is not compared as it stands.
            let key = if key.contains(&b'%') { unescaped(key) } else { Cow::Borrowed(key) };
            for (name, found) in names.iter().zip(&mut values) {
                // Most names differ in their length or their first byte, and a call to compare them costs more.
                let may_be = name.len() == key.len() && name.as_bytes().first() == key.first();
                if may_be && found.is_none() && *key == *name.as_bytes() {
                    *found = Some(unescaped(value));
                }
            }
        }
        values
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
        let ends = memchr_iter(b':', &self.wire).chain([self.wire.len()]);
        let fields = ends.scan(0, |from, end| {
            let field = &self.wire[*from..end];
            *from = end + 1;
            Some(field)
        });
        // A name is so short that looking at each byte is the fastest way to its end.
        fields.filter(|field| !field.is_empty()).map(|field| {
            match field.iter().position(|&byte| byte == b'=') {
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
    fn several_are_found_in_one_pass_and_a_name_may_be_escaped() {
        let params = Params::from_wire(b"id=a::%id=x:te%xt=b:id=c:odd%}=d:last").unwrap();
        let found = params.pick(["odd=", "id", "nosuch", "last", "te8t"]);
        let found = found.map(|value| value.map(|value| value.to_str_lossy().into_owned()));
        assert_eq!(found, [Some("d".into()), Some("a".into()), None, None, Some("b".into())]);
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
