//! Values that are not what their column holds.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{looked_at, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::profile::{Column, Fault, Kind, Table};

/// Last words of columns by which rows are found and grouped.
const GROUPING: [&str; 12] = [
    "id",
    "ids",
    "name",
    "coin",
    "symbol",
    "pattern",
    "category",
    "strategy",
    "type",
    "direction",
    "side",
    "observed",
];

pub(super) fn placeholders(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut stored: Vec<(&Table, &Column, &Fault)> = Vec::new();
    for table in tables(audit) {
        for column in &table.columns {
            let fault = column.fault("placeholder").filter(|fault| fault.n as f64 >= audit.threshold);
            stored.extend(fault.map(|fault| (table, column, fault)));
        }
    }
    // What one table hands on to the next is one fault: the table with most of it speaks for all.
    stored.sort_by_key(|(_, _, fault)| std::cmp::Reverse(fault.n));
    let mut found = Found::nothing();
    let mut named = BTreeSet::new();
    for (table, column, fault) in &stored {
        if named.insert(&column.name) {
            let others = stored
                .iter()
                .filter(|(other, its, ..)| its.name == column.name && !std::ptr::eq(*other, *table));
            let others: Vec<_> = others.map(|(other, ..)| short(&other.schema.name)).collect();
            found.fact(placeholder(table, column, fault, &others));
        }
    }
    Ok(found)
}

fn placeholder(table: &Table, column: &Column, fault: &Fault, others: &[String]) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    let of = if fault.of == table.rows { format!("{} rows", table.rows) } else { looked_at(table) };
    let (rows, values) = (fault.n, fault.examples.join(", "));
    let groups = column.words().last().is_some_and(|last| GROUPING.contains(&last.as_str()));
    Problem {
        alert_type: AlertType::Bug,
        severity: if groups { Severity::Medium } else { Severity::Low },
        subject: format!("{}.{}", table.schema.name, column.name),
        title: format!("Placeholders are stored in {own} of {name}"),
        description: format!(
            "{rows} of {of} hold a placeholder in {own} instead of a value or NULL: {values}.{}",
            if others.is_empty() { String::new() } else { format!(" Also in {}.", others.join(", ")) }
        ),
        evidence: format!(
            "{values} in {of}; query: SELECT \"{own}\", count(*) FROM {name} GROUP BY 1 ORDER BY 2 DESC"
        ),
        recommendation: "Refuse placeholders where the value is read, and store NULL for nothing.".to_owned(),
    }
}

pub(super) fn spellings(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        let enumerations = table
            .columns
            .iter()
            .filter(|column| column.filled as f64 >= audit.threshold && is_enumeration(column));
        for column in enumerations {
            let groups = spelling_groups(column);
            if !groups.is_empty() {
                found.fact(spelled(table, column, &groups.join("; ")));
            }
        }
    }
    Ok(found)
}

/// Whether a column holds a few names, whole and again and again: free texts differ as they please.
fn is_enumeration(column: &Column) -> bool {
    const ROWS_A_VALUE: u64 = 3;
    column.kind == Kind::Text
        && column.distinct as usize == column.common.len()
        && column.distinct * ROWS_A_VALUE <= column.filled
        && !column.common.iter().any(|(value, _)| value.ends_with('…'))
}

/// Values that differ in case, blanks and punctuation only, and both words of a direction.
fn spelling_groups(column: &Column) -> Vec<String> {
    const DIRECTIONS: [(&str, &str); 2] = [("long", "buy"), ("short", "sell")];
    let is_direction =
        column.words().last().is_some_and(|last| ["direction", "side"].contains(&last.as_str()));
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (value, count) in &column.common {
        let mut key: String =
            value.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if let Some((one, _)) = DIRECTIONS.iter().find(|(_, other)| is_direction && *other == key) {
            key = (*one).to_owned();
        }
        // Signs alone, or numbers: no spelling.
        if key.chars().any(char::is_alphabetic) {
            groups.entry(key).or_default().push(format!("\"{value}\" {count}"));
        }
    }
    let groups = groups.into_values().filter(|group| group.len() > 1);
    groups.map(|group| group.join(" and ")).collect()
}

