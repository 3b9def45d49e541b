//! Closings as the bot's log has them: a second account of what the trades' table says.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Bot, cell};

/// Newest rows of one type that are read.
const MOST_LOGGED: i64 = 20_000;
/// Newest rows of the log that are looked through where no index leads to those of a type.
const MOST_ROWS: i64 = 20_000;

const INDEXED: &str = "
SELECT EXISTS (
    SELECT 1
    FROM pragma_index_list('activity_log', 'main') AS list
    JOIN pragma_index_info(list.name, 'main') AS info
    WHERE info.seqno = 0 AND info.name = 'activity_type' AND list.partial = 0
)";

const LOGGED: &str = "
SELECT
    created_at,
    clock,
    description,
    details
FROM activity";

/// The plus keeps SQLite on the index of the types where there is one.
const BY_TYPE: &str = "WHERE activity_type = ?1 AND +id > ?2";

/// Without an index of the types: only the newest rows, found by their key.
const BY_KEY: &str = "WHERE +activity_type = ?1 AND id > ?2";

/// One logged closing.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    /// 1 where the log names the open trade's id, 2 where it names the position's.
    pub(crate) generation: i64,
    /// The id that it names.
    pub(crate) trade_id: Option<String>,
    /// The coin that it names.
    pub(crate) coin: String,
    /// Profit or loss; generation 1 logs it in whole cents.
    pub(crate) pnl_usd: Option<f64>,
    /// When it was logged.
    pub(crate) at: DateTime<Utc>,
}

/// The newest closings up to `now`, newest first.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn newest(bot: &Bot, now: DateTime<Utc>) -> anyhow::Result<Vec<Closing>> {
    let mut closings = Vec::new();
    each_logged(bot, now, "trade_closed", |at, description, details| {
        closings.extend(first_generation(description, details, at));
    })?;
    each_logged(bot, now, "quick_update", |at, _, details| closings.extend(second_generation(details, at)))?;
    Ok(closings)
}

/// Calls `visit` with moment, description and details of the newest rows of one type up to `now`, newest first.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn each_logged(
    bot: &Bot,
    now: DateTime<Utc>,
    kind: &str,
    mut visit: impl FnMut(DateTime<Utc>, &str, &str),
) -> anyhow::Result<()> {
    if !bot.has_table("activity_log") {
        return Ok(());
    }
    let indexed: bool = bot.connection().query_row(INDEXED, [], |row| row.get(0))?;
    let after = if indexed { i64::MIN } else { newest_id(bot)?.saturating_sub(MOST_ROWS) };
    let filter = if indexed { BY_TYPE } else { BY_KEY };
    let mut statement = bot.prepare(&format!("{LOGGED}\n{filter}\nORDER BY id DESC\nLIMIT ?3"))?;
    let mut rows = statement.query(rusqlite::params![kind, after, MOST_LOGGED])?;
    while let Some(row) = rows.next()? {
        let Some(at) = bot.instant(row, 0, 1)?.filter(|at| *at <= now) else { continue };
        let description = cell::text(row, 2)?.unwrap_or_default();
        let details = cell::text(row, 3)?.unwrap_or_default();
        visit(at, &description, &details);
    }
    Ok(())
}

fn newest_id(bot: &Bot) -> rusqlite::Result<i64> {
    bot.prepare("SELECT max(id) FROM activity")?
        .query_row([], |row| Ok(cell::integer(row, 0)?.unwrap_or_default()))
}

/// `CLOSED solana @ $147.21 P&L: +$1.07 (take_profit)` with `trade_id=12, entry=…`.
fn first_generation(description: &str, details: &str, at: DateTime<Utc>) -> Option<Closing> {
    let (coin, rest) = description.strip_prefix("CLOSED ")?.split_once(" @ ")?;
    let money = rest.split_once("P&L:").map(|(_, money)| money.trim_start());
    let money = money.map(|money| money.split(' ').next().unwrap_or(money).replace(['$', '+', ','], ""));
    let id = details.split(',').find_map(|part| part.trim().strip_prefix("trade_id="));
    Some(Closing {
        generation: 1,
        trade_id: id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()),
        coin: coin.trim().to_owned(),
        pnl_usd: money.and_then(|money| money.parse().ok()).filter(|money: &f64| money.is_finite()),
        at,
    })
}

/// JSON with trade_id, coin and pnl_usd.
fn second_generation(details: &str, at: DateTime<Utc>) -> Option<Closing> {
    let details: Value = serde_json::from_str(details).ok()?;
    let text = |field: &str| details.get(field).and_then(Value::as_str).map(str::to_owned);
    Some(Closing {
        generation: 2,
        trade_id: Some(text("trade_id")?),
        coin: text("coin")?,
        pnl_usd: details.get("pnl_usd").and_then(Value::as_f64),
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_lines_are_understood() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let line = "CLOSED bitcoin-cash @ $315.98 P&L: $-1,001.54 (llm_sell: Negative, P&L: bad)";
        let closing = first_generation(line, "trade_id=360, entry=$342.39", at).unwrap();
        assert_eq!((closing.coin.as_str(), closing.pnl_usd), ("bitcoin-cash", Some(-1001.54)));
        assert_eq!(closing.trade_id.as_deref(), Some("360"));
        let json = r#"{"trade_id": "pos-1", "coin": "APT", "pnl_usd": -0.38}"#;
        assert_eq!(second_generation(json, at).unwrap().pnl_usd, Some(-0.38));
        assert!(second_generation("not JSON", at).is_none());
        assert!(first_generation("CLOSED", "", at).is_none());
    }
}
