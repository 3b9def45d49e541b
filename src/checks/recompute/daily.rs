//! Counters of a day against the trades of that day.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Found, Problem, Theme};
use crate::metrics::account_health::Account;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::clock::utc_text;
use crate::source::ledger::Ledger;

pub(super) const COUNTERS: Check = Check {
    id: "daily-counter-contradicts-trades",
    theme: Theme::Integrity,
    why: "A daily counter that is never set back, or never set, makes every limit by day either block or pass everything.",
    threshold: None,
    run: counters,
};

/// Trades of today that prove that a counter at zero is not kept.
const FEWEST_TODAY: usize = 3;

/// Number and profit of trades since a moment.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    closed: usize,
    opened: usize,
    pnl: f64,
}

fn since(ledger: &Ledger, generation: i64, from: DateTime<Utc>) -> Sum {
    let mut sum = Sum::default();
    for entry in ledger.of(generation) {
        if entry.closed_at.is_some_and(|at| at >= from) {
            sum.closed += 1;
            sum.pnl += entry.pnl_usd.unwrap_or(0.0);
        }
        sum.opened += usize::from(entry.opened_at.is_some_and(|at| at >= from));
    }
    sum
}

fn counters(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let context = audit.context;
    let stored = audit.report.account_health.available().and_then(|health| health.stored.as_ref());
    let Some(stored) = stored.filter(|_| context.generation == 1) else { return Ok(Found::nothing()) };
    let Some(ledger) = context.all_trades()?.filter(|ledger| ledger.later == 0) else {
        return Ok(Found::nothing());
    };
    let Some(newest) = ledger.of(1).filter_map(|entry| entry.closed_at).max() else {
        return Ok(Found::nothing());
    };
    let all = since(ledger, 1, DateTime::<Utc>::MIN_UTC);
    // Whatever midnight the bot keeps to, and though it may set back only at its next trade, a
    // day's counter never holds more than a day before the newest trade and what came since.
    let longest_day = since(ledger, 1, newest - TimeDelta::hours(24));
    let positions =
        audit.report.account_health.available().map_or(0, |health| health.open_positions as usize);
    let mut wrong = never_reset(stored, all, longest_day, positions);
    let is_reset = wrong.is_empty();
    if is_reset {
        // The bot's day may begin at midnight of UTC or of its host; a row of this moment may be missing.
        let today = since(ledger, 1, latest_midnight(audit));
        let settled = today.closed - since(ledger, 1, context.now - GRACE).closed;
        if settled >= FEWEST_TODAY && all.closed >= 2 * FEWEST_TODAY {
            wrong = never_set(stored, today);
        }
    }
    if wrong.is_empty() {
        return Ok(Found::nothing());
    }
    let since = utc_text(if is_reset { latest_midnight(audit) } else { newest - TimeDelta::hours(24) });
    let what = if is_reset { "are not kept" } else { "are never set back" };
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("account_state:{}", if is_reset { "not-kept" } else { "not-set-back" }),
        title: format!("Daily counters in account_state {what}"),
        description: format!(
            "{}.",
            wrong.join("; ")
        ),
        evidence: format!(
            "{}; query: SELECT trade_count_today, daily_pnl, count(*), sum(pnl_usd), sum(closed_at >= '{since}'), \
             total(CASE WHEN closed_at >= '{since}' THEN pnl_usd END) FROM account_state, closed_trades",
            wrong.join("; ")
        ),
        recommendation: if is_reset {
            "Update the counters where a trade is closed: a limit per day that reads them never applies.".to_owned()
        } else {
            "Set the counters to zero when the day changes, at start as well as in the cycle: a limit per day that reads them would soon refuse every trade.".to_owned()
        },
    })
    .into())
}

/// The later of UTC's and the host's last midnight.
fn latest_midnight(audit: &Audit<'_>) -> DateTime<Utc> {
    let now = audit.context.now;
    let day = |days| Some((now + TimeDelta::days(days)).date_naive().and_time(NaiveTime::MIN));
    let host = (-1..=1).filter_map(|days| audit.context.bot.host_offset().to_utc(day(days)?));
    let utc = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    host.filter(|midnight| *midnight <= now).fold(utc, Ord::max)
}

/// Counters that hold the whole history although it is longer than any day.
fn never_reset(stored: &Account, all: Sum, day: Sum, positions: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(count) = stored.trade_count_today {
        let most = day.closed + day.opened + positions;
        let whole = [all.closed, all.opened + positions, all.closed + all.opened + positions];
        if usize::try_from(count).is_ok_and(|count| count > most && whole.contains(&count)) {
            wrong.push(format!(
                "trade_count_today is {count}, the count of all trades ever; the 24 hours up to the newest closing have {}",
                day.closed
            ));
        }
    }
    if let Some(pnl) = stored.daily_pnl.filter(|pnl| *pnl != 0.0) {
        let rounding = 0.05 + 0.01 * (all.closed as f64).sqrt();
        let is_all =
            (pnl - all.pnl).abs() <= 0.05 && stored.total_pnl.is_none_or(|total| (pnl - total).abs() <= 0.05);
        let differs = (all.pnl - day.pnl).abs() > 4.0 * rounding && all.closed > day.closed + FEWEST_TODAY;
        if is_all && differs {
            wrong.push(format!(
                "daily_pnl is {pnl:+.2}, the profit of all trades ever; the 24 hours up to the newest closing have {:+.2}",
                day.pnl
            ));
        }
    }
    wrong
}

/// Counters at zero on a day with trades.
fn never_set(stored: &Account, today: Sum) -> Vec<String> {
    let mut wrong = Vec::new();
    if stored.trade_count_today == Some(0) {
        wrong.push(format!(
            "trade_count_today is 0 on a day with {} {}",
            today.closed,
            plural(today.closed, "closing", "closings")
        ));
    }
    if stored.daily_pnl == Some(0.0) && today.pnl.abs() > 0.05 {
        wrong.push(format!("daily_pnl is 0 on a day with {:+.2}", today.pnl));
    }
    wrong
}
