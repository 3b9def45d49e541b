//! Streaks, drawdown and concentration.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{names, shown};
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{chance_text, longest_run_at_least, wilson};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;

/// A claim that the losing streak which is running now is longer than the win rate explains.
pub(super) fn losing_streak(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: usize = 50;
    let trades = audit.shared.history.closed(audit.context)?;
    let outcomes: Vec<bool> = trades.iter().filter_map(|trade| trade.won()).collect();
    let streak = outcomes.iter().rev().take_while(|won| !**won).count();
    let before = outcomes.len() - streak;
    let losses_before = outcomes.iter().take(before).filter(|won| !**won).count();
    let newest = trades.last().and_then(|trade| trade.closed_at);
    if before < LEAST_TRADES || streak < 2 || !newest.is_some_and(|at| audit.context.window.contains(at)) {
        return Ok(Found::nothing());
    }
    // The rate of the trades before: the streak itself must not explain itself. A rate is known only as well
    // as its sample: sixty wins do not prove that a loss is impossible.
    let Some((_, loss_rate)) = wilson(losses_before as u64, before as u64) else {
        return Ok(Found::nothing());
    };
    let p_value = longest_run_at_least(streak, outcomes.len(), loss_rate);
    let results = trades.iter().filter_map(|trade| trade.pnl_usd);
    let lost_usd = results.clone().rev().take(streak).fold(0.0, |sum, pnl_usd| sum - pnl_usd);
    let what = if results.rev().take(streak).all(|pnl_usd| pnl_usd < 0.0) {
        format!("all lost, ${lost_usd:.2} together")
    } else {
        format!("brought no win and cost ${lost_usd:.2} together")
    };
    let (table, closed_at) = {
        let names = names(audit.context.generation);
        (names.closed, names.closed_at)
    };
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Pattern,
            severity: weight::by_loss(audit, lost_usd).max(Severity::Medium),
            subject: String::new(),
            title: "The current losing streak is longer than chance explains".to_owned(),
            description: format!(
                "The newest {streak} trades {what}. Of the {before} before them {:.0} % \
                 lost. Even at {:.0} %, the upper end of that rate's 95 % interval, the chance of a streak this long \
                 among {} trades is {}.",
                100.0 * losses_before as f64 / before as f64,
                100.0 * loss_rate,
                outcomes.len(),
                chance_text(p_value)
            ),
            evidence: format!(
                "{streak} losses in a row, {losses_before} of {before} before; query: SELECT {closed_at}, pnl_usd FROM \
                 {table} ORDER BY {closed_at} DESC LIMIT {streak}"
            ),
            recommendation: "Pause the bot and look for what changed: market, prompt, model, prices.".to_owned(),
        },
    );
    Ok(found)
}

/// The balance, as it follows from the trades, far below its peak.
pub(super) fn drawdown(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const HIGH_AT: f64 = 2.5;
    let Some(account) = audit.report.account_health.available() else { return Ok(Found::nothing()) };
    let Some(balance) = account.recomputed.balance.or(account.current_balance) else {
        return Ok(Found::nothing());
    };
    let (mut peak, mut peak_at, mut equity) = (balance, None, balance);
    for trade in audit.shared.history.closed(audit.context)?.iter().rev() {
        if equity > peak {
            (peak, peak_at) = (equity, trade.closed_at);
        }
        equity -= trade.pnl_usd.unwrap_or(0.0);
    }
    if equity > peak {
        (peak, peak_at) = (equity, None);
    }
    let percent = 100.0 * (peak - balance) / peak;
    if !percent.is_finite() || peak <= 0.0 || percent <= audit.threshold {
        return Ok(Found::nothing());
    }
    let recovery = if balance > 0.0 {
        format!(
            "It has fallen by {percent:.1} % and needs {:.1} % to recover",
            100.0 * (peak / balance - 1.0)
        )
    } else {
        "Everything is lost: no gain on what is left can bring it back".to_owned()
    };
    let severity = if percent > HIGH_AT * audit.threshold { Severity::High } else { Severity::Medium };
    let since = match peak_at {
        Some(at) => crate::source::clock::utc_text(at),
        None if audit.context.ledger()?.complete => "the start".to_owned(),
        None => "before the newest trades that were read".to_owned(),
    };
    let start = account.starting_balance;
    Ok(Some(Problem {
        alert_type: AlertType::Pattern,
        severity,
        subject: String::new(),
        title: "The balance is far below its peak".to_owned(),
        description: format!(
            "The peak was ${peak:.2} ({since}), the balance is {}. {recovery}. The start was ${start:.2}.",
            usd(balance, 2)
        ),
        evidence: format!(
            "peak {peak:.2}, now {balance:.2}; query: SELECT {start} + sum(pnl_usd) FROM {}",
            names(audit.context.generation).closed
        ),
        recommendation: "Reduce size or stop until it is clear which trades lose and why.".to_owned(),
    })
    .into())
}

