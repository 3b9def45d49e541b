//! Coin names and free texts behind placeholders: what an LLM is sent does not tell them, and what it
//! answers tells them again.
//!
//! A placeholder's code is a hash of the name, under a key that only the bot's file gives (see `key`).
//! Numbering would be easier on the eye, but a coin that is new or gone would renumber the others, by
//! name or by rank, and the same words would mean another coin an hour later. A hash without a key
//! would be undone by hashing the few thousand coins that there are. Where two names have one code,
//! the later one takes a code of its own; that pair alone may change places between runs.
//!
//! Two spellings of a coin are two names with two placeholders: that they differ is for the checks.

mod key;
mod names;
mod placeholder;
mod prose;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use self::names::Names;
pub(crate) use self::placeholder::{Kind, is_placeholder};
use crate::metrics::{Context, Report};

/// The placeholder of each name, and the name of each placeholder.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    key: u64,
    names: Names,
    placeholders: HashMap<Kind, HashMap<String, String>>,
    originals: HashMap<(Kind, String), String>,
}

impl Redaction {
    /// For the names of one file.
    pub(crate) fn new(report: &Report, context: &Context<'_>) -> Self {
        Self::with(key::of(context), Names::new(report, context))
    }

    fn with(key: u64, names: Names) -> Self {
        Self { key, names, ..Self::default() }
    }

    /// The placeholder for a name; the same name always has the same one. What is blank hides nothing.
    pub(crate) fn hide(&mut self, kind: Kind, name: &str) -> String {
        if name.trim().is_empty() {
            return name.to_owned();
        }
        if let Some(placeholder) = self.placeholders.get(&kind).and_then(|known| known.get(name)) {
            return placeholder.clone();
        }
        let code = self.free_code(kind, name);
        let placeholder = kind.with(&code);
        self.originals.insert((kind, code), name.to_owned());
        self.placeholders.entry(kind).or_default().insert(name.to_owned(), placeholder.clone());
        placeholder
    }

    /// A status, exit reason, type or kind of error: hidden unless it is one of the bot's own words.
    pub(crate) fn hide_name(&mut self, name: &str) -> String {
        if vocabulary::is_name(name) { name.to_owned() } else { self.hide(Kind::Name, name) }
    }

    /// A table or a column: hidden unless the bot's own code makes it.
    pub(crate) fn hide_identifier(&mut self, kind: Kind, name: &str) -> String {
        if vocabulary::is_in_schema(name) { name.to_owned() } else { self.hide(kind, name) }
    }

    /// The text with the names behind the placeholders in it; a placeholder that was never given stays.
    pub(crate) fn restore(&self, text: &str) -> String {
        let mut restored = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(found) = placeholder::next(text, at) {
            let original = self.originals.get(&(found.kind, found.code)).map(String::as_str);
            let written = text.get(found.from..found.to).unwrap_or_default();
            restored.push_str(text.get(at..found.from).unwrap_or_default());
            restored.push_str(original.unwrap_or(written));
            at = found.to;
        }
        restored.push_str(text.get(at..).unwrap_or_default());
        restored
    }

    fn free_code(&self, kind: Kind, name: &str) -> String {
        /// Most names that may share one code; more would need longer codes.
        const MOST_TRIES: usize = 16;
        let mut tries = 0_usize;
        loop {
            let mut hasher = DefaultHasher::new();
            (self.key, kind, name, tries).hash(&mut hasher);
            let code = placeholder::code(hasher.finish(), tries / MOST_TRIES);
            if !self.originals.contains_key(&(kind, code.clone())) {
                return code;
            }
            tries += 1;
        }
    }
}
