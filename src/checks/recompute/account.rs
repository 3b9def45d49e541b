//! The stored account against trades and open positions.

use super::payments::Payments;
use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Found, Problem, Theme};
use crate::metrics::Context;
use crate::metrics::account_health::{Account, AccountHealth};
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::cell;
use crate::source::clock::parse_utc;

pub(super) const TOTALS: Check = Check {
    id: "account-contradicts-trades",
    theme: Theme::Integrity,
    why: "The bot sizes its trades by the stored balance; one that its trades and positions do not give is money that is not there.",
    threshold: None,
    run: totals,
};

pub(super) const FROZEN: Check = Check {
    id: "account-time-frozen",
    theme: Theme::Integrity,
    why: "An account whose time of update stands still while its amounts move hides how old they are.",
    threshold: None,
    run: frozen,
};

/// What may have been written to one table and not yet to the other, and how much rounding adds up.
struct Slack {
    /// Profit of the trades closed in the last moments.
    recent_pnl: f64,
    /// Whether a position was opened or closed in the last moments.
    positions_move: bool,
    /// Rounding to cents adds up as the root of their number.
    rounding: f64,
}

fn slack(audit: &Audit<'_>) -> anyhow::Result<Slack> {
    let context = audit.context;
    let ledger = context.ledger()?;
    let since = context.now - GRACE;
    let recent: Vec<_> =
        ledger.of(context.generation).filter(|entry| entry.closed_by.is_some_and(|at| at > since)).collect();
    let opened =
        context.open_positions()?.iter().any(|position| position.opened_by.is_none_or(|at| at > since));
    Ok(Slack {
        recent_pnl: recent.iter().filter_map(|entry| entry.pnl_usd).sum(),
        positions_move: opened || !recent.is_empty(),
        rounding: 0.05 + 0.01 * (trade_count(context)? as f64).sqrt(),
    })
}

/// Number of trades that the recomputed profit is the sum of; of those read where it is no sum.
fn trade_count(context: &Context<'_>) -> anyhow::Result<u64> {
    let read = context.ledger()?.entries.len() as u64;
    Ok(context.trade_count()?.as_ref().map_or(read, |trades| *trades))
}

fn totals(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const ROWS: &str = "its rows give";
    let Some((health, stored)) = comparable(audit)? else { return Ok(Found::nothing()) };
    let slack = slack(audit)?;
    let trimmed = audit.context.generation == 1 && was_trimmed(audit, 1)?;
    let mut wrong = Vec::new();
    let mut note = |name: &str, stored: f64, source: &str, expected: f64| {
        wrong.push(format!("{name} is {stored:.2}, {source} {expected:.2} ({:+.2})", stored - expected));
    };
    let near = |one: f64, other: f64| (one - other).abs() <= slack.rounding;
    let pnl = health.recomputed.total_pnl.filter(|_| !trimmed);
    if let (Some(total), Some(expected)) = (stored.total_pnl, pnl)
        && !near(total, expected)
        && !near(total, expected - slack.recent_pnl)
    {
        note("total_pnl", total, ROWS, expected);
    }
    let mut payments = None;
    // Of a history without its beginning the stored sum is what there is.
    if let (Some(balance), Some(expected)) = (stored.balance, pnl.or(stored.total_pnl)) {
        let fits = |start: f64| {
            near(balance, start + expected) || near(balance, start + expected - slack.recent_pnl)
        };
        if !fits(health.starting_balance) {
            let told = Payments::read(audit)?;
            let own = audit.context.config.limits.starting_balance_usd;
            let start = own.or(told.start_usd).unwrap_or(health.starting_balance);
            let missing = |expected: f64| balance - start - told.paid_in_usd - expected;
            let is_told = |expected: f64| told.explain(missing(expected));
            let is_told = is_told(expected) || is_told(expected - slack.recent_pnl);
            if !fits(start) && !fits(start + told.paid_in_usd) && !is_told {
                let sum = if pnl.is_some() { "its trades" } else { "total_pnl" };
                let source = format!("the start of {start:.2} and {sum} give");
                note("balance", balance, &source, start + told.paid_in_usd + expected);
                payments = Some(told);
            }
        }
    }
    let open = health.recomputed.in_positions.filter(|_| !slack.positions_move);
    if let (Some(size), Some(expected)) = (stored.in_positions, open)
        && !near(size, expected)
    {
        note("in_positions", size, ROWS, expected);
    }
    if let (Some(balance), Some(available), Some(size)) =
        (stored.balance, stored.available_balance, stored.in_positions)
        && !near(available, balance - size)
        && !near(available, balance)
    {
        note("available_balance", available, "balance and in_positions give", balance - size);
    }
    if wrong.is_empty() {
        return Ok(Found::nothing());
    }
    let trades = trade_count(audit.context)?;
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: table(audit).to_owned(),
        title: format!("The account in {} contradicts trades and open positions", table(audit)),
        description: format!(
            "{}. Sizes and limits follow the stored account, so they are wrong now.{}",
            wrong.join("; "),
            payments.map_or_else(String::new, |payments| payments.text())
        ),
        evidence: format!(
            "stored and recomputed from {} {} and {} open {}: {}; query: {}",
            trades,
            plural(trades, "trade", "trades"),
            health.open_positions,
            plural(health.open_positions, "position", "positions"),
            wrong.join("; "),
            match audit.context.generation {
                1 => "SELECT account_state.*, (SELECT sum(pnl_usd) FROM closed_trades), (SELECT sum(size_usd) FROM open_trades) FROM account_state",
                _ => "SELECT balance, (SELECT sum(pnl_usd) FROM trade_journal) FROM equity_points ORDER BY id DESC LIMIT 1",
            }
        ),
        recommendation: "Find which write is missing or doubled (an exception between two commits, a restart), then set the account to the recomputed amounts. If the bot began with another balance, or money was paid in or out, set limits.starting_balance_usd in the config file.".to_owned(),
    })
    .into())
}