#[derive(Default)]
struct Share {
    trades: u64,
    losing: u64,
    lost_usd: f64,
}

impl Share {
    /// The larger of its shares of the trades and of the lost dollars.
    fn fraction_of(&self, all: &Self) -> f64 {
        /// One loss would be all of what was lost.
        const LEAST_LOSING: u64 = 10;
        let is_told = all.losing >= LEAST_LOSING && all.lost_usd > 0.0;
        let of_losses = if is_told { self.lost_usd / all.lost_usd } else { 0.0 };
        of_losses.max(self.trades as f64 / all.trades as f64)
    }
}

/// The coin with the largest share of some trades.
struct Largest<'trades> {
    coin: &'trades str,
    own: Share,
    all: Share,
}

impl<'trades> Largest<'trades> {
    fn of(trades: impl Iterator<Item = &'trades Entry>) -> Option<Self> {
        let mut coins: BTreeMap<&str, Share> = BTreeMap::new();
        let mut all = Share::default();
        for trade in trades {
            let lost_usd = (-trade.pnl_usd.unwrap_or(0.0)).max(0.0);
            for share in [coins.entry(&trade.coin).or_default(), &mut all] {
                share.trades += 1;
                share.losing += u64::from(lost_usd > 0.0);
                share.lost_usd += lost_usd;
            }
        }
        let mut largest: Option<(&str, Share)> = None;
        for (coin, own) in coins {
            if largest.as_ref().is_none_or(|(_, most)| own.fraction_of(&all) > most.fraction_of(&all)) {
                largest = Some((coin, own));
            }
        }
        largest.map(|(coin, own)| Self { coin, own, all })
    }

    fn text(&self) -> String {
        let (own, all) = (&self.own, &self.all);
        format!(
            "{} has {} of the newest {} trades and ${:.2} of the ${:.2} that losing trades among them cost",
            shown(self.coin),
            own.trades,
            all.trades,
            own.lost_usd,
            all.lost_usd
        )
    }
}

/// One coin with most of the trades, or of the lost dollars: among the newest trades, or in the window.
pub(super) fn concentration(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: u64 = 50;
    const LEAST_COINS: usize = 5;
    let trades = audit.shared.history.closed(audit.context)?;
    let coins = trades.iter().map(|trade| trade.coin.as_str()).collect::<BTreeSet<_>>().len();
    if coins < LEAST_COINS {
        return Ok(Found::nothing());
    }
    let is_in_window = |trade: &&Entry| trade.closed_at.is_some_and(|at| audit.context.window.contains(at));
    let mut found: BTreeMap<&str, Vec<Largest<'_>>> = BTreeMap::new();
    let whole = Largest::of(trades.iter().copied());
    let window = Largest::of(trades.iter().copied().filter(is_in_window));
    for largest in whole.into_iter().chain(window) {
        if largest.all.trades >= LEAST_TRADES && largest.own.fraction_of(&largest.all) >= audit.threshold {
            found.entry(largest.coin).or_default().push(largest);
        }
    }
    let problems = found.into_iter().map(|(coin, mut largest)| {
        largest.dedup_by_key(|largest| largest.all.trades);
        concentrated(audit, &shown(coin), &largest, coins)
    });
    Ok(problems.collect::<Vec<_>>().into())
}

fn concentrated(audit: &Audit<'_>, coin: &str, largest: &[Largest<'_>], coins: usize) -> Problem {
    let names = names(audit.context.generation);
    let texts: Vec<String> = largest.iter().map(Largest::text).collect();
    let newest: Vec<String> = largest.iter().map(|largest| largest.all.trades.to_string()).collect();
    Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: coin.to_owned(),
        title: format!("Most of the risk is in one coin: {coin}"),
        description: format!("{}. The bot trades {coins} coins.", texts.join("; ")),
        evidence: format!(
            "{}; query: SELECT {coin}, count(*), sum(max(-pnl_usd, 0)) FROM (SELECT * FROM {} ORDER BY {} DESC \
             LIMIT {}) GROUP BY 1 ORDER BY 2 DESC",
            texts.join("; "),
            names.closed,
            names.closed_at,
            newest.join(" or "),
            coin = names.coin
        ),
        recommendation: format!("Limit how often or how large {coin} is traded."),
    }
}
