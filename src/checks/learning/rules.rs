//! What rules say, against each other and against the trades that cite them.

use std::collections::BTreeMap;

use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::metrics::rule_stats::Rule;
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;
use crate::untrusted::cut;

/// Actions that are no trade, word for word: "wait for a better price, then buy" is none of them.
const NO_TRADE: [&str; 12] = [
    "wait",
    "hold",
    "skip",
    "avoid",
    "do nothing",
    "stay out",
    "no trade",
    "do not buy",
    "do not trade",
    "do not enter",
    "don t buy",
    "don t trade",
];
/// Fewer trades may cite a rule by mistake.
const LEAST_TRADES: i64 = 5;
const SHOWN_CHARS: usize = 100;

/// `When <condition>, then <action>` or `If <condition> then <action>`, in lower case and words only.
fn parts(text: &str) -> Option<(String, String)> {
    let words: Vec<String> = text
        .split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '%' | '.')))
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let then = words.iter().position(|word| word == "then")?;
    let condition =
        words.get(usize::from(words.first().is_some_and(|word| word == "when" || word == "if"))..then)?;
    let action = words.get(then + 1..)?;
    (!condition.is_empty() && !action.is_empty()).then(|| (condition.join(" "), action.join(" ")))
}

fn is_no_trade(action: &str) -> bool {
    NO_TRADE.contains(&action)
}

fn followed<'run>(audit: &Audit<'run>) -> Vec<&'run Rule> {
    let stats = audit.report.rule_stats.available();
    let rules = stats.into_iter().flat_map(|stats| &stats.rule_details);
    // The first generation's rules are history once the second one runs.
    let is_current = |rule: &&Rule| audit.context.generation == 1 || rule.kind != "rule";
    let is_followed = |rule: &&Rule| !matches!(rule.status.as_deref(), Some("rejected" | "inactive"));
    rules.filter(is_current).filter(is_followed).collect()
}

/// Medium: whatever the bot does, one of its rules forbids it.
pub(super) fn contradict(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut by_condition: BTreeMap<String, Vec<(&Rule, bool)>> = BTreeMap::new();
    for rule in followed(audit) {
        if let Some((condition, action)) = parts(&rule.text) {
            by_condition.entry(condition).or_default().push((rule, is_no_trade(&action)));
        }
    }
    let mut evidence = Evidence::default();
    for rules in by_condition.values() {
        let against = rules.iter().find(|(_, is_no_trade)| *is_no_trade);
        let in_favour = rules.iter().find(|(_, is_no_trade)| !is_no_trade);
        evidence.row(against.zip(in_favour).map(|((against, _), (in_favour, _))| {
            move || {
                let shown = |rule: &Rule| format!("rule {} \"{}\"", rule.id, cut(&rule.text, SHOWN_CHARS));
                format!("{} and {}", shown(in_favour), shown(against))
            }
        }));
    }
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Rules that are followed contradict each other".to_owned(),
            description: format!(
                "For {} of {} conditions one rule says to trade and another one not to: whatever the bot does there, it \
                 follows one rule and breaks another.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text("conditions", query(audit)),
            recommendation: "Reject one of the two; look for a rule of the same condition before adding one.".to_owned(),
        })
        .into())
}

/// Medium: the rule is credited for the opposite of what it says.
pub(super) fn wait_is_traded(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut evidence = Evidence::default();
    // The bot overwrites its counters: what they were at an earlier moment only the trades tell.
    let is_past = audit.context.ledger()?.later > 0;
    let ledger = audit.context.ledger()?;
    for rule in followed(audit) {
        let Some((_, action)) = parts(&rule.text) else { continue };
        let id = rule.id.as_str().map_or_else(|| rule.id.to_string(), str::to_owned);
        let cites = |trade: &&Entry| trade.rules().any(|cited| cited == id);
        let uses = if is_past {
            ledger.of(audit.context.generation).filter(cites).count() as i64
        } else {
            rule.use_count
        };
        let is_traded = is_no_trade(&action) && rule.success_count.is_some() && uses >= LEAST_TRADES;
        evidence.row(is_traded.then_some(|| {
            format!("rule {} \"{}\" has {uses} trades", rule.id, cut(&rule.text, SHOWN_CHARS))
        }));
    }
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Trades are credited to rules that say not to trade".to_owned(),
            description: format!(
                "{} by {LEAST_TRADES} trades or more. Their wins and losses rate the opposite of what was advised.",
                evidence.counted(
                    "rules",
                    "says to do nothing and is cited",
                    "say to do nothing and are cited"
                )
            ),
            evidence: evidence.text("rules with a condition and an action", query(audit)),
            recommendation: "Do not let a trade cite such a rule; rate it by what was avoided.".to_owned(),
        })
        .into())
}

/// The rules that are followed.
fn query(audit: &Audit<'_>) -> &'static str {
    match audit.context.generation {
        1 => {
            "SELECT id, status, rule_text, success_count, failure_count FROM trading_rules \
             WHERE coalesce(status, '') NOT IN ('rejected', 'inactive') ORDER BY rule_text"
        }
        _ => {
            "SELECT pattern_id, description, wins, losses FROM trading_patterns WHERE is_active UNION ALL \
             SELECT rule_id, description, times_triggered, NULL FROM regime_rules WHERE is_active"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_condition_and_an_action() {
        let parts = |text| parts(text).unwrap();
        assert_eq!(
            parts("When quick take profit on small move, then WAIT"),
            ("quick take profit on small move".to_owned(), "wait".to_owned())
        );
        assert!(is_no_trade(&parts("If RSI > 70 then do NOT buy.").1));
        assert!(!is_no_trade(&parts("When price drops 6%, then WAIT for stabilization before buying").1));
    }

    #[test]
    fn other_texts_have_neither() {
        for text in ["", "Buy low, sell high", "then buy", "When it rains, then"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
