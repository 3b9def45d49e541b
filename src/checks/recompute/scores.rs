//! Running totals per coin against the trades that they count.

use std::collections::HashMap;

use super::account;
use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::checks::refer::contradicted::doubled;
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::untrusted::cut;

pub(super) const COINS: Check = Check {
    id: "coin-score-contradicts-trades",
    theme: Theme::Integrity,
    why: "Coins are favoured and blacklisted by their running totals; totals that the trades do not give choose the wrong coins.",
    threshold: None,
    run: coins,
};

/// Trades, wins, losses and their profit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) trades: i64,
    pub(super) wins: i64,
    pub(super) losses: i64,
    pub(super) even: i64,
    pub(super) pnl: f64,
}

impl Totals {
    pub(super) fn add(&mut self, pnl_usd: Option<f64>) {
        let pnl = pnl_usd.unwrap_or(0.0);
        self.trades += 1;
        self.wins += i64::from(pnl > 0.0);
        self.losses += i64::from(pnl < 0.0);
        self.even += i64::from(pnl == 0.0);
        self.pnl += pnl;
    }

    fn text(&self) -> String {
        format!("{} trades, {} wins, {:+.2}", self.trades, self.wins, self.pnl)
    }

    /// Whether a stored total is this one; a trade without profit may count as either.
    fn agrees(&self, score: &Score) -> bool {
        let between =
            |stored: Option<i64>, least: i64| stored.is_none_or(|n| (least..=least + self.even).contains(&n));
        score.trades.is_none_or(|trades| trades == self.trades)
            && between(score.wins, self.wins)
            && between(score.losses, self.losses)
            && score
                .pnl
                .is_none_or(|pnl| (pnl - self.pnl).abs() <= 0.02 + 0.01 * (self.trades.max(0) as f64).sqrt())
    }

    /// Whether a stored total may count these trades and others, which are deleted.
    fn are_among_those_of(&self, score: &Score) -> bool {
        let at_least = |stored: Option<i64>, least: i64| stored.is_none_or(|stored| stored >= least);
        at_least(score.trades, self.trades)
            && at_least(score.wins, self.wins)
            && at_least(score.losses, self.losses)
    }
}

/// A coin's row.
struct Score {
    coin: String,
    trades: Option<i64>,
    wins: Option<i64>,
    losses: Option<i64>,
    pnl: Option<f64>,
    win_rate: Option<f64>,
}

const SCORES: &str = "
SELECT
    updated_at,
    clock,
    coin,
    total_trades,
    wins,
    losses,
    total_pnl,
    win_rate_fraction
FROM coin_score";

/// The scores as stored; none where some of them belong to a moment after now.
fn scores(audit: &Audit<'_>) -> anyhow::Result<Vec<Score>> {
    let (mut scores, mut later) = (Vec::new(), false);
    let bot = audit.context.bot;
    bot.each_row(SCORES, |row| {
        later |= bot.instant(row, 0, 1)?.is_some_and(|at| at > audit.context.now);
        scores.push(Score {
            coin: cell::text(row, 2)?.unwrap_or_default().into_owned(),
            trades: cell::integer(row, 3)?,
            wins: cell::integer(row, 4)?,
            losses: cell::integer(row, 5)?,
            pnl: cell::real(row, 6)?,
            win_rate: cell::real(row, 7)?,
        });
        Ok(())
    })?;
    Ok(if later { Vec::new() } else { scores })
}

/// A coin's stored totals beside those that its trades give.
struct Compared {
    score: Score,
    trades: Totals,
    /// The trades give them, but for what was written a moment ago.
    agrees: bool,
    /// They are the trades' with each closing once more that was logged twice.
    counts_twice: bool,
}

