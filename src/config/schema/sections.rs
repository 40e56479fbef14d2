//! The sections and their keys.

use std::time::Duration;

use super::{Choice, Key, Section, Value};

/// The whole file.
pub const ROOT: Section = Section {
    title: "the configuration",
    doc: "The configuration of touchtone.",
    keys: &[
        Key::new("yate", Value::Table(&YATE), YATE.doc),
        Key::new("keypad", Value::Table(&KEYPAD), KEYPAD.doc),
        Key::new("record", Value::Table(&RECORD), RECORD.doc),
        Key::new("limits", Value::Table(&LIMITS), LIMITS.doc),
        Key::new("states", Value::NamedTables(&STATE), "The states of a call, each under its name.")
            .example("{ conference = { unmatched = \"drop\" } }"),
        Key::new(
            "roles",
            Value::NamedTables(&ROLE),
            "Who callers can be, each role under its name. A call may also be given one in routing, by the parameter \
             `touchtone_role`.",
        )
        .example("{ organizer = { rooms = \"conf/9*\" } }"),
        Key::new(
            "code",
            Value::Tables(&CODE),
            "The codes, in any order; each starts with the line `[[code]]`.",
        ),
    ],
};

pub(in crate::config) const YATE: Section = Section {
    title: "[yate]",
    doc: "How the engine is reached.",
    keys: &[
        Key::new(
            "connect",
            Value::Address,
            "Where the engine listens: `unix:PATH`, `tcp:HOST:PORT`, or `stdio` if the engine starts touchtone.",
        )
        .default("unix:/run/yate-touchtone.sock"),
        Key::new(
            "priority",
            Value::Integer { least: 1, most: 1000 },
            "The place of touchtone among those who handle digits: the lowest comes first, conferences have 75.",
        )
        .default("15"),
        Key::new(
            "intercept",
            Value::Boolean,
            "Whether digits are handled, and can be held back and dropped; `false` only watches them.",
        )
        .default("true"),
        Key::new(
            "answer-timeout",
            duration(100, 60_000),
            "How long an operation waits for the engine's answer before it counts as failed.",
        )
        .default("5s"),
        Key::new("reconnect", Value::Table(&RECONNECT), RECONNECT.doc)
            .example("{ shortest = \"500ms\", longest = \"30s\" }"),
    ],
};

pub(in crate::config) const RECONNECT: Section = Section {
    title: "reconnect",
    doc: "How long to wait before a lost connection is tried again; the wait doubles from the shortest to the longest.",
    keys: &[
        Key::new("shortest", duration(10, 3_600_000), "The wait before the first try.").default("500ms"),
        Key::new("longest", duration(10, 3_600_000), "The wait that is not exceeded.").default("30s"),
    ],
};

const INTERDIGIT: &str = "How long the next key of a code may take.";
const CRITICAL: &str =
    "How long a code that is complete waits for a longer one that begins with the same keys.";
const ENTER: &str = "The key that says \"this is all\", or \"none\".";

pub(in crate::config) const KEYPAD: Section = Section {
    title: "[keypad]",
    doc: "What holds for the keys of every call.",
    keys: &[
        Key::new("grammar", Value::Text, "The grammar file whose rules codes name, relative to this file.")
            .example("\"../grammars/conference.gram\""),
        Key::new("interdigit", duration(100, 60_000), INTERDIGIT).default("4s"),
        Key::new("critical", duration(100, 60_000), CRITICAL).default("1s"),
        Key::new("enter", Value::PhoneKey, ENTER).default("none").example("\"#\""),
        Key::new(
            "max-digits",
            Value::Integer { least: 1, most: 128 },
            "How many digits of one call are held at most; a code that needs more is refused.",
        )
        .default("32"),
        Key::new(
            "reorder",
            duration(0, 1_000),
            "How long a digit waits for an earlier one that the engine delivers late.",
        )
        .default("40ms"),
    ],
};

pub(in crate::config) const RECORD: Section = Section {
    title: "[record]",
    doc: "How rooms are recorded.",
    keys: &[
        Key::new(
            "by",
            Value::Choice(&[
                Choice { name: "leg", doc: "A silent leg of touchtone's own in the room." },
                Choice { name: "room", doc: "The recorder of the room itself." },
            ]),
            "Who records.",
        )
        .default("leg"),
        Key::new("file", Value::Template, "Where it is recorded to: an engine resource.")
            .default("wave/record//var/spool/yate/${room}-${date}.au"),
        Key::new(
            "warn",
            Value::Template,
            "What the room hears when a recording starts; for `by = \"room\"` only.",
        )
        .example("\"wave/play//usr/share/sounds/recorded.au\""),
    ],
};

