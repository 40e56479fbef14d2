//! Keys do what they did: what is imported, against a model of the module that it is imported from.

mod common;

use std::path::Path;

use common::brain::config;
use common::pbxassist::{Buffer, Fired, Section, search};
use proptest::prelude::*;
use touchtone::config::{Config, Operation};
use touchtone::import::{Imported, import};
use touchtone::key::Keys;
use touchtone::template::Template;

fn imported(text: &str) -> Imported {
    import(Path::new("pbxassist.conf"), &|_| Ok(text.as_bytes().to_vec())).expect("a configuration")
}

/// The configuration of sections, all of which send `custom.NAME` with the groups they have.
fn carried(sections: &[Section], least: usize) -> (Imported, Config) {
    let mut text = format!("[general]\nenabled=yes\nminlen={least}\n");
    for Section { name, trigger, states, keeps } in sections {
        let states = if states.is_empty() {
            String::new()
        } else {
            format!("pbxstates=^\\({}\\)$\n", states.join("\\|"))
        };
        let acts = if *keeps {
            "operation=\npastekeys=\\0\npbxgreedy=yes\n".to_owned()
        } else {
            let group = |at: usize| format!("group{at}=\\{at}\n");
            let groups: String = (0..=trigger.matches("\\(").count()).map(group).collect();
            format!("message=custom.{name}\n{groups}")
        };
        text += &format!("[{name}]\ntrigger={trigger}\n{states}{acts}");
    }
    let imported = imported(&text);
    let config = config(&imported.toml);
    (imported, Config::clone(&config))
}

/// What exactly these keys fire, in a state, and the parameters that are sent then.
fn fires(config: &Config, state: &str, keys: &str) -> Option<(String, Vec<(String, String)>)> {
    let map = config.keymaps.get(config.state(state).expect("a state"), None);
    let keys: Keys = keys.parse().expect("keys");
    let mut at = map.automaton.start();
    for key in keys.iter() {
        at = map.automaton.next(at, key.index())?;
    }
    let pattern = map.automaton.accepts(at)?;
    let captures = map.captures(pattern, &keys);
    let code = &config.codes[map.codes[pattern]];
    let Operation::Message { params, .. } = &code.operation else {
        return Some((code.name.clone(), Vec::new()));
    };
    let value = |name: &str| {
        let captured = captures.iter().find(|(captured, _)| captured == name).map(|(_, keys)| keys);
        let keys = captured.or((name == "keys").then_some(&keys))?;
        Some(keys.symbols().into_bytes().into())
    };
    let param = |(name, template): (&String, &Template)| {
        (name.clone(), String::from_utf8(template.render(value)).expect("text"))
    };
    Some((code.name.clone(), params.iter().map(param).collect()))
}

/// What the module does at the last of these keys, if it did nothing before.
fn fired(sections: &[Section], least: usize, keys: &str) -> Option<Fired> {
    let mut buffer = Buffer { sections, least, state: "new", keys: String::new() };
    let count = keys.chars().count();
    for (at, key) in keys.chars().enumerate() {
        if let Some(fired) = buffer.key(key) {
            return (at + 1 == count).then_some(fired);
        }
    }
    None
}

#[test]
fn the_matcher_matches_as_the_c_library_does() {
    let found = |expression, text| search(expression, text).map(|groups| groups[..2].to_vec());
    assert_eq!(found(r"\*1\([0-9]\+\)\*$", "55*1201*"), Some(vec!["*1201*".to_owned(), "201".to_owned()]));
    assert_eq!(found(r"^\([0-9]*\)5", "1555"), Some(vec!["1555".to_owned(), "155".to_owned()]));
    assert_eq!(found(r"\(1\|23\)\{2\}#", "0123#"), Some(vec!["123#".to_owned(), "23".to_owned()]));
    assert_eq!(found(r"^[^0-9]$", "5"), None);
    assert_eq!(found(r".\?7", "67"), Some(vec!["67".to_owned(), String::new()]));
}

fn section(name: &str, trigger: &str) -> Section {
    Section { name: name.to_owned(), trigger: trigger.to_owned(), states: Vec::new(), keeps: false }
}

