//! Trades that stopped halfway from open to finished.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const WITHOUT_EXIT: Check = Check {
    id: "closed-without-exit",
    theme: Theme::Integrity,
    why: "A trade that is closed without time, price or profit is missing from every sum.",
    threshold: None,
    run: without_exit,
};

pub(super) const STUCK: Check = Check {
    id: "trade-stuck-in-status",
    theme: Theme::Integrity,
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
                // A price of zero is `price-impossible`'s to report.
                ("price", entry.exit_price.is_none() && !entry.has_no("exit_price")),
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
                "{} no closing time, exit price or profit: the result is in no sum.",
                evidence.counted("closed trades", "has", "have")
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
/// Trades of which not one has moved on that show that the step does not run at all.
const FEWEST_OF_ALL: usize = 3;

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
const NEVER_A_TRADE: [&str; 19] = [
    "cancel",
    "reject",
    "expire",
    "fail",
    "abort",
    "void",
    "skip",
    "delete",
    "invalid",
    "limit",
    "unfilled",
    "not_filled",
    "not filled",
    "timeout",
    "dry",
    "paper",
    "ignore",
    "archive",
    "merge",
];

/// Words for an open trade, where the bot does not write 'open'.
const OPEN: [&str; 2] = ["open", "active"];
const WRITES_OPEN: &str = "SELECT EXISTS (SELECT 1 FROM src_trade_journal WHERE status = 'open')";

/// Trades that some step left neither open nor closed.
fn between(audit: &Audit<'_>) -> anyhow::Result<Option<Problem>> {
    let bot = audit.context.bot;
    // Where nothing shows the host's zone, a time may be hours off.
    let is_measured = bot.host_offset().newest_seconds().is_some();
    let patience = if is_measured { LONGEST } else { LONGEST + TimeDelta::hours(15) };
    let limit = audit.context.now - patience;
    let writes_open: bool = bot.prepare(WRITES_OPEN)?.query_row([], |row| row.get(0))?;
    let mut evidence = Evidence::default();
    let mut size_usd = 0.0;
    let mut statuses = BTreeSet::new();
    bot.each_row(BETWEEN, |row| {
        let status =
            cell::name(row, 5)?.map_or("NULL".to_owned(), |status| format!("'{}'", cut(&status, 24)));
        let word = status.trim_matches(['\'', ' ']).to_lowercase();
        let never = NEVER_A_TRADE.iter().any(|begin| word.starts_with(begin))
            || (!writes_open && OPEN.contains(&word.as_str()));
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
        evidence.row(
            is_old.then_some(|| format!("{coin} (id {id}) {status}, last changed {} UTC", utc_text(touched))),
        );
        Ok(())
    })?;
    let statuses: Vec<_> = statuses.into_iter().take(5).collect();
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

const FOLLOWED: &str = "
SELECT
    exit_time,
    'local',
    updated_at
FROM src_trade_journal
WHERE status = 'post_tracked'
ORDER BY exit_time DESC
LIMIT 2000";

/// Trades that were closed up to now and finished afterwards: the file tells their status of a later moment.
fn followed_later(audit: &Audit<'_>) -> anyhow::Result<usize> {
    let (bot, now) = (audit.context.bot, audit.context.now);
    let mut later = 0;
    bot.each_row(FOLLOWED, |row| {
        let is_closed = bot.instant(row, 0, 1)?.is_some_and(|at| at <= now);
        let is_later = bot.instant(row, 2, 1)?.is_some_and(|at| at > now);
        later += usize::from(is_closed && is_later);
        Ok(())
    })?;
    Ok(later)
}

fn not_followed(audit: &Audit<'_>) -> anyhow::Result<Option<Problem>> {
    let context = audit.context;
    let trades = context.ledger()?.of(2);
    let mut closed: Vec<(DateTime<Utc>, &Entry)> =
        trades.filter_map(|trade| Some((trade.closed_at?, trade))).collect();
    closed.sort_by_key(|(at, _)| *at);
    // By the journal's own clock, which may be read some hours wrong: what came five hours later in it.
    let opened = context.open_positions()?.iter().filter(|position| position.generation == 2);
    let opened = opened.filter_map(|position| position.opened_at).max();
    let newest = closed.last().map(|(at, _)| *at).max(opened);
    let Some(limit) = newest.map(|newest| newest - LONGEST) else { return Ok(None) };
    let is_done = |trade: &Entry| trade.status.as_deref() == Some("post_tracked");
    let is_stuck = |at: DateTime<Utc>, trade: &Entry| trade.status.as_deref() == Some("closed") && at < limit;
    let done = closed.iter().filter(|(_, trade)| is_done(trade)).count();
    let last_done = closed.iter().rev().find(|(_, trade)| is_done(trade)).map(|(at, _)| *at);
    let since = closed.iter().filter(|(at, trade)| is_stuck(*at, trade) && Some(*at) > last_done).count();
    let mut evidence = Evidence::default();
    for (at, trade) in &closed {
        evidence.row(is_stuck(*at, trade).then_some(|| trade.name()));
    }
    let has_stopped = since >= FEWEST_OF_ALL;
    // Another version of the bot may know no later status.
    let is_followed = done > 0 || context.bot.has_column("trade_journal", "price_15min_after");
    if evidence.count == 0 || !is_followed || (done == 0 && !has_stopped) {
        return Ok(None);
    }
    let done = done.saturating_sub(followed_later(audit)?);
    let others = plural(done, "other", "others");
    let rest = match (last_done, has_stopped) {
        (None, _) => {
            "Not one trade has become 'post_tracked': the step that should finish them does not run."
                .to_owned()
        }
        (Some(at), true) => format!(
            "{done} {others} became 'post_tracked', the newest of those closed at {} UTC; none of the {since} that were \
             closed later and are that old: the step has stopped.",
            utc_text(at)
        ),
        (Some(_), false) => format!(
            "{done} {others} became 'post_tracked': the step that should finish each trade has missed {}.",
            plural(evidence.count, "it", "them")
        ),
    };
    let share = evidence.count as f64 / evidence.of as f64;
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: if has_stopped || share > 0.1 { Severity::Medium } else { Severity::Low },
        subject: "trade_journal:closed".to_owned(),
        title: "Trades in trade_journal stay 'closed' and are never followed to the end".to_owned(),
        description: format!(
            "{} stayed 'closed' although the journal goes on for more than {} hours afterwards. {rest}",
            evidence.counted("trades", "has", "have"),
            LONGEST.num_hours()
        ),
        evidence: evidence.text("closed trades", "SELECT id, coin, exit_time, status FROM trade_journal WHERE status = 'closed' ORDER BY exit_time"),
        recommendation: "Load 'closed' trades at start and follow them too: a restart within the quarter of an hour after an exit loses them.".to_owned(),
    }))
}
