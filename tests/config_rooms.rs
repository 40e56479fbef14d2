//! What is read of a configuration that makes a conference server.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::time::Duration;

use touchtone::config::{self, Config, Operation, Switch, Utility};
use touchtone::store::PinHash;

fn loaded(text: &str) -> Config {
    let loaded = config::load(Path::new("etc/touchtone.toml"), |_| Ok(text.to_owned()));
    let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(loaded.warnings, []);
    loaded.config
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
