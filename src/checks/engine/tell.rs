//! A group of faulty rows as a problem: severity, sentences, evidence.

use minijinja::Value;

use super::answer::Answer;
use super::judge::{Group, Limits};
use super::places::Placed;
use super::rule::Rule;
use super::tables::Hidden;
use super::template::{self, Fields, render};
use crate::checks::problem::Problem;
use crate::model::Severity;
use crate::plural::plural;

/// Rows that are shown as examples.
const EXAMPLES: usize = 3;

/// What is told beside the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'run> {
    pub(super) limits: Limits,
    pub(super) placed: Placed,
    /// Rows that the rule did not see.
    pub(super) hidden: Option<&'run Hidden>,
    /// How far back the tables reach that it read, where they are capped.
    pub(super) since: &'run [String],
}

/// The problem that a group shows.
///
/// # Errors
/// One sentence where a template cannot be filled.
pub(super) fn problem(
    rule: &Rule,
    answer: &Answer,
    group: &Group,
    beside: Beside<'_>,
) -> anyhow::Result<Problem> {
    let header = &rule.header;
    let fields = fields(rule, answer, group, &beside);
    let counted = counted(answer, group);
    let mut sentences = vec![match &header.description {
        Some(template) => render(template, &fields)?,
        None => format!("{counted}. {}", header.why).trim().to_owned(),
    }];
    sentences.extend(additions(group, &beside));
    let explain = format!("autonomous-monitor explain {}", header.id);
    let recommendation = match header.fix.is_empty() {
        true => format!("Look at its rows: `{explain}`."),
        false => render(&header.fix, &fields)?,
    };
    Ok(Problem {
        alert_type: header.alert_type,
        severity: severity(rule, answer, group, beside.placed),
        subject: group.subject.clone(),
        title: render(&header.title, &fields)?,
        description: sentences.join(" "),
        evidence: format!("{counted}{}; all rows: {explain}", examples(rule, answer, group)),
        recommendation,
    })
}

/// The worst row's, else the rule's; what is over and was before the window pages nobody.
fn severity(rule: &Rule, answer: &Answer, group: &Group, placed: Placed) -> Severity {
    let worst = group.rows.iter().filter_map(|row| answer.severity(*row)).max();
    let severity = worst.unwrap_or(rule.header.severity);
    match is_over(group, placed) {
        true => severity.min(Severity::Medium),
        false => severity,
    }
}

/// Whether all rows are known to be of before the window, and nothing of them is open.
fn is_over(group: &Group, placed: Placed) -> bool {
    placed.known == group.rows.len() as u64 && placed.in_window == 0 && !placed.is_open
}

/// `20 of 363 rows`, `more than 20000 rows`: the rows of the answer, or what its columns `n` and `of` count.
fn counted(answer: &Answer, group: &Group) -> String {
    let own = answer.sum(&group.rows, "n");
    let count = own.unwrap_or(group.rows.len() as u64);
    let of = if own.is_some() { answer.sum(&group.rows, "of") } else { group.of };
    let more = if answer.rows.is_cut { "more than " } else { "" };
    match of {
        Some(of) => format!("{more}{count} of {of} {}", plural(of, "row", "rows")),
        None => format!("{more}{count} {}", plural(count, "row", "rows")),
    }
}

fn fields(rule: &Rule, answer: &Answer, group: &Group, beside: &Beside<'_>) -> Fields {
    let header = &rule.header;
    let row = |place: &usize| {
        template::row(
            &answer.rows.columns,
            answer.rows.rows.get(*place).map(Vec::as_slice).unwrap_or_default(),
        )
    };
    let uses_rows = [Some(&header.title), Some(&header.fix), header.description.as_ref()];
    let uses_rows = uses_rows.into_iter().flatten().any(|template| template.contains("rows"));
    let shown = if uses_rows { group.rows.as_slice() } else { &[] };
    Fields::from([
        ("count", Value::from(group.rows.len())),
        ("of", group.of.map_or_else(|| Value::from(()), Value::from)),
        ("in_window", Value::from(beside.placed.in_window)),
        ("threshold", Value::from(beside.limits.threshold)),
        ("subject", Value::from(group.subject.as_str())),
        ("row", group.rows.first().map_or_else(|| Value::from(()), row)),
        ("rows", shown.iter().map(row).collect()),
    ])
}

/// What the engine knows beside the rule: window, rows left to others, rows not seen, how far back.
fn additions(group: &Group, beside: &Beside<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    let Placed { known, in_window, .. } = beside.placed;
    if is_over(group, beside.placed) {
        sentences.push("Nothing of it is of the window or open.".to_owned());
    } else if known > 0 {
        sentences.push(match in_window == group.rows.len() as u64 {
            true => "All of it is of the window.".to_owned(),
            false => format!("{in_window} of them {} of the window.", plural(in_window, "is", "are")),
        });
    }
    for (id, count) in &group.explained {
        sentences.push(format!("{count} more {} left to {id}.", plural(*count, "row is", "rows are")));
    }
    if let Some(hidden) = beside.hidden {
        sentences.push(format!(
            "{} {} left out: another finding calls {} wrong there.",
            hidden.rows,
            plural(hidden.rows, "row was", "rows were"),
            hidden.cells.join(", ")
        ));
    }
    sentences.extend(beside.since.iter().cloned());
    sentences
}

/// `; e.g. instrument bitcoin, seconds 3 (closed_trades 17); …`: what the sentences tell of all of many rows is not repeated in each.
fn examples(rule: &Rule, answer: &Answer, group: &Group) -> String {
    let header = &rule.header;
    let sentences = [Some(&header.title), header.description.as_ref()];
    let is_told = |column: &str| {
        let is_of_all = group.rows.windows(2).all(|pair| match pair {
            [one, other] => answer.cell(*one, column) == answer.cell(*other, column),
            _ => true,
        });
        let is_named = || sentences.iter().flatten().any(|sentence| template::names(sentence, column));
        group.rows.len() >= EXAMPLES && is_of_all && is_named()
    };
    let example = |row: &usize| {
        let figures = answer
            .figures(*row)
            .filter(|(column, _)| !is_told(column))
            .filter_map(|(column, cell)| Some(format!("{column} {}", template::cell(column, cell)?)));
        let figures = figures.collect::<Vec<_>>().join(", ");
        match answer.key(*row) {
            Some((source, id)) if figures.is_empty() => format!("{source} {id}"),
            Some((source, id)) => format!("{figures} ({source} {id})"),
            None => figures,
        }
    };
    let examples = group.rows.iter().take(EXAMPLES).map(example).filter(|example| !example.is_empty());
    let examples = examples.collect::<Vec<_>>().join("; ");
    if examples.is_empty() { examples } else { format!("; e.g. {examples}") }
}
