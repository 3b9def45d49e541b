//! Reads the body of a reply.

use super::body::Body;
use super::key_removal::KeyRemoval;
use super::mend::{Document, document};
use super::stream;
use crate::sanitize::cut;

/// As much of it as is searched for what it names, or for findings.
const MAX_TEXT_CHARS: usize = 100_000;

/// Reads the bytes; a byte-order mark and blank lines may stand before the JSON.
pub(super) fn read(bytes: &[u8], key_removal: &KeyRemoval) -> Body {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim();
    match stream::joined(text).unwrap_or_else(|| document(text)) {
        Document::Whole(mut value) => {
            key_removal.value(&mut value);
            Body::Json(value)
        }
        Document::CutShort => Body::CutShort,
        Document::None => Body::of_text(&key_removal.text(&cut(text, MAX_TEXT_CHARS))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Body {
        super::read(text.as_bytes(), &KeyRemoval::of(None))
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
