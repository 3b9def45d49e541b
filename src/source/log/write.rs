//! What a pass has gathered becomes rows of the audit database.

use rusqlite::{Connection, params};

use super::kinds::{Class, Kind};
use super::pass::{LogPass, LogReach};
use super::series::Rhythm;
use super::{newest, outcomes, told};

const PATTERN: &str =
    "INSERT INTO event_pattern VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const HOUR: &str = "INSERT INTO event_hour VALUES (?1, ?2, ?3, ?4, ?5)";
const EVENT: &str = "INSERT INTO event VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const GAP: &str = "INSERT INTO event_gap VALUES (?1, ?2, ?3, ?4, ?5)";
const NEXT: &str = "INSERT INTO event_next VALUES (?1, ?2, ?3, ?4)";
const EPISODE: &str = "INSERT INTO error_episode VALUES (?1, ?2, ?3, ?4, ?5)";
const CYCLE_HOUR: &str = "INSERT INTO cycle_hour VALUES (?1, ?2, ?3, ?4, ?5)";
const CYCLE_TIME: &str = "INSERT INTO cycle_time VALUES (?1, ?2, ?3, ?4, ?5)";
const DECISION: &str =
    "INSERT INTO decision VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
const TRADE: &str = "INSERT INTO logged_trade VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
/// The newest answer of the source of prices, which the bot may log and not store.
const PRICE: &str =
    "INSERT INTO price_point (source, source_id, instrument, price, at) VALUES (?1, ?2, ?3, ?4, ?5)";
const LIFE: &str = "INSERT INTO lifecycle VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const RHYTHM: &str = "INSERT OR REPLACE INTO rhythm VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Rows of the window that the rhythm is measured on where there are so many.
const ENOUGH_ROWS: usize = 1_000;
/// Newest rows of them.
const RHYTHM_ROWS: usize = 10_000;

/// Ends a pass and writes all tables of the log, in the transaction of the caller.
///
/// # Errors
/// When SQLite has no memory left.
pub(crate) fn finish(mut pass: LogPass<'_>, connection: &Connection) -> rusqlite::Result<LogReach> {
    pass.end();
    let first_id: i64 =
        connection
            .query_row("SELECT coalesce(max(pattern_id), 0) + 1 FROM event_pattern", [], |row| row.get(0))?;
    let rows = Rows { pass: &pass, connection, first_id };
    rows.patterns()?;
    rows.events()?;
    rows.order()?;
    rows.cycles()?;
    rows.decisions()?;
    rows.told()?;
    let reach = LogReach {
        events_from: pass.newest.rows.first().filter(|_| pass.newest.are_cut).map(|row| row.at),
        decisions_from: pass.decisions.list.front().filter(|_| pass.decisions.are_cut).map(|first| first.at),
        has_rhythm: pass.rows_in_window >= ENOUGH_ROWS,
    };
    if reach.has_rhythm
        && let Some(rhythm) = pass.times.rhythm(pass.rows_in_window.min(RHYTHM_ROWS))
    {
        write_rhythm(connection, pass.settings.source, "event", &rhythm)?;
    }
    Ok(reach)
}

/// Writes how often a table of the bot gets rows.
///
/// # Errors
/// When SQLite has no memory left.
pub(crate) fn write_rhythm(
    connection: &Connection,
    source: &str,
    fills: &str,
    rhythm: &Rhythm,
) -> rusqlite::Result<()> {
    let Rhythm { newest_at, gaps, p99_seconds, third_longest_seconds } = *rhythm;
    connection.prepare_cached(RHYTHM)?.execute(params![
        source,
        fills,
        newest_at,
        gaps,
        p99_seconds,
        third_longest_seconds
    ])?;
    Ok(())
}

struct Rows<'pass> {
    pass: &'pass LogPass<'pass>,
    connection: &'pass Connection,
    /// Id of the first pattern.
    first_id: i64,
}

