//! The account: balance as stored and as it follows from the trades, daily results, exposure, and
//! refusals at the bot's limits.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::system_metrics::Tally;
use super::{Context, Counts, MOST_COUNTED_TRADES, Ranked, Unavailable, ratio};
use crate::bot::ledger::Entry;
use crate::bot::{Period, cell, clock, trade};

/// Days of daily results, today included.
const HISTORY_DAYS: u64 = 30;
/// Fewer days where they would hold more trades than this: the window is what a run may cost.
const MOST_HISTORY_TRADES: f64 = 5_000.0;
/// What a trend needs, today and the day of the first trade apart.
const FEWEST_HISTORY_DAYS: u64 = TREND_DAYS as u64 + 2;

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
ORDER BY id DESC
LIMIT 1";

const ALL_PNL: &str = "
SELECT
    total(pnl_usd)
FROM trade
WHERE generation = ?1";

const RESULTS: &str = "
SELECT
    closed_at,
    clock,
    pnl_usd
FROM trade
WHERE within(closed_at)";

/// The section `account_health`.
#[derive(Debug, Serialize)]
pub(crate) struct AccountHealth {
    /// The stored balance, else the recomputed one, in US dollars.
    pub(crate) current_balance: Option<f64>,
    /// Which of the two it is.
    pub(crate) balance_source: Option<&'static str>,
    /// Balance before the first trade.
    pub(crate) starting_balance: f64,
    /// `current_balance` less `starting_balance`.
    pub(crate) total_pnl: Option<f64>,
    /// The account as the bot stores it.
    pub(crate) stored: Option<Account>,
    /// The account as it follows from the trades and open positions.
    pub(crate) recomputed: Account,
    /// Direction of the balance over the last whole days: see `trend`.
    pub(crate) pnl_trend: Option<&'static str>,
    /// Results of the last 30 UTC days, oldest first, from the first day with a trade on; of a bot that
    /// trades far more often, of as many days as hold 5,000 trades.
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
    pub(crate) max_exposure_fraction: f64,
    /// Open size as a fraction of the largest exposure.
    pub(crate) exposure_utilization: Option<f64>,
    /// Refusals at limits in the window.
    pub(crate) trades_near_limits: Option<Refusals>,
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

/// One UTC day's result.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Day {
    /// The day.
    pub(crate) date: NaiveDate,
    /// Sum of profits and losses in US dollars.
    pub(crate) pnl: f64,
    /// Trades closed.
    pub(crate) trades: u64,
    /// False for today and for the day on which the history begins.
    pub(crate) whole: bool,
}

/// Refused trades.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Refusals {
    /// All of them.
    pub(crate) total: u64,
    /// By the limit, most frequent first.
    pub(crate) by_kind: Ranked<&'static str, u64>,
}

/// What is compared with the window before.
#[derive(Debug, Serialize)]
pub(crate) struct KeyFigures {
    /// Refusals at limits.
    pub(crate) trades_near_limits: Option<u64>,
    /// Sum of profits and losses in US dollars.
    pub(crate) pnl: f64,
}

/// Reads the account, the open positions, the last days' trades and the window's refusals.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<AccountHealth> {
    let mut unavailable = Unavailable::new();
    let positions = context.open_positions()?;
    let history = daily_history(context)?;
    let later = Later::read(context)?;
    let recomputed = recompute(context, positions, &history, &later, &mut unavailable)?;
    let stored = stored(context, &later, &mut unavailable)?;
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
    let whole_days: Vec<f64> = history.iter().filter(|day| day.whole).map(|day| day.pnl).collect();
    let pnl_trend = trend(&whole_days);
    if pnl_trend.is_none() {
        let reason = format!("{} whole days with trades, {TREND_DAYS} are needed", whole_days.len());
        unavailable.insert("pnl_trend", reason);
    }
    let deviation = standard_deviation(&whole_days);
    if deviation.is_none() {
        unavailable.insert("balance_volatility", "less than two whole days with trades".to_owned());
    }
    let open_size_usd = sum(positions.iter().filter_map(|position| position.size_usd));
    let unrealized_pnl_usd = unrealized(positions, stored.is_some(), &mut unavailable);
    let activity = context.activity()?;
    let starting_balance = context.limits.starting_balance_usd;
    let max_exposure_fraction = context.limits.max_exposure_fraction;
    Ok(AccountHealth {
        current_balance,
        balance_source,
        starting_balance,
        total_pnl: current_balance.map(|balance| balance - starting_balance),
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
            .and_then(|balance| ratio(open_size_usd, max_exposure_fraction * balance)),
        trades_near_limits: refusals(context, &activity.window, &mut unavailable),
        balance_volatility: deviation.and_then(|deviation| ratio(deviation, starting_balance)),
        previous: KeyFigures {
            trades_near_limits: refusals(context, &activity.previous, &mut unavailable)
                .map(|refusals| refusals.total),
            pnl: context.traded()?.previous.patterns.key.total_pnl,
        },
        unavailable,
    })
}

