//! How often the bot writes, by the gaps between its newest rows.

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::checks::shared::Gaps;
use crate::source::log;

/// Newest rows that the rhythm is measured on: a day of both generations.
const RHYTHM_ROWS: usize = 10_000;
/// Fewer gaps say nothing about a rhythm.
const FEWEST_GAPS: usize = 30;
/// What a bot writes all the time, in order of preference: newest first, streamed, never scanned.
const RHYTHMS: [&str; 2] =
    [log::NEWEST, "SELECT at, clock FROM price_point WHERE at < ?1 ORDER BY id DESC LIMIT 50000"];
/// How often the bot writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    /// Newest row up to now.
    pub(super) newest: DateTime<Utc>,
    /// The longest silence that is still its rhythm.
    pub(super) tolerance_seconds: i64,
    pub(super) p99_seconds: i64,
}

impl Gaps {
    /// Of times in any order; `None` where they are too few.
    fn of(mut times: Vec<DateTime<Utc>>) -> Option<Self> {
        times.sort_unstable();
        let newest = times.last().copied()?;
        let pairs = times.iter().zip(times.iter().skip(1));
        let mut gaps: Vec<i64> = pairs.map(|(earlier, later)| (*later - *earlier).num_seconds()).collect();
        gaps.sort_unstable();
        (gaps.len() >= FEWEST_GAPS).then(|| Self {
            newest,
            p99_seconds: gaps.get(gaps.len() * 99 / 100).copied().unwrap_or(0),
            third_longest_seconds: gaps.get(gaps.len() - 3).copied().unwrap_or(0),
        })
    }

    /// From the window's log where that is long enough, else from the newest rows before now.
    fn read(audit: &Audit<'_>) -> anyhow::Result<Option<Self>> {
        const ENOUGH_ROWS: usize = 1_000;
        let entries = audit.log()?.entries();
        if entries.len() >= ENOUGH_ROWS {
            let newest = entries.rev().take(RHYTHM_ROWS);
            return Ok(Self::of(newest.map(|entry| entry.at()).collect()));
        }
        for sql in RHYTHMS {
            let gaps = Self::of(audit.context.bot.newest_times(sql, audit.context.now, RHYTHM_ROWS)?);
            if gaps.is_some() {
                return Ok(gaps);
            }
        }
        Ok(None)
    }
}

/// Measures the rhythm; `None` where there are too few rows.
pub(super) fn rhythm(audit: &Audit<'_>, least_minutes: f64) -> anyhow::Result<Option<Rhythm>> {
    let gaps = match audit.shared.gaps.get() {
        Some(gaps) => *gaps,
        None => {
            let gaps = Gaps::read(audit)?;
            *audit.shared.gaps.get_or_init(|| gaps)
        }
    };
    let least = (least_minutes * 60.0) as i64;
    Ok(gaps.map(|gaps| Rhythm {
        newest: gaps.newest,
        tolerance_seconds: least.max(5 * gaps.p99_seconds).max(2 * gaps.third_longest_seconds),
        p99_seconds: gaps.p99_seconds,
    }))
}
