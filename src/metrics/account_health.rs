//! The account: balance as stored and as it follows from the trades, daily results, exposure, and
//! rejections at the bot's limits.

mod account;
mod daily;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Ranked, Unavailable, ratio, sum};
use crate::metrics::setting::Span;
use crate::source::ledger::Entry;
pub(crate) use account::Account;
use daily::{Day, TREND_DAYS};

/// Rejections by the limit, most frequent first.
const REJECTIONS: &str = "
SELECT
    rejection,
    sum(iif(?1, n, n_previous)) AS rows
FROM event_pattern
WHERE rejection IS NOT NULL
GROUP BY rejection
HAVING rows > 0
ORDER BY rows DESC, rejection";

/// The section `account_health`.
#[derive(Debug, Serialize)]
pub(crate) struct AccountHealth {
    /// The stored balance, else the recomputed one, in US dollars.
    pub(crate) current_balance: Option<f64>,
    /// Which of the two it is.
    pub(crate) balance_source: Option<&'static str>,
    /// Balance before the first trade; null where nobody states it.
    pub(crate) starting_balance: Option<f64>,
    /// `current_balance` less `starting_balance`.
    pub(crate) total_pnl: Option<f64>,
    /// The account as the bot stores it.
    pub(crate) stored: Option<Account>,
    /// The account as it follows from the trades and open positions.
    pub(crate) recomputed: Account,
    /// Direction of the balance over the last whole days: see `trend`.
    pub(crate) pnl_trend: Option<&'static str>,
    /// Results of the last 30 UTC days, oldest first, from the first day with a trade on; of a bot that
    /// trades far more often, of the days that the newest 2,000 trades fill.
    pub(crate) daily_pnl_history: Vec<Day>,
    /// Positions open now.
    pub(crate) open_positions: u64,
    /// Each of them, oldest first.
    pub(crate) open_position_list: Vec<OpenPosition>,
    /// Sum of their sizes in US dollars.
    pub(crate) open_size_usd: f64,
    /// Sum of their profits and losses so far; null where the bot does not store it.
    pub(crate) unrealized_pnl_usd: Option<f64>,
    /// Largest exposure that the bot allows itself, as a fraction of the balance.
    pub(crate) max_exposure_fraction: Option<f64>,
    /// Open size as a fraction of the largest exposure.
    pub(crate) exposure_utilization: Option<f64>,
    /// Rejections at limits in the window.
    pub(crate) trades_near_limits: Option<Rejections>,
    /// Standard deviation of the results of the last whole days, as a fraction of the starting balance.
    pub(crate) balance_volatility: Option<f64>,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

/// One open position.
#[derive(Debug, Serialize)]
pub(crate) struct OpenPosition {
    /// The coin as the bot names it.
    pub(crate) coin: String,
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Time since its opening.
    pub(crate) age_hours: Option<f64>,
}

impl OpenPosition {
    fn of(position: &Entry, now: DateTime<Utc>) -> Self {
        let age = position.opened_at.map(|opened_at| now - opened_at);
        Self {
            coin: position.coin.clone(),
            size_usd: position.size_usd,
            age_hours: age.map(|age| age.num_seconds() as f64 / 3_600.0),
        }
    }
}

/// Refused trades.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Rejections {
    /// All of them.
    pub(crate) total: u64,
    /// By the limit, most frequent first.
    pub(crate) by_kind: Ranked<String, u64>,
}

/// What is compared with the window before.
#[derive(Debug, Serialize)]
pub(crate) struct KeyFigures {
    /// Rejections at limits.
    pub(crate) trades_near_limits: Option<u64>,
    /// Sum of profits and losses in US dollars.
    pub(crate) pnl: f64,
}

