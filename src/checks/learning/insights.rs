//! Insights against the trades that they count.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::model::{AlertType, Period, Severity};
use crate::source::cell;
use crate::source::clock::utc_text;

/// Looked at, at least: reflections are hourly.
const LEAST_HOURS: i64 = 7 * 24;
/// Counting each coin's trades reads them all.
const MOST_TRADES: u64 = 20_000;
/// One may be a slip of the model, three are a habit.
const LEAST_IMPOSSIBLE: u64 = 3;
/// A trade that closes while the reflection is written may be on either side.
const SLACK_TRADES: f64 = 1.0;

const REFLECTIONS: &str = "
SELECT
    at,
    clock,
    id,
    insights
FROM reflection
WHERE within(at)";

const ADAPTATIONS: &str = "
SELECT
    at,
    clock,
    id,
    evidence
FROM adaptation
WHERE within(at)";

/// Each coin's trades in the order of closing, with the number of wins up to each.
struct History(HashMap<String, Vec<(DateTime<Utc>, u64)>>);

impl History {
    fn read(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let mut outcomes: HashMap<String, Vec<(DateTime<Utc>, bool)>> = HashMap::new();
        for trade in &audit.context.ledger()?.entries {
            let Some(closed_at) = trade.closed_at else { continue };
            outcomes
                .entry(trade.coin.to_uppercase())
                .or_default()
                .push((closed_at, trade.won() == Some(true)));
        }
        let cumulated = outcomes.into_iter().map(|(coin, mut trades)| {
            trades.sort_unstable();
            let mut wins = 0;
            let trades = trades.into_iter().map(|(closed_at, won)| {
                wins += u64::from(won);
                (closed_at, wins)
            });
            (coin, trades.collect())
        });
        Ok(Self(cumulated.collect()))
    }

    /// Trades and wins of a coin up to a moment.
    fn of(&self, coin: &str, at: DateTime<Utc>) -> (f64, f64) {
        let trades = self.0.get(&coin.to_uppercase()).map(Vec::as_slice).unwrap_or_default();
        let count = trades.partition_point(|(closed_at, _)| *closed_at <= at + TimeDelta::seconds(60));
        let wins = count.checked_sub(1).and_then(|last| trades.get(last)).map_or(0, |(_, wins)| *wins);
        (count as f64, wins as f64)
    }
}

/// What a piece of evidence claims about one coin.
struct Claim {
    coin: String,
    trades: f64,
    wins: Option<f64>,
}

impl Claim {
    /// Of an object that names coin and trades, and perhaps a win rate as fraction or percent.
    fn of(evidence: &Value) -> Option<Self> {
        let trades = evidence.get("trades")?.as_f64().filter(|trades| *trades >= 1.0)?;
        let rate =
            evidence.get("win_rate").and_then(Value::as_f64).filter(|rate| (0.0..=100.0).contains(rate));
        let fraction = rate.map(|rate| if rate > 1.0 { rate / 100.0 } else { rate });
        Some(Self {
            coin: evidence.get("coin")?.as_str()?.to_owned(),
            trades,
            wins: fraction.map(|fraction| (fraction * trades).round()),
        })
    }

    /// What makes it impossible, given all that had happened by then.
    fn refuted(&self, (trades, wins): (f64, f64)) -> Option<String> {
        let coin = &self.coin;
        if self.trades > trades + SLACK_TRADES {
            return Some(format!("{} trades of {coin} claimed, {trades} made by then", self.trades));
        }
        let claimed_wins = self.wins?;
        let claimed_losses = self.trades - claimed_wins;
        if claimed_wins > wins + SLACK_TRADES {
            Some(format!("{claimed_wins} wins of {coin} claimed, {wins} made by then"))
        } else if claimed_losses > trades - wins + SLACK_TRADES {
            Some(format!("{claimed_losses} losses of {coin} claimed, {} made by then", trades - wins))
        } else {
            None
        }
    }
}

fn hours(audit: &Audit<'_>) -> i64 {
    i64::from(audit.context.config.hours).max(LEAST_HOURS)
}

