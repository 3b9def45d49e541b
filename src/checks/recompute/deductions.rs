//! What is taken off each profit in proportion to the trade's size.

use super::compared::{Compared, is_leveraged};
use super::tolerance::{by_table, most};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};

pub(super) const DEDUCTIONS: Check = Check {
    id: "profit-deduction-high",
    theme: Theme::Integrity,
    why: "More taken off each profit than an exchange takes turns trades that win into trades that lose.",
    threshold: Some(Threshold {
        default: 0.3,
        reason: "percent of the size for both sides together: large exchanges take 0.2 from small customers",
    }),
    run: deductions,
};

/// Fewer trades show no rate.
const LEAST_TRADES: usize = 10;
/// Fees on the exit follow the price's move.
const SAME_RATE: f64 = 0.1;

/// The share of their size by which nearly all of these profits are lower than their prices give, and which
/// of them are.
pub(super) fn common_rate<'one, 'entry>(
    trades: &[&'one Compared<'entry>],
    least: f64,
) -> Option<(f64, Vec<&'one Compared<'entry>>)> {
    let lower: Vec<_> = trades.iter().copied().filter(|trade| trade.is_lower_by(least)).collect();
    let mut rates: Vec<f64> = lower.iter().map(|trade| trade.deduction()).collect();
    rates.sort_by(f64::total_cmp);
    let rate = *rates.get(rates.len() / 2)?;
    let count = lower.len();
    let same: Vec<_> = lower.into_iter().filter(|trade| trade.is_about(rate, SAME_RATE)).collect();
    (same.len() >= LEAST_TRADES && most(same.len(), count)).then_some((rate, same))
}

fn deductions(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for (table, entries) in by_table(&ledger.entries) {
        let compared: Vec<_> = entries.into_iter().filter_map(Compared::new).collect();
        let all: Vec<_> = compared.iter().collect();
        let rate = common_rate(&all, audit.threshold / 100.0).filter(|_| !is_leveraged(&compared));
        // A rate beyond any fee is `pnl-contradicts-prices`'s to report, with all trades that have it.
        let rate = rate.filter(|(_, same)| !same.iter().any(|trade| trade.is_off()));
        let Some((rate, same)) = rate else { continue };
        let mut evidence = Evidence::default();
        for trade in &same {
            evidence.fault(|| format!("{}, {:.2} % lower", trade.example(), 100.0 * trade.deduction()));
        }
        evidence.of = compared.len() as u64;
        let lower_usd: f64 = same.iter().map(|trade| trade.expected - trade.stored).sum();
        let percent = 100.0 * rate;
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: table.to_owned(),
            title: format!("Profits in {table} are lower than their prices give by one share of the size"),
            description: format!(
                "{} of {} trades store a profit that is lower than entry price, exit price and size give, by about {percent:.2} % \
                 of the size each: ${lower_usd:.2} together.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text("trades", &query(table, &same)),
            recommendation: format!(
                "If these are fees, compare {percent:.2} % with what your exchange takes for opening and closing together: \
                 are they taken off twice, or off prices that contain them already? If the rate is right, raise this check's threshold."
            ),
        });
    }
    Ok(found)
}

/// The rows by what they have lost, rounded outwards.
fn query(table: &str, same: &[&Compared<'_>]) -> String {
    let (coin, size, sign, closed) = match table {
        "closed_trades" => ("coin_name", "size_usd", "", "1"),
        _ => (
            "coin",
            "position_size_usd",
            "CASE direction WHEN 'SHORT' THEN -1 ELSE 1 END * ",
            "status <> 'open'",
        ),
    };
    let lower = format!("{sign}(exit_price / entry_price - 1) - pnl_usd / {size}");
    let rates = same.iter().map(|trade| trade.deduction());
    let low = rates.clone().fold(f64::INFINITY, f64::min) - 1e-7;
    let high = rates.fold(f64::NEG_INFINITY, f64::max) + 1e-7;
    format!(
        "SELECT id, {coin}, {size}, pnl_usd, 100 * ({lower}) AS percent_lower FROM {table} WHERE {closed} AND {lower} \
         BETWEEN {low:.7} AND {high:.7}"
    )
}
