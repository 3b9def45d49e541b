//! The bot's own limits, recomputed at every opening from the trades around it.

use chrono::{DateTime, TimeDelta, Utc};

use super::names::{names, shown};
use crate::checks::check::{Audit, Evidence, Found, Problem, id_list};
use crate::checks::recompute::times::excess_seconds;
use crate::checks::refer::contradicted::contradicted;
use crate::checks::shared::Opening;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::ledger::Entry;

/// A stored balance this far from the recomputed one means that the starting balance is not known.
const SAME_BALANCE: f64 = 0.02;

/// A position that closes this soon after another one opens is closed in the same round of the bot.
const SAME_ROUND: TimeDelta = TimeDelta::seconds(60);

/// The newest refusals say in words what limit the bot was configured with; its type's index serves this.
pub(super) const NEWEST_REFUSALS: &str = "
SELECT
    description
FROM activity
WHERE activity_type = 'trade_rejected'
ORDER BY id DESC
LIMIT 300";

/// Every opening among the newest trades, oldest first, with what was certainly open then: over the whole time
/// in which the opening may have been, where a clock change gives it two readings. Balances are not known, and
/// infinite, where the stored one contradicts the trades.
fn openings<'run>(audit: &Audit<'run>) -> anyhow::Result<&'run [Opening<'run>]> {
    if let Some(openings) = audit.shared.openings.get() {
        return Ok(openings);
    }
    let mut opened: Vec<(DateTime<Utc>, &Entry)> = audit
        .shared
        .history
        .all(audit.context)?
        .filter_map(|trade| Some((trade.opened_at?, trade)))
        .filter(|(at, trade)| trade.closed_by.is_none_or(|closed_by| closed_by >= *at))
        .collect();
    // Where a stored duration is shorter than the times, one of them is wrong: a few rows, or the whole column.
    let host = audit.context.bot.host_offset();
    let is_doubtful = |trade: &Entry| excess_seconds(trade, host).is_some_and(|excess| excess < 0.0);
    if 2 * opened.iter().filter(|(_, trade)| is_doubtful(trade)).count() <= opened.len() {
        opened.retain(|(_, trade)| !is_doubtful(trade));
    }
    opened.sort_by_key(|(at, _)| *at);
    let closed = audit.shared.history.closed(audit.context)?;
    let is_contradicted = contradicted(audit)?;
    let pnl_usd: f64 = closed.iter().filter_map(|trade| trade.pnl_usd).sum();
    let mut balance = known_balance(audit).map_or(f64::INFINITY, |balance| balance - pnl_usd);
    let mut closings = closed.iter().peekable();
    let mut open: Vec<&Entry> = Vec::new();
    let mut openings = Vec::new();
    for (at, trade) in opened {
        while let Some(closing) = closings.next_if(|trade| trade.closed_at.is_some_and(|closed| closed <= at))
        {
            balance += closing.pnl_usd.unwrap_or(0.0);
        }
        let is_open_after =
            |other: &Entry, moment| other.closed_at.is_none_or(|closed_at| closed_at > moment);
        open.retain(|other| is_open_after(other, at + SAME_ROUND));
        let by = trade.opened_by.unwrap_or(at);
        let is_certain = |other: &&Entry| {
            other.opened_by.is_some_and(|opened_by| opened_by <= at) && is_open_after(other, by + SAME_ROUND)
        };
        let certain = || open.iter().copied().filter(is_certain).chain([trade]);
        let others = || open.iter().copied().filter(is_certain).filter(|other| !is_contradicted(other));
        openings.push(Opening {
            trade,
            at,
            balance,
            open_size_usd: certain().filter_map(|trade| trade.size_usd).sum(),
            positions: certain().count(),
            counted: 1 + others().count(),
            counted_in_coin: 1 + others()
                .filter(|other| other.coin == trade.coin && trade.has_coin())
                .count(),
        });
        open.push(trade);
    }
    Ok(audit.shared.openings.get_or_init(|| openings))
}

