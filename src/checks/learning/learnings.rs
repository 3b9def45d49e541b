//! Learnings against the trades that they are about.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::lookup::{LEAST_DELAYS, Lookup};
use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::checks::shared::{Lesson, Lessons};
use crate::checks::statistics::median;
use crate::dollars::signed_usd;
use crate::metrics::Context;
use crate::model::{AlertType, Period, Severity};
use crate::plural::plural;
use crate::source::clock::utc_text;
use crate::untrusted::cut;

/// Looked at, at least: a day holds few trades of a quiet bot.
const LEAST_HOURS: i64 = 7 * 24;
/// Looked at, at most: what was not learned before that is history.
const MOST_HOURS: i64 = 30 * 24;
/// A learning may still come for a younger trade.
const GRACE_HOURS: i64 = 12;
const LEAST_TRADES: u64 = 20;
/// One text may be misread, three are a habit.
const LEAST_CONTRADICTIONS: u64 = 3;

/// By the ids that learnings name.
const TRADES: &str = "
SELECT
    source_id,
    coalesce(instrument, ''),
    closed_at,
    pnl
FROM trade
WHERE is_main AND closed_at > ?1 AND closed_at <= ?2";

const LEARNINGS: &str = "
SELECT
    trade_id,
    created_at,
    story,
    source_id
FROM learning
WHERE trade_id IS NOT NULL AND created_at > ?1
ORDER BY created_at";

const SKIPPED: &str = "
SELECT
    count(*)
FROM logged_trade
WHERE event = 'not_learned' AND at > ?1 AND at <= ?2";

const OLDEST_LOGGED: &str = "
SELECT
    min(oldest_at)
FROM table_profile
WHERE table_name IN (SELECT source FROM event)";

/// Read once for all checks.
fn lessons<'run>(audit: &Audit<'run>) -> rusqlite::Result<&'run Lessons> {
    if let Some(lessons) = audit.shared.lessons.get() {
        return Ok(lessons);
    }
    let lessons = read(audit.context)?;
    Ok(audit.shared.lessons.get_or_init(|| lessons))
}

fn hours(context: &Context<'_>) -> i64 {
    i64::from(context.config.hours).clamp(LEAST_HOURS, MOST_HOURS)
}

fn read(context: &Context<'_>) -> rusqlite::Result<Lessons> {
    let after = context.now - TimeDelta::hours(hours(context));
    let trades = Period { after, until: context.now - TimeDelta::hours(GRACE_HOURS) };
    let connection = context.db.connection();
    let mut lessons = HashMap::new();
    let mut statement = connection.prepare(TRADES)?;
    let mut rows = statement.query([seconds(trades.after), seconds(trades.until)])?;
    while let Some(row) = rows.next()? {
        let (id, coin): (String, String) = (row.get(0)?, row.get(1)?);
        if let (Ok(id), Some(closed_at)) = (id.parse::<i64>(), moment(row.get(2)?)) {
            let lesson =
                Lesson { coin, closed_at, pnl_usd: row.get(3)?, learned_at: None, stories: Vec::new() };
            lessons.insert(id, lesson);
        }
    }
    let mut learnings = 0;
    let mut statement = connection.prepare(LEARNINGS)?;
    let mut rows = statement.query([seconds(after)])?;
    while let Some(row) = rows.next()? {
        learnings += 1;
        let trade: String = row.get(0)?;
        let lesson = trade.parse::<i64>().ok().and_then(|trade| lessons.get_mut(&trade));
        let (Some(lesson), Some(created_at)) = (lesson, moment(row.get(1)?)) else { continue };
        lesson.learned_at = lesson.learned_at.or(Some(created_at));
        let (story, id): (Option<String>, String) = (row.get(2)?, row.get(3)?);
        if let (Some(story), Ok(id)) = (story, id.parse()) {
            lesson.stories.push((id, story));
        }
    }
    // Where no learning names a trade, learning is dead or of another kind.
    if learnings == 0 {
        lessons.clear();
    }
    Ok(Lessons { by_trade: lessons, trades })
}

/// Medium: the feature is there and mostly does not happen.
pub(super) fn missing(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let lessons = lessons(audit)?;
    let unlearned = Unlearned::of(audit, lessons)?;
    let (evidence, skipped) = (&unlearned.evidence, unlearned.skipped);
    let unexplained = evidence.count.saturating_sub(skipped);
    let is_missing = evidence.of >= LEAST_TRADES && unexplained as f64 > audit.threshold * evidence.of as f64;
    // Where the cause is known, its finding tells these trades, too.
    let is_told = audit.is_on("learning-late");
    if !is_missing || (is_told && Lookup::of(audit, lessons)?.is_some_and(|lookup| lookup.explains_missing()))
    {
        return Ok(Found::nothing());
    }
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Most closed trades never become a learning".to_owned(),
        description: unlearned.sentence(audit),
        evidence: evidence.text(
            "trades",
            &format!(
                "SELECT id, coin_name, closed_at FROM closed_trades WHERE {} AND id NOT IN (SELECT trade_id FROM learnings \
                 WHERE trade_id IS NOT NULL)",
                closed_within("closed_at", unlearned.trades)
            ),
        ),
        recommendation: "Find out why learnings are not made: is there a limit per cycle, a backlog that is lost at a restart, \
                         an answer that cannot be parsed?"
            .to_owned(),
    })
    .into())
}

