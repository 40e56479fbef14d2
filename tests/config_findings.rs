//! A configuration that loads works as it reads: what would not is refused or warned of, each at its place.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::io::ErrorKind;
use std::path::Path;

use touchtone::config::{self, Config, check};
use touchtone::diagnostic::{Severity, Style};
use touchtone::key::Keys;

/// What is found in a text: severity and kind, what stands at the place, and the message.
fn found(text: &str) -> Vec<String> {
    let outcome = config::load(Path::new("touchtone.toml"), |path| match path.to_str() {
        Some("touchtone.toml") => Ok(text.to_owned()),
        _ => Err(ErrorKind::NotFound.into()),
    });
    let (diagnostics, sources) = match outcome {
        Ok(loaded) => (loaded.warnings, loaded.sources),
        Err(refused) => (refused.diagnostics, refused.sources),
    };
    let told = diagnostics.iter().map(|found| {
        let severity = if found.severity == Severity::Error { "error" } else { "warning" };
        let place = found.place.as_ref().and_then(|place| Some((sources.get(place.source)?, &place.span)));
        let marked = place.map_or("nowhere", |(source, span)| source.excerpt(span));
        format!("{severity}[{}] at {marked}: {}", found.kind, found.message)
    });
    told.collect()
}

/// The help for the only thing that is found in a text.
fn help(text: &str) -> String {
    match config::load(Path::new("touchtone.toml"), |_| Ok(text.to_owned())) {
        Ok(loaded) => loaded.warnings[0].help.clone(),
        Err(refused) => refused.diagnostics[0].help.clone(),
    }
    .expect("a way out")
}

fn loaded(text: &str) -> Config {
    let loaded = config::load(Path::new("touchtone.toml"), |_| Ok(text.to_owned()));
    loaded.unwrap_or_else(|refused| panic!("{refused}")).config
}

/// A code that mutes, with more lines of its own.
fn code(name: &str, lines: &str) -> String {
    format!("[[code]]\nname = {name:?}\noperation = \"mute\"\n{lines}\n")
}

/// The role that a room gives by itself.
fn role_of<'c>(config: &'c Config, room: &str) -> Option<&'c str> {
    let given = config.role_rooms.iter().find(|(pattern, _)| pattern.matches(room.as_bytes()));
    given.map(|&(_, role)| config.roles[role].as_str())
}

#[test]
fn of_the_rooms_that_give_roles_the_first_in_the_file_counts() {
    let organizer = "[roles.organizer]\nrooms = \"conf/99*\"\n";
    let member = "[roles.member]\nrooms = \"conf/9*\"\n";
    let text = format!("{organizer}{member}{}", code("a", "keys = \"*1\""));
    assert_eq!(found(&text), [""; 0]);
    let config = loaded(&text);
    assert_eq!(role_of(&config, "991"), Some("organizer"));
    assert_eq!(role_of(&config, "911"), Some("member"));
    let text = format!("{member}{organizer}{}", code("a", "keys = \"*1\""));
    assert_eq!(
        found(&text),
        ["warning[covered-rooms] at \"conf/99*\": the rooms \"conf/99*\" give the role `member` already"]
    );
    assert_eq!(help(&text), "write [roles.organizer] before [roles.member]");
}

#[test]
fn a_role_that_its_rooms_never_give_is_warned_of() {
    let rooms = |first: &str, second: &str| {
        let text = format!("[roles.a]\nrooms = {first:?}\n[roles.b]\nrooms = {second:?}\n");
        found(&(text + &code("a", "keys = \"*1\""))).len()
    };
    assert_eq!(rooms("conf/9*", "conf/99"), 1);
    assert_eq!(rooms("conf/9", "9"), 1, "the same room");
    assert_eq!(rooms("*", "conf/*"), 1);
    assert_eq!(rooms("conf/99", "conf/9*"), 0);
    assert_eq!(rooms("conf/9", "conf/99"), 0);
    let same = format!("[roles.a]\nrooms = [\"9*\", \"99\"]\n{}", code("a", "keys = \"*1\""));
    assert_eq!(found(&same), [""; 0], "the same role");
}

