//! What an admin sees who made a mistake.

#![allow(clippy::panic, reason = "tests fail by panicking")]

#[macro_use]
mod common;

use std::io::ErrorKind;
use std::path::Path;

use common::mistakes::said;
use touchtone::config::{self, check};

/// What `touchtone check` says of this text, with some grammars beside it.
fn said_of(text: &str) -> String {
    let path = Path::new("etc/touchtone.toml");
    let outcome = config::load(path, |path| match path.to_str() {
        Some("etc/touchtone.toml") => Ok(text),
        Some("etc/grammars/good.gram") => Ok(GOOD),
        Some("etc/grammars/bad.gram") => Ok(BAD),
        Some("etc/grammars/voice.gram") => Ok(VOICE),
        _ => Err(ErrorKind::NotFound.into()),
    });
    said(&outcome)
}

const GOOD: &str = r#"#ABNF 1.0;
mode dtmf;
$digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
public $room = $digit<3-6>;
$pin = $digit<4>;
public $join = "*" 3 $room [ "*" $pin ] pound;
public $mute = "*" 6;
"#;

const BAD: &str = r#"#ABNF 1.0;
mode dtmf;
public $mute = "*" $six;
public $mute = "*" 7 mute;
"#;

const VOICE: &str = "#ABNF 1.0;\nlanguage en;\npublic $mute = mute me;\n";

