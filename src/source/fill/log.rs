//! The log goes through one pass that fills all tables of it. Older rows are read only of the kinds that tell
//! of trades and of the bot's life, and for its rhythm where the window has too few.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row, Statement};

use super::filler::Filler;
use super::target::Target;
use super::value::seconds;
use crate::source::cell;
use crate::source::clock::{self, Clock};
use crate::source::log::pass::{LogPass, LogRow, LogSettings};
use crate::source::log::series::Rhythm;
use crate::source::log::told::KINDS_READ_FURTHER;
use crate::source::log::write::{self, write_rhythm};
use crate::source::map::Select;

/// Names that are left out of the patterns of texts.
const INSTRUMENTS: &str = "
SELECT instrument FROM trade WHERE instrument IS NOT NULL
UNION SELECT instrument FROM position WHERE instrument IS NOT NULL
UNION SELECT instrument FROM price WHERE instrument IS NOT NULL";

/// The newest stop, where no start follows it.
const STOPPED: &str = "
SELECT
    max(at) FILTER (WHERE event = 'stopped')
FROM lifecycle
HAVING coalesce(max(at) FILTER (WHERE event = 'started'), -1) <= coalesce(max(at) FILTER (WHERE event = 'stopped'), 0)";

/// Older rows of one kind that are read.
const MOST_OLDER: usize = 20_000;

/// Where the columns of the map's SELECT stand.
struct Places {
    source_id: usize,
    at: usize,
    clock: Clock,
    kind: Option<usize>,
    level: Option<usize>,
    text: Option<usize>,
    details: Option<usize>,
}

impl Places {
    fn of(select: &Select, statement: &Statement<'_>) -> anyhow::Result<Self> {
        let place = |name: &str| statement.column_index(name);
        Ok(Self {
            source_id: place("source_id")?,
            at: place("at")?,
            clock: select.clock("at"),
            kind: place("kind").ok(),
            level: place("level").ok(),
            text: place("text").ok(),
            details: place("details").ok(),
        })
    }

    /// Calls `visit` with a row; `id` holds its key meanwhile.
    fn visit(
        &self,
        row: &Row<'_>,
        at: DateTime<Utc>,
        id: &mut String,
        visit: impl FnOnce(&LogRow<'_>),
    ) -> rusqlite::Result<()> {
        id.clear();
        match row.get_ref(self.source_id)? {
            ValueRef::Integer(number) => write!(id, "{number}").unwrap_or_default(),
            _ => id.push_str(&cell::name(row, self.source_id)?.unwrap_or_default()),
        }
        let text = |place: Option<usize>| place.map_or(Ok(None), |place| cell::text(row, place));
        let name = |place: Option<usize>| place.map_or(Ok(None), |place| cell::name(row, place));
        let (kind, level, words, details) =
            (name(self.kind)?, name(self.level)?, text(self.text)?, text(self.details)?);
        visit(&LogRow {
            at: seconds(at),
            source_id: id,
            kind: kind.as_deref().unwrap_or_default(),
            level: level.as_deref(),
            text: words.as_deref().unwrap_or_default(),
            details: details.as_deref(),
        });
        Ok(())
    }
}

impl<'run> Filler<'run> {
    /// Fills the tables of the log.
    pub(super) fn logs(&mut self) -> anyhow::Result<()> {
        self.each_select("event", "event", Self::log)
    }

    fn log(&mut self, select: &'run Select, _: &mut Target<'run>) -> anyhow::Result<()> {
        let (bot, plan) = (self.setting.bot, self.setting.plan);
        let source = self.source(select)?;
        let mut names = self.audit.prepare(INSTRUMENTS)?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let settings = LogSettings {
            source: &source,
            window_start: seconds(plan.window.after),
            cycle_pause_seconds: self.setting.limits().cycle_pause_seconds.unwrap_or_default(),
        };
        let mut pass = LogPass::new(settings, names.iter().map(String::as_str));
        let places = Places::of(select, &*bot.select(&select.sql)?)?;
        let mut id = String::new();
        for kind in KINDS_READ_FURTHER {
            bot.each_selected(&self.older_of(select, kind)?, |row| {
                let reading = bot.read_time(row.get_ref(places.at)?, places.clock);
                match reading.filter(|reading| reading.earliest <= plan.previous.after) {
                    Some(reading) => {
                        places.visit(row, reading.earliest, &mut id, |row| pass.earlier_row(row))
                    }
                    None => Ok(()),
                }
            })?;
        }
        // Texts that do not sort as their instants do are in the order in which the bot wrote them.
        let order = if bot.has_odd_times() { "source_id" } else { "at, source_id" };
        let sql = format!("{} WHERE within(at) ORDER BY {order}", select.rows());
        bot.each_in_slices(&sql, plan.both(), |slice, row| {
            let reading = bot.read_time(row.get_ref(places.at)?, places.clock);
            match reading.filter(|reading| slice.contains(reading.earliest)) {
                Some(reading) => places.visit(row, reading.earliest, &mut id, |row| pass.row(row)),
                None => Ok(()),
            }
        })?;
        let reach = write::finish(pass, self.audit)?;
        self.filled.events_from = reach.events_from;
        self.filled.decisions_from = reach.decisions_from;
        if !reach.has_rhythm {
            self.rhythm(select)?;
        }
        self.resumed(select, &source)
    }