#[test]
fn a_role_that_nothing_gives_is_warned_of_unless_routing_is_said_to() {
    let text = code("a", "keys = \"*1\"\nallow = \"boss\"");
    assert_eq!(found(&text), ["warning[unknown-role] at \"boss\": there is no section [roles.boss]"]);
    assert_eq!(
        help(&text),
        "write [roles.boss] with the `rooms` that give it, or without if routing does, by touchtone_role=boss"
    );
    assert_eq!(found(&format!("[roles.boss]\n{text}")), [""; 0]);
}

/// A code whose operation follows; it has no keys unless the lines give it some.
fn chain(leader: &str, follower: &str) -> String {
    let leave = code("leave", &format!("keys = \"*0\"\nstate = \"conference\"\nthen = \"end\"\n{leader}"));
    format!("[roles.organizer]\n[roles.member]\n{leave}{}", code("end", follower))
}

#[test]
fn nobody_has_what_follows_done_who_may_not_key_it() {
    let end = "keys = \"*1\"\nallow = \"organizer\"";
    let refused = ["error[allow-follower] at \"end\": `end` is not for everybody who may key `leave`"];
    assert_eq!(found(&chain("", end)), refused, "everybody");
    assert_eq!(found(&chain("allow = [\"organizer\", \"member\"]", end)), refused);
    assert_eq!(found(&chain("allow = \"organizer\"", end)), [""; 0]);
    assert_eq!(found(&chain("allow = \"member\"", "keys = \"*1\"")), [""; 0]);
    assert_eq!(
        help(&chain("", end)),
        "give `leave` the same `allow`, or write a code without keys for what is to follow"
    );
}

#[test]
fn nobody_has_it_done_by_a_longer_chain_either() {
    let text = code("leave", "keys = \"*0\"\nthen = \"middle\"")
        + &code("middle", "then = \"end\"")
        + &chain("allow = \"organizer\"", "keys = \"*1\"\nallow = \"organizer\"")
            .replace("leave", "other")
            .replace("*0", "*2");
    assert_eq!(
        found(&text),
        ["error[allow-follower] at \"end\": `end` is not for everybody who may key `leave`"]
    );
}

#[test]
fn a_code_without_keys_says_nothing_of_keys() {
    for line in
        ["state = \"conference\"", "allow = \"organizer\"", "interdigit = \"2s\"", "critical = \"2s\""]
    {
        let (key, _) = line.split_once(' ').expect("a line");
        assert_eq!(
            found(&chain("allow = \"organizer\"", line)),
            [format!(
                "error[misplaced-key] at {key}: `{key}` belongs to codes with keys, and `end` has none"
            )]
        );
    }
}

const MUTE: &str = "[[code]]\nname = \"mute\"\nkeys = \"*6\"\noperation = \"mute\"\n";

#[test]
fn dropping_where_every_digit_goes_on_is_warned_of() {
    let text = format!("[states.call]\nunmatched = \"drop\"\npass-through = true\n{MUTE}");
    assert_eq!(
        found(&text),
        [
            "warning[no-effect] at \"drop\": every digit in the state `call` goes on as it comes, and none is dropped"
        ]
    );
    assert_eq!(found(&text.replace("drop", "pass")), [""; 0]);
    assert_eq!(found(&text.replace("call", "conference").replace("unmatched = \"drop\"\n", "")), [""; 0]);
}

#[test]
fn what_watching_alone_cannot_do_is_said() {
    let observe = |rest: &str| found(&format!("[yate]\nintercept = false\n{rest}\n{MUTE}"));
    let conference = "warning[observing] at false: digits that are only watched cannot be dropped, as in the state \
                      `conference` if nothing is said";
    assert_eq!(observe(""), [conference]);
    assert_eq!(
        observe("[states.conference]\nunmatched = \"drop\""),
        ["warning[observing] at \"drop\": digits that are only watched cannot be dropped"]
    );
    let observe = |rest: &str, state: &str| {
        let quiet = format!("[states.conference]\nunmatched = \"pass\"\n{state}");
        found(&format!("[yate]\nintercept = false\n{rest}\n{quiet}\n{MUTE}"))
    };
    assert_eq!(observe("", ""), [""; 0]);
    assert_eq!(
        observe("priority = 20", ""),
        ["warning[observing] at 20: who only watches digits has no place among those who handle them"]
    );
    let enter = "warning[observing] at \"#\": digits that are only watched all go on, the enter key too";
    assert_eq!(observe("[keypad]\nenter = \"#\"", ""), [enter]);
    assert_eq!(observe("", "enter = \"#\""), [enter]);
    assert_eq!(observe("", "enter = \"none\""), [""; 0]);
    assert_eq!(
        observe("", "pass-through = true"),
        ["warning[observing] at true: digits that are only watched go on as they come in every state"]
    );
    let pin = "[states.pin]\nfirst-key = \"5s\"\n[[code]]\nname = \"ask\"\nkeys = \"**\"\noperation = \"set-state\"\nto = \"pin\"";
    assert_eq!(
        observe("", pin),
        ["warning[observing] at \"5s\": the other party hears what is keyed in the state `pin`"]
    );
}

