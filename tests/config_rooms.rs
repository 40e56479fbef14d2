//! What an admin sees who made a mistake in what makes a conference server.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::time::Duration;

use touchtone::config::{self, Config, Operation, Switch, Utility, check};
use touchtone::diagnostic::Style;
use touchtone::store::PinHash;

/// What `touchtone check` says of a text.
fn said_of(text: &str) -> String {
    let outcome = config::load(Path::new("etc/touchtone.toml"), |_| Ok(text.to_owned()));
    check::findings(&outcome, check::Format::Text(Style::default())) + &check::summary(&outcome) + "\n"
}

fn loaded(text: &str) -> Config {
    let loaded = config::load(Path::new("etc/touchtone.toml"), |_| Ok(text.to_owned()));
    let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(loaded.warnings, []);
    loaded.config
}

/// A snapshot of what is said of a text.
macro_rules! mistakes {
    ($($name:ident: $text:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said_of($text)) });
        })*
    };
}

mistakes! {
    settings_of_rooms: r#"
[rooms."8*"]
max-user = 5
max-users = 0
lonely = "yes"
speakers = 9
interval = "10ms"
rate = 44
utility = "always"
waiting = "/usr/share/sounds/wait.au"
language = "../de"
organiser = {}

[rooms."9*".participant]
start-muted = 1
may-speak = true

[rooms.""]
waiting = "tone/${room}"

[rooms]
lonely = true
"#;

    parameters_that_touchtone_sets_itself: r#"
[rooms."8*"]
params = { maxusers = 5, notify = "x", record = "-", "a=b" = "c", colour = "red" }
organizer = { params = { billing = true, existing = true, mute = true, utility = false, smart = true } }

[[route]]
called = "8"
room = "conf/8"
params = { touchtone_role = "organizer", callto = "x", "" = "y" }

[calling]
params = { caller = "1", maxcall = 5, line = "gateway" }
"#;

    rooms_that_others_cover: r#"
[rooms."8*"]
lonely = true

[rooms.800]
lonely = false

[rooms."conf/8*"]
lonely = true

[rooms."*"]
lonely = true
"#;

    organizers_that_nobody_is: r#"
[roles.organizer]
rooms = "conf/9*"

[rooms.800]
waiting = "tone/ring"

[rooms."81*"]
ends-with-organizer = true

[rooms."82*".participant]
may-open = false

[rooms."90*"]
waiting = "tone/ring"
"#;

    pins: r#"
[rooms.1.organizer]
pin = "4711"

[rooms.2.organizer]
pin = "$2b$12$abcdefghijklmnopqrstuu"

[rooms.3.organizer]
pin = "$argon2i$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg"

[rooms.4.organizer]
pin = "$argon2id$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg"

[rooms.5.organizer]
pin = "$argon2id$v=19$m=8000000,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg"

[rooms.6.organizer]
pin = "$argon2id$v=19$m=1,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg"

[rooms.7]
organizer = { pin = "$argon2id$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg" }
participant = { pin = "$argon2id$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg" }
"#;

    a_pin_that_nobody_can_key: r#"
[rooms.7.organizer]
pin = "$argon2id$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg"

[[code]]
name = "pin"
keys = "(pin:x{4})"
state = "pin"
allow = "organizer"
operation = "enter-pin"
pin = "${pin}"
"#;

    conferences_whose_pin_nobody_can_key: r#"
[store]
file = "touchtone.db"

[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute"
"#;

    a_conference_that_nobody_can_name: r#"
[store]
file = "touchtone.db"

[[route]]
called = "7000"

[[code]]
name = "pin"
keys = "(pin:x{4})"
state = "pin"
operation = "enter-pin"
pin = "${pin}"
"#;

    routes: r#"
[[route]]
room = "conf/8"

[[route]]
called = ["7(room:8xx)", "7000"]
room = "conf/${room}"

[[route]]
called = "8(room:x{0,3})"
room = "800"

[[route]]
called = ["9[", "x{0,2}"]
room = "conf/${name}"
role = "organiser"

[[route]]
called = "7801"
room = "conf/${called}-${caller}"
role = "a role"

[roles.organizer]
"#;

    numbers_that_clash: r#"
[limits]
nfa-states = 40

[[route]]
called = ["7(room:8xx)", "7000"]
room = "conf/1"

[[route]]
called = "7801"
room = "conf/2"

[[route]]
called = "1x{0,1}2{0,1}"
room = "conf/3"

[[route]]
called = "x{0,2}"
room = "conf/4"
"#;

    too_many_numbers: r#"
[limits]
nfa-states = 40

[[route]]
called = "7x{10}"
room = "conf/1"

[[route]]
called = "8(xx){30}"
room = "conf/2"
"#;

    routes_without_a_store: r#"
[[route]]
called = "7000"
"#;

    settings: r#"
[entry]
tries = 0
wait = "2m"
longest-wait = "1m"

[calling]
direct = "${number}/x"
caller = "${rooms}"
ring = "1ms"
per-minute = "many"

[schedule]
early = "never"
retries = -1
warn-before = "5"
ends = false

[sounds]
dir = "sounds"
language = "a/b"

[store]
file = "/var/lib/"

[control]
socket = "/run/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789.sock"
mode = "rw"
"#;

    settings_that_do_nothing_or_too_much: r#"
[schedule]
ends = false
warn-before = "5m"

[control]
socket = "touchtone.sock"
mode = "0666"

[states.pin]
secret = false

[calling]
direct = "gateway"
"#;

    missing_settings: r#"
[store]

[control]
mode = 0o600
"#;

    operations: r#"
[[code]]
name = "a"
keys = "*1"
operation = "kick"

[[code]]
name = "b"
keys = "*2(number:x{3})"
operation = "invite"
number = "${numbers}"
role = "organiser"
seat = "1"

[[code]]
name = "c"
keys = "*3"
operation = "announce"
sound = "/srv/a.au"

[[code]]
name = "d"
keys = "*4"
operation = "extend"
by = 15

[[code]]
name = "e"
keys = "*5"
operation = "extend"
by = "1s"

[[code]]
name = "f"
keys = "*6"
operation = "enter-pin"

[[code]]
name = "g"
keys = "*7"
state = "lobby"
operation = "enter-room"
room = "800"

[[code]]
name = "h"
keys = "*8"
operation = "kick-lst"
pin = "1"
"#;

    operations_out_of_place: r#"
[[code]]
name = "lock"
keys = "*1"
state = ["call", "dial", "hold", "lobby", "pin", "waiting"]
operation = "lock"

[[code]]
name = "kick"
keys = "*2"
state = ["call", "conference"]
operation = "kick-last"

[[code]]
name = "pin"
keys = "(pin:x{4})#"
state = "call"
operation = "enter-pin"
pin = "${pin}"

[[code]]
name = "join"
keys = "*3"
state = "call"
operation = "join"
room = "conf/1"
then = ["mute", "count"]

[[code]]
name = "mute"
operation = "mute"

[[code]]
name = "count"
keys = "*4"
state = "call"
operation = "count"
"#;
}

const PIN: &str = "$argon2id$v=19$m=19456,t=2,p=1$b3JnYW5pemVyb3JnYW5peg$b3JnYW5pemVyb3JnYW5peg";

fn whole() -> Config {
    loaded(&format!(
        r#"
[rooms."81*"]
max-users = 5
lonely = false
speakers = 3
interval = "1500ms"
waitlock = 20
rate = 16000
record = true
utility = "keeps-open"
waiting = "tone/ring"
ends-with-organizer = true
language = "de"
tells-of-comings = true
params = {{ colour = "red" }}
organizer = {{ pin = "{PIN}", billing = true }}
participant = {{ may-open = false, start-muted = true, params = {{ smart = true }} }}

[rooms."8*"]

[[route]]
called = ["7(room:8xx)", "6(room:x)"]
room = "conf/${{room}}"
role = "organizer"
params = {{ colour = "blue" }}

[[route]]
called = "7"

[store]
file = "db/touchtone.db"

[control]
socket = "/run/touchtone.sock"
mode = "0660"

[schedule]
warn-before = "none"

[calling]
direct = "sip/sip:${{number}}@gateway"

[[code]]
name = "pin"
keys = "(pin:x{{4}})"
state = "pin"
operation = "enter-pin"
pin = "${{pin}}"

[[code]]
name = "room"
keys = "(room:x{{3}})"
state = "lobby"
operation = "enter-room"
room = "conf/${{room}}"

[[code]]
name = "lock"
keys = "*5"
operation = "lock-toggle"
allow = "organizer"
"#
    ))
}

#[test]
fn rooms_are_what_they_read_and_the_first_that_matches_counts() {
    let config = whole();
    let rules = config.room(b"812").expect("rules");
    assert_eq!(rules.max_users, Some(5));
    let params: Vec<_> = rules.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        params,
        [
            "colour=red",
            "interval=1500",
            "lonely=false",
            "maxusers=5",
            "rate=16000",
            "speakers=3",
            "waitlock=20"
        ]
    );
    assert_eq!((rules.record, rules.utility), (true, Utility::KeepsOpen));
    assert_eq!(rules.waiting.as_deref(), Some("tone/ring"));
    assert!(rules.ends_with_organizer && rules.tells_of_comings);
    assert_eq!(rules.language.as_deref(), Some("de"));
    assert_eq!(rules.organizer.pin.as_ref().map(PinHash::as_str), Some(PIN));
    assert_eq!(rules.organizer.params["billing"], "true");
    assert!(!rules.participant.may_open && rules.participant.start_muted);
    assert_eq!(rules.participant.params["smart"], "true");

    let others = config.room(b"82").expect("rules");
    assert_eq!((others.max_users, others.params.len(), &others.waiting), (None, 0, &None));
    assert_eq!(others.utility, Utility::None);
    assert!(others.participant.may_open && !others.participant.start_muted);
    assert_eq!(config.room(b"9"), None);
}

