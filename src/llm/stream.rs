//! An answer in pieces: some servers stream although no stream was asked for. What the pieces come
//! to is read as if it had come whole.

use serde_json::{Map, Value, json};

use super::answer::extract;
use super::envelope::stated_error;
use super::mend::{Document, document};

/// Fields of an event, of which only the data counts.
const OTHER_FIELDS: [&str; 4] = [":", "event:", "id:", "retry:"];
/// Texts that come piece by piece.
const TEXTS: [&str; 4] = ["content", "reasoning_content", "reasoning", "refusal"];

/// The completion, or the error, that a stream carries; `None` where the text is no stream.
pub(super) fn joined(text: &str) -> Option<Document> {
    if !is_stream(text) {
        return None;
    }
    let mut joined = Joined::default();
    for event in events(text) {
        if let Some(whole) = joined.add(&event) {
            return Some(Document::Whole(whole));
        }
    }
    joined.is_any.then(|| joined.document())
}

/// Lines of an event stream, or a JSON object a line.
fn is_stream(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let is_event = OTHER_FIELDS.iter().chain(&["data:"]).any(|field| first.starts_with(field));
    is_event || (first.starts_with("{\"") && lines.next().is_some_and(|line| line.starts_with("{\"")))
}

/// The data of each event. An event ends with an empty line, but also where a line is JSON by itself.
fn events(text: &str) -> Vec<String> {
    let mut events = Vec::new();
    let mut open = String::new();
    let mut is_error = false;
    for line in text.lines() {
        if let Some(data) = line.strip_prefix("data:").or_else(|| is_data(line).then_some(line)) {
            if open.is_empty() && matches!(document(data.trim()), Document::Whole(_)) {
                open.push_str(data.trim());
            } else {
                open.push_str(data);
                open.push('\n');
                continue;
            }
        }
        let event = std::mem::take(&mut open);
        if !event.trim().is_empty() {
            events.push(if is_error { format!("{{\"error\": {event}}}") } else { event });
        }
        is_error = line.strip_prefix("event:").is_some_and(|name| name.trim() == "error");
    }
    if !open.trim().is_empty() {
        events.push(open);
    }
    events
}

fn is_data(line: &str) -> bool {
    !line.trim().is_empty() && !OTHER_FIELDS.iter().any(|field| line.starts_with(field))
}

/// What the events so far come to.
#[derive(Default)]
struct Joined {
    message: Map<String, Value>,
    calls: Vec<String>,
    finish_reason: Option<Value>,
    model: Option<Value>,
    usage: Option<Value>,
    /// An event was JSON.
    is_any: bool,
    is_ended: bool,
    is_broken: bool,
}

impl Joined {
    /// Adds an event. One that says it all by itself, such as an error, is given back.
    fn add(&mut self, event: &str) -> Option<Value> {
        let event = event.trim();
        if event == "[DONE]" {
            self.is_ended = true;
            return None;
        }
        let chunk = match document(event) {
            Document::Whole(chunk) => chunk,
            Document::CutShort => {
                (self.is_any, self.is_broken) = (true, true);
                return None;
            }
            Document::None => {
                self.is_broken = true;
                return None;
            }
        };
        self.is_any = true;
        let choice = chunk.get("choices").and_then(|choices| choices.get(0));
        let is_whole = choice.is_some_and(|choice| choice.get("message").is_some_and(Value::is_object));
        if is_whole || stated_error(&chunk).is_some() {
            return Some(chunk);
        }
        let told = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        self.model = told(chunk.get("model")).or_else(|| self.model.take());
        self.usage = told(chunk.get("usage")).or_else(|| self.usage.take());
        if let Some(choice) = choice {
            self.finish_reason = told(choice.get("finish_reason")).or_else(|| self.finish_reason.take());
            self.choice(choice);
        }
        None
    }

    fn choice(&mut self, choice: &Value) {
        self.push("content", choice.get("text"));
        let Some(delta) = choice.get("delta") else { return };
        for name in TEXTS {
            self.push(name, delta.get(name));
        }
        let calls = delta.get("tool_calls").and_then(Value::as_array);
        for (position, call) in calls.into_iter().flatten().enumerate() {
            let index =
                call.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
            self.push_arguments(index.unwrap_or(position), call.get("function"));
        }
        self.push_arguments(0, delta.get("function_call"));
    }

    fn push(&mut self, name: &str, part: Option<&Value>) {
        let Some(part) = part.and_then(Value::as_str) else { return };
        let text = self.message.entry(name).or_insert_with(|| json!(""));
        if let Value::String(text) = text {
            text.push_str(part);
        }
    }

    /// Most tool calls of an answer; a larger index is ignored.
    fn push_arguments(&mut self, index: usize, function: Option<&Value>) {
        const MOST_CALLS: usize = 100;
        let Some(part) = function.and_then(|function| function.get("arguments")?.as_str()) else { return };
        let index = index.min(MOST_CALLS);
        self.calls.resize(self.calls.len().max(index + 1), String::new());
        if let Some(arguments) = self.calls.get_mut(index) {
            arguments.push_str(part);
        }
    }

    /// The whole as one completion. Where pieces are missing, or an end that nothing announces,
    /// it was cut short on its way.
    fn document(mut self) -> Document {
        let content = self.message.get("content").and_then(Value::as_str).unwrap_or_default();
        let is_complete = || extract(content).is_ok_and(|extraction| !extraction.cut);
        if self.is_broken || !(self.is_ended || self.finish_reason.is_some() || is_complete()) {
            return Document::CutShort;
        }
        if !self.calls.is_empty() {
            let calls: Vec<Value> =
                self.calls.iter().map(|arguments| json!({"function": {"arguments": arguments}})).collect();
            self.message.insert("tool_calls".to_owned(), Value::Array(calls));
        }
        let choice = json!({"finish_reason": self.finish_reason, "message": self.message});
        Document::Whole(json!({"model": self.model, "usage": self.usage, "choices": [choice]}))
    }
}
