//! What the bot has decided about a coin, against its trades in that coin afterwards.

use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{Sample, p_text};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};

/// Size and result of each opening, and the status that its coin had then.
const OPENINGS: &str = "
WITH opening AS (
    SELECT instrument, opened_at, size, pnl, source || '|' || source_id AS key FROM trade
    UNION ALL
    SELECT instrument, opened_at, size, NULL, source || '|' || source_id FROM position
)
SELECT
    opening.size,
    coalesce(opening.pnl, 0),
    coalesce(lower(trim(change.new_status)), 'normal'),
    max(change.at)
FROM opening
LEFT JOIN coin_status_change AS change ON change.instrument = opening.instrument AND change.at < opening.opened_at
WHERE opening.instrument IS NOT NULL AND opening.opened_at IS NOT NULL AND opening.size IS NOT NULL
GROUP BY opening.key";

/// A claim that trades in coins marked as reduced are about as large as others.
pub(super) fn reduced(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_REDUCED: f64 = 10.0;
    const LEAST_USUAL: f64 = 20.0;
    let (mut reduced, mut usual, mut pnl_usd) = (Vec::new(), Vec::new(), 0.0);
    let mut statement = audit.tables().prepare(OPENINGS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (size_usd, pnl): (f64, f64) = (row.get(0)?, row.get(1)?);
        match row.get::<_, String>(2)?.as_str() {
            "reduced" => {
                reduced.push(size_usd);
                pnl_usd += pnl;
            }
            "normal" | "unknown" => usual.push(size_usd),
            _ => {}
        }
    }
    let (reduced, usual) = (Sample::of(reduced.into_iter()), Sample::of(usual.into_iter()));
    if reduced.count < LEAST_REDUCED || usual.count < LEAST_USUAL {
        return Ok(Found::nothing());
    }
    let p_value = usual.scaled(audit.threshold).below_other(reduced);
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Bug,
            severity: weight::by_loss(audit, -pnl_usd).min(Severity::Medium),
            subject: String::new(),
            title: "Coins marked as reduced are traded at full size".to_owned(),
            description: format!(
                "{} trades in coins whose status was reduced had ${:.2} on average, {} trades in coins of normal \
                 status ${:.2}: the mark has little or no effect. The former made {} together.",
                reduced.count, reduced.mean, usual.count, usual.mean, usd(pnl_usd, 2)
            ),
            evidence: format!(
                "mean size {:.2} against {:.2}, {}; query: SELECT * FROM coin_adaptations WHERE new_status = 'reduced'",
                reduced.mean,
                usual.mean,
                p_text(p_value)
            ),
            recommendation: "Apply the status where the size is computed.".to_owned(),
        },
    );
    Ok(found)
}
