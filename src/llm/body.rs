//! The bytes of an HTTP body as what they are: JSON, a page, or something else.

use serde_json::Value;

use super::key_removal::KeyRemoval;
use crate::untrusted::{cut, one_line};

/// As much of a foreign text as fits into one sentence.
const MAX_QUOTED_CHARS: usize = 300;

/// A body, without the key.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// A JSON document.
    Json(Value),
    /// A JSON document whose end is missing, or nothing at all.
    CutShort,
    /// An HTML page: a proxy's or a login's, not an API's.
    Html(String),
    /// Any other text.
    Text(String),
}

impl Body {
    /// Reads the bytes; a byte-order mark and blank lines may stand before the JSON.
    pub(super) fn read(bytes: &[u8], key_removal: &KeyRemoval) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                key_removal.value(&mut value);
                Self::Json(value)
            }
            Err(error) if text.is_empty() || (error.is_eof() && text.starts_with(['{', '['])) => {
                Self::CutShort
            }
            Err(_) if text.starts_with('<') => Self::Html(page_title(&key_removal.text(text))),
            Err(_) => Self::Text(quoted(&key_removal.text(text))),
        }
    }
}

/// A foreign text as part of a sentence: one line, nothing that acts on a terminal, not too long.
pub(super) fn quoted(text: &str) -> String {
    cut(&one_line(text), MAX_QUOTED_CHARS)
}

/// The title of a page, else its text without tags.
fn page_title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title").and_then(|at| lower.get(at..)?.find('>').map(|end| at + end + 1));
    let title = start.and_then(|start| {
        let end = start + lower.get(start..)?.find("</title")?;
        html.get(start..end)
    });
    match title.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => quoted(title),
        None => quoted(&without_tags(html)),
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Body {
        Body::read(text.as_bytes(), &KeyRemoval::of(None))
    }

    #[test]
    fn bodies_are_what_they_are() {
        assert_eq!(read("\u{feff}\n\n {\"a\": 1}\n"), Body::Json(json!({"a": 1})));
        assert_eq!(read(""), Body::CutShort);
        assert_eq!(read("{\"choices\": [{\"mess"), Body::CutShort);
        assert_eq!(
            read("<!DOCTYPE html><html><HEAD><Title>Log\nin</title>"),
            Body::Html("Log in".to_owned())
        );
        assert_eq!(read("<h1>502</h1><p>Bad Gateway"), Body::Html("502 Bad Gateway".to_owned()));
        assert_eq!(read("upstream\u{1b}[31m failed"), Body::Text("upstream [31m failed".to_owned()));
    }
}
