//! Snapshots against the journal that they sum up.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::tolerance::CENT;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::cell;
use crate::untrusted::cut;

pub(super) const TRADES: Check = Check {
    id: "snapshot-contradicts-trades",
    theme: Theme::Integrity,
    why: "A snapshot that does not contain the trades of its span makes every curve and report drawn from it wrong.",
    threshold: None,
    run: trades,
};

pub(super) const BALANCE: Check = Check {
    id: "snapshot-balance-restarts",
    theme: Theme::Integrity,
    why: "Snapshots that each begin with the initial balance never show what the bot has won or lost.",
    threshold: None,
    run: balance,
};

/// Newest snapshots that are read: five days of hours and what lies between.
const MOST: usize = 150;
/// Snapshots that must disagree before the rule by which they count is wrong.
const FEWEST: usize = 3;
/// A closing at the edge of a span may be in either.
const EDGE: TimeDelta = TimeDelta::minutes(2);

const SNAPSHOTS: &str = "
SELECT
    at,
    clock,
    timeframe,
    total_pnl,
    total_trades,
    winning_trades,
    losing_trades,
    win_rate_percent,
    starting_balance,
    ending_balance
FROM snapshot
ORDER BY id DESC";

struct Snapshot {
    at: DateTime<Utc>,
    timeframe: String,
    pnl: Option<f64>,
    trades: Option<i64>,
    wins: Option<i64>,
    losses: Option<i64>,
    win_rate: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
}

impl Snapshot {
    fn name(&self) -> String {
        format!("{} until {}", cut(&self.timeframe, 12), crate::source::clock::utc_text(self.at))
    }

    /// What is wrong with it whatever the journal says.
    fn own_contradiction(&self, journal: &Journal) -> Option<String> {
        let trades = self.trades.filter(|trades| *trades > 0)?;
        if let (Some(wins), Some(losses)) = (self.wins, self.losses)
            && wins.saturating_add(losses) > trades
        {
            return Some(format!("{wins} wins and {losses} losses of {trades} trades"));
        }
        if let (Some(wins), Some(rate)) = (self.wins, self.win_rate) {
            let expected = 100.0 * wins as f64 / trades as f64;
            if (rate - expected).abs() > 0.6 {
                return Some(format!(
                    "win rate {rate} of {wins} {} in {trades} {}, which is {expected:.1} %",
                    plural(wins, "win", "wins"),
                    plural(trades, "trade", "trades")
                ));
            }
        }
        let (start, end, pnl) = (self.start?, self.end?, self.pnl?);
        (start != 0.0 && !adds_up(start, end, pnl) && !self.is_all_time(journal))
            .then(|| format!("{start:.2} and {pnl:+.2} end at {end:.2}"))
    }

    /// Whether it starts from the initial balance by right: it ends with all profit so far.
    fn is_all_time(&self, journal: &Journal) -> bool {
        let balances = self.start.zip(self.end);
        balances.is_some_and(|(start, end)| adds_up(start, end, journal.until(self.at)))
    }

    /// The spans that an hour may mean: the one that ends with it, the calendar's that ended last, the
    /// calendar's that it lies in. Longer spans begin at midnights that nobody knows.
    fn spans(&self, offset_seconds: i64) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        if !matches!(self.timeframe.to_ascii_lowercase().as_str(), "hour" | "hourly" | "1h") {
            return Vec::new();
        }
        let hour = TimeDelta::hours(1);
        let mut spans = vec![(self.at - hour, self.at)];
        for shift in [TimeDelta::zero(), TimeDelta::seconds(offset_seconds.rem_euclid(3_600))] {
            if let Ok(begin) = (self.at + shift).duration_trunc(hour) {
                spans.extend([(begin - shift - hour, begin - shift), (begin - shift, self.at)]);
            }
        }
        spans
    }

    /// Whether it is about a span, and not about all time.
    fn has_span(&self) -> bool {
        ["hour", "day", "week", "month", "dai", "1h", "24h", "1d", "7d", "30d"]
            .iter()
            .any(|name| self.timeframe.to_ascii_lowercase().starts_with(name))
    }
}

/// Whether a balance, a profit and the balance after it agree, but for rounding.
fn adds_up(start: f64, end: f64, pnl: f64) -> bool {
    (end - start - pnl).abs() <= 2.0 * CENT + 1e-6 * start.abs()
}

