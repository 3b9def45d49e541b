//! The log goes through one pass that fills all tables of it. Older rows are read only of the kinds that tell
//! of trades and of the bot's life, and for its rhythm where the window has too few.

use std::collections::HashMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, Row, Statement};

use super::filler::Filler;
use super::target::Target;
use crate::sanitize::cut;
use crate::source::cell;
use crate::source::clock::seconds;
use crate::source::clock::{self, Clock};
use crate::source::log::pass::{LogPass, LogRow, LogSettings};
use crate::source::log::series::{Rhythm, STARTING_SECONDS};
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

/// The first start of the window, where no row before it is known.
const FIRST_START: &str = "
SELECT
    min(at)
FROM lifecycle
WHERE event <> 'stopped' AND last_row_at IS NULL AND at > ?1";

const LAST_ROW: &str =
    "UPDATE lifecycle SET last_row_at = ?1 WHERE last_row_at IS NULL AND at BETWEEN ?2 AND ?2 + 10";

/// Older rows of one kind that are read.
const MOST_OLDER: usize = 20_000;

/// Longer details are prompts and answers, which stand on pages of their own: those of the newest rows are read.
const SHORT_BYTES: usize = 4_000;
/// Rows with long details that are read, of so many newest rows.
const MOST_LONG: usize = 100;
const AMONG_NEWEST: usize = 1_000;
/// So much of them is kept.
const LONGEST_DETAILS_CHARS: usize = 100_000;

/// Where the columns of the map's SELECT stand.
struct Places {
    /// The columns, without long details.
    columns: String,
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
        let short = format!("CASE WHEN octet_length(details) <= {SHORT_BYTES} THEN details END AS details");
        let column = |name| if name == "details" { short.clone() } else { String::from(name) };
        Ok(Self {
            columns: statement.column_names().map(column).collect::<Vec<_>>().join(", "),
            source_id: place("source_id")?,
            at: place("at")?,
            clock: select.clock("at"),
            kind: place("kind").ok(),
            level: place("level").ok(),
            text: place("text").ok(),
            details: place("details").ok(),
        })
    }

    /// A query of all rows, to which conditions and an order may be added.
    fn rows(&self, select: &Select) -> String {
        format!("SELECT {} FROM ({})", self.columns, select.sql)
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
        if places.details.is_some() {
            pass.long_details = self.long_details(select)?;
        }
        let mut id = String::new();
        for kind in KINDS_READ_FURTHER {
            bot.each_selected(&self.older_of(select, &places, kind)?, |row| {
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
        let sql = format!("{} WHERE within(at) ORDER BY {order}", places.rows(select));
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
        self.last_row_before_start(select, settings.window_start)?;
        self.resumed(select, &source)
    }

    /// The newest row before a start of the window, where both windows hold none before it.
    fn last_row_before_start(&mut self, select: &Select, window_start: f64) -> anyhow::Result<()> {
        /// What is read includes some hours behind that moment.
        const MOST_ROWS: usize = 10_000;
        let Some(start) =
            self.audit.query_row(FIRST_START, [window_start], |row| row.get::<_, Option<f64>>(0))?
        else {
            return Ok(());
        };
        let (bot, clock) = (self.setting.bot, select.clock("at"));
        let Some(before) = clock::moment(start - STARTING_SECONDS) else { return Ok(()) };
        let sql =
            format!("SELECT at FROM ({}) WHERE not_later(at) ORDER BY at DESC LIMIT {MOST_ROWS}", select.sql);
        let mut last = None;
        bot.each_not_later(&sql, before, |row| {
            let reading = bot.read_time(row.get_ref(0)?, clock).filter(|reading| reading.earliest <= before);
            last = last.max(reading.map(|reading| reading.earliest));
            Ok(())
        })?;
        self.audit.execute(LAST_ROW, (last.map(seconds), start))?;
        Ok(())
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
    fn older_of(&self, select: &Select, places: &Places, kind: &str) -> anyhow::Result<String> {
        let rows = places.rows(select);
        let by_kind = format!("{rows} WHERE kind = '{kind}' ORDER BY source_id DESC LIMIT {MOST_OLDER}");
        Ok(match self.setting.bot.is_indexed(&by_kind)? {
            true => by_kind,
            false => format!(
                "{rows} WHERE +kind = '{kind}' AND source_id > (SELECT max(source_id) - {MOST_OLDER} FROM ({}))",
                select.sql
            ),
        })
    }

    /// The long details among the newest rows, by the key of the row.
    fn long_details(&self, select: &Select) -> anyhow::Result<HashMap<String, String>> {
        let newest = format!(
            "SELECT source_id, octet_length(details) AS bytes FROM ({}) WHERE not_later(at) ORDER BY at DESC LIMIT {AMONG_NEWEST}",
            select.sql
        );
        let sql = format!(
            "SELECT newest.source_id, one.details FROM ({newest}) AS newest CROSS JOIN ({}) AS one USING (source_id)
            WHERE newest.bytes > {SHORT_BYTES} LIMIT {MOST_LONG}",
            select.sql
        );
        let mut long = HashMap::new();
        self.setting.bot.each_not_later(&sql, self.setting.plan.now, |row| {
            if let (Some(id), Some(details)) = (cell::name(row, 0)?, cell::text(row, 1)?) {
                long.insert(id.into_owned(), cut(&details, LONGEST_DETAILS_CHARS));
            }
            Ok(())
        })?;
        Ok(long)
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
