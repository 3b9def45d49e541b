//! Positions that stand in more than one row.

use super::open;
use super::open::overlaps;
use super::same::{self, Verdict};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, id_list};
use crate::model::{AlertType, Severity};
use crate::source::clock::utc_text;
use crate::source::ledger::{Entry, table};
use crate::untrusted::cut;

pub(super) const RECORDED_TWICE: Check = Check {
    id: "trade-recorded-twice",
    theme: Theme::Integrity,
    why: "One position that stands twice among the closed trades counts its result twice in the balance and in every rate.",
    threshold: None,
    run: recorded_twice,
};

/// Rows that look like one position again: where this is usual, and nothing tells how many were opened, the
/// bot buys in equal parts.
const USUAL_FRACTION: f64 = 0.05;
const USUAL_RUNS: usize = 3;
/// Trades among which one overlap within a coin is a fault of its own.
const TRADES_FOR_AN_OVERLAP: usize = 50;

fn recorded_twice(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for generation in [1, 2] {
        let closed: Vec<_> = audit.context.ledger()?.of(generation).collect();
        let table = table(generation);
        found.facts.extend(problems(audit, closed, table, table)?);
        let open = audit.context.open_positions()?.iter();
        let open: Vec<_> = open.filter(|position| position.generation == generation).collect();
        let table = open::table(generation);
        found.facts.extend(problems(audit, open, table, &format!("{table}:open"))?);
    }
    Ok(found)
}

fn problems(
    audit: &Audit<'_>,
    mut rows: Vec<&Entry>,
    table: &str,
    subject: &str,
) -> anyhow::Result<Vec<Problem>> {
    sort(&mut rows);
    let (again, unknown) = again(audit, &rows)?;
    let proven = problem(&again, rows.len(), table, subject);
    let question = problem(&unknown, rows.len(), table, subject).map(|problem| question(problem, table));
    Ok(proven.into_iter().chain(question).collect())
}

/// What becomes of a problem where nothing proves that the rows are one position.
fn question(problem: Problem, table: &str) -> Problem {
    Problem {
        severity: Severity::Medium,
        subject: format!("{}:question", problem.subject),
        title: format!("Rows in {table} are equal, and nothing tells whether each is a position"),
        description: format!(
            "{} Nothing in the file tells how many were opened: equal orders would look the same.",
            problem.description
        ),
        recommendation: format!(
            "Ask the exchange how many orders there were. If there was one: {}",
            problem.recommendation
        ),
        ..problem
    }
}

fn problem(again: &[Vec<&Entry>], of: usize, table: &str, subject: &str) -> Option<Problem> {
    if again.is_empty() {
        return None;
    }
    let mut evidence = Evidence::default();
    let repeated = || again.iter().flat_map(|run| run.iter().skip(1));
    for run in again {
        evidence.fault(|| example(run));
    }
    (evidence.count, evidence.of) = (repeated().count() as u64, of as u64);
    let is_closed = subject == table;
    let consequence = if is_closed {
        let pnl_usd = repeated().filter_map(|row| row.pnl_usd).fold(0.0, |sum, pnl_usd| sum + pnl_usd);
        format!("The repetitions add {pnl_usd:+.2} US dollars to every sum over the trades.")
    } else {
        let size_usd = repeated().filter_map(|row| row.size_usd).fold(0.0, |sum, size_usd| sum + size_usd);
        format!("The repetitions bind ${size_usd:.2} of the exposure and may be closed as well.")
    };
    let rest = if is_closed {
        " and closed at one price and moment, or are larger than what was opened"
    } else {
        ""
    };
    Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: subject.to_owned(),
        title: format!(
            "{} stand more than once in {table}",
            if is_closed { "Positions" } else { "Open positions" }
        ),
        description: format!(
            "Positions with more than one row: {}. Their rows have one coin, direction and entry price, were opened \
             within {} seconds of each other{rest}. {consequence}",
            again.len(),
            same::APART_SECONDS
        ),
        evidence: evidence.text("rows repeat another one", &query(table, again)),
        recommendation:
            "Look at what wrote the second row (a retry, a restart, two processes); write opening and \
                         closing each in one transaction, remove the repeated rows and recompute the balance."
                .to_owned(),
    })
}

