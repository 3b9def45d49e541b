//! Rules and conditions that exist twice.

use std::collections::BTreeMap;

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::clock::Reading;
use crate::untrusted::cut;

pub(super) const RULES: Check = Check {
    id: "duplicate-rules",
    theme: Theme::Refer,
    why: "The same rule twice splits its evidence, counts double where it is applied, and crowds out others.",
    threshold: None,
    run: rules,
};

pub(super) const CONDITIONS: Check = Check {
    id: "duplicate-conditions",
    theme: Theme::Refer,
    why: "Two equal conditions that wait at the same time open two trades for one reason.",
    threshold: None,
    run: conditions,
};

/// What a rule says: its condition and action where it has them, else its text; and its text as a person reads it.
const RULE_TEXTS: &str = "
SELECT
    created_at,
    'utc',
    'trading_rules',
    CAST(id AS TEXT),
    rule_text,
    rule_text
FROM src_trading_rules
WHERE status IS NOT 'rejected'
UNION ALL
SELECT
    created_at,
    'local',
    'regime_rules',
    rule_id,
    coalesce(condition, description) || ' then ' || coalesce(action, ''),
    description
FROM src_regime_rules
WHERE is_active IS NOT 0
UNION ALL
SELECT
    created_at,
    'local',
    'trading_patterns',
    pattern_id,
    coalesce(entry_conditions, '') || ' ' || coalesce(description, ''),
    description
FROM src_trading_patterns
WHERE is_active IS NOT 0
LIMIT 5000";

fn rules(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut groups: BTreeMap<(String, String), (Vec<String>, String)> = BTreeMap::new();
    let mut rules: BTreeMap<String, u64> = BTreeMap::new();
    let bot = audit.context.bot;
    bot.each_row(RULE_TEXTS, |row| {
        let text = normalised(&cell::text(row, 4)?.unwrap_or_default());
        let later = bot.instant(row, 0, 1)?.is_some_and(|at| at > audit.context.now);
        if !later && text.len() > 5 {
            let table = cell::text(row, 2)?.unwrap_or_default().into_owned();
            *rules.entry(table.clone()).or_default() += 1;
            let (ids, shown) = groups.entry((table, text)).or_default();
            ids.push(cut(&cell::text(row, 3)?.unwrap_or_default(), 40));
            *shown = cut(&cell::text(row, 5)?.unwrap_or_default(), 80);
        }
        Ok(())
    })?;
    let mut by_table: BTreeMap<&String, Evidence> = BTreeMap::new();
    for ((table, _), (ids, shown)) in groups.iter().filter(|(_, (ids, _))| ids.len() > 1) {
        let evidence = by_table.entry(table).or_default();
        let ids = ids.iter().take(3).cloned().collect::<Vec<_>>().join(" and ");
        evidence.fault(|| format!("{ids}: \"{shown}\""));
    }
    for (table, evidence) in &mut by_table {
        evidence.of = rules.get(*table).copied().unwrap_or_default();
    }
    let problems = by_table.into_iter().map(|(table, evidence)| Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Medium,
        subject: table.clone(),
        title: format!("The same rule exists more than once in {table}"),
        description: format!(
            "{} more than once, word for word.",
            evidence.counted(&format!("rules in force in {table}"), "exists", "exist")
        ),
        evidence: evidence.text("rules in force exist again", match table.as_str() {
            "trading_rules" => "SELECT lower(trim(rule_text)), count(*), group_concat(id) FROM trading_rules WHERE status <> 'rejected' GROUP BY 1 HAVING count(*) > 1",
            "regime_rules" => "SELECT max(description), condition, action, count(*), group_concat(rule_id) FROM regime_rules WHERE is_active GROUP BY condition, action HAVING count(*) > 1",
            _ => "SELECT entry_conditions, description, count(*), group_concat(pattern_id) FROM trading_patterns WHERE is_active GROUP BY 1, 2 HAVING count(*) > 1",
        }),
        recommendation: "Look for an equal rule before one is created, and merge these.".to_owned(),
    });
    Ok(problems.collect::<Vec<_>>().into())
}

/// Letters and digits in lower case, one space between words; numbers keep their point and sign.
fn normalised(text: &str) -> String {
    let kept = |letter: char| {
        letter.is_alphanumeric() || matches!(letter, '.' | '%' | '$' | '<' | '>' | '=' | '-' | '+')
    };
    let plain: String = text.chars().map(|letter| if kept(letter) { letter } else { ' ' }).collect();
    let words: Vec<_> = plain.split_whitespace().map(|word| word.trim_end_matches('.')).collect();
    words.join(" ").to_lowercase()
}

const CONDITIONS_SQL: &str = "
SELECT
    created_at,
    clock,
    valid_until,
    id,
    coin,
    direction,
    trigger_price,
    size_usd
FROM condition
ORDER BY created_at DESC
LIMIT 2000";

/// Pairs that show that nothing prevents them.
const FEWEST_PAIRS: u64 = 2;

fn conditions(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let mut lives: BTreeMap<String, Vec<(Reading, Reading, String)>> = BTreeMap::new();
    let mut evidence = Evidence::default();
    bot.each_row(CONDITIONS_SQL, |row| {
        let (Some(from), Some(until)) = (bot.moments(row, 0, 1)?, bot.moments(row, 2, 1)?) else {
            return Ok(());
        };
        if from.earliest > audit.context.now {
            return Ok(());
        }
        let field = |column| cell::text(row, column).map(Option::unwrap_or_default);
        let key = format!("{}|{}|{}|{}", field(4)?, field(5)?, field(6)?, field(7)?);
        let id = cut(&field(3)?, 32);
        let others = lives.entry(key).or_default();
        // Under every reading of the four times.
        let other =
            others.iter().find(|(begin, end, _)| from.latest < end.earliest && begin.latest < until.earliest);
        let (coin, direction, price) = (&field(4)?, &field(5)?, &field(6)?);
        let shown =
            |other: &str| format!("{} {} at {price} as {id} and {other}", cut(coin, 24), cut(direction, 8));
        evidence.row(other.map(|(_, _, other)| || shown(other)));
        others.push((from, until, id));
        Ok(())
    })?;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "active_conditions".to_owned(),
        title: "Equal conditions wait at the same time in active_conditions".to_owned(),
        description: format!(
            "{} the coin, direction, price and size of another one that is valid at the same time. Each may open its own trade.",
            evidence.counted("conditions", "has", "have")
        ),
        evidence: evidence.text("conditions", "SELECT coin, direction, trigger_price, count(*), group_concat(id) FROM active_conditions GROUP BY 1, 2, 3 HAVING count(*) > 1"),
        recommendation: "Replace a waiting condition of the same coin and direction instead of adding one.".to_owned(),
    };
    Ok((evidence.count >= FEWEST_PAIRS).then_some(problem).into())
}
