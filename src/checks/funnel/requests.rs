//! Rules that decisions name, and requests that nothing follows.

use std::collections::HashSet;

use serde_json::Value;

use super::wording::percent;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::log::{Log, quotable};
use crate::source::{cell, clock};
use crate::untrusted::cut;

/// Rules that a decision claims to follow and that do not exist.
pub(super) const UNKNOWN_RULES: Check = Check {
    id: "decision-names-unknown-rules",
    theme: Theme::Funnel,
    why: "A decision that names a rule in a way the bot cannot resolve is never credited to the rule.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "decisions in the window, and one in a hundred of those that name rules",
    }),
    run: unknown_rules,
};

/// Requests that no decision follows.
pub(super) const UNANSWERED: Check = Check {
    id: "query-without-result",
    theme: Theme::Funnel,
    why: "A request to the LLM that no decision or plan follows costs time and money for nothing.",
    threshold: Some(Threshold {
        default: 0.2,
        reason: "share of at least 50 requests: learning and reflection ask too, after each trade or hour",
    }),
    run: unanswered,
};

fn unknown_rules(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut known = HashSet::new();
    audit.context.bot.each_row("SELECT id FROM rule LIMIT 20000", |row| {
        known.extend(cell::text(row, 0)?.map(|id| id.trim().to_owned()));
        Ok(())
    })?;
    let log = audit.log()?;
    let (mut absent, mut unreadable) = (Evidence::default(), Evidence::default());
    for decision in log.decisions.iter().filter(|decision| !decision.rules.is_empty()) {
        let Some(entry) = log.entry(decision.place) else { continue };
        let id = |rule: &Value| match rule {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        let is_number = |rule: &Value| id(rule).parse::<i64>().is_ok();
        let missing = decision.rules.iter().find(|rule| is_number(rule) && !known.contains(&id(rule)));
        let words = decision.rules.iter().find(|rule| !is_number(rule) && !known.contains(&id(rule)));
        let example =
            |rule: &Value| format!("#{} names {}", entry.id(), cut(&quotable(&rule.to_string()), 40));
        absent.row(missing.map(|rule| move || example(rule)));
        unreadable.row(words.map(|rule| move || example(rule)));
    }
    let is_many = |evidence: &Evidence| {
        evidence.count as f64 >= audit.threshold && percent(evidence.count, evidence.of) >= 1.0
    };
    let mut found = Found::nothing();
    if is_many(&absent) {
        found.fact(unknown(
            "absent",
            "Decisions claim to follow rules that do not exist",
            &absent,
            "a number that no rule has",
            "Does the LLM read another number, as a trade's or a learning's, as a rule's?",
            log,
        ));
    }
    if is_many(&unreadable) {
        found.fact(unknown(
            "words",
            "Decisions name rules in words instead of their ids",
            &unreadable,
            "a rule in words that are no id of the table of rules",
            "Does the bot resolve such a name, or does the rule get no credit for the trade?",
            log,
        ));
    }
    Ok(found)
}

fn unknown(
    subject: &str,
    title: &str,
    evidence: &Evidence,
    what: &str,
    question: &str,
    log: &Log,
) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: subject.to_owned(),
        title: title.to_owned(),
        description: format!(
            "Of the {} decisions {} that name rules, {} name {what}.",
            evidence.of,
            log.when(),
            evidence.count
        ),
        evidence: evidence.text(
            "decisions that name rules",
            &format!(
                "SELECT log.id, group_concat(item.value) FROM (SELECT id, CASE WHEN json_valid(details) THEN details END AS details FROM \
                 activity_log WHERE {} AND activity_type = 'llm_decision') AS log, json_each(log.details, '$.rules_applied') AS item \
                 WHERE item.value {} AND NOT EXISTS (SELECT 1 FROM trading_rules WHERE CAST(trading_rules.id AS TEXT) = trim(item.value)) \
                 GROUP BY log.id ORDER BY log.id DESC",
                log.read_sql(),
                if subject == "absent" { "NOT GLOB '*[^0-9]*'" } else { "GLOB '*[^0-9]*'" }
            ),
        ),
        recommendation: format!(
            "{question} Resolve each name against the table of rules when a decision is read; drop and log what does not resolve."
        ),
    }
}

fn unanswered(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const FEWEST_QUERIES: u64 = 50;
    let mut evidence = Evidence::default();
    let log = audit.log()?;
    for (query, next) in log.neighbours() {
        if query.kind() != "llm_query" {
            continue;
        }
        // A reason that is logged is another check's; a start asks once to test the connection.
        let is_lost = matches!(next.kind(), "llm_query" | "market_data");
        evidence.row(
            is_lost.then_some(|| {
                format!("#{} {}, then {}", query.id(), clock::utc_text(query.at()), next.kind())
            }),
        );
    }
    let share = percent(evidence.count, evidence.of);
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Requests to the LLM that nothing follows".to_owned(),
        description: format!(
            "After {} of {} requests {} ({share:.1} %) the next row is another request or cycle: the log shows neither a \
             result nor an error.",
            evidence.count,
            evidence.of,
            log.when()
        ),
        evidence: evidence.text(
            "requests",
            &format!(
                "SELECT id, created_at, next FROM (SELECT id, created_at, activity_type, lead(activity_type) OVER (ORDER BY id) AS next \
                 FROM activity_log WHERE {}) WHERE activity_type = 'llm_query' AND next IN ('llm_query', 'market_data') ORDER BY id DESC",
                log.read_sql()
            ),
        ),
        recommendation: "Follow one of these answers through the code and log what it led to.".to_owned(),
    };
    Ok((evidence.of >= FEWEST_QUERIES && share > audit.threshold * 100.0).then_some(problem).into())
}
