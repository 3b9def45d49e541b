//! Stored prices: the newest, and those around the trades that a price can be wrong of.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row, params};

use super::filler::Filler;
use super::row::Shape;
use super::target::Target;
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::log::series::Rhythm;
use crate::source::log::write::write_rhythm;
use crate::source::map::Select;

/// At 45 instruments two hours and a half of a cycle every 30 seconds.
const MOST_NEWEST: usize = 12_000;
/// Rows of one turn.
const PAGE: usize = 3_000;
/// A price that is stored around a trade tells what the trade's own may be.
const AROUND: TimeDelta = TimeDelta::minutes(5);
/// A price a second is more than any bot stores.
const MOST_AROUND: usize = 600;

/// Openings and closings of the window's trades, of older ones with an outstanding move, and of positions.
const MOMENTS: &str = "
SELECT instrument, opened_at, closed_at
FROM (
    SELECT instrument, opened_at, closed_at
    FROM trade
    WHERE in_window OR abs(exit_price / entry_price - 1) > 0.5
    ORDER BY closed_at DESC
    LIMIT 200
)
UNION ALL
SELECT instrument, opened_at, NULL
FROM position";

const NEWEST_TIMES: &str = "
SELECT at
FROM price_point
WHERE at IS NOT NULL
ORDER BY at DESC
LIMIT 10000";

impl<'run> Filler<'run> {
    /// Fills `price_point`.
    pub(super) fn price_points(&mut self) -> anyhow::Result<()> {
        self.each_select("price_point", "price_point", Self::points)?;
        self.price_rhythm()
    }

    /// How often prices are stored, by the newest of them.
    fn price_rhythm(&self) -> anyhow::Result<()> {
        let mut statement = self.audit.prepare(NEWEST_TIMES)?;
        let times: Vec<f64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut source = self.audit.prepare("SELECT source FROM price_point LIMIT 1")?;
        let source: Option<String> = source.query_row([], |row| row.get(0)).optional()?;
        if let (Some(source), Some(rhythm)) = (source, Rhythm::of(times)) {
            write_rhythm(self.audit, &source, "price_point", &rhythm)?;
        }
        Ok(())
    }

    fn points(&mut self, select: &'run Select, target: &mut Target<'run>) -> anyhow::Result<()> {
        let mut shape = self.shape(select, target)?;
        let mut known = HashSet::new();
        self.newest_points(select, &mut shape, target, &mut known)?;
        let bot = self.setting.bot;
        let around = format!(
            "{} WHERE instrument = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY at LIMIT {MOST_AROUND}",
            select.rows()
        );
        if !bot.is_indexed(&around)? {
            return Ok(());
        }
        for (instrument, at) in self.moments()? {
            let until = (at + AROUND).min(self.setting.plan.now);
            let mut statement = bot.select(&around)?;
            let mut rows = statement.query(params![instrument, utc_text(at - AROUND), utc_text(until)])?;
            while let Some(row) = rows.next()? {
                self.point(row, &mut shape, target, &mut known)?;
            }
        }
        Ok(())
    }

    /// The newest by their key, page by page: an index on their time is rare.
    fn newest_points(
        &mut self,
        select: &Select,
        shape: &mut Shape,
        target: &mut Target<'run>,
        known: &mut HashSet<String>,
    ) -> anyhow::Result<()> {
        let bot = self.setting.bot;
        let page =
            |condition: &str| format!("{}{condition} ORDER BY source_id DESC LIMIT {PAGE}", select.rows());
        let (first, next) = (page(""), page(" WHERE source_id < ?1"));
        let mut last: Option<Value> = None;
        for _ in 0..MOST_NEWEST / PAGE {
            let mut statement = bot.select(if last.is_some() { &next } else { &first })?;
            let place = statement.column_index("source_id")?;
            let mut rows = match &last {
                Some(last) => statement.query([last])?,
                None => statement.query([])?,
            };
            let mut count = 0;
            last = None;
            while let Some(row) = rows.next()? {
                count += 1;
                self.point(row, shape, target, known)?;
                if count == PAGE {
                    last = Some(row.get(place)?);
                }
            }
            if last.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn point(
        &mut self,
        row: &Row<'_>,
        shape: &mut Shape,
        target: &mut Target<'run>,
        known: &mut HashSet<String>,
    ) -> rusqlite::Result<()> {
        let id = cell::text(row, row.as_ref().column_index("source_id")?)?.unwrap_or_default();
        if !known.contains(&*id) && self.is_known(shape, row)? {
            known.insert(id.into_owned());
            shape.insert(&self.setting, row, target)?;
        }
        Ok(())
    }

    fn moments(&self) -> rusqlite::Result<Vec<(String, DateTime<Utc>)>> {
        let mut moments = Vec::new();
        let mut statement = self.audit.prepare(MOMENTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let Some(instrument) = row.get::<_, Option<String>>(0)? else { continue };
            for place in [1, 2] {
                let at = row.get::<_, Option<f64>>(place)?;
                let at = at.and_then(|at| DateTime::from_timestamp_micros((at * 1e6) as i64));
                moments.extend(at.map(|at| (instrument.clone(), at)));
            }
        }
        Ok(moments)
    }
}
