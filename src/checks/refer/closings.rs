//! Positions that were closed twice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{AlertType, Audit, Check, Evidence, Found, Problem, Severity, Theme, doubled_closings};
use crate::bot::clock::utc_text;
use crate::bot::closing::Closing;
use crate::bot::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const RECORDED_TWICE: Check = Check {
    id: "trade-recorded-twice",
    theme: Theme::Refer,
    why: "One position that stands twice among the closed trades counts its result twice in the balance and in every rate.",
    threshold: None,
    run: recorded_twice,
};

pub(super) const LOGGED_TWICE: Check = Check {
    id: "closing-logged-twice",
    theme: Theme::Refer,
    why: "A closing that is processed twice counts its result twice in whatever the bot keeps running: scores, streaks, rules.",
    threshold: None,
    run: logged_twice,
};

/// Rows of one position that differ in their exit may be parts of it; where that is usual, it is so by design.
const PARTS_FRACTION: f64 = 0.05;

fn recorded_twice(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for generation in [1, 2] {
        let mut groups: HashMap<Key<'_>, Vec<&Entry>> = HashMap::new();
        let mut trades = 0_u32;
        for entry in ledger.of(generation) {
            trades += 1;
            groups.entry(Key::of(entry)).or_default().push(entry);
        }
        let repeated: Vec<_> = groups.values().filter(|group| group.len() > 1).collect();
        let identical = |group: &&&Vec<&Entry>| {
            group.windows(2).all(|pair| matches!(pair, [one, other] if same_exit(one, other)))
        };
        let parts = repeated.iter().filter(|group| !identical(group)).count();
        let by_design = parts as f64 > PARTS_FRACTION * f64::from(trades) && parts >= 3;
        let mut wrong: Vec<_> = repeated.iter().filter(|group| !by_design || identical(group)).collect();
        if wrong.is_empty() {
            continue;
        }
        wrong.sort_by_key(|group| group.first().map(|entry| entry.id.clone()));
        let mut evidence = Evidence::default();
        let mut excess = 0.0;
        for group in wrong {
            excess += group.iter().skip(1).filter_map(|entry| entry.pnl_usd).sum::<f64>();
            let ids: Vec<_> = group.iter().take(3).map(|entry| cut(&entry.id, 32)).collect();
            let coin = group.first().map(|entry| cut(&entry.coin, 24)).unwrap_or_default();
            evidence.fault(|| format!("{coin} as ids {}", ids.join(" and ")));
        }
        evidence.of = trades.into();
        found.fact(recorded_problem(table(generation), &evidence, excess));
    }
    Ok(found)
}

/// What one position has only once; numbers by their bits.
#[derive(PartialEq, Eq, Hash)]
enum Key<'ledger> {
    Position {
        id: &'ledger str,
        coin: &'ledger str,
        size: Option<u64>,
    },
    Opening {
        coin: &'ledger str,
        at: DateTime<Utc>,
        price: Option<u64>,
        size: Option<u64>,
    },
    /// Nothing tells it from others.
    Alone {
        id: &'ledger str,
    },
}

impl<'ledger> Key<'ledger> {
    fn of(entry: &'ledger Entry) -> Self {
        let coin = entry.coin.as_str();
        let size = entry.size_usd.map(f64::to_bits);
        match (entry.position_id.as_deref().filter(|id| !id.trim().is_empty()), entry.opened_at) {
            (Some(id), _) => Self::Position { id, coin, size },
            (None, Some(at)) => Self::Opening { coin, at, price: entry.entry_price.map(f64::to_bits), size },
            (None, None) => Self::Alone { id: &entry.id },
        }
    }
}

fn same_exit(one: &Entry, other: &Entry) -> bool {
    one.exit_price == other.exit_price && one.closed_at == other.closed_at
}

fn recorded_problem(table: &str, evidence: &Evidence, excess: f64) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: table.to_owned(),
        title: format!("Positions stand more than once in {table}"),
        description: format!(
            "{} positions were closed more than once: the same coin, opening, entry price and size. The repetitions add {excess:+.2} \
             US dollars that were never won or lost.",
            evidence.count
        ),
        evidence: evidence.text("trades", match table {
            "closed_trades" => "SELECT coin_name, opened_at, entry_price, size_usd, count(*), group_concat(id) FROM closed_trades GROUP BY 1, 2, 3, 4 HAVING count(*) > 1",
            _ => "SELECT position_id, coin, count(*), group_concat(id) FROM trade_journal WHERE status <> 'open' GROUP BY 1, 2 HAVING count(*) > 1",
        }),
        recommendation: "Delete the position and write the closed trade in one transaction, and refuse to close what is no longer open; remove the repeated rows and recompute the balance.".to_owned(),
    }
}

fn logged_twice(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut doubled = doubled_closings(audit)?;
    // Newest first as read: the one that is seen second is the earlier one.
    doubled.sort_by_key(|closing| closing.at);
    let closings = audit.context.closings()?;
    let mut evidence = Evidence::default();
    for closing in &doubled {
        let last =
            closings.iter().find(|other| other.trade_id == closing.trade_id && other.coin == closing.coin);
        let shown = |closing: &Closing| {
            format!("{:+.2} at {} UTC", closing.pnl_usd.unwrap_or_default(), utc_text(closing.at))
        };
        let id = closing.trade_id.as_deref().unwrap_or_default();
        evidence.fault(|| {
            format!(
                "{} ({}): {} and {}",
                cut(&closing.coin, 24),
                cut(id, 32),
                shown(closing),
                last.map(shown).unwrap_or_default()
            )
        });
    }
    evidence.of = closings.len() as u64;
    let excess: f64 = doubled.iter().filter_map(|closing| closing.pnl_usd).sum();
    let coins: std::collections::BTreeSet<_> = doubled.iter().map(|closing| cut(&closing.coin, 24)).collect();
    let coins = coins.into_iter().take(6).collect::<Vec<_>>().join(", ");
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: "activity_log".to_owned(),
        title: "Closings of the same position were processed twice".to_owned(),
        description: format!(
            "{} closings were logged a second time for a position that had been closed ({coins}). What the bot \
             counts at each closing (scores of coins, patterns, rules) counts a result too many ({excess:+.2} US dollars), and the \
             second closing may have overwritten the first one's price and time.",
            evidence.count
        ),
        evidence: evidence.text("logged closings", "SELECT coalesce(json_extract(CASE WHEN json_valid(details) THEN details END, '$.trade_id'), details) AS position, count(*), group_concat(created_at) FROM activity_log WHERE activity_type IN ('quick_update', 'trade_closed') GROUP BY 1 HAVING count(*) > 1"),
        recommendation: "Look at what happened at these moments (a restart that loads positions which are closed already, two loops that see one exit); make processing a closing depend on the row's change from open to closed.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