/// A state, and codes that set it: each with its name, its state and where it leads.
fn states(codes: &[(&str, &str, &str)]) -> Vec<String> {
    let codes = codes.iter().map(|(name, state, to)| {
        let keys = format!("keys = \"*{}\"", name.len());
        format!(
            "[[code]]\nname = {name:?}\n{keys}\nstate = {state:?}\noperation = \"set-state\"\nto = {to:?}\n"
        )
    });
    found(&format!("[states.one]\n[states.two]\n{}", codes.collect::<String>()))
}

#[test]
fn a_state_that_no_call_comes_to_is_warned_of_with_the_codes_that_never_fire() {
    let never = |name: &str, at: &str| {
        format!("warning[unentered-state] at {at}: no call is ever in the state `{name}`")
    };
    assert_eq!(states(&[("a", "call", "one"), ("bb", "one", "two"), ("ccc", "two", "auto")]), [""; 0]);
    assert_eq!(states(&[("a", "one", "one"), ("bb", "call", "two")]), [never("one", "one")]);
    assert_eq!(
        states(&[("a", "one", "two"), ("bb", "two", "one")]),
        [never("one", "one"), never("two", "two")]
    );
    let text = "[states.one]\n".to_owned()
        + &code("a", "keys = \"*1\"\nstate = \"one\"")
        + &code("b", "keys = \"*2\"\nstate = [\"one\", \"call\"]");
    let refused = config::load(Path::new("touchtone.toml"), |_| Ok(text.clone())).expect("a warning");
    let related: Vec<_> = refused.warnings[0].related.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(related, ["`a` never fires"]);
}

#[test]
fn a_state_that_a_follower_sets_is_entered() {
    let text = "[states.held]\n".to_owned()
        + &code("hold", "keys = \"*1\"\nthen = \"waiting\"")
        + "[[code]]\nname = \"waiting\"\noperation = \"set-state\"\nto = \"held\"\n";
    assert_eq!(found(&text), [""; 0]);
}

#[test]
fn a_code_that_is_too_large_is_named_where_it_stands() {
    let large = |name: &str, keys: &str| code(name, &format!("keys = {keys:?}"));
    let text = "[limits]\ndfa-states = 20\n".to_owned()
        + &large("a", "*1")
        + &large("b", "*(1x{1,9}1x{1,9}2)")
        + &large("c", "*2");
    assert_eq!(
        found(&text),
        ["error[limit] at \"*(1x{1,9}1x{1,9}2)\": `b` is more than the limit \"dfa-states\" allows (20)"]
    );
    let text = "[limits]\ndfa-states = 20\n".to_owned()
        + &large("a", "*1x{10}1")
        + &large("b", "*2x{10}2")
        + &large("c", "*3x{10}3");
    assert_eq!(
        found(&text),
        ["error[limit] at nowhere: all codes together are more than the limit \"dfa-states\" allows (20)"]
    );
}

#[test]
fn the_name_is_marked_by_which_a_chain_never_ends() {
    let text = code("a", "keys = \"*1\"\nthen = [\"x\", \"a\"]") + &code("x", "");
    assert_eq!(found(&text), ["error[endless-chain] at \"a\": a code that follows itself never ends"]);
    let text = code("a", "keys = \"*1\"\nthen = [\"x\", \"b\"]")
        + &code("b", "then = [\"x\", \"a\"]")
        + &code("x", "");
    let marked: Vec<_> = found(&text).iter().map(|found| found[..28].to_owned()).collect();
    assert_eq!(
        marked,
        ["error[endless-chain] at \"b\": ", "error[endless-chain] at \"a\": "].map(|m| &m[..28])
    );
}

