//! Profit and loss against prices, size and direction.

use super::compared::{Compared, LEVERAGE_TRADES, is_leveraged};
use super::deductions::common_rate;
use super::tolerance::{CENT, MOST_FEES_FRACTION, by_table, most, while_it_lasts};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::AlertType;
use crate::source::ledger::{Entry, Side};

pub(super) const PNL: Check = Check {
    id: "pnl-contradicts-prices",
    theme: Theme::Integrity,
    why: "A profit that does not follow from entry, exit, size and direction makes every figure built on it wrong.",
    threshold: None,
    run: pnl,
};

pub(super) const PERCENT: Check = Check {
    id: "pnl-percent-contradicts-pnl",
    theme: Theme::Integrity,
    why: "A percentage that does not follow from profit and size (or has the other sign or unit) misleads whatever reads it.",
    threshold: None,
    run: percent,
};

fn pnl(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for (table, entries) in by_table(&ledger.entries) {
        found.facts.extend(without_size(table, &entries));
        let compared: Vec<_> = entries.into_iter().filter_map(Compared::new).collect();
        if is_leveraged(&compared) {
            continue;
        }
        let mut evidence = Evidence::default();
        for trade in &compared {
            evidence.row(trade.is_off().then_some(|| trade.example()));
        }
        let off: Vec<_> = compared.iter().filter(|trade| trade.is_off()).collect();
        if off.is_empty() {
            continue;
        }
        let cause = cause(&off);
        let sum: f64 = off.iter().map(|trade| trade.stored - trade.expected).sum();
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: while_it_lasts(audit, off.iter().map(|trade| trade.entry)),
            subject: table.to_owned(),
            title: format!("Profit and loss in {table} contradict the trades' own prices"),
            description: format!(
                "{} a profit that entry price, exit price, size and direction do not give, {sum:+.2} US dollars off in all. \
                 {cause}",
                evidence.counted("trades", "stores", "store")
            ),
            evidence: evidence.text("trades", query(table)),
            recommendation: "Correct the calculation where a trade is closed, then recompute the stored rows from their prices.".to_owned(),
        });
    }
    Ok(found)
}

