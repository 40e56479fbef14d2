//! The configuration as a JSON Schema, by which editors complete and check it.

use serde_json::{Map, Value as Json, json};

use super::{Choice, Key, OPERATIONS, ROOT, Section, Value};

/// The JSON Schema (draft 7) of a configuration.
///
/// It accepts whatever loads. What only the loader can tell (names, conflicts between codes) it accepts too.
#[must_use]
pub fn json_schema() -> Json {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".into(), json!("touchtone"));
    schema.extend(section(&ROOT));
    Json::Object(schema)
}

fn section(section: &Section) -> Map<String, Json> {
    let properties: Map<_, _> =
        section.keys.iter().map(|key| (key.name.to_owned(), described(key))).collect();
    let required: Vec<_> =
        section.keys.iter().filter(|key| key.required && key.only_for.is_empty()).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("description".into(), json!(section.doc));
    schema.insert("properties".into(), Json::Object(properties));
    schema.insert("additionalProperties".into(), json!(false));
    if !required.is_empty() {
        schema.insert("required".into(), names(required));
    }
    if section.keys.iter().any(|key| !key.only_for.is_empty()) {
        schema.insert(
            "allOf".into(),
            OPERATIONS.iter().map(|operation| rules_of(operation, section)).collect(),
        );
    }
    if section.key("rule").is_some() {
        // A code that only follows others has neither.
        schema.insert("not".into(), json!({ "required": ["keys", "rule"] }));
    }
    schema
}

/// What an operation needs, and what belongs to others.
fn rules_of(operation: &Choice, section: &Section) -> Json {
    let own = |key: &&Key| key.only_for.contains(&operation.name);
    let needed: Vec<_> = section.keys.iter().filter(own).filter(|key| key.required).collect();
    let foreign = section.keys.iter().filter(|key| !key.only_for.is_empty() && !own(key));
    let forbidden: Map<_, _> = foreign.map(|key| (key.name.to_owned(), json!(false))).collect();
    json!({
        "if": { "properties": { "operation": { "const": operation.name } }, "required": ["operation"] },
        "then": { "required": names(needed), "properties": forbidden },
    })
}

fn names(keys: Vec<&Key>) -> Json {
    keys.into_iter().map(|key| key.name).collect()
}

fn described(key: &Key) -> Json {
    let mut schema = value(&key.value);
    schema.insert("description".into(), json!(key.doc));
    if let Some(default) = key.default {
        schema.insert("default".into(), typed(&key.value, default));
    }
    Json::Object(schema)
}

fn typed(value: &Value, default: &str) -> Json {
    match value {
        Value::Boolean | Value::Integer { .. } => serde_json::from_str(default).unwrap_or(Json::Null),
        _ => json!(default),
    }
}

fn value(value: &Value) -> Map<String, Json> {
    let schema = match value {
        Value::Text | Value::Template => json!({ "type": "string" }),
        Value::Boolean => json!({ "type": "boolean" }),
        Value::Integer { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Value::Duration { .. } => json!({
            "type": "string",
            "minLength": 2,
            "pattern": "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        }),
        Value::DurationOrNone { .. } => json!({
            "type": "string",
            "minLength": 2,
            "pattern": "^(none|([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$",
        }),
        Value::Choice(choices) => json!({ "type": "string", "oneOf": words(choices) }),
        Value::Address => json!({ "type": "string", "pattern": "^(unix:.+|tcp:.+:[0-9]+|stdio)$" }),
        Value::PhoneKey => json!({ "type": "string", "pattern": "^([0-9*#A-Da-d]|none)$" }),
        Value::Texts => json!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 },
            ],
        }),
        Value::Params => json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "boolean", "integer"] },
            "propertyNames": { "pattern": "^[^=\u{0}]+$" },
        }),
        Value::Table(inner) => return section(inner),
        Value::Tables(inner) => json!({ "type": "array", "items": section(inner) }),
        Value::NamedTables(inner) => json!({ "type": "object", "additionalProperties": section(inner) }),
    };
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn words(choices: &[Choice]) -> Json {
    choices.iter().map(|choice| json!({ "const": choice.name, "description": choice.doc })).collect()
}