/// The trades without a learning.
struct Unlearned {
    evidence: Evidence,
    /// How many the log says were skipped on purpose.
    skipped: u64,
    /// The closings that were looked at.
    trades: Period,
    /// The log's oldest row, where the trades before it are left out: what it no longer tells may have been
    /// skipped as well.
    since: Option<DateTime<Utc>>,
}

impl Unlearned {
    fn of(audit: &Audit<'_>, lessons: &Lessons) -> anyhow::Result<Self> {
        let connection = audit.context.db.connection();
        let within = [seconds(lessons.trades.after), seconds(lessons.trades.until)];
        let skipped: u64 = connection.query_row(SKIPPED, within, |row| row.get(0))?;
        let logged = if skipped > 0 { oldest_logged(audit)? } else { None };
        let since = logged.filter(|oldest| *oldest > lessons.trades.after);
        let trades = Period { after: since.unwrap_or(lessons.trades.after), ..lessons.trades };
        let mut ordered: Vec<_> = lessons.by_trade.iter().collect();
        ordered.retain(|(_, lesson)| lesson.closed_at > trades.after);
        ordered.sort_by_key(|(id, _)| **id);
        let mut evidence = Evidence::default();
        for (id, lesson) in ordered {
            evidence.row(lesson.learned_at.is_none().then_some(|| format!("trade {id} ({})", lesson.coin)));
        }
        Ok(Self { evidence, skipped, trades, since })
    }

    fn sentence(&self, audit: &Audit<'_>) -> String {
        let skips = match self.skipped {
            0 => "the log tells of none that was skipped on purpose".to_owned(),
            skipped => format!("trades that the log says were skipped on purpose: {skipped}"),
        };
        format!(
            "{} of {} trades that were closed {}{} {} no learning; {skips}.",
            self.evidence.count,
            self.evidence.of,
            when(audit),
            self.since
                .map(|since| format!(" since the log's oldest row ({} UTC)", utc_text(since)))
                .unwrap_or_default(),
            plural(self.evidence.count, "has", "have")
        )
    }
}

/// The moment of the oldest row of the log.
fn oldest_logged(audit: &Audit<'_>) -> rusqlite::Result<Option<DateTime<Utc>>> {
    audit
        .context
        .db
        .connection()
        .query_row(OLDEST_LOGGED, [], |row| Ok(row.get::<_, Option<f64>>(0)?.and_then(moment)))
}

fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}

fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros((seconds * 1e6) as i64)
}

/// The trades that are looked at, in words.
fn when(audit: &Audit<'_>) -> String {
    let days = hours(audit.context) as f64 / 24.0;
    format!("in the last {days} days, up to {GRACE_HOURS} hours ago,")
}

/// The same as a condition of SQL.
fn closed_within(column: &str, period: Period) -> String {
    let (after, until) = (utc_text(period.after), utc_text(period.until));
    format!("{column} > '{after}' AND {column} <= '{until}'")
}

/// Low: the learning is made, only too late to be of use. Medium where it is of another trade, however late.
pub(super) fn late(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let lessons = lessons(audit)?;
    let mut delays: Vec<(i64, i64)> = lessons
        .by_trade
        .iter()
        .filter_map(|(id, lesson)| Some(((lesson.learned_at? - lesson.closed_at).num_seconds(), *id)))
        .collect();
    delays.sort_unstable();
    let seconds: Vec<_> = delays.iter().map(|(seconds, _)| *seconds as f64).collect();
    let median_seconds = median(&seconds).unwrap_or_default();
    let lookup = Lookup::of(audit, lessons)?;
    if delays.len() < LEAST_DELAYS || (lookup.is_none() && median_seconds <= audit.threshold) {
        return Ok(Found::nothing());
    }
    let latest = delays
        .iter()
        .rev()
        .take(3)
        .map(|(seconds, id)| format!("trade {id} after {:.1} h", *seconds as f64 / 3_600.0));
    let latest = latest.collect::<Vec<_>>().join("; ");
    let evidence = format!(
        "median delay {median_seconds} s over {} learnings; latest: {latest}; query: SELECT l.id, l.trade_id, t.closed_at, \
         l.created_at, a.created_at AS logged_at, a.description FROM learnings AS l JOIN closed_trades AS t ON t.id = l.trade_id \
         LEFT JOIN activity_log AS a ON a.activity_type = 'trade_closed' AND a.details LIKE 'trade_id=' || l.trade_id || ',%' \
         WHERE {} ORDER BY l.id",
        delays.len(),
        closed_within("t.closed_at", lessons.trades)
    );
    Ok(Some(match lookup {
        Some(lookup) => of_another_trade(audit, lessons, &lookup, evidence)?,
        None => Problem {
            alert_type: AlertType::Performance,
            severity: Severity::Low,
            subject: String::new(),
            title: "Learnings come long after their trade".to_owned(),
            description: format!(
                "Half of the {} learnings of trades that were closed {} came later than {:.1} hours after the closing. \
                 Until then the bot trades without them.",
                delays.len(),
                when(audit),
                median_seconds / 3_600.0
            ),
            evidence,
            recommendation: "Is there a backlog? Learn from the newest trade first, or from more than one trade a cycle.".to_owned(),
        },
    })
    .into())
}

