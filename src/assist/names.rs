//! What the names in a template stand for.

use std::borrow::Cow;

use bstr::BString;

use super::Assist;
use super::job::{Job, Keyed};
use crate::config::names::{self, CallValue};
use crate::key::Keys;
use crate::moment::Moment;
use crate::template::Template;

/// What was keyed for what nobody keyed.
static NO_KEYS: Keys = Keys::new();

/// What a template is filled in from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'c> {
    /// The channel that keyed.
    pub(super) channel: &'c BString,
    /// The name of the code that fired.
    pub(super) code: Option<&'c str>,
    pub(super) keys: &'c Keys,
    pub(super) captures: &'c [(String, Keys)],
    /// The room that is acted on, if not the one the channel is in.
    pub(super) room: Option<&'c BString>,
}

impl<'j> From<&'j Job> for Context<'j> {
    fn from(job: &'j Job) -> Self {
        let room = job.room.as_ref().or(job.place.as_ref());
        match job.keyed() {
            Some(keyed @ Keyed { keys, captures, .. }) => {
                Context { channel: &job.channel, code: Some(&keyed.code().name), keys, captures, room }
            }
            None => Context { channel: &job.channel, code: None, keys: &NO_KEYS, captures: &[], room },
        }
    }
}

impl Assist {
    /// Fills a template in. In the name of a file, what callers have a say in cannot lead to another directory.
    pub(super) fn render<'c>(
        &self,
        now: Moment,
        from: impl Into<Context<'c>>,
        template: &Template,
    ) -> Vec<u8> {
        let from = from.into();
        let file = template.begins_with("wave/");
        template.render(|name| {
            let value = self.value(now, &from, name)?;
            let keyed = || from.captures.iter().any(|(captured, _)| captured == name);
            let foreign = || names::call_value(name).is_some_and(names::is_of_others);
            Some(if file && foreign() && !keyed() { Cow::Owned(names::file_safe(&value)) } else { value })
        })
    }

    /// Fills a template in that names a file: what comes from outside cannot lead to another directory.
    pub(super) fn render_file(&self, now: Moment, job: &Job, template: &Template) -> Vec<u8> {
        let from = Context::from(job);
        template.render(|name| self.value(now, &from, name).map(|value| Cow::Owned(names::file_safe(&value))))
    }

    /// A capture of the code, or what is known of the call.
    fn value<'s>(&'s self, now: Moment, from: &Context<'s>, name: &str) -> Option<Cow<'s, [u8]>> {
        if let Some((_, keys)) = from.captures.iter().rfind(|(captured, _)| captured == name) {
            return Some(Cow::Owned(keys.symbols().into_bytes()));
        }
        let call = self.calls.by_id(from.channel.as_ref());
        let borrowed = |text: &'s [u8]| Some(Cow::Borrowed(text));
        match names::call_value(name)? {
            CallValue::Channel => borrowed(from.channel),
            CallValue::Code => Some(Cow::Borrowed(from.code?.as_bytes())),
            CallValue::Keys => Some(Cow::Owned(from.keys.symbols().into_bytes())),
            CallValue::Room => {
                from.room.or_else(|| self.room_of(from.channel)).and_then(|room| borrowed(room))
            }
            CallValue::Date => Some(Cow::Owned(names::date(now.date).into_bytes())),
            CallValue::Peer => call?.peers.current().and_then(|peer| borrowed(peer)),
            CallValue::Caller => borrowed(call?.facts.caller()),
            CallValue::Called => borrowed(call?.facts.called()),
            CallValue::BillId => borrowed(call?.facts.billid()),
        }
    }
}
