//! Closings in the log against closings in the trades' table.

use std::collections::{HashMap, HashSet};

use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::checks::refer::contradicted::{doubled, open_ids};
use crate::model::{AlertType, Severity};
use crate::source::closing::Closing;
use crate::source::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const CLOSINGS: Check = Check {
    id: "closing-contradicts-log",
    theme: Theme::Integrity,
    why: "A closing that the log tells and the table lacks, or tells with another profit, is a trade whose result was lost or changed.",
    threshold: None,
    run: closings,
};

/// The log's line and the row are written in one breath.
const APART_SECONDS: i64 = 60;
/// The log rounds to cents.
const ROUNDING_USD: f64 = 0.011;

fn closings(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let context = audit.context;
    let ledger = context.ledger()?;
    // A second closing overwrites the result of the first: `closing-logged-twice` reports both.
    let twice = doubled(audit)?.closings.iter();
    let twice: HashSet<_> = twice.map(|closing| closing.trade_id.as_deref()).collect();
    let mut found = Found::nothing();
    for generation in [1, 2] {
        let entries: Vec<_> = ledger.of(generation).collect();
        // Older closings may be of trades that are no longer kept.
        let Some(oldest) = entries.iter().filter_map(|entry| entry.closed_by).min() else { continue };
        let index = Index::new(&entries);
        let open = open_ids(audit, generation)?;
        let (mut lost, mut differs) = (Evidence::default(), Evidence::default());
        let logged = context.closings()?.iter().filter(|closing| {
            closing.generation == generation
                && !twice.contains(&closing.trade_id.as_deref())
                && closing.at > oldest + GRACE
                && closing.at < context.now - GRACE
        });
        for closing in logged {
            let what = || {
                format!(
                    "{} at {} UTC with {:+.2}",
                    cut(&closing.coin, 24),
                    crate::source::clock::utc_text(closing.at),
                    closing.pnl_usd.unwrap_or_default()
                )
            };
            let candidates = index.candidates(closing);
            // A position that is still open is `open-position-was-closed`'s to report.
            let is_open = closing.trade_id.as_ref().is_some_and(|id| open.contains(id.as_str()));
            lost.row((candidates.is_empty() && !is_open && !index.knows(closing)).then_some(what));
            let agrees = |entry: &&Entry| match (entry.pnl_usd, closing.pnl_usd) {
                (Some(stored), Some(logged)) => (stored - logged).abs() <= ROUNDING_USD,
                _ => true,
            };
            // Parts of a position that were closed with one line.
            let sum: Option<f64> = candidates.iter().map(|entry| entry.pnl_usd).sum();
            let sum_agrees = sum
                .zip(closing.pnl_usd)
                .is_some_and(|(sum, logged)| (sum - logged).abs() <= ROUNDING_USD * candidates.len() as f64);
            let wrong = !candidates.is_empty() && !candidates.iter().any(agrees) && !sum_agrees;
            differs.row(wrong.then_some(|| {
                let stored = candidates.first().and_then(|entry| entry.pnl_usd).unwrap_or_default();
                format!("{}, stored {stored:+.2}", what())
            }));
        }
        if lost.count > 0 && ledger.later == 0 {
            found.fact(lost_problem(table(generation), &lost));
        }
        if differs.count > 0 {
            found.fact(differs_problem(table(generation), &differs));
        }
    }
    Ok(found)
}

/// Trades by what the log names them by.
struct Index<'entry> {
    by_position: HashMap<&'entry str, Vec<&'entry Entry>>,
    by_coin: HashMap<String, Vec<&'entry Entry>>,
    without_coin: Vec<&'entry Entry>,
}

impl<'entry> Index<'entry> {
    fn new(entries: &[&'entry Entry]) -> Self {
        let mut index =
            Self { by_position: HashMap::new(), by_coin: HashMap::new(), without_coin: Vec::new() };
        for entry in entries {
            let ids = [entry.position_id.as_deref(), Some(entry.id.as_str())].into_iter().flatten();
            for id in ids.filter(|id| !id.trim().is_empty()) {
                index.by_position.entry(id).or_default().push(entry);
            }
            match entry.has_coin() {
                true => index.by_coin.entry(entry.coin.to_ascii_lowercase()).or_default().push(entry),
                false => index.without_coin.push(entry),
            }
        }
        index
    }

    /// The rows that a closing may be about: of its position, else of its coin and moment where rows name no
    /// position.
    fn candidates(&self, closing: &Closing) -> Vec<&'entry Entry> {
        let id = closing.trade_id.as_deref().unwrap_or_default();
        if let Some(entries) = self.by_position.get(id).filter(|_| closing.generation == 2) {
            return entries.clone();
        }
        let of_coin = self.by_coin.get(&closing.coin.to_ascii_lowercase());
        let near = |entry: &&&Entry| {
            names_no_position(entry)
                && entry.closed_at.is_some_and(|at| (at - closing.at).num_seconds().abs() <= APART_SECONDS)
        };
        of_coin.into_iter().flatten().filter(near).copied().collect()
    }

    /// Whether a trade of the coin, or of none, has no readable time, or its table another clock: then nothing
    /// is certain.
    fn knows(&self, closing: &Closing) -> bool {
        let of_coin = self.by_coin.get(&closing.coin.to_ascii_lowercase());
        of_coin.into_iter().flatten().chain(&self.without_coin).any(|entry| {
            entry.closed_at.is_none_or(|at| {
                let apart = (at - closing.at).num_seconds().abs();
                let quarter = apart % 900;
                names_no_position(entry)
                    && (apart <= APART_SECONDS || (apart <= 14 * 3600 && quarter.min(900 - quarter) <= 5))
            })
        })
    }
}

/// Whether only coin and moment tell which closing of the log is a row's.
fn names_no_position(entry: &Entry) -> bool {
    entry.generation == 1 || entry.position_id.as_deref().is_none_or(|id| id.trim().is_empty())
}

fn lost_problem(table: &str, evidence: &Evidence) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: format!("{table}:lost"),
        title: format!("Closings in the log are missing in {table}"),
        description: format!(
            "{} no closed trade in {table}. Their results are missing in every sum.",
            evidence.counted("closings that the bot logged", "has", "have")
        ),
        evidence: evidence.text("logged closings", "SELECT created_at, description, details FROM activity_log WHERE activity_type IN ('trade_closed', 'quick_update') ORDER BY id DESC"),
        recommendation: "Write the closed trade and the log in one transaction; add the missing trades from the log.".to_owned(),
    }
}

fn differs_problem(table: &str, evidence: &Evidence) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: format!("{table}:profit"),
        title: format!("Profits in {table} are not those that the log tells"),
        description: format!(
            "{} logged with another profit than {table} stores for the same trade.",
            evidence.counted("closings", "was", "were")
        ),
        evidence: evidence.text("logged closings", "SELECT created_at, description, details FROM activity_log WHERE activity_type IN ('trade_closed', 'quick_update') ORDER BY id DESC"),
        recommendation: "Find out which of the two is right by the prices, and compute the profit once.".to_owned(),
    }
}