fn snapshots(audit: &Audit<'_>) -> anyhow::Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    let bot = audit.context.bot;
    bot.each_row(&format!("{SNAPSHOTS} LIMIT {MOST}"), |row| {
        let Some(at) = bot.instant(row, 0, 1)?.filter(|at| *at <= audit.context.now) else { return Ok(()) };
        snapshots.push(Snapshot {
            at,
            timeframe: cell::text(row, 2)?.unwrap_or_default().into_owned(),
            pnl: cell::real(row, 3)?,
            trades: cell::integer(row, 4)?,
            wins: cell::integer(row, 5)?,
            losses: cell::integer(row, 6)?,
            win_rate: cell::real(row, 7)?,
            start: cell::real(row, 8)?,
            end: cell::real(row, 9)?,
        });
        Ok(())
    })?;
    Ok(snapshots)
}

/// Closing times of the journal, oldest first, with the profit up to each of them.
struct Journal {
    times: Vec<DateTime<Utc>>,
    pnl: Vec<f64>,
}

impl Journal {
    fn read(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let ledger = audit.context.ledger()?;
        let mut closed: Vec<_> =
            ledger.of(2).filter_map(|entry| Some((entry.closed_at?, entry.pnl_usd.unwrap_or(0.0)))).collect();
        closed.sort_by_key(|(at, _)| *at);
        let (times, profits): (Vec<_>, Vec<_>) = closed.into_iter().unzip();
        let pnl = profits.iter().scan(0.0, |sum, pnl| {
            *sum += pnl;
            Some(*sum)
        });
        Ok(Self { pnl: pnl.collect(), times })
    }

    fn count(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
        let before = |at| self.times.partition_point(|time| *time <= at) as i64;
        (before(until) - before(from)).max(0)
    }

    /// Profit of everything closed up to a moment.
    fn until(&self, at: DateTime<Utc>) -> f64 {
        let closed = self.times.partition_point(|time| *time <= at);
        closed.checked_sub(1).and_then(|last| self.pnl.get(last)).copied().unwrap_or(0.0)
    }
}

fn trades(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let snapshots = snapshots(audit)?;
    let journal = Journal::read(audit)?;
    let offset_seconds = audit.context.bot.host_offset().newest_seconds().unwrap_or(0);
    let mut own = Evidence::default();
    let mut missing = Evidence::default();
    let (mut stored_trades, mut journal_trades) = (0_i64, 0_i64);
    for snapshot in &snapshots {
        own.row(
            snapshot.own_contradiction(&journal).map(|what| move || format!("{}: {what}", snapshot.name())),
        );
        let (Some(stored), spans) = (snapshot.trades, snapshot.spans(offset_seconds)) else { continue };
        let Some((from, until)) = spans.first().copied() else { continue };
        if journal.times.first().is_none_or(|first| from < *first) {
            continue;
        }
        let fits = |(from, until): &(DateTime<Utc>, DateTime<Utc>)| {
            let least = journal.count(*from + EDGE, *until - EDGE);
            (least..=journal.count(*from - EDGE, *until + EDGE)).contains(&stored)
        };
        let wrong = !spans.iter().any(fits);
        let counted = journal.count(from, until);
        if wrong {
            stored_trades = stored_trades.saturating_add(stored);
            journal_trades = journal_trades.saturating_add(counted);
        }
        missing.row(wrong.then_some(|| {
            let trades = plural(stored, "trade", "trades");
            format!("{}: {stored} {trades}, the journal has {counted}", snapshot.name())
        }));
    }
    let mut found = Found::nothing();
    if own.count > 0 {
        found.fact(own_problem(&own));
    }
    if missing.count >= FEWEST as u64 && missing.count * 5 >= missing.of {
        found.fact(missing_problem(&missing, stored_trades, journal_trades));
    }
    Ok(found)
}

/// The snapshots that no span fits, with the same edges; with what the journal closed in the hour before each.
const QUERY: &str = "
WITH
    snapshot AS (
        SELECT *, julianday(timestamp) AS at, julianday(strftime('%Y-%m-%d %H:00', timestamp)) AS clock
        FROM (SELECT * FROM profit_snapshots ORDER BY id DESC LIMIT 150)
        WHERE lower(timeframe) IN ('hour', 'hourly', '1h')
    ),
    span AS (
        SELECT id, total_trades, at - 1.0 / 24 AS since, at AS until FROM snapshot
        UNION ALL SELECT id, total_trades, clock - 1.0 / 24, clock FROM snapshot
        UNION ALL SELECT id, total_trades, clock, at FROM snapshot
    ),
    closed AS (SELECT julianday(exit_time) AS at FROM trade_journal WHERE exit_time IS NOT NULL)
