//! Times that one column writes in several ways.

use std::collections::BTreeMap;

use super::table::{looked_at, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::profile::{Column, Form, Table};

pub(super) fn mixed(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        for column in table.columns.iter().filter(|column| column.is_time()) {
            let mut families: BTreeMap<Form, u64> = BTreeMap::new();
            for (form, count) in &column.time_forms {
                *families.entry(form.family()).or_default() += count;
            }
            let rows: u64 = families.values().sum();
            let most = families.values().max().copied().unwrap_or(0);
            // One odd row may have been written by hand.
            if rows as f64 >= audit.threshold && rows - most >= 2 {
                found.fact(problem(table, column, &families));
            }
        }
    }
    Ok(found)
}

fn problem(table: &Table, column: &Column, families: &BTreeMap<Form, u64>) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    let forms: Vec<_> = families.iter().map(|(form, count)| format!("{count} {}", form.example())).collect();
    let forms = forms.join(", ");
    // A format that changed once did so with the program: what remains is a seam in the history.
    let changed_once = column.form_changes == 1;
    let how = if changed_once { "The format changed once." } else { "The formats alternate." };
    Problem {
        alert_type: AlertType::Bug,
        severity: if changed_once { Severity::Low } else { Severity::Medium },
        subject: format!("{}.{}", table.schema.name, column.name),
        title: format!("{own} of {name} mixes formats of time"),
        description: format!(
            "In {}, {own} is written as {forms}. {how} SQLite compares them as text (or numbers before all text): \
             order, windows and clean-ups by {own} are wrong, and often the clocks differ as well.",
            looked_at(table)
        ),
        evidence: format!(
            "{forms}; query: SELECT typeof(\"{own}\"), length(\"{own}\"), substr(\"{own}\", 11, 1), count(*) \
             FROM {name} GROUP BY 1, 2, 3"
        ),
        recommendation: format!("Write {own} in one format and one clock, best UTC, and convert the rest."),
    }
}
