//! Rules and patterns whose uses are counted and never happen.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params_from_iter;
use rusqlite::types::Value as SqlValue;
use serde_json::Value;

use super::table::{is_left_behind, is_past, looked_at, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Period, Severity};
use crate::source::profile::{Column, Kind, Table};
use crate::source::quoted;

/// Trades by the time of their opening: closed ones and open ones.
const OPENED: [&str; 2] = [
    "SELECT opened_at, clock FROM trade WHERE within(opened_at)",
    "SELECT opened_at, clock FROM position WHERE within(opened_at)",
];
/// Younger rules may be waiting for their first case.
const YOUNGEST: TimeDelta = TimeDelta::days(2);

pub(super) fn never_counts(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| table.is_sampled_whole() && table.rows > 0) {
        let made = table.oldest.filter(|made| audit.context.now - *made >= YOUNGEST);
        let counter = table.columns.iter().find(|column| is_use_counter(column));
        let (Some(made), Some(counter)) = (made, counter) else { continue };
        if is_left_behind(audit, table) || is_past(audit) {
            continue;
        }
        let trades = opened_since(audit, made)?;
        if trades as f64 >= audit.threshold {
            found.fact(problem(table, counter, trades, held(audit, table)?));
        }
    }
    Ok(found)
}

/// Whether a column counts uses, and has counted none in any row.
fn is_use_counter(column: &Column) -> bool {
    let words = column.words();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let names_uses = has(&["times", "count", "counter", "total"])
        && has(&["used", "use", "uses", "triggered", "trigger", "applied", "hit", "hits"])
        || matches!(
            column.name.to_lowercase().as_str(),
            "uses" | "hits" | "usage" | "triggers" | "executions"
        );
    names_uses && column.kind == Kind::Number && column.maximum == Some(0.0) && column.minimum == Some(0.0)
}

fn opened_since(audit: &Audit<'_>, since: DateTime<Utc>) -> rusqlite::Result<u64> {
    const FURTHEST_BACK: TimeDelta = TimeDelta::days(60);
    let after = since.max(audit.context.now - FURTHEST_BACK);
    let mut trades = 0;
    for opened in OPENED {
        audit.context.bot.each_within(opened, Period { after, until: audit.context.now }, |_, _| {
            trades += 1;
            Ok(())
        })?;
    }
    Ok(trades)
}

/// Trades opened while the condition of a rule held; `None` where no condition can be judged.
fn held(audit: &Audit<'_>, table: &Table) -> anyhow::Result<Option<i64>> {
    const RULES: &str = "
SELECT
    condition,
    created_at
FROM src_regime_rules
WHERE is_active
ORDER BY created_at
LIMIT 50";
    if table.schema.name != "regime_rules" || !audit.context.bot.has_table("trade_journal") {
        return Ok(None);
    }
    let mut conditions: Vec<(String, SqlValue)> = Vec::new();
    audit.context.bot.each_row(RULES, |row| {
        if let Ok(condition) = row.get(0) {
            conditions.push((condition, row.get(1)?));
        }
        Ok(())
    })?;
    let mut cases = Vec::new();
    let mut values = Vec::new();
    for (condition, created_at) in conditions {
        if let Some((case, of_case)) = as_sql(audit, &condition) {
            cases.push(format!("({case} AND entry_time > ?)"));
            values.extend(of_case);
            values.push(created_at);
        }
    }
    if cases.is_empty() {
        return Ok(None);
    }
    let bot = audit.context.bot;
    let sql = format!("SELECT count(*) FROM {} WHERE {}", bot.rows_of("trade_journal"), cases.join(" OR "));
    Ok(Some(bot.connection().query_row(&sql, params_from_iter(values), |row| row.get(0))?))
}

/// A condition like `{"hour_of_day": {"op": "in", "value": [1, 11]}}` over columns of the journal;
/// `None` where any part of it is about something else.
fn as_sql(audit: &Audit<'_>, condition: &str) -> Option<(String, Vec<SqlValue>)> {
    let fields = serde_json::from_str::<Value>(condition).ok()?;
    let fields = fields.as_object().filter(|fields| !fields.is_empty())?;
    let mut parts = Vec::new();
    let mut values = Vec::new();
    for (field, test) in fields {
        let journal = audit.report.tables.available()?.table("trade_journal")?;
        let column = quoted(&journal.column(field).filter(|column| column.filled > 0)?.name);
        let value = test.get("value")?;
        let operator = match test.get("op")?.as_str()? {
            "in" => {
                let items = value.as_array()?.iter().map(scalar).collect::<Option<Vec<_>>>()?;
                parts.push(format!("{column} IN ({})", vec!["?"; items.len()].join(", ")));
                values.extend(items);
                continue;
            }
            "eq" | "==" | "=" => "=",
            "gt" | ">" => ">",
            "gte" | "ge" | ">=" => ">=",
            "lt" | "<" => "<",
            "lte" | "le" | "<=" => "<=",
            _ => return None,
        };
        parts.push(format!("{column} {operator} ?"));
        values.push(scalar(value)?);
    }
    Some((parts.join(" AND "), values))
}

fn scalar(value: &Value) -> Option<SqlValue> {
    match value {
        Value::Number(number) => number.as_f64().map(SqlValue::Real),
        Value::String(text) => Some(SqlValue::Text(text.clone())),
        Value::Bool(flag) => Some(SqlValue::Integer(i64::from(*flag))),
        _ => None,
    }
}

fn problem(table: &Table, counter: &Column, trades: u64, held: Option<i64>) -> Problem {
    const ENOUGH_TRADES: i64 = 20;
    let (name, own) = (short(&table.schema.name), short(&counter.name));
    let held = held.filter(|trades| *trades >= ENOUGH_TRADES);
    // A restraint whose case may never have come up is worth knowing, not more.
    let waits_for_its_case = counter.words().iter().any(|word| word.starts_with("trigger"));
    let severity = if waits_for_its_case && held.is_none() { Severity::Low } else { Severity::Medium };
    let because = held.map_or_else(String::new, |trades| {
        format!(" At the opening of {trades} of them the condition of a row held, and it was not counted.")
    });
    Problem {
        alert_type: AlertType::Bug,
        severity,
        subject: table.schema.name.clone(),
        title: format!("No use of {name} is ever counted"),
        description: format!(
            "{own} is 0 in {} of {name}, although {trades} trades were opened since its first row was made.{because}",
            super::table::all_rows(table)
        ),
        evidence: format!(
            "{own} = 0 in {}; {trades} trades since the first row{}; query: SELECT * FROM {name} WHERE {own} = 0",
            looked_at(table),
            held.map_or_else(String::new, |trades| format!(", {trades} of them while a condition held")),
        ),
        recommendation: format!(
            "Do decisions look {name} up at all? If they do, raise {own} there; if they should not, remove it."
        ),
    }
}
