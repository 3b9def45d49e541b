//! Open positions without a stop or a target.

use super::names::shown;
use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;

/// A level: the name of its column, and how to read it.
type Level = (&'static str, fn(&Entry) -> Option<f64>);

/// A stop further away than nine tenths of the price ends no loss.
const FURTHEST_STOP: f64 = 0.1;
const STOP: Level = ("stop_loss_price", |entry| {
    let nearest = entry.entry_price.map_or(0.0, |price| FURTHEST_STOP * price);
    entry.stop_loss_price.filter(|stop| *stop > nearest)
});
const TARGET: Level = ("take_profit_price", |entry| entry.take_profit_price);

/// Positions whose stop or target is zero, or missing although this bot sets one.
pub(super) fn unprotected(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut problems = Vec::new();
    for generation in [1, 2] {
        let open = audit.context.open_positions()?.iter();
        // Of what was closed since, the first generation keeps no levels.
        let is_known = |position: &&Entry| generation == 2 || position.status.is_none();
        let open = open.filter(|position| position.generation == generation).filter(is_known);
        let open: Vec<_> = open.collect();
        if !open.is_empty() {
            let (stops, targets) =
                (Usage::of(audit, generation, STOP)?, Usage::of(audit, generation, TARGET)?);
            problems.extend(problem(generation, &open, stops, targets));
        }
    }
    Ok(problems.into())
}

/// How many of this bot's trades have a level.
#[derive(Clone, Copy)]
struct Usage {
    with: usize,
    all: usize,
}

impl Usage {
    fn of(audit: &Audit<'_>, generation: i64, (name, level): Level) -> anyhow::Result<Self> {
        let open =
            audit.context.open_positions()?.iter().filter(|position| position.generation == generation);
        // Closed trades of the first generation keep no levels; its log states the stops of the openings.
        let closed = audit.context.ledger()?.of(generation).filter(|_| generation == 2);
        let is_logged = generation == 1 && name == STOP.0;
        let logged = audit.context.openings()?.iter().filter(|_| is_logged);
        let logged = logged.filter(|opening| opening.stop_loss_price.is_some()).count();
        let mut usage = Self { with: logged, all: logged };
        for entry in open.chain(closed) {
            usage.all += 1;
            usage.with += usize::from(level(entry).is_some());
        }
        Ok(usage)
    }

    /// Whether four of five have it: then one without is no choice.
    fn is_usual(self) -> bool {
        self.with > 0 && self.with * 5 >= self.all * 4
    }
}

/// What a position lacks of a level: `None` where it has it, or where none is set by this bot.
fn lack(position: &Entry, (name, level): Level, usage: Usage) -> Option<String> {
    let number = position.no_prices.iter().find(|(column, _)| *column == name).map(|(_, number)| *number);
    match (level(position), number) {
        (Some(_), _) => None,
        // A bot that never sets a target may write zero for none.
        (None, Some(0.0)) if name == TARGET.0 && usage.with == 0 && STOP.1(position).is_some() => None,
        (None, Some(number)) => Some(format!("{name} {number}")),
        (None, None) => usage.is_usual().then(|| match position.stop_loss_price.filter(|_| name == STOP.0) {
            Some(stop) => format!("{name} {stop}"),
            None => format!("no {name}"),
        }),
    }
}

fn problem(generation: i64, open: &[&Entry], stops: Usage, targets: Usage) -> Option<Problem> {
    let mut evidence = Evidence::default();
    let (mut without_stop, mut size_usd) = (0, 0.0);
    // Levels of zero that follow from an entry price of zero are `price-impossible`'s to report.
    for position in open.iter().filter(|position| !position.has_no("entry_price")) {
        let (stop, target) = (lack(position, STOP, stops), lack(position, TARGET, targets));
        if stop.is_some() {
            without_stop += 1;
            size_usd += position.size_usd.unwrap_or(0.0);
        }
        let lacks: Vec<_> = stop.into_iter().chain(target).collect();
        evidence.row((!lacks.is_empty()).then_some(|| {
            let size_usd = position.size_usd.unwrap_or_default();
            format!(
                "{} (id {}) with ${size_usd:.2}: {}",
                shown(&position.coin),
                shown(&position.id),
                lacks.join(", ")
            )
        }));
    }
    let (table, query) = match generation {
        1 => (
            "open_trades",
            "SELECT * FROM open_trades WHERE coalesce(stop_loss_price + 0, 0) <= 0.1 * entry_price OR coalesce(take_profit_price + 0, 0) <= 0",
        ),
        _ => (
            "trade_journal",
            "SELECT * FROM trade_journal WHERE status = 'open' AND (coalesce(stop_loss_price + 0, 0) <= 0.1 * entry_price OR coalesce(take_profit_price + 0, 0) <= 0)",
        ),
    };
    let consequence = match without_stop {
        0 => "No price takes their profit.".to_owned(),
        _ => format!("Of them {without_stop} (${size_usd:.2}) have no stop: no price ends their loss."),
    };
    (evidence.count > 0).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: if without_stop > 0 { Severity::High } else { Severity::Medium },
        subject: table.to_owned(),
        title: format!("Open positions in {table} have no stop or no target"),
        description: format!(
            "{} of {} open positions have a stop or target of zero, below zero or none, or a stop more than 90 % below the \
             entry price. {consequence}",
            evidence.count, evidence.of
        ),
        evidence: evidence.text("open positions", query),
        recommendation:
            "Set stop and target of these positions by hand, and refuse to open a position without them."
                .to_owned(),
    })
}