impl Rows<'_> {
    fn pattern_id(&self, place: usize) -> i64 {
        self.first_id.saturating_add_unsigned(place as u64)
    }

    fn class(&self, pattern: usize) -> Option<(&Kind, &Class)> {
        let class = self.pass.kinds.class(self.pass.patterns.list.get(pattern)?.class)?;
        Some((self.pass.kinds.kind(class.kind)?, class))
    }

    fn patterns(&self) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare(PATTERN)?;
        for (place, pattern) in self.pass.patterns.list.iter().enumerate() {
            let Some((kind, class)) = self.class(place) else { continue };
            insert.execute(params![
                self.pattern_id(place),
                self.pass.settings.source,
                kind.name,
                kind.level.name(),
                class.error,
                class.rejection,
                pattern.text,
                pattern.rows,
                pattern.rows_previous,
                pattern.rows_of_decisions,
                pattern.first_at,
                pattern.last_at,
                pattern.example_id,
                pattern.example,
            ])?;
        }
        let mut insert = self.connection.prepare(HOUR)?;
        for count in &self.pass.patterns.hours {
            let kind = self.class(count.pattern).map(|(kind, _)| &kind.name);
            insert.execute(params![
                count.hour,
                count.in_window,
                kind,
                self.pattern_id(count.pattern),
                count.rows
            ])?;
        }
        Ok(())
    }

    fn events(&self) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare(EVENT)?;
        for row in &self.pass.newest.rows {
            let Some((kind, class)) = self.class(row.pattern) else { continue };
            let newest::Texts { source_id, text, details } = self.pass.newest.texts(row);
            insert.execute(params![
                self.pass.settings.source,
                source_id,
                row.at,
                kind.name,
                kind.level.name(),
                class.error,
                class.rejection,
                text,
                details.or_else(|| self.pass.long_details.get(source_id).map(String::as_str)),
                self.pattern_id(row.pattern),
            ])?;
        }
        Ok(())
    }

    /// What the order of the rows tells.
    fn order(&self) -> rusqlite::Result<()> {
        let name = |kind| self.pass.kinds.name(kind);
        let mut insert = self.connection.prepare(GAP)?;
        for gap in self.pass.gaps.list() {
            let (before, after) = gap.kinds;
            insert.execute(params![gap.from, gap.until, gap.seconds(), name(before), name(after)])?;
        }
        let mut insert = self.connection.prepare(NEXT)?;
        for (kind, next, [rows, rows_previous]) in self.pass.successions.all() {
            insert.execute(params![name(kind), name(next), rows, rows_previous])?;
        }
        let mut insert = self.connection.prepare(EPISODE)?;
        for (error, episodes) in &self.pass.episodes.0 {
            for episode in episodes {
                insert.execute(params![
                    error,
                    episode.in_window,
                    episode.from,
                    episode.until,
                    episode.rows
                ])?;
            }
        }
        Ok(())
    }

    fn cycles(&self) -> rusqlite::Result<()> {
        let begin = |hour: i64| hour as f64 * 3_600.0;
        let mut insert = self.connection.prepare(CYCLE_HOUR)?;
        for ((hour, in_window), cycles) in &self.pass.cycles.hours {
            insert.execute(params![
                begin(*hour),
                in_window,
                cycles.begun,
                cycles.with_errors,
                cycles.failed_fetches
            ])?;
        }
        let mut insert = self.connection.prepare(CYCLE_TIME)?;
        for (((hour, in_window), measure, tenths), times) in &self.pass.cycles.times {
            insert.execute(params![begin(*hour), in_window, measure.name(), *tenths as f64 / 10.0, times])?;
        }
        Ok(())
    }

    fn decisions(&self) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare(DECISION)?;
        for outcomes::Decided { at, source_id, decision, has_error_nearby, is_over, outcome } in
            &self.pass.decisions.list
        {
            let rules = Some(&decision.rules).filter(|rules| !rules.is_empty());
            let outcome = outcome.as_ref();
            let outcome_kind = outcome.and_then(|outcome| Some(&self.class(outcome.pattern)?.0.name));
            insert.execute(params![
                self.pass.settings.source,
                source_id,
                at,
                decision.action,
                decision.coin,
                decision.size,
                decision.confidence,
                decision.reason,
                decision.is_failure,
                rules.and_then(|rules| serde_json::to_string(rules).ok()),
                has_error_nearby,
                is_over,
                outcome_kind,
                outcome.map(|outcome| &outcome.text),
                outcome.map(|outcome| &outcome.source_id),
                outcome.map(|outcome| self.pattern_id(outcome.pattern)),
            ])?;
        }
        Ok(())
    }

    /// Openings, closings, prices, starts and stops.
    fn told(&self) -> rusqlite::Result<()> {
        let settings = &self.pass.settings;
        let mut insert = self.connection.prepare(TRADE)?;
        for (told, trade) in &self.pass.trades {
            insert.execute(params![
                settings.source,
                told.source_id,
                told.at > settings.window_start,
                trade.trade_source,
                trade.event,
                trade.trade_id,
                trade.instrument,
                trade.size,
                trade.stop_loss,
                trade.pnl,
                told.at,
            ])?;
        }
        let mut insert = self.connection.prepare(PRICE)?;
        if let Some((told, answer)) = &self.pass.answer {
            for (instrument, price) in told::prices_in(answer) {
                insert.execute(params![settings.source, told.source_id, instrument, price, told.at])?;
            }
        }
        let mut insert = self.connection.prepare(LIFE)?;
        for life in &self.pass.lives {
            insert.execute(params![
                settings.source,
                life.told.source_id,
                life.told.at,
                life.event,
                life.cycle_pause_seconds,
                life.last_row_at,
            ])?;
        }
        Ok(())
    }
}
