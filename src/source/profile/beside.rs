//! How other tables grew while one was written regularly, and since it no longer is.

use chrono::{DateTime, TimeDelta, Utc};

use super::table::Table;
use crate::model::Period;
use crate::source::Bot;

/// Shorter silence may be a night, a pause of the market or of the bot.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::hours(24);

/// A table that fell silent, beside another one.
#[derive(Debug)]
pub(super) struct Beside<'table> {
    /// The silent table.
    pub(super) table: &'table str,
    /// The other one.
    pub(super) other: &'table str,
    /// Since when its rows are counted: those of the newer half of its sample.
    pub(super) from: DateTime<Utc>,
    /// Its rows from then on.
    pub(super) rows: u64,
    /// Silence that a night, a pause of the market or of the bot may explain.
    pub(super) usual_silence: TimeDelta,
    /// The other table's rows from then to the silent one's newest row.
    pub(super) other_then: u64,
    /// The other table's rows since, up to the audited moment.
    pub(super) other_since: u64,
}

/// How regularly a table was written, from the newer half of its sample: a rate that falls off
/// slowly is no fault.
struct Rhythm {
    from: DateTime<Utc>,
    newest: DateTime<Utc>,
    rows: u64,
    usual_silence: TimeDelta,
}

impl Rhythm {
    /// The rhythm of a table that fell silent.
    fn of_silent(table: &Table, now: DateTime<Utc>) -> Option<Self> {
        const FEWEST_ROWS: usize = 30;
        const GAPS: i32 = 3;
        if table.ordered.is_none() || table.holds_later_rows {
            return None;
        }
        let mut times = table.sampled_times.clone();
        times.sort_unstable_by(|one, other| other.cmp(one));
        times.truncate(times.len().div_ceil(2).max(FEWEST_ROWS));
        let (newest, from) = (*times.first()?, *times.last()?);
        let gap = times.iter().zip(times.iter().skip(1)).map(|(newer, older)| *newer - *older).max()?;
        let usual_silence = SHORTEST_SILENCE.max(gap * GAPS);
        let is_silent = now - newest > usual_silence;
        // Its first row lies on the edge of the period in which the others are counted.
        let rows = times.len() as u64 - 1;
        (times.len() >= FEWEST_ROWS && is_silent).then_some(Self { from, newest, rows, usual_silence })
    }
}

/// Every table that fell silent, beside every table that went on.
pub(super) fn all<'table>(bot: &Bot, tables: &'table [Table], now: DateTime<Utc>) -> Vec<Beside<'table>> {
    let bots = || tables.iter().filter(|table| table.is_bots());
    let silent = bots().filter_map(|table| Some((table, Rhythm::of_silent(table, now)?)));
    let mut all = Vec::new();
    for (table, rhythm) in silent {
        let others = bots().filter(|other| other.schema.name != table.schema.name && other.ordered.is_some());
        for other in others {
            // It must have gone on for so long itself: a bot that was stopped stops all of them.
            let until = other.newest.map(|newest| newest.min(now));
            let Some(until) = until.filter(|until| *until - rhythm.newest > rhythm.usual_silence) else {
                continue;
            };
            let rows = |after, until| other.rows_within(bot.connection(), Period { after, until });
            let then = rows(rhythm.from, rhythm.newest);
            if let Some((other_then, other_since)) = then.zip(rows(rhythm.newest, until)) {
                all.push(Beside {
                    table: &table.schema.name,
                    other: &other.schema.name,
                    from: rhythm.from,
                    rows: rhythm.rows,
                    usual_silence: rhythm.usual_silence,
                    other_then,
                    other_since,
                });
            }
        }
    }
    all
}
