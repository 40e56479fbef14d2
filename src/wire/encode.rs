//! Writing lines.

use super::escape::{escape_into, holds_escape};
use super::{Answer, EngineLine, Message, ModuleLine};

/// A line that must not be sent, because the engine would choke on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The engine closes the connection on a line longer than its buffer.
    #[error("the line is {length} bytes long and the engine takes less than {limit}")]
    TooLong {
        /// The line's length in bytes, with its newline.
        length: usize,
        /// The engine's line buffer, in bytes.
        limit: usize,
    },
    /// The engine cannot read an escaped NUL, and calls the whole line an error.
    #[error("a value holds a NUL byte, which the engine cannot read")]
    Nul,
    /// The engine splits a parameter at its first `=` and takes no escape for it, and refuses an empty name.
    #[error("a parameter's name is empty or holds '=', which the engine cannot read")]
    ParameterName,
    /// Names of messages and local parameters are taken as they stand: nothing can be escaped there.
    #[error("a text that is sent as it stands holds a byte that the engine takes for its end")]
    Name,
}

/// Appends the shortest answer to a message of the engine's, newline included: handled or not, and nothing changed.
///
/// This is the whole of what a keyed digit needs, so it costs a few copies and nothing else.
pub fn answer_into(id: &[u8], processed: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"%%<message:");
    escape_into(id, out);
    out.extend_from_slice(if processed { b":true::\n" } else { b":false::\n" });
}

struct Writer<'o>(&'o mut Vec<u8>);

impl Writer<'_> {
    fn keyword(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn bare(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn field(&mut self, plain: &[u8]) -> &mut Self {
        escape_into(plain, self.0);
        self
    }

    fn next(&mut self) -> &mut Self {
        self.0.push(b':');
        self
    }

    fn number(&mut self, value: impl itoa::Integer) -> &mut Self {
        self.bare(itoa::Buffer::new().format(value).as_bytes())
    }

    fn truth(&mut self, value: bool) -> &mut Self {
        self.keyword(if value { "true" } else { "false" })
    }

    fn params(&mut self, wire: &[u8]) {
        if !wire.is_empty() {
            self.next().bare(wire);
        }
    }

    fn message(&mut self, message: &Message<'_>) {
        self.keyword("%%>message:").field(&message.id).next().number(message.time).next();
        self.field(&message.name).next().field(&message.retvalue).params(message.params.as_wire());
    }

    fn answer(&mut self, answer: &Answer<'_>) {
        self.keyword("%%<message:").field(&answer.id).next().truth(answer.processed).next();
        self.field(&answer.name).next().field(&answer.retvalue).params(answer.params.as_wire());
    }
}

impl EngineLine<'_> {
    /// Appends the line and its newline to `out`, as an engine writes it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut w = Writer(out);
        match self {
            EngineLine::Message(message) => w.message(message),
            EngineLine::Answer(answer) => w.answer(answer),
            EngineLine::Installed { priority, name, success } => {
                w.keyword("%%<install:").number(*priority).next().bare(name).next().truth(*success);
            }
            EngineLine::Uninstalled { priority, name, success } => {
                w.keyword("%%<uninstall:").number(*priority).next().bare(name).next().truth(*success);
            }
            EngineLine::Watched { name, success } => {
                w.keyword("%%<watch:").bare(name).next().truth(*success);
            }
            EngineLine::Unwatched { name, success } => {
                w.keyword("%%<unwatch:").bare(name).next().truth(*success);
            }
            EngineLine::LocalSet { name, value, success } => {
                w.keyword("%%<setlocal:").bare(name).next().bare(value).next().truth(*success);
            }
            EngineLine::Quit => {
                w.keyword("%%<quit");
            }
            EngineLine::ErrorIn(line) => {
                w.keyword("Error in: ").bare(line);
            }
        }
        out.push(b'\n');
    }
}

impl ModuleLine<'_> {
    /// Appends the line and its newline to `out`, unless an engine with a line buffer of `limit` bytes would
    /// choke on it: it keeps one byte of that for itself.
    ///
    /// # Errors
    /// [`Unsendable`] says why; `out` is then as it was.
    pub fn encode(&self, limit: usize, out: &mut Vec<u8>) -> Result<(), Unsendable> {
        self.check()?;
        let from = out.len();
        self.write(&mut Writer(out));
        out.push(b'\n');
        let length = out.len() - from;
        let problem = if length >= limit {
            Unsendable::TooLong { length, limit }
        } else if holds_escape(&out[from..], b'@') {
            Unsendable::Nul
        } else {
            return Ok(());
        };
        out.truncate(from);
        Err(problem)
    }

    fn write(&self, w: &mut Writer<'_>) {
        match self {
            ModuleLine::Connect { role, id, kind } => {
                w.keyword("%%>connect:").field(role);
                for part in id.iter().chain(kind) {
                    w.next().field(part);
                }
            }
            ModuleLine::Message(message) => w.message(message),
            ModuleLine::Answer(answer) => w.answer(answer),
            ModuleLine::Install { priority, name, filter } => {
                w.keyword("%%>install:");
                if let Some(priority) = priority {
                    w.number(*priority);
                }
                w.next().bare(name);
                if let Some((name, value)) = filter {
                    w.next().field(name).next().field(value);
                }
            }
            ModuleLine::Uninstall(name) => {
                w.keyword("%%>uninstall:").bare(name);
            }
            ModuleLine::Watch(name) => {
                w.keyword("%%>watch:").bare(name);
            }
            ModuleLine::Unwatch(name) => {
                w.keyword("%%>unwatch:").bare(name);
            }
            ModuleLine::SetLocal { name, value } => {
                w.keyword("%%>setlocal:").bare(name).next().bare(value);
            }
            ModuleLine::Output(text) => {
                w.keyword("%%>output:").bare(text);
            }
            ModuleLine::Debug { level, text } => {
                w.keyword("%%>debug:").number(*level).next().field(text);
            }
            ModuleLine::Quit => {
                w.keyword("%%>quit");
            }
        }
    }

    fn check(&self) -> Result<(), Unsendable> {
        match self {
            ModuleLine::Message(Message { params, .. }) | ModuleLine::Answer(Answer { params, .. }) => {
                let bad = |name: &[u8]| name.is_empty() || holds_escape(name, b'}');
                if params.raw_fields().any(|(name, _)| bad(name)) {
                    Err(Unsendable::ParameterName)
                } else {
                    Ok(())
                }
            }
            ModuleLine::Install { name, .. }
            | ModuleLine::Uninstall(name)
            | ModuleLine::Watch(name)
            | ModuleLine::Unwatch(name) => bare_name(name),
            ModuleLine::SetLocal { name, value } => bare_name(name).and(bare_text(value)),
            ModuleLine::Output(text) => bare_text(text),
            ModuleLine::Connect { .. } | ModuleLine::Debug { .. } | ModuleLine::Quit => Ok(()),
        }
    }
}

