//! Does the LLM answer more slowly than before?

use std::collections::BTreeMap;

use crate::checks::check::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::checks::statistics::{larger_by_rank, median, p_text};
use crate::checks::weight;
use crate::model::AlertType;

/// The newest quarter of the window against the rest.
pub(super) const SLOWER: Check = Check {
    id: "llm-slower",
    theme: Theme::Funnel,
    why: "An LLM that answers ever more slowly delays every stop and every decision, and ends in timeouts.",
    threshold: Some(Threshold {
        default: 1.5,
        reason: "times the earlier median, and two seconds; Mann-Whitney over hourly medians, at least 4 hours \
                 against 8, so that one slow spell is one value",
    }),
    run: slower,
};

/// Slower than this is an interruption and no answer.
const LONGEST_ANSWER_SECONDS: f64 = 600.0;
const FEWEST_ANSWERS_AN_HOUR: usize = 5;

/// Answers by the whole hours of the clock between them and the audited moment.
const ANSWERS: &str = "
SELECT
    CAST((now - hour) / 3600 AS INTEGER),
    seconds,
    n
FROM cycle_time, run
WHERE measure = 'response' AND in_window AND seconds BETWEEN 0 AND ?1";

/// Hourly medians, the newest quarter of the window and the rest.
struct Medians {
    late: Vec<f64>,
    early: Vec<f64>,
}

fn slower(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const FEWEST_LATE: usize = 4;
    const FEWEST_EARLY: usize = 8;
    let medians = medians(audit)?;
    let mut found = Found::nothing();
    if medians.late.len() < FEWEST_LATE || medians.early.len() < FEWEST_EARLY {
        return Ok(found);
    }
    let (Some(late), Some(early)) = (median(&medians.late), median(&medians.early)) else {
        return Ok(found);
    };
    // A difference that is too small to matter is a test that found nothing.
    let matters = late >= audit.threshold * early && late - early >= 2.0;
    let p_value = if matters { larger_by_rank(&medians.late, &medians.early) } else { 1.0 };
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Performance,
            severity: weight::by_multiple(late / early),
            subject: String::new(),
            title: "The bot's LLM answers more slowly than before".to_owned(),
            description: format!(
                "The median answer took {late:.1} s in the last quarter of the window, {early:.1} s before that."
            ),
            evidence: format!(
                "{} hourly medians against {}: {late:.1} s and {early:.1} s; Mann-Whitney test {}",
                medians.late.len(),
                medians.early.len(),
                p_text(p_value)
            ),
            recommendation: "Look at the load and memory of the LLM's host and at the length of the prompts."
                .to_owned(),
        },
    );
    Ok(found)
}

fn medians(audit: &Audit<'_>) -> rusqlite::Result<Medians> {
    let quarter_hours = f64::from(audit.context.config.hours / 4);
    let mut by_age: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let mut statement = audit.tables().prepare(ANSWERS)?;
    let mut rows = statement.query([LONGEST_ANSWER_SECONDS])?;
    while let Some(row) = rows.next()? {
        let (age_hours, seconds, count): (i64, f64, usize) = (row.get(0)?, row.get(1)?, row.get(2)?);
        by_age.entry(age_hours).or_default().extend(std::iter::repeat_n(seconds, count));
    }
    let mut medians = Medians { late: Vec::new(), early: Vec::new() };
    for (age_hours, answers) in by_age {
        let side = if (age_hours as f64) < quarter_hours { &mut medians.late } else { &mut medians.early };
        side.extend(median(&answers).filter(|_| answers.len() >= FEWEST_ANSWERS_AN_HOUR));
    }
    Ok(medians)
}
