//! Learnings that are attached to another trade than the one they talk about.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::ledger::Entry;
use crate::untrusted::cut;

pub(super) const WRONG_TRADE: Check = Check {
    id: "learning-of-another-trade",
    theme: Theme::Integrity,
    why: "A learning that is attached to another trade joins its lesson with the wrong coin and the wrong result.",
    threshold: None,
    run: wrong_trade,
};

/// Texts may mention another coin; several that name only others show wrong ids.
const FEWEST: u64 = 3;
/// Share of the learnings that name a coin.
const FEWEST_FRACTION: f64 = 0.1;

const LEARNINGS: &str = "
SELECT
    created_at,
    'utc' AS clock,
    id,
    trade_id,
    substr(learning_text, 1, 2000)
FROM src_learnings
WHERE trade_id IS NOT NULL
ORDER BY id DESC
LIMIT 1000";

fn wrong_trade(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let trades: HashMap<&str, &Entry> = ledger.of(1).map(|entry| (entry.id.as_str(), entry)).collect();
    let coins: BTreeSet<&str> =
        ledger.of(1).map(|entry| entry.coin.as_str()).filter(|coin| coin.len() > 2).collect();
    let (mut coin, mut early) = (Evidence::default(), Evidence::default());
    let bot = audit.context.bot;
    bot.each_row(LEARNINGS, |row| {
        let created_at = bot.instant(row, 0, 1)?;
        let id = cell::text(row, 3)?.unwrap_or_default();
        let Some(trade) =
            trades.get(id.trim()).filter(|_| created_at.is_none_or(|at| at <= audit.context.now))
        else {
            return Ok(());
        };
        let text = cell::text(row, 4)?.unwrap_or_default();
        let own = text.to_ascii_lowercase().contains(&trade.coin.to_ascii_lowercase());
        let named = if own { None } else { named_coin(&text, &coins) };
        let learning = cell::text(row, 2)?.unwrap_or_default().into_owned();
        if own || named.is_some() {
            let (learning, id) = (&learning, &id);
            coin.row(named.map(|named| {
                move || {
                    format!(
                        "learning {learning} is about {named}, its trade {} is {}",
                        cut(id, 20),
                        cut(&trade.coin, 24)
                    )
                }
            }));
        }
        let before = is_before(created_at, trade);
        early.row(before.then_some(|| {
            format!("learning {learning} is older than the closing of its trade {}", trade.name())
        }));
        Ok(())
    })?;
    let wrong_coin = coin.count >= FEWEST && coin.count as f64 >= FEWEST_FRACTION * coin.of as f64;
    let problem = if wrong_coin {
        Some(problem(
            &coin,
            "learnings that name a coin",
            "only another coin than that of the trade is named",
        ))
    } else if early.count >= 1 {
        Some(problem(&early, "learnings with a trade", "the words were written before the trade closed"))
    } else {
        None
    };
    Ok(problem.into())
}

fn is_before(created_at: Option<DateTime<Utc>>, trade: &Entry) -> bool {
    created_at
        .zip(trade.closed_at)
        .is_some_and(|(created_at, closed_at)| (closed_at - created_at).num_seconds() > 60)
}

/// The first coin of the bot's that stands in the text in capitals; lower-case words may be plain
/// English ("near", "gala").
fn named_coin<'coin>(text: &str, coins: &BTreeSet<&'coin str>) -> Option<&'coin str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .filter(|word| word.len() > 2 && !word.bytes().any(|byte| byte.is_ascii_lowercase()))
        .find_map(|word| coins.iter().find(|coin| coin.eq_ignore_ascii_case(word)).copied())
}

fn problem(evidence: &Evidence, rows: &str, what: &str) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: "learnings.trade_id".to_owned(),
        title: "Learnings are attached to the wrong trades".to_owned(),
        description: format!(
            "In {} of {} {rows} {what}.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(rows, "SELECT l.id, l.trade_id, t.coin_name, l.created_at, t.closed_at, l.learning_text FROM learnings AS l JOIN closed_trades AS t ON t.id = l.trade_id ORDER BY l.id DESC"),
        recommendation: "Is the open trade's id stored, or the newest one's? Store the id of the closed trade's row, and correct the stored ids.".to_owned(),
    }
}
