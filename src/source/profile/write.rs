//! Writes a profile into the audit database.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};
use serde_json::json;

use super::all::Profile;
use super::beside;
use super::column::{Column, Reading};
use super::names::spaced;
use super::table::Table;
use crate::source::Bot;
use crate::source::clock::HostOffset;
use crate::source::clock::seconds;

const TABLE: &str = "
INSERT INTO table_profile
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
const COLUMN: &str = "
INSERT INTO column_profile
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
    ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36)";
const FAULT: &str = "INSERT INTO column_fault VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const PAIR: &str = "INSERT INTO time_pair VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const SILENCE: &str = "INSERT INTO table_silence VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const NAME: &str = "
INSERT INTO table_profile (table_name, table_words, type) VALUES (?1, ?2, 'view')";

impl Profile {
    /// Writes `table_profile`, `column_profile`, `column_fault`, `time_pair` and `table_silence`, which hold no row
    /// yet. Of tables that fell silent the bot's file is asked once more.
    ///
    /// # Errors
    /// When the audit database cannot be written.
    pub(crate) fn write(&self, bot: &Bot, connection: &Connection) -> rusqlite::Result<()> {
        for table in &self.all {
            self.write_table(table, bot, connection)?;
            for (place, column) in table.columns.iter().enumerate() {
                self.write_column(table, (place, column), bot.host_offset(), connection)?;
            }
            if table.is_bots() {
                write_pairs(table, bot.host_offset(), connection)?;
            }
        }
        for name in &self.views {
            connection.prepare_cached(NAME)?.execute(params![name, spaced(name)])?;
        }
        self.write_silences(bot, connection)
    }

    fn write_table(&self, table: &Table, bot: &Bot, connection: &Connection) -> rusqlite::Result<()> {
        let day_old = self.last_sign() - TimeDelta::days(1);
        let is_read = table.error.is_none();
        let name = &table.schema.name;
        connection.prepare_cached(TABLE)?.execute(params![
            name,
            spaced(name),
            if table.is_monitors_own() { "own" } else { "table" },
            is_read.then_some(table.rows),
            is_read.then(|| table.rows_are.word()),
            table.sampled_rows,
            table.rows_in_window,
            table.rows_in_previous,
            table.rows_until(bot.connection(), day_old),
            table.sampled_times.iter().filter(|at| **at < day_old).count(),
            table.time_column,
            table.ordered.is_some(),
            table.oldest.map(seconds),
            table.newest.map(seconds),
            table.bytes_per_row,
            table.index_bytes_per_row(),
            table.keeps_all_rows,
            table.ids.map(|(first, _)| first),
            table.schema.last_id_given,
            bot.has_table(name),
            self.is_left_behind(table),
            table.holds_later_rows,
            table.error,
        ])?;
        Ok(())
    }

    fn is_left_behind(&self, table: &Table) -> bool {
        self.span.left_behind.contains(&table.schema.name)
    }

    fn write_column(
        &self,
        table: &Table,
        (place, column): (usize, &Column),
        host: &HostOffset,
        connection: &Connection,
    ) -> rusqlite::Result<()> {
        let declared = table.schema.declared.get(place);
        let moments: Vec<DateTime<Utc>> = column.moments(host).flatten().collect();
        let alive = self.last_sign();
        let is_time = column.is_time();
        let past = |by: TimeDelta| is_time.then(|| moments.iter().filter(|at| alive - **at > by).count());
        let clock = match column.reading {
            Reading::Utc => "utc",
            Reading::Local => "local",
            Reading::Ahead(_) => "ahead",
        };
        connection.prepare_cached(COLUMN)?.execute(params![
            table.schema.name,
            column.name,
            spaced(&column.name),
            place,
            column.declared_type,
            declared.and_then(|declared| declared.default.as_deref()),
            declared.is_some_and(|declared| declared.is_key),
            column.refers_to.as_ref().map(|(to, _)| to),
            column.refers_to.as_ref().map(|(_, rows)| rows),
            column.kind.word(),
            column.filled,
            column.newest_nulls,
            column.filled_until.map(seconds),
            column.was_filled,
            column.null_share,
            column.blank_share,
            column.distinct,
            column.repeated_share,
            column.constant,
            column.minimum,
            column.maximum,
            column.total,
            column.tells().map(|tells| tells.word()),
            is_time.then(|| json!(column.time_forms).to_string()),
            is_time.then_some(column.form_changes),
            is_time.then_some(clock),
            column.offset_hours,
            moments.iter().min().copied().map(seconds),
            moments.iter().max().copied().map(seconds),
            column.times.iter().flatten().min().copied().map(seconds),
            past(TimeDelta::zero()),
            past(TimeDelta::hours(2)),
            past(TimeDelta::days(1)),
            column.numeric_texts,
            json!(column.common).to_string(),
            column.bytes,
        ])?;
        for fault in column.faults.iter().filter(|_| table.is_bots()) {
            connection.prepare_cached(FAULT)?.execute(params![
                table.schema.name,
                column.name,
                fault.fault,
                fault.n,
                fault.of,
                fault.worst,
                json!(fault.keys).to_string(),
                json!(fault.examples).to_string(),
            ])?;
        }
        Ok(())
    }

    fn write_silences(&self, bot: &Bot, connection: &Connection) -> rusqlite::Result<()> {
        for silence in beside::all(bot, &self.all, self.span.now) {
            connection.prepare_cached(SILENCE)?.execute(params![
                silence.table,
                silence.other,
                seconds(silence.from),
                silence.rows,
                silence.usual_silence.num_seconds(),
                silence.other_then,
                silence.other_since,
            ])?;
        }
        Ok(())
    }
}

fn write_pairs(table: &Table, host: &HostOffset, connection: &Connection) -> rusqlite::Result<()> {
    for pair in table.pairs(host).iter().filter(|pair| pair.rows > 0) {
        connection.prepare_cached(PAIR)?.execute(params![
            table.schema.name,
            pair.column,
            pair.other,
            pair.rows,
            pair.equal,
            pair.later,
            pair.longest,
            pair.offset.map(|offset| offset.seconds),
            pair.offset.map(|offset| offset.rows),
            pair.is_same_form,
        ])?;
    }
    Ok(())
}
