//! Losing streaks.

use super::names::closed_trades;
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{chance_text, longest_run_at_least, wilson};
use crate::checks::weight;
use crate::model::{AlertType, Severity};

/// A claim that the losing streak which is running now is longer than the win rate explains.
pub(super) fn losing_streak(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: usize = 50;
    let trades = audit.history.closed(audit.context)?;
    let outcomes: Vec<bool> = trades.iter().filter_map(|trade| trade.won()).collect();
    let streak = outcomes.iter().rev().take_while(|won| !**won).count();
    let before = outcomes.len() - streak;
    let losses_before = outcomes.iter().take(before).filter(|won| !**won).count();
    let newest = trades.last().and_then(|trade| trade.closed_at);
    if before < LEAST_TRADES || streak < 2 || !newest.is_some_and(|at| audit.context.window.contains(at)) {
        return Ok(Found::nothing());
    }
    // The rate of the trades before: the streak itself must not explain itself. A rate is known only as well
    // as its sample: sixty wins do not prove that a loss is impossible.
    let Some((_, loss_rate)) = wilson(losses_before as u64, before as u64) else {
        return Ok(Found::nothing());
    };
    let p_value = longest_run_at_least(streak, outcomes.len(), loss_rate);
    let results = trades.iter().filter_map(|trade| trade.pnl_usd);
    let lost_usd = results.clone().rev().take(streak).fold(0.0, |sum, pnl_usd| sum - pnl_usd);
    let what = if results.rev().take(streak).all(|pnl_usd| pnl_usd < 0.0) {
        format!("all lost, ${lost_usd:.2} together")
    } else {
        format!("brought no win and cost ${lost_usd:.2} together")
    };
    let (table, closed_at) = closed_trades(audit.context.generation);
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Pattern,
            severity: weight::by_loss(audit, lost_usd).max(Severity::Medium),
            subject: String::new(),
            title: "The current losing streak is longer than chance explains".to_owned(),
            description: format!(
                "The newest {streak} trades {what}. Of the {before} before them {:.0} % \
                 lost. Even at {:.0} %, the upper end of that rate's 95 % interval, the chance of a streak this long \
                 among {} trades is {}.",
                100.0 * losses_before as f64 / before as f64,
                100.0 * loss_rate,
                outcomes.len(),
                chance_text(p_value)
            ),
            evidence: format!(
                "{streak} losses in a row, {losses_before} of {before} before; query: SELECT {closed_at}, pnl_usd FROM \
                 {table} ORDER BY {closed_at} DESC LIMIT {streak}"
            ),
            recommendation: "Pause the bot and look for what changed: market, prompt, model, prices.".to_owned(),
        },
    );
    Ok(found)
}
