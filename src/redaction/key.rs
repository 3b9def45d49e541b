//! What makes a bot's placeholders its own.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::metrics::Context;

/// A number that is the same in every run over one file, and that only who has the file knows: from
/// where it lies, and from its first trades. What cannot be read is left out.
pub(crate) fn of(context: &Context<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let path = &context.config.db;
    std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).hash(&mut hasher);
    context.db.filled().first_trades.hash(&mut hasher);
    hasher.finish()
}
