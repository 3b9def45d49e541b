//! One coin under several spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::checks::funnel::proposals::Proposals;
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::untrusted::cut;

pub(super) const REFUSED: Check = Check {
    id: "coin-refused-for-its-spelling",
    theme: Theme::Integrity,
    why: "A trade that is refused for want of a price that is there under another spelling is an opportunity lost to a missing conversion.",
    threshold: None,
    run: refused,
};

pub(super) const SPLIT: Check = Check {
    id: "coin-spelling-splits",
    theme: Theme::Integrity,
    why: "A coin under two spellings escapes its cooldown, its blacklist and its running totals.",
    threshold: None,
    run: split,
};

/// Share of the proposals to buy from which on this keeps the bot from trading.
const MANY: f64 = 0.1;
const PRICES: &str = "SELECT updated_at, clock, coin FROM price";

fn refused(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let mut known = BTreeSet::new();
    bot.each_row(PRICES, |row| {
        // Rows that an older bot left behind are no price.
        if bot.instant(row, 0, 1)?.is_some_and(|at| audit.context.window.contains(at)) {
            known.extend(cell::text(row, 2)?.map(std::borrow::Cow::into_owned));
        }
        Ok(())
    })?;
    let by_lower: BTreeMap<String, &String> =
        known.iter().map(|coin| (coin.trim().to_lowercase(), coin)).collect();
    let log = audit.log()?;
    let mut evidence = Evidence::default();
    let mut coins = BTreeSet::new();
    const REFUSALS: [&str; 4] = ["trade_rejected", "decision_rejected", "error", "warning"];
    for entry in log.entries().filter(|entry| REFUSALS.contains(&entry.kind())) {
        let Some((_, rest)) = entry.description().split_once("No market data for ") else { continue };
        let named = rest.split(['.', ',', ' ', ':']).next().unwrap_or_default();
        let other = by_lower.get(&named.trim().to_lowercase()).filter(|_| !known.contains(named));
        evidence.row(other.map(|known| {
            move || {
                format!(
                    "#{} \"{}\" was refused, \"{}\" has a price",
                    entry.id(),
                    cut(named, 24),
                    cut(known, 24)
                )
            }
        }));
        if other.is_some() {
            coins.insert(named.trim().to_lowercase());
        }
    }
    let proposals = Proposals::of(log).count;
    let share = evidence.count as f64 / proposals.max(1) as f64;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: if share >= MANY { Severity::High } else { Severity::Medium },
        subject: "market_data.coin".to_owned(),
        title: "Trades are refused for want of a price that is there under another spelling".to_owned(),
        description: format!(
            "{} of {} refusals for want of market data {} name a coin whose price is there, only spelled in other letters. \
             Coins: {}; proposals to buy in that time: {proposals}.",
            evidence.count,
            evidence.of,
            log.when(),
            coins.len()
        ),
        evidence: evidence.text(
            "refusals for want of market data",
            &format!(
                "SELECT id, description FROM activity_log WHERE {} AND description LIKE '%No market data for%' ORDER BY id DESC",
                log.read_sql()
            ),
        ),
        recommendation: "Bring the coin's name into the table's spelling (lower case, trimmed) before the price is looked up, and tell the LLM the exact names.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

/// Where coins are named, by generation: the first writes `near`, the second `NEAR`.
const NAMES: [(&str, &str); 6] = [
    ("position", "SELECT DISTINCT generation, coin FROM position"),
    ("price", "SELECT 1, coin FROM price"),
    ("cooldown", "SELECT 1, coin FROM cooldown"),
    ("coin_score", "SELECT 2, coin FROM coin_score"),
    ("condition", "SELECT 2, coin FROM condition ORDER BY created_at DESC LIMIT 2000"),
    ("coin_status_change", "SELECT 2, coin FROM coin_status_change ORDER BY id DESC LIMIT 2000"),
];

fn split(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut spellings: BTreeMap<(i64, String), BTreeMap<String, &str>> = BTreeMap::new();
    let mut note = |generation: i64, coin: &str, place: &'static str| {
        if !coin.trim().is_empty() {
            let names = spellings.entry((generation, coin.trim().to_lowercase())).or_default();
            names.entry(coin.to_owned()).or_insert(place);
        }
    };
    for entry in &audit.context.ledger()?.entries {
        note(entry.generation, &entry.coin, "trade");
    }
    for (place, sql) in NAMES {
        audit.context.bot.each_row(sql, |row| {
            let generation = cell::integer(row, 0)?.unwrap_or_default();
            note(generation, &cell::text(row, 1)?.unwrap_or_default(), place);
            Ok(())
        })?;
    }
    let mut evidence = Evidence::default();
    for names in spellings.values() {
        evidence.row((names.len() > 1).then_some(|| {
            let names: Vec<_> = names
                .iter()
                .take(3)
                .map(|(name, place)| format!("\"{}\" ({place})", cut(name, 24)))
                .collect();
            names.join(" and ")
        }));
    }
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "coin".to_owned(),
        title: "Coins are stored under several spellings".to_owned(),
        description: format!(
            "{} a name that differs from another one's in case or spaces only. Cooldowns, scores and limits by coin do not meet.",
            evidence.counted("coins", "has", "have")
        ),
        evidence: evidence.text("coins", ""),
        recommendation: "Bring the coin's name into one spelling where it enters (the LLM's answer), and merge the stored rows.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