#[test]
fn a_number_leads_to_its_route_only_when_it_is_all_of_it() {
    let config = whole();
    let found = |called: &str| {
        let (route, captures) = config.routes.find(called.as_bytes())?;
        let captures: Vec<_> = captures.iter().map(|(name, keys)| format!("{name}={keys}")).collect();
        Some((route.room.as_ref().map(ToString::to_string), captures.join(" ")))
    };
    assert_eq!(found("7801"), Some((Some("conf/${room}".into()), "room=801".into())));
    assert_eq!(found("65"), Some((Some("conf/${room}".into()), "room=5".into())));
    assert_eq!(found("7"), Some((None, String::new())));
    assert_eq!(found("78011"), None);
    assert_eq!(found(""), None);
    assert_eq!(found("+7801"), None);
    let organizer = config.roles.iter().position(|role| role == config::ROLE_ORGANIZER);
    assert_eq!((config.routes.all[0].role, config.routes.all[1].role), (organizer, None));
    assert_eq!(config.routes.all[0].params["colour"], "blue");
}

#[test]
fn files_are_beside_the_configuration_unless_they_say_where() {
    let config = whole();
    assert_eq!(config.store.as_deref(), Some(Path::new("etc/db/touchtone.db")));
    let control = config.control.expect("a socket");
    assert_eq!((control.socket.as_path(), control.mode), (Path::new("/run/touchtone.sock"), 0o660));
    assert_eq!(config.schedule.warn_before, None);
    assert_eq!(config.schedule.early, Duration::from_secs(600));
    assert_eq!(
        config.calling.direct.as_ref().map(ToString::to_string).as_deref(),
        Some("sip/sip:${number}@gateway")
    );
}

#[test]
fn what_is_keyed_for_a_pin_is_secret_and_codes_are_not_for_where_touchtone_asks_unless_they_say() {
    let config = whole();
    let secret: Vec<_> =
        config.states.iter().filter(|state| state.hides_digits).map(|state| &state.name).collect();
    assert_eq!(secret, ["pin"]);
    assert!(config.codes[0].secret && !config.codes[1].secret);
    assert_eq!(config.codes[2].operation, Operation::Lock(Switch::Toggle));
    let states: Vec<_> = config.codes[2].states.iter().map(|&at| config.states[at].name.as_str()).collect();
    assert_eq!(states, ["call", "conference", "dial", "hold"]);
    // Without any code too: what was keyed there may have been a PIN.
    let bare = loaded("[[code]]\nname = \"a\"\nkeys = \"*1\"\noperation = \"count\"");
    let pin = bare.state(config::STATE_PIN).expect("a state");
    assert!(bare.states[pin].secret && bare.states[pin].hides_digits);
}
