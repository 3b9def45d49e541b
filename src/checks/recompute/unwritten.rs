//! An account that was written once and never again.

use super::tolerance::GRACE;
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::clock::utc_text;

/// Closings after the one write that prove that nobody writes it: fewer may come before its first update.
const FEWEST_TRADES: usize = 50;

const ACCOUNT: &str = "
SELECT
    updated_at,
    clock,
    balance,
    total_pnl
FROM account
WHERE generation = 1";

/// Low: the second generation sizes its trades by other amounts, but whoever reads the table is misled. Where
/// the first one has traded, the account is what it left behind.
pub(super) fn unwritten(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let context = audit.context;
    let ledger = context.ledger()?;
    if context.generation != 2 || ledger.of(1).next().is_some() {
        return Ok(Found::nothing());
    }
    let mut account = None;
    context.bot.each_row(ACCOUNT, |row| {
        account = context.bot.instant(row, 0, 1)?.zip(cell::real(row, 2)?).zip(cell::real(row, 3)?);
        Ok(())
    })?;
    let Some(((updated_at, balance), total_pnl)) = account else { return Ok(Found::nothing()) };
    let later: Vec<_> = ledger
        .of(2)
        .filter_map(|trade| Some((trade.closed_at.filter(|at| *at > updated_at + GRACE)?, trade.pnl_usd)))
        .collect();
    let newest = later.iter().map(|(at, _)| *at).max().unwrap_or(updated_at);
    let pnl: f64 = later.iter().filter_map(|(_, pnl_usd)| *pnl_usd).sum();
    if later.len() < FEWEST_TRADES || (total_pnl - pnl).abs() < 1.0 {
        return Ok(Found::nothing());
    }
    let updated = utc_text(updated_at);
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: "account_state".to_owned(),
        title: "The account in account_state is not written while trades are closed".to_owned(),
        description: format!(
            "account_state was last written at {updated} UTC, {:.1} days before the newest closing. It says balance \
             {balance:.2} and total_pnl {total_pnl:.2}; the {} trades of trade_journal that were closed since made {pnl:+.2}.",
            (newest - updated_at).num_minutes() as f64 / 1_440.0,
            later.len()
        ),
        evidence: format!(
            "last_updated {updated}, {} trades closed after it, newest {}; query: SELECT balance, total_pnl, last_updated, \
             (SELECT count(*) FROM trade_journal WHERE status <> 'open' AND julianday(exit_time) > julianday(last_updated)), \
             (SELECT sum(pnl_usd) FROM trade_journal WHERE status <> 'open' AND julianday(exit_time) > julianday(last_updated)) \
             FROM account_state",
            later.len(),
            utc_text(newest)
        ),
        recommendation: "Does anything still read account_state? Then write it with each closing, else drop it.".to_owned(),
    })
    .into())
}