/// All coins; none where rows of a later moment are in the file.
fn compared(audit: &Audit<'_>) -> anyhow::Result<Vec<Compared>> {
    let bot = audit.context.bot;
    if !["pnl_usd", "coin"].iter().all(|column| bot.has_column("trade_journal", column)) {
        return Ok(Vec::new());
    }
    let Some(ledger) = audit.context.all_trades()?.filter(|ledger| ledger.later == 0) else {
        return Ok(Vec::new());
    };
    let settled_at = audit.context.now - GRACE;
    let mut by_coin: HashMap<&str, (Totals, Totals)> = HashMap::new();
    for entry in ledger.of(2) {
        let (all, settled) = by_coin.entry(&entry.coin).or_default();
        all.add(entry.pnl_usd);
        if entry.closed_by.is_none_or(|at| at <= settled_at) {
            settled.add(entry.pnl_usd);
        }
    }
    let doubled = &doubled(audit)?.closings;
    let was_trimmed = account::was_trimmed(audit, 2)?;
    let compared = scores(audit)?.into_iter().map(|score| {
        let (trades, settled) = by_coin.get(score.coin.as_str()).copied().unwrap_or_default();
        let mut twice = trades;
        for closing in doubled.iter().filter(|closing| closing.coin == score.coin) {
            twice.add(closing.pnl_usd);
        }
        let agrees = trades.agrees(&score)
            || settled.agrees(&score)
            || (was_trimmed && settled.are_among_those_of(&score));
        Compared { trades, agrees, counts_twice: !agrees && twice.agrees(&score), score }
    });
    Ok(compared.collect())
}

/// The coins whose totals count each closing that was logged twice: `closing-logged-twice` reports them.
pub(in crate::checks) fn counted_twice(audit: &Audit<'_>) -> anyhow::Result<Vec<String>> {
    let counted = compared(audit)?.into_iter().filter(|compared| compared.counts_twice);
    Ok(counted.map(|compared| compared.score.coin).collect())
}

fn coins(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let compared = compared(audit)?;
    let mut found = Found::nothing();
    found.facts.extend(win_rates(&compared));
    let mut evidence = Evidence::default();
    for Compared { score, trades, agrees, counts_twice } in &compared {
        evidence.row((!agrees && !counts_twice).then_some(|| {
            let stored = format!(
                "{} trades, {} wins, {:+.2}",
                score.trades.unwrap_or_default(),
                score.wins.unwrap_or_default(),
                score.pnl.unwrap_or_default()
            );
            format!("{}: stored {stored}; its trades give {}", cut(&score.coin, 24), trades.text())
        }));
    }
    if evidence.count > 0 {
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: "coin_scores".to_owned(),
            title: "Running totals in coin_scores contradict the coins' trades".to_owned(),
            description: format!(
                "The totals of {} of {} coins are not those of their closed trades.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text("coins", "SELECT s.coin, s.total_trades, s.wins, s.total_pnl, count(j.id), sum(j.pnl_usd > 0), \
                sum(j.pnl_usd) FROM coin_scores AS s LEFT JOIN trade_journal AS j ON j.coin = s.coin AND j.status <> 'open' GROUP BY s.coin"),
            recommendation: "Recompute the scores from the journal, as sizes and blacklists by coin may follow them, and update them in the transaction that closes the trade.".to_owned(),
        });
    }
    Ok(found)
}

/// Win rates in another unit than 0 to 1, or that wins and trades do not give.
fn win_rates(compared: &[Compared]) -> Option<Problem> {
    let mut evidence = Evidence::default();
    for Compared { score, .. } in compared {
        let (Some(rate), Some(trades), Some(wins)) = (score.win_rate, score.trades, score.wins) else {
            continue;
        };
        if trades <= 0 {
            continue;
        }
        let expected = wins as f64 / trades as f64;
        evidence.row(((rate - expected).abs() > 0.0051).then_some(|| {
            format!("{}: {wins} of {trades} is {expected:.3}, stored {rate:.3}", cut(&score.coin, 24))
        }));
    }
    (evidence.count > 0).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "coin_scores.win_rate".to_owned(),
        title: "coin_scores.win_rate is not wins by trades as a fraction".to_owned(),
        description: format!(
            "In {} of {} coins the win rate is not the share of wins from 0 to 1 that its own counters give. \
             A threshold that reads it as a fraction compares with the wrong number.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "coins",
            "SELECT coin, total_trades, wins, win_rate, 1.0 * wins / total_trades FROM coin_scores",
        ),
        recommendation: "Store wins / total_trades, and compare thresholds in the same unit.".to_owned(),
    })
}
