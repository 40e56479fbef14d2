//! The sections of the conference server: rooms, routes to them, calling out, the schedule, sounds.

use super::sections::{count, duration};
use super::{Choice, Key, Section, Value};

pub(super) const ROOM: Section = Section {
    title: "[rooms.NAME]",
    doc: "Rooms under control, whichever way somebody comes to them.",
    keys: &[
        Key::new(
            "max-users",
            count(100_000),
            "How many may be in the room at once; if absent, as many as the engine lets in, which is 10.",
        )
        .example("20"),
        Key::new(
            "lonely",
            Value::Boolean,
            "Whether the room stays when there is only one in it; if absent, as the engine has it, which is `false`.",
        )
        .example("true"),
        Key::new(
            "speakers",
            Value::Integer { least: 0, most: 8 },
            "How many who speak at once the engine tells of; `talkers` needs at least 1.",
        )
        .example("3"),
        Key::new("interval", duration(1_000, 3_600_000), "How often the engine tells who is speaking.")
            .example("\"1s\""),
        Key::new(
            "waitlock",
            Value::Integer { least: 0, most: 1_000_000_000 },
            "The engine's parameter `waitlock` of the room, a number, as it is.",
        )
        .example("1000"),
        Key::new(
            "rate",
            Value::Integer { least: 8_000, most: 48_000 },
            "The sampling rate in which the room mixes, in hertz; if absent, as the engine has it, which is 8000.",
        )
        .example("16000"),
        Key::new(
            "record",
            Value::Boolean,
            "Whether the room is recorded from when the first has come, as [record] says.",
        )
        .default("false"),
        Key::new(
            "utility",
            Value::Choice(&[
                Choice { name: "none", doc: "There is one only while something is announced." },
                Choice {
                    name: "held",
                    doc: "It is there as long as the room is, so that an announcement begins at once.",
                },
                Choice {
                    name: "keeps-open",
                    doc: "It keeps the room open besides, when nobody else is there; it counts as one of `max-users`.",
                },
            ]),
            "The silent leg of touchtone's own in the room, by which announcements are played.",
        )
        .default("none"),
        Key::new(
            "waiting",
            Value::Text,
            "What those hear who come before an organizer, an engine resource; they are let in when one has come. If \
             absent, everybody is let in at once.",
        )
        .example("\"tone/ring\""),
        Key::new("ends-with-organizer", Value::Boolean, "Whether everybody goes when the last organizer has left.")
            .default("false"),
        Key::new("language", Value::Text, "The language of what is said there; if absent, that of [sounds].")
            .example("\"en\""),
        Key::new("tells-of-comings", Value::Boolean, "Whether it is said in the room when somebody comes or goes.")
            .default("false"),
        Key::new(
            "params",
            Value::Params,
            "What the engine is told besides of everybody who comes to the room, by its own names of parameters.",
        )
        .example("{ smart = true }"),
        Key::new("organizer", Value::Table(&ORGANIZER), ORGANIZER.doc).example("{ billing = true }"),
        Key::new("participant", Value::Table(&PARTICIPANT), PARTICIPANT.doc).example("{ start-muted = true }"),
    ],
};

pub(in crate::config) const ORGANIZER: Section = Section {
    title: "[rooms.NAME.organizer]",
    doc: "How organizers are let into the room: who has the role `organizer`, or keys its PIN.",
    keys: ADMISSION,
};

pub(in crate::config) const PARTICIPANT: Section = Section {
    title: "[rooms.NAME.participant]",
    doc: "How everybody else is let into the room.",
    keys: ADMISSION,
};

const ADMISSION: &[Key] = &[
    Key::new(
        "pin",
        Value::Text,
        "The PIN that they key, as `touchtone hash-pin` writes it (a PHC string of Argon2id); if absent, nothing is \
         asked of them.",
    )
    .example("\"$argon2id$v=19$m=19456,t=2,p=1$…\""),
    Key::new("may-open", Value::Boolean, "Whether they may open the room, or come only when it is there.")
        .default("true"),
    Key::new("start-muted", Value::Boolean, "Whether they are muted when they come.").default("false"),
    Key::new(
        "billing",
        Value::Boolean,
        "Whether the engine keeps a call detail record of the time in the room; if absent, as the engine has it, which \
         is `false`.",
    )
    .example("true"),
    Key::new(
        "params",
        Value::Params,
        "What the engine is told of their leg in the room besides, by its own names of parameters.",
    )
    .example("{ smart = true }"),
];

