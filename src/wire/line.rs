//! What can be said, in both directions.

use std::borrow::Cow;

use super::Params;

/// A message that asks to be handled: `%%>message:ID:TIME:NAME:RETVALUE[:KEY=VALUE]…`.
///
/// From the engine it holds one of its worker threads until it is answered. From a module it is dispatched by the
/// engine, and its answer carries the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// Names this message between the two; opaque.
    pub id: Cow<'a, [u8]>,
    /// When the message was made, in seconds since 1970; 0 lets the engine set it.
    pub time: u64,
    /// What is asked, as `chan.dtmf`.
    pub name: Cow<'a, [u8]>,
    /// The value the message would return if nobody changed it.
    pub retvalue: Cow<'a, [u8]>,
    /// The parameters.
    pub params: Params<'a>,
}

/// What became of a message: `%%<message:ID:PROCESSED:[NAME]:RETVALUE[:KEY=VALUE]…`.
///
/// From the engine an empty id says that this is a watched message, shown after it was dispatched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The id of the message, or empty for a watched one.
    pub id: Cow<'a, [u8]>,
    /// Whether somebody handled it.
    pub processed: bool,
    /// The message's name; a module may leave it empty to keep the name.
    pub name: Cow<'a, [u8]>,
    /// The value returned.
    pub retvalue: Cow<'a, [u8]>,
    /// From the engine the parameters as they ended up; from a module those to change.
    pub params: Params<'a>,
}

/// A line that an engine sends to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineLine<'a> {
    /// A message that this module installed a handler for, and must answer.
    Message(Message<'a>),
    /// The answer to a message of the module's own, or a watched message.
    Answer(Answer<'a>),
    /// `%%<install:PRIORITY:NAME:SUCCESS`
    Installed {
        /// The priority it was given; 100 if none was asked for.
        priority: u32,
        /// The message's name.
        name: Cow<'a, [u8]>,
        /// False if it was installed already.
        success: bool,
    },
    /// `%%<uninstall:PRIORITY:NAME:SUCCESS`
    Uninstalled {
        /// The priority it had; 0 if there was none.
        priority: u32,
        /// The message's name.
        name: Cow<'a, [u8]>,
        /// False if it was not installed.
        success: bool,
    },
    /// `%%<watch:NAME:SUCCESS`
    Watched {
        /// The message's name.
        name: Cow<'a, [u8]>,
        /// False if it was watched already.
        success: bool,
    },
    /// `%%<unwatch:NAME:SUCCESS`
    Unwatched {
        /// The message's name.
        name: Cow<'a, [u8]>,
        /// False if it was not watched.
        success: bool,
    },
    /// `%%<setlocal:NAME:VALUE:SUCCESS`
    LocalSet {
        /// The local parameter.
        name: Cow<'a, [u8]>,
        /// Its value now.
        value: Cow<'a, [u8]>,
        /// False if there is no such parameter, or it cannot be set.
        success: bool,
    },
    /// `%%<quit`: the engine closes the connection next.
    Quit,
    /// `Error in: LINE`: a line of the module's that the engine could not read. It must never be answered.
    ErrorIn(Cow<'a, [u8]>),
}

/// A line that a module sends to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleLine<'a> {
    /// `%%>connect:ROLE[:ID[:TYPE]]`, the first line on a socket; nothing answers it.
    Connect {
        /// `global`, or `channel`.
        role: Cow<'a, [u8]>,
        /// For a channel module, the channel to take.
        id: Option<Cow<'a, [u8]>>,
        /// For a channel module, the kind of data.
        kind: Option<Cow<'a, [u8]>>,
    },
    /// A message for the engine to dispatch.
    Message(Message<'a>),
    /// The answer to one of the engine's messages.
    Answer(Answer<'a>),
    /// `%%>install:[PRIORITY]:NAME[:FILTER[:VALUE]]`
    Install {
        /// Lower comes first; the engine takes 100 if none is given.
        priority: Option<u32>,
        /// The message's name.
        name: Cow<'a, [u8]>,
        /// Only messages whose parameter of this name has this value.
        filter: Option<Filter<'a>>,
    },
    /// `%%>uninstall:NAME`
    Uninstall(Cow<'a, [u8]>),
    /// `%%>watch:NAME`
    Watch(Cow<'a, [u8]>),
    /// `%%>unwatch:NAME`
    Unwatch(Cow<'a, [u8]>),
    /// `%%>setlocal:NAME:VALUE`; an empty value asks for the present one.
    SetLocal {
        /// The local parameter.
        name: Cow<'a, [u8]>,
        /// The value to set.
        value: Cow<'a, [u8]>,
    },
    /// `%%>output:TEXT`, printed by the engine as it is.
    Output(Cow<'a, [u8]>),
    /// `%%>debug:LEVEL:TEXT`, put in the engine's log.
    Debug {
        /// 0 (test of a failure) to 10 (everything).
        level: u8,
        /// What is logged.
        text: Cow<'a, [u8]>,
    },
    /// `%%>quit`
    Quit,
}

/// The parameter a handler is installed for, and the value it must have.
pub type Filter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl<'a> Message<'a> {
    /// A message of the module's own, with the time left to the engine.
    pub fn new(id: impl Into<Cow<'a, [u8]>>, name: &'a str, params: Params<'a>) -> Self {
        Message {
            id: id.into(),
            time: 0,
            name: Cow::Borrowed(name.as_bytes()),
            retvalue: Cow::default(),
            params,
        }
    }
}

impl Answer<'_> {
    /// Whether this is a watched message and answers nothing.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.id.is_empty()
    }
}
