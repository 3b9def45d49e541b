//! The bytes of an HTTP body as what they are: JSON, a page, or something else.

use serde_json::Value;

use super::key_removal::KeyRemoval;
use super::mend::{Document, document};
use super::stream;
use crate::untrusted::{cut, one_line};

/// As much of a foreign text as fits into one sentence.
const MAX_QUOTED_CHARS: usize = 300;
/// As much of it as is searched for what it names, or for findings.
const MAX_TEXT_CHARS: usize = 100_000;

/// A body, without the key.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// A JSON document, or what a stream of them comes to.
    Json(Value),
    /// One whose end is missing.
    CutShort,
    /// An HTML page: a proxy's or a login's, not an API's.
    Html {
        /// Its title, else the beginning of its text.
        title: String,
        /// Its text without tags.
        text: String,
    },
    /// Any other text, or nothing at all.
    Text(String),
}

impl Body {
    /// Reads the bytes; a byte-order mark and blank lines may stand before the JSON.
    pub(super) fn read(bytes: &[u8], key_removal: &KeyRemoval) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        match stream::joined(text).unwrap_or_else(|| document(text)) {
            Document::Whole(mut value) => {
                key_removal.value(&mut value);
                Self::Json(value)
            }
            Document::CutShort => Self::CutShort,
            Document::None => Self::of_text(&key_removal.text(&cut(text, MAX_TEXT_CHARS))),
        }
    }

    fn of_text(text: &str) -> Self {
        if !text.starts_with('<') {
            return Self::Text(text.to_owned());
        }
        let plain = without_tags(text);
        let title = page_title(text).unwrap_or_else(|| quoted(&plain));
        Self::Html { title, text: plain }
    }
}

/// A foreign text as part of a sentence: one line, nothing that acts on a terminal, not too long.
pub(super) fn quoted(text: &str) -> String {
    cut(&one_line(text), MAX_QUOTED_CHARS)
}

/// The title of a page.
fn page_title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let title = html.get(start..end)?.trim();
    (!title.is_empty()).then(|| quoted(title))
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

    fn title(text: &str) -> String {
        match read(text) {
            Body::Html { title, .. } => title,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bodies_are_what_they_are() {
        assert_eq!(read("\u{feff}\n\n {\"a\": 1}\n"), Body::Json(json!({"a": 1})));
        assert_eq!(read(""), Body::Text(String::new()));
        assert_eq!(read("{\"choices\": [{\"mess"), Body::CutShort);
        assert_eq!(
            read("{\"a\": \"\\ud83d\n\", \"b\": NaN}"),
            Body::Json(json!({"a": "\u{fffd}\n", "b": null}))
        );
        assert_eq!(title("<!DOCTYPE html><html><HEAD><Title>Log\nin</title>"), "Log in");
        assert_eq!(title("<h1>502</h1><p>Bad Gateway"), "502 Bad Gateway");
        assert_eq!(read("upstream\u{1b}[31m failed"), Body::Text("upstream\u{1b}[31m failed".to_owned()));
    }
}