/// Reads the account, the open positions, the last days' trades and the window's rejections.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<AccountHealth> {
    let mut unavailable = Unavailable::new();
    let positions: Vec<&Entry> = context
        .open_positions()?
        .iter()
        .filter(|position| position.generation == context.generation)
        .collect();
    let history = daily::history(context)?;
    let recomputed = account::recompute(context, &positions, &history, &mut unavailable)?;
    let stored = account::stored(context, &mut unavailable)?;
    let stored_balance = stored.as_ref().and_then(|account| account.balance);
    let current_balance = stored_balance.or(recomputed.balance);
    let balance_source = match (stored_balance, recomputed.balance) {
        (Some(_), _) => Some("stored"),
        (None, Some(_)) => Some("recomputed"),
        (None, None) => None,
    };
    if current_balance.is_none() {
        let reason = "neither stored nor recomputed".to_owned();
        for field in ["current_balance", "balance_source", "total_pnl", "exposure_utilization"] {
            unavailable.insert(field, reason.clone());
        }
    }
    if current_balance.is_some_and(|balance| balance <= 0.0) {
        unavailable.insert("exposure_utilization", "the balance is not above zero".to_owned());
    }
    let whole_days: Vec<f64> = history.iter().filter(|day| day.whole).map(|day| day.pnl).collect();
    let pnl_trend = daily::trend(&whole_days);
    if pnl_trend.is_none() {
        let reason = format!("{} whole days with trades, {TREND_DAYS} are needed", whole_days.len());
        unavailable.insert("pnl_trend", reason);
    }
    let deviation = daily::standard_deviation(&whole_days);
    if deviation.is_none() {
        unavailable.insert("balance_volatility", "less than two whole days with trades".to_owned());
    }
    let open_size_usd = sum(positions.iter().filter_map(|position| position.size_usd));
    let unrealized_pnl_usd = unrealized(&positions, &mut unavailable);
    let trades_near_limits = match rejections(context, Span::Window)? {
        Ok(rejections) => Some(rejections),
        Err(reason) => {
            unavailable.insert("trades_near_limits", reason.to_owned());
            None
        }
    };
    let starting_balance = context.limits.starting_balance;
    let max_exposure_fraction = context.limits.max_exposure_fraction;
    for (field, limit) in [
        ("starting_balance", starting_balance),
        ("total_pnl", starting_balance),
        ("balance_volatility", starting_balance),
        ("max_exposure_fraction", max_exposure_fraction),
        ("exposure_utilization", max_exposure_fraction),
    ] {
        if limit.is_none() {
            let reason = "the file does not say it: state it under [limits] in the config file";
            unavailable.entry(field).or_insert_with(|| reason.to_owned());
        }
    }
    Ok(AccountHealth {
        current_balance,
        balance_source,
        starting_balance,
        total_pnl: current_balance.zip(starting_balance).map(|(balance, start)| balance - start),
        stored,
        recomputed,
        pnl_trend,
        daily_pnl_history: history,
        open_positions: positions.len() as u64,
        open_position_list: positions
            .iter()
            .map(|position| OpenPosition::of(position, context.now))
            .collect(),
        open_size_usd,
        unrealized_pnl_usd,
        max_exposure_fraction,
        exposure_utilization: current_balance
            .filter(|balance| *balance > 0.0)
            .zip(max_exposure_fraction)
            .and_then(|(balance, fraction)| ratio(open_size_usd, fraction * balance)),
        trades_near_limits,
        balance_volatility: deviation
            .zip(starting_balance)
            .and_then(|(deviation, start)| ratio(deviation, start)),
        previous: KeyFigures {
            trades_near_limits: rejections(context, Span::Previous)?.ok().map(|rejections| rejections.total),
            pnl: context.traded()?.previous.patterns.key.total_pnl,
        },
        unavailable,
    })
}

/// What the bot stores with each position, as long as it has not been overwritten since.
fn unrealized(positions: &[&Entry], unavailable: &mut Unavailable) -> Option<f64> {
    let is_overwritten = unavailable.get("stored").is_some_and(|reason| reason == account::OVERWRITTEN);
    let known: Vec<f64> = positions.iter().filter_map(|position| position.unrealized_pnl_usd).collect();
    let reason = match (positions.len(), known.len()) {
        (0, _) => "no open position".to_owned(),
        (_, 0) => "no open position has it stored".to_owned(),
        (all, some) if some < all => format!("{} of {all} open positions have none stored", all - some),
        _ if is_overwritten => account::OVERWRITTEN.to_owned(),
        _ => return Some(sum(known)),
    };
    unavailable.insert("unrealized_pnl_usd", reason);
    None
}

/// The rejections of a window, or why nothing tells of them.
fn rejections(context: &Context<'_>, span: Span) -> anyhow::Result<Result<Rejections, &'static str>> {
    let mut statement = context.db.connection().prepare(REJECTIONS)?;
    let rows = statement.query_map([span == Span::Window], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let by_kind: Vec<(String, u64)> = rows.collect::<rusqlite::Result<_>>()?;
    if !context.db.facts().has_table("activity_log") {
        return Ok(Err("the file has no activity_log"));
    }
    if context.generation == 2 && by_kind.is_empty() {
        return Ok(Err("this generation logs no rejections"));
    }
    let total = by_kind.iter().map(|(_, count)| count).sum();
    Ok(Ok(Rejections { total, by_kind: Ranked(by_kind) }))
}
