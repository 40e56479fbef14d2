//! Keys do what they did: what is imported, against a model of the module that it is imported from.

mod common;

use std::path::Path;

use common::brain::config;
use common::pbxassist::{Buffer, Fired, Section, search};
use proptest::prelude::*;
use touchtone::config::Config;
use touchtone::import::{Imported, import};
use touchtone::key::Keys;

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
            let groups: String = (1..=trigger.matches("\\(").count()).map(group).collect();
            format!("message=custom.{name}\n{groups}")
        };
        text += &format!("[{name}]\ntrigger={trigger}\n{states}{acts}");
    }
    let imported = imported(&text);
    let config = config(&imported.toml);
    (imported, Config::clone(&config))
}

/// What exactly these keys fire, in a state, and what each group captured.
fn fires(config: &Config, state: &str, keys: &str) -> Option<(String, Vec<(String, String)>)> {
    let map = config.keymaps.get(config.state(state).expect("a state"), None);
    let keys: Keys = keys.parse().expect("keys");
    let mut at = map.automaton.start();
    for key in keys.iter() {
        at = map.automaton.next(at, key.index())?;
    }
    let pattern = map.automaton.accepts(at)?;
    let captures =
        map.captures(pattern, &keys).into_iter().map(|(name, keys)| (name, keys.to_string())).collect();
    Some((config.codes[map.codes[pattern]].name.clone(), captures))
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
        prop_assume!(!config.codes.is_empty());
        let shorter_too = imported.toml.contains("only with another key before it");
        let begins = trigger.starts_with('^');
        for word in words {
            let there = fired(&sections, least, &word);
            let here = fires(&config, "call", &word);
            match (&there, &here) {
                (Some((_, groups)), Some((_, captures))) => {
                    // The same group may be named in several ways; each name has its number.
                    for (name, value) in captures {
                        let number: usize = name.trim_start_matches("group").parse().expect("a number");
                        prop_assert_eq!(value, &groups[number], "{} of {:?}", name, word);
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
        for word in words {
            let Some((code, _)) = fires(&config, "call", &word) else { continue };
            let there = fired(&sections, 1, &word).map(|(name, _)| name);
            prop_assert_eq!(there, Some(code), "at {}\n{}", word, imported.toml);
        }
    }
}
