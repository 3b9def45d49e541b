//! Prices that are stored again and again without a change.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::clock;
use crate::untrusted::cut;

/// The same price again and again.
pub(super) const FROZEN: Check = Check {
    id: "price-frozen",
    theme: Theme::Liveness,
    why: "A price that is stored again and again without a change comes from a cache, not from a market.",
    threshold: Some(Threshold {
        default: 120.0,
        reason: "equal prices in a row, over an hour at least, while four in five other coins moved ten times",
    }),
    run: frozen,
};
/// Fewer coins are no "others".
const FEWEST_OTHERS: usize = 3;

/// Shorter than this a price may stand still.
const SHORTEST_FREEZE_SECONDS: i64 = 3_600;
/// Changes that show that another coin's market moves.
const FEWEST_CHANGES: u64 = 10;
/// Prices near one dollar belong to coins that are meant to stand still.
const STABLE_USD: std::ops::RangeInclusive<f64> = 0.97..=1.03;

/// One coin's newest prices, read backwards.
#[derive(Default)]
struct Run {
    price_usd: f64,
    newest: Option<DateTime<Utc>>,
    oldest_equal: Option<DateTime<Utc>>,
    equal: u64,
    changes: u64,
    last_seen_usd: f64,
}

impl Run {
    fn add(&mut self, at: DateTime<Utc>, price_usd: f64) {
        if self.newest.is_none() {
            (self.newest, self.price_usd, self.last_seen_usd) = (Some(at), price_usd, price_usd);
        }
        self.changes += u64::from(price_usd != self.last_seen_usd);
        self.last_seen_usd = price_usd;
        if self.changes == 0 {
            self.equal += 1;
            self.oldest_equal = Some(at);
        }
    }

    fn is_frozen(&self, least: f64) -> bool {
        let seconds =
            self.newest.zip(self.oldest_equal).map_or(0, |(newest, oldest)| (newest - oldest).num_seconds());
        self.equal as f64 >= least && seconds >= SHORTEST_FREEZE_SECONDS
    }
}

fn frozen(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let context = audit.context;
    let mut runs: HashMap<&str, Run> = HashMap::new();
    for point in audit.shared.history.prices(context)? {
        runs.entry(&point.coin).or_default().add(point.at, point.price_usd);
    }
    // Coins that are meant to stand still say nothing about the others.
    runs.retain(|_, run| !STABLE_USD.contains(&run.price_usd));
    let moving = runs.values().filter(|run| run.changes >= FEWEST_CHANGES).count();
    let mut still: Vec<_> = runs.iter().filter(|(_, run)| run.is_frozen(audit.threshold)).collect();
    let all = !still.is_empty() && still.len() == runs.len() && runs.len() > FEWEST_OTHERS;
    let others = runs.len() - still.len();
    if still.is_empty() || (!all && (others < FEWEST_OTHERS || moving * 5 < others * 4)) {
        return Ok(Found::nothing());
    }
    still.sort_by_key(|(coin, _)| **coin);
    let open = context.open_positions()?;
    let held = still.iter().any(|(coin, _)| open.iter().any(|open| open.coin.eq_ignore_ascii_case(coin)));
    Ok(Some(freeze(&still, runs.len(), all, held)).into())
}

fn freeze(still: &[(&&str, &Run)], coins: usize, all: bool, held: bool) -> Problem {
    let mut evidence = Evidence::default();
    for (coin, run) in still {
        evidence.fault(|| {
            format!(
                "{} at {} for {} updates since {}",
                cut(coin, 40),
                run.price_usd,
                run.equal,
                run.oldest_equal.map(clock::utc_text).unwrap_or_default()
            )
        });
    }
    evidence.of = coins as u64;
    Problem {
        alert_type: AlertType::Bug,
        severity: if held { Severity::High } else { Severity::Medium },
        subject: if all { "all" } else { "some" }.to_owned(),
        title: if all {
            "All prices stand still although they are stored again and again".to_owned()
        } else {
            "Single coins' prices stand still while the others move".to_owned()
        },
        description: format!(
            "{} exactly the same price for more than an hour of updates. {}",
            evidence.counted("coins", "has had", "have had"),
            if held { "A position is open in one of them." } else { "No position is open in them." }
        ),
        evidence: evidence
            .text("coins", "SELECT coin, price_usd, timestamp FROM price_history ORDER BY id DESC LIMIT 500"),
        recommendation: "Compare with the source: look for a cache, a default value, or a delisted coin."
            .to_owned(),
    }
}