/// Rows of one opening beside each other, and among them those of one exit.
fn sort(rows: &mut [&Entry]) {
    rows.sort_by(|one, other| {
        let price = |row: &Entry| row.entry_price.unwrap_or_default();
        let order = one.coin.cmp(&other.coin).then(price(one).total_cmp(&price(other)));
        order.then(one.opened_at.cmp(&other.opened_at)).then(one.closed_at.cmp(&other.closed_at))
    });
}

/// Rows that may be one position each.
type Runs<'run> = Vec<Vec<&'run Entry>>;

/// The rows of each position that stands more than once, and those of which nothing tells it.
fn again<'run>(audit: &Audit<'_>, rows: &[&'run Entry]) -> anyhow::Result<(Runs<'run>, Runs<'run>)> {
    let (mut again, mut unknown) = (Vec::new(), Vec::new());
    for run in same::runs(rows, same::opening) {
        match same::verdict(audit, &run)? {
            Verdict::Again => again.push(run),
            Verdict::Unknown => unknown.push(run),
            // Of several exits some may be one exit again.
            Verdict::Own if run.len() > 2 => {
                for part in same::runs(&run, same::exit).into_iter().filter(|part| part.len() < run.len()) {
                    match same::verdict(audit, &part)? {
                        Verdict::Again => again.push(part),
                        Verdict::Unknown => unknown.push(part),
                        Verdict::Own => (),
                    }
                }
            }
            Verdict::Own => (),
        }
    }
    let unknown_rows: usize = unknown.iter().map(Vec::len).sum();
    let is_usual = unknown.len() >= USUAL_RUNS && unknown_rows as f64 > USUAL_FRACTION * rows.len() as f64;
    let generation = unknown.iter().flatten().map(|row| row.generation).next();
    let is_odd = match generation.filter(|_| !is_usual) {
        Some(generation) => !holds_several(audit, generation)?,
        None => false,
    };
    if !is_odd {
        unknown.clear();
    }
    Ok((again, unknown))
}

/// Whether the bot holds several positions of a coin at a time, repetitions apart.
fn holds_several(audit: &Audit<'_>, generation: i64) -> anyhow::Result<bool> {
    let mut closed: Vec<_> = audit.context.ledger()?.of(generation).collect();
    sort(&mut closed);
    let open = audit.context.open_positions()?.iter();
    let mut open: Vec<_> = open.filter(|position| position.generation == generation).collect();
    sort(&mut open);
    let (closed, open) = (firsts(&closed), firsts(&open));
    let open_together =
        open.windows(2).filter(|pair| matches!(pair, [one, other] if one.coin == other.coin)).count();
    let trades = closed.len() + open.len();
    Ok(overlaps(closed) + open_together > trades / TRADES_FOR_AN_OVERLAP)
}

/// One row of each opening.
fn firsts<'run>(rows: &[&'run Entry]) -> Vec<&'run Entry> {
    rows.chunk_by(|one, other| same::opening(one, other)).filter_map(<[_]>::first).copied().collect()
}

fn example(run: &[&Entry]) -> String {
    let ids: Vec<_> = run.iter().take(3).map(|row| cut(&row.id, 32)).collect();
    let amount = |row: &&Entry| match (row.pnl_usd, row.size_usd) {
        (Some(pnl_usd), _) => format!("{pnl_usd:+.2}"),
        (None, Some(size_usd)) => format!("${size_usd:.2}"),
        (None, None) => "no amount".to_owned(),
    };
    let amounts: Vec<_> = run.iter().take(3).map(amount).collect();
    let first = run.first();
    format!(
        "{} as ids {}, opened {} UTC, with {}",
        first.map(|row| cut(&row.coin, 24)).unwrap_or_default(),
        ids.join(" and "),
        first.and_then(|row| row.opened_at).map(utc_text).unwrap_or_default(),
        amounts.join(" and ")
    )
}

/// The rows themselves: how they were told apart is no query.
fn query(table: &str, again: &[Vec<&Entry>]) -> String {
    const MOST_IDS: usize = 20;
    let ids = again.iter().flatten().take(MOST_IDS).map(|row| row.id.as_str());
    format!("SELECT * FROM {table} WHERE id IN ({})", id_list(ids))
}
