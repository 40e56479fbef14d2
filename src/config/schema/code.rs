//! `[[code]]`, and what a code can do.

use super::sections::{CRITICAL, duration};
use super::{Choice, Key, Section, Value};

/// What a code can do.
pub const OPERATIONS: &[Choice] = &[
    Choice { name: "join", doc: "Puts the caller in a conference room." },
    Choice { name: "leave", doc: "Takes the caller out of the room, or ends the call." },
    Choice { name: "mute-toggle", doc: "Mutes the caller, or unmutes one who is muted." },
    Choice { name: "mute", doc: "Mutes the caller." },
    Choice { name: "unmute", doc: "Unmutes the caller." },
    Choice { name: "mute-others", doc: "Mutes everybody else in the room." },
    Choice { name: "unmute-all", doc: "Unmutes everybody in the room." },
    Choice { name: "record-toggle", doc: "Starts the recording of the room, or stops one that runs." },
    Choice { name: "record-start", doc: "Starts the recording of the room." },
    Choice { name: "record-stop", doc: "Stops the recording of the room." },
    Choice { name: "lock-toggle", doc: "Locks the room, or unlocks one that is locked." },
    Choice { name: "lock", doc: "Locks the room: nobody else comes in." },
    Choice { name: "unlock", doc: "Unlocks the room." },
    Choice { name: "kick", doc: "Throws the participant with a number out of the room." },
    Choice { name: "kick-last", doc: "Throws the participant out who came last, other than who keys." },
    Choice { name: "invite", doc: "Calls somebody and puts them in the room when they answer." },
    Choice { name: "count", doc: "Tells the caller how many are in the room." },
    Choice { name: "talkers", doc: "Tells the caller who is talking in the room." },
    Choice { name: "announce", doc: "Plays a sound to everybody in the room." },
    Choice { name: "extend", doc: "Lets the conference that is being held last longer." },
    Choice { name: "end", doc: "Ends the conference for everybody." },
    Choice { name: "enter-pin", doc: "Gives the PIN that the caller was asked for." },
    Choice { name: "enter-room", doc: "Gives the number of the conference that the caller was asked for." },
    Choice { name: "set-state", doc: "Puts the call in another state." },
    Choice { name: "message", doc: "Sends the engine any message." },
];

pub(super) const CODE: Section = Section {
    title: "[[code]]",
    doc: "Keys bound to an operation.",
    keys: &[
        Key::new("name", Value::Text, "Its name, which no other code has.").required().example("\"mute\""),
        Key::new(
            "keys",
            Value::Texts,
            "What is keyed: `0-9 * # A-D`, `x` for any digit, `[2-9]`, `{m,n}` repeats, `(name:…)` captures; or a list. \
             Where keys can be read in several ways, the first alternative counts, and of a repeat the most rounds.",
        )
        .example("\"*3(room:x{3,6})#\""),
        Key::new("rule", Value::Text, "In place of `keys`: a public rule of the grammar file.").example("\"join\""),
        Key::new(
            "state",
            Value::Texts,
            "The states it is for; if absent, all but `lobby`, `pin` and `waiting`, where touchtone itself asks for \
             something or lets callers wait.",
        )
        .example("\"conference\""),
        Key::new("allow", Value::Texts, "The roles it is for; everybody if absent.").example("\"organizer\""),
        Key::new("operation", Value::Choice(OPERATIONS), "What it does.").required().example("\"mute-toggle\""),
        Key::new("room", Value::Template, "The room with its prefix.")
            .required()
            .only_for(&["join", "enter-room"])
            .example("\"conf/${room}\""),
        Key::new(
            "with-peer",
            Value::Boolean,
            "Whether the other party of the call comes along; if not, it is hung up.",
        )
        .default("true")
        .only_for(&["join"]),
        Key::new(
            "to",
            Value::Template,
            "Where the caller goes from the room; if absent, the call ends. For `set-state`, the state, or `auto` for \
             where the engine has the call.",
        )
            .only_for(&["leave", "set-state"])
            .example("\"tone/dial\""),
        Key::new("seat", Value::Template, "The number that the participant has in the room.")
            .required()
            .only_for(&["kick"])
            .example("\"${seat}\""),
        Key::new("number", Value::Template, "Who is called, as `direct` of [calling] or the engine's routing takes it.")
            .required()
            .only_for(&["invite"])
            .example("\"${number}\""),
        Key::new("role", Value::Text, "The role of who is called; if absent, what the room gives.")
            .only_for(&["invite"])
            .example("\"organizer\""),
        Key::new("sound", Value::Template, "What is played: an engine resource.")
            .required()
            .only_for(&["announce"])
            .example("\"wave/play//usr/share/sounds/quiet.au\""),
        Key::new("by", duration(60_000, 86_400_000), "How much longer.")
            .required()
            .only_for(&["extend"])
            .example("\"15m\""),
        Key::new("pin", Value::Template, "The PIN, as it was keyed; the code is secret.")
            .required()
            .only_for(&["enter-pin"])
            .example("\"${pin}\""),
        Key::new("message", Value::Text, "The name of the message.")
            .required()
            .only_for(&["message"])
            .example("\"call.drop\""),
        Key::new(
            "masquerade",
            Value::Boolean,
            "Whether it is sent in the caller's name, through `chan.masquerade`.",
        )
        .default("true")
        .only_for(&["message"]),
        Key::new("params", Value::Params, "What the engine is told besides: of a room that `join` makes, or in the message.")
            .only_for(&["join", "message"])
            .example("{ lonely = \"true\" }"),
        Key::new(
            "interdigit",
            duration(100, 60_000),
            "How long the next key of this code may take; while several codes are possible, the longest of theirs holds.",
        )
        .example("\"4s\""),
        Key::new("critical", duration(100, 60_000), CRITICAL).example("\"1s\""),
        Key::new(
            "then",
            Value::Texts,
            "Codes whose operations follow, in order, when this one was done, in whatever state. A code that only \
             follows has no keys, and no state, allow or timers; one that has must allow whoever keys this one.",
        )
        .example("[\"announce\"]"),
        Key::new("secret", Value::Boolean, "Whether nobody is to read its keys in the log.").default("false"),
        Key::new("on-success", Value::Template, "What the caller hears when it was done: an engine resource.")
            .example("\"tone/1000/200\""),
        Key::new("on-failure", Value::Template, "What the caller hears when it could not be done.")
            .example("\"tone/outoforder\""),
    ],
};
