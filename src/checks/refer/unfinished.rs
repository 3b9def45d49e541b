//! Trades that stopped halfway from open to finished.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{AlertType, Audit, Check, Evidence, Found, Problem, Severity, Theme};
use crate::bot::cell;
use crate::bot::clock::utc_text;
use crate::bot::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const WITHOUT_EXIT: Check = Check {
    id: "closed-without-exit",
    theme: Theme::Refer,
    why: "A trade that is closed without time, price or profit is missing from every sum.",
    threshold: None,
    run: without_exit,
};

pub(super) const STUCK: Check = Check {
    id: "trade-stuck-in-status",
    theme: Theme::Refer,
    why: "A trade that stays in a status which others leave within minutes was dropped by the step that should finish it.",
    threshold: None,
    run: stuck,
};

fn without_exit(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for generation in [1, 2] {
        let mut evidence = Evidence::default();
        for entry in ledger.of(generation) {
            let missing: Vec<_> = [
                ("time", entry.closed_at.is_none()),
                ("price", entry.exit_price.is_none()),
                ("profit", entry.pnl_usd.is_none()),
            ]
            .into_iter()
            .filter_map(|(name, missing)| missing.then_some(name))
            .collect();
            // A status of another kind (cancelled, rejected) was never closed.
            let closed = matches!(entry.status.as_deref(), Some("closed" | "post_tracked"));
            evidence.row(
                (closed && !missing.is_empty())
                    .then_some(|| format!("{} without {}", entry.name(), missing.join(" and "))),
            );
        }
        // A column that is never filled is a dead column, not an unfinished trade.
        if evidence.count == 0 || evidence.count * 2 > evidence.of {
            continue;
        }
        let table = table(generation);
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: table.to_owned(),
            title: format!("Closed trades in {table} lack their exit"),
            description: format!(
                "{} of {} closed trades have no closing time, exit price or profit: their results are in no sum.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text("closed trades", match generation {
                1 => "SELECT * FROM closed_trades WHERE closed_at IS NULL OR exit_price IS NULL OR pnl_usd IS NULL",
                _ => "SELECT * FROM trade_journal WHERE status <> 'open' AND (exit_time IS NULL OR exit_price IS NULL OR pnl_usd IS NULL)",
            }),
            recommendation: "Write status and exit in one UPDATE, and complete these rows from the log.".to_owned(),
        });
    }
    Ok(found)
}

/// Twenty times the quarter of an hour for which prices are followed, so that a busy host is no fault.
const LONGEST: TimeDelta = TimeDelta::hours(5);
/// Trades closed later that have moved on, which shows that the step runs.
const FEWEST_AFTER: usize = 10;

fn stuck(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let problems = [between(audit)?, not_followed(audit)?];
    Ok(problems.into_iter().flatten().collect::<Vec<_>>().into())
}

/// Rows in a status of their own; as ranges, which the index on it can serve.
const BETWEEN: &str = "
SELECT
    entry_time,
    'local',
    updated_at,
    id,
    coin,
    status,
    position_size_usd
FROM src_trade_journal
WHERE
    (status IS NULL OR status < 'closed' OR (status > 'closed' AND status < 'open')
        OR (status > 'open' AND status < 'post_tracked') OR status > 'post_tracked')
    AND (exit_time IS NULL OR pnl_usd IS NULL)
LIMIT 2000";

/// Beginnings of words for orders that never became a trade.
const NEVER_A_TRADE: [&str; 9] =
    ["cancel", "reject", "expire", "fail", "abort", "void", "skip", "delete", "invalid"];