/// Expressions over few keys, so that they meet.
fn expression() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => prop::sample::select(vec![r"\*", "#", "1", "2", "3"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["[0-9]", "[12]", "[^1-9]", "[^2*]", ".", "[3#]"]).prop_map(str::to_owned),
    ];
    let atom = atom.prop_recursive(2, 8, 3, |inner| {
        let sequence = prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| parts.concat());
        prop_oneof![
            sequence.clone().prop_map(|inside| format!(r"\({inside}\)")),
            (sequence.clone(), sequence).prop_map(|(a, b)| format!(r"\({a}\|{b}\)")),
            (inner, prop::sample::select(vec!["*", r"\+", r"\?", r"\{2\}", r"\{1,2\}", r"\{2,\}"])).prop_map(
                |(part, times)| if part.ends_with(['*', '+', '?', '}']) { part } else { part + times }
            ),
        ]
    });
    let body = prop::collection::vec(atom, 1..5).prop_map(|parts| parts.concat());
    (any::<bool>(), body, any::<bool>())
        .prop_map(|(begin, body, end)| {
            format!("{}{body}{}", if begin { "^" } else { "" }, if end { "$" } else { "" })
        })
        // A repeat that comes first is something else.
        .prop_filter("a repeat of nothing", |text| !text.contains(r"\(*") && !text.contains("^*"))
}

fn keyed() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!['*', '#', '1', '2', '3']), 1..7)
        .prop_map(|keys| keys.into_iter().collect())
}

/// Bytes, and files whose lines are out of place.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let office: Vec<&'static str> = include_str!("import/office.conf").lines().collect();
    let line = prop_oneof![
        6 => prop::sample::select(office).prop_map(|line| line.as_bytes().to_vec()),
        2 => expression().prop_map(|text| format!("trigger={text}").into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => ".{0,20}".prop_map(String::into_bytes),
        1 => r"(trigger|pbxstates)=[\\(){}|*+?0-3,^$\[\]-]{0,12}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.join(&b'\n'))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_section_that_is_carried_fires_at_exactly_the_same_keys(
        trigger in expression(),
        least in 1usize..4,
        words in prop::collection::vec(keyed(), 60),
    ) {
        let sections = [section("it", &trigger)];
        let (imported, config) = carried(&sections, least);
        if config.codes.is_empty() {
            return Ok(());
        }
        let shorter_too = imported.toml.contains("only with another key before it");
        let begins = trigger.starts_with('^');
        for word in words {
            let there = fired(&sections, least, &word);
            let here = fires(&config, "call", &word);
            match (&there, &here) {
                (Some((_, groups)), Some((_, params))) => {
                    for (name, value) in params {
                        if let Some(number) = name.strip_prefix("group") {
                            let number: usize = number.parse().expect("a number");
                            prop_assert_eq!(value, &groups[number], "{} of {}\n{}", name, word, imported.toml);
                        }
                    }
                }
                (Some((_, groups)), None) => {
                    // What comes before a match is given up here, and was in the buffer there.
                    prop_assert!(!begins && groups[0] != word, "{:?} fires nothing\n{}", word, imported.toml);
                }
                (None, Some(_)) => {
                    let short = word.len() < least && search(&trigger, &word).is_some();
                    prop_assert!(shorter_too && short, "{:?} fires\n{}", word, imported.toml);
                }
                (None, None) => {}
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_carried_and_what_is_carried_loads(bytes in any_file()) {
        if let Ok(imported) = import(Path::new("x.conf"), &|_| Ok(bytes.clone())) {
            config(&imported.toml);
        }
    }

    #[test]
    fn of_several_sections_the_same_one_fires(
        triggers in prop::collection::vec(expression(), 2..5),
        words in prop::collection::vec(keyed(), 60),
    ) {
        let named = |(at, trigger): (usize, &String)| section(&format!("s{at}"), trigger);
        let sections: Vec<_> = triggers.iter().enumerate().map(named).collect();
        let (imported, config) = carried(&sections, 1);
        if imported.toml.replace("\n# ", " ").contains("another section's here") {
            return Ok(());
        }
        for word in words {
            let Some((code, _)) = fires(&config, "call", &word) else { continue };
            let there = fired(&sections, 1, &word).map(|(name, _)| name);
            prop_assert_eq!(there, Some(code), "at {}\n{}", word, imported.toml);
        }
    }
}

#[test]
fn what_a_section_takes_that_cannot_be_carried_is_not_given_to_another() {
    let sections = [section("loop", r"#\(1\|23\)*\*$"), section("star", r"\*$")];
    let (imported, config) = carried(&sections, 1);
    assert!(
        imported.toml.contains("[loop] is not carried: alternatives that are repeated"),
        "{}",
        imported.toml
    );
    assert_eq!(fires(&config, "call", "*").map(|(name, _)| name), Some("star".to_owned()));
    let sections = [section("loop", r"\(1\|23\)*\*$"), section("star", r"\*$")];
    let (imported, config) = carried(&sections, 1);
    assert_eq!(fired(&sections, 1, "*").map(|(name, _)| name), Some("loop".to_owned()));
    assert_eq!(fires(&config, "call", "*"), None, "{}", imported.toml);
}
