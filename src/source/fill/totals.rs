//! Exact sums over closed trades, also over those that are more than `trade` holds.

use std::borrow::Cow;
use std::collections::HashSet;

use rusqlite::Row;

use super::filler::Filler;
use super::target::Target;
use super::value;
use crate::model::Period;
use crate::source::clock::seconds;
use crate::source::map::Select;

/// All trades are added up where there are at most so many: beyond that they would cost by history and not
/// by window.
const MOST_COUNTED: usize = 20_000;
/// Rows that are held before they are added up.
const MOST_HELD: usize = 20_000;

/// Trades that `trade` does not hold, until they are added up.
const OLDER: &str = "
CREATE TEMP TABLE older_trade (
    source TEXT,
    is_main INTEGER,
    book TEXT,
    currency TEXT,
    instrument TEXT,
    side TEXT,
    exit_kind TEXT,
    pnl REAL,
    fees REAL,
    size REAL,
    duration_seconds REAL,
    opened_at REAL,
    closed_at REAL
)";

/// Sums over a table, each of its trades once for every span that it is of.
const ADD: &str = "
INSERT INTO trade_total
SELECT
    span.name,
    source,
    is_main,
    book,
    trade.currency,
    instrument,
    side,
    exit_kind,
    CAST(closed_at % 86400 AS INTEGER) / 3600,
    count(*),
    count(*) FILTER (WHERE pnl > 0),
    count(*) FILTER (WHERE pnl <= 0),
    count(*) FILTER (WHERE coalesce(pnl, 0) = 0),
    sum(pnl),
    sum(pnl) FILTER (WHERE pnl > 0),
    sum(pnl) FILTER (WHERE pnl < 0),
    sum(fees),
    sum(size),
    count(size),
    sum(coalesce(duration_seconds, closed_at - opened_at)),
    count(coalesce(duration_seconds, closed_at - opened_at)),
    min(closed_at),
    max(closed_at)
FROM run
JOIN (SELECT 'all' AS name UNION ALL SELECT 'previous' UNION ALL SELECT 'window' UNION ALL SELECT 'newest') AS span
JOIN {table} AS trade ON
    CASE span.name
        WHEN ?1 THEN TRUE
        WHEN 'previous' THEN ?1 <> 'newest' AND closed_at > run.previous_start AND closed_at <= run.window_start
        WHEN 'window' THEN ?1 <> 'newest' AND closed_at > run.window_start
    END
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9";

/// What averages rest on where the window holds no trade.
const NEWEST: &str = "(
    SELECT *
    FROM trade
    WHERE closed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM trade_total WHERE span = 'window')
    ORDER BY closed_at DESC
    LIMIT 500
)";

/// The sums of several parts as one.
const MERGE: &str = "
CREATE TEMP TABLE part AS SELECT * FROM trade_total;
DELETE FROM trade_total;
INSERT INTO trade_total
SELECT
    span,
    source,
    is_main,
    book,
    currency,
    instrument,
    side,
    exit_kind,
    hour,
    sum(n),
    sum(wins),
    sum(losses),
    sum(even),
    sum(pnl),
    sum(profit),
    sum(loss),
    sum(fees),
    sum(size),
    sum(sized),
    sum(duration_seconds),
    sum(timed),
    min(first_at),
    max(last_at)
FROM part
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
DROP TABLE part;
DROP TABLE older_trade;";

/// Table and key of a row, as `trade` has them.
fn key(row: &Row<'_>) -> String {
    let text = |name| {
        let place = row.as_ref().column_index(name).ok()?;
        value::text(row.get_ref(place).ok()?).map(Cow::into_owned)
    };
    format!("{}|{}", text("source").unwrap_or_default(), text("source_id").unwrap_or_default())
}

