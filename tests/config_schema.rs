//! What can be written is said once: schema, defaults and the loader agree.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;

use touchtone::config::schema::{self, Key, Section, Value};
use touchtone::config::{self, Bounds, Loaded, Refused};
use touchtone::grammar::Limits;

fn load(text: &str) -> Result<Loaded, Refused> {
    config::load(Path::new("touchtone.toml"), |_| Ok(text.to_owned()))
}

fn sections(section: &'static Section) -> Vec<&'static Section> {
    let inner = section.keys.iter().filter_map(|key| match &key.value {
        Value::Table(inner) | Value::Tables(inner) | Value::NamedTables(inner) => Some(*inner),
        _ => None,
    });
    std::iter::once(section).chain(inner.flat_map(sections)).collect()
}

/// A line for a key of a section, as it would stand in a file, with what the section must have besides.
fn in_section(section: &Section, line: &str) -> String {
    let title = match section.title {
        "reconnect" => "[yate.reconnect]".to_owned(),
        "[states.NAME]" => "[states.call]".to_owned(),
        title => title.replace("NAME", "8"),
    };
    let needed = section.keys.iter().filter(|key| key.required && !line.starts_with(key.name));
    let needed: String = needed.map(|key| key.example_line() + "\n").collect();
    // What asks callers for something needs a code to key it, and what is on record a store.
    let pin = code_of("enter-pin", "pin", "pin = \"1\"");
    let room = code_of("enter-room", "lobby", "room = \"conf/1\"");
    let store = if title == "[store]" { "" } else { "[store]\nfile = \"x\"\n" };
    format!("{title}\n{needed}{line}\n{store}{pin}{room}")
}

/// A code that gives what was asked for in a state.
fn code_of(operation: &str, state: &str, line: &str) -> String {
    format!(
        "[[code]]\nname = {operation:?}\nkeys = \"1\"\nstate = {state:?}\noperation = {operation:?}\n{line}\n"
    )
}

fn plain_keys() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    let sections = sections(&schema::ROOT)
        .into_iter()
        .filter(|section| !["[[code]]", "the configuration"].contains(&section.title));
    sections.flat_map(|section| section.keys.iter().map(move |key| (section, key)))
}

#[test]
fn every_default_is_what_holds_if_it_is_written() {
    for (section, key) in plain_keys().filter(|(_, key)| key.default.is_some()) {
        let default = key.default.unwrap();
        let line = match key.value {
            Value::Boolean | Value::Integer { .. } => format!("{} = {default}", key.name),
            _ => format!("{} = {default:?}", key.name),
        };
        let config = |line: &str| {
            load(&in_section(section, line)).unwrap_or_else(|refused| panic!("{refused}")).config
        };
        assert_eq!(format!("{:?}", config(&line)), format!("{:?}", config("")), "{line}");
    }
}

#[test]
fn every_example_can_be_written() {
    for (section, key) in plain_keys().filter(|(_, key)| !["grammar", "pin"].contains(&key.name)) {
        let text = in_section(section, &key.example_line());
        assert!(load(&text).is_ok(), "{text}");
    }
}

#[test]
fn the_limits_are_those_of_the_grammar_and_the_bounds_those_by_default() {
    assert_eq!(load("").unwrap().config.limits, Limits::default());
    assert_eq!(load("").unwrap().config.bounds, Bounds::default());
}

#[test]
fn every_key_says_what_it_means() {
    for section in sections(&schema::ROOT) {
        for key in section.keys {
            assert!(key.doc.ends_with('.') && key.doc.len() > 10, "{}", key.name);
            assert!(
                key.default.is_some()
                    || !key.example.is_empty()
                    || matches!(key.value, Value::Table(_) | Value::Tables(_)),
                "{}",
                key.name
            );
        }
    }
}

/// What an editor that has the schema says of a text.
fn editor_says(text: &str) -> Vec<String> {
    let value: serde_json::Value = toml::from_str(text).unwrap();
    let validator = jsonschema::draft7::new(&schema::json_schema()).unwrap();
    validator.iter_errors(&value).map(|error| error.to_string()).collect()
}

#[test]
fn the_json_schema_accepts_everything_that_ships() {
    for entry in Path::new(env!("CARGO_MANIFEST_DIR")).join("config").read_dir().unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(editor_says(&std::fs::read_to_string(&path).unwrap()), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_json_schema_accepts_what_loads_and_refuses_what_it_can_tell() {
    let code = |lines: &str| format!("[[code]]\nname = \"a\"\noperation = \"mute\"\n{lines}\n");
    let follower = "[[code]]\nname = \"b\"\noperation = \"leave\"\n";
    let right = [
        String::new(),
        "[keypad]\nenter = \"a\"\n[roles.boss]\n[states.x]\nfirst-key = \"1m30s\"\n".to_owned(),
        code("keys = [\"*1\", \"*2\"]\nthen = \"b\"") + follower,
        "[rooms.\"8*\"]\nlonely = true\norganizer = { start-muted = true }\n[schedule]\nwarn-before = \"none\"\n".to_owned(),
        "[[route]]\ncalled = [\"8xx\", \"9\"]\nroom = \"conf/${called}\"\n".to_owned(),
    ];
    for text in right {
        assert!(load(&text).is_ok(), "{text}");
        assert_eq!(editor_says(&text), [""; 0], "{text}");
    }
    let wrong = [
        code("keys = \"*1\"\nrule = \"b\""),
        code("keys = \"*1\"\nroom = \"conf/1\""),
        code("keys = \"*1\"\nseat = \"3\""),
        "[rooms.8]\nmax-users = 0\n".to_owned(),
        "[rooms.8]\nutility = \"always\"\n".to_owned(),
        "[rooms.8.organizer]\npins = \"1\"\n".to_owned(),
        "[schedule]\nwarn-before = \"never\"\n".to_owned(),
        "[[route]]\nroom = \"conf/8\"\n".to_owned(),
        "[store]\n".to_owned(),
        code("keys = []"),
        "[yate]\nconect = \"stdio\"\n".to_owned(),
        "[keypad]\nmax-digits = 129\n".to_owned(),
        "[keypad]\nenter = \"##\"\n".to_owned(),
        "[keypad]\ninterdigit = 4\n".to_owned(),
    ];
    for text in wrong {
        assert!(load(&text).is_err(), "{text}");
        assert_ne!(editor_says(&text), [""; 0], "{text}");
    }
}

#[test]
fn the_json_schema_is_what_editors_have() {
    let schema = serde_json::to_string_pretty(&schema::json_schema()).unwrap();
    insta::assert_snapshot!(schema);
}
