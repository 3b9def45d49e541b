//! The account as the bot stores it, and as it follows from its trades.

use rusqlite::{OptionalExtension as _, Row};
use serde::Serialize;

use super::daily::Day;
use crate::metrics::context::Context;
use crate::metrics::figures::{Unavailable, sum};
use crate::source::ledger::Entry;
use crate::source::{cell, clock};

const STORED: &str = "
SELECT
    at,
    coalesce(balance, equity),
    available,
    in_positions,
    total_pnl,
    daily_pnl,
    trades_today
FROM account
WHERE is_main
ORDER BY at DESC, rowid DESC
LIMIT 1";

/// Why a value is unknown that the bot keeps in one place.
pub(super) const OVERWRITTEN: &str = "the bot has overwritten it after the moment that is audited";

const ALL_PNL: &str = "
SELECT
    total(pnl)
FROM trade_total, run
WHERE span = 'all' AND source = coalesce(main_source, source)";

/// An account in US dollars.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Account {
    /// Realised balance.
    pub(crate) balance: Option<f64>,
    /// Balance that is in no position.
    pub(crate) available_balance: Option<f64>,
    /// Sum of the open sizes.
    pub(crate) in_positions: Option<f64>,
    /// Sum of all profits and losses.
    pub(crate) total_pnl: Option<f64>,
    /// Sum of today's (UTC).
    pub(crate) daily_pnl: Option<f64>,
    /// Trades closed today (UTC); the stored counter may count openings.
    pub(crate) trade_count_today: Option<i64>,
    /// When the bot wrote it, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<String>,
}

impl Account {
    /// A row of `STORED`.
    fn stored(row: &Row<'_>) -> rusqlite::Result<Self> {
        let updated_at: Option<f64> = row.get(0)?;
        Ok(Self {
            balance: row.get(1)?,
            available_balance: row.get(2)?,
            in_positions: row.get(3)?,
            total_pnl: row.get(4)?,
            daily_pnl: row.get(5)?,
            trade_count_today: cell::integer(row, 6)?,
            last_updated: updated_at.and_then(clock::moment).map(clock::utc_text),
        })
    }
}

/// The account as stored, unless it was written after the audited moment or knows of trades after it.
pub(super) fn stored(
    context: &Context<'_>,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Option<Account>> {
    let audit = context.db.connection();
    context.db.ensure_filled("account")?;
    let filled = context.db.filled();
    let stored = audit.query_row(STORED, [], Account::stored).optional()?;
    // The second generation adds a row a trade, the first has one and overwrites it.
    let is_overwritten = context.generation == 1 && filled.later_trades > 0;
    let reason = match stored {
        Some(account) if !is_overwritten => return Ok(Some(account)),
        Some(_) => OVERWRITTEN,
        None if filled.later_accounts > 0 => OVERWRITTEN,
        None if context.generation == 1 => "account_state holds no row",
        None => "this generation stores no balance (equity_points is empty)",
    };
    unavailable.insert("stored", reason.to_owned());
    Ok(None)
}

/// The account as it follows from the current generation's trades and open positions.
pub(super) fn recompute(
    context: &Context<'_>,
    positions: &[&Entry],
    history: &[Day],
    unavailable: &mut Unavailable,
) -> anyhow::Result<Account> {
    let (trades, open, size) = match context.generation {
        1 => ("closed_trades", "open_trades", "size_usd"),
        _ => ("trade_journal", "trade_journal", "position_size_usd"),
    };
    let mut has = |table: &str, column: &str, field| {
        let has = context.db.facts().has_column(table, column);
        if !has {
            unavailable.insert(field, format!("the file has no {table}.{column}"));
        }
        has
    };
    let has_sizes = has(open, size, "recomputed.in_positions");
    let has_profits = has(trades, "pnl_usd", "recomputed.balance");
    let in_positions = has_sizes.then(|| sum(positions.iter().filter_map(|position| position.size_usd)));
    let total_pnl = if has_profits { total_pnl(context, unavailable)? } else { None };
    let balance = total_pnl.zip(context.limits.starting_balance).map(|(pnl, start)| start + pnl);
    let today = history.last().filter(|day| day.date == context.now.date_naive());
    Ok(Account {
        balance,
        available_balance: balance.zip(in_positions).map(|(balance, size)| balance - size),
        in_positions,
        total_pnl,
        daily_pnl: has_profits.then(|| today.map_or(0.0, |day| day.pnl)),
        trade_count_today: Some(today.map_or(0, |day| day.trades as i64)),
        last_updated: None,
    })
}

fn total_pnl(context: &Context<'_>, unavailable: &mut Unavailable) -> anyhow::Result<Option<f64>> {
    let audit = context.db.connection();
    let total = match context.trade_count()? {
        Err(reason) => Err(reason.clone()),
        Ok(_) => Ok(audit.query_row(ALL_PNL, [], |row| row.get::<_, f64>(0))?),
    };
    let infinite = || "a trade's profit or loss is infinite".to_owned();
    match total.and_then(|total| if total.is_finite() { Ok(total) } else { Err(infinite()) }) {
        Ok(total) => Ok(Some(total)),
        Err(reason) => {
            unavailable.insert("recomputed.balance", reason);
            Ok(None)
        }
    }
}