impl<'run> Filler<'run> {
    /// Fills `trade_total`; `run` is there already.
    pub(super) fn totals(&mut self) -> anyhow::Result<()> {
        let from = self.filled.trades_from;
        self.filled.counts_all_trades = from.is_none() || self.is_countable()?;
        self.add_up("trade", self.span())?;
        let start = seconds(self.setting.plan.previous.after);
        if from.is_some_and(|from| self.filled.counts_all_trades || from > start) {
            self.audit.execute_batch(OLDER)?;
            self.each_select("trade", "older_trade", Self::older)?;
            self.audit.execute_batch(MERGE)?;
        }
        self.add_up(NEWEST, "newest")
    }

    /// The span besides the two windows.
    fn span(&self) -> &'static str {
        if self.filled.counts_all_trades { "all" } else { "none" }
    }

    fn add_up(&self, table: &str, span: &str) -> anyhow::Result<()> {
        self.audit.execute(&ADD.replace("{table}", table), [span])?;
        Ok(())
    }

    /// Whether the file holds few enough trades to add up all of them.
    fn is_countable(&self) -> anyhow::Result<bool> {
        let bot = self.setting.bot;
        let mut count = 0;
        for select in self.map().selects.iter().filter(|select| select.table == "trade") {
            let rows =
                format!("SELECT count(*) FROM (SELECT 1 FROM ({}) LIMIT {})", select.sql, MOST_COUNTED + 1);
            bot.each_selected(&rows, |row| {
                count += row.get::<_, i64>(0)?.unsigned_abs() as usize;
                Ok(())
            })?;
        }
        Ok(count <= MOST_COUNTED || !self.has_older()?)
    }

    /// Whether trades may have been closed before both windows.
    fn has_older(&self) -> anyhow::Result<bool> {
        let (bot, start) = (self.setting.bot, self.setting.plan.previous.after);
        let mut has_older = false;
        for select in self.map().selects.iter().filter(|select| select.table == "trade") {
            let rows = format!("SELECT 1 FROM ({}) WHERE not_later(closed_at) LIMIT 1", select.sql);
            bot.each_not_later(&rows, start, |_| {
                has_older = true;
                Ok(())
            })?;
        }
        Ok(has_older)
    }

    /// The trades that were closed at a moment and that `trade` holds.
    fn known_at(&self, at: f64) -> rusqlite::Result<HashSet<String>> {
        let mut statement =
            self.audit.prepare("SELECT source || '|' || source_id FROM trade WHERE closed_at = ?1")?;
        statement.query_map([at], |row| row.get(0))?.collect()
    }

    /// Trades that were closed before those of `trade`, in the two windows or at all.
    fn older(&mut self, select: &'run Select, target: &mut Target<'run>) -> anyhow::Result<()> {
        let (bot, plan) = (self.setting.bot, self.setting.plan);
        let (counts_all, span) = (self.filled.counts_all_trades, self.span());
        let (audit, from) = (self.audit, self.filled.trades_from.unwrap_or(f64::MIN));
        let both = plan.both();
        let period = if counts_all {
            Period { after: chrono::DateTime::<chrono::Utc>::MIN_UTC, ..both }
        } else {
            both
        };
        let mut shape = self.shape(select, target)?;
        let known = self.known_at(from)?;
        let mut held = 0;
        let add_up = || -> rusqlite::Result<()> {
            audit.execute(&ADD.replace("{table}", "older_trade"), [span])?;
            audit.execute("DELETE FROM older_trade", [])?;
            Ok(())
        };
        bot.each_in_slices(&format!("{} WHERE within(closed_at)", select.rows()), period, |slice, row| {
            let closed = shape.closed(bot, row)?.map(|closed| closed.earliest);
            let is_older = |at: f64| at < from || (at == from && !known.contains(&key(row)));
            if closed.is_some_and(|closed| slice.contains(closed) && is_older(seconds(closed))) {
                held += 1;
                shape.insert(&self.setting, row, target)?;
            }
            if held >= MOST_HELD {
                held = 0;
                add_up()?;
            }
            Ok(())
        })?;
        add_up()?;
        Ok(())
    }
}
