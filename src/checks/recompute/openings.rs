//! Openings in the log against the tables of trades and positions.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::ledger::Entry;
use crate::source::opening::Opening;
use crate::untrusted::cut;

pub(super) const OPENINGS: Check = Check {
    id: "opening-contradicts-log",
    theme: Theme::Integrity,
    why: "An opening that the log tells and no table holds is money in a position that nobody watches and no sum contains.",
    threshold: None,
    run: openings,
};

/// The log's line and the row are written in one breath.
const APART: TimeDelta = TimeDelta::seconds(60);

fn openings(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let context = audit.context;
    let ledger = context.ledger()?;
    let open = context.open_positions()?.iter().filter(|position| position.generation == 1);
    let entries: Vec<&Entry> = ledger.of(1).chain(open).collect();
    // Older trades may no longer be kept; tables that were emptied tell nothing.
    let oldest = ledger.of(1).filter_map(|entry| entry.closed_at).min();
    let closings = context.closings()?;
    let was_emptied = entries.is_empty() && closings.iter().any(|closing| closing.generation == 1);
    if context.openings()?.is_empty() || was_emptied || !context.bot.has_table("open_trades") {
        return Ok(Found::nothing());
    }
    let since = if ledger.complete && oldest.is_none() { None } else { oldest };
    let closed: HashSet<_> =
        closings.iter().map(|closing| (closing.trade_id.as_deref(), &closing.coin)).collect();
    let (held, mut rows) = (held(audit)?, Rows::new(&entries));
    let mut logged: Vec<&Opening> = context.openings()?.iter().collect();
    logged.sort_by_key(|opening| opening.at);
    let mut ids = HashSet::new();
    let (mut evidence, mut size_usd) = (Evidence::default(), 0.0);
    let mut lost = Vec::new();
    for opening in logged {
        let is_known =
            since.is_none_or(|since| opening.at > since + GRACE) && opening.at < context.now - GRACE;
        let is_repeated = opening.trade_id.is_some() && !ids.insert((&opening.trade_id, &opening.coin));
        if !is_known || is_repeated {
            continue;
        }
        // A closing that is logged and has no row is `closing-contradicts-log`'s to report.
        let was_closed =
            opening.trade_id.is_some() && closed.contains(&(opening.trade_id.as_deref(), &opening.coin));
        let own_id = opening.trade_id.as_ref().map(|id| (id.clone(), opening.coin.to_ascii_lowercase()));
        let is_lost = !rows.take(opening) && !was_closed && own_id.is_none_or(|id| !held.contains(&id));
        if is_lost {
            lost.push(opening);
            size_usd += opening.size_usd.unwrap_or(0.0);
        }
        evidence.row(is_lost.then_some(|| {
            format!(
                "{} at {} UTC with ${:.2}, trade_id {}",
                cut(&opening.coin, 24),
                utc_text(opening.at),
                opening.size_usd.unwrap_or_default(),
                cut(opening.trade_id.as_deref().unwrap_or("none"), 32)
            )
        }));
    }
    // Where most have a row of their time and size that is no other opening's, the log only names coins in
    // another way.
    if 2 * lost.iter().filter(|opening| rows.hold_but_for_the_coin(opening)).count() > lost.len() {
        return Ok(Found::nothing());
    }
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: "open_trades".to_owned(),
        title: "Openings in the log are missing in open_trades and closed_trades".to_owned(),
        description: format!(
            "{} neither open nor closed (${size_usd:.2}): no table holds them, and the \
             log tells no closing. No stop and no target watches these positions, and no sum contains them.",
            evidence.counted("openings that the bot logged", "is", "are")
        ),
        evidence: evidence.text(
            "logged openings",
            "SELECT created_at, description, details FROM activity_log AS a WHERE activity_type = 'trade_opened' AND NOT \
             EXISTS (SELECT 1 FROM (SELECT coin_name, opened_at FROM open_trades UNION ALL SELECT coin_name, opened_at FROM \
             closed_trades) WHERE a.description LIKE 'BUY ' || coin_name || ' %' AND abs(julianday(opened_at) - \
             julianday(a.created_at)) * 86400 <= 60)",
        ),
        recommendation: "Look at what happened right after these moments (an exception, a crash, a rollback); write the \
                         position and the log in one transaction, and settle these by hand."
            .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

const HELD: &str = "
SELECT
    id,
    coin
FROM position
WHERE generation = 1";

/// Ids and coins in `open_trades`, whatever time the row says: the log names an opening by them.
fn held(audit: &Audit<'_>) -> anyhow::Result<HashSet<(String, String)>> {
    let mut held = HashSet::new();
    audit.context.bot.each_row(HELD, |row| {
        let (id, coin) = (cell::name(row, 0)?, cell::name(row, 1)?);
        held.extend(id.zip(coin).map(|(id, coin)| (id.into_owned(), coin.to_ascii_lowercase())));
        Ok(())
    })?;
    Ok(held)
}

/// Rows by coin; each is the row of one opening.
struct Rows<'entry> {
    by_coin: HashMap<String, Vec<Option<&'entry Entry>>>,
    without_coin: Vec<&'entry Entry>,
}

impl<'entry> Rows<'entry> {
    fn new(entries: &[&'entry Entry]) -> Self {
        let mut by_coin: HashMap<String, Vec<_>> = HashMap::new();
        let (named, without_coin): (Vec<&Entry>, _) = entries.iter().partition(|entry| entry.has_coin());
        for entry in named {
            by_coin.entry(entry.coin.to_ascii_lowercase()).or_default().push(Some(entry));
        }
        Self { by_coin, without_coin }
    }

    /// Whether a row that no opening took has the opening's time and size.
    fn hold_but_for_the_coin(&self, opening: &Opening) -> bool {
        self.by_coin.values().flatten().flatten().any(|row| {
            let sizes = row.size_usd.zip(opening.size_usd);
            sizes.is_some_and(|(one, other)| (one - other).abs() <= 0.01)
                && row.opened_at.is_some_and(|at| (at - opening.at).abs() <= APART)
        })
    }

    /// Takes the row of an opening; false where there is none. A row without a coin, without a readable time,
    /// or of another clock, may be it.
    fn take(&mut self, opening: &Opening) -> bool {
        let apart = |at: DateTime<Utc>| (at - opening.at).abs();
        let rows = self.by_coin.entry(opening.coin.to_ascii_lowercase()).or_default();
        let nearest = rows
            .iter_mut()
            .filter(|row| row.is_some_and(|row| row.opened_at.is_some_and(|at| apart(at) <= APART)))
            .min_by_key(|row| row.and_then(|row| row.opened_at).map(apart));
        if let Some(row) = nearest {
            *row = None;
            return true;
        }
        rows.iter().flatten().chain(&self.without_coin).any(|row| {
            row.opened_at.is_none_or(|at| {
                let seconds = apart(at).num_seconds();
                let quarter = seconds % 900;
                seconds <= 60 || (seconds <= 14 * 3600 && quarter.min(900 - quarter) <= 2)
            })
        })
    }
}
