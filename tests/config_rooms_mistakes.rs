//! What an admin sees who made a mistake in what makes a conference server.

#[macro_use]
mod common;

use std::path::Path;

use common::mistakes::said;
use touchtone::config;

/// What `touchtone check` says of a text.
fn said_of(text: &str) -> String {
    said(&config::load(Path::new("etc/touchtone.toml"), |_| Ok(text.to_owned())))
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

[metrics]
"#;

    metrics_for_others: r#"
[metrics]
listen = "0.0.0.0:9464"
port = 9464
"#;

    metrics_by_name: r#"
[metrics]
listen = "localhost:9464"
"#;

    metrics_without_a_port: r#"
[metrics]
listen = "127.0.0.1:0"
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