SELECT timeframe, timestamp, total_trades, total_pnl,
    (SELECT count(*) FROM closed WHERE closed.at > snapshot.at - 1.0 / 24 AND closed.at <= snapshot.at) AS journal_trades
FROM snapshot
WHERE at - 1.0 / 24 >= (SELECT min(at) FROM closed) AND id NOT IN (
    SELECT id FROM span WHERE total_trades BETWEEN
        (SELECT count(*) FROM closed WHERE closed.at > since + 2.0 / 1440 AND closed.at <= until - 2.0 / 1440)
        AND (SELECT count(*) FROM closed WHERE closed.at > since - 2.0 / 1440 AND closed.at <= until + 2.0 / 1440)
)
ORDER BY id DESC";

fn missing_problem(evidence: &Evidence, stored: i64, counted: i64) -> Problem {
    let sum = if counted > 0 {
        format!(" Together they hold {stored} trades; in the hours before them the journal closed {counted}.")
    } else {
        String::new()
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "profit_snapshots".to_owned(),
        title: "Snapshots in profit_snapshots do not contain the trades of their span".to_owned(),
        description: format!(
            "{} of {} hourly snapshots count a number of trades that the journal closed neither in the hour before them nor in an \
             hour of the clock around them.{sum}",
            evidence.count, evidence.of
        ),
        evidence: evidence.text("hourly snapshots", QUERY),
        recommendation: "Are they selected by one status, or by another time than the exit? Select the span's trades by exit_time and by every status that means closed (closed and post_tracked), not by one of them.".to_owned(),
    }
}

fn own_problem(evidence: &Evidence) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "profit_snapshots:own".to_owned(),
        title: "Snapshots in profit_snapshots contradict themselves".to_owned(),
        description: format!(
            "{} a win rate (0 to 100), counts or balances that its own columns do not give.",
            evidence.counted("snapshots", "holds", "hold")
        ),
        evidence: evidence.text("snapshots", "SELECT * FROM profit_snapshots ORDER BY id DESC LIMIT 20"),
        recommendation: "Compute every column of a snapshot from one list of trades.".to_owned(),
    }
}

/// Snapshots over which the profit must have moved the balance.
const FEWEST_BALANCES: usize = 10;

fn balance(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let snapshots = snapshots(audit)?;
    let journal = Journal::read(audit)?;
    let starts: Vec<_> =
        snapshots.iter().filter_map(|snapshot| Some((snapshot.at, snapshot.start?))).collect();
    let Some((_, first)) = starts.first().copied() else { return Ok(Found::nothing()) };
    let constant = starts.iter().all(|(_, start)| (start - first).abs() < CENT);
    // Snapshots of all time begin with the initial balance by right: only spans count.
    let all_time = snapshots.iter().filter(|snapshot| snapshot.is_all_time(&journal)).count();
    let spans =
        snapshots.iter().all(Snapshot::has_span) && !super::tolerance::most(all_time, snapshots.len());
    let profits: Vec<f64> = starts.iter().map(|(at, _)| journal.until(*at)).collect();
    let (low, high) =
        profits.iter().fold((0.0_f64, 0.0_f64), |(low, high), pnl| (low.min(*pnl), high.max(*pnl)));
    if !constant || !spans || starts.len() < FEWEST_BALANCES || high - low < 1.0 {
        return Ok(Found::nothing());
    }
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "profit_snapshots".to_owned(),
        title: "Every snapshot in profit_snapshots begins with the initial balance".to_owned(),
        description: format!(
            "The newest {} snapshots all start at {first:.2} although the closed trades had brought between \
             {low:+.2} and {high:+.2} by then.",
            starts.len()
        ),
        evidence: format!(
            "starting_balance {first:.2} in {} of {} snapshots, profit so far {low:+.2} to {high:+.2}; query: \
             SELECT timestamp, timeframe, starting_balance, ending_balance FROM profit_snapshots ORDER BY id DESC LIMIT 20",
            starts.len(),
            snapshots.len()
        ),
        recommendation: "Begin each snapshot with the balance at the start of its span: the initial one plus all profit before it.".to_owned(),
    })
    .into())
}