/// What the wrong profits have in common.
fn cause(off: &[&Compared<'_>]) -> String {
    let telling: Vec<_> = off.iter().filter(|trade| trade.tells()).collect();
    let fits = |profit: &dyn Fn(&Compared<'_>) -> f64| {
        let fitting = telling.iter().filter(|trade| {
            let profit = profit(trade);
            (trade.stored - profit).abs() <= trade.tolerance.min(CENT.max(0.05 * profit.abs()))
                && (trade.stored / profit - 1.0).abs() < 0.2
        });
        most(fitting.count(), telling.len())
    };
    let size = |trade: &Compared<'_>| trade.size;
    let rate = common_rate(off, MOST_FEES_FRACTION).filter(|(_, same)| most(same.len(), off.len()));
    let cause = if fits(&|trade: &Compared<'_>| -trade.expected)
        && off.iter().all(|trade| trade.entry.side == Some(Side::Short))
    {
        "SHORT trades are calculated as if they were LONG."
    } else if fits(&|trade: &Compared<'_>| -trade.expected) {
        "Their sign is reversed."
    } else if fits(&|trade: &Compared<'_>| 100.0 * trade.expected / size(trade)) {
        "They hold the percentage, not the money."
    } else if fits(&|trade: &Compared<'_>| trade.expected / size(trade)) {
        "They hold the fraction, not the money."
    } else if fits(&|trade: &Compared<'_>| {
        trade.expected / size(trade) * trade.entry.entry_price.unwrap_or_default()
    }) {
        "They hold the difference of the prices, without the size."
    } else if fits(&|trade: &Compared<'_>| trade.expected * 100.0)
        || fits(&|trade: &Compared<'_>| trade.expected / 100.0)
    {
        "They are off by a factor of 100."
    } else if let Some((rate, _)) = rate {
        return format!("Nearly each is lower by about {:.2} % of its size.", 100.0 * rate);
    } else if let Some(usd) = common_amount(off) {
        let how = if usd > 0.0 { "lower" } else { "higher" };
        return format!("Nearly each is {how} by about {:.2} US dollars, whatever its size.", usd.abs());
    } else {
        "No single factor explains them."
    };
    cause.to_owned()
}

/// Closed trades with a profit or loss on no size, where most trades have one.
fn without_size(table: &str, entries: &[&Entry]) -> Option<Problem> {
    let mut evidence = Evidence::default();
    for entry in entries {
        let is_closed = matches!(entry.status.as_deref(), Some("closed" | "post_tracked"));
        let pnl_usd = entry.pnl_usd.filter(|pnl_usd| is_closed && *pnl_usd != 0.0);
        let has_none = !entry.size_usd.is_some_and(|size_usd| size_usd > 0.0);
        evidence.row(pnl_usd.filter(|_| has_none).map(|pnl_usd| {
            move || {
                let size = entry.size_usd.map_or_else(|| "none".to_owned(), |size| size.to_string());
                format!("{}: size {size}, profit {pnl_usd:+.2}", entry.name())
            }
        }));
    }
    let (column, query) = match table {
        "closed_trades" => (
            "closed_trades.size_usd",
            "SELECT id, coin_name, size_usd, pnl_usd FROM closed_trades WHERE coalesce(size_usd + 0, 0) <= 0 AND pnl_usd <> 0",
        ),
        _ => (
            "trade_journal.position_size_usd",
            "SELECT id, coin, position_size_usd, pnl_usd FROM trade_journal WHERE status IN ('closed', 'post_tracked') \
             AND coalesce(position_size_usd + 0, 0) <= 0 AND pnl_usd <> 0",
        ),
    };
    (evidence.count > 0 && evidence.count * 2 <= evidence.of).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: crate::model::Severity::Medium,
        subject: column.to_owned(),
        title: format!("Trades in {table} have a profit or loss but no size above zero"),
        description: format!(
            "{} a profit or loss on a size of zero, below zero or none. It follows from no size, and no sum of sizes \
             contains these trades rightly.",
            evidence.counted("trades", "has", "have")
        ),
        evidence: evidence.text("trades", query),
        recommendation: "Store the size when a trade is opened, keep it when it is closed, and complete these rows \
                         from the log."
            .to_owned(),
    })
}

/// By how many dollars nearly each of several profits is too low: a fee that does not follow the size.
fn common_amount(off: &[&Compared<'_>]) -> Option<f64> {
    let mut amounts: Vec<f64> = off.iter().map(|trade| trade.expected - trade.stored).collect();
    amounts.sort_by(f64::total_cmp);
    let usd = amounts.get(amounts.len() / 2).copied()?;
    let near = |trade: &&&Compared<'_>| {
        (trade.expected - trade.stored - usd).abs() <= trade.tolerance.min(CENT.max(0.05 * usd.abs()))
    };
    (off.len() >= LEVERAGE_TRADES && most(off.iter().filter(near).count(), off.len())).then_some(usd)
}

fn query(table: &str) -> &'static str {
    match table {
        "closed_trades" => {
            "SELECT id, coin_name, entry_price, exit_price, size_usd, pnl_usd FROM closed_trades \
             WHERE abs(pnl_usd - size_usd * (exit_price / entry_price - 1)) > 0.01 + 0.006 * size_usd"
        }
        _ => {
            "SELECT id, coin, direction, entry_price, exit_price, position_size_usd, pnl_usd FROM trade_journal \
             WHERE status <> 'open' AND abs(pnl_usd - CASE direction WHEN 'SHORT' THEN -1 ELSE 1 END \
             * position_size_usd * (exit_price / entry_price - 1)) > 0.01 + 0.006 * position_size_usd"
        }
    }
}

/// Half a hundredth of a percentage point is rounding.
const PERCENT_STEP: f64 = 0.006;

/// A trade's stored percentage with the ones that would be right.
struct Percentage<'entry> {
    entry: &'entry Entry,
    stored: f64,
    of_size: f64,
    of_price: f64,
}

impl<'entry> Percentage<'entry> {
    fn new(entry: &'entry Entry) -> Option<Self> {
        let size = entry.size_usd.filter(|size| *size > 0.0)?;
        let of_size = 100.0 * entry.pnl_usd? / size;
        let of_price = entry.gain_fraction().map_or(of_size, |gain| 100.0 * gain);
        Some(Self { entry, stored: entry.pnl_percent?, of_size, of_price })
    }

