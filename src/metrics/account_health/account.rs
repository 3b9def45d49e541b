//! The account as the bot stores it, and as it follows from its trades.

use chrono::{DateTime, Utc};
use rusqlite::Row;
use serde::Serialize;

use super::daily::Day;
use crate::metrics::context::{Context, MOST_COUNTED_TRADES};
use crate::metrics::figures::{Unavailable, sum};
use crate::source::ledger::Entry;
use crate::source::{cell, clock};

const STORED: &str = "
SELECT
    updated_at,
    clock,
    balance,
    available_balance,
    in_positions,
    total_pnl,
    daily_pnl,
    trade_count_today
FROM account
WHERE generation = ?1
ORDER BY id DESC";

/// Why a value is unknown that the bot keeps in one place.
pub(super) const OVERWRITTEN: &str = "the bot has overwritten it after the moment that is audited";

const ALL_PNL: &str = "
SELECT
    total(pnl_usd)
FROM trade
WHERE generation = ?1";

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
    fn stored(row: &Row<'_>, updated_at: Option<DateTime<Utc>>) -> rusqlite::Result<Self> {
        Ok(Self {
            balance: cell::real(row, 2)?,
            available_balance: cell::real(row, 3)?,
            in_positions: cell::real(row, 4)?,
            total_pnl: cell::real(row, 5)?,
            daily_pnl: cell::real(row, 6)?,
            trade_count_today: cell::integer(row, 7)?,
            last_updated: updated_at.map(clock::utc_text),
        })
    }
}

/// The account as stored, unless it was written after `now` or knows of trades after it.
pub(super) fn stored(
    context: &Context<'_>,
    unavailable: &mut Unavailable,
) -> rusqlite::Result<Option<Account>> {
    let bot = context.bot;
    let mut statement = bot.prepare(STORED)?;
    let mut rows = statement.query([context.generation])?;
    let mut reason = match context.generation {
        1 => "account_state holds no row",
        _ => "this generation stores no balance (equity_points is empty)",
    };
    // The second generation adds a row a trade, the first has one and overwrites it.
    let is_overwritten = context.generation == 1 && context.later()?.trades > 0;
    while let Some(row) = rows.next()? {
        let updated_at = bot.instant(row, 0, 1)?;
        if is_overwritten || updated_at.is_some_and(|updated_at| updated_at > context.now) {
            reason = OVERWRITTEN;
            continue;
        }
        return Account::stored(row, updated_at).map(Some);
    }
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
        let has = context.bot.has_column(table, column);
        if !has {
            unavailable.insert(field, format!("the file has no {table}.{column}"));
        }
        has
    };
    let has_sizes = has(open, size, "recomputed.in_positions");
    let has_profits = has(trades, "pnl_usd", "recomputed.balance");
    let in_positions = has_sizes.then(|| sum(positions.iter().filter_map(|position| position.size_usd)));
    let total_pnl = if has_profits { total_pnl(context, unavailable)? } else { None };
    let balance = total_pnl.map(|pnl| context.limits.starting_balance_usd + pnl);
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
    let bot = context.bot;
    let total = match context.trade_count()? {
        Err(reason) => Err(reason.clone()),
        // So many are not read twice where the window has read all of them.
        Ok(trades @ MOST_COUNTED_TRADES..)
            if context.traded()?.window.patterns.key.total_trades == *trades =>
        {
            Ok(context.traded()?.window.own_pnl_usd)
        }
        // Infinities of both signs add up to NULL.
        Ok(_) => {
            let all: Option<f64> = bot.prepare(ALL_PNL)?.query_row([context.generation], |row| row.get(0))?;
            Ok(all.unwrap_or(f64::NAN) - context.later()?.pnl_usd)
        }
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
