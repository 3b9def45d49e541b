//! Conditions that exist twice.

use std::collections::BTreeMap;

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::clock::Reading;
use crate::untrusted::cut;

pub(super) const CONDITIONS: Check = Check {
    id: "duplicate-conditions",
    theme: Theme::Integrity,
    why: "Two equal conditions that wait at the same time open two trades for one reason.",
    threshold: None,
    run: conditions,
};

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