fn table(audit: &Audit<'_>) -> &'static str {
    if audit.context.generation == 1 { "account_state" } else { "equity_points" }
}

/// The account as stored, where nothing in the file is newer than the audited moment.
fn comparable<'run>(audit: &Audit<'run>) -> anyhow::Result<Option<(&'run AccountHealth, &'run Account)>> {
    let Some(health) = audit.report.account_health.available() else { return Ok(None) };
    let Some(stored) = &health.stored else { return Ok(None) };
    let bot = audit.context.bot;
    let mut later = false;
    bot.each_row("SELECT opened_at, clock FROM position", |row| {
        later |= bot.instant(row, 0, 1)?.is_some_and(|at| at > audit.context.now);
        Ok(())
    })?;
    Ok((!later && audit.context.ledger()?.later == 0).then_some((health, stored)))
}

/// Whether the oldest trades of a generation were deleted: then the rest say nothing about the totals.
pub(super) fn was_trimmed(audit: &Audit<'_>, generation: i64) -> anyhow::Result<bool> {
    let table = crate::source::ledger::table(generation);
    if !audit.context.bot.has_table(table) {
        return Ok(false);
    }
    // A view has no rowids.
    let Ok(mut statement) = audit.context.bot.prepare(&format!("SELECT min(rowid) FROM main.{table}")) else {
        return Ok(false);
    };
    Ok(statement.query_row([], |row| cell::integer(row, 0))?.is_some_and(|first| first > 1))
}

/// Trades after the time of update that prove that it stands still.
const FEWEST_TRADES: usize = 3;

fn frozen(audit: &Audit<'_>) -> anyhow::Result<Found> {
    if audit.context.generation == 2 {
        return super::unwritten::unwritten(audit);
    }
    let Some((health, stored)) = comparable(audit)? else { return Ok(Found::nothing()) };
    let Some(updated_at) = stored.last_updated.as_deref().and_then(parse_utc) else {
        return Ok(Found::nothing());
    };
    let ledger = audit.context.ledger()?;
    let later: Vec<_> = ledger
        .of(audit.context.generation)
        .filter(|entry| entry.closed_at.is_some_and(|at| at > updated_at + GRACE))
        .collect();
    let later_pnl: f64 = later.iter().filter_map(|entry| entry.pnl_usd).sum();
    let slack = slack(audit)?;
    // Only where the amounts do follow those trades; else the whole account stands still.
    let moves = stored.total_pnl.zip(health.recomputed.total_pnl).is_some_and(|(total, expected)| {
        (total - expected).abs() <= slack.rounding && later_pnl.abs() > 2.0 * slack.rounding
    });
    if later.len() < FEWEST_TRADES || !moves {
        return Ok(Found::nothing());
    }
    let newest = later.iter().filter_map(|entry| entry.closed_at).max().unwrap_or(updated_at);
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: table(audit).to_owned(),
        title: format!("The time of update in {} stands still while the account moves", table(audit)),
        description: format!(
            "The account says that it was last updated {:.1} hours before the newest trade closed, but its \
             amounts contain the {} trades since.",
            (newest - updated_at).num_minutes() as f64 / 60.0,
            later.len()
        ),
        evidence: format!(
            "last_updated {}, {} trades closed after it, newest {}; query: SELECT last_updated, count(*), max(closed_at) FROM account_state, \
             closed_trades WHERE closed_at > last_updated",
            crate::source::clock::utc_text(updated_at),
            later.len(),
            crate::source::clock::utc_text(newest)
        ),
        recommendation: "Set last_updated = CURRENT_TIMESTAMP in every UPDATE of the account.".to_owned(),
    })
    .into())
}