fn known_balance(audit: &Audit<'_>) -> Option<f64> {
    let account = audit.report.account_health.available()?;
    let recomputed = account.recomputed.balance?;
    let stored = account.stored.as_ref().and_then(|stored| stored.balance).unwrap_or(recomputed);
    ((stored - recomputed).abs() <= SAME_BALANCE * recomputed.abs()).then_some(recomputed)
}

/// The fraction that the bot's own refusals name after these words: `exceed max ($200.00, 20.0% of balance)`.
fn stated_fraction(audit: &Audit<'_>, words: &str) -> anyhow::Result<Option<f64>> {
    let mut fraction = None;
    audit.context.bot.each_row(NEWEST_REFUSALS, |row| {
        if fraction.is_none() {
            fraction = cell::text(row, 0)?.and_then(|description| fraction_after(&description, words));
        }
        Ok(())
    })?;
    Ok(fraction)
}

fn fraction_after(description: &str, words: &str) -> Option<f64> {
    let (_, limit) = description.split_once(words)?;
    let (before, _) = limit.split_once("% of balance")?;
    let percent: f64 = before.rsplit([' ', '(', ',']).next()?.parse().ok()?;
    (percent > 0.0 && percent <= 100.0).then_some(percent / 100.0)
}

/// Trades larger than the largest size.
pub(super) fn trade_size(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let own = audit.context.limits.max_trade_fraction;
    let limit = stated_fraction(audit, "max per trade")?.unwrap_or(own);
    let mut evidence = Evidence::default();
    for opening in openings(audit)? {
        let size_usd = opening.trade.size_usd.unwrap_or(0.0);
        // Who has lost everything may open nothing.
        let most_usd = limit * opening.balance.max(0.0);
        evidence.row((size_usd > audit.threshold * most_usd).then_some(|| {
            format!(
                "{} at {}: ${size_usd:.2}, allowed ${most_usd:.2}",
                shown(&opening.trade.coin),
                utc_text(opening.at)
            )
        }));
    }
    let names = names(audit.context.generation);
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: String::new(),
            title: "Trades are larger than the limit for one trade".to_owned(),
            description: format!(
                "{} of {} trades {} opened with more than {:.0} % of the balance of that moment: the limit for one \
                 trade does not hold.",
                evidence.count,
                evidence.of,
                plural(evidence.count, "was", "were"),
                100.0 * limit
            ),
            evidence: evidence.text(
                "openings",
                &format!("SELECT * FROM {} ORDER BY {} DESC LIMIT 10", names.closed, names.size),
            ),
            recommendation: "Check the size again right before the order, against the balance that is stored; \
                             if the limit is another one, set limits.max_trade_fraction in the config file."
                .to_owned(),
        })
        .into())
}

/// More money in open positions than allowed.
pub(super) fn exposure(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let own = audit.context.limits.max_exposure_fraction;
    let limit = stated_fraction(audit, "exceed max")?.unwrap_or(own);
    let mut evidence = Evidence::default();
    let mut worst: f64 = 0.0;
    for opening in openings(audit)? {
        let fraction = opening.open_size_usd / opening.balance;
        // One trade that is too large by itself is the other check's.
        let is_over = opening.balance > 0.0 && opening.positions > 1 && fraction > audit.threshold * limit;
        if is_over {
            worst = worst.max(fraction);
        }
        evidence.row(is_over.then_some(|| {
            format!(
                "{}: ${:.2} in {} positions, {:.1} % of ${:.2}",
                utc_text(opening.at),
                opening.open_size_usd,
                opening.positions,
                100.0 * fraction,
                opening.balance
            )
        }));
    }
    let names = names(audit.context.generation);
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: String::new(),
            title: "More money is in open positions than the exposure limit allows".to_owned(),
            description: format!(
                "At {} of {} openings the open positions together passed {:.0} % of the balance, up to {:.1} %: the \
                 exposure limit does not hold.",
                evidence.count,
                evidence.of,
                100.0 * limit,
                100.0 * worst
            ),
            evidence: evidence
                .text("openings", &format!("SELECT {}, {} FROM {}", names.opened_at, names.size, names.closed)),
            recommendation: "Count all open positions, also those from before a restart, right before an order; \
                             if the limit is another one, set limits.max_exposure_fraction in the config file."
                .to_owned(),
        })
        .into())
}

