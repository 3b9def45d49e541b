//! The key appears in no error, log line or finding, also where the server sends it back.

use serde_json::Value;

use crate::config::ApiKey;

/// Local servers take any word as a key (`none`, `test`): words this short are no secrets, and
/// striking them out would mangle ordinary text.
const SHORTEST_SECRET_CHARS: usize = 6;
const INSTEAD: &str = "[key removed]";

/// Strikes one secret out of texts.
#[derive(Clone)]
pub(super) struct KeyRemoval(Option<String>);

impl KeyRemoval {
    /// For this key; without one, every text passes as it is.
    pub(super) fn of(key: Option<&ApiKey>) -> Self {
        Self(
            key.map(|key| key.expose().to_owned()).filter(|key| key.chars().count() >= SHORTEST_SECRET_CHARS),
        )
    }

    /// The text without the secret.
    pub(super) fn text(&self, text: &str) -> String {
        match &self.0 {
            Some(secret) => text.replace(secret, INSTEAD),
            None => text.to_owned(),
        }
    }

    /// Strikes the secret out of every text inside a JSON value, once escapes are resolved.
    pub(super) fn value(&self, value: &mut Value) {
        if self.0.is_none() {
            return;
        }
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.value(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_struck_out_at_any_depth_and_in_any_escape() {
        let key = ApiKey::new("sk-secret-1");
        let mut value: Value =
            serde_json::from_str(r#"{"error": {"message": ["bad key s\u006b-secret-1!"]}}"#).unwrap();
        KeyRemoval::of(key.as_ref()).value(&mut value);
        assert_eq!(value.to_string(), r#"{"error":{"message":["bad key [key removed]!"]}}"#);
    }

    #[test]
    fn a_word_is_no_secret() {
        assert_eq!(KeyRemoval::of(ApiKey::new("test").as_ref()).text("testing"), "testing");
    }
}
