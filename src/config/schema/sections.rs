//! The sections and their keys.

use std::time::Duration;

use super::code::CODE;
use super::conference::{CALLING, CONTROL, ENTRY, METRICS, ROOM, ROUTE, SCHEDULE, SOUNDS, STORE};
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
        Key::new(
            "rooms",
            Value::NamedTables(&ROOM),
            "The rooms that touchtone keeps under control, each section under a name as \"800\", or with a final `*` what \
             several begin with, as \"8*\"; the first in the file that matches counts.",
        )
        .example("{ \"8*\" = { max-users = 20 } }"),
        Key::new(
            "route",
            Value::Tables(&ROUTE),
            "Called numbers that touchtone sends to rooms itself; each starts with the line `[[route]]`.",
        ),
        Key::new("entry", Value::Table(&ENTRY), ENTRY.doc),
        Key::new("calling", Value::Table(&CALLING), CALLING.doc),
        Key::new("schedule", Value::Table(&SCHEDULE), SCHEDULE.doc),
        Key::new("sounds", Value::Table(&SOUNDS), SOUNDS.doc),
        Key::new("store", Value::Table(&STORE), STORE.doc),
        Key::new("control", Value::Table(&CONTROL), CONTROL.doc),
        Key::new("metrics", Value::Table(&METRICS), METRICS.doc),
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
pub(super) const CRITICAL: &str =
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
        Key::new("warn", Value::Template, "What the room hears when a recording starts.")
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
            "What becomes of digits that no code wants; if absent, `pass` in `call`, `dial`, `hold` and the admin's own, \
             and `drop` in every other.",
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
            "How long the first key may take; then the call is back where the engine has it. In `lobby` and `pin` it is 10 s \
             if absent, and the caller is asked again.",
        )
        .example("\"10s\""),
        Key::new(
            "secret",
            Value::Boolean,
            "Whether nobody is to read in the log what is keyed there; in the state `pin` nobody ever does.",
        )
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

pub(in crate::config) const LIMITS: Section = Section {
    title: "[limits]",
    doc: "How large grammars may become, and how much there may be of what callers and others ask for; errors and the log \
          speak of a limit by its name. What reaches a limit is refused and counted, and everybody else goes on. How many \
          digits are held is `max-digits` of [keypad], and how many calls begin in a minute `per-minute` of [calling].",
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
        Key::new(
            "line",
            Value::Integer { least: 8_192, most: 1_000_000_000 },
            "How long a line of the engine's may be, in bytes: its account of itself has some 100 for each call. A longer one \
             is thrown away, and a message answered as not handled. What is set holds from the next connection on.",
        )
        .default("16000000"),
        Key::new(
            "pending-bytes",
            Value::Integer { least: 1_000_000, most: 1_000_000_000 },
            "How much waits for an engine that does not read, in bytes; then the connection is given up.",
        )
        .default("16000000"),
        Key::new(
            "channels",
            count(10_000_000),
            "How many channels, and legs in rooms, are known; what the engine has more keeps its calls, without codes.",
        )
        .default("65536"),
        Key::new(
            "rooms",
            count(1_000_000),
            "How many rooms are known; what the engine has more is left alone, and nobody is let into one under control \
             that is not open yet.",
        )
        .default("10000"),
        Key::new(
            "waiting-digits",
            count(10_000),
            "How many digits of one call wait for an earlier one that is late, or for others to have gone on: those past it \
             are not put in order, or dropped. A message with more is passed.",
        )
        .default("256"),
        Key::new(
            "codes-per-second",
            Value::Integer { least: 0, most: 100_000 },
            "How many codes a caller fires in a second for long, and twice as many at once; `0` sets no limit. A code past \
             it does nothing: its digits are spent, and the caller hears once that it failed.",
        )
        .default("5"),
        Key::new(
            "operations",
            count(1_000_000),
            "How many messages of operations wait for the engine's answer before no other operation begins.",
        )
        .default("10000"),
        Key::new(
            "operations-per-caller",
            count(128),
            "How many operations of one caller wait for those before them.",
        )
        .default("32"),
        Key::new("prompts", count(1_000), "How many sounds wait to be played to one caller, or in one room.")
            .default("64"),
        Key::new("calls", count(100_000), "How many calls to others are under way at once.").default("1000"),
        Key::new(
            "store-questions",
            count(1_000_000),
            "How many questions wait for the store; what is to be written and does not fit is lost, and the log says so.",
        )
        .default("4096"),
        Key::new(
            "control-clients",
            count(10_000),
            "How many are connected to the socket of [control] at once.",
        )
        .default("64"),
        Key::new("control-requests", count(10_000), "How many of their requests wait at once to be taken up; each client has one at a time.").default("32"),
    ],
};

pub(super) const fn count(most: u64) -> Value {
    Value::Integer { least: 1, most }
}

pub(super) const fn duration(least_ms: u64, most_ms: u64) -> Value {
    Value::Duration { least: Duration::from_millis(least_ms), most: Duration::from_millis(most_ms) }
}
