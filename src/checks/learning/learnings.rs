//! Learnings against the trades that they are about.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::bot::{Period, cell};
use crate::checks::{Audit, Evidence, Found, Problem};
use crate::collectors::{Basis, Context, learning_quality};
use crate::finding::{AlertType, Severity};
use crate::untrusted::cut;

/// Looked at, at least: a day holds few trades of a quiet bot.
const LEAST_HOURS: i64 = 7 * 24;
/// Looked at, at most: what was not learned before that is history.
const MOST_HOURS: i64 = 30 * 24;
/// A learning may still come for a younger trade.
const GRACE_HOURS: i64 = 12;
const LEAST_TRADES: u64 = 20;
const LEAST_DELAYS: usize = 10;
const LEAST_LEARNINGS: u64 = 20;
/// One text may be misread, three are a habit.
const LEAST_CONTRADICTIONS: u64 = 3;

const TRADES: &str = "
SELECT
    closed_at,
    clock,
    id,
    coin,
    pnl_usd
FROM trade
WHERE generation = 1 AND within(closed_at)";

const LEARNINGS: &str = "
SELECT
    created_at,
    clock,
    trade_id,
    story,
    id
FROM learning
WHERE generation = 1 AND within(created_at)";

/// By the index of the types: they are few, and the time's index would read a week of activity.
const SKIPPED: &str = "
SELECT
    created_at,
    clock
FROM activity
WHERE activity_type = 'learning_skipped' AND within(created_at)";

const TEXTS: &str = "
SELECT
    created_at,
    clock,
    id,
    text
FROM learning
WHERE within(created_at)";

const CONFIDENCES: &str = "
SELECT
    created_at,
    clock,
    confidence,
    id
FROM learning
WHERE within(created_at)";

/// A trade that somebody may have learned from.
#[derive(Debug)]
struct Lesson {
    coin: String,
    closed_at: DateTime<Utc>,
    pnl_usd: Option<f64>,
    learned_at: Option<DateTime<Utc>>,
    stories: Vec<(i64, String)>,
}

/// The period's trades by id, with the learnings that name them. Empty where nothing is learned at
/// all: then the table of learnings is dead, and that is another check's.
#[derive(Debug)]
pub(in crate::checks) struct Lessons {
    by_trade: HashMap<i64, Lesson>,
    /// When the trades were closed.
    trades: Period,
}

/// Read once for all checks.
fn lessons<'run>(audit: &Audit<'run>) -> rusqlite::Result<&'run Lessons> {
    if let Some(lessons) = audit.shared.lessons.get() {
        return Ok(lessons);
    }
    let lessons = read(audit.context)?;
    Ok(audit.shared.lessons.get_or_init(|| lessons))
}

fn read(context: &Context<'_>) -> rusqlite::Result<Lessons> {
    let hours = i64::from(context.config.hours).clamp(LEAST_HOURS, MOST_HOURS);
    let after = context.now - TimeDelta::hours(hours);
    let trades = Period { after, until: context.now - TimeDelta::hours(GRACE_HOURS) };
    let mut lessons = HashMap::new();
    context.bot.each_within(TRADES, trades, |closed_at, row| {
        if let Some(id) = cell::integer(row, 2)? {
            let coin = cell::text(row, 3)?.unwrap_or_default().into_owned();
            let pnl_usd = cell::real(row, 4)?;
            lessons.insert(id, Lesson { coin, closed_at, pnl_usd, learned_at: None, stories: Vec::new() });
        }
        Ok(())
    })?;
    let mut learnings = 0;
    context.bot.each_within(LEARNINGS, Period { after, until: context.now }, |created_at, row| {
        learnings += 1;
        let lesson = cell::integer(row, 2)?.and_then(|trade| lessons.get_mut(&trade));
        if let Some(lesson) = lesson {
            lesson.learned_at = lesson.learned_at.min(Some(created_at)).or(Some(created_at));
            if let (Some(story), Some(id)) = (cell::text(row, 3)?, cell::integer(row, 4)?) {
                lesson.stories.push((id, story.into_owned()));
            }
        }
        Ok(())
    })?;
    // What the first generation learned is history once the second one runs.
    if learnings == 0 || context.generation != 1 {
        lessons.clear();
    }
    Ok(Lessons { by_trade: lessons, trades })
}

/// Medium: the feature is there and mostly does not happen.
pub(super) fn missing(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let lessons = lessons(audit)?;
    let skipped = audit.context.bot.count_within(SKIPPED, lessons.trades)?;
    let mut ordered: Vec<_> = lessons.by_trade.iter().collect();
    ordered.sort_by_key(|(id, _)| **id);
    let mut evidence = Evidence::default();
    for (id, lesson) in ordered {
        evidence.row(lesson.learned_at.is_none().then_some(|| format!("trade {id} ({})", lesson.coin)));
    }
    let unexplained = evidence.count.saturating_sub(skipped);
    let is_missing = evidence.of >= LEAST_TRADES && unexplained as f64 > audit.threshold * evidence.of as f64;
    Ok(is_missing
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Most closed trades never become a learning".to_owned(),
            description: format!(
                "{} of {} trades that were closed more than {GRACE_HOURS} hours ago have no learning, and only {skipped} \
                 were skipped on purpose. What the bot learns is a small and perhaps one-sided part of what it does.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text(
                "trades",
                "SELECT id, coin_name, closed_at FROM closed_trades WHERE id NOT IN (SELECT trade_id FROM learnings WHERE trade_id IS NOT NULL)",
            ),
            recommendation: "Find out why learnings are not made: a limit per cycle, a backlog that is lost at a restart, or answers that cannot be parsed.".to_owned(),
        })
        .into())
}

