//! Profits so far and profits missed against the prices that they are made of.

use super::tolerance::{CENT, MOST_FEES_FRACTION, most};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::dollars::signed_usd;
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::ledger::Side;
use crate::untrusted::cut;

pub(super) const OPEN: Check = Check {
    id: "unrealized-pnl-contradicts-prices",
    theme: Theme::Integrity,
    why: "The profit so far of an open position decides about its exit; one that its prices do not give decides wrongly.",
    threshold: None,
    run: open,
};

pub(super) const MISSED: Check = Check {
    id: "missed-profit-contradicts-prices",
    theme: Theme::Integrity,
    why: "What a trade missed by closing teaches when to close; in another unit or for another size it teaches something false.",
    threshold: None,
    run: missed,
};

const POSITIONS: &str = "
SELECT
    opened_at,
    clock,
    id,
    coin,
    direction,
    entry_price,
    current_price,
    size_usd,
    unrealized_pnl_usd
FROM position
WHERE unrealized_pnl_usd IS NOT NULL AND current_price IS NOT NULL";

fn open(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let mut evidence = Evidence::default();
    bot.each_row(POSITIONS, |row| {
        if bot.instant(row, 0, 1)?.is_some_and(|opened_at| opened_at > audit.context.now) {
            return Ok(());
        }
        let positive = |column| cell::real(row, column).map(|number| number.filter(|number| *number > 0.0));
        let (Some(entry), Some(current), Some(size)) = (positive(5)?, positive(6)?, positive(7)?) else {
            return Ok(());
        };
        let direction = cell::text(row, 4)?.and_then(|direction| Side::named(&direction)).map(Side::sign);
        let (Some(sign), Some(stored)) = (direction, cell::real(row, 8)?) else { return Ok(()) };
        let expected = size * sign * (current / entry - 1.0);
        let allowed = CENT + MOST_FEES_FRACTION * size + 0.01 * expected.abs();
        let (id, coin) = (cell::text(row, 2)?.unwrap_or_default(), cell::text(row, 3)?.unwrap_or_default());
        evidence.row(((stored - expected).abs() > allowed).then_some(|| {
            format!(
                "{} (id {}): {entry} → {current} with ${size:.2} gives {expected:+.2}, stored {stored:+.2}",
                cut(&coin, 24),
                cut(&id, 32)
            )
        }));
        Ok(())
    })?;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: "open_trades".to_owned(),
        title: "Unrealized profits of open positions contradict their prices".to_owned(),
        description: format!(
            "{} a profit so far that entry price, current price and size do not give.",
            evidence.counted("open positions", "stores", "store")
        ),
        evidence: evidence.text(
            "open positions",
            "SELECT id, coin_name, entry_price, current_price, size_usd, unrealized_pnl, \
             size_usd * (current_price / entry_price - 1) FROM open_trades",
        ),
        recommendation: "Compute it from the position's own size and from the price of the same cycle: exits by profit and prompts may use it."
            .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

const AFTER_EXIT: &str = "
SELECT
    closed_at,
    clock,
    id,
    coin,
    direction,
    size_usd,
    exit_price,
    price_15min_after,
    missed_profit_usd
FROM post_exit
ORDER BY closed_at DESC
LIMIT 5000";

/// Rows that prove how a column is computed; another program may mean another moment's price.
const FEWEST: usize = 10;

/// One trade's missed profit in each of the units in which it may have been stored.
struct Missed {
    name: String,
    stored: f64,
    money: f64,
    percent: f64,
}

fn missed(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut rows = Vec::new();
    let bot = audit.context.bot;
    bot.each_row(AFTER_EXIT, |row| {
        if bot.instant(row, 0, 1)?.is_none_or(|closed_at| closed_at > audit.context.now) {
            return Ok(());
        }
        let direction = cell::text(row, 4)?.and_then(|direction| Side::named(&direction)).map(Side::sign);
        let positive = |column| cell::real(row, column).map(|number| number.filter(|number| *number > 0.0));
        let (size, exit, after) = (positive(5)?, positive(6)?, positive(7)?);
        let (Some(sign), Some(size), Some(exit), Some(after)) = (direction, size, exit, after) else {
            return Ok(());
        };
        let stored = cell::real(row, 8)?.unwrap_or_default();
        let percent = 100.0 * sign * (after / exit - 1.0);
        // Near a size of 100 both units are the same number, near zero every unit is.
        if percent.is_finite() && percent.abs() > 0.02 && (size - 100.0).abs() > 5.0 {
            let (id, coin) =
                (cell::text(row, 2)?.unwrap_or_default(), cell::text(row, 3)?.unwrap_or_default());
            let name = format!("{} (id {})", cut(&coin, 24), cut(&id, 32));
            rows.push(Missed { name, stored, money: percent / 100.0 * size, percent });
        }
        Ok(())
    })?;
    let mut evidence = Evidence::default();
    for row in &rows {
        let is_percent = (row.stored - row.percent).abs() <= 0.001_f64.max(0.01 * row.percent.abs());
        evidence.row(is_percent.then_some(|| {
            format!(
                "{}: stored {:+.2}, the price moved {:+.2} %, which is {}",
                row.name,
                row.stored,
                row.percent,
                signed_usd(row.money)
            )
        }));
    }
    if rows.len() < FEWEST || !most(evidence.count as usize, rows.len()) {
        return Ok(Found::nothing());
    }
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "trade_journal.missed_profit_usd".to_owned(),
        title: "missed_profit_usd holds percent, not US dollars".to_owned(),
        description: format!(
            "In {} of {} trades missed_profit_usd equals the price's move in percent, whatever the size of the \
             trade: right only for a size of $100.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "trades whose size is not $100",
            "SELECT id, coin, direction, position_size_usd, exit_price, price_15min_after, missed_profit_usd \
             FROM trade_journal WHERE missed_profit_usd IS NOT NULL AND abs(position_size_usd - 100) > 5 AND \
             abs(price_15min_after / exit_price - 1) > 0.0002",
        ),
        recommendation: "Multiply the move by the position's size, or rename the column; recompute the stored rows.".to_owned(),
    })
    .into())
}