fn bare_text(text: &[u8]) -> Result<(), Unsendable> {
    if text.iter().any(|&byte| byte < 32) { Err(Unsendable::Name) } else { Ok(()) }
}

fn bare_name(name: &[u8]) -> Result<(), Unsendable> {
    if name.contains(&b':') { Err(Unsendable::Name) } else { bare_text(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Params;
    use proptest::prelude::*;

    fn sent(line: &ModuleLine<'_>) -> Result<String, Unsendable> {
        let mut out = b"before".to_vec();
        let result = line.encode(100, &mut out);
        let text = String::from_utf8(out.split_off(6)).unwrap();
        assert!(result.is_ok() || text.is_empty(), "a refused line left something behind");
        result.map(|()| text)
    }

    fn message(params: Params<'static>) -> ModuleLine<'static> {
        ModuleLine::Message(Message::new(b"1".as_slice(), "call.drop", params))
    }

    #[test]
    fn what_the_engine_would_choke_on_is_refused() {
        assert_eq!(sent(&message(Params::new().with("a", "x\0y"))), Err(Unsendable::Nul));
        assert_eq!(sent(&message(Params::new().with("a=b", "x"))), Err(Unsendable::ParameterName));
        assert_eq!(sent(&message(Params::new().with("", "x"))), Err(Unsendable::ParameterName));
        assert_eq!(sent(&ModuleLine::Watch(b"a:b".into())), Err(Unsendable::Name));
        assert_eq!(sent(&ModuleLine::Output(b"a\nb".into())), Err(Unsendable::Name));
        let long = sent(&message(Params::new().with("a", "x".repeat(100))));
        assert_eq!(long, Err(Unsendable::TooLong { length: 129, limit: 100 }));
        let fits = |length: usize| sent(&message(Params::new().with("a", "x".repeat(length))));
        assert_eq!(fits(70).unwrap().len(), 99);
        assert_eq!(
            fits(71),
            Err(Unsendable::TooLong { length: 100, limit: 100 }),
            "it keeps a byte for itself"
        );
    }

    #[test]
    fn a_percent_before_an_at_sign_is_no_nul() {
        assert_eq!(
            sent(&message(Params::new().with("a", "%@"))).unwrap(),
            "%%>message:1:0:call.drop::a=%%@\n"
        );
    }

    #[test]
    fn the_short_answer_is_the_one_the_transcripts_have() {
        let mut out = Vec::new();
        answer_into(b"0x7f359cf16c60.672035823", true, &mut out);
        assert_eq!(out, b"%%<message:0x7f359cf16c60.672035823:true::\n");
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(1u8.., 0..12)
    }

    proptest! {
        #[test]
        fn a_message_read_back_is_the_message_sent(
            id in text(), time: u64, name in text(), retvalue in text(),
            fields in prop::collection::vec(("[a-z.]{1,8}", text()), 0..5),
        ) {
            let params: Params<'static> = fields.iter().map(|(n, v)| (n, v)).collect();
            let message = Message { id: id.into(), time, name: name.into(), retvalue: retvalue.into(), params };
            let mut out = Vec::new();
            EngineLine::Message(message.clone()).encode(&mut out);
            prop_assert_eq!(out.pop(), Some(b'\n'));
            prop_assert!(!out.contains(&b'\n'));
            prop_assert_eq!(EngineLine::parse(&out).unwrap(), EngineLine::Message(message.clone()));

            let mut out = Vec::new();
            ModuleLine::Message(message.clone()).encode(usize::MAX, &mut out).unwrap();
            out.pop();
            prop_assert_eq!(ModuleLine::parse(&out).unwrap(), ModuleLine::Message(message.clone()));
            let seen: Vec<_> = message.params.iter().map(|(n, v)| (n.into_owned(), v.unwrap().into_owned())).collect();
            let given: Vec<_> = fields.into_iter().map(|(n, v)| (n.into_bytes(), v)).collect();
            prop_assert_eq!(seen, given);
        }
    }
}
