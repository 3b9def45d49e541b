//! How the file's own words stand in a prompt: as JSON strings, and where that is asked for, hidden
//! behind placeholders. Whatever a section says of the file's texts, it says through this.

use serde_json::Value;

use crate::redaction::{Kind, Redaction};
use crate::sanitize::{cut, json_string};

/// Longest name (coin, status, activity type) in characters.
const NAME_CHARS: usize = 56;
/// Longest free text (rule, evidence) in characters.
const TEXT_CHARS: usize = 140;

/// The words of the file, or what stands for them.
#[derive(Debug)]
pub(crate) enum Wording<'run> {
    /// As they are.
    AsTheyAre,
    /// Behind placeholders, but for those of the program and of the bot's code.
    Hidden(&'run mut Redaction),
}

impl Wording<'_> {
    /// A coin.
    pub(super) fn coin(&mut self, coin: &str) -> String {
        self.say(coin, NAME_CHARS, |redaction, coin| redaction.hide(Kind::Coin, coin))
    }

    /// A status, an exit reason, a type of activity or of alert, a kind of error.
    pub(super) fn name(&mut self, name: &str) -> String {
        self.say(name, NAME_CHARS, Redaction::hide_name)
    }

    /// A rule's id: a number stays one.
    pub(super) fn rule_id(&mut self, id: &Value) -> String {
        match id.as_str() {
            Some(id) => self.say(id, NAME_CHARS, |redaction, id| redaction.hide(Kind::Rule, id)),
            None => format!("#{id}"),
        }
    }

    /// A table.
    pub(super) fn table(&mut self, table: &str) -> String {
        self.say(table, NAME_CHARS, |redaction, table| redaction.hide_identifier(Kind::Table, table))
    }

    /// A column.
    pub(super) fn column(&mut self, column: &str) -> String {
        self.say(column, NAME_CHARS, |redaction, column| redaction.hide_identifier(Kind::Column, column))
    }

    /// A text that is the file's from its first to its last word.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.say(text, TEXT_CHARS, |redaction, text| redaction.hide(Kind::Text, text))
    }

    /// A sentence of a model or a person about the file.
    pub(super) fn prose(&mut self, text: &str) -> String {
        self.say(text, TEXT_CHARS, Redaction::hide_in_prose)
    }

    /// What a check's problem is about.
    pub(super) fn subject(&mut self, subject: &str) -> String {
        self.say(subject, NAME_CHARS, Redaction::hide_subject)
    }

    /// Cut first: a placeholder is whole or not there.
    fn say(
        &mut self,
        text: &str,
        most_chars: usize,
        hide: impl FnOnce(&mut Redaction, &str) -> String,
    ) -> String {
        match self {
            Self::AsTheyAre => json_string(text, most_chars),
            Self::Hidden(redaction) => json_string(&hide(redaction, &cut(text, most_chars)), usize::MAX),
        }
    }
}