#[test]
fn the_help_for_keys_that_are_too_many_can_be_followed() {
    let long = |keys: &str| code("a", &format!("keys = {keys:?}"));
    assert_eq!(help(&long("#x{40}")), "shorten it, or set `max-digits = 41` in [keypad]");
    assert_eq!(help(&long("#x{200}")), "shorten it: no more than 128 keys can be held");
    assert_eq!(help(&long("*2x{1,200}#")), "shorten it: no more than 128 keys can be held");
}

#[test]
fn keys_without_an_end_are_warned_of() {
    let open = code("a", "keys = \"*2x{1,}#\"");
    assert_eq!(
        found(&open),
        ["warning[too-long] at \"*2x{1,}#\": `a` can take any number of keys, and no more than 32 are held"]
    );
    assert_eq!(help(&open), "say how many at most, as in {1,10}");
    assert_eq!(found(&code("a", "keys = \"*2x{1,10}#\"")), [""; 0]);
}

#[test]
fn the_sound_of_a_state_names_what_can_be_known_there() {
    let sound = |state: &str, sound: &str| {
        let enter =
            format!("[[code]]\nname = \"in\"\nkeys = \"*1\"\noperation = \"set-state\"\nto = {state:?}\n");
        found(&format!("[states.{state}]\non-unmatched = {sound:?}\n{enter}"))
    };
    assert_eq!(sound("pin", "tone/${keys}"), [""; 0]);
    assert_eq!(
        sound("pin", "tone/${code}"),
        ["error[unknown-name] at code: nothing is known here by the name `code`"]
    );
    assert_eq!(sound("conference", "tone/${room}"), [""; 0]);
    assert_eq!(
        sound("call", "tone/${room}"),
        ["error[unknown-name] at room: `room` is the room the caller is in, and in this state there is none"]
    );
}

#[test]
fn nothing_that_a_caller_sends_says_what_is_played_or_called() {
    let code = |lines: &str| {
        found(&format!("[[code]]\nname = \"a\"\nkeys = \"*1\"\nstate = \"conference\"\n{lines}"))
    };
    let refused = |name: &str| {
        vec![format!(
            "error[unsafe-name] at {name}: `{name}` is what a caller sends, and could name any resource"
        )]
    };
    assert_eq!(code("operation = \"leave\"\nto = \"${called}\""), refused("called"));
    assert_eq!(code("operation = \"mute\"\non-success = \"${caller}\""), refused("caller"));
    assert_eq!(code("operation = \"mute\"\non-failure = \"${room}${caller}/x\""), refused("caller"));
    let message = "operation = \"message\"\nmessage = \"call.execute\"\n";
    assert_eq!(code(&format!("{message}params = {{ callto = \"${{called}}\" }}")), refused("called"));
    assert_eq!(code(&format!("{message}params = {{ caller = \"${{caller}}\" }}")), [""; 0]);
    assert_eq!(code("operation = \"leave\"\nto = \"conf/${called}\""), [""; 0]);
    assert_eq!(code("operation = \"leave\"\nto = \"${peer}\""), [""; 0]);
}

#[test]
fn of_several_ways_to_read_keys_the_one_counts_that_the_readme_says() {
    let config = loaded(&code("a", "keys = \"*(a:x{1,3})(b:x{1,3})#\""));
    let captured = config.keymaps.get(0, None).captures(0, &"*1234#".parse::<Keys>().expect("keys"));
    let captured: Vec<_> = captured.iter().map(|(name, keys)| format!("{name}={keys}")).collect();
    assert_eq!(captured, ["a=123", "b=4"]);
}

#[test]
fn of_very_many_findings_some_are_shown_errors_first_and_the_others_counted() {
    let codes = |count| -> String {
        (0..count).map(|at| code(&format!("c{at}"), &format!("keys = \"*{at:03}x{{1,}}#\""))).collect()
    };
    let shown = |text: &str, format| {
        let outcome = config::load(Path::new("touchtone.toml"), |_| Ok(text.to_owned()));
        check::findings(&outcome, format)
    };
    let errors = codes(150) + "wrong = 1\n";
    let said = shown(&errors, check::Format::Text(Style::default()));
    assert_eq!(said.matches("warning[").count() + said.matches("error[").count(), 100);
    assert!(said.contains("error[unknown-key]"));
    let all = shown(&errors, check::Format::Json).lines().count();
    assert!(said.ends_with(&format!("\nand {} more\n\n", all - 100)));
    assert!(all > 150, "{all}");
}
