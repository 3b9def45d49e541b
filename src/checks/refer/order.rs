//! Times of one row that cannot have happened in this order.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::untrusted::cut;

pub(super) const TIMES: Check = Check {
    id: "times-out-of-order",
    theme: Theme::Integrity,
    why: "What is used before it exists or happens after it expired was written with a wrong time or a wrong id.",
    threshold: None,
    run: times,
};

/// Two columns of one table, of which the first must not be later than the second.
struct Order {
    subject: &'static str,
    title: &'static str,
    what: &'static str,
    /// Selects the earlier time, its clock, the later time, its clock, and the row's id.
    sql: &'static str,
}

const ORDERS: [Order; 4] = [
    Order {
        subject: "rule.last_used",
        title: "Rules were last used before they were created",
        what: "rules the last use lies before the creation",
        sql: "SELECT created_at, clock, last_used_at, clock, id FROM rule WHERE last_used_at IS NOT NULL LIMIT 5000",
    },
    Order {
        subject: "active_conditions.triggered_at",
        title: "Conditions were triggered before they were created",
        what: "conditions the trigger lies before the creation",
        sql: "SELECT created_at, clock, triggered_at, clock, id FROM condition WHERE triggered_at IS NOT NULL ORDER BY created_at DESC LIMIT 5000",
    },
    Order {
        subject: "active_conditions.valid_until",
        title: "Conditions were triggered after they had expired",
        what: "conditions the trigger lies after the end of the validity",
        sql: "SELECT triggered_at, clock, valid_until, clock, id FROM condition WHERE triggered_at IS NOT NULL ORDER BY created_at DESC LIMIT 5000",
    },
    Order {
        subject: "adaptations.effectiveness_measured_at",
        title: "Adaptations were measured before they were made",
        what: "adaptations the measurement lies before the change",
        sql: "SELECT at, clock, measured_at, measured_clock, id FROM adaptation WHERE measured_at IS NOT NULL LIMIT 5000",
    },
];

/// A cycle of either generation.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

fn times(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let is_measured = bot.host_offset().newest_seconds().is_some();
    let mut found = Found::nothing();
    for order in &ORDERS {
        let mut evidence = Evidence::default();
        bot.each_row(order.sql, |row| {
            let (Some(first), Some(second)) = (bot.moments(row, 0, 1)?, bot.moments(row, 2, 3)?) else {
                return Ok(());
            };
            // Where nothing shows the host's zone, a local time may be hours off, and an hour around a clock change.
            let mixed = cell::text(row, 1)? != cell::text(row, 3)?;
            let local = cell::text(row, 1)?.as_deref() == Some("local");
            let tolerance = match (mixed, local) {
                (true, _) => TimeDelta::hours(15),
                (false, true) if !is_measured => TimeDelta::hours(1) + TOLERANCE,
                (false, _) => TOLERANCE,
            };
            let (first, second) = (first.earliest, second.latest);
            let wrong = first - second > tolerance;
            let id = cell::text(row, 4)?.unwrap_or_default();
            evidence
                .row(wrong.then_some(|| format!("{} by {} s", cut(&id, 40), (first - second).num_seconds())));
            Ok(())
        })?;
        if evidence.count > 0 {
            found.fact(problem(order.subject, order.title, order.what, &evidence, order.sql));
        }
    }
    let evidence = rules_before_creation(audit)?;
    if evidence.count > 0 {
        let query = "SELECT t.id, t.rule_ids_used, t.opened_at FROM closed_trades AS t JOIN trading_rules AS r ON \
                     ',' || t.rule_ids_used || ',' LIKE '%,' || r.id || ',%' WHERE t.opened_at < r.created_at";
        let title = "Trades carry rules that did not exist when they were opened";
        found.fact(problem(
            "closed_trades.rule_ids_used",
            title,
            "trades a rule is younger than the trade that carries it",
            &evidence,
            query,
        ));
    }
    Ok(found)
}

fn problem(subject: &str, title: &str, what: &str, evidence: &Evidence, query: &str) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: subject.to_owned(),
        title: title.to_owned(),
        description: format!(
            "In {} of {} {what}: a time is of another clock, or the id is of another row.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text("rows", query),
        recommendation: "Find where this column is written, and write both times with one clock and the id of the right row.".to_owned(),
    }
}

const RULES: &str = "
SELECT
    created_at,
    clock,
    generation,
    id
FROM rule
WHERE kind IN ('rule', 'pattern')";

/// Trades that were opened before a rule that they carry was made.
fn rules_before_creation(audit: &Audit<'_>) -> anyhow::Result<Evidence> {
    let bot = audit.context.bot;
    let mut created: HashMap<(i64, String), DateTime<Utc>> = HashMap::new();
    bot.each_row(RULES, |row| {
        if let Some(at) = bot.instant(row, 0, 1)? {
            let id = cell::text(row, 3)?.unwrap_or_default().into_owned();
            created.insert((cell::integer(row, 2)?.unwrap_or_default(), id), at);
        }
        Ok(())
    })?;
    let mut evidence = Evidence::default();
    for entry in &audit.context.ledger()?.entries {
        let Some(opened_at) = entry.opened_at else { continue };
        // The second generation's default patterns are created again at every start.
        let tolerance = if entry.generation == 1 { TOLERANCE } else { TimeDelta::days(365) };
        let early = entry.rules().find(|id| {
            created.get(&(entry.generation, (*id).to_owned())).is_some_and(|at| *at - opened_at > tolerance)
        });
        if entry.rules().next().is_some() {
            evidence.row(early.map(|id| move || format!("{} carries rule {}", entry.name(), cut(id, 32))));
        }
    }
    Ok(evidence)
}
