//! Where in a completion's message the answer stands: each server has its own place for it.

use serde_json::{Map, Value};

use super::answer::extract;

/// The arguments of all calls: some servers turn a schema into a tool, whose arguments are the answer.
pub(super) fn called(message: &Map<String, Value>) -> String {
    let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let functions = calls.filter_map(|call| call.get("function")).chain(message.get("function_call"));
    let arguments =
        functions.filter_map(|function| function.get("arguments")).map(|arguments| match arguments {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            parsed => parsed.to_string(),
        });
    arguments.collect::<Vec<_>>().join("\n")
}

/// The content as text: a string, a list of parts, or JSON that some server has parsed already.
pub(super) fn content(message: &Map<String, Value>) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) if parts.iter().all(is_part) => parts.iter().map(part_text).collect(),
        Some(value @ (Value::Array(_) | Value::Object(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// A part of a content: text by itself, or an object that says which kind of part it is. A list of
/// findings has titles.
fn is_part(part: &Value) -> bool {
    part.is_string()
        || part.as_object().is_some_and(|part| part.contains_key("type") && !part.contains_key("title"))
}

fn part_text(part: &Value) -> &str {
    match part {
        Value::String(text) => text,
        // A part of another type, such as thinking, is not the answer.
        Value::Object(fields) => match fields.get("type").and_then(Value::as_str) {
            Some("text" | "output_text") => fields.get("text").and_then(Value::as_str).unwrap_or_default(),
            _ => "",
        },
        _ => "",
    }
}

/// The model's refusal to answer, in the field for it or among the parts of its content.
pub(super) fn refusal(message: &Map<String, Value>) -> Option<String> {
    let of_parts = || {
        let parts = message.get("content")?.as_array()?;
        parts.iter().find_map(|part| part.get("refusal").and_then(Value::as_str))
    };
    let text = message.get("refusal").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    text.or_else(of_parts).map(str::to_owned)
}

/// Some servers put a reasoning model's answer into the field for its reasoning. Reasoning without an answer
/// in it is no answer.
pub(super) fn answer_among_reasoning(message: &Map<String, Value>) -> Option<String> {
    ["reasoning_content", "reasoning"]
        .iter()
        .filter_map(|name| message.get(*name).and_then(Value::as_str))
        .find(|text| extract(text).is_ok())
        .map(str::to_owned)
}
