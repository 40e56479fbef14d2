//! A code as it is to be written.

/// `[[code]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    /// The section it comes from, as a place among them; `None` for one of our own.
    pub(super) section: Option<usize>,
    /// What is written above it.
    pub(super) comments: Vec<String>,
    pub(super) name: String,
    /// None if it only follows another one.
    pub(super) keys: Vec<String>,
    /// All states if empty.
    pub(super) states: Vec<String>,
    pub(super) operation: Operation,
    pub(super) then: Vec<String>,
    pub(super) on_success: Option<String>,
    pub(super) on_failure: Option<String>,
}

/// What a code does; every value is a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// `set-state`
    SetState(String),
    /// `join`
    Join { room: String, params: Params },
    /// `message`
    Message { name: String, masquerade: bool, params: Params },
}

/// Parameters in their order.
pub(super) type Params = Vec<(String, String)>;

impl Code {
    /// One without keys and sounds.
    pub(super) fn new(name: impl Into<String>, operation: Operation) -> Self {
        Code {
            section: None,
            comments: Vec::new(),
            name: name.into(),
            keys: Vec::new(),
            states: Vec::new(),
            operation,
            then: Vec::new(),
            on_success: None,
            on_failure: None,
        }
    }
}

/// A name as codes and states can have: letters, digits, `-`, `_` and `.`.
pub(super) fn plain(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let name: String = name.chars().take(60).map(|c| if plain(c) { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "code".to_owned() } else { name.to_owned() }
}

/// A name that none of these is yet.
pub(super) fn unique(wanted: &str, taken: &mut Vec<String>) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{wanted}-{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}