fn spelled(table: &Table, column: &Column, groups: &str) -> Problem {
    const DECIDING: [&str; 7] = ["direction", "side", "coin", "symbol", "status", "action", "reason"];
    let (name, own) = (short(&table.schema.name), short(&column.name));
    let decides = column.words().iter().any(|word| DECIDING.contains(&word.as_str()));
    Problem {
        alert_type: AlertType::Bug,
        severity: if decides { Severity::Medium } else { Severity::Low },
        subject: format!("{}.{}", table.schema.name, column.name),
        title: format!("{own} of {name} has several spellings of one value"),
        description: format!(
            "In {}, {own} holds {groups}. Comparisons and limits by {own} treat them as different.",
            looked_at(table)
        ),
        evidence: format!(
            "{groups}; query: SELECT \"{own}\", count(*) FROM {name} GROUP BY 1 ORDER BY 2 DESC"
        ),
        recommendation: format!(
            "Write {own} in one spelling, check it where it is written, and correct the rows."
        ),
    }
}

pub(super) fn numbers_as_text(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const AMOUNTS: [&str; 14] = [
        "price",
        "pnl",
        "usd",
        "amount",
        "qty",
        "quantity",
        "size",
        "balance",
        "pct",
        "percent",
        "confidence",
        "score",
        "volume",
        "fee",
    ];
    let mut found = Found::nothing();
    for table in tables(audit) {
        let columns = table.columns.iter().filter(|column| {
            column.kind == Kind::Text
                && column.filled as f64 >= audit.threshold
                && column.numeric_texts == column.filled
                && column.words().iter().any(|word| AMOUNTS.contains(&word.as_str()))
        });
        let names: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        if !names.is_empty() {
            found.fact(as_text(table, &names));
        }
    }
    Ok(found)
}

fn as_text(table: &Table, columns: &[&str]) -> Problem {
    let name = short(&table.schema.name);
    let listed = super::table::listed(columns.iter().copied());
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Amounts in {name} are stored as text"),
        description: format!(
            "All values of {listed} in {} are text: they sort and compare as text.",
            looked_at(table)
        ),
        evidence: format!(
            "{listed} in {}; query: SELECT typeof(\"{}\"), count(*) FROM {name} GROUP BY 1",
            looked_at(table),
            short(columns.first().copied().unwrap_or_default())
        ),
        recommendation:
            "Declare them REAL or INTEGER; where decimals must be exact, cast in every comparison.".to_owned(),
    }
}

pub(super) fn broken_json(audit: &Audit<'_>) -> anyhow::Result<Found> {
    Ok(odd_ones(audit, "broken_json", |table, column, odd| {
        let (name, own) = (short(&table.schema.name), short(&column.name));
        Problem {
            alert_type: AlertType::Bug,
            // Where nothing parses, the bot may read another notation back on purpose.
            severity: if column.kind == Kind::Json { Severity::Medium } else { Severity::Low },
            subject: format!("{}.{}", table.schema.name, column.name),
            title: format!("{own} of {name} holds JSON that does not parse"),
            description: format!(
                "{} of {} begin like JSON in {own} and do not parse.",
                odd.n,
                looked_at(table)
            ),
            evidence: shown(
                table,
                odd,
                &format!("SELECT rowid, \"{own}\" FROM {name} WHERE NOT json_valid(\"{own}\")"),
            ),
            recommendation: format!(
                "Was it cut off, or written by print instead of a JSON encoder? Encode {own} as JSON, whole, and store NULL where that fails."
            ),
        }
    }))
}

fn odd_ones(audit: &Audit<'_>, fault: &str, problem: fn(&Table, &Column, &Fault) -> Problem) -> Found {
    let mut found = Found::nothing();
    for table in tables(audit) {
        for column in &table.columns {
            let fault = column.fault(fault).filter(|fault| fault.n as f64 >= audit.threshold);
            found.facts.extend(fault.map(|fault| problem(table, column, fault)));
        }
    }
    found
}

/// How many of which rows, three examples, the query.
fn shown(table: &Table, odd: &Fault, query: &str) -> String {
    format!(
        "{} of {}; e.g. {}; query: {query}",
        odd.n,
        looked_at(table),
        odd.examples.iter().take(3).cloned().collect::<Vec<_>>().join("; ")
    )
}