/// Trades that some step left neither open nor closed.
fn between(audit: &Audit<'_>) -> anyhow::Result<Option<Problem>> {
    let bot = audit.context.bot;
    // Where nothing shows the host's zone, a time may be hours off.
    let is_measured = bot.host_offset().newest_seconds().is_some();
    let patience = if is_measured { LONGEST } else { LONGEST + TimeDelta::hours(15) };
    let limit = audit.context.now - patience;
    let mut evidence = Evidence::default();
    let mut size_usd = 0.0;
    let mut statuses = BTreeSet::new();
    bot.each_row(BETWEEN, |row| {
        let status = cell::name(row, 5)?.unwrap_or_default().trim().to_lowercase();
        let never = NEVER_A_TRADE.iter().any(|word| status.starts_with(word));
        let (opened, updated) = (bot.moments(row, 0, 1)?, bot.moments(row, 2, 1)?);
        let Some(opened) = opened.filter(|_| !never) else { return Ok(()) };
        let touched = updated.map_or(opened.latest, |updated| updated.latest.max(opened.latest));
        let is_old = touched < limit;
        if is_old {
            size_usd += cell::real(row, 6)?.unwrap_or(0.0);
            statuses.insert(status.clone());
        }
        let name = |column| Ok::<_, rusqlite::Error>(cell::name(row, column)?.unwrap_or_default());
        let (id, coin) = (cut(&name(3)?, 32), cut(&name(4)?, 24));
        evidence.row(is_old.then_some(|| {
            format!("{coin} (id {id}) '{}', last changed {} UTC", cut(&status, 24), utc_text(touched))
        }));
        Ok(())
    })?;
    let statuses: Vec<_> = statuses.iter().take(5).map(|status| format!("'{}'", cut(status, 24))).collect();
    let problem = || {
        Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: "trade_journal:between".to_owned(),
        title: "Trades in trade_journal are neither open nor closed".to_owned(),
        description: format!(
            "Trades without a result whose status is neither open nor closed ({}), by entry_time and updated_at older \
             than {} hours: {}, of ${size_usd:.2}. What looks for open trades does not find them, and their results \
             are in no sum.",
            statuses.join(", "),
            patience.num_hours(),
            evidence.count
        ),
        evidence: evidence.text(
            "trades without a result, neither open nor closed",
            "SELECT id, coin, status, entry_time, updated_at FROM trade_journal WHERE (status IS NULL OR status NOT \
             IN ('open', 'closed', 'post_tracked')) AND (exit_time IS NULL OR pnl_usd IS NULL)",
        ),
        recommendation: "Find the step that sets this status and what should follow it (an exception between the \
                         two, a restart), finish these trades by hand, and let the bot look for such rows when it \
                         starts."
            .to_owned(),
    }
    };
    Ok((evidence.count > 0).then(problem))
}

fn not_followed(audit: &Audit<'_>) -> anyhow::Result<Option<Problem>> {
    let ledger = audit.context.ledger()?;
    let moved_on: Vec<_> =
        ledger.of(2).filter(|entry| entry.status.as_deref() == Some("post_tracked")).collect();
    let limit = audit.context.now - LONGEST;
    let is_stuck = |entry: &Entry| {
        entry.status.as_deref() == Some("closed")
            && entry.closed_by.is_some_and(|by| {
                by < limit
                    && moved_on.iter().filter(|other| other.closed_at.is_some_and(|other| other > by)).count()
                        >= FEWEST_AFTER
            })
    };
    let mut evidence = Evidence::default();
    for entry in ledger.of(2) {
        evidence.row(is_stuck(entry).then_some(|| entry.name()));
    }
    let share = evidence.count as f64 / (evidence.of.max(1)) as f64;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: if share > 0.1 { Severity::Medium } else { Severity::Low },
        subject: "trade_journal:closed".to_owned(),
        title: "Trades in trade_journal stay 'closed' and are never followed to the end".to_owned(),
        description: format!(
            "{} of {} trades have stayed 'closed' for hours, while others closed later became 'post_tracked': \
             the prices after their exit, and what they missed, were never recorded.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text("closed trades", "SELECT id, coin, exit_time, status FROM trade_journal WHERE status = 'closed' ORDER BY exit_time"),
        recommendation: "Load 'closed' trades at start and follow them too: a restart within the quarter of an hour after an exit loses them.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem))
}