    /// The bot's table that a SELECT reads first.
    fn source(&self, select: &Select) -> anyhow::Result<String> {
        let sql = format!("SELECT source FROM ({}) LIMIT 1", select.sql);
        let mut source = None;
        self.setting.bot.each_selected(&sql, |row| {
            source = row.get(0)?;
            Ok(())
        })?;
        Ok(source.or_else(|| select.reads().next().map(str::to_owned)).unwrap_or_default())
    }

    /// The newest rows of a kind: all that an index leads to, else those among the newest of the table.
    fn older_of(&self, select: &Select, kind: &str) -> anyhow::Result<String> {
        let rows = select.rows();
        let by_kind = format!("{rows} WHERE kind = '{kind}' ORDER BY source_id DESC LIMIT {MOST_OLDER}");
        Ok(match self.setting.bot.is_indexed(&by_kind)? {
            true => by_kind,
            false => format!(
                "{rows} WHERE +kind = '{kind}' AND source_id > (SELECT max(source_id) - {MOST_OLDER} FROM ({}))",
                select.sql
            ),
        })
    }

    /// Measures how often a table gets rows, on its newest ones up to the audited moment.
    fn rhythm(&mut self, select: &Select) -> anyhow::Result<()> {
        /// Newest rows that it is measured on: a day of any bot.
        const MOST_ROWS: usize = 10_000;
        let (bot, now) = (self.setting.bot, self.setting.plan.now);
        let clock = select.clock("at");
        let sql = format!("SELECT at FROM ({}) WHERE not_later(at) ORDER BY at DESC", select.sql);
        let most = if bot.has_odd_times() { String::new() } else { format!(" LIMIT {}", 2 * MOST_ROWS) };
        let mut times = Vec::new();
        bot.each_not_later(&format!("{sql}{most}"), now, |row| {
            let reading = bot.read_time(row.get_ref(0)?, clock).filter(|reading| reading.earliest <= now);
            times.extend(reading.map(|reading| seconds(reading.earliest)));
            Ok(())
        })?;
        times.sort_unstable_by(|one, other| other.total_cmp(one));
        times.truncate(MOST_ROWS);
        if let Some(rhythm) = Rhythm::of(times) {
            write_rhythm(self.audit, &self.source(select)?, &select.table, &rhythm)?;
        }
        Ok(())
    }

    /// Where no start is logged, the bot has run since the first row behind its last stop.
    fn resumed(&mut self, select: &Select, source: &str) -> anyhow::Result<()> {
        const FEW: usize = 100;
        let (bot, now) = (self.setting.bot, seconds(self.setting.plan.now));
        let Some(stopped) =
            self.audit.query_row(STOPPED, [], |row| row.get::<_, Option<f64>>(0)).optional()?
        else {
            return Ok(());
        };
        let since = stopped.and_then(clock::moment).map(clock::utc_text).unwrap_or_default();
        let sql = format!(
            "SELECT source_id, at FROM ({}) WHERE at > '{since}' ORDER BY at LIMIT {FEW}",
            select.sql
        );
        let clock = select.clock("at");
        let mut first: Option<(String, f64)> = None;
        bot.each_selected(&sql, |row| {
            let reading = bot.read_time(row.get_ref(1)?, clock).map(|reading| seconds(reading.earliest));
            let is_behind = |at: &f64| *at <= now && stopped.is_none_or(|stopped| *at > stopped);
            if let Some(at) = reading.filter(is_behind)
                && first.is_none()
            {
                first = Some((row.get::<_, i64>(0).map_or_else(|_| String::new(), |id| id.to_string()), at));
            }
            Ok(())
        })?;
        if let Some((source_id, at)) = first {
            let insert =
                "INSERT INTO lifecycle (source, source_id, at, event) VALUES (?1, ?2, ?3, 'resumed')";
            self.audit.execute(insert, (source, source_id, at))?;
        }
        Ok(())
    }
}