mistakes! {
    unknown_keys: r#"
conect = "stdio"

[yate]
conect = "stdio"
max-digits = 8

[keypads]
interdigit = "4s"

[states.conference]
unmached = "drop"

[[code]]
name = "mute"
key = "*6"
keys = "*6"
operation = "mute"
on_success = "tone/dial"
volume = 11
"#;

    wrong_types: r#"
record = "wave/record//srv/a.au"

[yate]
connect = ["stdio"]
priority = "15"
intercept = "true"
answer-timeout = 5
reconnect = "1s"

[keypad]
enter = 1
max-digits = 3.5

[states]
call = "pass"

[code]
name = "mute"
"#;

    wrong_types_in_a_code: r#"
[[code]]
name = 6
keys = 6
state = ["call", 5]
allow = true
operation = false
params = ["a"]

[[code]]
name = "kick"
keys = ["*7", 8]
operation = "message"
message = "call.drop"
masquerade = "no"
params = { reason = ["a"], error = 1979-05-27, code = 5, quiet = true }
"#;

    values_out_of_bounds: r###"
[yate]
priority = 0
answer-timeout = "2h"
reconnect = { shortest = "1m", longest = "5s" }

[keypad]
interdigit = "4 seconds"
critical = "1ms"
enter = "##"
max-digits = 1_000
reorder = "1.5s"

[states.call]
unmatched = "dropped"
enter = ""
"###;

    addresses: r#"
[yate]
connect = "/run/yate.sock"
"#;

    a_late_priority: r#"
[yate]
priority = 80

[[code]]
name = "mute"
keys = "*6"
operation = "mute"
"#;

    no_toml: r#"
[yate]
intercept = yes
connect = unix:/run/x

[keypad
interdigit = "4s"
interdigit = "5s"

[[code]]
name = "mute
keys = *6
operation "mute"
on-success = 'tone/dial
state = ["call" "conference"]

[yate]
priority = 20
"#;

    a_string_without_end: r#"
[[code]]
name = """mute
keys = "*6"
operation = "mute"
"#;

    incomplete_codes: r#"
[[code]]

[[code]]
name = "a"
keys = "*1"
operation = "join"

[[code]]
name = "b"
keys = "*2"
operation = "message"

[[code]]
name = "c"
keys = []
state = []
allow = []
operation = "leave"
"#;

    keys_of_other_operations: r#"
[[code]]
name = "a"
keys = "*1"
operation = "mute-togle"

[[code]]
name = "b"
keys = "*2"
operation = "mute"
room = "conf/1"
params = {}
to = "tone/dial"
"#;

    names: r#"
[states."my state"]
unmatched = "drop"

[[code]]
name = "mute me"
keys = "*1"
operation = "mute"
allow = ["chair", "vice:chair"]

[[code]]
name = "unmute"
keys = "*2"
operation = "unmute"

[[code]]
name = "unmute"
keys = "*3"
operation = "unmute"
state = ["confrence", "foyer"]
"#;

    templates: r#"
[record]
file = "wave/record//var/spool/${rom}-${date}.au"
warn = "wave/play/${called}"

[[code]]
name = "a"
keys = "*3(room:x{3})#"
operation = "join"
room = "conf/${roum}"
params = { a = "${", b = "${b c}", c = "$${not a name} ${code}", d = "${nothing}" }
on-success = "wave/play/\"\u00fc\"/${kees}"
on-failure = """
  tone/${room\
}"""
"#;

    captures: r#"
[[code]]
name = "a"
keys = ["*3(room:x{3})#", "*4"]
operation = "join"
room = "conf/${room}"

[[code]]
name = "b"
keys = "*5(room:x{3}){0,1}#"
operation = "join"
room = "conf/${room}"

[[code]]
name = "c"
keys = "*7"
state = "call"
operation = "leave"
to = "conf/${room}"
"#;

    rooms_messages_and_parameters: r#"
[[code]]
name = "a"
keys = "*1"
operation = "join"
room = "800"
params = { callto = "x", "" = "y", "a=b" = "z", "a\u0000" = "" }

[[code]]
name = "b"
keys = "*2"
operation = "join"
room = "conf/"

[[code]]
name = "c"
keys = "*3(room:x)"
operation = "join"
room = "${room}"

[[code]]
name = "d"
keys = "*4"
operation = "message"
message = "chan.control:x"
params = { id = "sip/1" }

[[code]]
name = "e"
keys = "*5"
operation = "message"
message = ""
masquerade = false
params = { id = "sip/1" }
"#;

    resources: r#"
[record]
by = "room"
file = "/var/spool/a.au"

[[code]]
name = "a"
keys = "*1"
operation = "leave"
to = "800"
on-success = "beep"
on-failure = "/usr/share/sounds/no.au"
"#;

    recordings_of_the_same_name: r#"
[record]
file = "wave/record//srv/${room}.au"
warn = "wave/play//srv/warn.au"

[[code]]
name = "a"
keys = "*1"
operation = "record-start"
"#;

    expressions: r#"
[[code]]
name = "a"
keys = "*1 2"
operation = "mute"

[[code]]
name = "b"
keys = ["*L1", "\u002a[3-1]", "(x", "x{3,2}", "*1|*2", ""]
operation = "mute"

[[code]]
name = "c"
keys = "*x{1001}"
operation = "mute"
"#;

    the_same_keys: r#"
[[code]]
name = "a"
keys = ["*1", "*6"]
operation = "mute"

[[code]]
name = "b"
keys = "*x"
operation = "unmute"
allow = ["organizer", "speaker"]
state = "conference"

[[code]]
name = "c"
keys = "*7"
operation = "mute"
allow = "caller"
"#;

    keys_that_begin_others: r#"
[states.call]
critical = "1500ms"

[[code]]
name = "a"
keys = "*1"
operation = "mute"

[[code]]
name = "b"
keys = ["*2", "*12x"]
operation = "unmute"
"#;

    keys_that_cannot_be: r##"
[keypad]
max-digits = 4

[[code]]
name = "a"
keys = "*1x{4}#"
operation = "mute"

[[code]]
name = "b"
keys = "x{0,2}"
operation = "unmute"
"##;

    keys_that_can_be_too_many: r##"
[keypad]
max-digits = 8

[[code]]
name = "a"
keys = ["*1x{1,10}#", "*2x{1,}#"]
operation = "mute"
"##;

    states_that_do_nothing: r#"
[yate]
intercept = false

[states.call]
unmatched = "pass"

[states.conference]
unmatched = "drop"

[states.foyer]
critical = "2s"

[[code]]
name = "a"
keys = "*6"
state = ["foyer", "call"]
operation = "mute"
"#;

    chains: r#"
[[code]]
name = "a"
keys = "*1(n:x)"
operation = "mute"
then = ["b", "d"]

[[code]]
name = "b"
operation = "message"
message = "call.drop"
params = { n = "${n}", m = "${m}" }
then = "c"

[[code]]
name = "c"
operation = "unmute"
then = ["c", "aa"]

[[code]]
name = "d"
keys = "*2"
operation = "message"
message = "call.drop"
params = { n = "${n}" }

[[code]]
name = "e"
operation = "unmute"
"#;

    states_and_roles: r#"
[states.pin]
first-key = "10s"
on-unmatched = "wave/play//srv/${caller}.au"
on-timeout = "tone/${digits}"

[states.foyer]
pass-through = "yes"

[roles.organizer]
rooms = ["conf/9*", "", "8*1"]

[[code]]
name = "a"
keys = "*1"
operation = "set-state"
to = "pinn"

[[code]]
name = "b"
keys = "*2"
allow = ["organiser", "caretaker"]
operation = "set-state"
"#;

    states_that_are_entered: r#"
[states.door]
first-key = "10s"

[[code]]
name = "a"
keys = "*1"
state = "call"
operation = "set-state"
to = "door"

[[code]]
name = "b"
keys = "[0-9]{4}"
state = "door"
operation = "set-state"
to = "auto"
"#;

    names_of_files: r#"
[[code]]
name = "a"
keys = "*6(n:x)"
operation = "message"
message = "chan.attach"
params = { source = "wave/play//srv/${caller}.au", notify = "${caller}" }
on-success = "wave/play//srv/${called}/${n}.au"
"#;

    limits: r#"
[limits]
nesting = 1000
repeat = 10
nfa-states = 20

[[code]]
name = "a"
keys = ["x{11}", "x{10}"]
operation = "mute"

[[code]]
name = "b"
keys = "*x{9}(xx){5}"
operation = "mute"

[[code]]
name = "c"
keys = "*x{8}(xx){5}"
operation = "mute"
"#;

    single_keys: r##"
[[code]]
name = "a"
keys = ["5", "#"]
operation = "mute"
"##;

    a_rule_without_a_grammar: r#"
[[code]]
name = "a"
rule = "mute"
operation = "mute"

[[code]]
name = "b"
keys = "*2"
rule = "mute"
operation = "mute"
"#;

    a_grammar_that_is_not_there: r#"
[keypad]
grammar = "grammars/none.gram"

[[code]]
name = "a"
rule = "mute"
operation = "mute"
"#;

    a_grammar_with_errors: r#"
[keypad]
grammar = "grammars/bad.gram"

[[code]]
name = "a"
rule = "mute"
operation = "mute"
"#;

    a_grammar_of_words: r#"
[keypad]
grammar = "grammars/voice.gram"

[[code]]
name = "a"
rule = "mute"
operation = "mute"
"#;

    rules: r#"
[keypad]
grammar = "grammars/good.gram"

[[code]]
name = "a"
rule = "jion"
operation = "mute"

[[code]]
name = "b"
rule = "digit"
operation = "mute"

[[code]]
name = "c"
rule = "join"
state = "call"
operation = "join"
room = "conf/${rooms}"
"#;

    keys_of_rules: r#"
[keypad]
grammar = "grammars/good.gram"
max-digits = 4

[[code]]
name = "a"
rule = "join"
operation = "join"
room = "conf/${pin}"

[[code]]
name = "b"
rule = "mute"
operation = "mute"

[[code]]
name = "c"
keys = "*6"
operation = "unmute"
"#;

    rules_that_nobody_uses: r#"
[keypad]
grammar = "grammars/good.gram"

[[code]]
name = "b"
rule = "mute"
operation = "mute"
"#;

    a_grammar_that_nobody_uses: r#"
[keypad]
grammar = "grammars/good.gram"

[[code]]
name = "b"
keys = "*6"
operation = "mute"
"#;

    nothing_at_all: "";
}

#[test]
fn files_that_cannot_be_read() {
    let said: String = [ErrorKind::NotFound, ErrorKind::PermissionDenied, ErrorKind::InvalidData]
        .map(|kind| {
            let path = Path::new("etc/touchtone.toml");
            let outcome = config::load::<String>(path, |_| Err(kind.into()));
            said(&outcome)
        })
        .concat();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(said) });
}

#[test]
fn json_has_lines_and_columns() {
    let path = Path::new("touchtone.toml");
    let text = "# \u{fc}\n[[code]]\nname = \"\u{fc}\"\nkeys = \"*6\"\noperation = \"m\u{fc}te\"\nx = 1\nname = 'b'\n";
    let outcome = config::load(path, |_| Ok(text.to_owned()));
    insta::assert_snapshot!(check::findings(&outcome, check::Format::Json));
}