/// What was traded after the audited moment.
#[derive(Default)]
struct Later {
    /// Trades of either generation.
    trades: u64,
    /// Sum of the current generation's profits and losses.
    pnl_usd: f64,
}

impl Later {
    fn read(context: &Context<'_>) -> rusqlite::Result<Self> {
        let mut later = Self::default();
        trade::each_closed(context.bot, Period::later_than(context.now), |trade| {
            later.trades += 1;
            if trade.generation == context.generation {
                later.pnl_usd += trade.pnl_usd.unwrap_or(0.0);
            }
        })?;
        Ok(later)
    }
}

/// The account as stored, unless it was written after `now` or knows of trades after it.
fn stored(
    context: &Context<'_>,
    later: &Later,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Option<Account>> {
    let bot = context.bot;
    let mut statement = bot.prepare(STORED)?;
    let mut rows = statement.query([context.generation])?;
    let Some(row) = rows.next()? else {
        let reason = match context.generation {
            1 => "account_state holds no row",
            _ => "this generation stores no balance (equity_points is empty)",
        };
        unavailable.insert("stored", reason.to_owned());
        return Ok(None);
    };
    let updated_at = bot.instant(row, 0, 1)?;
    if later.trades > 0 || updated_at.is_some_and(|updated_at| updated_at > context.now) {
        unavailable
            .insert("stored", "the bot has overwritten it after the moment that is audited".to_owned());
        return Ok(None);
    }
    Ok(Some(Account {
        balance: cell::real(row, 2)?,
        available_balance: cell::real(row, 3)?,
        in_positions: cell::real(row, 4)?,
        total_pnl: cell::real(row, 5)?,
        daily_pnl: cell::real(row, 6)?,
        trade_count_today: cell::integer(row, 7)?,
        last_updated: updated_at.map(clock::utc_text),
    }))
}

/// The account as it follows from the current generation's trades and open positions.
fn recompute(
    context: &Context<'_>,
    positions: &[Entry],
    history: &[Day],
    later: &Later,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Account> {
    let own = positions.iter().filter(|position| position.generation == context.generation);
    let in_positions = sum(own.filter_map(|position| position.size_usd));
    let total_pnl = total_pnl(context, later, unavailable)?;
    let balance = total_pnl.map(|pnl| context.limits.starting_balance_usd + pnl);
    let today = history.last().filter(|day| day.date == context.now.date_naive());
    Ok(Account {
        balance,
        available_balance: balance.map(|balance| balance - in_positions),
        in_positions: Some(in_positions),
        total_pnl,
        daily_pnl: Some(today.map_or(0.0, |day| day.pnl)),
        trade_count_today: Some(today.map_or(0, |day| day.trades as i64)),
        last_updated: None,
    })
}

/// What the bot stores with each position, as long as it has not been overwritten since.
fn unrealized(positions: &[Entry], is_current: bool, unavailable: &mut Unavailable) -> Option<f64> {
    let known: Vec<f64> = positions.iter().filter_map(|position| position.unrealized_pnl_usd).collect();
    let reason = match (positions.len(), known.len()) {
        (0, _) => "no open position".to_owned(),
        (_, 0) => "no open position has it stored".to_owned(),
        (all, some) if some < all => format!("{} of {all} open positions have none stored", all - some),
        _ if !is_current => "the bot has overwritten it after the moment that is audited".to_owned(),
        _ => return Some(sum(known)),
    };
    unavailable.insert("unrealized_pnl_usd", reason);
    None
}

/// A sum that is zero, not minus zero, without values.
fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

fn total_pnl(
    context: &Context<'_>,
    later: &Later,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Option<f64>> {
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
            Ok(all.unwrap_or(f64::NAN) - later.pnl_usd)
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

/// As many days as hold so many trades, by the rate of the newest ones.
fn history_days(context: &Context<'_>) -> anyhow::Result<u64> {
    let ledger = context.ledger()?;
    let times = || ledger.entries.iter().filter_map(|trade| trade.closed_at);
    let (Some(oldest), Some(newest), false) = (times().min(), times().max(), ledger.complete) else {
        return Ok(HISTORY_DAYS);
    };
    let span_days = (newest - oldest).num_minutes() as f64 / (24.0 * 60.0);
    let days = span_days * MOST_HISTORY_TRADES / ledger.entries.len() as f64;
    Ok((days as u64).clamp(FEWEST_HISTORY_DAYS, HISTORY_DAYS))
}

fn daily_history(context: &Context<'_>) -> anyhow::Result<Vec<Day>> {
    let today = context.now.date_naive();
    let first = today.checked_sub_days(Days::new(history_days(context)? - 1)).unwrap_or(today);
    let midnight = first.and_time(chrono::NaiveTime::MIN).and_utc();
    let mut by_day: Counts<NaiveDate, (f64, u64)> = Counts::default();
    let period = Period { after: midnight - TimeDelta::microseconds(1), until: context.now };
    context.bot.each_within(RESULTS, period, |closed_at, row| {
        let (pnl, trades) = by_day.entry(closed_at.date_naive());
        *pnl += cell::real(row, 2)?.unwrap_or(0.0);
        *trades += 1;
        Ok(())
    })?;
    let with_trades = by_day.by_key().0;
    let Some((begin, _)) = with_trades.first() else { return Ok(Vec::new()) };
    let mut known = with_trades.iter().peekable();
    let days = begin.iter_days().take_while(|date| *date <= today);
    Ok(days
        .map(|date| {
            let (pnl, trades) = known.next_if(|(day, _)| *day == date).map_or((0.0, 0), |(_, sums)| *sums);
            Day { date, pnl, trades, whole: date != today && (date != *begin || date == first) }
        })
        .collect())
}

/// Whole days that a trend needs.
const TREND_DAYS: usize = 3;

/// `improving` or `declining` where the mean daily result is more than one standard error away from
/// zero, else `stable`: the direction in which the balance moves, as far as it is more than noise.
fn trend(whole_days: &[f64]) -> Option<&'static str> {
    if whole_days.len() < TREND_DAYS {
        return None;
    }
    let days = whole_days.len() as f64;
    let mean = whole_days.iter().sum::<f64>() / days;
    let standard_error = standard_deviation(whole_days)? / days.sqrt();
    Some(match mean {
        mean if mean > standard_error => "improving",
        mean if mean < -standard_error => "declining",
        _ => "stable",
    })
}

/// Of the sample (n − 1); `None` for less than two values.
fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = ratio(values.iter().sum(), values.len() as f64)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    ratio(squares, values.len() as f64 - 1.0).map(f64::sqrt)
}

fn refusals(context: &Context<'_>, period: &Tally, unavailable: &mut Unavailable) -> Option<Refusals> {
    let total = period.refusals.values().sum();
    let reason = match context.generation {
        _ if !context.bot.has_table("activity_log") => "the file has no activity_log",
        2 if total == 0 => "this generation logs no refusals",
        _ => {
            let mut by_kind: Vec<_> = period.refusals.iter().map(|(limit, count)| (*limit, *count)).collect();
            by_kind.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            return Some(Refusals { total, by_kind: Ranked(by_kind) });
        }
    };
    unavailable.insert("trades_near_limits", reason.to_owned());
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_must_stand_out_of_its_noise() {
        assert_eq!(trend(&[1.0, 1.2, 0.9]), Some("improving"));
        assert_eq!(trend(&[-2.0, -1.0, -3.0, 0.5]), Some("declining"));
        assert_eq!(trend(&[5.0, -5.0, 4.0, -4.5]), Some("stable"));
        assert_eq!(trend(&[0.0, 0.0, 0.0]), Some("stable"));
        assert_eq!(trend(&[1.0, 1.0]), None);
    }

    #[test]
    fn the_deviation_is_the_sample_s() {
        assert_eq!(
            standard_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]),
            Some((32.0_f64 / 7.0).sqrt())
        );
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(standard_deviation(&[]), None);
    }
}
