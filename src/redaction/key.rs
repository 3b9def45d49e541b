//! What makes a bot's placeholders its own.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rusqlite::types::Value;

use crate::metrics::Context;

/// The oldest trade of each generation: its row does not change any more, and nobody else knows it.
const OLDEST_TRADES: [&str; 2] = [
    "SELECT opened_at, entry_price FROM src_closed_trades LIMIT 1",
    "SELECT entry_time, entry_price FROM src_trade_journal LIMIT 1",
];

/// A number that is the same in every run over one file, and that only who has the file knows: from
/// where it lies, and from its first trades. What cannot be read is left out.
pub(crate) fn of(context: &Context<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let path = &context.config.db;
    std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).hash(&mut hasher);
    for sql in OLDEST_TRADES {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let trade = context.bot.prepare(sql).and_then(|mut oldest| oldest.query_row([], read));
        let trade: Option<(Value, Value)> = trade.ok();
        format!("{trade:?}").hash(&mut hasher);
    }
    hasher.finish()
}