/// More positions at once than allowed, in all or in one coin.
pub(super) fn positions(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let limits = audit.context.limits;
    // Rows of positions that the bot has forgotten or closed before are reported as that.
    let mut evidence = Evidence::default();
    let (mut most, mut most_in_coin) = (0, 0);
    for opening in openings(audit)? {
        let (all, own) = (opening.counted, opening.counted_in_coin);
        let is_over = all as f64 > limits.max_positions || own as f64 > limits.max_positions_per_coin;
        if is_over {
            (most, most_in_coin) = (most.max(all), most_in_coin.max(own));
        }
        evidence.row(is_over.then_some(|| {
            let coin = shown(&opening.trade.coin);
            format!(
                "{}: with {coin} {all} positions were open, {own} of them in {coin}",
                utc_text(opening.at)
            )
        }));
    }
    let query = positions_query(audit)?;
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: String::new(),
            title: "More positions are open at once than the bot allows itself".to_owned(),
            description: format!(
                "At {} of {} openings there were more positions than allowed ({}, {} in one coin): up to {most} at \
                 once and {most_in_coin} in one coin.",
                evidence.count, evidence.of, limits.max_positions, limits.max_positions_per_coin
            ),
            evidence: evidence.text("openings", &query),
            recommendation: "Load the open positions from the file at the start, and count them there before an order; \
                             if the limits are others, set limits.max_positions and limits.max_positions_per_coin \
                             in the config file."
                .to_owned(),
        })
        .into())
}

/// The openings at which too many positions were open, as `openings` counts them.
fn positions_query(audit: &Audit<'_>) -> anyhow::Result<String> {
    let generation = audit.context.generation;
    let is_contradicted = contradicted(audit)?;
    let left_out = audit.shared.history.all(audit.context)?.filter(|trade| is_contradicted(trade));
    let left_out: Vec<String> = left_out
        .map(|trade| match (generation, &trade.position_id) {
            (1, Some(_)) => format!("open {}", trade.id),
            (1, None) => format!("closed {}", trade.id),
            _ => trade.id.clone(),
        })
        .collect();
    let without = match left_out.as_slice() {
        [] => String::new(),
        ids => format!(" AND other.id NOT IN ({})", id_list(ids.iter().map(String::as_str))),
    };
    let trades = match generation {
        1 => {
            "SELECT 'closed ' || id AS id, coin_name AS coin, opened_at AS opened, closed_at AS closed FROM closed_trades UNION \
             ALL SELECT 'open ' || id, coin_name, opened_at, NULL FROM open_trades"
        }
        _ => {
            "SELECT id, coin, entry_time AS opened, exit_time AS closed FROM trade_journal WHERE status = 'open' OR exit_time \
             IS NOT NULL"
        }
    };
    let limits = audit.context.limits;
    Ok(format!(
        "WITH trade AS (SELECT *, row_number() OVER (ORDER BY julianday(opened), closed IS NULL, julianday(closed), id) AS number \
         FROM ({trades})) SELECT trade.id, trade.coin, trade.opened, 1 + count(other.id) AS positions, 1 + \
         coalesce(sum(other.coin = trade.coin), 0) AS in_coin FROM trade LEFT JOIN trade AS other ON other.number < trade.number \
         AND (other.closed IS NULL OR julianday(other.closed) > julianday(trade.opened) + {}.0 / 86400){without} GROUP BY \
         trade.number HAVING positions > {} OR in_coin > {} ORDER BY trade.number",
        SAME_ROUND.num_seconds(),
        limits.max_positions,
        limits.max_positions_per_coin
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_states_its_limit() {
        let exposure =
            "BUY aptos $50.00: Total exposure ($230.00) would exceed max ($200.00, 20.0% of balance)";
        assert_eq!(fraction_after(exposure, "exceed max"), Some(0.2));
        let size = "BUY x $100.00: Trade size ($100.00) exceeds max per trade ($98.59, 10.0% of balance)";
        assert_eq!(fraction_after(size, "max per trade"), Some(0.1));
        assert_eq!(fraction_after(size, "exceed max"), None);
        assert_eq!(fraction_after("exceed max (?% of balance)", "exceed max"), None);
    }
}