/// Low: the learning is made, only too late to be of use.
pub(super) fn late(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut delays: Vec<(i64, i64)> = lessons(audit)?
        .by_trade
        .iter()
        .filter_map(|(id, lesson)| Some(((lesson.learned_at? - lesson.closed_at).num_seconds(), *id)))
        .collect();
    delays.sort_unstable();
    let median_seconds = delays.get(delays.len() / 2).map_or(0, |(seconds, _)| *seconds);
    if delays.len() < LEAST_DELAYS || (median_seconds as f64) <= audit.threshold {
        return Ok(Found::nothing());
    }
    let latest = delays
        .iter()
        .rev()
        .take(3)
        .map(|(seconds, id)| format!("trade {id} after {:.1} h", *seconds as f64 / 3_600.0));
    let latest = latest.collect::<Vec<_>>().join("; ");
    Ok(Some(Problem {
        alert_type: AlertType::Performance,
        severity: Severity::Low,
        subject: String::new(),
        title: "Learnings come long after their trade".to_owned(),
        description: format!(
            "Half of {} learnings came later than {:.1} hours after their trade was closed. Until then the bot trades \
             without them.",
            delays.len(),
            median_seconds as f64 / 3_600.0
        ),
        evidence: format!("median delay {median_seconds} s over {} learnings; latest: {latest}", delays.len()),
        recommendation: "Look for a backlog: learn from the newest trade first, or from more than one trade a cycle.".to_owned(),
    })
    .into())
}

/// High: what is learned is the opposite of what happened.
pub(super) fn contradicts_trade(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut stories: Vec<_> = lessons(audit)?
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
                "learning {id} tells {told_percent:+}% of trade {trade} ({}), which made ${pnl_usd:+.2}",
                cut(&lesson.coin, 30)
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
                "{} the wrong sign: a gain is told as a loss or a loss as a gain. \
                 The bot draws the wrong conclusion, or the learning belongs to another trade.",
                evidence.counted("learnings that state a result", "has", "have")
            ),
            evidence: evidence.text(
                "learnings with a result",
                "SELECT learnings.id, trade_id, learning_text, pnl_usd FROM learnings JOIN closed_trades ON closed_trades.id = trade_id",
            ),
            recommendation: "Check which trade's figures the prompt for a learning is filled with.".to_owned(),
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

/// Low: a waste of memory and of prompts, not wrong.
pub(super) fn duplicates(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(quality) = audit.report.learning_quality.available() else { return Ok(Found::nothing()) };
    let (duplicates, rows) = (quality.duplicate_patterns, quality.basis_rows);
    if quality.basis == Basis::Nothing
        || rows < LEAST_LEARNINGS
        || (duplicates as f64) < audit.threshold * rows as f64
    {
        return Ok(Found::nothing());
    }
    let (mut evidence, mut texts) = (Evidence::default(), HashSet::new());
    audit.context.each_in_basis(TEXTS, |_, row| {
        let text = cell::text(row, 3)?.unwrap_or_default();
        let normalised = learning_quality::normalised(&text);
        let is_repeated = !normalised.is_empty() && !texts.insert(normalised);
        let id = cell::text(row, 2)?.unwrap_or_default();
        evidence.row(is_repeated.then_some(|| format!("#{} \"{}\"", cut(&id, 24), cut(&text, 80))));
        Ok(())
    })?;
    let query = match audit.context.generation {
        1 => {
            "SELECT id, coalesce(CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.lesson') END, \
             learning_text) AS text FROM learnings ORDER BY text"
        }
        _ => {
            "SELECT reflections.id, CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.description') \
             ELSE item.value END AS text FROM reflections, json_each(reflections.insights) AS item ORDER BY text"
        }
    };
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "Many learnings repeat an earlier one word for word".to_owned(),
        description: format!(
            "{duplicates} of {rows} learnings ({:.0} %) say what an earlier one has said, but for case and punctuation.",
            100.0 * duplicates as f64 / rows as f64
        ),
        evidence: evidence.text("learnings", query),
        recommendation: "Look for the text before storing it, and count its confirmations instead."
            .to_owned(),
    })
    .into())
}

/// Medium: averages and comparisons over the column are wrong.
pub(super) fn confidence_scale(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let (mut evidence, mut fractions) = (Evidence::default(), 0_u64);
    audit.context.each_in_basis(CONFIDENCES, |_, row| {
        if let Some(confidence) = cell::real(row, 2)? {
            let is_fraction = (0.0..=1.0).contains(&confidence);
            fractions += u64::from(is_fraction);
            let id = cell::text(row, 3)?.unwrap_or_default();
            evidence.row((!is_fraction).then_some(|| format!("learning {id} has {confidence}")));
        }
        Ok(())
    })?;
    // A column that is percent throughout is another convention, not a fault.
    Ok((evidence.count > 0 && fractions > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Confidences of learnings are on two scales".to_owned(),
            description: format!(
                "{} outside of 0 to 1 while the others are inside: what compares or averages them is wrong.",
                evidence.counted("confidences", "is", "are")
            ),
            evidence: evidence.text(
                "confidences",
                "SELECT id, confidence_level FROM learnings WHERE confidence_level NOT BETWEEN 0 AND 1",
            ),
            recommendation:
                "Check the model's number before storing it: bring percent to a fraction, refuse the rest."
                    .to_owned(),
        })
        .into())
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