/// Medium: the trade that has just closed teaches nothing.
fn of_another_trade(
    audit: &Audit<'_>,
    lessons: &Lessons,
    lookup: &Lookup,
    evidence: String,
) -> anyhow::Result<Problem> {
    let missing = if lookup.explains_missing() {
        format!(
            " {} Of the closings logged in the last {} days, {} had a trade_id that no row of closed_trades had yet: {} of these \
             led to a learning.",
            Unlearned::of(audit, lessons)?.sentence(audit),
            hours(audit.context) as f64 / 24.0,
            lookup.without_row,
            lookup.without_row_learned
        )
    } else {
        String::new()
    };
    Ok(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Learnings are made of another trade than the one that has just closed".to_owned(),
        description: format!(
            "{} of {} learnings of trades that were closed {} were written within a minute of a logged closing whose \
             trade_id they carry. In closed_trades that id is another trade in {} of them, closed earlier: the log names the open \
             trade's id, and closed_trades has ids of its own.{missing}",
            lookup.by_logged_id,
            lookup.learnings,
            when(audit),
            lookup.of_another_trade
        ),
        evidence,
        recommendation:
            "Learn from the row that the closing has just written: pass on its id in closed_trades."
                .to_owned(),
    })
}

/// High: what is learned is the opposite of what happened.
pub(super) fn contradicts_trade(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let lessons = lessons(audit)?;
    let period = lessons.trades;
    let mut stories: Vec<_> = lessons
        .by_trade
        .iter()
        .filter_map(|(trade, lesson)| Some((*trade, lesson, lesson.pnl_usd?)))
        .flat_map(|(trade, lesson, pnl_usd)| {
            lesson.stories.iter().filter_map(move |(id, story)| {
                Some((*id, trade, lesson, pnl_usd, only_signed_percent(story)?))
            })
        })
        .collect();
    stories.sort_by_key(|(id, ..)| *id);
    let mut evidence = Evidence::default();
    for (id, trade, lesson, pnl_usd, told_percent) in stories {
        let contradicts = told_percent * pnl_usd < 0.0;
        evidence.row(contradicts.then_some(|| {
            format!(
                "learning {id} tells {told_percent:+}% of trade {trade} ({}), which made {}",
                cut(&lesson.coin, 30),
                signed_usd(pnl_usd)
            )
        }));
    }
    Ok((evidence.count >= LEAST_CONTRADICTIONS)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: String::new(),
            title: "Learnings tell the opposite of what their trade did".to_owned(),
            description: format!(
                "{} the wrong sign: a gain is told as a loss or a loss as a gain. The trades were closed {}.",
                evidence.counted("learnings that state a result", "has", "have"),
                when(audit).trim_end_matches(',')
            ),
            evidence: evidence.text(
                "learnings with a result",
                &format!(
                    "SELECT learnings.id, trade_id, learning_text, pnl_usd FROM learnings JOIN closed_trades ON closed_trades.id = trade_id \
                     WHERE {}",
                    closed_within("closed_at", period)
                ),
            ),
            recommendation: "Which trade's figures is the prompt for a learning filled with? Is it the trade's that the learning is stored for?".to_owned(),
        })
        .into())
}

/// The one percent figure with an explicit sign; `None` where there is none, or a choice of them.
fn only_signed_percent(text: &str) -> Option<f64> {
    let mut found = None;
    for (end, _) in text.match_indices('%') {
        let before = text.get(..end)?;
        let start =
            before.rfind(|letter: char| !(letter.is_ascii_digit() || letter == '.')).map_or(0, |at| at);
        let number = before.get(start..)?;
        let is_range = before.get(..start)?.ends_with(|letter: char| letter.is_ascii_digit());
        if number.starts_with(['+', '-']) && number.len() > 1 && !is_range {
            let value: f64 = number.parse().ok()?;
            if value != 0.0 && found.replace(value).is_some() {
                return None;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_signed_percent_is_a_result() {
        assert_eq!(only_signed_percent("closed with a gain of +2.23%"), Some(2.23));
        assert_eq!(only_signed_percent("loss of -0.5% after 3 minutes"), Some(-0.5));
        assert_eq!(only_signed_percent("dropped 7% and came back"), None);
        assert_eq!(only_signed_percent("from -3% to +2%"), None);
        assert_eq!(only_signed_percent("a 5-10% range"), None);
        assert_eq!(only_signed_percent("+%"), None);
    }
}