pub(super) const ROUTE: Section = Section {
    title: "[[route]]",
    doc: "Called numbers that touchtone sends to a room itself.",
    keys: &[
        Key::new(
            "called",
            Value::Texts,
            "The whole number that is called, written as the `keys` of a code; or a list.",
        )
        .required()
        .example("\"7(room:8xx)\""),
        Key::new(
            "room",
            Value::Template,
            "The room with its prefix; if absent, the conference in the store that the caller has at this hour, or else \
             the caller is asked which, in the state `lobby`.",
        )
        .example("\"conf/${room}\""),
        Key::new("role", Value::Text, "The role of who calls there; if absent, what the room gives.")
            .example("\"organizer\""),
        Key::new(
            "params",
            Value::Params,
            "What the engine is told of the call besides, by its own names of parameters.",
        )
        .example("{ smart = true }"),
    ],
};

pub(in crate::config) const ENTRY: Section = Section {
    title: "[entry]",
    doc: "How callers prove who they are.",
    keys: &[
        Key::new("tries", count(100), "How many wrong PINs end a call.").default("3"),
        Key::new(
            "wait",
            duration(0, 3_600_000),
            "How long a PIN waits to be looked at after a wrong one of the same caller, or for the same room; the wait \
             doubles with each.",
        )
        .default("1s"),
        Key::new("longest-wait", duration(0, 3_600_000), "The wait that is not exceeded.").default("1m"),
    ],
};

pub(in crate::config) const CALLING: Section = Section {
    title: "[calling]",
    doc: "How others are called in.",
    keys: &[
        Key::new(
            "direct",
            Value::Template,
            "Where they are called, by `${number}` and `${room}`; if absent, the engine's routing says where.",
        )
        .example("\"sip/sip:${number}@gateway.example.com\""),
        Key::new("caller", Value::Template, "Who is said to call, by `${number}` and `${room}`.").default("${room}"),
        Key::new("ring", duration(1_000, 600_000), "How long it may ring.").default("30s"),
        Key::new("per-minute", count(100_000), "How many calls are begun in a minute at most.").default("60"),
        Key::new(
            "params",
            Value::Params,
            "What the engine is told of the call besides, by its own names of parameters.",
        )
        .example("{ line = \"gateway\" }"),
    ],
};

pub(in crate::config) const SCHEDULE: Section = Section {
    title: "[schedule]",
    doc: "How conferences in the store are held.",
    keys: &[
        Key::new(
            "early",
            duration(0, 86_400_000),
            "How long before a conference begins callers are let into it.",
        )
        .default("10m"),
        Key::new(
            "retries",
            Value::Integer { least: 0, most: 100 },
            "How often somebody is called again who did not answer, or was busy.",
        )
        .default("2"),
        Key::new("retry-after", duration(1_000, 86_400_000), "How long after such a call.").default("1m"),
        Key::new(
            "ends",
            Value::Boolean,
            "Whether the room is ended when the time of the conference is over.",
        )
        .default("true"),
        Key::new(
            "warn-before",
            duration_or_none(1_000, 86_400_000),
            "How long before that it is said in the room, or \"none\".",
        )
        .default("5m"),
    ],
};

pub(in crate::config) const SOUNDS: Section = Section {
    title: "[sounds]",
    doc: "Where the engine finds what is said.",
    keys: &[
        Key::new(
            "dir",
            Value::Text,
            "A directory on the engine's machine, with one in it for each language; if absent, tones stand for words.",
        )
        .example("\"/usr/share/touchtone/sounds\""),
        Key::new("language", Value::Text, "The language, where a room has none of its own.").default("en"),
    ],
};

pub(in crate::config) const STORE: Section = Section {
    title: "[store]",
    doc: "What outlasts touchtone: conferences, who takes part in them, who was there, and what it alone knows of calls and \
          rooms: locks, seats, roles, states. If absent, nothing does.",
    keys: &[Key::new("file", Value::Text, "The file of the store, relative to this one.")
        .required()
        .example("\"/var/lib/touchtone/touchtone.db\"")],
};

pub(in crate::config) const CONTROL: Section = Section {
    title: "[control]",
    doc: "The socket by which commands and programs reach touchtone while it runs. If absent, there is none.",
    keys: &[
        Key::new("socket", Value::Text, "The path of the socket, relative to this file.")
            .required()
            .example("\"/run/touchtone.sock\""),
        Key::new("mode", Value::Text, "Who may use it, as the mode of a file in octal digits.")
            .default("0600"),
    ],
};

pub(in crate::config) const METRICS: Section = Section {
    title: "[metrics]",
    doc: "Where what touchtone counts and measures is shown, for Prometheus and the like. If absent, nowhere.",
    keys: &[Key::new(
        "listen",
        Value::Text,
        "An address of this machine alone and a port, where `/metrics` can be had by HTTP.",
    )
    .required()
    .example("\"127.0.0.1:9464\"")],
};

const fn duration_or_none(least_ms: u64, most_ms: u64) -> Value {
    Value::DurationOrNone {
        least: std::time::Duration::from_millis(least_ms),
        most: std::time::Duration::from_millis(most_ms),
    }
}