const STATE: Section = Section {
    title: "[states.NAME]",
    doc: "A state of a call; what is not said here is as in [keypad].",
    keys: &[
        Key::new(
            "unmatched",
            Value::Choice(&[
                Choice { name: "pass", doc: "They go on to the other party." },
                Choice { name: "drop", doc: "They go nowhere." },
            ]),
            "What becomes of digits that no code wants; if absent, `drop` in `conference` and `pass` in every other.",
        )
        .example("\"drop\""),
        Key::new("interdigit", duration(100, 60_000), INTERDIGIT).example("\"4s\""),
        Key::new("critical", duration(100, 60_000), CRITICAL).example("\"1s\""),
        Key::new("enter", Value::PhoneKey, ENTER).example("\"#\""),
        Key::new(
            "pass-through",
            Value::Boolean,
            "Whether every digit goes on as it comes; codes still fire, but their digits are heard too.",
        )
        .default("false"),
        Key::new(
            "first-key",
            duration(100, 600_000),
            "How long the first key may take; then the call is back where the engine has it.",
        )
        .example("\"10s\""),
        Key::new("secret", Value::Boolean, "Whether nobody is to read in the log what is keyed there.")
            .default("false"),
        Key::new("on-unmatched", Value::Template, "What the caller hears when no code wanted what was keyed.")
            .example("\"tone/outoforder\""),
        Key::new("on-timeout", Value::Template, "What the caller hears when a timer ran out before there was a code.")
            .example("\"tone/outoforder\""),
    ],
};

const ROLE: Section = Section {
    title: "[roles.NAME]",
    doc: "Who a caller is.",
    keys: &[Key::new(
        "rooms",
        Value::Texts,
        "The rooms that give everybody in them this role; a final `*` stands for anything, and the first in the file \
         that matches counts. If absent, only routing gives it.",
    )
    .example("\"conf/9*\"")],
};

/// What a code can do.
pub const OPERATIONS: &[Choice] = &[
    Choice { name: "join", doc: "Puts the caller in a conference room." },
    Choice { name: "leave", doc: "Takes the caller out of the room, or ends the call." },
    Choice { name: "mute-toggle", doc: "Mutes the caller, or unmutes one who is muted." },
    Choice { name: "mute", doc: "Mutes the caller." },
    Choice { name: "unmute", doc: "Unmutes the caller." },
    Choice { name: "record-toggle", doc: "Starts the recording of the room, or stops one that runs." },
    Choice { name: "record-start", doc: "Starts the recording of the room." },
    Choice { name: "record-stop", doc: "Stops the recording of the room." },
    Choice { name: "set-state", doc: "Puts the call in another state." },
    Choice { name: "message", doc: "Sends the engine any message." },
];

const CODE: Section = Section {
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
        Key::new("state", Value::Texts, "The states it is for; all if absent.").example("\"conference\""),
        Key::new("allow", Value::Texts, "The roles it is for; everybody if absent.").example("\"organizer\""),
        Key::new("operation", Value::Choice(OPERATIONS), "What it does.").required().example("\"mute-toggle\""),
        Key::new("room", Value::Template, "The room with its prefix.")
            .required()
            .only_for(&["join"])
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

pub(in crate::config) const LIMITS: Section = Section {
    title: "[limits]",
    doc: "How large grammars may become; errors speak of a limit by its name.",
    keys: &[
        Key::new("nesting", count(100), "How deep groups, and rules in rules, may be nested.").default("100"),
        Key::new("repeat", count(100_000), "The largest number in a repeat.").default("1000"),
        Key::new(
            "nfa-states",
            count(100_000_000),
            "How many parts all keys together have, repeats written out, once for every automaton they are in.",
        )
        .default("1000000"),
        Key::new("dfa-states", count(25_000_000), "How many states an automaton has before it is minimised.")
            .default("250000"),
        Key::new("dfa-work", count(2_000_000_000), "How many steps making all automata takes.")
            .default("20000000"),
        Key::new(
            "table-cells",
            count(1_000_000_000),
            "How many cells of four bytes the tables of all automata have.",
        )
        .default("16000000"),
        Key::new(
            "expansion",
            count(20_000_000),
            "How many parts a rule has, with the rules it refers to in their places.",
        )
        .default("200000"),
        Key::new("files", count(10_000), "How many files one grammar is made of.").default("100"),
        Key::new("file-bytes", count(1_000_000_000), "How long the files of a grammar are together, in bytes.")
            .default("1000000"),
    ],
};

const fn count(most: u64) -> Value {
    Value::Integer { least: 1, most }
}

const fn duration(least_ms: u64, most_ms: u64) -> Value {
    Value::Duration { least: Duration::from_millis(least_ms), most: Duration::from_millis(most_ms) }
}
