//! The bytes of an HTTP body as what they are: JSON, a page, or something else.

use serde_json::Value;

use crate::sanitize::{cut, one_line};

/// As much of a foreign text as fits into one sentence.
const MAX_QUOTED_CHARS: usize = 300;

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
    /// What is no JSON.
    pub(super) fn of_text(text: &str) -> Self {
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