    /// With fees or without: percent may mean the price's move or the profit on the size. A profit
    /// that is itself wrong is `PNL`'s to report, so either is right here.
    fn is_off(&self) -> bool {
        let low = self.of_size.min(self.of_price) - 100.0 * MOST_FEES_FRACTION;
        let high = self.of_size.max(self.of_price);
        let rounding = PERCENT_STEP + CENT * 100.0 / self.entry.size_usd.unwrap_or(1.0) + 0.002 * high.abs();
        !(low - rounding..=high + rounding).contains(&self.stored)
    }

    /// Whether it is the right one times a factor.
    fn is_times(&self, factor: f64) -> bool {
        self.of_size.abs() > 0.2
            && [self.of_size, self.of_price]
                .iter()
                .any(|right| (self.stored / (right * factor) - 1.0).abs() < 0.1)
    }
}

fn percent(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for (table, entries) in by_table(&ledger.entries) {
        let compared: Vec<_> = entries.into_iter().filter_map(Percentage::new).collect();
        let telling: Vec<_> = compared.iter().filter(|trade| trade.of_size.abs() > 0.2).collect();
        let share =
            |factor| most(telling.iter().filter(|trade| trade.is_times(factor)).count(), telling.len());
        let (is_fraction, is_hundredfold) = (share(0.01), share(100.0));
        // A percentage of the margin is the right one times the leverage.
        let leverage = (2..=50).any(|factor| share(f64::from(factor)));
        if leverage && telling.len() >= LEVERAGE_TRADES {
            continue;
        }
        // Fractions hide among small percentages: with a wrong unit all telling rows are wrong.
        let wrong_unit = (is_fraction || is_hundredfold) && telling.len() >= 3;
        let mut evidence = Evidence::default();
        let (mut reversed, mut off) = (0, Vec::new());
        for trade in &compared {
            let wrong =
                trade.is_off() || (wrong_unit && trade.is_times(if is_fraction { 0.01 } else { 100.0 }));
            reversed += u64::from(wrong && trade.is_times(-1.0));
            if wrong {
                off.push(trade.entry);
            }
            evidence.row(wrong.then_some(|| {
                format!(
                    "{}: {:+.2} % by profit and size, stored {:+.4}",
                    trade.entry.name(),
                    trade.of_size,
                    trade.stored
                )
            }));
        }
        if off.is_empty() {
            continue;
        }
        let cause = match () {
            () if wrong_unit && is_fraction => {
                "It holds the fraction where percent is meant: every value is a hundredth."
            }
            () if wrong_unit => "Every value is a hundred times too large.",
            () if reversed == evidence.count => "Its sign is reversed.",
            () => "",
        };
        let column = if table == "closed_trades" { "closed_trades.pnl_pct" } else { "trade_journal.pnl_pct" };
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: crate::model::Severity::Medium,
            subject: column.to_owned(),
            title: format!("{column} contradicts the profit and size of its trade"),
            description: format!(
                "{} a percentage that profit and size do not give. {cause}",
                evidence.counted("trades", "stores", "store")
            )
            .trim()
            .to_owned(),
            evidence: evidence.text("trades", percent_query(table)),
            recommendation:
                "Correct the calculation, recompute the stored rows, and check who reads this column."
                    .to_owned(),
        });
    }
    Ok(found)
}

fn percent_query(table: &str) -> &'static str {
    match table {
        "closed_trades" => {
            "SELECT id, coin_name, size_usd, pnl_usd, pnl_pct, 100 * pnl_usd / size_usd FROM closed_trades \
             WHERE abs(pnl_pct - 100 * pnl_usd / size_usd) > 0.02"
        }
        _ => {
            "SELECT id, coin, position_size_usd, pnl_usd, pnl_pct, 100 * pnl_usd / position_size_usd \
             FROM trade_journal WHERE status <> 'open' AND abs(pnl_pct - 100 * pnl_usd / position_size_usd) > 0.02"
        }
    }
}
