//! Whatever stands in a file, it is read or refused, and what is found can be shown; what loads the schema accepts too.

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use touchtone::config::{self, check, schema};
use touchtone::diagnostic::Style;

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&schema::json_schema()).expect("a schema"));

const EXAMPLE: &str = include_str!("../config/conference.toml");

/// Reads the text, shows everything that was found, and says how many errors there were.
fn check_text(text: &str) {
    let path = Path::new("touchtone.toml");
    let outcome = config::load(path, |_| Ok(text.to_owned()));
    for style in [Style { color: false, width: 40 }, Style { color: true, width: 200 }] {
        let said = check::findings(&outcome, check::Format::Text(style));
        assert!(said.is_empty() || said.ends_with('\n'));
    }
    check::findings(&outcome, check::Format::Json).lines().for_each(|line| assert!(is_json(line)));
    if outcome.is_ok() {
        let value: serde_json::Value = toml::from_str(text).expect("TOML");
        assert!(SCHEMA.is_valid(&value), "it loads, and an editor would refuse it: {text}");
    }
    if let Err(refused) = &outcome {
        assert!(
            refused
                .diagnostics
                .iter()
                .all(|found| is_in(text, found.place.as_ref().map(|place| &place.span)))
        );
    }
}

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line).is_ok()
}

fn is_in(text: &str, span: Option<&Range<usize>>) -> bool {
    span.is_none_or(|span| text.get(span.clone()).is_some())
}

/// A stretch of the example replaced by something else.
fn damaged(from: prop::sample::Index, length: usize, with: &str) -> String {
    let mut bytes = EXAMPLE.as_bytes().to_vec();
    let from = from.index(bytes.len());
    let to = (from + length).min(bytes.len());
    bytes.splice(from..to, with.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Lines that could stand in a configuration, right or wrong.
fn line() -> impl Strategy<Value = String> {
    let key = "yate|keypad|record|states|states\\.call|code|code\\.params|name|keys|state|allow|operation|room|params|connect|interdigit|x";
    let value = "\"(\\*[0-9x#]{0,3}|[({\\[][a-z:x]{0,4}[)}\\]]|\\$\\{[a-z]{0,6}\\}|\\\\u00e9|join|mute|call|conf/1|4s|é)\"|[0-9]{1,3}|true|\\[\\]|\\[\"a\", 1\\]|\\{ a = \"b\" \\}|'\\$\\{x'|\"\"\"\\\\|nope";
    prop_oneof![
        key.prop_map(|key| format!("[{key}]")),
        key.prop_map(|key| format!("[[{key}]]")),
        (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        check_text(&text);
    }

    #[test]
    fn no_damage_panics(from: prop::sample::Index, length in 0usize..60, with in "\\PC{0,6}|[\\[\\]\"'\\\\\n={}$(),.#]{0,6}") {
        check_text(&damaged(from, length, &with));
    }

    #[test]
    fn no_lines_panic(lines in prop::collection::vec(line(), 0..16)) {
        check_text(&lines.join("\n"));
    }
}
