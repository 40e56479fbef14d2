//! Grammars that stand on the disk beside a configuration.

#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use touchtone::config::{self, Loaded, Refused};

const GRAMMAR: &str = "#ABNF 1.0;\nmode dtmf;\npublic $mute = \"*\" $<shared.gram#six>;\n";
const SHARED: &str = "#ABNF 1.0;\nmode dtmf;\npublic $six = 6;\n";
const CONFIG: &str = "[keypad]\ngrammar = \"../grammars/keys.gram\"\n\
    [[code]]\nname = \"mute\"\nrule = \"mute\"\noperation = \"mute\"\n";

/// Reads `etc/touchtone.toml` in a folder that has a grammar in `grammars`, and a file outside it.
fn load(arrange: impl Fn(&Path)) -> Result<Loaded, Refused> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    for (path, text) in
        [("etc/touchtone.toml", CONFIG), ("grammars/keys.gram", GRAMMAR), ("shared.gram", SHARED)]
    {
        fs::create_dir_all(at(path).parent().expect("a folder")).expect("a folder");
        fs::write(at(path), text).expect("a file");
    }
    arrange(folder.path());
    config::load_file(&at("etc/touchtone.toml"))
}

#[test]
fn a_grammar_is_found_from_where_the_configuration_is() {
    let copied = |folder: &Path| {
        fs::copy(folder.join("shared.gram"), folder.join("grammars/shared.gram")).expect("a copy");
    };
    let loaded = load(copied).unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.config.codes[0].name, "mute");
}

#[test]
fn no_link_leads_out_of_the_grammars_directory() {
    let linked = |folder: &Path| {
        symlink(folder.join("shared.gram"), folder.join("grammars/shared.gram")).expect("a link");
    };
    let refused = load(linked).expect_err("a link that leads out");
    let messages: Vec<_> = refused.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["\"shared.gram\": a link that leads out of the grammar's directory"]);
}

#[test]
fn a_capture_that_can_be_empty_at_last_is_warned_of() {
    let warned = |keys: &str| {
        let config = format!(
            "[[code]]\nname = \"join\"\nkeys = \"{keys}\"\noperation = \"join\"\nroom = \"conf/${{n}}\"\n"
        );
        let loaded = config::load(Path::new("t.toml"), |_| Ok(config.clone())).expect("a configuration");
        loaded.warnings.iter().any(|warning| warning.kind == "maybe-empty")
    };
    assert!(warned("*(n:x)(n:x{0,1})#"));
    assert!(!warned("*(n:x{0,1})(n:x)#"));
}

#[test]
fn a_rule_that_ends_in_itself_captures_all_that_it_matched() {
    let grammar = "#ABNF 1.0;\nmode dtmf;\npublic $transfer = \"*\" 7 $number \"#\";\n\
        $number = $digit [$number];\n$digit = 0|1|2|3|4|5|6|7|8|9;\n";
    let config = "[keypad]\ngrammar = \"g.gram\"\n[[code]]\nname = \"join\"\nrule = \"transfer\"\n\
        operation = \"join\"\nroom = \"conf/${number}\"\n";
    let read = |path: &Path| Ok(if path.ends_with("g.gram") { grammar } else { config });
    let loaded = config::load(Path::new("t.toml"), read).unwrap_or_else(|refused| panic!("{refused}"));
    let keymap = loaded.config.keymaps.get(0, None);
    let keys: touchtone::key::Keys = "*7201#".parse().expect("keys");
    let keys: Vec<_> = keys.iter().copied().collect();
    let named = keymap.captures(0, &keys);
    let number = named.iter().find(|(name, _)| name == "number").map(|(_, keys)| keys.to_string());
    assert_eq!(number.as_deref(), Some("201"));
    assert!(loaded.warnings.iter().all(|warning| warning.kind != "maybe-empty"), "{:?}", loaded.warnings);
}

#[test]
fn a_rule_with_letters_of_any_language_can_be_used() {
    let grammar = "#ABNF 1.0;\nmode dtmf;\npublic $entrée = \"*\" $salle_réunion; $salle_réunion = 8 0 1;\n";
    let config = "[keypad]\ngrammar = \"g.gram\"\n[[code]]\nname = \"join\"\nrule = \"entrée\"\n\
        operation = \"join\"\nroom = \"conf/${salle_réunion}\"\n";
    let read = |path: &Path| Ok(if path.ends_with("g.gram") { grammar } else { config });
    config::load(Path::new("t.toml"), read).unwrap_or_else(|refused| panic!("{refused}"));
}

#[test]
fn a_code_that_is_too_much_by_itself_is_told_from_one_that_is_only_the_last_straw() {
    let code = |name: &str, keys: &str| {
        format!("[[code]]\nname = \"{name}\"\nkeys = \"{keys}\"\noperation = \"mute\"\n")
    };
    let says = |limits: &str, codes: &str| {
        let config = format!("[limits]\n{limits}\n{codes}");
        let refused = config::load(Path::new("t.toml"), |_| Ok(config.clone())).expect_err("too much");
        let limits = refused.diagnostics.into_iter().filter(|found| found.kind == "limit");
        limits.map(|found| found.message).collect::<Vec<_>>().join("; ")
    };
    let both = code("a", "*1x{12}") + &code("b", "*2x{12}");
    let all = |limit: &str| format!("all codes together are more than the limit {limit}");
    assert_eq!(says("nfa-states = 20", &both), all("\"nfa-states\" allows (20)"));
    assert_eq!(says("dfa-states = 20", &both), all("\"dfa-states\" allows (20)"));
    assert_eq!(says("nfa-states = 10", &both), "`a` is more than the limit \"nfa-states\" allows (10)");
    assert_eq!(says("dfa-states = 10", &both), "`a` is more than the limit \"dfa-states\" allows (10)");
    // The first is beyond another limit than the one that was passed.
    assert_eq!(says("nfa-states = 20\ndfa-states = 10", &both), all("\"nfa-states\" allows (20)"));
}
