//! Win rate and mean result against the windows before.

use super::windows;
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{Sample, p_text, wins_less_often};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;

struct Results {
    wins: u64,
    trades: u64,
    pnl_usd: Sample,
}

impl Results {
    fn of<'trades>(trades: impl Iterator<Item = &'trades Entry>) -> Self {
        let known: Vec<f64> = trades.filter_map(|trade| trade.pnl_usd).collect();
        Self {
            wins: known.iter().filter(|pnl_usd| **pnl_usd > 0.0).count() as u64,
            trades: known.len() as u64,
            pnl_usd: Sample::of(known.into_iter()),
        }
    }

    fn text(&self) -> String {
        let rate = 100.0 * self.wins as f64 / self.trades.max(1) as f64;
        format!("{rate:.0} % of {} trades won, {} a trade", self.trades, usd(self.pnl_usd.mean, 3))
    }
}

/// A claim that the window's trades win less often, or earn less, than those of the windows before.
pub(super) fn worse(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const TIMES_AS_MANY: f64 = 3.0;
    let windows = windows::of(audit)?;
    let now = Results::of(windows.current.iter().copied());
    let before = Results::of(windows.before.iter().flatten().copied());
    if (now.trades as f64) < audit.threshold || (before.trades as f64) < TIMES_AS_MANY * audit.threshold {
        return Ok(Found::nothing());
    }
    let by_rate = wins_less_often(now.wins, now.trades, before.wins, before.trades);
    let by_result = now.pnl_usd.below_other(before.pnl_usd);
    // Two tests of one question: the better of both, paid for twice (Bonferroni).
    let p_value = (2.0 * by_rate.min(by_result)).min(1.0);
    let missing_usd = now.pnl_usd.count * (before.pnl_usd.mean - now.pnl_usd.mean);
    let hours = windows::hours(audit);
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Pattern,
            severity: weight::by_loss(audit, missing_usd).min(Severity::Medium),
            subject: String::new(),
            title: "Results are worse than in the windows before, beyond chance".to_owned(),
            description: format!(
                "In the last {hours} {}; in the {} windows of the same length before, {}.",
                now.text(),
                windows.before.len(),
                before.text()
            ),
            evidence: format!(
                "{} of {} against {} of {} won (Fisher's exact {}); mean pnl_usd {:.4} against {:.4} (Welch's {})",
                now.wins,
                now.trades,
                before.wins,
                before.trades,
                p_text(by_rate),
                now.pnl_usd.mean,
                before.pnl_usd.mean,
                p_text(by_result)
            ),
            recommendation: "Look for what changed: code, prompt, model, coins, the market.".to_owned(),
        },
    );
    Ok(found)
}
