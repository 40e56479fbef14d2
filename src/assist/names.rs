//! What the names in a template stand for.

use std::borrow::Cow;

use super::Assist;
use super::job::Job;
use crate::moment::Moment;
use crate::template::Template;

impl Assist {
    /// Fills a template in for an operation.
    pub(super) fn render(&self, now: Moment, job: &Job, template: &Template) -> Vec<u8> {
        template.render(|name| self.value(now, job, name))
    }

    /// Fills a template in that names a file: what comes from outside cannot lead to another directory.
    pub(super) fn render_file(&self, now: Moment, job: &Job, template: &Template) -> Vec<u8> {
        template.render(|name| self.value(now, job, name).map(|value| Cow::Owned(safe_in_path(&value))))
    }

    /// A capture of the code, or what is known of the call.
    fn value<'s>(&'s self, now: Moment, job: &'s Job, name: &str) -> Option<Cow<'s, [u8]>> {
        let capture = job.captures.iter().rfind(|(captured, _)| captured == name);
        if let Some((_, keys)) = capture {
            return Some(Cow::Owned(keys.symbols().into_bytes()));
        }
        let call = self.calls.by_id(job.channel.as_ref());
        match name {
            "channel" => Some(Cow::Borrowed(&job.channel)),
            "code" => Some(Cow::Borrowed(self.config.codes[job.code].name.as_bytes())),
            "keys" => Some(Cow::Owned(job.keys.symbols().into_bytes())),
            "room" => job
                .room
                .as_ref()
                .or_else(|| self.room_of(&job.channel))
                .map(|room| Cow::Borrowed(room.as_slice())),
            "date" => Some(Cow::Owned(now.date.strftime("%Y%m%d-%H%M%S").to_string().into_bytes())),
            "peer" => call?.peer.as_ref().map(|peer| Cow::Borrowed(peer.as_slice())),
            "caller" => Some(Cow::Borrowed(&call?.facts.caller)),
            "called" => Some(Cow::Borrowed(&call?.facts.called)),
            "billid" => Some(Cow::Borrowed(&call?.facts.billid)),
            "address" => Some(Cow::Borrowed(&call?.facts.address)),
            _ => None,
        }
    }
}

/// Letters, digits and a few marks as they are; anything else as `_`, and so a dot in front.
fn safe_in_path(value: &[u8]) -> Vec<u8> {
    let safe = |(at, &byte): (usize, &u8)| match byte {
        b'.' if at == 0 => b'_',
        byte if byte >= 128 || byte.is_ascii_alphanumeric() || b"-_.+@*#".contains(&byte) => byte,
        _ => b'_',
    };
    value.iter().enumerate().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_caller_is_called_leads_to_another_directory() {
        assert_eq!(safe_in_path(b"../../etc/x"), b"_._.._etc_x");
        assert_eq!(safe_in_path("Zoë 1\n".as_bytes()), "Zoë_1_".as_bytes());
    }
}