fn period(audit: &Audit<'_>) -> Period {
    let now = audit.context.now;
    Period { after: now - TimeDelta::hours(hours(audit)), until: now }
}

/// What the rows of a query claim about coins: a list of insights with their evidence, or one piece of it.
fn claims(audit: &Audit<'_>, sql: &str) -> rusqlite::Result<Vec<(DateTime<Utc>, String, Claim)>> {
    let context = audit.context;
    let mut claims = Vec::new();
    context.bot.each_within(sql, period(audit), |at, row| {
        let id = cell::text(row, 2)?.unwrap_or_default();
        let json: Value = serde_json::from_str(&cell::text(row, 3)?.unwrap_or_default()).unwrap_or_default();
        let listed = json.as_array().into_iter().flatten().filter_map(|insight| insight.get("evidence"));
        let evidence = listed.chain((!json.is_array()).then_some(&json));
        claims.extend(evidence.filter_map(Claim::of).map(|claim| (at, id.clone().into_owned(), claim)));
        Ok(())
    })?;
    Ok(claims)
}

/// High where the bot has changed itself because of it, else medium.
pub(super) fn impossible_evidence(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let (insights, adaptations) = (claims(audit, REFLECTIONS)?, claims(audit, ADAPTATIONS)?);
    if insights.is_empty()
        || !audit.context.trade_count()?.as_ref().is_ok_and(|trades| *trades <= MOST_TRADES)
    {
        return Ok(Found::nothing());
    }
    let history = History::read(audit)?;
    let refuted = |claims: &[(DateTime<Utc>, String, Claim)]| {
        let mut evidence = Evidence::default();
        for (at, id, claim) in claims {
            let reason = claim.refuted(history.of(&claim.coin, *at));
            evidence.row(reason.map(|reason| move || format!("reflection {id}: {reason}")));
        }
        evidence
    };
    let (insights, adaptations) = (refuted(&insights), refuted(&adaptations));
    Ok((insights.count >= LEAST_IMPOSSIBLE).then(|| problem(audit, &insights, &adaptations)).into())
}

fn problem(audit: &Audit<'_>, insights: &Evidence, adaptations: &Evidence) -> Problem {
    let acted = match adaptations.count {
        0 => "No change of the bot to itself rests on them yet.".to_owned(),
        _ => {
            let on = adaptations.counted("changes that the bot made to itself", "rests", "rest");
            format!("{on} on such figures.")
        }
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: if adaptations.count > 0 { Severity::High } else { Severity::Medium },
        subject: String::new(),
        title: "Insights count trades that never happened".to_owned(),
        description: format!(
            "{} of {} insights about a coin in the last {} days claim more trades, wins or losses than the coin had \
             closed by then. {acted}",
            insights.count,
            insights.of,
            hours(audit) as f64 / 24.0
        ),
        evidence: insights.text(
            "insights about a coin",
            &format!("SELECT id, timestamp, insights FROM reflections WHERE datetime(timestamp) > '{}'", utc_text(period(audit).after)),
        ),
        recommendation: "Compute an insight's figures from the trades before it is stored or acted on; drop those that differ.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_is_refuted_only_by_what_cannot_be() {
        let claim = |evidence: Value| Claim::of(&evidence).unwrap();
        let five_of_six = claim(json!({"coin": "ADA", "trades": 6, "win_rate": 0.8333}));
        assert_eq!(five_of_six.refuted((6.0, 5.0)), None);
        assert_eq!(five_of_six.refuted((30.0, 10.0)), None);
        assert!(five_of_six.refuted((3.0, 3.0)).unwrap().contains("6 trades"));
        assert!(five_of_six.refuted((30.0, 2.0)).unwrap().contains("5 wins"));
        let all_lost = claim(json!({"coin": "ADA", "trades": 6, "win_rate": 0}));
        assert!(all_lost.refuted((8.0, 8.0)).unwrap().contains("6 losses"));
        assert!(Claim::of(&json!({"coin": "ADA", "trades": "six"})).is_none());
        assert!(Claim::of(&json!(["6 trades"])).is_none());
    }
}
